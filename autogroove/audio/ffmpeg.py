"""Sound of any format that FFmpeg reads, from any place on, exact to the sample.

What belongs here: how long the sound in a container is, and decoding parts of it.
What does not: the containers (`containers`), when FFmpeg is asked (`decoding`), and how samples
become clips.

A container is read from its first packet on, always: what is not wanted is not decoded, and nothing
depends on a container's own way of seeking. All packets are counted first. Where their times are
exact and leave no gap, they tell the length, and decoding starts `PREROLL_SECONDS` before what is
wanted. Else (times in milliseconds, streams behind one another, a change of rate on the way) all of
the sound is decoded once to count it, and up to the last clip once more.
"""

from array import array
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import BinaryIO, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from numpy.typing import NDArray

from autogroove.audio.containers import (
    SoundPacket,
    demux,
    is_cover,
    open_container,
    to_array,
)
from autogroove.audio.files import AudioFault
from autogroove.audio.opening import open_range
from autogroove.source import Reason

PREROLL_SECONDS = 0.5
"""Decoded before what is wanted and dropped: what a decoder remembers of earlier packets."""

_TAIL_PACKETS = 16
_SKIP_SECONDS = 2.0
"""A gap up to this length is decoded through."""
_LOOSE_SECONDS = 0.25
"""By which a container's own length may be more than its sound: an encoder's delay, a frame."""

_SAYS_LENGTH = ("mov", "matroska", "ape", "wv", "tta", "mpc", "asf", "caf", "flac", "aiff", "dsf")
"""Formats whose header says the length, instead of FFmpeg guessing it."""


class Contradicted(Exception):
    """The times of packets are not those of the sound; it has to be counted."""


