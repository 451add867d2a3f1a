"""A file with other bytes before it.

What belongs here: the seekable view that puts a frame in front of a stream.
What does not: what the bytes mean.
"""

import io
from typing import BinaryIO, cast

from autogroove.seeking import SeekableView


class PrefixedFile(SeekableView):
    """`prefix`, then the file from `offset` on, read-only and seekable, nothing copied."""

    def __init__(self, prefix: bytes, file: BinaryIO, offset: int) -> None:
        super().__init__(len(prefix) + file.seek(0, io.SEEK_END) - offset)
        self._prefix, self._file, self._offset = prefix, file, offset

    def read_at(self, start: int, stop: int) -> bytes:
        """The bytes of a range."""
        head = self._prefix[start:stop]
        self._file.seek(self._offset + max(0, start - len(self._prefix)))
        return head + self._file.read(stop - start - len(head))


def open_behind(prefix: bytes, file: BinaryIO, offset: int) -> BinaryIO:
    """A `PrefixedFile`, as the type that readers take."""
    return cast(BinaryIO, PrefixedFile(prefix, file, offset))
