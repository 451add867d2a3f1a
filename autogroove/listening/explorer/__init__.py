"""The explorer: one release in a browser, with its API. It reads a store and never writes to it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
