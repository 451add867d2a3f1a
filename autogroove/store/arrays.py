"""Zarr arrays of a store, read so that damage is reported and never returned as data.

What belongs here: opening an array, reading a part of it, and what may be wrong with either.
What does not: what an array holds (`autogroove.segments`), or writing.

Plain Zarr reads a shard that is gone as if it were black, and tells a broken checksum with an
error of its codecs. Here both are errors for people, and so is whatever a disk or network does.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from autogroove.errors import DamagedObject, MissingObject, StoreError
from autogroove.store.faults import explained
from autogroove.store.store import Store

if TYPE_CHECKING:
    import zarr

T = TypeVar("T")

LARGEST_ROW_BYTES = 1 << 30
"""An array that claims larger rows, or units of reading, than this is damaged or hostile."""
_READINGS = 2
"""A second reading tells damage in the store from damage on the way."""


class StoredArray:
    """An array of uint8 in a store: `shape`, and parts by slices of NumPy's kind.

    Raises:
        MissingObject: from reading, where a shard of the array is gone.
        DamagedObject: from reading, where bytes do not have the checksum they were written with.
        StoreError: from reading, where disk or network fail.
    """

    def __init__(self, store: Store, prefix: str) -> None:
        self._store, self._prefix = store, prefix
        self._array: zarr.Array[Any] = self._worded(lambda: _open(store, prefix))
        self._worded(lambda: _check_size(self._array))
        self.shape: tuple[int, ...] = self._array.shape

    def __getitem__(self, part: int | slice) -> NDArray[np.uint8]:
        return self._worded(lambda: np.asarray(self._array[part], np.uint8))

    def _worded(self, read: Callable[[], T]) -> T:
        place = self._store.locate(self._prefix)
        for _ in range(_READINGS):
            try:
                with explained(place):
                    return read()
            except StoreError:
                raise
            except Exception as error:  # whatever codecs raise on bytes that nobody wrote
                damage = error
        raise DamagedObject(
            f"{place} is damaged: its bytes are not those that were written ({damage}). "
            "`autogroove run --verify` sets it aside and makes it again from the audio. "
            "`autogroove releases verify` lists all that is damaged."
        ) from damage


def open_array(store: Store, prefix: str) -> StoredArray:
    """The array below a prefix; of its data nothing is read yet.

    Raises:
        MissingObject: there is none.
        DamagedObject: what is there describes no array, or one of absurd size.
    """
    return StoredArray(store, prefix)


def _open(store: Store, prefix: str) -> "zarr.Array[Any]":
    import zarr
    from zarr.storage import WrapperStore

    class Complete(WrapperStore[Any]):
        """A Zarr store in which no shard may be absent, as the writer leaves none out."""

        async def get(self, key: str, *args: Any, **kwargs: Any) -> Any:
            found = await super().get(key, *args, **kwargs)
            if not key.startswith("c/"):
                return found
            if found is None:
                raise MissingObject(
                    f"{store.locate(prefix)}/{key} is missing. `autogroove run` makes it again "
                    "from the audio."
                )
            if len(found) == 0:
                raise ValueError(f"{key} is empty")
            return found

    return zarr.open_array(Complete(store.zarr(prefix)), mode="r")


def _check_size(array: "zarr.Array[Any]") -> None:
    """Zarr allocates what the metadata says before it reads a byte of data."""
    rows = [array.chunks, array.shards or array.chunks, (1, *array.shape[1:])]
    largest = max(int(np.prod(np.array(row, object))) for row in rows)
    if array.dtype != np.uint8 or largest > LARGEST_ROW_BYTES:
        raise ValueError(f"{array.dtype} of shape {array.shape} in pieces of {rows[1]}")
