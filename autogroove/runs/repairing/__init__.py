"""Making again what a release has lost, from what the store still has.

What belongs here: which inputs each part came from, in which order they are made, what cannot be.
What does not: finding the damage (`autogroove.releases`), or making anything for the first time.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
