"""From a file to the clips of its track.

What belongs here: finding out how long a track really is, reading only its clips, mixing them
to mono, and telling by which fault a file cannot be used.
What does not: resampling, or pictures.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from autogroove.audio.clips import TrackClips, TrackMeasures, clip_length, place_clips
from autogroove.audio.compiling import compiled
from autogroove.audio.faults import AudioFault
from autogroove.audio.files import AudioFile, refuse_non_audio
from autogroove.audio.mpeg import MpegScan, make_xing, scan_mpeg
from autogroove.audio.prefixed import PrefixedFile
from autogroove.catalogue.reasons import Reason
from autogroove.config import ClipSettings

DECODER_VERSION = f"libsndfile {soundfile.__libsndfile_version__}, reading 1"
"""What decodes. A quarantined track is tried again when this changes."""

SILENT_RMS = 1e-4
"""A clip below this level (-80 dB of full scale, its mean taken off) is silent."""

_BLOCK_SAMPLES = 1 << 18
_LOUDEST = 1e6
_CONTAINERS = (b"RIFF", b"RIFX", b"RF64", b"fLaC", b"OggS", b"FORM", b"caff", b".snd", b"riff")

Floats = NDArray[np.float32]


def read_clips(file: AudioFile, settings: ClipSettings) -> TrackClips:
    """The clips of a track, mono (the mean of all channels), at the file's own sample rate.

    Only the clips are decoded, and what a decoder needs to get there. A file whose header
    promises more than it holds is `truncated`, whatever its clips look like.

    Raises:
        AudioFault: the file cannot be used; the reason says why.
    """
    started = time.perf_counter()
    with file.open() as stream:
        head = stream.read(512)
        refuse_non_audio(head)
        _check_chunk_size(head, file.size_bytes)
        scan = None if head.startswith(_CONTAINERS) else scan_mpeg(stream)
        if scan is not None:
            _check_promise(scan, settings)
        with _open_sound(stream, scan, head) as sound:
            clips = _read_sound(sound, settings)
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


@contextmanager
def _open_sound(
    stream: BinaryIO, scan: MpegScan | None, head: bytes
) -> Iterator[soundfile.SoundFile]:
    """The decoder, told the true length where the stream itself does not say it."""
    stream.seek(0)
    try:
        sound = soundfile.SoundFile(stream)
        if scan is not None and abs(sound.frames - scan.num_samples) > 4 * scan.samples_per_frame:
            sound.close()
            xing = make_xing(scan.header, scan.num_frames)
            sound = soundfile.SoundFile(PrefixedFile(xing, stream, scan.first_frame))
    except soundfile.LibsndfileError as error:
        known = scan is not None or head.startswith(_CONTAINERS)
        reason = Reason.unsupported_format if known else Reason.not_audio
        raise AudioFault(reason, error.error_string) from error
    with sound:
        if scan is None and sound.format in ("MP3", "MPEG"):
            raise AudioFault(Reason.not_audio, "No three MPEG frames in a row.")
        yield sound


def _read_sound(sound: soundfile.SoundFile, settings: ClipSettings) -> TrackClips:
    rate, num_samples = int(sound.samplerate), int(sound.frames)
    length = clip_length(rate, settings)
    starts = place_clips(num_samples, rate, settings)
    if not starts:
        raise AudioFault(Reason.too_short, f"{num_samples / rate:.2f} s.")
    clips = np.zeros((len(starts), length), np.float32)
    totals = np.zeros((len(starts), 5))
    tolerance = round(settings.tail_tolerance_seconds * rate)
    for start, clip, total in zip(starts, clips, totals, strict=True):
        wanted = min(length, num_samples - start)
        if _read_clip(sound, start, clip[:wanted], total) < min(wanted, length - tolerance):
            raise AudioFault(Reason.truncated, f"It ends before its {num_samples / rate:.1f} s.")
    return TrackClips(clips, rate, _measure(totals, length, num_samples, sound))


def _read_clip(
    sound: soundfile.SoundFile, start: int, clip: Floats, totals: NDArray[np.float64]
) -> int:
    """Fill a clip in blocks; how many samples there were."""
    block = np.empty((max(1, _BLOCK_SAMPLES // sound.channels), sound.channels), np.float32)
    done = 0
    try:
        if sound.tell() != start:
            sound.seek(start)
        while done < len(clip):
            got = len(sound.read(out=block[: len(clip) - done]))
            if not got:
                break
            _mix(block[:got], clip[done : done + got], totals)
            done += got
    except soundfile.LibsndfileError:
        return done
    return done


@compiled
def _mix(block: Floats, mono: Floats, totals: NDArray[np.float64]) -> None:
    """The mean of all channels; and into `totals` what there is to measure.

    totals: sum, sum of squares, sum of magnitudes, clipped samples, samples of all channels.
    """
    samples, channels = block.shape
    share = np.float32(1 / channels)
    magnitudes, clipped = np.float32(0), 0
    for i in range(samples):
        mixed = np.float32(0)
        for c in range(channels):
            value = block[i, c]
            mixed += value
            magnitudes += abs(value)
            clipped += abs(value) >= np.float32(0.999)
        mono[i] = mixed * share
    total, squares = 0.0, 0.0
    for i in range(samples):
        total += mono[i]
        squares += np.float64(mono[i]) * mono[i]
    totals[0] += total
    totals[1] += squares
    totals[2] += magnitudes
    totals[3] += clipped
    totals[4] += samples * channels


def _measure(
    totals: NDArray[np.float64], length: int, num_samples: int, sound: soundfile.SoundFile
) -> TrackMeasures:
    if not np.all(totals[:, 2] < _LOUDEST * totals[:, 4]):
        raise AudioFault(Reason.not_finite, "Samples that are no number, or beyond any scale.")
    variance = totals[:, 1] / length - (totals[:, 0] / length) ** 2
    silent = variance < SILENT_RMS**2
    if silent.all():
        raise AudioFault(Reason.silent, "Every clip is below -80 dB of full scale.")
    return TrackMeasures(
        duration_seconds=round(num_samples / sound.samplerate, 6),
        sample_rate_hz=int(sound.samplerate),
        channels=int(sound.channels),
        clipped_share=round(float(totals[:, 3].sum() / totals[:, 4].sum()), 6),
        silent_share=round(float(silent.mean()), 6),
    )
