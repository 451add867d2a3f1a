"""What a person sees in a terminal: a line a stage, a bar on long ones, and tables."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console, JustifyMethod
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from autogroove.runs import RunPlan
from flows.cli.options import DEFAULT_STORE, show_text
from flows.record import RunSummary
from tasks.progress import Report, listening, send_report

if TYPE_CHECKING:
    from autogroove.evaluation.search import SearchReport
    from autogroove.releases import Release, ReleaseDiff

_console = Console(highlight=False)

LINE_SECONDS = 60.0


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
    return Text(show_text(shown))


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


console = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def follow_stages(*, quiet: bool) -> Iterator[None]:
    """Show what is reported meanwhile; nothing at all where quiet.

    Where nobody watches, say in a log, a stage has a line when it begins, and one a minute.
    """
    if quiet:
        yield
        return
    bars = Progress(
        TextColumn("  {task.description:<14}"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        console=console,
    )
    known = {}
    told: dict[str, float] = {}

    def show(report: Report) -> None:
        if report.stage not in known:
            known[report.stage] = bars.add_task(report.stage, total=report.total, note="")
            if not console.is_terminal:
                console.print(f"  {report.stage} …")
                told[report.stage] = time.monotonic()
        elif not console.is_terminal and time.monotonic() - told[report.stage] > LINE_SECONDS:
            told[report.stage] = time.monotonic()
            note = f"{report.stage} {report.done}/{report.total} {report.note}"
            console.print(f"  {note.rstrip()}", markup=False)
        bars.update(
            known[report.stage], completed=report.done, total=report.total, note=report.note
        )

    with bars, listening(show):
        yield


@contextmanager
def follow_steps(name: str, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar for work that is no run: yields what to call with (done, total)."""
    with follow_stages(quiet=quiet):
        yield lambda done, total: send_report(Report(name, done, total))


@contextmanager
def follow_epochs(name: str, *, quiet: bool) -> Iterator[Callable[[int, int, str], None]]:
    """The same for a training: yields what to call with (epoch, epochs, losses in words)."""
    with follow_stages(quiet=quiet):
        yield lambda done, total, note: send_report(Report(name, done, total, note))


def greet(source: str, store: str, api_url: str) -> None:
    """Say what is about to happen, and where it can be watched."""
    console.print(f"[bold]autogroove[/] {escape(source)} → {escape(store)}")
    console.print(f"  Prefect UI {api_url.removesuffix('/api')} (while this runs)")


def print_summary(summary: RunSummary) -> None:
    """What the run did, in a few lines, and where to look."""
    if summary.published:
        console.print(f"\n[bold green]Release {summary.release} is published.[/]")
    else:
        console.print(f"\n[bold]Nothing changed:[/] release {summary.release} stands.")
    coverage = summary.coverage
    console.print(
        f"  tracks    {coverage['source']} = {coverage['stored']} stored"
        f" + {coverage['quarantined']} quarantined + {coverage['excluded']} excluded"
    )
    for name, decision in summary.decisions.items():
        console.print(f"  {name:<9} {decision['decision']}: {escape(decision['why'])}")
    for name, value in summary.card.items():
        if value is not None:
            console.print(f"  card      {name.replace('_', ' ')} {value:.3f}")
    for note in summary.notes:
        console.print(f"  [yellow]note[/]      {escape(note)}")
    timings = (f"{n} {s['seconds']:.1f} s" for n, s in summary.stages.items())
    console.print("  time      " + " · ".join(timings))
    console.print("\nWhere to look")
    console.print(
        "  playlists autogroove playlist 'words of a title' --format m3u8 --output list.m3u8"
    )
    console.print("  explorer  autogroove serve")
    if summary.report:
        console.print(f"  report    {escape(summary.report)}")
    console.print("  this run  " + _where_the_run_is(summary))
    if summary.store != str(Path(DEFAULT_STORE).resolve()):
        console.print(f"  (with --store {escape(summary.store)}, or AUTOGROOVE_STORE set to it)")


def _where_the_run_is(summary: RunSummary) -> str:
    later = f"http://127.0.0.1:4200/runs/flow-run/{summary.flow_run_id}"
    return summary.run_url or f"prefect server start, then {later}"


def print_plan(plan: RunPlan) -> None:
    """What a run would do, a line a stage."""
    console.print(
        f"{plan.tracks} tracks: {plan.new} new, {plan.changed} changed, {plan.removed} removed, "
        f"{plan.moved} moved, {plan.retagged} described anew, {plan.quarantined} known to be "
        "unusable"
    )
    for name, stage in plan.stages.items():
        details = " · ".join(
            f"{key.replace('_', ' ')} {value}" for key, value in stage.items() if key != "status"
        )
        state = "to do" if stage["status"] == "ran" else "reused"
        console.print(f"  {name:<13} {state:<7} {escape(details)}")
    if plan.stops:
        console.print(f"[yellow]A run stops:[/] {escape(plan.stops)}")
        return
    console.print("Nothing was written. `autogroove run` with the same options does it.")
