"""Settings: frozen, validated once, trusted after.

Every number that a person may choose, in one section a subject, and the presets.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
