"""The pictures of the page, by name.

What belongs here: what is drawn. What does not: how (`autogroove.figures`), or what is found out.
"""

from collections.abc import Iterator

import numpy as np

from autogroove.evaluation.poster.examining import MEAN, NETWORK, PCA, Findings, Seen
from autogroove.evaluation.poster.unexplained import SquaredErrors
from autogroove.figures import (
    draw_cluster_map,
    draw_gallery,
    draw_loss_curve,
    draw_unexplained,
    project_encodings,
)
from autogroove.model.training import centre_frequencies

NUM_CLUSTERS, NUM_MEMBERS = 6, 6


def draw_pictures(findings: Findings) -> Iterator[tuple[str, bytes]]:
    """Names without an ending, and PNGs."""
    poster = findings.poster
    levels = {
        "mean image": poster.errors[MEAN].mean,
        f"{poster.numbers} principal components": poster.errors[PCA].mean,
    }
    yield "loss", draw_loss_curve(findings.summary, levels)
    for name, seen in (("poster", poster), ("groove", findings.groove)):
        yield f"{name}-reconstructions", _draw_reconstructions(findings, seen)
        yield f"{name}-unexplained", _draw_unexplained(seen)
        yield f"{name}-clusters", _draw_map(findings, seen)
        yield f"{name}-members", _draw_members(findings, seen)


def _draw_reconstructions(findings: Findings, seen: Seen) -> bytes:
    rows = (seen.originals, seen.drawn[NETWORK], seen.drawn[PCA])
    clips = findings.dev.iloc[seen.shown]
    titles = [f"{kind}: {title}" for kind, title in zip(clips["kind"], clips["title"], strict=True)]
    return draw_gallery(rows, ("clip", "network", f"PCA of {seen.numbers}"), (titles,))


def _draw_unexplained(seen: Seen) -> bytes:
    whole = seen.errors[MEAN]
    network = seen.numbers, seen.errors[NETWORK].share_of(whole)
    frequencies = centre_frequencies(seen.settings.spectrogram)
    by_row = {
        name: _share_rows(seen.errors[rival], whole)
        for name, rival in (("network", NETWORK), (f"PCA of {seen.numbers}", PCA))
    }
    return draw_unexplained(seen.curve, network, frequencies, by_row)


def _share_rows(errors: SquaredErrors, whole: SquaredErrors) -> np.ndarray:
    return errors.rows / np.maximum(whole.rows, 1e-9)


def _draw_map(findings: Findings, seen: Seen) -> bytes:
    clusters = seen.clusters[NETWORK]
    titles = [_title(findings, row) for row in clusters.exemplars]
    points = project_encodings(seen.codes[NETWORK])
    exemplars = clusters.exemplars.tolist()
    return draw_cluster_map(points, clusters.labels, exemplars, titles, noun="clips")


def _draw_members(findings: Findings, seen: Seen) -> bytes:
    clusters = seen.clusters[NETWORK]
    chosen = clusters.largest_first[:NUM_CLUSTERS]
    members = [clusters.members(cluster)[:NUM_MEMBERS] for cluster in chosen]
    names = [f"cluster {place}" for place in range(1, len(chosen) + 1)]
    titles = [[_title(findings, row) for row in rows] for rows in members]
    return draw_gallery([seen.images[rows] for rows in members], names, titles)


def _title(findings: Findings, row: int) -> str:
    return str(findings.heard["title"].iloc[row])
