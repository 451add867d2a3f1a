"""What a model of the log was trained from, so that it can be trained again to the same weights.

What belongs here: finding tracks, settings and first weights by the key that they give.
What does not: training (`autogroove.model.training`).
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from pydantic import ValidationError

from autogroove.config import Settings
from autogroove.errors import AutogrooveError, DamagedObject, MissingObject
from autogroove.model import has_training_tracks, record_training_tracks
from autogroove.model.training import choose_members, make_model_key
from autogroove.releases import Manifest, list_releases
from autogroove.source import load_catalogue
from autogroove.store import Store


@dataclass(frozen=True)
class Lesson:
    """What training takes: a complete catalogue, settings, and the model whose weights it had."""

    catalogue_key: str
    settings: Settings
    start_from: str | None


def find_lesson(store: Store, log: Sequence[Manifest], model_key: str) -> Lesson | None:
    """What gives the model of this key; None where log and store do not have it any more."""
    first = _find_first(log, model_key)
    if first is None:
        return None
    try:
        settings = Settings.model_validate(first.parts.settings)
        catalogue_key = name_catalogue(first)
        members = choose_members(load_catalogue(store, catalogue_key), settings.training)
        for start_from in _find_beginnings(log, first):
            if make_model_key(store, members, settings, start_from) == model_key:
                return Lesson(catalogue_key, settings, start_from)
    except (AutogrooveError, ValidationError):
        return None
    return None


def restore_members(store: Store, current: Manifest) -> None:
    """Write down again which audio the current model's collection held, where that is lost.

    The release that the model was trained for says so too, unless it was collected.
    """
    model_key = current.parts.model.model_key
    if has_training_tracks(store, model_key):
        return
    first = _find_first(list_releases(store), model_key)
    if first is not None:
        with suppress(MissingObject, DamagedObject):
            catalogue = load_catalogue(store, name_catalogue(first))
            record_training_tracks(store, model_key, catalogue)


def name_catalogue(manifest: Manifest) -> str:
    """The key of a release's catalogue."""
    return manifest.parts.catalogue.key.rpartition("/")[2].removesuffix(".parquet")


def _find_first(log: Sequence[Manifest], model_key: str) -> Manifest | None:
    """The release whose run trained a model, unless it was collected."""
    first = next((each for each in log if each.parts.model.model_key == model_key), None)
    told = first.parts.policy.get("model") if first else None
    return first if told is None or told.action != "kept" else None


def _find_beginnings(log: Sequence[Manifest], first: Manifest) -> Iterator[str | None]:
    yield None
    yield from (each.parts.model.model_key for each in log if each.release == first.parent)
