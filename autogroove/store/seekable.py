"""A seekable file whose bytes come from elsewhere.

What belongs here: position, reading and seeking, once for all such files.
What does not: where the bytes come from; a subclass says that by `read_at`.
"""

import io


class SeekableView(io.RawIOBase):
    """Read-only and seekable; `length` bytes, which `read_at` gives range by range."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._position = 0

    def read_at(self, start: int, stop: int) -> bytes:
        """The bytes of [start, stop), all of them: the range lies within the file."""
        raise NotImplementedError

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
        """Go to a place, or to the start where that lies before it; see `io.IOBase.seek`."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length}[whence]
        self._position = max(0, base + offset)
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, all of them where there are as many."""
        stop = self._length if size < 0 else min(self._length, self._position + size)
        data = self.read_at(self._position, stop) if stop > self._position else b""
        self._position += len(data)
        return data

    def readinto(self, buffer: object) -> int:
        """As `io.RawIOBase.readinto`."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)
