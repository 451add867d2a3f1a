"""The commands of a listener: tracks, similar, playlist, path, clusters, stations, card, assign,
serve.

What belongs here: turning words into tracks and answers into text. What does not: the answers
(`autogroove.listening`, `autogroove.listening.explorer`).
"""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from autogroove.config import EXPLORER_PORT
from flows.cli.options import (
    DEFAULT_STORE,
    ExportOptions,
    FilterOptions,
    MeaningOptions,
    ReadingOptions,
    ReleaseOption,
    RootOption,
    StoreOption,
    print_json,
    read_roots,
    spread,
)
from flows.cli.player_commands import (
    LIST_COLUMNS,
    hand_over,
    publish_playlists,
    show_rows,
    stations,
)
from flows.cli.track_choice import find_track, find_tracks

TrackArgument = Annotated[
    str, typer.Argument(metavar="TRACK", help="An id, a path, or words of artist and title.")
]
VersionsOption = Annotated[
    bool, typer.Option("--versions", help="Several versions of one recording too.")
]


def add_listening_commands(app: typer.Typer) -> None:
    """Add every command of this module."""
    listening = (tracks, similar, playlist, path, clusters, stations, publish_playlists)
    for command in (*listening, card, assign, serve):
        app.command()(spread(command))


def tracks(
    quarantined: Annotated[
        bool, typer.Option("--quarantined", help="Only tracks that could not be used, and why.")
    ] = False,
    *,
    keeping: FilterOptions,
    reading: ReadingOptions,
) -> None:
    """Every track of the source, with what became of it."""
    from autogroove.listening import describe_tracks, open_collection, select_tracks

    release, filters = reading.open(), keeping.filters
    fitting = None
    if not filters.is_open:
        collection = open_collection(release)
        fitting = release.track_ids[select_tracks(collection, filters)].tolist()
    rows = describe_tracks(release, quarantined=quarantined, fitting=fitting)
    if quarantined:
        columns = ["track_id", "path", "reason", "detail"]
    else:
        columns = ["track_id", "title", "artist", "cluster", "clips", "status"]
    show_rows(rows, columns, reading.as_json)


def similar(
    track: TrackArgument,
    count: Annotated[int, typer.Option("--count", min=1, help="How many.")] = 10,
    clips: Annotated[
        bool, typer.Option("--clips", help="Say which 10 s of each track match.")
    ] = False,
    versions: Annotated[
        bool,
        typer.Option(
            "--versions/--no-versions", help="Copies and versions of a recording too, or once each."
        ),
    ] = True,
    *,
    meaning: MeaningOptions,
    keeping: FilterOptions,
    reading: ReadingOptions,
) -> None:
    """The tracks whose groove is nearest to one track's."""
    from autogroove.listening import find_similar, match_clips, open_collection

    weighing, filters = meaning.weighing, keeping.filters
    collection = open_collection(reading.open())
    seed = find_track(collection, track, may_ask=not reading.as_json)
    avoid = find_tracks(collection, meaning.avoid or (), may_ask=not reading.as_json)
    found = find_similar(
        collection,
        seed,
        count=count,
        versions=versions,
        weighing=weighing,
        avoid=avoid,
        filters=filters,
    )
    rows = [scored.as_json() for scored in found]
    columns = list(LIST_COLUMNS)
    if clips:
        columns += ["seed_start_seconds", "other_start_seconds"]
        for row in rows:
            row |= asdict(match_clips(collection, seed, int(str(row["track_id"])), weighing))
    show_rows(rows, columns, reading.as_json)


def playlist(
    seeds: Annotated[
        list[str],
        typer.Argument(
            metavar="SEED…",
            help="Ids, paths, words of artist and title, or an m3u8 file of such tracks.",
        ),
    ],
    length: Annotated[
        int | None,
        typer.Option(
            "--length", min=1, help="Tracks, seeds included; 20, or twice the seeds if more."
        ),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option("--minutes", min=0.1, help="Duration instead of a length.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", metavar="TRACK", help="Not this track.")
    ] = None,
    variety: Annotated[
        float, typer.Option("--variety", min=0, max=1, help="0 keeps close to the seeds.")
    ] = 0.3,
    versions: VersionsOption = False,
    *,
    meaning: MeaningOptions,
    keeping: FilterOptions,
    writing: ExportOptions,
    reading: ReadingOptions,
) -> None:
    """A playlist from one or more songs, ordered for smooth transitions."""
    from autogroove.listening import MOST_TRACKS, Rules, make_playlist, open_collection

    weighing, filters = meaning.weighing, keeping.filters
    collection = open_collection(reading.open())
    find = partial(find_tracks, collection, may_ask=not reading.as_json, roots=writing.roots)
    starts = find(seeds)
    usual = min(max(20, 2 * len(starts)), MOST_TRACKS)
    rules = Rules(
        length=usual if length is None else length,
        duration_seconds=minutes * 60 if minutes else None,
        filters=filters,
        exclude=frozenset(find(exclude or ())),
        variety=variety,
        versions=versions,
        weighing=weighing,
        avoid=tuple(find(meaning.avoid or ())),
    )
    made = make_playlist(collection, starts, rules)
    hand_over(collection, made, writing, reading.as_json)


