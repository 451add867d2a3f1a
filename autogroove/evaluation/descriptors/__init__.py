"""Descriptors of rhythm and timbre that the card measures encodings against."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
