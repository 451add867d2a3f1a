"""The commands that make a release: `run` and `plan`.

What belongs here: turning options into settings, starting server and flow, the summary.
What does not: the flow (`flows.publish_release`), or the look of progress (`flows.terminal`).
"""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from autogroove.config import (
    DEFAULT_PRESET,
    Circumstances,
    PresetName,
    RunPolicy,
    Settings,
    SourceSelection,
)
from autogroove.errors import SettingsError
from flows.options import DEFAULT_STORE, JsonOption, SourceArgument, StoreOption, print_json

PresetOption = Annotated[
    PresetName | None, typer.Option("--preset", help="Which recipe and network to start from.")
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="TOML file with settings, by section."),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.KEY=VALUE", help="One setting; may be repeated."),
]
SubsetOption = Annotated[
    Literal["small", "medium", "large", "full"] | None,
    typer.Option("--subset", help="Only FMA's tracks of this subset."),
]
LimitOption = Annotated[
    int | None, typer.Option("--limit", min=1, help="Only this many tracks, by id.")
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


def run(
    source: SourceArgument = "demo",
    store: StoreOption = DEFAULT_STORE,
    preset: PresetOption = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    subset: SubsetOption = None,
    limit: LimitOption = None,
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
    dask: Annotated[
        str | None, typer.Option("--dask", metavar="ADDRESS", help="A running Dask scheduler.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Workers of the embedded cluster.")
    ] = None,
    device: Annotated[
        Literal["auto", "cpu", "cuda"], typer.Option("--device", help="Where to train and encode.")
    ] = "auto",
    tracks_per_segment: Annotated[
        int, typer.Option("--tracks-per-segment", min=1, help="Tracks that one task decodes.")
    ] = 256,
    as_json: JsonOption = False,
) -> None:
    """Run the whole pipeline, to a published release.

    A run that finds nothing changed publishes nothing. A run that was interrupted is resumed by
    running it again.
    """
    settings = read_settings(preset, config, set_ or [])
    circumstances = Circumstances(
        store=store,
        dask=dask,
        workers=workers,
        device=device,
        tracks_per_segment=tracks_per_segment,
    )
    policy = RunPolicy(
        retrain=retrain, promote=promote, retry_quarantined=retry_quarantined, rehash=rehash
    )
    selection = SourceSelection(source=source, subset=subset, limit=limit)
    from flows.embedded import run_embedded

    summary = run_embedded(selection, settings, policy, circumstances, quiet=as_json)
    if as_json:
        print_json(summary.to_json())
    else:
        from flows.terminal import print_summary

        print_summary(summary)


def plan(
    source: SourceArgument = "demo",
    store: StoreOption = DEFAULT_STORE,
    preset: PresetOption = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    subset: SubsetOption = None,
    limit: LimitOption = None,
    retrain: RetrainOption = "auto",
    retry_quarantined: Annotated[
        bool, typer.Option("--retry-quarantined", help="Count quarantined tracks as to be decoded.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Say what `run` would do with the same options. Decodes and writes nothing."""
    from autogroove.planning import plan_run

    settings = read_settings(preset, config, set_ or [])
    selection = SourceSelection(source=source, subset=subset, limit=limit)
    policy = RunPolicy(retrain=retrain, retry_quarantined=retry_quarantined)
    found = plan_run(store, selection, settings, policy)
    if as_json:
        print_json(found.to_json())
    else:
        from flows.terminal import print_plan

        print_plan(found)


def read_settings(preset: PresetName | None, config: Path | None, pairs: list[str]) -> Settings:
    """Settings from a preset, then a file, then single pairs; later ones win.

    Raises:
        SettingsError: the file cannot be read, or a setting is unknown or out of range.
    """
    tree = _read_toml(config) if config else {}
    chosen: Any = preset or tree.pop("preset", DEFAULT_PRESET)
    settings = Settings.from_preset(chosen)
    overrides = {f"{s}.{k}": v for s, keys in tree.items() for k, v in _section(s, keys).items()}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise SettingsError(f"--set {pair}: write it as section.key=value.")
        overrides[name.strip()] = value.strip()
    return settings.with_overrides(overrides)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"Cannot read {path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not a TOML file: {error}.") from error


def _section(name: str, keys: Any) -> dict[str, Any]:
    if not isinstance(keys, dict):
        raise SettingsError(f"{name!r} must be a section such as [clip], with keys in it.")
    return keys
