"""Whether the current model still serves, and whether a new one takes its place.

Every decision comes with a sentence for the manifest. Acting on it is the flow's business.
"""

from functools import partial
from typing import Any, Literal

import pandas as pd
from pydantic import Field

from autogroove.config import RunPolicy, Section, Settings
from autogroove.errors import ReleaseError, SettingsError
from autogroove.evaluation import Card, CardRow, Figure
from autogroove.model import is_loadable, is_stored, model_folder, read_training_tracks
from autogroove.releases import Decision, Manifest, open_release
from autogroove.store import Store

_MODEL_SECTIONS = ("model", "training")
"""Settings that change a model's weights and not what it looks at."""


class ModelDecision(Decision):
    """Keep the current model or train one, and the reason.

    kept: the current model encodes. warm_started: a training goes on from its weights.
    trained: from new weights. `incumbent` is the current release's model where it could be kept:
    it stays, too, if what is trained hears worse.
    """

    action: Literal["kept", "warm_started", "trained"] = Field(alias="decision")
    incumbent: str | None = None

    @property
    def start_from(self) -> str | None:
        """The model whose weights a training begins with; none: new ones."""
        return self.incumbent if self.action == "warm_started" else None


def decide_model(
    store: Store,
    current: Manifest | None,
    catalogue: pd.DataFrame,
    recipe_key: str,
    settings: Settings,
    policy: RunPolicy,
) -> ModelDecision:
    """Whether the current release's model serves the catalogue as it is now.

    Raises:
        SettingsError: training is forbidden, and no model fits.
        ReleaseError: the current model would be kept, and is lost.
    """
    misfit = _find_misfit(store, current, recipe_key)
    changed = None if misfit else _find_changed_section(current, settings)
    if policy.retrain == "never" and (misfit or changed):
        raise SettingsError(f"--retrain never needs a model to keep, but {misfit or changed}.")
    if misfit:
        return ModelDecision(action="trained", why=misfit)
    assert current is not None
    model_key = current.parts.model.model_key
    is_lost = not is_stored(store, model_key)
    choose = partial(ModelDecision, incumbent=None if is_lost else model_key)
    if changed:
        return choose(action="trained", why=changed)
    if policy.retrain == "always":
        return choose(action="trained", why="asked for by --retrain always")
    if is_lost:
        raise ReleaseError(
            f"The model of release {current.release} is not whole in "
            f"{store.locate(model_folder(model_key))}, and cannot be trained again to the same "
            "weights: the store lacks what it was trained from, or this machine computes "
            "otherwise. `autogroove run --retrain always --set training.seed=1` trains another; "
            "`autogroove releases rollback` goes back to a release that has one."
        )
    share = measure_change(_trained_fingerprints(store, current), catalogue)
    why = f"{share:.1%} of tracks changed since the model was trained"
    if policy.retrain == "never" or share <= policy.retrain_fraction:
        return choose(action="kept", why=why)
    if share <= policy.fresh_fraction:
        limit = f"kept up to {policy.retrain_fraction:.0%}"
        return choose(action="warm_started", why=f"{why} ({limit})")
    limit = f"its weights serve up to {policy.fresh_fraction:.0%}"
    return choose(action="trained", why=f"{why} ({limit})")


def decide_promotion(decision: ModelDecision, new: Card, current: Card | None) -> ModelDecision:
    """Whether a trained model replaces the incumbent.

    Only if no decisive measure fell, and if training taught it something: it must be better than
    its untrained copy, and than the weights that it began with. Where there is no incumbent it is
    published all the same, and the reason says so.
    """
    doubts = find_doubts(new)
    if current is None:
        return decision.model_copy(update={"why": "; ".join([decision.why, *doubts])})
    reasons = [*is_not_worse(new, current)[1], *doubts]
    if not reasons:
        return decision
    why = f"a new model was trained ({decision.why}) and not promoted: {'; '.join(reasons)}"
    return ModelDecision(action="kept", why=why, incumbent=decision.incumbent)


def _find_misfit(store: Store, current: Manifest | None, recipe_key: str) -> str | None:
    """Why the current model cannot encode what this run makes, or None where it can."""
    if current is None:
        return "there is no release yet"
    if any(segment.recipe_key != recipe_key for segment in current.parts.segments):
        return "the recipe of the spectrograms changed"
    model_key = current.parts.model.model_key
    if is_stored(store, model_key) and not is_loadable(store, model_key):
        return "the current model is of an earlier version's network"
    return None


