"""From what a person types to tracks, asking where a name fits several and somebody can answer.

What belongs here: the question. What does not: which tracks fit (`autogroove.listening`).
"""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from autogroove.errors import AmbiguousError
from flows.cli.options import show_text

if TYPE_CHECKING:
    from autogroove.listening import TrackLibrary


def find_track(collection: "TrackLibrary", words: str, *, may_ask: bool) -> int:
    """The id of the track that is meant.

    Raises:
        AmbiguousError: several fit, and nobody is at the terminal.
        NotFoundError: none fits.
    """
    from autogroove.listening import resolve_track

    try:
        return resolve_track(collection, words)
    except AmbiguousError as error:
        if not (may_ask and sys.stdin.isatty() and sys.stderr.isatty()):
            raise
        return _choose(words, error)


def find_tracks(collection: "TrackLibrary", texts: Iterable[str], *, may_ask: bool) -> list[int]:
    """The ids of several."""
    return [find_track(collection, words, may_ask=may_ask) for words in texts]


def _choose(words: str, found: AmbiguousError) -> int:
    typer.echo(f"{words!r} fits several tracks:", err=True)
    for number, (_, label) in enumerate(found.choices, 1):
        typer.echo(f"{number:4}  {show_text(label)}", err=True)
    numbers = {str(at): track_id for at, (track_id, _) in enumerate(found.choices, 1)}
    while True:
        typer.echo("Which: ", err=True, nl=False)  # a prompt of typer's leaves a space on stdout
        typed = sys.stdin.readline()
        if not typed:
            raise typer.Abort
        if typed.strip() in numbers:
            return numbers[typed.strip()]
        typer.echo(f"A number from 1 to {len(numbers)}, please.", err=True)
