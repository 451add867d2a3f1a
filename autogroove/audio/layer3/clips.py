"""Clips of a Layer III stream, decoded in part.

What belongs here: whether a stream may be decoded in part, at which fraction of its rate, and
which of its frames and subbands.
What does not: what is seen to be wrong with a file (`autogroove.audio.decoding`).
"""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from autogroove.audio.clips import Band
from autogroove.audio.layer3.frames import RESERVOIR_BYTES, gather_data, walk_frames
from autogroove.audio.layer3.granules import Decoder, decode_frames
from autogroove.audio.layer3.hybrid import make_transforms
from autogroove.audio.layer3.synthesis import make_synthesis
from autogroove.audio.layer3.tables import SUBBANDS, Integers, make_bands, make_codes
from autogroove.audio.mpeg import MpegScan
from autogroove.audio.mpeg_headers import SAMPLE_RATES

FRAME_SAMPLES = 1152
STEPS = (4, 2)
"""Fractions of the rate, best first."""

_PREROLL = 1
"""Frames decoded before a clip: overlap and filter bank reach one granule and 15 slots back."""
_ALIAS_LINES = 8
"""Lines of a subband that its neighbour's aliases are in."""
_DOUBTFUL_SHARE = 0.2
"""Of the channels' energy; where the mean has less in some frames, the whole is measured."""
_LEAST_DATA = 32
"""Octets of main data that a frame has at least: 96 less header and side information, rounded."""


@dataclass(frozen=True, eq=False)
class Layer3Stream:
    """A stream that may be decoded in part."""

    octets: NDArray[np.uint8]
    places: Integers
    """Where its frames start, and where the last one ends."""
    header: int
    skipped: int
    """Samples of its first frame that are not part of the track."""

    @property
    def channels(self) -> int:
        """1 or 2."""
        return 1 if (self.header >> 6) & 3 == 3 else 2

    @property
    def rate_index(self) -> int:
        """0 to 2: 44.1, 48, 32 kHz."""
        return (self.header >> 10) & 3

    @property
    def num_samples(self) -> int:
        """Samples that all of its frames give, less what is skipped."""
        return (len(self.places) - 1) * FRAME_SAMPLES - self.skipped


def open_stream(content: bytes, scan: MpegScan) -> Layer3Stream | None:
    """The stream of a file; None where it is not of the plain kind that is decoded in part.

    Plain is: MPEG-1 Layer III without checksums, mono or stereo without intensity, whole frames
    in a row from the first to the last that there is, as many as its Xing frame says.
    """
    if (scan.header >> 16) & 0xFFFF != 0xFFFB or not scan.is_plain or scan.is_free:
        return None
    if scan.promise is not None and scan.promise.num_frames != scan.num_frames:
        return None
    octets = np.frombuffer(content, np.uint8)
    tagged = int(scan.promise is not None)
    places = np.empty(scan.num_frames + tagged + 2, np.int64)
    count = walk_frames(octets[: scan.stop], scan.first_frame, places)
    if count != scan.num_frames + tagged:
        return None
    skipped = scan.promise.delay if scan.promise is not None else 0
    return Layer3Stream(octets, places[tagged : count + 1], scan.header, skipped)


def choose_step(rate_hz: int, band: Band) -> int | None:
    """The largest fraction of a rate that holds a band; None where none is as good.

    The last subband kept leaks half a subband over its edge, which comes back as an alias.
    """
    spare = rate_hz / (4 * SUBBANDS)
    fits = (step for step in STEPS if rate_hz / (2 * step) - spare >= band.top_hz)
    return next(fits, None)


def decode_clips(
    stream: Layer3Stream, starts: list[int], length: int, num_samples: int, band: Band
) -> tuple[NDArray[np.float32], int] | None:
    """The clips of a track, the mean of its channels, and their rate.

    Args:
        stream: the stream.
        starts, length: where clips start, and how long they are.
        num_samples: length of the track; what is behind it is silence.
        band: what is needed of them.

    Returns:
        float32 (clips, ceil(length / step)) and the rate; None where the stream cannot give
        them, or not well enough, or where its channels seem to cancel each other.
    """
    rate_hz = int(SAMPLE_RATES[stream.rate_index])
    step = choose_step(rate_hz, band)
    if step is None or rate_hz % step or num_samples > stream.num_samples:
        return None
    clips = np.zeros((len(starts), ceil(length / step)), np.float32)
    energies = np.zeros(2)
    for start, clip in zip(starts, clips, strict=True):
        inside = min(length, num_samples - start)
        part = decode_clip(stream, start, inside, step, band.top_hz, rate_hz, energies)
        if part is None:
            return None
        clip[: len(part)] = part
    if energies[0] < _DOUBTFUL_SHARE * energies.sum():
        return None
    return clips, rate_hz // step


def decode_clip(
    stream: Layer3Stream,
    start: int,
    length: int,
    step: int,
    top_hz: float,
    rate_hz: int,
    energies: NDArray[np.float64] | None = None,
) -> NDArray[np.float32] | None:
    """One clip, mono, at a fraction of the rate.

    Args:
        stream: the stream.
        start, length: in samples of the track, all of them inside it.
        step: the fraction.
        top_hz: what is above need not be right.
        rate_hz: the stream's rate.
        energies: see `decode_frames`.

    Returns:
        float32 (ceil(length / step),); None where a frame is not what it should be.
    """
    begin = stream.skipped + start
    first = begin // FRAME_SAMPLES
    last = ceil((begin + length) / FRAME_SAMPLES)
    early = max(0, first - _PREROLL)
    lenders = max(0, early - ceil(RESERVOIR_BYTES / _LEAST_DATA))
    places = stream.places[lenders : last + 1]
    decoder = make_decoder(stream, step, begin % step, top_hz, rate_hz)
    words, ends = gather_data(stream.octets, places, 4 + (32 if stream.channels == 2 else 17))
    sound = np.empty((last - early) * FRAME_SAMPLES // step, np.float32)
    heard = np.zeros(2) if energies is None else energies
    if decode_frames(stream.octets, places, words, ends, early - lenders, decoder, sound, heard):
        return None
    offset = (begin - early * FRAME_SAMPLES) // step
    return sound[offset : offset + ceil(length / step)]


def make_decoder(
    stream: Layer3Stream, step: int, phase: int, top_hz: float, rate_hz: int
) -> Decoder:
    """The tables for a stream; the subbands are those that reach below `top_hz`."""
    line_hz = rate_hz / (36 * SUBBANDS)
    kept = min(SUBBANDS // step, ceil((top_hz / line_hz + _ALIAS_LINES) / 18))
    return Decoder(
        make_codes(),
        make_bands(stream.rate_index, kept),
        make_transforms(SUBBANDS // step),
        make_synthesis(step, phase),
        stream.channels,
        4,
    )
