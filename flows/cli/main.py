"""The `autogroove` command: starts flows, reads releases.

What belongs here: the commands put together, and how an error ends one.
What does not: what a command does (`run_commands`, `release_commands`, ...).

Commands that only read import neither Prefect nor torch, so that they answer at once.
"""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from autogroove.errors import AutogrooveError
from flows.cli.doctor_command import doctor
from flows.cli.experiment_commands import experiment_app
from flows.cli.listening_commands import add_listening_commands
from flows.cli.release_commands import releases_app
from flows.cli.run_commands import add_run_commands
from flows.runtime.surroundings import settle_in

app = typer.Typer(
    name="autogroove",
    help="Playlists that share a groove: from a music collection to versioned releases.\n\n"
    "Start with `autogroove run ~/Music`, then `autogroove playlist 'a song you like'`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(f"autogroove {version('autogroove')}")
        raise typer.Exit


@app.callback()
def _autogroove(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_tell_version, is_eager=True, help="Say which version this is."
        ),
    ] = False,
) -> None: ...


add_run_commands(app)
add_listening_commands(app)
app.command()(doctor)
app.add_typer(releases_app, name="releases")
app.add_typer(experiment_app, name="experiment")


def main() -> None:
    """Run one command. Exit status: 0 done, 1 failed with a message, 2 wrong usage."""
    settle_in()
    try:
        app()
    except AutogrooveError as error:
        sys.stderr.write(f"autogroove: {error}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.stderr.write("autogroove: stopped. Run the same command again to go on.\n")
        sys.exit(130)
