"""What the clips of a track cost in each format, beside decoding all of it.

    python benchmarks/ingest_formats.py [FOLDER] [--tracks 12] [--rounds 3]

The same music in every format: each track is decoded, repeated to four minutes and encoded by
FFmpeg before anything is timed. All ways run interleaved; figures are medians of CPU ms a track.
"Whole" is PyAV decoding all of the file. Without a folder, ../shared/real_music is taken where it
is there, else the demo set.
"""

import argparse
import io
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from autogroove.audio import open_bytes, read_clips
from autogroove.config import Settings
from autogroove.segments import plan_transform
from autogroove.source import open_source, scan_source
from autogroove.store import Store

REAL_MUSIC = Path(__file__).parents[2] / "shared" / "real_music"
SECONDS, RATE = 240, 48000
FORMATS = {
    "mp3": ("mp3", "libmp3lame", "fltp"),
    "m4a (AAC)": ("ipod", "aac", "fltp"),
    "m4a (ALAC)": ("ipod", "alac", "s16p"),
    "FLAC": ("flac", "flac", "s16"),
    "Ogg Opus": ("ogg", "libopus", "s16"),
    "WMA": ("asf", "wmav2", "fltp"),
    "WavPack": ("wv", "wavpack", "s16p"),
    "WebM (Opus)": ("webm", "libopus", "s16"),
    "ADTS": ("adts", "aac", "fltp"),
}


def decode(content: bytes) -> NDArray[np.float32]:
    """All of a file: float32 (2, samples)."""
    adapt = av.AudioResampler("fltp", "stereo", RATE)
    with av.open(io.BytesIO(content)) as container:
        parts = [
            each.to_ndarray()
            for frame in container.decode(audio=0)
            for each in adapt.resample(frame)
        ]
    return np.concatenate(parts, axis=1)


def encode(samples: NDArray[np.float32], form: str, codec: str, kind: Any) -> bytes:
    """Samples (2, n) as a file."""
    stream = io.BytesIO()
    whole = av.AudioFrame.from_ndarray(samples, "fltp", "stereo")
    whole.sample_rate, whole.pts, whole.time_base = RATE, 0, Fraction(1, RATE)
    with av.open(stream, "w", format=form) as container:
        track: Any = container.add_stream(codec, RATE, layout="stereo", format=kind)
        track.bit_rate = 192_000
        fifo, adapt = av.AudioFifo(), av.AudioResampler(kind, "stereo", RATE)
        for frame in (*adapt.resample(whole), *adapt.resample(None)):
            fifo.write(frame)
        track.codec_context.open()
        size = track.codec_context.frame_size or 4096
        while (part := fifo.read(size, partial=True)) is not None:
            container.mux(track.encode(part))
        container.mux(track.encode(None))
    return stream.getvalue()


def load_music(where: str, count: int) -> list[NDArray[np.float32]]:
    """Tracks of a source, each repeated to `SECONDS`: float32 (2, samples)."""
    with tempfile.TemporaryDirectory(prefix="autogroove-benchmark-") as folder:
        store = Store(folder)
        source = open_source(where, store=store)
        catalogue = scan_source(source, store).catalogue
        paths = catalogue.loc[catalogue["status"] == "listed", "path"].iloc[:count]
        tracks = [decode(source.read(path)) for path in paths]
    return [np.ascontiguousarray(np.resize(each, (2, SECONDS * RATE))) for each in tracks]


def measure(contents: dict[str, list[bytes]], rounds: int) -> dict[str, tuple[float, float]]:
    """CPU ms a track of each format: the clips alone, and all of it; interleaved."""
    settings = Settings.from_preset("groove")
    band = plan_transform(settings.spectrogram).band
    spent: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in contents}
    for round_ in range(rounds + 1):
        for number in range(len(next(iter(contents.values())))):
            for name, files in contents.items():
                file = open_bytes(name, files[number])
                begin = time.process_time()
                read_clips(file, settings.clip, band)
                between = time.process_time()
                decode(files[number])
                if round_:  # the first one compiles and fills caches
                    spent[name][0].append(1000 * (between - begin))
                    spent[name][1].append(1000 * (time.process_time() - between))
    return {name: (median(clips), median(whole)) for name, (clips, whole) in spent.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = str(REAL_MUSIC) if REAL_MUSIC.exists() else "demo"
    parser.add_argument("folder", nargs="?", default=default)
    parser.add_argument("--tracks", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    music = load_music(options.folder, options.tracks)
    contents = {name: [encode(each, *form) for each in music] for name, form in FORMATS.items()}
    print(f"{len(music)} tracks of {SECONDS} s, {options.rounds} rounds, CPU ms (medians)\n")
    print(f"{'format':<14}{'MB':>7}{'clips':>9}{'whole':>9}{'clips / whole':>16}")
    for name, (clips, whole) in measure(contents, options.rounds).items():
        size = median(len(each) for each in contents[name]) / 1e6
        print(f"{name:<14}{size:>7.1f}{clips:>9.1f}{whole:>9.1f}{clips / whole:>16.2f}")


if __name__ == "__main__":
    main()
