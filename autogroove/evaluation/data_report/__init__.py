"""The data report: what the spectrograms of a collection are like, and which of it matters.

Each segment is counted by itself, the counts are merged, and the merged counts are summarised and
drawn.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
