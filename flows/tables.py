"""Tables in a terminal.

What belongs here: rows of plain values, printed for people. What does not: where they come from.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from autogroove.releases import Release, ReleaseDiff
    from autogroove.searching.report import SearchReport

_console = Console(highlight=False)


def print_table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    """Print rows under their column names. Values are shown as text, never as markup."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        is_number = all(isinstance(row.get(column), int | float | None) for row in rows)
        justify: JustifyMethod = "right" if is_number else "left"
        table.add_column(column.replace("_", " "), justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*(_show(row.get(column)) for column in columns))
    _console.print(table)


def _show(value: Any) -> Text:
    if value is None:
        return Text("–", style="dim")
    shown = f"{value:.3f}" if isinstance(value, float) else str(value)
    # A title may hold a newline or a terminal's control sequence.
    return Text("".join(letter if letter.isprintable() else "\ufffd" for letter in shown))


def print_release(release: "Release") -> None:
    """One release: what it holds, how it came about, where the time went."""
    manifest, parts = release.manifest, release.manifest.parts
    print_pairs(
        [
            ("release", manifest.release),
            ("published", f"{manifest.published_at:%Y-%m-%d %H:%M} UTC"),
            ("after release", manifest.parent),
            ("repeats release", manifest.repeats),
            ("source", f"{parts.source_kind} {parts.source_url}"),
            ("tracks", _count(parts.coverage.model_dump())),
            ("clips", parts.counts.clips),
            ("clusters", parts.counts.clusters),
            ("segments", len(parts.segments)),
            ("model", parts.model.model_key),
            *((name, str(d)) for name, d in parts.policy.items()),
            ("preset", parts.settings.get("preset")),
            ("seconds", _count({n: round(s, 1) for n, s in parts.timings.items()})),
            ("content", manifest.content_digest),
        ]
    )


def print_diff(diff: "ReleaseDiff") -> None:
    """What changed between two releases."""
    clusters = diff.clusters
    print_pairs(
        [
            ("releases", f"{diff.before} → {diff.after}"),
            ("tracks added", _preview(diff.added)),
            ("tracks removed", _preview(diff.removed)),
            ("tracks changed", _preview(diff.changed)),
            ("model", f"{diff.model[0]} → {diff.model[1]}" if diff.model else "the same"),
            ("clusters", f"{len(clusters.matched)} matched, agreement {clusters.agreement:.3f}"),
            ("clusters new", _preview(clusters.new)),
            ("clusters gone", _preview(clusters.gone)),
            ("tracks moved", _preview(clusters.moved)),
        ]
    )
    changes = {"setting": diff.settings, "measure": diff.card}
    for what, pairs in changes.items():
        rows = [{what: n, "before": a, "after": b} for n, (a, b) in pairs.items() if a != b]
        if rows:
            print_table(rows, [what, "before", "after"])


def print_search(report: "SearchReport") -> None:
    """A search: its trials, its finalists with their settings, and what follows.

    What every trial was is in the table of the run's page and in `--json`: it takes more columns
    than a terminal has.
    """
    trials, settings, finals = report.trial_rows(), report.setting_rows(), report.final_rows()
    print_table(trials, ["trial", "state", "objective", "epochs", "parameters"])
    for rows in (settings, finals):
        _console.print()
        print_table(rows, list(rows[0]))
    _console.print(f"\n{report.verdict()}", markup=False)
    _console.print(f"Picture: {report.search.store.locate(report.picture)}", markup=False)


def print_pairs(pairs: Iterable[tuple[str, Any]]) -> None:
    """Names and values, a line each; lines without a value are left out."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in pairs:
        if value is not None:
            table.add_row(Text(name, style="bold"), _show(value))
    _console.print(table)


def _count(counts: dict[str, Any]) -> str:
    return " · ".join(f"{name} {value}" for name, value in counts.items())


def _preview(ids: Sequence[int], most: int = 10) -> str:
    if not ids:
        return "none"
    shown = ", ".join(map(str, ids[:most]))
    return f"{len(ids)} ({shown}{', …' if len(ids) > most else ''})"
