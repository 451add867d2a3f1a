"""From an opened decoder to the clips of its track, mono, and what was measured on the way."""

import threading

import numpy as np
import soundfile
from numpy.typing import NDArray

from autogroove.audio.clips import Band, TrackClips, TrackMeasures, clip_length, place_clips
from autogroove.audio.files import AudioFault
from autogroove.audio.mixing import (
    NUM_TOTALS,
    Signs,
    choose_signs,
    do_cancel,
    fold_block,
    mix_block,
)
from autogroove.audio.opening import Sound
from autogroove.audio.resampling import Resampler, design_resampler
from autogroove.config import ClipSettings
from autogroove.source import Reason

SILENT_RMS = 1e-4
"""A clip below this level (-80 dB of full scale, its mean taken off) is silent."""

_BLOCK_SAMPLES = 1 << 22
_LOUDEST = 1e6

_kept = threading.local()


def cut_clips(sound: Sound, settings: ClipSettings, band: Band | None) -> TrackClips:
    """The clips of a track.

    Raises:
        AudioFault: too_short, truncated, silent or not_finite.
    """
    rate, num_samples = int(sound.samplerate), int(sound.frames)
    length = clip_length(rate, settings)
    starts = place_or_refuse(num_samples, rate, settings)
    clips, used, totals = _read_clips(sound, settings, band, starts, None)
    if do_cancel(totals) and (signs := _find_signs(sound, starts, length)) is not None:
        clips, used, totals = _read_clips(sound, settings, band, starts, signs)
    return TrackClips(clips, used, measure_track(totals, num_samples, rate, int(sound.channels)))


def _read_clips(
    sound: Sound, settings: ClipSettings, band: Band | None, starts: list[int], signs: Signs | None
) -> tuple[NDArray[np.float32], int, NDArray[np.float64]]:
    """The clips, their rate (the band's where the fused kernel fits), and their totals."""
    rate, num_samples = int(sound.samplerate), int(sound.frames)
    length = clip_length(rate, settings)
    fold = _choose_fold(sound, band, length)
    clips = np.zeros((len(starts), band.num_samples if band and fold else length), np.float32)
    totals = np.zeros((len(starts), NUM_TOTALS))
    if fold:
        got = _fold_clips(sound, starts, length, fold, clips, totals, signs)
    else:
        got = _mix_clips(sound, starts, clips, totals, signs)
    missing = min(starts[-1] + length, num_samples) - starts[-1] - got
    if missing > settings.tail_tolerance_seconds * rate:
        raise AudioFault(Reason.truncated, f"It ends before its {num_samples / rate:.1f} s.")
    return clips, band.rate_hz if band and fold else rate, totals


