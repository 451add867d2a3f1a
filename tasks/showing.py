"""What the Prefect UI shows of a finished run: a summary, and tables.

What belongs here: artifacts made of what the run found. What does not: pictures (`pictures`), or
progress (`progress`). Text from tags is escaped: the UI renders Markdown.
"""

import re
from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact

from autogroove.catalogue.table import load_catalogue
from autogroove.config import EXPLORER_PORT
from autogroove.evaluation import Card, render_markdown
from autogroove.releases import PublishOutcome, ReleaseParts, read_part
from autogroove.releases.tables import read_clusters
from autogroove.storage import Store
from tasks.faults import retrying

_MOST_ROWS = 200
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>&~])")


@task(name="show-tables", task_run_name="show tables", **retrying())
def show_tables(store_url: str, catalogue_key: str, parts: ReleaseParts) -> None:
    """Tables of the clusters and of the quarantined tracks, largest first."""
    store = Store(store_url)
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
    parts: ReleaseParts, outcome: PublishOutcome, card: Card, previous: Card | None, store_url: str
) -> None:
    """One page on the release: coverage, decisions, card, timings."""
    state = "is published" if outcome.published else "stands: nothing changed"
    coverage = parts.coverage
    lines = [
        f"# Release {outcome.number} {state}",
        f"Source `{parts.source_url}` · store `{store_url}`",
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
        f"Listen: `autogroove serve --store {store_url}`, then open the explorer at "
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
