"""The commands that make a release: `run` and `plan`.

What belongs here: turning options into a run, starting server and flow, the summary.
What does not: the flow (`flows.publish_release`), or the look of progress (`flows.cli.terminal`).
"""

from typing import Annotated, Literal

import typer

from autogroove.config import RunPolicy
from flows.cli.options import ClusterOptions, JsonOption, SourceOptions, print_json, spread

AllowRemovedOption = Annotated[
    bool,
    typer.Option(
        "--allow-removed", help="Go on although more tracks are gone than source.removed_fraction."
    ),
]

RetrainOption = Annotated[
    Literal["auto", "always", "never"],
    typer.Option(
        "--retrain",
        help="auto keeps, goes on from or replaces the model, as much changed.",
    ),
]


def add_run_commands(app: typer.Typer) -> None:
    """Add `run` and `plan`."""
    app.command()(run)
    app.command()(plan)


@spread
def run(
    about: SourceOptions,
    retrain: RetrainOption = "auto",
    promote: Annotated[
        bool, typer.Option("--promote", help="Use a new model even where its card is worse.")
    ] = False,
    retry_quarantined: Annotated[
        bool, typer.Option("--retry-quarantined", help="Decode quarantined tracks once more.")
    ] = False,
    rehash: Annotated[
        bool, typer.Option("--rehash", help="Read every file again, to find silent changes.")
    ] = False,
    allow_removed: AllowRemovedOption = False,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Read the whole store first, to find and mend damage."),
    ] = False,
    *,
    where: ClusterOptions,
    as_json: JsonOption = False,
) -> None:
    """Run the whole pipeline, to a published release.

    A run that finds nothing changed publishes nothing. A run that was interrupted is resumed by
    running it again.
    """
    settings, circumstances = about.settings, where.circumstances(about.store)
    policy = RunPolicy(
        retrain=retrain,
        promote=promote,
        retry_quarantined=retry_quarantined,
        rehash=rehash,
        allow_removed=allow_removed,
        verify=verify,
    )
    from flows.cli.embedded import run_embedded

    summary = run_embedded(about.selection, settings, policy, circumstances, quiet=as_json)
    if as_json:
        print_json(summary.to_json())
    else:
        from flows.cli.terminal import print_summary

        print_summary(summary)


@spread
def plan(
    about: SourceOptions,
    retrain: RetrainOption = "auto",
    retry_quarantined: Annotated[
        bool, typer.Option("--retry-quarantined", help="Count quarantined tracks as to be decoded.")
    ] = False,
    allow_removed: AllowRemovedOption = False,
    as_json: JsonOption = False,
) -> None:
    """Say what `run` would do with the same options. Decodes and writes nothing."""
    from autogroove.runs import plan_run

    policy = RunPolicy(
        retrain=retrain, retry_quarantined=retry_quarantined, allow_removed=allow_removed
    )
    found = plan_run(about.store, about.selection, about.settings, policy)
    if as_json:
        print_json(found.to_json())
    else:
        from flows.cli.terminal import print_plan

        print_plan(found)
