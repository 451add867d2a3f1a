"""The store: immutable objects by key, on any file system, and what was made from what.

The only place that opens file systems by URL and configures S3. What an object means is its maker's
business.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
