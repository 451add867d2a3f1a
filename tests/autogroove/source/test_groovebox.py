"""Laws of the demo collection: a balanced design, equal bytes, real MP3, an audible grid."""

import io
from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import soundfile

from autogroove.source.groovebox.arrangement import arrange_track
from autogroove.source.groovebox.collection import (
    demo_is_complete,
    demo_prefix,
    missing_track_ids,
    render_batch,
    render_demo,
    render_mp3,
    write_metadata,
)
from autogroove.source.groovebox.grooves import GROOVES
from autogroove.source.groovebox.mix import render_track
from autogroove.source.groovebox.palettes import PALETTES
from autogroove.source.groovebox.plan import DemoSpec, plan_demo
from autogroove.source.groovebox.score import write_score
from autogroove.store.store import Store

SHORT = DemoSpec(num_tracks=3, track_seconds=3.0)


@pytest.fixture(scope="module")
def plan():
    return plan_demo(DemoSpec())


def test_the_default_demo_crosses_grooves_and_palettes_exactly(plan):
    cells = Counter((track.groove.name, track.palette.name) for track in plan)
    assert len(GROOVES) >= 8 and len(PALETTES) >= 6 and len(plan) >= 288
    assert set(cells.values()) == {6}
    assert len(cells) == len(GROOVES) * len(PALETTES)


@pytest.mark.parametrize("num_tracks", [6, 8, 12, 24, 48, 96, 130])
def test_every_prefix_of_the_design_is_balanced(plan, num_tracks):
    tracks = plan_demo(DemoSpec(num_tracks=num_tracks))
    assert tracks == plan[:num_tracks]
    for names in ([t.groove.name for t in tracks], [t.palette.name for t in tracks]):
        counts = Counter(names).values()
        assert max(counts) - min(counts) <= 1
    assert len(Counter(t.groove.name for t in tracks)) == min(8, num_tracks)


def test_artists_keep_one_palette_and_play_several_grooves_each_once(plan):
    by_artist = defaultdict(list)
    for track in plan:
        by_artist[track.artist_id].append(track)
    assert len({track.artist for track in plan}) == len(by_artist)
    for tracks in by_artist.values():
        assert len(tracks) >= 3
        assert len({t.palette.name for t in tracks}) == 1
        assert len({t.groove.name for t in tracks}) == len(tracks)
        assert len({t.split for t in tracks}) == 1


