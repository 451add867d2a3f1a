"""From a file to the clips of its track.

What belongs here: finding out how long a track really is, reading only its clips, mixing them
to mono, and telling by which fault a file cannot be used.
What does not: resampling, or pictures.
"""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from autogroove.audio.clips import Band, TrackClips, TrackMeasures, clip_length, place_clips
from autogroove.audio.faults import AudioFault
from autogroove.audio.files import AudioFile, refuse_non_audio
from autogroove.audio.mixing import fold_block, mix_block
from autogroove.audio.mpeg import MpegScan, make_xing, scan_mpeg
from autogroove.audio.prefixed import open_behind
from autogroove.audio.resampling import Resampler, design_resampler
from autogroove.catalogue.reasons import Reason
from autogroove.config import ClipSettings

DECODER_VERSION = f"libsndfile {soundfile.__libsndfile_version__}, reading 1"
"""What decodes. A quarantined track is tried again when this changes."""

SILENT_RMS = 1e-4
"""A clip below this level (-80 dB of full scale, its mean taken off) is silent."""

_BLOCK_SAMPLES = 1 << 22
_LOUDEST = 1e6
_LONG_TAG_BYTES = 1 << 18
"""Tags beyond this are kept from the decoder, which would hold them in memory."""
_CONTAINERS = (b"RIFF", b"RIFX", b"RF64", b"fLaC", b"OggS", b"FORM", b"caff", b".snd", b"riff")

Floats = NDArray[np.float32]


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
    with file.open() as stream:
        head = stream.read(512)
        refuse_non_audio(head)
        _check_chunk_size(head, file.size_bytes)
        scan = None if head.startswith(_CONTAINERS) else scan_mpeg(stream)
        if scan is not None:
            _check_promise(scan, settings)
        with _open_sound(file, stream, scan, head) as sound:
            clips = _read_sound(sound, settings, band)
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
    file: AudioFile, whole: BinaryIO, scan: MpegScan | None, head: bytes
) -> Iterator[soundfile.SoundFile]:
    """The decoder, told the true length where the stream itself does not say it."""
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
        known = scan is not None or head.startswith(_CONTAINERS)
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


def _read_sound(
    sound: soundfile.SoundFile, settings: ClipSettings, band: Band | None
) -> TrackClips:
    rate, num_samples = int(sound.samplerate), int(sound.frames)
    length = clip_length(rate, settings)
    starts = place_clips(num_samples, rate, settings)
    if not starts:
        raise AudioFault(Reason.too_short, f"{num_samples / rate:.2f} s.")
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
    clips: Floats,
    totals: NDArray[np.float64],
) -> int:
    """Fill clips at the lower rate; how many samples the last one had.

    Clips side by side are read at once where memory allows: after each read soundfile seeks to
    where it is, which for MPEG decodes a few frames again.
    """
    together = starts[-1] - starts[0] == (len(starts) - 1) * length
    together &= len(starts) * length * sound.channels <= _BLOCK_SAMPLES
    block = np.empty(((len(starts) if together else 1) * length, sound.channels), np.float32)
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
    sound: soundfile.SoundFile, starts: list[int], clips: Floats, totals: NDArray[np.float64]
) -> int:
    """Fill clips at the file's rate, block by block; how many samples the last one had."""
    size = max(1, _BLOCK_SAMPLES // int(sound.channels))
    block = np.empty((min(clips.shape[1], size), sound.channels), np.float32)
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


def _read_some(sound: soundfile.SoundFile, start: int, block: Floats) -> int:
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
