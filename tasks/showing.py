"""What the Prefect UI shows of a finished run: summary, tables, and which asset came from which."""

import re
from typing import Any
from urllib.parse import quote

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.assets import add_asset_metadata, materialize

from autogroove.clustering import read_clusters
from autogroove.config import EXPLORER_PORT
from autogroove.evaluation import Card, render_markdown
from autogroove.releases import PublishOutcome, ReleaseParts
from autogroove.source import load_catalogue
from autogroove.store import Store, read_part
from tasks.execution import retrying

_PARENTS = {
    "spectrograms": ("audio",),
    "model": ("spectrograms",),
    "encodings": ("spectrograms", "model"),
    "clusters": ("encodings",),
    "release": ("audio", "spectrograms", "model", "encodings", "clusters"),
}

_STAGES = {
    "spectrograms": "spectrograms",
    "model": "train",
    "encodings": "encode",
    "clusters": "cluster",
}

_LONGEST_KEY = 512


def record_lineage(
    store: Store, number: int, parts: ReleaseParts, stages: dict[str, dict[str, Any]]
) -> None:
    """Tell of a new release and of every asset that its run made; those only reused are parents."""
    facts: dict[str, dict[str, Any]] = {
        "spectrograms": {"segments": len(parts.segments), "clips": parts.counts.clips},
        "model": {"model": parts.model.model_key},
        "encodings": {"tracks": parts.counts.tracks, "part": parts.track_encodings.key},
        "clusters": {"clusters": parts.counts.clusters, "part": parts.clusters.key},
        "release": {"release": number, **parts.coverage.model_dump()},
    }
    keys = {name: name_asset(f"{store.url}/{name}") for name in facts}
    keys["audio"] = name_asset(parts.source_url)
    for name, parents in _PARENTS.items():
        stage = stages.get(_STAGES.get(name, ""), {"status": "ran"})
        if stage["status"] == "ran":
            _tell(name, keys[name], [keys[parent] for parent in parents], facts[name])


def name_asset(url: str) -> str:
    """A path or URL as the key of an asset, which knows fewer letters.

    >>> name_asset("/srv/my music")
    'file:///srv/my=20music'
    """
    place = (
        url if "://" in url else f"file://{url}" if url.startswith("/") else f"autogroove://{url}"
    )
    return quote(place, safe=":/@+,;!$*()").replace("%", "=")[:_LONGEST_KEY]


def _tell(name: str, key: str, parents: list[str], facts: dict[str, Any]) -> None:
    @materialize(
        key,
        name=f"materialise-{name}",
        task_run_name=f"materialise {name}",
        asset_deps=list(parents),
        **retrying(),
    )
    def materialise() -> None:
        add_asset_metadata(key, facts)

    materialise()


_MOST_ROWS = 200

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>&~])")


@task(name="show-tables", task_run_name="show tables", **retrying())
def show_tables(store: Store, catalogue_key: str, parts: ReleaseParts) -> None:
    """Tables of the clusters and of the quarantined tracks, largest first."""
    catalogue = load_catalogue(store, catalogue_key).set_index("track_id")
    clusters = read_clusters(read_part(store, parts.clusters))
    create_table_artifact(
        key="clusters",
        table=_describe_clusters(clusters, catalogue),
        description="Clusters with the track that stands for each",
    )
    bad = catalogue[catalogue["status"] == "quarantined"]
    counts = bad.groupby("reason").agg(tracks=("path", "size"), example=("path", "first"))
    if len(counts):
        rows = counts.sort_values("tracks", ascending=False).reset_index().to_dict("records")
        create_table_artifact(
            key="quarantined",
            table=[
                {str(k): v if isinstance(v, int) else str(v) for k, v in r.items()} for r in rows
            ],
            description="Tracks that could not be used, by reason",
        )


def _describe_clusters(clusters: Any, catalogue: Any) -> list[dict[str, Any]]:
    sizes = clusters["cluster"].value_counts()
    exemplars = clusters[clusters["exemplar"]].set_index("cluster")["track_id"]
    rows = []
    for cluster, size in sizes.head(_MOST_ROWS).items():
        row = catalogue.loc[exemplars[cluster]]
        rows.append(
            {
                "cluster": int(cluster),
                "tracks": int(size),
                "exemplar": _shorten(row["title"] or row["path"]),
                "artist": _shorten(row["artist"] or ""),
            }
        )
    return rows


def _shorten(text: Any, limit: int = 60) -> str:
    shown = " ".join(str(text).split())
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


@task(name="show-summary", task_run_name="show summary", **retrying())
def show_summary(
    parts: ReleaseParts, outcome: PublishOutcome, card: Card, previous: Card | None, store: Store
) -> None:
    """One page on the release: coverage, decisions, card, timings."""
    state = "is published" if outcome.published else "stands: nothing changed"
    coverage = parts.coverage
    lines = [
        f"# Release {outcome.number} {state}",
        f"Source `{parts.source_url}` · store `{store.url}`",
        "",
        "| tracks | stored | quarantined | excluded | clips | clusters |",
        "|---|---|---|---|---|---|",
        f"| {coverage.source} | {coverage.stored} | {coverage.quarantined} | {coverage.excluded} "
        f"| {parts.counts.clips} | {parts.counts.clusters} |",
        "",
        *(f"- **{name}** {d.action}: {_escape(d.why)}" for name, d in parts.policy.items()),
        "",
        "## Card",
        "",
        render_markdown(card, previous),
        "",
        "## Time by stage",
        "",
        *_describe_timings(parts),
        "",
        f"Listen: `autogroove serve --store {store.url}`, then open the explorer at "
        f"[127.0.0.1:{EXPLORER_PORT}](http://127.0.0.1:{EXPLORER_PORT}).",
    ]
    create_markdown_artifact("\n".join(lines), key="release", description="Summary of the run")


def _describe_timings(parts: ReleaseParts) -> list[str]:
    per = 1000 / max(1, parts.coverage.source)
    rows = [f"| {n} | {s:.1f} | {s * per:.1f} |" for n, s in parts.timings.items()]
    total = sum(parts.timings.values())
    head = ["| stage | seconds | seconds per 1,000 tracks |", "|---|---|---|"]
    return [*head, *rows, f"| **all** | **{total:.1f}** | **{total * per:.1f}** |"]


def _escape(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)