def _find_signs(sound: Sound, starts: list[int], length: int) -> Signs | None:
    """How the channels of a track must be turned so that they do not cancel each other."""
    channels = int(sound.channels)
    block = _borrow_block(min(length, _BLOCK_SAMPLES // channels), channels)
    products, sums, count = np.zeros((channels, channels)), np.zeros(channels), 0
    for start in starts:
        done = 0
        while done < length and (got := _read_some(sound, start + done, block[: length - done])):
            part = block[:got].astype(np.float64)
            products += part.T @ part
            sums += part.sum(axis=0)
            count, done = count + got, done + got
    return choose_signs(products - np.outer(sums, sums) / max(count, 1))


def place_or_refuse(num_samples: int, rate: int, settings: ClipSettings) -> list[int]:
    """Where the clips of a track start.

    Raises:
        AudioFault: too_short.
    """
    starts = place_clips(num_samples, rate, settings)
    if not starts:
        raise AudioFault(Reason.too_short, f"{num_samples / rate:.2f} s.")
    return starts


def _choose_fold(sound: Sound, band: Band | None, length: int) -> Resampler | None:
    """The resampler of the fused kernel, where that kernel fits: see `mixing`."""
    rate, channels = int(sound.samplerate), int(sound.channels)
    if band is None or rate == band.rate_hz or rate % band.rate_hz:
        return None
    if channels > 2 or length * channels > _BLOCK_SAMPLES:
        return None
    return design_resampler(rate, band.rate_hz, band.top_hz)


def _fold_clips(
    sound: Sound,
    starts: list[int],
    length: int,
    fold: Resampler,
    clips: NDArray[np.float32],
    totals: NDArray[np.float64],
    signs: Signs | None,
) -> int:
    """Fill clips at the lower rate; how many samples the last one had.

    Clips side by side are read at once where memory allows: after each read soundfile seeks to
    where it is, which for MPEG decodes a few frames again.
    """
    together = starts[-1] - starts[0] == (len(starts) - 1) * length
    together &= len(starts) * length * sound.channels <= _BLOCK_SAMPLES
    block = _borrow_block((len(starts) if together else 1) * length, int(sound.channels))
    got = _read_some(sound, starts[0], block) if together else 0
    for i, (start, clip, total) in enumerate(zip(starts, clips, totals, strict=True)):
        if together:
            part = block[i * length : min(got, (i + 1) * length)]
        else:
            part = block[: _read_some(sound, start, block)]
        fold_block(part, fold, clip, total, signs)
        if len(part) < length:
            return len(part) if i == len(starts) - 1 else -length
    return length


def _mix_clips(
    sound: Sound,
    starts: list[int],
    clips: NDArray[np.float32],
    totals: NDArray[np.float64],
    signs: Signs | None,
) -> int:
    """Fill clips at the file's rate, block by block; how many samples the last one had."""
    size = max(1, _BLOCK_SAMPLES // int(sound.channels))
    block = _borrow_block(min(clips.shape[1], size), int(sound.channels))
    done = 0
    for i, (start, clip, total) in enumerate(zip(starts, clips, totals, strict=True)):
        done = 0
        while done < len(clip):
            got = _read_some(sound, start + done, block[: len(clip) - done])
            if not got:
                return done if i == len(starts) - 1 else -len(clip)
            mix_block(block[:got], clip[done : done + got], total, signs)
            done += got
    return done


def _borrow_block(num_samples: int, channels: int) -> NDArray[np.float32]:
    """Memory of this thread for decoded samples, kept: fresh pages cost a tenth of decoding."""
    kept: NDArray[np.float32] | None = getattr(_kept, "samples", None)
    if kept is None or kept.size < num_samples * channels:
        kept = _kept.samples = np.empty(num_samples * channels, np.float32)
    return kept[: num_samples * channels].reshape(num_samples, channels)


def _read_some(sound: Sound, start: int, block: NDArray[np.float32]) -> int:
    """Fill a block from a place on; how many samples there were."""
    try:
        if sound.tell() != start:
            sound.seek(start)
        return len(sound.read(out=block))
    except soundfile.LibsndfileError:
        return 0


def measure_track(
    totals: NDArray[np.float64], num_samples: int, rate: int, channels: int
) -> TrackMeasures:
    """What the totals of a track's clips (see `mixing`) say of it.

    Raises:
        AudioFault: silent or not_finite.
    """
    length = np.maximum(totals[:, 3], 1)
    if not np.all(totals[:, 1] < _LOUDEST**2 * length):
        raise AudioFault(Reason.not_finite, "Samples that are no number, or beyond any scale.")
    variance = totals[:, 1] / length - (totals[:, 0] / length) ** 2
    silent = variance < SILENT_RMS**2
    if silent.all():
        raise AudioFault(Reason.silent, "Every clip is below -80 dB of full scale.")
    return TrackMeasures(
        duration_seconds=round(num_samples / rate, 6),
        sample_rate_hz=rate,
        channels=channels,
        clipped_share=round(float(totals[:, 2].sum() / totals[:, 3].sum()), 6),
        silent_share=round(float(silent.mean()), 6),
    )
