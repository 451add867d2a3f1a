"""The store: immutable objects by key, on any file system, and what was made from what.

The only place that knows fsspec, s3fs and local paths. What an object means is its maker's
business.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
