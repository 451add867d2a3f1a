"""From a playlist to a file or a player: what `playlist` and `path` end with, and `stations`.

What belongs here: options put to use, and what is said. What does not: the formats
(`autogroove.listening`), and how a player is talked to (`autogroove.listening.players`).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from autogroove.errors import SettingsError
from flows.cli.options import (
    ExportOptions,
    FilterOptions,
    ReadingOptions,
    RootOption,
    print_json,
    read_roots,
)

if TYPE_CHECKING:
    from autogroove.listening import Playlist, TrackLibrary
    from autogroove.listening.players import Delivery
    from autogroove.releases import Release

LIST_COLUMNS = ["track_id", "title", "artist", "score"]


def stations(
    to: Annotated[
        str,
        typer.Option("--to", metavar="TARGET", help="A player as for `playlist`, or a folder."),
    ],
    length: Annotated[
        int | None, typer.Option("--length", min=1, help="At most so many tracks of each.")
    ] = None,
    prefix: Annotated[
        str, typer.Option("--prefix", help="How the names of all stations begin.")
    ] = "Autogroove",
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove the lists of stations that are gone.")
    ] = False,
    root: RootOption = None,
    *,
    keeping: FilterOptions,
    reading: ReadingOptions,
) -> None:
    """Put every cluster into a player as a playlist whose name stays."""
    from autogroove.listening import Locations, make_stations, open_collection
    from autogroove.listening.players import deliver_stations, open_player

    opened = reading.open()
    collection = open_collection(opened)
    player, places = open_player(to, Locations.of_release(opened, roots=read_roots(root)))
    try:
        made, gone = deliver_stations(
            player,
            make_stations(collection, length=length, filters=keeping.filters),
            collection,
            places,
            prefix=prefix,
            prune=prune,
        )
    finally:
        player.close()
    for name in gone:
        says = "removed" if prune else "is no station any more; --prune removes such lists"
        typer.echo(f"note: {name} {says}.", err=True)
    if reading.as_json:
        print_json([delivery.as_json() for delivery in made])
        return
    for delivery in made:
        _say_missing(delivery)
    sent = sum(len(delivery.sent) for delivery in made)
    typer.echo(f"{len(made)} stations, {sent} tracks → {to}", err=True)


def publish_playlists(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="TOML file: a player and its playlists.")
    ],
    *,
    reading: ReadingOptions,
) -> None:
    """Make a player have the playlists and stations that a file names, as far as they changed."""
    from autogroove.listening import Wishes
    from autogroove.listening.players import keep_playlists

    wishes = Wishes.read(file)
    kept = keep_playlists(reading.open(), wishes)
    show_rows(
        [each.as_json() for each in kept], ["name", "state", "missing", "why"], reading.as_json
    )
    if any(each.state == "failed" for each in kept):
        raise typer.Exit(1)


def show_rows(rows: "list[dict[str, object]]", columns: list[str], as_json: bool) -> None:
    """Print rows as JSON, or as a table of some columns."""
    if as_json:
        print_json(rows)
    elif not rows:
        typer.echo("None.")
    else:
        from flows.cli.terminal import print_table

        print_table(rows, columns)


def hand_over(
    collection: "TrackLibrary", made: "Playlist", writing: ExportOptions, as_json: bool
) -> None:
    """Put the playlist into a player, write it to its file, or show it."""
    from autogroove.listening import EXPORT_FORMATS, Locations, export_playlist

    output = writing.output
    release = cast("Release", collection.release)
    for note in made.notes:
        typer.echo(f"note: {note}", err=True)
    if writing.to is not None:
        _deliver(collection, made, writing, as_json)
        return
    if output is None and writing.format_ is None:
        show_rows(made.as_json(), LIST_COLUMNS, as_json)
        return
    chosen = writing.format
    if chosen not in EXPORT_FORMATS:
        raise SettingsError(
            f"{output} does not end in a playlist format; add --format, one of "
            f"{', '.join(EXPORT_FORMATS)}."
        )
    style: Literal["absolute", "relative"] = "absolute" if writing.absolute else "relative"
    locations = Locations.of_release(release, output, style, writing.roots)
    text = export_playlist(made, chosen, locations)
    if output is None:
        typer.echo(text.encode(), nl=False)  # a file in UTF-8, whatever the console's alphabet
        return
    try:
        output.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise SettingsError(f"Cannot write {output}: {error.strerror}.") from error
    if as_json:
        print_json(made.as_json())
    else:
        typer.echo(f"{len(made)} tracks, {made.duration_seconds / 60:.0f} min → {output}", err=True)


def _deliver(
    collection: "TrackLibrary", made: "Playlist", writing: ExportOptions, as_json: bool
) -> None:
    """Put the playlist into a player, and say what the player lacks."""
    from autogroove.listening import Locations
    from autogroove.listening.players import deliver, open_player

    if writing.output is not None or writing.format_ is not None:
        raise SettingsError("--to puts the list into a player; leave out --output and --format.")
    to = str(writing.to)
    style: Literal["absolute", "relative"] = "absolute" if writing.absolute else "relative"
    release = cast("Release", collection.release)
    locations = Locations.of_release(release, style=style, roots=writing.roots)
    player, places = open_player(to, locations)
    try:
        delivery = deliver(player, made, collection, places, writing.name)
    finally:
        player.close()
    if as_json:
        sent = set(delivery.sent)
        print_json([{**row, "sent": row["track_id"] in sent} for row in made.as_json()])
        return
    _say_missing(delivery)
    typer.echo(
        f"{len(delivery.sent)} of {len(made)} tracks → {delivery.name!r} in {to}"
        f"{', in place of the list of that name' if delivery.replaced else ''}",
        err=True,
    )


def _say_missing(delivery: "Delivery") -> None:
    for song in delivery.missing:
        typer.echo(f"not there: {song.name} ({song.path})", err=True)
