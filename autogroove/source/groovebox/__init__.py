"""The groovebox: a demo collection whose grooves and sounds are known and independent."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
