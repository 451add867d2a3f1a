"""Opening libsndfile on a file, or on the part of it that holds the audio."""

import io
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO, Protocol, cast

import numpy as np
import soundfile
from numpy.typing import NDArray

from autogroove.audio.files import AudioFault, AudioFile
from autogroove.source import Reason
from autogroove.store import SeekableView


class Sound(Protocol):
    """An opened decoder, as soundfile has it: samples of all channels from any place on."""

    samplerate: int
    channels: int
    frames: int
    """Samples of one channel."""

    def tell(self) -> int:
        """The sample that is read next."""
        ...

    def seek(self, frames: int) -> int:
        """Go to a sample."""
        ...

    def read(self, *, out: NDArray[np.float32]) -> NDArray[np.float32]:
        """Fill `out`, shape (samples, channels), and return as much of it as could be filled."""
        ...


class FileRange(SeekableView):
    """The bytes [start, stop) of a file, read-only and seekable, nothing copied."""

    def __init__(self, file: BinaryIO, start: int, stop: int) -> None:
        super().__init__(stop - start)
        self._file, self._start = file, start

    def read_at(self, start: int, stop: int) -> bytes:
        """The bytes of a range."""
        self._file.seek(self._start + start)
        return self._file.read(stop - start)


def open_range(file: BinaryIO, start: int = 0, stop: int | None = None) -> BinaryIO:
    """A `FileRange`, as the type that readers take; without an end, to the file's own."""
    end = file.seek(0, io.SEEK_END) if stop is None else stop
    return cast(BinaryIO, FileRange(file, start, end))


@contextmanager
def open_sound(
    file: AudioFile, whole: BinaryIO, start: int = 0, stop: int | None = None
) -> Iterator[Any]:
    """libsndfile on a file's bytes from `start` to `stop`: a `soundfile.SoundFile`.

    Bytes in memory are given to it as a descriptor where the system has such a thing: a call
    back into Python for each frame costs a twentieth of decoding.

    Raises:
        AudioFault: unsupported_format, with libsndfile's words.
    """
    with ExitStack() as stack:
        memory = None
        if file.content is not None:
            memory = _hold(memoryview(file.content)[start:stop], stack)
        try:
            if memory is not None:
                sound = soundfile.SoundFile(memory, closefd=False)
            else:
                sound = soundfile.SoundFile(open_range(whole, start, stop))
        except soundfile.LibsndfileError as error:
            raise AudioFault(Reason.unsupported_format, error.error_string) from error
        yield stack.enter_context(sound)


def _hold(content: memoryview, stack: ExitStack) -> int | None:
    """A descriptor of a file in memory, until the stack ends; None where there can be none."""
    if not hasattr(os, "memfd_create"):
        return None
    try:
        memory = stack.enter_context(os.fdopen(os.memfd_create("audio"), "wb", buffering=0))
        whole = memory.write(content) == len(content)
    except OSError:
        return None
    memory.seek(0)
    return memory.fileno() if whole else None
