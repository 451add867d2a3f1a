"""From a file to the clips of its track.

What belongs here: finding out how long a track really is, reading only its clips, mixing them
to mono, and telling by which fault a file cannot be used.
What does not: resampling, or pictures.
"""

import threading
import time

import numpy as np
import soundfile
from numpy.typing import NDArray

from autogroove.audio.clips import Band, TrackClips, TrackMeasures, clip_length, place_clips
from autogroove.audio.files import AudioFault, AudioFile, reading, refuse_non_audio
from autogroove.audio.layer3.clips import Layer3Stream, decode_clips, open_stream
from autogroove.audio.mixing import fold_block, mix_block
from autogroove.audio.mpeg import MpegScan, scan_mpeg
from autogroove.audio.opening import open_sound
from autogroove.audio.resampling import Resampler, design_resampler
from autogroove.config import ClipSettings
from autogroove.source import Reason

DECODER_VERSION = f"libsndfile {soundfile.__libsndfile_version__}, reading 2"
"""What decodes. A quarantined track is tried again when this changes."""

SILENT_RMS = 1e-4
"""A clip below this level (-80 dB of full scale, its mean taken off) is silent."""

_BLOCK_SAMPLES = 1 << 22
_LOUDEST = 1e6
_CONTAINERS = (b"RIFF", b"RIFX", b"RF64", b"fLaC", b"OggS", b"FORM", b"caff", b".snd", b"riff")

_kept = threading.local()


def read_clips(file: AudioFile, settings: ClipSettings, band: Band | None = None) -> TrackClips:
    """The clips of a track, mono: the mean of all channels.

    Only the clips are decoded, and what a decoder needs to get there. A file whose header
    promises more than it holds is `truncated`, whatever its clips look like.

    Args:
        file: the file.
        settings: which clips.
        band: what is needed of them. The clips come at its rate where that is the shorter way,
            else, and always without a band, at the file's own rate.

    Raises:
        AudioFault: the file cannot be used; the reason says why.
    """
    started = time.perf_counter()
    with reading(file) as stream:
        head = stream.read(512)
        refuse_non_audio(head)
        _check_chunk_size(head, file.size_bytes)
        scan = None if head.startswith(_CONTAINERS) else scan_mpeg(stream)
        if scan is not None:
            _check_promise(scan, settings)
        known = scan is not None or head.startswith(_CONTAINERS)
        with open_sound(file, stream, scan, known) as sound:
            clips = _read_sound(sound, settings, band, _open_partly(file, scan, band))
    clips.seconds["decode"] = time.perf_counter() - started
    return clips


def _check_chunk_size(head: bytes, size_bytes: int) -> None:
    """RIFF and FORM say how many bytes follow; streams say 0 or the largest number."""
    if head[:4] not in (b"RIFF", b"FORM"):
        return
    says = int.from_bytes(head[4:8], "little" if head[:1] == b"R" else "big")
    if says not in (0, 0x7FFFFFFF, 0xFFFFFFFF) and says > size_bytes + 64:
        raise AudioFault(Reason.truncated, f"{size_bytes} bytes of {says + 8} are there.")


def _check_promise(scan: MpegScan, settings: ClipSettings) -> None:
    if scan.promised_frames is None:
        return
    missing = (scan.promised_frames - scan.num_frames) * scan.samples_per_frame
    if missing > settings.tail_tolerance_seconds * scan.sample_rate_hz + scan.samples_per_frame:
        raise AudioFault(
            Reason.truncated, f"{scan.num_frames} frames of {scan.promised_frames} are there."
        )


def _open_partly(file: AudioFile, scan: MpegScan | None, band: Band | None) -> Layer3Stream | None:
    """The stream that may be decoded in part; None where all of it must be."""
    if scan is None or file.content is None or band is None:
        return None
    return open_stream(file.content, scan)


