"""`autogroove experiment poster`: the poster's figure 5, at its size.

What belongs here: options, printing, and where the training runs. What does not: the experiment
(`autogroove.evaluation.poster`).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autogroove.config import Settings
from autogroove.source import load_catalogue
from autogroove.store import Store
from flows.cli.options import DeviceOption, JsonOption, print_json

if TYPE_CHECKING:
    from autogroove.evaluation.poster import Findings
    from autogroove.model import ModelSummary


def poster(
    examples: Annotated[
        int,
        typer.Option(
            "--examples",
            min=24,
            max=10_000_000,
            help="Clips to train on; a tenth more is held out.",
        ),
    ] = 60_000,
    epochs: Annotated[
        int, typer.Option("--epochs", min=1, max=10_000, help="Times that each is seen.")
    ] = 21,
    music: Annotated[
        str | None,
        typer.Option(
            "--music",
            metavar="FOLDER_OR_STORE",
            help="Recordings: a source as `run` takes it, or a store whose release names one. "
            "They are up to half of the examples. Without it all clips are rendered.",
        ),
    ] = None,
    folder: Annotated[
        str,
        typer.Option("--folder", metavar="URL", help="Keeps clips, checkpoints, model."),
    ] = "poster-experiment",
    output: Annotated[
        Path, typer.Option("--output", metavar="FILE.md", help="The page; pictures go beside it.")
    ] = Path("poster.md"),
    seed: Annotated[
        int,
        typer.Option(
            "--seed", min=0, max=2**31, help="Of the teacher's clips and the first weights."
        ),
    ] = 0,
    workers: Annotated[
        int, typer.Option("--workers", min=0, help="Processes that make clips.")
    ] = 1,
    device: DeviceOption = "auto",
    *,
    as_json: JsonOption = False,
) -> None:
    """Train the poster's own network at the poster's size, and write a page of what came of it.

    Clips are cut from recordings, from the demo and from the teacher's grooves, once. Then the
    network of the preset `poster` is trained, on the GPU pool where a worker of it is online. The
    page has the losses, pictures beside their reconstructions, clusters, and unexplained variance
    beside PCA; and the same clips as the pretrained `groove` network hears them.

    60,000 clips are 7 GB in the folder, and 4 GB in memory while they are trained on. One idle core
    makes them in twenty minutes and needs six for an epoch; a GPU is faster. Stop it when you
    like: the same command goes on where it was, among the clips or after its last epoch.

    To try it: autogroove experiment poster --examples 200 --epochs 2
    """
    from autogroove.evaluation.poster import (
        PosterSettings,
        check_path,
        examine,
        make_examples,
        write_page,
    )
    from flows.cli.terminal import follow_epochs

    settings = PosterSettings(examples=examples, epochs=epochs, seed=seed, music=music)
    check_path(output)
    _check_device(device)
    store = Store(folder)
    with follow_epochs("clips", quiet=as_json) as progress:
        catalogue_key = make_examples(store, settings, workers=workers, progress=progress)
    summary = _train(store, catalogue_key, settings.poster, device, quiet=as_json)
    near = "cpu" if device == "cpu" else "auto"  # a pool's GPU is elsewhere
    with follow_epochs("examine", quiet=as_json) as progress:
        found = examine(store, catalogue_key, summary, settings, device=near, progress=progress)
    files = write_page(output, found)
    if as_json:
        print_json({**_tell(found), "page": str(output), "files": [str(path) for path in files]})
        return
    typer.echo(f"Losses, pictures, clusters, and what they say: {output}")


def _check_device(device: str) -> None:
    """Refuse a GPU that is not there, nor on a pool, before clips are made for it."""
    if device != "cuda":
        return
    from autogroove.model.training import choose_machine
    from flows.runtime.server import running_server

    with running_server() as url:
        if url is None:
            choose_machine(device)


def _train(
    store: Store, catalogue_key: str, settings: Settings, device: str, *, quiet: bool
) -> "ModelSummary":
    """Train on the GPU pool of a server that is there, else here; what is there is only read."""
    from autogroove.model.training import train_model
    from flows.cli.terminal import console, follow_epochs
    from flows.runtime.server import running_server

    if device != "cpu":
        with running_server() as url:
            if url is not None:
                from flows.gpu_pool import hand_over

                if hand_over(store, settings, catalogue_key, device) and not quiet:
                    console.print("  Trained on the GPU pool.")
    with follow_epochs("train", quiet=quiet) as progress:
        progress(0, settings.training.epochs, "an epoch is told when it ends")
        return train_model(
            store,
            load_catalogue(store, catalogue_key),
            settings,
            device=device,
            progress=progress,
        )


def _tell(found: "Findings") -> dict[str, Any]:
    """The figures that a script would ask for."""
    counts = found.counts["clips"]
    clips = {kind: counts.xs(kind).to_dict() for kind in counts.index.unique("kind")}
    return {
        "clips": clips,
        "train_loss": found.summary.train_loss,
        "dev_loss": found.summary.dev_loss,
        "unexplained": {
            "poster": found.poster.shares(),
            "groove": found.groove.shares(),
        },
    }
