"""Where bytes live: a local folder or any fsspec URL.

What belongs here: the public names of the package. It is the only one that knows fsspec, s3fs
and local paths.
What does not: what an object means or how it is named. Callers bring keys.
"""

from autogroove.storage.filesystems import open_filesystem
from autogroove.storage.listing import StoredObject
from autogroove.storage.store import Store

__all__ = ["Store", "StoredObject", "open_filesystem"]
