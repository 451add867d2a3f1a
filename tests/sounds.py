"""Audio files for tests: small, real, and of every kind that goes wrong.

What belongs here: making samples and files, and the catalogue of a folder of them.
What does not: tests.
"""

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
import soundfile
from numpy.typing import NDArray

from autogroove.audio.mpeg_headers import frame_bytes, read_promise
from autogroove.source.scan import scan_source
from autogroove.source.sources import open_source
from autogroove.source.tracks import Source
from autogroove.store.store import Store


def play_music(
    seconds: float, rate: int = 44100, channels: int = 2, seed: int = 0
) -> NDArray[np.float32]:
    """Chords that change twice a second, over a noisy beat: float32 (samples, channels)."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    beat = np.exp(-12 * (time % 0.5)) * rng.normal(0, 0.2, len(time))
    notes = 110 * 2 ** (rng.integers(0, 36, (3, int(seconds * 2) + 1)) / 12)
    tones = sum(np.sin(2 * np.pi * row[(time * 2).astype(int)] * time) for row in notes)
    sides = np.linspace(0.5, 1, channels)
    return ((0.15 * tones[:, None] * sides + beat[:, None] * sides[::-1]) * 0.8).astype("f4")


def write_audio(
    path: Path, samples: NDArray[np.float32], rate: int = 44100, **options: str
) -> Path:
    """A file in the format of its suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, **options)
    return path


def encode_mp3(
    samples: NDArray[np.float32], rate: int = 44100, mode: str = "CONSTANT", level: float = 0.5
) -> bytes:
    """An MP3 stream as LAME writes it, with its Xing frame."""
    stream = io.BytesIO()
    soundfile.write(stream, samples, rate, format="MP3", bitrate_mode=mode, compression_level=level)
    return stream.getvalue()


def encode_by_ffmpeg(
    samples: NDArray[np.float32], rate: int, form: str, codec: str, kind: Any
) -> bytes:
    """Samples (n, 2) as a file of FFmpeg's format and codec; `kind` is what the codec takes."""
    stream = io.BytesIO()
    whole = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), "fltp", "stereo")
    whole.sample_rate, whole.pts, whole.time_base = rate, 0, Fraction(1, rate)
    options = {"aac_pns": "0"} if codec == "aac" else {}  # it puts random numbers for noise
    with av.open(stream, "w", format=form) as container:
        track: Any = container.add_stream(codec, rate, options, layout="stereo", format=kind)
        track.bit_rate = 192_000
        fifo, adapt = av.AudioFifo(), av.AudioResampler(kind, "stereo", rate)
        for frame in (*adapt.resample(whole), *adapt.resample(None)):
            fifo.write(frame)
        track.codec_context.open()
        size = track.codec_context.frame_size or 1024
        while (part := fifo.read(size, partial=True)) is not None:
            container.mux(track.encode(part))
        container.mux(track.encode(None))
    return stream.getvalue()


def locate(clip: NDArray[np.float32], mono: NDArray[np.float32]) -> tuple[int, float]:
    """The sample of `mono` at which a clip of it begins, and how alike they are there."""
    size = 1 << int(np.ceil(np.log2(len(mono) + len(clip))))
    products = np.fft.rfft(mono, size) * np.conj(np.fft.rfft(clip, size))
    start = int(np.argmax(np.fft.irfft(products, size)[: len(mono)]))
    return start, float(np.corrcoef(mono[start : start + len(clip)], clip)[0, 1])


def encode_noise(place: Path, codec: str, container: str, seed: int = 0) -> Path:
    """A second of noise as FFmpeg encodes it."""
    rng = np.random.default_rng(seed)
    with av.open(str(place), "w", format=container) as file:
        stream: Any = file.add_stream(codec, rate=44100, layout="mono", bit_rate=64000)
        stream.codec_context.open()
        num = stream.codec_context.frame_size
        for number in range(44100 // num):
            samples = rng.normal(0, 0.1, (1, num)).astype("f4")
            frame = av.AudioFrame.from_ndarray(samples, "fltp", "mono")
            frame.sample_rate, frame.pts = 44100, number * num
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return place


def drop_xing(stream: bytes) -> bytes:
    """The same stream without the frame that says how long it is."""
    assert read_promise(stream[:2048]) is not None
    return stream[frame_bytes(int.from_bytes(stream[:4], "big")) :]


def scan_folder(folder: Path, store: Store) -> tuple[Source, pd.DataFrame]:
    """A folder as a source, and its catalogue."""
    source = open_source(str(folder), store=store)
    return source, scan_source(source, store).catalogue
