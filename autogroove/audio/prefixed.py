"""A file with other bytes before it.

What belongs here: the seekable view that puts a frame in front of a stream.
What does not: what the bytes mean.
"""

import io
from typing import BinaryIO, cast


class PrefixedFile(io.RawIOBase):
    """`prefix`, then the file from `offset` on, read-only and seekable, nothing copied."""

    def __init__(self, prefix: bytes, file: BinaryIO, offset: int) -> None:
        self._prefix, self._file, self._offset = prefix, file, offset
        self._length = len(prefix) + file.seek(0, io.SEEK_END) - offset
        self._position = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Where the next read starts."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; see `io.IOBase.seek`."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length}[whence]
        self._position = max(0, base + offset)
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, all of them where there are as many."""
        size = self._length - self._position if size < 0 else size
        head = self._prefix[self._position : self._position + size]
        self._file.seek(self._offset + max(0, self._position - len(self._prefix)))
        data = head + self._file.read(size - len(head))
        self._position += len(data)
        return data

    def readinto(self, buffer: object) -> int:
        """As `io.RawIOBase.readinto`."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)


def open_behind(prefix: bytes, file: BinaryIO, offset: int) -> BinaryIO:
    """A `PrefixedFile`, as the type that readers take."""
    return cast(BinaryIO, PrefixedFile(prefix, file, offset))
