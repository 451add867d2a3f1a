"""Options that several commands share, so that each reads the same everywhere."""

import functools
import inspect
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from autogroove.config import (
    Circumstances,
    PresetName,
    Settings,
    SourceSelection,
    read_excluded_folders,
    read_settings,
)

if TYPE_CHECKING:
    from autogroove.listening import Filters, Root, Weighing
    from autogroove.releases import Release

StoreOption = Annotated[
    str,
    typer.Option(
        "--store",
        envvar="AUTOGROOVE_STORE",
        metavar="URL",
        help="Folder or fsspec URL (s3://bucket/prefix) of the store.",
    ),
]

ReleaseOption = Annotated[
    int | None,
    typer.Option(
        "--release", metavar="N", help="Which release to read; the current one if absent."
    ),
]

JsonOption = Annotated[
    bool, typer.Option("--json", help="Print JSON on stdout and nothing else there.")
]

SourceArgument = Annotated[
    str,
    typer.Argument(
        metavar="[SOURCE]",
        help="demo; a folder, URL or .zip in FMA's layout; or any folder of music.",
    ),
]

DeviceOption = Annotated[
    Literal["auto", "cpu", "cuda"], typer.Option("--device", help="Where to train and encode.")
]

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        envvar="AUTOGROOVE_CONFIG",
        help="TOML file with settings, by section.",
    ),
]

ExcludeFolderOption = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude-folder", metavar="GLOB", help="Leave this folder out; may be repeated."
    ),
]

TargetOption = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="TARGET",
        help="Put it into a player: mpd://HOST, https://HOST (Subsonic), a folder for m3u8 files, "
        "or a name in players.toml.",
    ),
]

RootOption = Annotated[
    list[str] | None,
    typer.Option(
        "--root", metavar="FROM=TO", help="The player sees the folder FROM as TO; may be repeated."
    ),
]

DEFAULT_STORE = "./autogroove-store"


