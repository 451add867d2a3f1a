"""How well copies of a recording are told from other songs, by sound alone.

    python benchmarks/versions.py MUSIC --store ./autogroove-store --tracks 40

MUSIC is a folder of audio files, `--store` has a release whose recipe and model are used. Of each
file, ffmpeg makes copies: other codecs, other levels, cut at either end, mastered anew. No names
are given, so that only the sound decides. Recall: copies for which their own original was found
among all originals. Precision: of all that were found, those that are the original. Every pair of
originals is decided too; look at what it joins, for collections hold copies of their own.
"""

import argparse
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from autogroove.audio import open_path
from autogroove.config import Settings
from autogroove.listening import open_collection
from autogroove.model import encode_clips
from autogroove.releases import open_release
from autogroove.segments import draw_track

LOUDER = "volume=9dB,alimiter"
MASTERED = "bass=g=3,treble=g=3,acompressor=threshold=-18dB:ratio=3:makeup=4,alimiter"
COPIES: dict[str, list[str]] = {
    "flac": ["a.flac", "-c:a", "flac"],
    "mp3, 64 kbit/s": ["b.mp3", "-c:a", "libmp3lame", "-b:a", "64k"],
    "mp3, mono, 22 kHz, 32 kbit/s": ["c.mp3", "-ac", "1", "-ar", "22050", "-b:a", "32k"],
    "ogg vorbis, q 2": ["d.ogg", "-c:a", "libvorbis", "-q:a", "2"],
    "opus, 48 kbit/s": ["e.opus", "-c:a", "libopus", "-b:a", "48k"],
    "14 dB quieter": ["f.mp3", "-af", "volume=-14dB", "-b:a", "128k"],
    "9 dB louder, limited": ["g.mp3", "-af", LOUDER, "-b:a", "128k"],
    "equalised and compressed": ["h.mp3", "-af", MASTERED, "-b:a", "192k"],
    "0.7 s cut off the start": ["i.mp3", "-ss", "0.7", "-b:a", "128k"],
    "3 s cut off the start": ["j.mp3", "-ss", "3", "-b:a", "128k"],
    "4 s cut off the end": ["k.mp3", "-t", "26", "-b:a", "128k"],
    "5 s and 4 s cut off": ["l.mp3", "-ss", "5", "-t", "21", "-b:a", "128k"],
    "1.5 s of silence before": ["m.mp3", "-af", "adelay=1500:all=1", "-b:a", "128k"],
}
OTHERS: dict[str, list[str]] = {
    "a semitone higher, slower": ["n.mp3", "-af", "asetrate=46740,aresample=44100,atempo=0.91"],
}


@dataclass
class Made:
    """A release in memory, of files that were drawn and encoded here."""

    catalogue: pd.DataFrame
    track_ids: np.ndarray
    encodings: np.ndarray
    settings: dict[str, Any]
    images: list[np.ndarray] = field(repr=False)
    number: int = 0
    source_url: str = ""

    @property
    def clusters(self) -> pd.DataFrame:
        """One for all."""
        return pd.DataFrame({"track_id": self.track_ids, "cluster": 0, "exemplar": False})

    def clips(self, track_id: int) -> np.ndarray:
        """As they were drawn."""
        return self.images[track_id]

    def clip_encodings(self, track_id: int) -> np.ndarray:
        """Nobody asks for them here."""
        raise NotImplementedError


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("music", type=Path)
    parser.add_argument("--store", default="./autogroove-store")
    parser.add_argument("--tracks", type=int, default=40)
    options = parser.parse_args()
    files = sorted(p for p in options.music.rglob("*.*") if p.suffix in {".mp3", ".flac", ".ogg"})
    step = max(1, len(files) // options.tracks)
    with tempfile.TemporaryDirectory() as folder:
        made, kinds, origins = draw(files[::step][: options.tracks], Path(folder), options.store)
    report(made, kinds, origins)


def draw(files: list[Path], folder: Path, store: str) -> tuple[Made, list[str], list[int]]:
    """Originals first, then their copies; the kind of each, and the place of its original."""
    release = open_release(store)
    settings = Settings.model_validate(release.settings)
    images, kinds, origins, seconds = [], [], [], []

    def add(path: Path, kind: str, origin: int) -> None:
        track = draw_track(open_path(path), settings)
        images.append(track.images)
        seconds.append(track.measures.duration_seconds)
        kinds.append(kind)
        origins.append(origin)

    for at, path in enumerate(files):
        add(path, "original", at)
    for at, path in enumerate(files):
        for kind, (name, *arguments) in (COPIES | OTHERS).items():
            copy = folder / name
            call = ["ffmpeg", "-v", "error", "-y", "-i", path, "-map", "0:a:0", "-vn"]
            subprocess.run([*call, *arguments, copy], check=True)
            add(copy, kind, at)
    num = len(images)
    codes = [encode_clips(release.model, each).mean(axis=0) for each in images]
    table = {"track_id": np.arange(num), "duration_seconds": seconds, "clips": map(len, images)}
    made = Made(pd.DataFrame(table), np.arange(num), np.stack(codes), release.settings, images)
    return made, kinds, origins


def report(made: Made, kinds: list[str], origins: list[int]) -> None:
    collection = open_collection(made)
    recordings = collection.recordings
    originals = [at for at, kind in enumerate(kinds) if kind == "original"]
    copies = [at for at, kind in enumerate(kinds) if kind in COPIES]
    started = time.process_time()
    found = {at: recordings.find_copy(at, originals) for at in range(len(kinds))}
    each = 1000 * (time.process_time() - started) / len(kinds)
    for kind in COPIES | OTHERS:
        own = [at for at in range(len(kinds)) if kinds[at] == kind]
        right = sum(found[at] == origins[at] for at in own)
        label = "joined" if kind in OTHERS else "found"
        print(f"{kind:32} {label} {right:4} of {len(own)}")
    right = sum(found[at] == origins[at] for at in copies)
    wrong = [at for at in copies if found[at] not in (None, origins[at])]
    joined = [pair for pair in combinations(originals, 2) if recordings.are_one(*pair)]
    precision = right / max(1, right + len(wrong))
    print(f"recall {right / len(copies):.3f}, precision {precision:.3f} of {len(copies)} copies")
    pairs = len(originals) * (len(originals) - 1) // 2
    print(f"originals joined: {len(joined)} of {pairs} pairs")
    print(f"{each:.1f} ms of CPU a question among {len(originals)}")


if __name__ == "__main__":
    main()
