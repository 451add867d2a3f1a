"""A decoder of MPEG-1 Layer III (ISO/IEC 11172-3) that decodes in part."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
