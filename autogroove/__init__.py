"""Autogroove: playlists that share a groove, from audio to versioned releases."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from autogroove.releases import open_release
    from autogroove.store import Store

__version__ = "0.1.0"

__all__ = ["Store", "open_release"]

# The public names are imported on first use, so that `import autogroove` stays quick.
__getattr__, __dir__, _ = lazy_loader.attach(
    __name__, submod_attrs={"releases": ["open_release"], "store": ["Store"]}
)
