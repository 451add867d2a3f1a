"""From what a person types to tracks, asking where a name fits several and somebody can answer.

What belongs here: the question. What does not: which tracks fit (`autogroove.listening`).
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from autogroove.errors import AmbiguousError
from flows.cli.options import show_text

if TYPE_CHECKING:
    from autogroove.listening import Root, TrackLibrary
    from autogroove.releases import Release


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


def find_tracks(
    collection: "TrackLibrary",
    texts: Iterable[str],
    *,
    may_ask: bool,
    roots: "Sequence[Root]" = (),
) -> list[int]:
    """The ids of several; a text may be a playlist file, which stands for its songs.

    What such a file lists and the release has not is said.

    Raises:
        NotFoundError: one fits no track, or several, or a file lists none that is here.
    """
    found: list[int] = []
    for text in texts:
        listed = _read_listed(collection, text, roots)
        found += listed or [find_track(collection, text, may_ask=may_ask)]
    return found


def _read_listed(collection: "TrackLibrary", text: str, roots: "Sequence[Root]") -> list[int]:
    from autogroove.listening import Locations, find_listed, is_playlist_file

    if not is_playlist_file(text):
        return []
    locations = Locations.of_release(cast("Release", collection.release), roots=roots)
    listed = find_listed(collection, Path(text), locations)
    for line in listed.missing:
        typer.echo(f"not in the release: {show_text(line)}", err=True)
    return list(listed.track_ids)


def _choose(words: str, found: AmbiguousError) -> int:
    typer.echo(f"{words!r} fits several tracks:", err=True)
    for number, (_, label) in enumerate(found.choices, 1):
        typer.echo(f"{number:4}  {show_text(label)}", err=True)
    numbers = {str(at): track_id for at, (track_id, _) in enumerate(found.choices, 1)}
    while True:
        typer.echo("Which? ", nl=False, err=True)  # stdout is for the answer
        typed = sys.stdin.readline()
        if not typed:
            raise typer.Abort
        if typed.strip() in numbers:
            return numbers[typed.strip()]
        typer.echo(f"A number from 1 to {len(numbers)}, please.", err=True)