def path(
    start: Annotated[str, typer.Argument(metavar="FROM", help="Where to start: a track.")],
    goal: Annotated[str, typer.Argument(metavar="TO", help="Where to arrive: a track.")],
    length: Annotated[
        int | None, typer.Option("--length", min=2, help="Exactly this many tracks.")
    ] = None,
    versions: VersionsOption = False,
    *,
    meaning: MeaningOptions,
    keeping: FilterOptions,
    writing: ExportOptions,
    reading: ReadingOptions,
) -> None:
    """A walk from one song to another in small steps."""
    from autogroove.listening import Rules, find_path, open_collection

    weighing, filters, may_ask = meaning.weighing, keeping.filters, not reading.as_json
    collection = open_collection(reading.open())
    first, last = (find_track(collection, words, may_ask=may_ask) for words in (start, goal))
    avoid = find_tracks(collection, meaning.avoid or (), may_ask=may_ask, roots=writing.roots)
    rules = Rules(versions=versions, weighing=weighing, filters=filters, avoid=tuple(avoid))
    made = find_path(collection, first, last, length, rules=rules)
    hand_over(collection, made, writing, reading.as_json)


def clusters(*, keeping: FilterOptions, reading: ReadingOptions) -> None:
    """The clusters as stations: exemplar, size, tempo range, genres."""
    from autogroove.listening import describe_cluster_views

    views = describe_cluster_views(reading.open(), keeping.filters)
    rows = [view.as_json() for view in views]
    if not reading.as_json:
        for row, view in zip(rows, views, strict=True):
            row["genres"] = ", ".join(f"{genre} {count}" for genre, count in view.genres)
    columns = ["cluster", "size", "exemplar_title", "exemplar_artist", "genres"]
    show_rows(rows, columns, reading.as_json)


def card(
    format_: Annotated[
        Literal["text", "markdown"],
        typer.Option("--format", help="text, or markdown: a whole page for docs/results/."),
    ] = "text",
    *,
    reading: ReadingOptions,
) -> None:
    """The evaluation card: what this release hears, in numbers beside their baselines."""
    import json

    from autogroove.evaluation import Card, render_results, render_text

    release = reading.open()
    if reading.as_json:
        print_json(release.card)
        return
    found = Card.from_json(json.dumps(release.card))
    if format_ == "markdown":
        typer.echo(render_results(found, release.manifest), nl=False)
    else:
        typer.echo(render_text(found))


def assign(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Audio files.")],
    count: Annotated[int, typer.Option("--count", min=1, help="Neighbours to name.")] = 5,
    *,
    reading: ReadingOptions,
) -> None:
    """Say where songs that are not in the release belong."""
    from autogroove.listening import assign_files

    rows = [found.as_json() for found in assign_files(reading.open(), files, count=count)]
    if reading.as_json:
        print_json(rows)
        return
    for row in rows:
        row["nearest"] = ", ".join(str(n["title"] or n["path"]) for n in row["neighbours"])
    show_rows(rows, ["path", "cluster", "reason", "nearest"], reading.as_json)


def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port.")] = EXPLORER_PORT,
    token: Annotated[
        str | None,
        typer.Option(envvar="AUTOGROOVE_TOKEN", help="Ask visitors for this token."),
    ] = None,
    root_path: Annotated[
        str, typer.Option("--root-path", help="Path under which a reverse proxy shows it.")
    ] = "",
    cors_origin: Annotated[
        list[str] | None,
        typer.Option("--cors-origin", help="Let pages of this origin read answers; repeatable."),
    ] = None,
    root: RootOption = None,
    store: StoreOption = DEFAULT_STORE,
    release: ReleaseOption = None,
) -> None:
    """Open the explorer: a map of the collection, search, playlists, stations."""
    from autogroove.listening.explorer import serve_explorer

    serve_explorer(
        store,
        release=release,
        host=host,
        port=port,
        token=token,
        root_path=root_path,
        origins=cors_origin or (),
        roots=read_roots(root),
    )
