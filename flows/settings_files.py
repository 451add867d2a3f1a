"""Settings as a person gives them: a preset, a file, single pairs.

What belongs here: reading them. What does not: which settings there are (`autogroove.config`).
"""

import tomllib
from pathlib import Path
from typing import Any

from autogroove.config import DEFAULT_PRESET, PresetName, Settings
from autogroove.errors import SettingsError


def read_settings(preset: PresetName | None, config: Path | None, pairs: list[str]) -> Settings:
    """Settings from a preset, then a file, then single pairs; later ones win.

    Raises:
        SettingsError: the file cannot be read, or a setting is unknown or out of range.
    """
    tree = read_toml(config) if config else {}
    chosen: Any = preset or tree.pop("preset", DEFAULT_PRESET)
    settings = Settings.from_preset(chosen)
    overrides = {f"{s}.{k}": v for s, keys in tree.items() for k, v in _section(s, keys).items()}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise SettingsError(f"--set {pair}: write it as section.key=value.")
        overrides[name.strip()] = value.strip()
    return settings.with_overrides(overrides)


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
