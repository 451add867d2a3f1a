"""From clips to images, and immutable Zarr segments of them: plan, write, read.

`segments/<recipe key>/<segment key>/` is a Zarr v3 group with one array, `clips`, and, written
last, `index.json`. A segment without its index does not exist.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
