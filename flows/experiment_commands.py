"""`autogroove experiment …`: what a researcher tries, apart from any release.

What belongs here: options and printing. What does not: the experiments
(`autogroove.experiments`).
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from autogroove.errors import SettingsError
from flows.options import DEFAULT_STORE, JsonOption, ReleaseOption, StoreOption, print_json

experiment_app = typer.Typer(
    help="Experiments with the model, apart from any release.", no_args_is_help=True
)


@experiment_app.callback()
def _group() -> None:
    """Keep `overfit` a command of its own, though it is the only one so far."""


@experiment_app.command()
def overfit(
    examples: Annotated[int, typer.Option("--examples", min=2, help="Clips to learn.")] = 10,
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="Passes over them.")] = 100,
    output: Annotated[
        Path, typer.Option("--output", metavar="FILE", help="Where the picture goes.")
    ] = Path("overfit.png"),
    device: Annotated[
        Literal["auto", "cpu", "cuda"], typer.Option("--device", help="Where to train.")
    ] = "auto",
    store: StoreOption = DEFAULT_STORE,
    release: ReleaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """The poster's proof of concept: learn a few clips of a release by heart."""
    from autogroove.config import Settings
    from autogroove.experiments import run_overfit
    from autogroove.releases import open_release
    from flows.terminal import follow_steps

    opened = open_release(store, release)
    settings = Settings.model_validate(opened.settings)
    with follow_steps("overfit", quiet=as_json) as progress:
        found = run_overfit(
            opened.store,
            opened.catalogue,
            settings,
            num_examples=examples,
            epochs=epochs,
            device=device,
            progress=progress,
        )
    try:
        output.write_bytes(found.draw())
    except OSError as error:
        raise SettingsError(f"Cannot write {output}: {error.strerror}.") from error
    if as_json:
        answer = {"unexplained": found.unexplained, "seconds": found.seconds}
        print_json({**answer, "picture": str(output), "train_loss": found.train_loss})
        return
    typer.echo(f"Unexplained {found.unexplained:.4f} of the variance (0 is perfect, 1 the mean).")
    typer.echo(f"Input and reconstruction side by side: {output}")
