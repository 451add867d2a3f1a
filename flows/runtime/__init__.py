"""Where flows run: the Prefect server, the Dask cluster, and one task a batch on its workers."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