def _read_sound(
    sound: soundfile.SoundFile,
    settings: ClipSettings,
    band: Band | None,
    stream: Layer3Stream | None,
) -> TrackClips:
    rate, num_samples = int(sound.samplerate), int(sound.frames)
    length = clip_length(rate, settings)
    starts = place_clips(num_samples, rate, settings)
    if not starts:
        raise AudioFault(Reason.too_short, f"{num_samples / rate:.2f} s.")
    if stream is not None and band is not None:
        parts = decode_clips(stream, starts, length, num_samples, band)
        totals = None if parts is None else _total(parts[0])
        if parts is not None and totals is not None:
            return TrackClips(*parts, _measure(totals, num_samples, sound))
    fold = _choose_fold(sound, band, length)
    clips = np.zeros((len(starts), band.num_samples if band and fold else length), np.float32)
    totals = np.zeros((len(starts), 4))
    if fold:
        got = _fold_clips(sound, starts, length, fold, clips, totals)
    else:
        got = _mix_clips(sound, starts, clips, totals)
    missing = min(starts[-1] + length, num_samples) - starts[-1] - got
    if missing > settings.tail_tolerance_seconds * rate:
        raise AudioFault(Reason.truncated, f"It ends before its {num_samples / rate:.1f} s.")
    used = band.rate_hz if band and fold else rate
    return TrackClips(clips, used, _measure(totals, num_samples, sound))


def _total(clips: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """The totals of clips that were decoded in part; None where the whole decoder must judge."""
    totals = np.zeros((len(clips), 4))
    for clip, total in zip(clips, totals, strict=True):
        mix_block(clip[:, None], clip, total)
    variance = totals[:, 1] / totals[:, 3] - (totals[:, 0] / totals[:, 3]) ** 2
    return totals if variance.max() > SILENT_RMS**2 and totals[:, 1].max() < 1e9 else None


def _choose_fold(sound: soundfile.SoundFile, band: Band | None, length: int) -> Resampler | None:
    """The resampler of the fused kernel, where that kernel fits: see `mixing`."""
    rate, channels = int(sound.samplerate), int(sound.channels)
    if band is None or rate == band.rate_hz or rate % band.rate_hz:
        return None
    if channels > 2 or length * channels > _BLOCK_SAMPLES:
        return None
    return design_resampler(rate, band.rate_hz, band.top_hz)


def _fold_clips(
    sound: soundfile.SoundFile,
    starts: list[int],
    length: int,
    fold: Resampler,
    clips: NDArray[np.float32],
    totals: NDArray[np.float64],
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
        fold_block(part, fold, clip, total)
        if len(part) < length:
            return len(part) if i == len(starts) - 1 else -length
    return length


def _mix_clips(
    sound: soundfile.SoundFile,
    starts: list[int],
    clips: NDArray[np.float32],
    totals: NDArray[np.float64],
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
            mix_block(block[:got], clip[done : done + got], total)
            done += got
    return done


def _borrow_block(num_samples: int, channels: int) -> NDArray[np.float32]:
    """Memory of this thread for decoded samples, kept: fresh pages cost a tenth of decoding."""
    kept: NDArray[np.float32] | None = getattr(_kept, "samples", None)
    if kept is None or kept.size < num_samples * channels:
        kept = _kept.samples = np.empty(num_samples * channels, np.float32)
    return kept[: num_samples * channels].reshape(num_samples, channels)


def _read_some(sound: soundfile.SoundFile, start: int, block: NDArray[np.float32]) -> int:
    """Fill a block from a place on; how many samples there were."""
    try:
        if sound.tell() != start:
            sound.seek(start)
        return len(sound.read(out=block))
    except soundfile.LibsndfileError:
        return 0


def _measure(
    totals: NDArray[np.float64], num_samples: int, sound: soundfile.SoundFile
) -> TrackMeasures:
    length = np.maximum(totals[:, 3], 1)
    if not np.all(totals[:, 1] < _LOUDEST**2 * length):
        raise AudioFault(Reason.not_finite, "Samples that are no number, or beyond any scale.")
    variance = totals[:, 1] / length - (totals[:, 0] / length) ** 2
    silent = variance < SILENT_RMS**2
    if silent.all():
        raise AudioFault(Reason.silent, "Every clip is below -80 dB of full scale.")
    return TrackMeasures(
        duration_seconds=round(num_samples / sound.samplerate, 6),
        sample_rate_hz=int(sound.samplerate),
        channels=int(sound.channels),
        clipped_share=round(float(totals[:, 2].sum() / totals[:, 3].sum()), 6),
        silent_share=round(float(silent.mean()), 6),
    )
