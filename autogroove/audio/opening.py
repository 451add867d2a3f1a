"""Opening a decoder on a file."""

import io
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO, cast

import soundfile

from autogroove.audio.files import AudioFault, AudioFile
from autogroove.audio.mpeg import MpegScan, make_xing
from autogroove.source import Reason
from autogroove.store import SeekableView


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


_LONG_TAG_BYTES = 1 << 18
"""Tags beyond this are kept from the decoder, which would hold them in memory."""


@contextmanager
def open_sound(
    file: AudioFile, whole: BinaryIO, scan: MpegScan | None, known: bool
) -> Iterator[soundfile.SoundFile]:
    """The decoder, told the true length where the stream itself does not say it.

    `known` says whether the file begins as audio does.

    Raises:
        AudioFault: unsupported_format where it is known, else not_audio.
    """
    try:
        with ExitStack() as stack:
            sound = stack.enter_context(_open_plain(file, whole, scan, stack))
            if scan is not None and _is_misled(sound, scan):
                xing = make_xing(scan.header, scan.num_frames)
                told = open_behind(xing, whole, scan.first_frame)
                sound = stack.enter_context(soundfile.SoundFile(told))
            if scan is None and sound.format in ("MP3", "MPEG"):
                raise AudioFault(Reason.not_audio, "No three MPEG frames in a row.")
            yield sound
    except soundfile.LibsndfileError as error:
        reason = Reason.unsupported_format if known else Reason.not_audio
        raise AudioFault(reason, error.error_string) from error


def _open_plain(
    file: AudioFile, whole: BinaryIO, scan: MpegScan | None, stack: ExitStack
) -> soundfile.SoundFile:
    """The decoder on the file as it is, but for tags that it would hold in memory.

    Bytes in memory are given to it as a descriptor where the system has such a thing: a call
    back into Python for each frame costs a twentieth of decoding.
    """
    if scan is not None and scan.first_frame > _LONG_TAG_BYTES:
        return soundfile.SoundFile(open_behind(b"", whole, scan.first_frame))
    memory = None if file.content is None else _hold(file.content, stack)
    if memory is not None:
        return soundfile.SoundFile(memory, closefd=False)
    whole.seek(0)
    return soundfile.SoundFile(whole)


def _hold(content: bytes, stack: ExitStack) -> int | None:
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


def _is_misled(sound: soundfile.SoundFile, scan: MpegScan) -> bool:
    return bool(abs(sound.frames - scan.num_samples) > 4 * scan.samples_per_frame)
