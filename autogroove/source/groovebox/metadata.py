"""The demo's metadata files, in FMA's format.

What belongs here: tracks.csv, genres.csv, echonest.csv and groove_labels.csv as bytes.
What does not: reading them back (`autogroove.source`), or where they are written
(`collection`).
"""

from typing import Any

import numpy as np
import pandas as pd

from autogroove.source.groovebox.palettes import PALETTES
from autogroove.source.groovebox.plan import DemoTrack

LICENCE = "CC0 1.0 Universal"
_DATE = "2026-01-01 00:00:00"


def tracks_csv(tracks: list[DemoTrack]) -> bytes:
    """FMA's tracks.csv: two header rows, then a row that names the index."""
    rows = [_album(track) | _artist(track) | _set(track) | _track(track) for track in tracks]
    return _csv(rows, tracks)


def genres_csv(tracks: list[DemoTrack]) -> bytes:
    """FMA's genres.csv: one row a palette."""
    counts = pd.Series([track.palette.genre_id for track in tracks]).value_counts()
    rows = [
        {
            "genre_id": palette.genre_id,
            "#tracks": int(counts.get(palette.genre_id, 0)),
            "parent": 0,
            "title": palette.genre,
            "top_level": palette.genre_id,
        }
        for palette in sorted(PALETTES, key=lambda palette: palette.genre_id)
    ]
    return pd.DataFrame(rows).to_csv(index=False, lineterminator="\n").encode()


def echonest_csv(tracks: list[DemoTrack]) -> bytes:
    """FMA's echonest.csv (three header rows): audio features derived from known parameters."""
    return _csv([_audio_features(track) | _echonest_names(track) for track in tracks], tracks)


def groove_labels_csv(tracks: list[DemoTrack]) -> bytes:
    """What FMA cannot know: the rhythm pattern, the sound palette and the exact tempo."""
    frame = pd.DataFrame(
        {
            "track_id": [track.track_id for track in tracks],
            "groove": [track.groove.name for track in tracks],
            "palette": [track.palette.name for track in tracks],
            "tempo_bpm": [track.tempo_bpm for track in tracks],
        }
    )
    return frame.to_csv(index=False, lineterminator="\n").encode()


def _csv(rows: list[dict[tuple[str, ...], Any]], tracks: list[DemoTrack]) -> bytes:
    index = pd.Index([track.track_id for track in tracks], name="track_id")
    columns = pd.MultiIndex.from_tuples(list(rows[0]) if rows else [])
    frame = pd.DataFrame([list(row.values()) for row in rows], index=index, columns=columns)
    return frame.sort_index().to_csv(lineterminator="\n").encode()


def _album(track: DemoTrack) -> dict[tuple[str, ...], Any]:
    values = {
        "comments": 0,
        "date_created": _DATE,
        "date_released": _DATE,
        "engineer": None,
        "favorites": 0,
        "id": 1000 + track.artist_id,
        "information": None,
        "listens": 0,
        "producer": None,
        "tags": "[]",
        "title": track.album,
        "tracks": 4,
        "type": "Album",
    }
    return {("album", name): value for name, value in values.items()}


def _artist(track: DemoTrack) -> dict[tuple[str, ...], Any]:
    values = {
        "active_year_begin": None,
        "active_year_end": None,
        "associated_labels": None,
        "bio": "Played by the groovebox.",
        "comments": 0,
        "date_created": _DATE,
        "favorites": 0,
        "id": track.artist_id,
        "latitude": None,
        "location": None,
        "longitude": None,
        "members": None,
        "name": track.artist,
        "related_projects": None,
        "tags": "[]",
        "website": None,
        "wikipedia_page": None,
    }
    return {("artist", name): value for name, value in values.items()}


def _set(track: DemoTrack) -> dict[tuple[str, ...], Any]:
    return {("set", "split"): track.split, ("set", "subset"): "small"}


def _track(track: DemoTrack) -> dict[tuple[str, ...], Any]:
    values = {
        "bit_rate": 128000,
        "comments": 0,
        "composer": None,
        "date_created": _DATE,
        "date_recorded": None,
        "duration": round(track.seconds),
        "favorites": 0,
        "genre_top": track.palette.genre,
        "genres": f"[{track.palette.genre_id}]",
        "genres_all": f"[{track.palette.genre_id}]",
        "information": None,
        "interest": 0,
        "language_code": None,
        "license": LICENCE,
        "listens": 0,
        "lyricist": None,
        "number": 1 + track.repetition,
        "publisher": None,
        "tags": "[]",
        "title": track.title,
    }
    return {("track", name): value for name, value in values.items()}


def _audio_features(track: DemoTrack) -> dict[tuple[str, ...], Any]:
    """Plausible values in [0, 1]; danceability peaks for its groove near 118 bpm."""
    rng = track.rng("echonest")
    noise = rng.normal(0, 0.05, 6)
    slower = abs(float(np.log2(track.tempo_bpm / 118)))
    values = {
        "acousticness": track.palette.acousticness + noise[0],
        "danceability": track.groove.danceability - 0.3 * slower + noise[1],
        "energy": 0.7 * track.palette.energy + 0.3 * (track.tempo_bpm - 70) / 110 + noise[2],
        "instrumentalness": 0.92 + noise[3],
        "liveness": 0.12 + abs(noise[4]),
        "speechiness": 0.04 + abs(noise[5]) / 2,
    }
    features = {name: round(float(np.clip(value, 0, 1)), 6) for name, value in values.items()}
    valence = (0.35 if track.progression.minor else 0.68) + float(rng.normal(0, 0.08))
    features |= {"tempo": track.tempo_bpm, "valence": round(min(max(valence, 0.0), 1.0), 6)}
    return {("echonest", "audio_features", name): value for name, value in features.items()}


def _echonest_names(track: DemoTrack) -> dict[tuple[str, ...], Any]:
    values = {"album_name": track.album, "artist_name": track.artist, "release": track.album}
    return {("echonest", "metadata", name): value for name, value in values.items()}
