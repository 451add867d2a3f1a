"""Autogroove: playlists that share a groove, from audio to versioned releases."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autogroove.releases.reading import open_release
    from autogroove.storage import Store

__version__ = "0.1.0"

__all__ = ["Store", "__version__", "open_release"]

_HOMES = {"open_release": "autogroove.releases.reading", "Store": "autogroove.storage"}


def __getattr__(name: str) -> Any:
    """Import the public names on first use, so that `import autogroove` stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
