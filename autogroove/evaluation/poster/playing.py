"""What pieces of the examples are made of: recordings, demo tracks, lessons of the teacher.

What belongs here: from a piece to samples, and to what the catalogue says of them. What does not:
images and the store (`pieces`), or how many pieces of which kind there are (`examples`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from autogroove.audio import (
    DECODER_VERSION,
    AudioFault,
    AudioFile,
    fetch_audio,
    open_bytes,
    read_clips,
)
from autogroove.config import ClipSettings
from autogroove.model.teacher import (
    IDIOMS,
    KITS,
    SAMPLE_RATE_HZ,
    TeacherSettings,
    plan_lesson,
    render_lesson,
)
from autogroove.source import Reason, Source
from autogroove.source.groovebox import DemoSpec, encode_mp3, plan_demo, render_track

CLIP_SECONDS = 10.0
EXCERPTS_SECONDS = (30.0, 20.0, 10.0)
"""Clips are cut from the middle of a track: the longest of these that it has."""

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Played:
    """One track of a piece: what the catalogue says of it, and its clips (n, samples)."""

    facts: dict[str, Any]
    clips: Samples
    sample_rate_hz: int


class Piece(Protocol):
    """What one task makes. Small, and fit to travel."""

    @property
    def split(self) -> str:
        """training or validation."""
        ...

    @property
    def num_clips(self) -> int:
        """Clips that it has, if every track can be used."""
        ...

    @property
    def facts(self) -> tuple[Any, ...]:
        """All that its bytes depend on."""
        ...

    def play(self) -> Iterator[Played]:
        """Its tracks."""
        ...


@dataclass(frozen=True)
class Recording:
    """A file of a music folder, and what the catalogue of that folder says of it."""

    path: str
    size_bytes: int
    fingerprint: str
    facts: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class MusicPiece:
    """Some recordings of a source, each with so many clips."""

    split: str
    source: Source
    recordings: tuple[Recording, ...]
    clips: int

    @property
    def num_clips(self) -> int:
        """Clips, if every recording can be used."""
        return len(self.recordings) * self.clips

    @property
    def facts(self) -> tuple[Any, ...]:
        """All that its bytes depend on."""
        named = [(each.fingerprint, each.facts) for each in self.recordings]
        return ("music", DECODER_VERSION, self.split, self.clips, named)

    def play(self) -> Iterator[Played]:
        """Its recordings; one that cannot be used is left out."""
        for each in self.recordings:
            try:
                file = fetch_audio(self.source, each.path, each.size_bytes, each.fingerprint)
                clips, rate = cut_middle(file, self.clips)
            except AudioFault:
                continue
            yield Played({"path": f"music/{each.path}", **dict(each.facts)}, clips, rate)


@dataclass(frozen=True)
class DemoPiece:
    """Some tracks of the demo, each with so many clips; as MP3, as the demo has them."""

    split: str
    track_ids: tuple[int, ...]
    clips: int

    @property
    def num_clips(self) -> int:
        """Clips of all tracks."""
        return len(self.track_ids) * self.clips

    @property
    def facts(self) -> tuple[Any, ...]:
        """All that its bytes depend on."""
        return ("demo", DemoSpec().version, self.split, self.clips, self.track_ids)

    def play(self) -> Iterator[Played]:
        """Its tracks, rendered."""
        for track in plan_demo(DemoSpec()):
            if track.track_id not in self.track_ids:
                continue
            file = open_bytes(track.path, encode_mp3(render_track(track)))
            clips, rate = cut_middle(file, self.clips)
            facts = {
                "path": f"demo/{track.path}",
                "title": track.title,
                "artist": track.artist,
                "artist_id": track.artist_id,
                "album": track.album,
                "genre": track.palette.genre,
                "groove": track.groove.name,
                "tempo_bpm": track.tempo_bpm,
            }
            yield Played(facts, clips, rate)


@dataclass(frozen=True)
class LessonPiece:
    """The first clips of a lesson of the teacher, each a track of its own."""

    split: str
    seed: int
    number: int
    num_grooves: int
    num_clips: int
    teacher: TeacherSettings

    @property
    def facts(self) -> tuple[Any, ...]:
        """All that its bytes depend on."""
        lesson = (self.seed, self.number, self.num_grooves, self.num_clips)
        return ("teacher", self.split, *lesson, self.teacher)

    def play(self) -> Iterator[Played]:
        """Its clips, sound by sound."""
        plan = plan_lesson(self.seed, self.number, self.teacher, num_grooves=self.num_grooves)
        lesson = f"{self.seed}.{self.number}"
        for place, samples in render_lesson(plan, self.teacher):
            if place >= self.num_clips:
                continue
            clip = plan.clips[place]
            idiom, kit = IDIOMS[plan.grooves[clip.groove].idiom], KITS[plan.kits[clip.sound]]
            facts = {
                "path": f"teacher/{lesson}/{place:04d}",
                "title": f"{idiom} {clip.tempo_bpm:.0f} bpm, {kit}",
                "artist": f"sound {lesson}.{clip.sound}",
                "album": f"groove {lesson}.{clip.groove}",
                "genre": kit,
                "groove": idiom,
                "tempo_bpm": clip.tempo_bpm,
            }
            yield Played(facts, samples[None], SAMPLE_RATE_HZ)


def cut_middle(file: AudioFile, num_clips: int) -> tuple[Samples, int]:
    """Clips (n, samples) of 10 s, evenly over the middle 30 s of a file, and their rate.

    More than three overlap. A shorter file has the clips that its middle 20 or 10 s hold.

    Raises:
        AudioFault: it cannot be used.
    """
    for seconds in EXCERPTS_SECONDS:
        try:
            excerpt = read_clips(file, ClipSettings(clip_seconds=seconds, clips_per_track=1))
        except AudioFault as fault:
            if fault.reason is not Reason.too_short or seconds == EXCERPTS_SECONDS[-1]:
                raise
            continue
        break
    rate = excerpt.sample_rate_hz
    length = round(CLIP_SECONDS * rate)
    most = 1 + round(seconds - CLIP_SECONDS)
    room = max(0, excerpt.samples.shape[1] - length)
    starts = np.linspace(0, room, min(num_clips, most)) if num_clips > 1 else [room / 2]
    clips = np.stack([excerpt.samples[0, int(at) : int(at) + length] for at in starts])
    return clips, rate
