"""What a run looks like in a terminal: a line a stage, a bar on long ones, a summary at the end.

What belongs here: rendering to stderr, so that stdout stays free for JSON.
What does not: what is reported (`tasks.progress`).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from autogroove.planning import RunPlan
from flows.options import DEFAULT_STORE
from flows.record import RunSummary
from tasks.progress import Report, listening, send_report

console = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def follow_stages(*, quiet: bool) -> Iterator[None]:
    """Show what is reported meanwhile; nothing at all where quiet."""
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

    def show(report: Report) -> None:
        if report.stage not in known:
            known[report.stage] = bars.add_task(report.stage, total=report.total, note="")
            if not console.is_terminal:
                console.print(f"  {report.stage} …")
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
    console.print("  this run  prefect server start, then " + _run_url(summary))
    if summary.store != str(Path(DEFAULT_STORE).resolve()):
        console.print(f"  (with --store {escape(summary.store)}, or AUTOGROOVE_STORE set to it)")


def _run_url(summary: RunSummary) -> str:
    return f"http://127.0.0.1:4200/runs/flow-run/{summary.flow_run_id}"


def print_plan(plan: RunPlan) -> None:
    """What a run would do, a line a stage."""
    console.print(
        f"{plan.tracks} tracks: {plan.new} new, {plan.changed} changed, {plan.removed} removed, "
        f"{plan.quarantined} known to be unusable"
    )
    for name, stage in plan.stages.items():
        details = " · ".join(
            f"{key.replace('_', ' ')} {value}" for key, value in stage.items() if key != "status"
        )
        state = "to do" if stage["status"] == "ran" else "reused"
        console.print(f"  {name:<13} {state:<7} {escape(details)}")
    console.print("Nothing was written. `autogroove run` with the same options does it.")
