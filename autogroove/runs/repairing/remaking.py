"""The parts of a release once more, each from what it came from, in the order of the pipeline.

What belongs here: which part needs what, and whether what was made is what was lost.
What does not: making, which every stage's own function does (`make_once` under the same key).
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import pandas as pd

from autogroove.config import Settings
from autogroove.errors import AutogrooveError, MissingObject, ReleaseError
from autogroove.evaluation import evaluate_release_once
from autogroove.evaluation.data_report import (
    DATA_PICTURES,
    analyse_segment_once,
    make_data_report_once,
    plan_treble,
    treble_key,
)
from autogroove.evaluation.descriptors import find_missing, plan_descriptions
from autogroove.listening.report import PICTURES, draw_pictures_once, render_page
from autogroove.model import (
    ModelSummary,
    computing_with,
    encode_segment,
    pool_tracks_once,
    read_summary,
    record_training_tracks,
)
from autogroove.model.training import train_model
from autogroove.releases import Manifest, ReleaseParts
from autogroove.runs.reclustering import remake_clusters
from autogroove.runs.repairing.lessons import find_lesson, name_catalogue
from autogroove.source import load_catalogue
from autogroove.store import (
    CachedParts,
    PartRef,
    Store,
    digest_bytes,
    has_whole,
    is_whole,
    write_again,
)

NEEDS_AUDIO = "it comes from the audio"


@dataclass(frozen=True)
class Remade:
    """Keys of what was made again, and why the others were not, by key."""

    made: tuple[str, ...]
    lacking: dict[str, str]


def remake_release(
    store: Store, log: Sequence[Manifest], manifest: Manifest, lost: Sequence[str]
) -> Remade:
    """Make again those parts of a release that are lost and do not need the audio.

    Args:
        store: where they are made.
        log: every release, oldest first.
        manifest: the release.
        lost: keys of it that are not there.
    """
    bench = _Bench(store, log, manifest)
    left, lacking = set(lost), {}
    for parts, make in bench.steps():
        wanted = [part for part in parts if part.key in left]
        if not wanted:
            continue
        try:
            with computing_with(1):
                make()
            reason = "it comes out otherwise on this machine than it was"
        except AutogrooveError as error:
            reason = str(error)
        for part in wanted:
            if is_whole(store, part):
                left.discard(part.key)
            else:
                lacking[part.key] = reason
    lacking |= {key: NEEDS_AUDIO for key in left if key not in lacking}
    return Remade(tuple(sorted(set(lost) - set(lacking))), dict(sorted(lacking.items())))


def _segment_of(encodings: PartRef) -> str:
    return encodings.key.rpartition("/")[2].removesuffix(".parquet")


def _present(part: PartRef | None) -> list[PartRef]:
    return [part] if part is not None else []


class _Bench:
    """One release, and what it is made again from."""

    def __init__(self, store: Store, log: Sequence[Manifest], manifest: Manifest) -> None:
        self._store, self._log, self._manifest = store, log, manifest
        self._catalogue_key = name_catalogue(manifest)

    def steps(self) -> Iterator[tuple[list[PartRef], Callable[[], object]]]:
        """Parts and what makes them, those first that others come from."""
        parts = self._parts
        yield [parts.model.weights, parts.model.description], self._train
        for part in parts.encodings:
            yield [part], lambda part=part: self._encode(part)  # type: ignore[misc]
        yield [parts.track_encodings], self._pool
        yield [parts.clusters, parts.cluster_report], self._cluster
        yield [*_present(parts.analysis), *self._pictures(DATA_PICTURES)], self._report
        yield self._pictures(PICTURES), self._draw
        yield [parts.card], self._evaluate
        yield _present(parts.report), self._render

    @property
    def _parts(self) -> ReleaseParts:
        return self._manifest.parts

    @property
    def _settings(self) -> Settings:
        try:
            return Settings.model_validate(self._parts.settings)
        except ValueError as error:
            raise ReleaseError(
                f"Release {self._manifest.release} has settings that this version does not know."
            ) from error

    @property
    def _recipe_key(self) -> str:
        return self._parts.segments[0].recipe_key

    @property
    def _catalogue(self) -> pd.DataFrame:
        return load_catalogue(self._store, self._catalogue_key)

    @property
    def _model(self) -> ModelSummary:
        return read_summary(self._store, self._parts.model.model_key)

    @property
    def _clusters(self) -> CachedParts:
        both = {"clusters": self._parts.clusters, "report": self._parts.cluster_report}
        return CachedParts(both, reused=True)

    def _pictures(self, names: Sequence[str]) -> list[PartRef]:
        return [part for name, part in self._parts.pictures.items() if name in names]

    def _train(self) -> None:
        model_key = self._parts.model.model_key
        lesson = find_lesson(self._store, self._log, model_key)
        if lesson is None:
            raise ReleaseError("it was trained from what the store does not have any more")
        catalogue = load_catalogue(self._store, lesson.catalogue_key)
        with computing_with(os.cpu_count() or 1):  # as a run trains
            train_model(self._store, catalogue, lesson.settings, start_from=lesson.start_from)
        record_training_tracks(self._store, model_key, catalogue)

    def _encode(self, part: PartRef) -> None:
        model_key = self._parts.model.model_key
        encode_segment(self._store, self._recipe_key, _segment_of(part), model_key)

    def _pool(self) -> None:
        pool_tracks_once(self._store, self._catalogue_key, list(self._parts.encodings))

    def _cluster(self) -> None:
        remake_clusters(self._store, self._log, self._parts)

    def _report(self) -> None:
        catalogue, store = self._catalogue, self._store
        treble = [treble_key(batch) for batch in plan_treble(catalogue)]
        if not all(has_whole(store, key) for key in treble):
            raise MissingObject(NEEDS_AUDIO)
        members = {str(key): set(rows) for key, rows in catalogue.groupby("segment")["fingerprint"]}
        keys = [
            analyse_segment_once(store, self._recipe_key, s.segment_key, members[s.segment_key])
            for s in self._parts.segments
        ]
        make_data_report_once(store, self._catalogue_key, self._settings, keys, treble)

    def _draw(self) -> None:
        draw_pictures_once(
            self._store,
            self._catalogue_key,
            self._recipe_key,
            self._model,
            self._parts.track_encodings,
            self._parts.clusters,
        )

    def _evaluate(self) -> None:
        settings = self._settings
        batches = plan_descriptions(self._catalogue, settings)
        if find_missing(self._store, batches, settings, read=True):
            raise MissingObject(NEEDS_AUDIO)
        evaluate_release_once(
            self._store,
            self._catalogue_key,
            settings,
            self._model,
            list(self._parts.encodings),
            self._parts.clusters,
            [batch.key for batch in batches],
        )

    def _render(self) -> None:
        """The page shows pictures as they came: as they were drawn, or by name from the cache."""
        told, part = self._parts.policy, self._parts.report
        for pictures in self._orders():
            page = render_page(
                self._store,
                self._catalogue_key,
                self._settings,
                self._model,
                self._parts.track_encodings,
                self._clusters,
                self._parts.card,
                pictures,
                notes=[f"{name} {told[name]}" for name in ("model", "clusters") if name in told],
                source=(self._parts.source_kind, self._parts.source_url),
            )
            if part is not None and digest_bytes(page) == part.sha256:
                write_again(self._store, part.key, page)
                return

    def _orders(self) -> Iterator[dict[str, PartRef]]:
        named = self._parts.pictures
        drawn = [name for name in PICTURES if name in named]
        counted = [name for name in DATA_PICTURES if name in named]
        for first, then in product((drawn, sorted(drawn)), (counted, sorted(counted))):
            yield {name: named[name] for name in (*first, *then)}
