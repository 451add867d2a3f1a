"""What changed from one release to another.

What belongs here: the differences of tracks, settings, model, card and clusters as plain values.
What does not: how they are printed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from autogroove.clustering import ClusterPair, pair_clusters
from autogroove.releases.reading import Release, open_release
from autogroove.store import Store

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ClusterMoves:
    """How clusters moved, judged by the tracks that both releases have.

    `agreement` is the adjusted Rand index. `moved` are tracks whose cluster is not the
    continuation of the one that they were in.
    """

    agreement: float
    matched: tuple[ClusterPair, ...]
    new: tuple[int, ...]
    gone: tuple[int, ...]
    moved: tuple[int, ...]


@dataclass(frozen=True)
class ReleaseDiff:
    """Release `after` compared with release `before`.

    Tracks are ids of stored tracks; changed ones have other audio. `settings` maps the dotted
    name of each setting that differs to its two values, `card` each measure to its two values,
    None where there is none. `model` holds the two keys where the weights differ.
    """

    before: int
    after: int
    same_content: bool
    added: tuple[int, ...]
    removed: tuple[int, ...]
    changed: tuple[int, ...]
    settings: dict[str, tuple[Any, Any]]
    model: tuple[str, str] | None
    card: dict[str, tuple[Any, Any]]
    clusters: ClusterMoves

    def to_json(self) -> dict[str, Any]:
        """The answer of `autogroove releases diff --json`."""
        return asdict(self)


def diff_releases(store: Store, a: int, b: int) -> ReleaseDiff:
    """What changed from release `a` to release `b`.

    Raises:
        NotFoundError: one of them does not exist.
        ReleaseError: parts of one are damaged or collected.
    """
    before, after = open_release(store, a), open_release(store, b)
    old, new = before.manifest.parts, after.manifest.parts
    prints = _fingerprints(before), _fingerprints(after)
    shared = prints[0].keys() & prints[1].keys()
    models = old.model.model_key, new.model.model_key
    return ReleaseDiff(
        before=a,
        after=b,
        same_content=before.manifest.content_digest == after.manifest.content_digest,
        added=tuple(sorted(prints[1].keys() - shared)),
        removed=tuple(sorted(prints[0].keys() - shared)),
        changed=tuple(sorted(t for t in shared if prints[0][t] != prints[1][t])),
        settings=compare_trees(old.settings, new.settings),
        model=models if old.model.weights.sha256 != new.model.weights.sha256 else None,
        card=_pair_cards(before.card, after.card),
        clusters=compare_clusters(before.clusters, after.clusters),
    )


def _fingerprints(release: Release) -> dict[int, str]:
    catalogue = release.catalogue
    stored = catalogue[catalogue["status"] == "stored"]
    return dict(zip(stored["track_id"].tolist(), stored["fingerprint"].tolist(), strict=True))


def compare_trees(before: Any, after: Any, name: str = "") -> dict[str, tuple[Any, Any]]:
    """The leaves of two JSON trees that differ, by dotted name."""
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return {} if before == after else {name: (before, after)}
    found: dict[str, tuple[Any, Any]] = {}
    for key in sorted(before.keys() | after.keys()):
        dotted = f"{name}.{key}" if name else str(key)
        found |= compare_trees(before.get(key), after.get(key), dotted)
    return found


def _pair_cards(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The value of every measure of either card."""
    one, two = ({row["key"]: row["value"] for row in card["rows"]} for card in (before, after))
    return {key: (one.get(key), two.get(key)) for key in [*one, *(two.keys() - one.keys())]}


def compare_clusters(before: pd.DataFrame, after: pd.DataFrame) -> ClusterMoves:
    """How clusters moved; tables have columns track_id, cluster, exemplar."""
    from sklearn.metrics import adjusted_rand_score

    matched = pair_clusters(before, after)
    continued = {pair.before: pair.after for pair in matched}
    common = before.merge(after, on="track_id", suffixes=("_before", "_after"))
    stayed = common["cluster_before"].map(continued) == common["cluster_after"]
    clusters = [set(table["cluster"].tolist()) for table in (before, after)]
    return ClusterMoves(
        agreement=float(adjusted_rand_score(common["cluster_before"], common["cluster_after"])),
        matched=tuple(matched),
        new=tuple(sorted(clusters[1] - set(continued.values()))),
        gone=tuple(sorted(clusters[0] - set(continued))),
        moved=tuple(sorted(common["track_id"][~stayed].tolist())),
    )
