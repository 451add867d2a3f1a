"""`autogroove releases …`: the release log from the command line.

What belongs here: printing what `autogroove.releases` answers. What does not: the answers.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from autogroove.store import Store
from flows.cli.options import DEFAULT_STORE, JsonOption, StoreOption, print_json

releases_app = typer.Typer(
    help="The release log: list, show, compare, roll back, verify, collect garbage.",
    no_args_is_help=True,
)
_SHOWN_OF_MODEL = 12

NumberArgument = Annotated[int, typer.Argument(metavar="N", help="Number of a release.")]


@releases_app.command("list")
def list_(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Every release, oldest first."""
    from autogroove.releases import releases_as_json

    rows = releases_as_json(Store(store))
    if as_json:
        print_json(rows)
        return
    if not rows:
        typer.echo(f"No release in {store} yet. `autogroove run` makes the first.")
        return
    from flows.cli.terminal import print_table

    print_table(
        [row | _shorten(row) for row in rows],
        ["release", "published (UTC)", "tracks", "clusters", "model", "rolled_back_from"],
    )


def _shorten(row: dict[str, Any]) -> dict[str, Any]:
    """Date and model in the width of a terminal; `releases show` tells them whole."""
    published = datetime.fromisoformat(row["published_at"]).astimezone(UTC)
    return {
        "published (UTC)": f"{published:%Y-%m-%d %H:%M}",
        "model": row["model"][:_SHOWN_OF_MODEL],
    }


@releases_app.command()
def show(
    number: Annotated[
        int | None, typer.Argument(metavar="[N]", help="The current, if absent.")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """One release: coverage, card, settings, parts, timings."""
    from autogroove.releases import open_release, release_as_json

    release = open_release(Store(store), number)
    if as_json:
        print_json(release_as_json(release.manifest))
    else:
        from flows.cli.terminal import print_release

        print_release(release)


@releases_app.command()
def diff(
    before: Annotated[int, typer.Argument(metavar="A", help="A release.")],
    after: Annotated[int, typer.Argument(metavar="B", help="Another, usually a later one.")],
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """What changed from A to B: tracks, settings, model, card, clusters."""
    from autogroove.releases import diff_releases

    found = diff_releases(Store(store), before, after)
    if as_json:
        print_json(found.to_json())
    else:
        from flows.cli.terminal import print_diff

        print_diff(found)


@releases_app.command()
def rollback(
    to: Annotated[
        int | None,
        typer.Option("--to", metavar="N", help="The release before this one, if absent."),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Publish an older release's content again, under a new number. Nothing is lost."""
    from autogroove.releases import rollback as roll_back

    outcome = roll_back(Store(store), to)
    if as_json:
        print_json({"release": outcome.number, "published": outcome.published})
    elif outcome.published:
        typer.echo(f"Release {outcome.number} is current and repeats the older content.")
    else:
        typer.echo(f"Release {outcome.number} has that content already: nothing to do.")


@releases_app.command()
def verify(
    number: Annotated[
        int | None, typer.Argument(metavar="[N]", help="The current release, if absent.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Only existence and size; reads no arrays.")
    ] = False,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Read every part of a release again and check its digest. Exit status 1 if any is damaged."""
    from autogroove.releases import open_release, verify_release

    place = Store(store)
    chosen = open_release(place, number).number
    report = verify_release(place, chosen, quick=quick)
    if as_json:
        print_json(report.to_json())
    else:
        for fault in report.faults:
            typer.echo(f"{fault.key}: {fault.what}")
        for fault in report.side_faults:
            typer.echo(f"{fault.key}: {fault.what} (it only saves time)")
        state = f"{len(report.faults)} faults" if report.faults else "whole"
        megabytes = report.num_bytes / 1e6
        typer.echo(
            f"Release {chosen} is {state}: {report.num_objects} objects, {megabytes:.1f} MB."
        )
    if report.faults:
        raise typer.Exit(1)


@releases_app.command()
def repair(
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            metavar="SOURCE",
            help="Where the audio is: what needs it is made too, by a run over all of it. For a "
            "release of a part (--subset, --limit) use `run` with the same options.",
        ),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Read the whole store, set aside what is damaged, and make again what can be made.

    Exit status 1 if the current release still lacks something.
    """
    from autogroove.runs.repairing import repair_store

    report = repair_store(Store(store))
    if source and not report.is_whole:
        _run_again(source, store, quiet=as_json)
        report = repair_store(Store(store))
    if as_json:
        print_json(report.to_json())
    else:
        for key in report.set_aside:
            typer.echo(f"{key}: damaged, set aside")
        for key in report.made:
            typer.echo(f"{key}: made again")
        for key, why in report.lacking.items():
            typer.echo(f"{key}: lost; {why}")
        typer.echo(report.verdict())
    if not report.is_whole:
        raise typer.Exit(1)


def _run_again(source: str, store: str, *, quiet: bool) -> None:
    """A run with the settings of the current release, if there is one."""
    from autogroove.config import Circumstances, RunPolicy, Settings, SourceSelection
    from autogroove.releases import current_release
    from flows.cli.embedded import run_embedded

    current = current_release(Store(store))
    settings = (
        Settings.model_validate(current.parts.settings) if current else Settings.from_preset()
    )
    selection = SourceSelection(source=source)
    run_embedded(selection, settings, RunPolicy(), Circumstances(store=store), quiet=quiet)


@releases_app.command()
def gc(
    keep: Annotated[
        int, typer.Option("--keep", min=1, help="Keep at least so many releases.")
    ] = 10,
    keep_days: Annotated[
        float, typer.Option("--keep-days", min=0, help="Keep releases younger than this.")
    ] = 30,
    yes: Annotated[bool, typer.Option("--yes", help="Really remove; else only say what.")] = False,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Remove what no kept release needs. A dry run, unless --yes."""
    from autogroove.releases import collect_garbage

    report = collect_garbage(Store(store), keep=keep, keep_days=keep_days, apply=yes)
    if as_json:
        print_json(report.to_json())
        return
    for kind, counts in report.by_kind.items():
        typer.echo(f"{kind:<16} {counts['objects']:>8} objects {counts['bytes'] / 1e6:>10.1f} MB")
    if report.waiting_for:
        typer.echo(f"Nothing was removed: at work is {', '.join(report.waiting_for)}. Try later.")
        return
    what = f"{report.num_objects} objects, {report.num_bytes / 1e6:.1f} MB"
    typer.echo(f"Removed {what}." if report.applied else f"{what} could be removed with --yes.")
