"""Reading segments.

What belongs here: opening the array of a segment, and looking whether every object is as its
index says.
What does not: writing.
"""

from autogroove.errors import MissingObject
from autogroove.identity import digest_bytes
from autogroove.segments.index import read_segment_index, segment_prefix
from autogroove.storage import Store
from autogroove.storage.arrays import StoredArray, open_array


def open_clips(store: Store, recipe_key: str, segment_key: str) -> StoredArray:
    """The images of a segment: uint8 (num_clips, num_bins, num_frames), read lazily.

    Raises:
        MissingObject: the segment is not in the store.
        DamagedObject: its array cannot be opened.
    """
    return open_array(store, f"{segment_prefix(recipe_key, segment_key)}/clips")


def verify_segment(store: Store, recipe_key: str, segment_key: str) -> list[str]:
    """Read every object of a segment; the names of those that are missing or damaged.

    Raises:
        MissingObject: the segment has no index.
    """
    index = read_segment_index(store, recipe_key, segment_key)
    prefix = segment_prefix(recipe_key, segment_key)
    return [
        name
        for name, (digest, _) in sorted(index.objects.items())
        if _digest_of(store, f"{prefix}/{name}") != digest
    ]


def _digest_of(store: Store, key: str) -> str | None:
    try:
        return digest_bytes(store.read(key))
    except MissingObject:
        return None
