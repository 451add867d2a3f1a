"""Listening to one release: neighbours, playlists, paths, and files that players read.

Everything here reads a release and writes nothing.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
