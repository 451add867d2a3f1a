"""What codes hear, and what is in their clusters: nearest clips, and labels that clusters know.

What belongs here: clusters, and figures of codes. What does not: codes, or pictures.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score

from autogroove.clustering import cluster_encodings
from autogroove.config import ClusteringSettings

Floats = NDArray[np.float32]
FIFTHS = (0.2, 0.4, 0.6, 0.8)
SAME_TEMPO = 0.04
TEMPO_CLASSES = 8
"""Of an octave: half and double are the same class."""

SAME_GROOVE = "the same groove, in another sound"

LABELS = {
    "track": "recording, demo track, or groove of the teacher",
    "artist": "artist, or sound of the teacher",
    "genre": "genre, palette of the demo, or kit of the teacher",
    "groove": "groove of the demo, or idiom of the teacher",
    "tempo": "tempo in eighths of an octave, octaves folded",
    "brightness": "brightness, in fifths",
    "fullness": "how much of the picture is bright, in fifths",
}
"""What a clip may be known by, and in words."""


@dataclass(frozen=True)
class Clustered:
    """Clusters of clips by affinity propagation, and how much they know of each label (AMI)."""

    labels: NDArray[np.int64]
    exemplars: NDArray[np.int64]
    converged: bool
    known: dict[str, float]

    @property
    def largest_first(self) -> list[int]:
        """Cluster numbers by size."""
        sizes = np.bincount(self.labels, minlength=len(self.exemplars))
        return [int(place) for place in np.argsort(-sizes, kind="stable")]

    def members(self, cluster: int) -> NDArray[np.int64]:
        """Its clips, the exemplar first."""
        rows = np.flatnonzero(self.labels == cluster)
        exemplar = self.exemplars[cluster]
        return np.concatenate([[exemplar], rows[rows != exemplar]])


def label_clips(clips: pd.DataFrame, images: NDArray[np.uint8]) -> pd.DataFrame:
    """The labels of clips, null where unknown; brightness and fullness from linear images."""
    levels = images.mean(axis=2, dtype=np.float64)
    centroid = (levels * np.arange(levels.shape[1])).sum(axis=1) / levels.sum(axis=1).clip(1e-9)
    tempo = np.floor(np.log2(clips["tempo_bpm"].to_numpy(float)) % 1 * TEMPO_CLASSES)
    is_lesson = clips["kind"] == "teacher"
    return pd.DataFrame(
        {
            "track": clips["album"].where(is_lesson, clips["fingerprint"]).to_numpy(object),
            "artist": clips["artist"].to_numpy(object),
            "genre": clips["genre"].to_numpy(object),
            "groove": clips["groove"].to_numpy(object),
            "tempo": pd.Series(tempo).astype(object).where(np.isfinite(tempo), None),
            "brightness": _fifths(centroid),
            "fullness": _fifths(levels.mean(axis=1)),
        }
    )


def _fifths(values: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.searchsorted(np.quantile(values, FIFTHS), values).astype(np.int64)


def cluster_clips(codes: Floats, labels: pd.DataFrame, seed: int) -> Clustered:
    """Clusters of codes (n, d), and the adjusted mutual information with each label.

    0 is what clusters by chance know of it, 1 is that they are the label.
    """
    found = cluster_encodings(codes, ClusteringSettings(seed=seed))
    known = {}
    for name in LABELS:
        there = labels[name].notna().to_numpy()
        pair = labels[name][there].astype(str), found.labels[there]
        known[name] = float(adjusted_mutual_info_score(*pair)) if there.any() else float("nan")
    return Clustered(found.labels, found.exemplars, found.converged, known)


def ask_nearest(codes: Floats, clips: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Shares of clips whose nearest is right, with half widths of 95 % intervals.

    Intervals are over artists, or sounds of the teacher. A row that nothing can answer is left
    out.
    """
    apart = _distances(codes)
    np.fill_diagonal(apart, np.inf)
    is_lesson = (clips["kind"] == "teacher").to_numpy()
    track, artist = (clips[name].to_numpy(object) for name in ("fingerprint", "artist"))
    groove, tempo = clips["album"].to_numpy(object), clips["tempo_bpm"].to_numpy(float)
    other_sound = np.where(_same(artist), np.inf, apart)
    asked: list[tuple[str, Floats, NDArray[np.bool_], NDArray[np.bool_]]] = [
        ("another clip of the track", apart, _same(track), ~is_lesson),
        (SAME_GROOVE, other_sound, _same(groove), is_lesson),
        ("the same sound, of another groove", np.where(_same(groove), np.inf, apart),
         _same(artist), is_lesson),
        ("the same tempo, in another sound", other_sound, _like(tempo), np.isfinite(tempo)),
    ]  # fmt: skip
    rows = {}
    for name, distances, right, who in asked:
        possible = np.isfinite(distances)
        who = who & (right & possible).any(axis=1)
        if who.any():
            hits = right[np.arange(len(codes)), distances.argmin(axis=1)][who]
            rows[name] = _mean_of(hits, artist[who])
            if name.startswith("the same tempo"):
                chance = (right & possible).sum(axis=1) / possible.sum(axis=1).clip(1)
                rows["the same, by chance"] = _mean_of(chance[who], artist[who])
    return rows


def describe_clusters(
    clusters: Clustered, clips: pd.DataFrame, labels: pd.DataFrame, most: int
) -> list[dict[str, Any]]:
    """The largest clusters: exemplar, size, and what most of their clips have in common."""
    rows = []
    for cluster in clusters.largest_first[:most]:
        members = clusters.members(cluster)
        row: dict[str, Any] = {"exemplar": clips["title"].iloc[members[0]], "clips": len(members)}
        for name in ("kind", "genre", "groove"):
            source = clips if name == "kind" else labels
            counted = source[name].iloc[members].value_counts()
            row[name] = f"{counted.index[0]} {counted.iloc[0]}" if len(counted) else "–"
        tempi = clips["tempo_bpm"].iloc[members].dropna()
        row["bpm"] = f"{tempi.min():.0f} to {tempi.max():.0f}" if len(tempi) else "–"
        rows.append(row)
    return rows


def _same(names: NDArray[np.object_]) -> NDArray[np.bool_]:
    codes, _ = pd.factorize(names)
    return np.asarray((codes[:, None] == codes) & (codes[:, None] >= 0))


def _like(tempo: NDArray[np.float64]) -> NDArray[np.bool_]:
    octaves = np.log2(tempo)
    off = (octaves[:, None] - octaves + 0.5) % 1 - 0.5
    return np.asarray(np.abs(off) < np.log2(1 + SAME_TEMPO))


def _distances(codes: Floats) -> Floats:
    lengths = np.square(codes).sum(axis=1)
    return np.asarray(lengths[:, None] + lengths - 2 * codes @ codes.T, np.float32)


def _mean_of(values: NDArray[Any], groups: NDArray[np.object_]) -> tuple[float, float]:
    numbers = values.astype(np.float64)
    place, names = pd.factorize(groups, use_na_sentinel=False)
    off = np.bincount(place, numbers - numbers.mean(), minlength=len(names))
    return float(numbers.mean()), float(1.96 * np.sqrt(np.square(off).sum()) / len(numbers))
