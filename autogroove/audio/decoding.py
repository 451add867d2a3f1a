"""From a file to the clips of its track.

What belongs here: which decoder reads a file, and by which fault one cannot be used.
What does not: the decoders, and how clips are cut from what they give (`cutting`).
"""

import time
from contextlib import suppress
from typing import BinaryIO, cast

import numpy as np
import soundfile
from numpy.typing import NDArray

from autogroove.audio.clips import Band, TrackClips, clip_length
from autogroove.audio.containers import FFMPEG_VERSION
from autogroove.audio.cutting import SILENT_RMS, cut_clips, measure_track, place_or_refuse
from autogroove.audio.decoder_notes import gather_notes
from autogroove.audio.ffmpeg import Contradicted, open_ffmpeg
from autogroove.audio.files import AudioFault, AudioFile, reading
from autogroove.audio.formats import (
    HEAD_BYTES,
    Container,
    name_container,
    refuse_cut_chunks,
    refuse_non_audio,
)
from autogroove.audio.layer3.clips import decode_clips, open_stream
from autogroove.audio.mixing import NUM_TOTALS, mix_block
from autogroove.audio.mpeg import MpegScan, scan_mpeg, tag_bytes
from autogroove.audio.opening import open_sound
from autogroove.audio.wav import rewrite_wav
from autogroove.config import ClipSettings
from autogroove.source import Reason

DECODER_VERSION = (
    f"libsndfile {soundfile.__libsndfile_version__}, FFmpeg {FFMPEG_VERSION}, reading 3"
)
"""What decodes. A quarantined track is tried again when this changes."""

_PCM_BYTES = {"PCM_S8": 1, "PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4}


def read_clips(file: AudioFile, settings: ClipSettings, band: Band | None = None) -> TrackClips:
    """The clips of a track, mono: see `mixing`.

    Only the clips are decoded, and what a decoder needs to get there. What the fast decoders do
    not know, refuse or contradict is offered to FFmpeg. A file whose end was lost is `truncated`,
    whatever its clips look like.

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
        clips = _read_file(file, stream, settings, band)
    clips.seconds["decode"] = time.perf_counter() - started
    return clips


def _read_file(
    file: AudioFile, stream: BinaryIO, settings: ClipSettings, band: Band | None
) -> TrackClips:
    stream.seek(tag_bytes(stream))
    head = stream.read(HEAD_BYTES)
    refuse_non_audio(head)
    refuse_cut_chunks(stream, head, file.size_bytes, settings.tail_tolerance_seconds)
    container = name_container(head)
    scan = scan_mpeg(stream) if container is None else None
    if scan is not None and scan.is_sparse:  # a few frames by chance, or a stream with holes
        with suppress(AudioFault):
            return _read_by_ffmpeg(stream, settings, band)
    if scan is not None:
        return _read_mpeg(file, stream, scan, settings, band)
    if container is None:
        return _read_by_ffmpeg(stream, settings, band)
    fault = None
    if container.by_libsndfile:
        try:
            with open_sound(file, stream) as sound:
                _refuse_doubtful(sound, file.size_bytes)
                return cut_clips(sound, settings, band)
        except AudioFault as error:
            fault = error
    try:
        return _read_by_ffmpeg(stream, settings, band, container.form)
    except AudioFault as error:
        rewritten = rewrite_wav(stream) if head.startswith(b"RIFF") else None
        if rewritten is not None:
            with suppress(AudioFault):
                return _read_by_ffmpeg(cast(BinaryIO, rewritten), settings, band, "wav")
        raise _choose_fault(container, fault, error) from error


def _choose_fault(container: Container, first: AudioFault | None, last: AudioFault) -> AudioFault:
    """What to say of a file that neither decoder reads, of a format known by its first bytes."""
    if last.reason not in (Reason.not_audio, Reason.unsupported_format):
        return last
    if first is not None and first.reason is not Reason.unsupported_format:
        return first
    if last.reason is Reason.unsupported_format:
        return last
    detail = f"It begins like {container.name}, but no decoder here reads it. {last.detail}"
    return AudioFault(Reason.unsupported_format, detail)


def _refuse_doubtful(sound: soundfile.SoundFile, size_bytes: int) -> None:
    """What libsndfile guesses, or finds in less than half of a file, FFmpeg shall judge.

    Raises:
        AudioFault: unsupported_format.
    """
    width = _PCM_BYTES.get(sound.subtype, 0)
    if 0 < 2 * sound.frames * sound.channels * width < size_bytes - (1 << 16):
        raise AudioFault(Reason.unsupported_format, "Its header leaves most of the file out.")
    if sound.subtype.startswith("MPEG"):
        raise AudioFault(Reason.unsupported_format, "Its length is guessed.")


def _read_mpeg(
    file: AudioFile,
    stream: BinaryIO,
    scan: MpegScan,
    settings: ClipSettings,
    band: Band | None,
) -> TrackClips:
    tolerance = settings.tail_tolerance_seconds * scan.sample_rate_hz + scan.samples_per_frame
    if scan.missing_samples > tolerance:
        missing = scan.missing_samples / scan.sample_rate_hz
        raise AudioFault(Reason.truncated, f"The last {missing:.1f} s are not there.")
    clips = _read_partly(file, scan, settings, band)
    if clips is not None:
        return clips
    fault = None
    if scan.is_plain:
        try:
            with (
                gather_notes(file.path),
                open_sound(file, stream, scan.first_frame, scan.stop) as sound,
            ):
                if scan.is_free or sound.frames == scan.num_samples:
                    return cut_clips(sound, settings, band)
        except AudioFault as error:
            fault = error
    try:
        return _read_by_ffmpeg(stream, settings, band, "mp3", scan.first_frame, scan.stop)
    except AudioFault as error:
        raise fault or error from error


def _read_partly(
    file: AudioFile, scan: MpegScan, settings: ClipSettings, band: Band | None
) -> TrackClips | None:
    """The clips of an MP3 that may be decoded in part; None where all of it must be."""
    if file.content is None or band is None:
        return None
    stream = open_stream(file.content, scan)
    if stream is None:
        return None
    rate, num_samples = scan.sample_rate_hz, scan.num_samples
    starts = place_or_refuse(num_samples, rate, settings)
    parts = decode_clips(stream, starts, clip_length(rate, settings), num_samples, band)
    totals = None if parts is None else _total(parts[0])
    if parts is None or totals is None:
        return None
    return TrackClips(*parts, measure_track(totals, num_samples, rate, stream.channels))


def _total(clips: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """The totals of clips that were decoded in part; None where the whole decoder must judge."""
    totals = np.zeros((len(clips), NUM_TOTALS))
    for clip, total in zip(clips, totals, strict=True):
        mix_block(clip[:, None], clip, total)
    variance = totals[:, 1] / totals[:, 3] - (totals[:, 0] / totals[:, 3]) ** 2
    return totals if variance.max() > SILENT_RMS**2 and totals[:, 1].max() < 1e9 else None


def _read_by_ffmpeg(
    stream: BinaryIO,
    settings: ClipSettings,
    band: Band | None,
    form: str | None = None,
    start: int = 0,
    stop: int | None = None,
) -> TrackClips:
    for by_time in (True, False):
        try:
            with open_ffmpeg(stream, form, start, stop, by_time=by_time) as sound:
                if sound.missing_seconds > settings.tail_tolerance_seconds:
                    raise AudioFault(
                        Reason.truncated, f"The last {sound.missing_seconds:.1f} s are not there."
                    )
                return cut_clips(sound, settings, band)
        except Contradicted:
            continue
    raise AssertionError("what is counted cannot be contradicted")
