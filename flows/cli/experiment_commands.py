"""`autogroove experiment …`: what a researcher tries, apart from any release.

What belongs here: options and printing. What does not: the experiments
(`autogroove.model.overfit`, `autogroove.model.training.pretraining`, `flows.search_architecture`),
or `poster_command`.
"""

from pathlib import Path
from typing import Annotated

import typer

from autogroove.config import read_toml
from autogroove.errors import SettingsError
from flows.cli.options import (
    ClusterOptions,
    DeviceOption,
    JsonOption,
    ReadingOptions,
    SourceOptions,
    print_json,
    spread,
)
from flows.cli.poster_command import poster

experiment_app = typer.Typer(
    help="Experiments with the model, apart from any release.", no_args_is_help=True
)
experiment_app.command()(poster)


@experiment_app.command()
@spread
def overfit(
    examples: Annotated[int, typer.Option("--examples", min=2, help="Clips to learn.")] = 10,
    epochs: Annotated[
        int, typer.Option("--epochs", min=1, max=1000, help="Of 8 passes over them.")
    ] = 100,
    output: Annotated[
        Path, typer.Option("--output", metavar="FILE", help="Where the picture goes.")
    ] = Path("overfit.png"),
    device: DeviceOption = "auto",
    *,
    reading: ReadingOptions,
) -> None:
    """The poster's proof of concept: learn a few clips of a release by heart."""
    from autogroove.config import Settings
    from autogroove.model import run_overfit
    from flows.cli.terminal import follow_steps

    opened = reading.open()
    settings = Settings.model_validate(opened.settings)
    with follow_steps("overfit", quiet=reading.as_json) as progress:
        found = run_overfit(
            opened.store,
            opened.catalogue,
            settings,
            num_examples=examples,
            epochs=epochs,
            device=device,
            progress=progress,
        )
    _write(output, found.draw())
    if reading.as_json:
        answer = {"unexplained": found.unexplained, "seconds": found.seconds}
        print_json({**answer, "picture": str(output), "train_loss": found.train_loss})
        return
    typer.echo(f"Unexplained {found.unexplained:.4f} of the variance (0 is perfect, 1 the mean).")
    typer.echo(f"Input and reconstruction side by side: {output}")


@experiment_app.command()
def pretrain(
    epochs: Annotated[
        int, typer.Option("--epochs", min=1, help="In all, those done before counted.")
    ] = 100,
    folder: Annotated[
        Path, typer.Option("--folder", metavar="FOLDER", help="Lessons and checkpoints.")
    ] = Path("pretraining"),
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of lessons and weights.")] = 0,
    workers: Annotated[
        int, typer.Option("--workers", min=0, help="Processes that make lessons ahead.")
    ] = 1,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="TOML: the teacher, the losses, the rest."),
    ] = None,
    weights: Annotated[
        Path, typer.Option("--weights", metavar="FILE", help="Where the weights go.")
    ] = Path("groove.safetensors"),
    begin: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Weights to begin with, where they fit."),
    ] = None,
    device: DeviceOption = "auto",
    *,
    as_json: JsonOption = False,
) -> None:
    """Teach the groove network from an endless stream of made-up grooves.

    A folder keeps a checkpoint after every epoch: the same command goes on where it was stopped,
    there or on another machine.
    """
    from autogroove.model import pack_weights
    from autogroove.model.training import PretrainingSettings, choose_machine
    from autogroove.model.training import pretrain as train_network
    from autogroove.store import digest_bytes
    from flows.cli.terminal import follow_epochs

    tree = read_toml(config) if config else {}
    settings = PretrainingSettings.from_tree({"seed": seed, **tree})
    machine = choose_machine(device)
    with follow_epochs("pretrain", quiet=as_json) as progress:
        network = train_network(
            folder,
            settings,
            epochs,
            begin=_read_bytes(begin) if begin else b"",
            device=str(machine.device),
            workers=workers,
            progress=progress,
        )
    packed = pack_weights(network)
    _write(weights, packed)
    answer = {"weights": str(weights), "digest": digest_bytes(packed), "epochs": epochs}
    if as_json:
        print_json(answer)
        return
    typer.echo(f"Weights after {epochs} epochs: {weights} ({len(packed) / 2**20:.1f} MiB).")


@experiment_app.command()
def teacher(
    listen: Annotated[
        Path, typer.Option("--listen", metavar="FOLDER", help="Where WAV files and a table go.")
    ],
    grooves: Annotated[int, typer.Option("--grooves", min=1, max=1000, help="How many.")] = 8,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another gives others.")] = 0,
    idiom: Annotated[
        list[str] | None, typer.Option("--idiom", help="Only this one; may be repeated.")
    ] = None,
    kit: Annotated[
        list[str] | None, typer.Option("--kit", help="Only this family; may be repeated.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Hear what the teacher teaches: random grooves at several tempi in random sounds."""
    from autogroove.model.teacher import TeacherSettings, write_lessons
    from flows.cli.terminal import follow_steps

    settings = TeacherSettings(only_idioms=tuple(idiom or ()), only_kits=tuple(kit or ()))
    with follow_steps("teacher", quiet=as_json) as progress:
        try:
            table = write_lessons(listen, seed, grooves, settings, progress)
        except OSError as error:
            raise SettingsError(f"Cannot write to {listen}: {error.strerror}.") from error
    if as_json:
        print_json({"folder": str(listen), "table": str(table)})
        return
    typer.echo(f"Clips and what they are: {table}")


@experiment_app.command()
@spread
def search(
    about: SourceOptions,
    trials: Annotated[
        int, typer.Option("--trials", min=2, help="How many, trial 0 included.")
    ] = 20,
    finalists: Annotated[
        int, typer.Option("--finalists", min=2, help="Trained to the end, trial 0 among them.")
    ] = 3,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Of what is tried.")] = None,
    space: Annotated[
        Path | None,
        typer.Option("--space", metavar="FILE", help="TOML file: what is searched, and how long."),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", metavar="FILE", help="Where the best settings go.")
    ] = Path("best.toml"),
    *,
    where: ClusterOptions,
    as_json: JsonOption = False,
) -> None:
    """Look for a network whose card is better, beginning with the settings given.

    Trials are kept in the store: the same command goes on where a search stopped, and where it
    ended if more trials are asked for.
    """
    from autogroove.evaluation.search import SearchSettings, to_toml
    from flows.cli.embedded import search_embedded

    settings = about.settings
    tree = read_toml(space) if space else {}
    asked = SearchSettings.from_tree(tree if seed is None else {**tree, "seed": seed}, settings)
    circumstances = where.circumstances(about.store)
    found = search_embedded(
        about.selection, settings, asked, trials, finalists, circumstances, quiet=as_json
    )
    _write(output, to_toml(found.settings).encode())
    if as_json:
        print_json({**found.to_json(), "config": str(output)})
        return
    from flows.cli.terminal import print_search

    print_search(found)
    typer.echo(f"Settings: {output}. To use them: autogroove run {about.source} --config {output}")


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"Cannot read {path}: {error.strerror}.") from error


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise SettingsError(f"Cannot write {path}: {error.strerror}.") from error
