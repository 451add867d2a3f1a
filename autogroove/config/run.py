"""The settings that say what a run is about, where it happens and what it may reuse.

No key ever sees them: another store or cluster gives the same bytes.
"""

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from autogroove.config.settings import DEFAULT_PRESET, PresetName, Section, Settings
from autogroove.errors import SettingsError


class Circumstances(Section):
    """Where a run happens and how fast; another store or cluster gives the same bytes."""

    store: str = Field("./autogroove-store", description="Folder or fsspec URL of the store.")
    dask: str | None = Field(None, description="Address of a Dask scheduler; none: start one.")
    workers: int | None = Field(None, ge=1, le=1024, description="Workers of the embedded cluster.")
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="auto: a GPU where there is one. cpu: neither a GPU nor the GPU pool."
    )
    tracks_per_segment: int = Field(256, ge=1, le=10000, description="Tracks given to one task.")


class SourceSelection(Section):
    """Which audio a run is about."""

    source: str = Field(
        "demo", description="demo, a folder or URL in FMA's layout, a .zip of it, a music folder."
    )
    subset: Literal["small", "medium", "large", "full"] | None = Field(
        None, description="Only FMA's tracks of this subset (small < medium < large < full)."
    )
    limit: int | None = Field(None, ge=1, description="Only this many tracks, by id.")
    exclude_folders: tuple[str, ...] = Field(
        (), description="Folders to leave out, as patterns: Audiobooks, */Podcasts."
    )


class RunPolicy(Section):
    """What a run may reuse and what it must do again; recorded in the manifest."""

    retrain: Literal["auto", "always", "never"] = Field(
        "auto",
        description="auto: keep the model while little has changed, go on from it when more has, "
        "begin anew when much has.",
    )
    promote: bool = Field(False, description="Use a new model even where its card is worse.")
    retrain_fraction: float = Field(
        0.2, ge=0, le=1, description="auto keeps the model up to this share of changed tracks."
    )
    fresh_fraction: float = Field(
        0.5,
        ge=0,
        description="auto goes on from the model's weights up to this share of changed tracks, "
        "and trains new ones above.",
    )
    recluster_fraction: float = Field(
        0.05,
        ge=0,
        le=1,
        description="Up to this share of new tracks is assigned to the existing exemplars.",
    )
    retry_quarantined: bool = Field(False, description="Decode quarantined tracks once more.")
    rehash: bool = Field(False, description="Read every file, to find silent changes.")
    allow_removed: bool = Field(
        False, description="Publish although more tracks are gone than source.removed_fraction."
    )
    verify: bool = Field(False, description="Read the whole store, to find and mend damage.")


EXPLORER_PORT = 8808
"""Where the explorer listens, unless told otherwise."""


def read_excluded_folders(config: Path | None) -> tuple[str, ...]:
    """What the file says under `exclude_folders` of its section `source`.

    Raises:
        SettingsError: the file cannot be read, or they are no list of texts.
    """
    section = read_toml(config).get("source", {}) if config else {}
    found = section.get("exclude_folders", []) if isinstance(section, dict) else []
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise SettingsError(
            f'{config}: source.exclude_folders is a list of texts, like ["Audiobooks/*"].'
        )
    return tuple(found)


def read_settings(preset: PresetName | None, config: Path | None, pairs: list[str]) -> Settings:
    """Settings from a preset, then a file, then single pairs; later ones win.

    Raises:
        SettingsError: the file cannot be read, or a setting is unknown or out of range.
    """
    tree = read_toml(config) if config else {}
    chosen: Any = preset or tree.pop("preset", DEFAULT_PRESET)
    settings = Settings.from_preset(chosen)
    overrides = {f"{s}.{k}": v for s, keys in tree.items() for k, v in _section(s, keys).items()}
    overrides.pop("source.exclude_folders", None)  # which audio, not how it is treated
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise SettingsError(f"--set {pair}: write it as section.key=value.")
        overrides[name.strip()] = value.strip()
    settings = settings.with_overrides(overrides)
    _ = settings.first_weights  # what cannot be trained is said before anything is decoded
    return settings


def read_toml(path: Path) -> dict[str, Any]:
    """The tree of a TOML file.

    Raises:
        SettingsError: it cannot be read.
    """
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
