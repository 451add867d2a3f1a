"""A file that notes why it could not be read.

What belongs here: keeping a fault of reading from being lost in a decoder, which reads through a
call back into Python: there an exception is printed and forgotten.
What does not: opening or decoding.
"""

import io
from typing import BinaryIO

from autogroove.catalogue.network import is_network_fault
from autogroove.seeking import SeekableView


class NotingFile(SeekableView):
    """A file that ends where it cannot be read; `fault` says why."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file.seek(0, io.SEEK_END))
        self._file = file
        self.fault: Exception | None = None

    def read_at(self, start: int, stop: int) -> bytes:
        """The bytes of a range, or none from the first fault on."""
        if self.fault is not None:
            return b""
        try:
            self._file.seek(start)
            return self._file.read(stop - start)
        except Exception as error:
            if not isinstance(error, OSError) and not is_network_fault(error):
                raise
            self.fault = error
            return b""