def _find_changed_section(current: Manifest | None, settings: Settings) -> str | None:
    """Why these settings ask for another model than the current one, or None."""
    for section in _MODEL_SECTIONS:
        wanted = getattr(settings, section)
        if current is None or not _means(current.parts.settings.get(section), wanted):
            return f"the {section} settings changed"
    return None


def _means(told: dict[str, Any] | None, wanted: Section) -> bool:
    """Whether a manifest's settings are these; it may be older than some of them."""
    return told is not None and wanted.model_dump(mode="json") == {
        **type(wanted)().model_dump(mode="json"),
        **told,
    }


def describe_settings(
    current: Manifest | None, model_key: str, settings: Settings
) -> dict[str, Any]:
    """The settings that a release with this model was made with, as JSON.

    A model that stays although others were asked for has its own: so the next run sees again
    that what it is asked for is not what it has.
    """
    told = settings.model_dump(mode="json")
    if current is not None and current.parts.model.model_key == model_key:
        own = current.parts.settings
        told |= {section: own[section] for section in _MODEL_SECTIONS if section in own}
    return told


def measure_change(before: frozenset[str], catalogue: pd.DataFrame) -> float:
    """Tracks that came or went, as a share of those there were."""
    stored = frozenset(catalogue.loc[catalogue["status"] == "stored", "fingerprint"])
    return len(before ^ stored) / max(1, len(before))


def _trained_fingerprints(store: Store, current: Manifest) -> frozenset[str]:
    """What the current model's collection was; where that is lost, the release's own."""
    known = read_training_tracks(store, current.parts.model.model_key)
    if known is not None:
        return known
    rows = open_release(store, current.release).catalogue
    return frozenset(rows.loc[rows["status"] == "stored", "fingerprint"])


DECISIVE = (
    "same_track_r1",
    "held_out_r1",
    "disguised_r1",
    "other_tempo_r1",
    "tempo_lift",
    "rhythm_ratio",
    "foreign_tempo_lift",
    "foreign_rhythm_ratio",
    "groove_accuracy",
    "cluster_rhythm_spread",
    "hub_skewness",
)
"""Rows that can forbid a promotion. FVU and genre cannot: neither is what groove is."""

SLACK = 0.01
"""A fall smaller than this is never held against a model, however narrow the intervals."""


def is_not_worse(new: Card, old: Card) -> tuple[bool, tuple[str, ...]]:
    """Whether no decisive row fell beyond its noise, and a sentence for each that did.

    A row fell when the new value is worse than the old one by more than the two intervals' half
    widths together, taken as independent (√(a² + b²)), and by more than `SLACK`. A row that
    either card could not measure decides nothing.
    """
    reasons = []
    before = {row.key: row for row in old.rows}
    for row in new.rows:
        if row.key in DECISIVE and row.key in before:
            sentence = _fall(row, before[row.key])
            if sentence:
                reasons.append(sentence)
    return not reasons, tuple(reasons)


BEGINNINGS = {
    "untrained": "its untrained copy",
    "pretrained": "the pretrained weights that it began with",
}


def find_doubts(card: Card) -> tuple[str, ...]:
    """A sentence for each beginning that a trained model is not better than, beyond noise.

    Better: it is ahead in more decisive rows than it is behind in. A beginning that hears exactly
    as the model does is the model itself, of which nothing was trained.
    """
    return tuple(
        f"it hears no better than {called}, beyond noise"
        for name, called in BEGINNINGS.items()
        if _is_no_better(card, name)
    )


def _is_no_better(card: Card, baseline: str) -> bool:
    balance, differs = 0, False
    for row in card.rows:
        figure = row.baselines.get(baseline)
        if row.key in DECISIVE and row.value is not None and figure is not None:
            sign = 1 if row.better == "higher" else -1
            lead = sign * (row.value - figure.value)
            noise = max(SLACK, (_half_width(row) ** 2 + _half_width(figure) ** 2) ** 0.5)
            balance += (lead > noise) - (lead < -noise)
            differs |= lead != 0
    return differs and balance <= 0


def _fall(new: CardRow, old: CardRow) -> str | None:
    if new.value is None or old.value is None:
        return None
    sign = 1 if new.better == "higher" else -1
    drop = sign * (old.value - new.value)
    noise = float((_half_width(new) ** 2 + _half_width(old) ** 2) ** 0.5)
    if drop <= max(noise, SLACK):
        return None
    return f"{new.name} went from {old.value:.3f} to {new.value:.3f}, beyond its noise ±{noise:.3f}"


def _half_width(row: CardRow | Figure) -> float:
    if row.low is None or row.high is None:
        return 0.0
    return (row.high - row.low) / 2