class FfmpegSound:
    """An opened decoder: see `opening.Sound`. Reading forwards is cheap, backwards is not.

    Args:
        file: the bytes, seekable.
        form: FFmpeg's name of the format; without it, it is recognised.
        by_time: whether packets' times may be believed.

    Raises:
        AudioFault: no sound is found in it, or it cannot be decoded.
    """

    def __init__(self, file: BinaryIO, form: str | None, *, by_time: bool = True) -> None:
        self._file, self._form = file, form
        self._places: NDArray[np.int64] | None = None
        self._position, self._chunk_start = 0, 0
        self._chunk: NDArray[np.float32] = np.empty((0, 1), np.float32)
        self._chunks: Iterator[tuple[int, NDArray[np.float32]]] = iter(())
        self._container: InputContainer | None = None
        self.samplerate, self.channels, self.frames = 0, 0, 0
        self._open()
        if not (by_time and self._survey_times()):
            self._count()
        if not self.frames:
            raise AudioFault(Reason.unsupported_format, f"No sound in {self.name}.")

    @property
    def name(self) -> str:
        """Format and codec, for people."""
        codec, container = self._stream.codec_context.codec, self._stream.container
        return f"{codec.long_name} in {container.format.long_name}"

    @property
    def missing_seconds(self) -> float:
        """By how much the sound is shorter than its container's header says."""
        container = cast(InputContainer, self._stream.container)
        is_sound = all(s.type == "audio" or is_cover(s) for s in container.streams)
        says = container.format.name.split(",")[0].startswith(_SAYS_LENGTH)
        if not is_sound or not says or container.duration is None:
            return 0.0
        missing = container.duration / av.time_base - self.frames / self.samplerate
        return max(0.0, float(missing) - _LOOSE_SECONDS)

    def close(self) -> None:
        """Let go of the container."""
        if self._container is not None:
            self._container.close()

    def tell(self) -> int:
        """The sample that is read next."""
        return self._position

    def seek(self, frames: int) -> int:
        """Go to a sample."""
        self._position = frames
        return frames

    def read(self, *, out: NDArray[np.float32]) -> NDArray[np.float32]:
        """Fill `out`, shape (samples, channels), and return as much of it as could be filled.

        Raises:
            Contradicted: see there.
        """
        filled = 0
        wanted = max(0, min(len(out), self.frames - self._position))
        while filled < wanted and self._reach(self._position):
            part = self._chunk[self._position - self._chunk_start :][: wanted - filled]
            out[filled : filled + len(part)] = part
            filled += len(part)
            self._position += len(part)
        return out[:filled]

    def _reach(self, position: int) -> bool:
        """Decode up to the chunk that holds a position; whether there is one."""
        stop = self._chunk_start + len(self._chunk)
        if self._chunk_start <= position < stop:
            return True
        ahead = position - stop
        if ahead < 0 or not len(self._chunk) or ahead > _SKIP_SECONDS * self.samplerate:
            self._chunks = self._decode_from(position)
        for start, chunk in self._chunks:
            self._chunk_start, self._chunk = start, chunk
            if self._places is not None and start > position:
                raise Contradicted
            if position < start + len(chunk):
                return True
        return False

    def _decode_from(self, position: int) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Chunks with their first samples, from before a position on."""
        if self._places is None:
            if self._next_packet and self._chunk_start + len(self._chunk) <= position:
                return self._chunks
            self._open()
            return self._decode_all()
        early = position - round(PREROLL_SECONDS * self.samplerate)
        first = max(0, int(np.searchsorted(self._places, early, "right")) - 1)
        if first < self._next_packet:
            self._open()
        return self._decode_timed(first)

    def _open(self) -> None:
        """The container, before its first packet."""
        self.close()
        self._container, self._stream = open_container(self._file, self._form)
        self._packets, self._next_packet = demux(self._container, self._stream), 0

    def _decode_timed(self, first: int) -> Iterator[tuple[int, NDArray[np.float32]]]:
        self._stream.codec_context.flush_buffers()
        due: int | None = None
        for packet in self._packets:
            self._next_packet += 1
            if packet is not None and self._next_packet <= first:
                continue
            for frame in self._decode(packet):
                place = self._place(frame)
                if place is None or (due is not None and place != due):
                    raise Contradicted
                due = place + frame.samples
                yield place - self._origin, to_array(frame)

    def _decode_all(self) -> Iterator[tuple[int, NDArray[np.float32]]]:
        done = 0
        for packet in self._packets:
            self._next_packet += 1
            for frame in self._decode(packet):
                for alike in self._make_alike(frame):
                    yield done, to_array(alike)
                    done += alike.samples
        if self._resampler is not None:
            for alike in self._resampler.resample(None):
                yield done, to_array(alike)
                done += alike.samples

    def _decode(self, packet: "SoundPacket | None") -> list[AudioFrame]:
        """The frames of a packet, none where it is damaged; without a packet, what is left."""
        try:
            return self._stream.codec_context.decode(packet)
        except av.FFmpegError:
            return []

    def _adopt(self, frame: AudioFrame) -> None:
        """Take rate and channels from the first frame."""
        self.samplerate, self.channels = frame.sample_rate, len(frame.layout.channels)
        self._layout, self._resampler = frame.layout, cast(AudioResampler | None, None)
        self._source = (frame.sample_rate, frame.layout.name)

    def _make_alike(self, frame: AudioFrame) -> list[AudioFrame]:
        """A frame at the rate and with the channels of the first one, as FFmpeg's tool does it."""
        if not self.samplerate:
            self._adopt(frame)
        is_alike = frame.sample_rate == self.samplerate and frame.layout.name == self._layout.name
        source = (frame.sample_rate, frame.layout.name)
        rest: list[AudioFrame] = []
        if source != self._source:
            if self._resampler is not None:
                rest = self._resampler.resample(None)
            self._source, self._resampler = source, None
            if not is_alike:
                self._resampler = AudioResampler("fltp", self._layout, self.samplerate)
        if is_alike:
            return [*rest, frame]
        assert self._resampler is not None
        frame.pts = None
        return [*rest, *self._resampler.resample(frame)]

    def _count(self) -> None:
        """Decode everything to learn its length."""
        self._places = None
        self.samplerate, self._resampler = 0, None
        self._open()
        self.frames = sum(len(chunk) for _, chunk in self._decode_all())
        self._open()

    def _survey_times(self) -> bool:
        """Learn the length from the packets' times; whether that can be done."""
        times, durations = array("q"), array("q")
        tail: deque[SoundPacket] = deque(maxlen=_TAIL_PACKETS)
        first: AudioFrame | None = None
        for packet in self._packets:
            if packet is None:
                break
            self._next_packet += 1
            if packet.pts is None:
                return False
            times.append(packet.pts)
            durations.append(packet.duration or 0)
            tail.append(packet)
            if first is None:
                first = next(iter(self._decode(packet)), None)
        if first is None or not self._adopt_times(first, times, durations):
            return False
        self._stream.codec_context.flush_buffers()
        frames = [frame for packet in (*tail, None) for frame in self._decode(packet)]
        if not frames or (last := self._place(frames[-1])) is None:
            return False
        self.frames = last + frames[-1].samples - self._origin
        return True

    def _adopt_times(self, first: AudioFrame, times: "array[int]", durations: "array[int]") -> bool:
        self._adopt(first)
        self._scale = Fraction(self._stream.time_base or 0) * self.samplerate
        at, lengths = np.frombuffer(times, np.int64), np.frombuffer(durations, np.int64)
        numerator, denominator = self._scale.numerator, self._scale.denominator
        if not numerator or np.any(at[:-1] + lengths[:-1] != at[1:]):
            return False
        if np.any(at % denominator) or np.abs(at).max() > 2**62 // numerator:
            return False
        origin = self._place(first)
        if origin is None:
            return False
        self._origin = origin
        self._places = at // denominator * numerator - origin
        return True

    def _place(self, frame: AudioFrame) -> int | None:
        """Where a frame's first sample lies, from the stream's time zero on; None in doubt."""
        is_alike = frame.sample_rate == self.samplerate and frame.layout.name == self._layout.name
        if frame.pts is None or not is_alike:
            return None
        place = frame.pts * self._scale
        return int(place) if place.denominator == 1 else None


@contextmanager
def open_ffmpeg(
    file: BinaryIO,
    form: str | None = None,
    start: int = 0,
    stop: int | None = None,
    *,
    by_time: bool = True,
) -> Iterator[FfmpegSound]:
    """FFmpeg on a file's bytes from `start` to `stop`: see `FfmpegSound`."""
    sound = FfmpegSound(open_range(file, start, stop), form, by_time=by_time)
    try:
        yield sound
    finally:
        sound.close()
