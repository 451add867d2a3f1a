"""One file read by ranges, on this machine or behind a URL.

What belongs here: `fetch(start, stop)` and the file object that zipfile wants, with as few
requests as the caller's knowledge allows.
What does not: what the bytes mean (`zip_files`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from autogroove.catalogue.network import (
    ask_about,
    describe_version,
    open_remote,
    read_patiently,
)
from autogroove.errors import SourceError
from autogroove.seeking import SeekableView


@dataclass(frozen=True)
class RangedFile:
    """A file of known size whose ranges can be fetched, by any number of threads at once.

    fsspec's own buffered files guess what is wanted next; a zip's directory says it exactly, so
    every range is asked for as it is, without a cache.
    """

    url: str

    def __reduce__(self) -> tuple[type["RangedFile"], tuple[str]]:
        return RangedFile, (self.url,)

    @property
    def is_local(self) -> bool:
        """Whether it is a file of this machine."""
        return "://" not in self.url

    @cached_property
    def _info(self) -> dict[str, Any]:
        if self.is_local:
            status = Path(self.url).stat()
            return {"size": status.st_size, "mtime": status.st_mtime_ns}
        info = ask_about(self.url)
        if info is None:
            raise SourceError(f"{self.url} is not there.")
        return info

    @property
    def size_bytes(self) -> int:
        """Bytes of the whole file.

        Raises:
            SourceError: it is not there, or its server does not tell.
        """
        if self._info.get("size") is None:
            raise SourceError(
                f"The server does not say how large {self.url} is, so that it cannot be read by "
                "ranges. Download it and give the file."
            )
        return int(self._info["size"])

    @property
    def version(self) -> str:
        """What changes when the file does."""
        return f"{self.size_bytes}-{describe_version(self._info)}"

    def fetch(self, start: int, stop: int) -> bytes:
        """The bytes of [start, stop), in one request; fewer only where the file ends.

        Raises:
            OSError: they cannot be read, or the server ignores ranges.
        """
        stop = min(stop, self.size_bytes)
        if start < 0 or stop <= start:
            return b""
        data = read_patiently(self._fetcher(start, stop))
        if len(data) != stop - start:
            raise OSError(f"{self.url} does not answer to ranges")
        return data

    def _fetcher(self, start: int, stop: int) -> Callable[[], bytes]:
        if self.is_local:
            return lambda: _read_range(self.url, start, stop)
        filesystem, path = open_remote(self.url)
        return lambda: bytes(filesystem.cat_file(path, start=start, end=stop))


def _read_range(path: str, start: int, stop: int) -> bytes:
    with Path(path).open("rb") as file:
        file.seek(start)
        return file.read(stop - start)


class TailReader(SeekableView):
    """A seekable view of a ranged file for a reader that starts at its end.

    The last `tail_bytes` come with the first request; whatever lies before them is asked for as
    it is read.
    """

    def __init__(self, ranged: RangedFile, tail_bytes: int = 1 << 16) -> None:
        super().__init__(ranged.size_bytes)
        self._ranged = ranged
        self._tail_start = max(0, ranged.size_bytes - tail_bytes)
        self._tail = ranged.fetch(self._tail_start, ranged.size_bytes)

    def read_at(self, start: int, stop: int) -> bytes:
        """The bytes of a range."""
        if start >= self._tail_start:
            return self._tail[start - self._tail_start : stop - self._tail_start]
        before = self._ranged.fetch(start, min(stop, self._tail_start))
        return before + self._tail[: max(0, stop - self._tail_start)]