def test_splits_tell_neither_groove_nor_palette(plan):
    counts = Counter(track.split for track in plan)
    assert set(counts) == {"training", "validation", "test"}
    for split, total in counts.items():
        cells = Counter((t.groove.name, t.palette.name) for t in plan if t.split == split)
        assert set(cells.values()) == {total // (len(GROOVES) * len(PALETTES))}


def test_identity_is_unique_and_stable(plan):
    for names in ([t.track_id for t in plan], [t.path for t in plan], [t.title for t in plan]):
        assert len(set(names)) == len(plan)
    assert plan[0].path == "fma_small/000/000103.mp3"
    assert demo_prefix(DemoSpec()) == demo_prefix(DemoSpec(seed=0))
    assert demo_prefix(DemoSpec(seed=1)) != demo_prefix(DemoSpec())


def test_tempo_alone_does_not_give_the_groove_away(plan):
    tempi = np.log2([track.tempo_bpm for track in plan])
    grooves = np.array([track.groove_index for track in plan])
    apart = np.abs(tempi[:, None] - tempi[None])
    np.fill_diagonal(apart, np.inf)
    nearest = grooves[apart.argsort(axis=1)[:, :5]]
    assert (nearest == grooves[:, None]).mean() < 0.35
    for groove in GROOVES:
        others = [g for g in GROOVES if g is not groove]
        low, high = groove.tempo_bpm
        assert sum(o.tempo_bpm[0] < high and low < o.tempo_bpm[1] for o in others) >= 4


def test_patterns_fill_their_bars():
    for groove in GROOVES:
        for bars in (*groove.drums.values(), groove.bass, groove.chords, groove.fills):
            assert {len(bar) for bar in bars} == {groove.steps_per_bar}


def test_notes_fall_on_the_grid_but_for_the_players_hands(plan):
    for track in plan[:48]:
        step = 60 / track.tempo_bpm / track.groove.steps_per_beat
        kicks = [
            s.start_seconds
            for s in write_score(track, arrange_track(track)).strokes
            if s.lane == "kick"
        ]
        swung = (2 * track.groove.swing - 1) * step
        off = [min(abs((t - s + step / 2) % step - step / 2) for s in (0.0, swung)) for t in kicks]
        assert len(kicks) >= 7
        assert np.median(off) < 0.02


def test_a_rendered_file_is_stereo_mp3_of_thirty_seconds_without_clipping(plan):
    for track in plan[:4]:
        file = io.BytesIO(render_mp3(track))
        info = soundfile.info(file)
        assert (info.format, info.samplerate, info.channels) == ("MP3", 44100, 2)
        file.seek(0)
        samples, _ = soundfile.read(file)
        assert 30.0 <= len(samples) / 44100 < 30.1
        assert np.abs(samples).max() < 1.0
        level = 20 * np.log10(samples.std())
        assert -20 < level < -10
        assert np.abs(samples[:, 0] - samples[:, 1]).max() > 0.01, "stereo, not twice mono"
        for second in range(30):
            assert samples[second * 44100 : (second + 1) * 44100].std() > 0.01


def test_equal_tracks_give_equal_bytes_and_other_seeds_other_sound():
    track = plan_demo(SHORT)[0]
    assert render_mp3(track) == render_mp3(replace(track))
    other = plan_demo(replace(SHORT, seed=1))[0]
    assert other.track_id == track.track_id
    assert not np.array_equal(render_track(other)[:44100], render_track(track)[:44100])


def test_a_batch_is_written_once_and_metadata_completes_the_demo(tmp_path):
    store = Store(tmp_path)
    ids = missing_track_ids(SHORT, store)
    assert ids == [track.track_id for track in plan_demo(SHORT)]
    assert render_batch(SHORT, ids[:2], store) == 2
    assert render_batch(SHORT, ids, store) == 1
    assert missing_track_ids(SHORT, store) == []
    assert not demo_is_complete(store, SHORT)
    write_metadata(SHORT, store)
    assert demo_is_complete(store, SHORT)
    assert render_batch(SHORT, ids, store) == 0


def test_the_files_lie_where_a_given_prefix_says(tmp_path):
    store = Store(tmp_path)
    render_batch(SHORT, [103], store, "elsewhere")
    assert [found.key for found in store.objects()] == ["elsewhere/fma_small/000/000103.mp3"]


@pytest.mark.slow
def test_a_pool_of_processes_gives_the_same_bytes(tmp_path):
    store, seen = Store(tmp_path), []
    prefix = render_demo(
        SHORT, store, lambda done, total: seen.append((done, total)), num_workers=2
    )
    assert seen[-1] == (3, 3)
    for track in plan_demo(SHORT):
        assert store.read(f"{prefix}/{track.path}") == render_mp3(track)
    assert render_demo(SHORT, store, lambda *_: pytest.fail("nothing is left to do")) == prefix


@pytest.fixture(scope="module")
def metadata(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("metadata"))
    write_metadata(DemoSpec(), store, "demo")
    return tmp_path_factory.getbasetemp() / store.url / "demo" / "fma_metadata"


def test_metadata_reads_as_fma_documents_it(metadata, plan):
    tracks = pd.read_csv(metadata / "tracks.csv", index_col=0, header=[0, 1])
    echonest = pd.read_csv(metadata / "echonest.csv", index_col=0, header=[0, 1, 2])
    genres = pd.read_csv(metadata / "genres.csv", index_col=0)
    labels = pd.read_csv(metadata / "groove_labels.csv", index_col=0)
    assert tracks.shape == (288, 52)
    assert tracks.index.name == "track_id"
    for track in plan[::37]:
        row = tracks.loc[track.track_id]
        assert row["track", "title"] == track.title
        assert row["artist", "name"] == track.artist
        assert row["track", "license"].startswith("CC0")
        assert (row["set", "split"], row["set", "subset"]) == (track.split, "small")
        genre = genres.loc[int(row["track", "genres"].strip("[]")), "title"]
        assert genre == row["track", "genre_top"] == track.palette.genre
        features = echonest.loc[track.track_id]["echonest", "audio_features"]
        assert features["tempo"] == track.tempo_bpm
        assert features.drop("tempo").between(0, 1).all()
        assert labels.loc[track.track_id, "groove"] == track.groove.name
    assert genres["#tracks"].sum() == 288


def test_groove_and_palette_are_independent_in_the_labels(metadata):
    from scipy.stats import chi2_contingency

    labels = pd.read_csv(metadata / "groove_labels.csv")
    table = pd.crosstab(labels["groove"], labels["palette"])
    assert chi2_contingency(table).statistic == pytest.approx(0, abs=1e-9)
