"""The tables of the page, as Markdown.

What belongs here: which figures stand beside which. What does not: how they are made, or words.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from autogroove.evaluation.poster.examining import MEAN, NETWORK, PCA, UNTRAINED, Findings, Seen
from autogroove.evaluation.poster.hearing import LABELS, describe_clusters
from autogroove.evaluation.poster.pictures import NUM_CLUSTERS

KINDS = {"music": "recordings", "demo": "the demo", "teacher": "the teacher"}


def tabulate_examples(findings: Findings) -> str:
    """Tracks and clips of each kind, trained on and held out."""
    rows = []
    for kind, words in KINDS.items():
        cells = [words]
        for split in ("training", "validation"):
            found = findings.counts.reindex([(kind, split)]).fillna(0).iloc[0]
            cells += [f"{int(found['tracks']):,}", f"{int(found['clips']):,}"]
        rows.append(cells)
    return _table(["", "tracks, trained on", "clips", "tracks, held out", "clips"], rows)


def tabulate_losses(findings: Findings) -> str:
    """Losses of the first, every fifth and the last epoch."""
    train, dev = findings.summary.train_loss, findings.summary.dev_loss
    epochs = sorted({1, *range(5, len(dev), 5), len(dev)})
    rows = [[str(n), f"{train[n - 1]:.5f}", f"{dev[n - 1]:.5f}"] for n in epochs]
    return _table(["epoch", "train loss", "dev loss"], rows)


def tabulate_unexplained(findings: Findings, seen: Seen) -> str:
    """Shares of variance that network and PCA leave: by kind, by part, and of training clips."""
    rivals = (NETWORK, PCA)
    rows = []
    kinds = findings.dev["kind"].to_numpy()
    for kind, words in KINDS.items():
        chosen = kinds == kind
        if chosen.any():
            shares = [_share(seen, rival, chosen) for rival in rivals]
            rows.append([f"held out: {words}, {chosen.sum():,} clips", *map(dot, shares)])
    whole, other = seen.errors[MEAN], seen.checked[MEAN]
    held_out = [seen.errors[rival] for rival in rivals]
    checked = [seen.checked[rival] for rival in rivals]
    parts = {
        f"**held out: all, {len(kinds):,} clips**": [e.share_of(whole) for e in held_out],
        "of their colour": [e.colour_of(whole) for e in held_out],
        "of what happens in time": [e.time_of(whole) for e in held_out],
        f"{len(other.clips):,} training clips": [e.share_of(other) for e in checked],
    }
    rows += [[name, *map(dot, shares)] for name, shares in parts.items()]
    return _table(["unexplained", "network", f"PCA of {seen.numbers}"], rows)


def tabulate_largest(findings: Findings, seen: Seen) -> str:
    """The largest clusters, and what their clips have in common."""
    found = describe_clusters(seen.clusters[NETWORK], findings.heard, findings.labels, NUM_CLUSTERS)
    header = ["", "exemplar", "clips", "kind", "genre or kit", "groove or idiom", "bpm"]
    return _table(header, [[str(n), *map(_plain, row.values())] for n, row in enumerate(found, 1)])


def tabulate_hearing(findings: Findings) -> str:
    """What clusters know, and whether nearest clips are right, by whose codes."""
    poster, groove = findings.poster, findings.groove
    who = {
        "poster": (poster, NETWORK),
        "untrained": (poster, UNTRAINED),
        f"PCA of {poster.numbers}": (poster, PCA),
        "groove": (groove, NETWORK),
    }
    rows = []
    for label, words in LABELS.items():
        values = [seen.clusters[rival].known[label] for seen, rival in who.values()]
        if np.isfinite(values).all():
            rows.append([f"clusters: {words}", *map(dot, values)])
    for name in poster.nearest[NETWORK]:
        found = [seen.nearest[rival][name] for seen, rival in who.values()]
        rows.append([f"nearest: {name}", *(f"{dot(mean)} ± {dot(half)}" for mean, half in found)])
    return _table(["", *who], rows)


def dot(value: float) -> str:
    """A share as statistics are written.

    >>> dot(0.25), dot(-0.5), dot(1.0)
    ('.250', '-.500', '1.000')
    """
    text = f"{value:.3f}"
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text


def _share(seen: Seen, rival: str, chosen: NDArray[np.bool_]) -> float:
    return seen.errors[rival].share_of(seen.errors[MEAN], chosen)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def lines() -> Iterator[str]:
        yield f"| {' | '.join(header)} |"
        yield "|---" * len(header) + "|"
        for row in rows:
            yield f"| {' | '.join(row)} |"

    return "\n".join(lines())


def _plain(value: object) -> str:
    """Text from a tag, that no Markdown is made of."""
    text = "".join(sign for sign in str(value) if sign.isprintable())
    return "".join(f"\\{sign}" if sign in "|*_`[]<>\\" else sign for sign in text)
