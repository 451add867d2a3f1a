"""Is a new card at least as good as an old one?

What belongs here: the rule by which a retrained model may replace the one in use.
"""

from autogroove.evaluation.card import Card, CardRow

DECISIVE = (
    "same_track_r1",
    "disguised_r1",
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


def _fall(new: CardRow, old: CardRow) -> str | None:
    if new.value is None or old.value is None:
        return None
    sign = 1 if new.better == "higher" else -1
    drop = sign * (old.value - new.value)
    noise = float((_half_width(new) ** 2 + _half_width(old) ** 2) ** 0.5)
    if drop <= max(noise, SLACK):
        return None
    return f"{new.name} went from {old.value:.3f} to {new.value:.3f}, beyond its noise ±{noise:.3f}"


def _half_width(row: CardRow) -> float:
    if row.low is None or row.high is None:
        return 0.0
    return (row.high - row.low) / 2