def print_json(value: Any) -> None:
    """Print a value as JSON on stdout: readable in UTF-8, escaped where the console has less."""
    is_narrow = not (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    json.dump(value, sys.stdout, indent=2, ensure_ascii=is_narrow, default=str)
    sys.stdout.write("\n")


def show_text(text: str) -> str:
    """Text of strangers for a terminal: a title may hold a newline or a control sequence."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """The command with each parameter that is a group replaced by the options of the group."""
    groups: dict[str, type[Any]] = {}
    options: list[inspect.Parameter] = []
    for parameter in inspect.signature(command, eval_str=True).parameters.values():
        kind: Any = parameter.annotation
        if isinstance(kind, type) and is_dataclass(kind):
            groups[parameter.name] = kind
            options += inspect.signature(kind, eval_str=True).parameters.values()
        else:
            options.append(parameter)

    @functools.wraps(command)
    def call(**given: Any) -> None:
        made = {
            name: group(**{field.name: given.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        command(**made, **given)

    by_name = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in options]
    call.__signature__ = inspect.Signature(by_name)  # type: ignore[attr-defined]
    call.__annotations__ = {each.name: each.annotation for each in by_name}
    return call


@dataclass(frozen=True)
class SourceOptions:
    """Which audio, with which settings, into which store."""

    source: SourceArgument = "demo"
    store: StoreOption = DEFAULT_STORE
    preset: Annotated[
        PresetName | None, typer.Option("--preset", help="Which recipe and network to start from.")
    ] = None
    config: ConfigOption = None
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SECTION.KEY=VALUE", help="One setting; may be repeated."),
    ] = None
    start: Annotated[
        Literal["auto", "pretrained", "scratch"] | None,
        typer.Option("--start", help="First weights of the groove network."),
    ] = None
    subset: Annotated[
        Literal["small", "medium", "large", "full"] | None,
        typer.Option("--subset", help="Only FMA's tracks of this subset."),
    ] = None
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Only this many tracks, by id.")
    ] = None
    exclude_folder: ExcludeFolderOption = None

    @property
    def settings(self) -> Settings:
        """The preset's settings with what the file and the pairs change.

        Raises:
            SettingsError: the file cannot be read, or a setting is unknown or out of range.
        """
        start = [f"training.start={self.start}"] if self.start else []
        return read_settings(self.preset, self.config, [*(self.set_ or []), *start])

    @property
    def selection(self) -> SourceSelection:
        """The source and its part. Folders to leave out come from the file too.

        Raises:
            SettingsError: the file cannot be read.
        """
        return SourceSelection(
            source=self.source,
            subset=self.subset,
            limit=self.limit,
            exclude_folders=(
                *read_excluded_folders(self.config),
                *(self.exclude_folder or ()),
            ),
        )


@dataclass(frozen=True)
class ClusterOptions:
    """Where and how fast."""

    dask: Annotated[
        str | None, typer.Option("--dask", metavar="ADDRESS", help="A running Dask scheduler.")
    ] = None
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Workers of the embedded cluster.")
    ] = None
    device: DeviceOption = "auto"
    tracks_per_segment: Annotated[
        int, typer.Option("--tracks-per-segment", min=1, help="Tracks that one task decodes.")
    ] = 256

    def circumstances(self, store: str) -> Circumstances:
        """These with a store."""
        return Circumstances(
            store=store,
            dask=self.dask,
            workers=self.workers,
            device=self.device,
            tracks_per_segment=self.tracks_per_segment,
        )


@dataclass(frozen=True)
class ReadingOptions:
    """Which release is read, and how the answer is printed."""

    store: StoreOption = DEFAULT_STORE
    release: ReleaseOption = None
    as_json: JsonOption = False

    def open(self) -> "Release":
        """The release.

        Raises:
            NotFoundError: there is none.
        """
        from autogroove.releases import open_release

        return open_release(self.store, self.release)


@dataclass(frozen=True)
class FilterOptions:
    """What is kept in and left out."""

    folder: Annotated[
        list[str] | None,
        typer.Option("--folder", metavar="GLOB", help="Only this folder; may be repeated."),
    ] = None
    exclude_folder: ExcludeFolderOption = None
    genre: Annotated[
        list[str] | None, typer.Option("--genre", help="Only genres with one of these words.")
    ] = None
    licence: Annotated[
        list[str] | None, typer.Option("--licence", help="Only licences with one of these words.")
    ] = None
    year: Annotated[
        str, typer.Option("--year", metavar="FROM-TO", help="Only of these years: 1990-1999.")
    ] = ""
    tempo: Annotated[
        str, typer.Option("--tempo", metavar="FROM-TO", help="Only so fast, in bpm: 90-120.")
    ] = ""
    track_length: Annotated[
        str,
        typer.Option("--track-length", metavar="FROM-TO", help="Only so long: 2:00-6:00."),
    ] = ""
    added_since: Annotated[
        str,
        typer.Option("--added-since", metavar="DAY", help="Only newer: 2026-11-28, or 30d."),
    ] = ""
    config: ConfigOption = None

    @property
    def filters(self) -> "Filters":
        """All of them, and the folders that the file leaves out.

        Raises:
            SettingsError: one cannot be read.
        """
        from autogroove.listening import Filters

        return Filters.parse(
            folders=self.folder or (),
            exclude_folders=(*read_excluded_folders(self.config), *(self.exclude_folder or ())),
            genres=self.genre or (),
            licences=self.licence or (),
            years=self.year,
            tempo=self.tempo,
            lengths=self.track_length,
            added_since=self.added_since,
        )


@dataclass(frozen=True)
class MeaningOptions:
    """What near means."""

    weigh: Annotated[
        str | None,
        typer.Option(
            "--weigh",
            metavar="PART=TIMES",
            help="How much tempo, rhythm and sound count: rhythm=2,sound=0.",
        ),
    ] = None
    avoid: Annotated[
        list[str] | None,
        typer.Option("--not", metavar="TRACK", help="Keep away from this track; repeatable."),
    ] = None

    @property
    def weighing(self) -> "Weighing":
        """How much each part counts.

        Raises:
            SettingsError: what was typed does not say.
        """
        from autogroove.listening import Weighing

        return Weighing() if self.weigh is None else Weighing.parse(self.weigh)


@dataclass(frozen=True)
class ExportOptions:
    """Into which file a playlist goes, and how."""

    format_: Annotated[
        Literal["m3u8", "m3u", "xspf", "jspf", "csv", "json"] | None,
        typer.Option("--format", help="Playlist format; else by the ending of --output."),
    ] = None
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Write the playlist to a file.")
    ] = None
    absolute: Annotated[
        bool, typer.Option("--absolute", help="Absolute paths instead of relative to the file.")
    ] = False
    to: TargetOption = None
    name: Annotated[
        str | None, typer.Option("--name", help="What the playlist is called in the player.")
    ] = None
    root: RootOption = None

    @property
    def format(self) -> str:
        """The format that is asked for, by name or by the ending of the file; "" without either.

        An m3u is written as m3u8 is: today's players read it as UTF-8.
        """
        chosen = self.format_ or (self.output.suffix.lstrip(".").lower() if self.output else "")
        return "m3u8" if chosen == "m3u" else chosen

    @property
    def roots(self) -> "list[Root]":
        """How the player sees the music.

        Raises:
            SettingsError: one is malformed.
        """
        return read_roots(self.root)


def read_roots(texts: list[str] | None) -> "list[Root]":
    """The pairs of `--root`.

    Raises:
        SettingsError: one is malformed.
    """
    from autogroove.listening import Root

    return [Root.parse(text) for text in texts or ()]
