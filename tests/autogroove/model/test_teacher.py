"""Laws of the teacher: equal arguments give equal lessons, and lessons are what they say."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from autogroove.config import Settings
from autogroove.errors import SettingsError
from autogroove.model.teacher import (
    IDIOMS,
    KITS,
    TeacherSettings,
    render_clip,
    teach,
    write_lessons,
)
from autogroove.model.teacher.grooves import Groove, draw_groove
from autogroove.model.teacher.idioms import LANES, PARTS, ROWS, find_idiom
from autogroove.model.teacher.kernels import SAMPLE_RATE_HZ
from autogroove.model.teacher.lessons import render_lesson
from autogroove.model.teacher.performing import perform
from autogroove.model.teacher.plans import is_admitted, plan_lesson
from autogroove.model.teacher.siblings import CHANGES, alter_groove, tell_apart
from autogroove.model.teacher.sounds import draw_sound
from autogroove.segments import image_shape
from autogroove.source.groovebox import GROOVES

SETTINGS = TeacherSettings()
STEADY = TeacherSettings(unsteadiness_ms=0.0, damage=0.0, drums_share=1.0)
FIELDS = (
    "images", "grooves", "sounds", "tempi_bpm", "phases_s", "bars_beats", "idioms", "kits",
    "partners",
)  # fmt: skip


@pytest.fixture(scope="module")
def lesson():
    return teach(7, 3, SETTINGS, num_grooves=4)


def test_equal_arguments_give_equal_lessons_in_any_order(lesson):
    teach(7, 2, SETTINGS, num_grooves=1)
    again = teach(7, 3, SETTINGS, num_grooves=4)
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(again, name), getattr(lesson, name))


@pytest.mark.parametrize(("seed", "number"), [(8, 3), (7, 4), (3, 7)])
def test_another_seed_or_number_gives_another_lesson(lesson, seed, number):
    other = teach(seed, number, SETTINGS, num_grooves=4)
    assert not np.array_equal(other.images, lesson.images)
    assert not np.array_equal(other.tempi_bpm, lesson.tempi_bpm)


def test_a_lesson_has_every_groove_at_every_tempo_in_every_sound(lesson):
    assert lesson.images.shape == (24, *image_shape(Settings.from_preset("groove").spectrogram))
    assert lesson.images.dtype == np.uint8
    for groove in range(4):
        of_groove = lesson.grooves == groove
        tempi = np.unique(lesson.tempi_bpm[of_groove])
        assert of_groove.sum() == 6 and len(tempi) == 3
        assert np.diff(tempi).min() / tempi.min() > 0.05
        assert 1.1 < tempi.max() / tempi.min() < 1.35**2
        for tempo in tempi:
            here = of_groove & (lesson.tempi_bpm == tempo)
            assert len(np.unique(lesson.sounds[here])) == 2


def test_partners_have_the_same_groove_tempo_and_phase_in_another_sound(lesson):
    places = np.arange(len(lesson.partners))
    np.testing.assert_array_equal(lesson.partners[lesson.partners], places)
    for name in ("grooves", "tempi_bpm", "phases_s", "bars_beats", "idioms"):
        values = getattr(lesson, name)
        np.testing.assert_array_equal(values[lesson.partners], values)
    assert np.all(lesson.sounds[lesson.partners] != lesson.sounds)


def test_many_tempi_are_all_different():
    settings = TeacherSettings(tempi_per_groove=8, sounds_per_tempo=1, only_idioms=("jazz_ride",))
    plan = plan_lesson(0, 0, settings, num_grooves=12)
    for groove in range(12):
        tempi = np.sort([clip.tempo_bpm for clip in plan.clips if clip.groove == groove])
        assert np.diff(tempi).min() > 0 and tempi[0] > 30 and tempi[-1] < 261


def test_an_odd_sound_has_no_partner():
    settings = TeacherSettings(sounds_per_tempo=3, tempi_per_groove=1)
    partners = [clip.partner for clip in plan_lesson(0, 0, settings, num_grooves=2).clips]
    assert partners == [1, 0, -1, 4, 3, -1]


def test_no_clip_is_silent_or_broken():
    plan = plan_lesson(1, 0, TeacherSettings(damage=0.6), num_grooves=6)
    for _, samples in render_lesson(plan, TeacherSettings(damage=0.6)):
        assert samples.shape == (10 * SAMPLE_RATE_HZ,) and samples.dtype == np.float32
        assert np.isfinite(samples).all()
        assert np.sqrt(np.mean(samples**2)) > 0.005 and np.abs(samples).max() <= 1.0


@pytest.mark.parametrize("kit", range(len(KITS)), ids=KITS)
def test_every_kit_and_part_can_be_heard(kit):
    rng = np.random.default_rng(kit)
    sound = draw_sound(kit, rng, damage=0.0)
    hits = np.zeros((len(ROWS), 16), np.float32)
    hits[:, ::4] = 0.8
    for row in range(len(ROWS)):
        alone = np.where(np.arange(len(ROWS))[:, None] == row, hits, 0).astype(np.float32)
        groove = _groove(alone)
        score = perform(groove, 120.0, 0.0, rng, seconds=1.0, unsteadiness_s=0.0)
        quiet = replace(sound, mix=replace(sound.mix, drone=0.0))
        samples = render_clip(score, quiet, rng)
        assert np.isfinite(samples).all() and np.sqrt(np.mean(samples**2)) > 1e-3, ROWS[row]


def test_held_out_idioms_and_kits_are_not_heard():
    settings = TeacherSettings(exclude_idioms=("rock", "euclid"), only_kits=("toy", "chip"))
    plans = [plan_lesson(0, k, settings, num_grooves=16) for k in range(8)]
    idioms = {IDIOMS[groove.idiom] for plan in plans for groove in plan.grooves}
    assert len(idioms) > 20 and not idioms & {"rock", "euclid"}
    assert {KITS[kit] for plan in plans for kit in plan.kits} == {"toy", "chip"}


@pytest.mark.parametrize("wrong", [{"only_idioms": ("rokc",)}, {"exclude_kits": KITS}])
def test_settings_that_leave_nothing_are_refused(wrong):
    with pytest.raises(SettingsError):
        plan_lesson(0, 0, TeacherSettings(**wrong), num_grooves=1)


def test_no_two_grooves_are_equal():
    """Over batches too: the stream is endless, and patterns are drawn, not listed."""
    settings = TeacherSettings(sibling_share=0.0, tempi_per_groove=1)
    grooves = [g for k in range(30) for g in plan_lesson(2, k, settings, num_grooves=16).grooves]
    onsets = {(g.beats_per_bar, g.num_bars, (g.hits > 0).tobytes()) for g in grooves}
    assert len({g.hits.tobytes() for g in grooves}) == len(grooves)
    assert len(onsets) > 0.98 * len(grooves)


# -- Hard negatives ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def originals():
    plans = [plan_lesson(5, k, TeacherSettings(sibling_share=0), num_grooves=16) for k in range(3)]
    return [groove for plan in plans for groove in plan.grooves]


@pytest.mark.parametrize("change", CHANGES)
def test_a_hard_negative_differs_where_it_says(originals, change):
    for number, groove in enumerate(originals):
        other = alter_groove(groove, change, np.random.default_rng(number))
        rows = [r for r in range(len(ROWS)) if np.any((other.hits[r] > 0) != (groove.hits[r] > 0))]
        moved = (other.swing != groove.swing, np.any(other.late_beats != groove.late_beats))
        many = int(groove.hits.any(axis=1).sum()) > 1
        assert (other.tempo_bpm, other.beats_per_bar) == (groove.tempo_bpm, groove.beats_per_bar)
        if change in ("pattern", "lane"):
            assert not any(moved) and len(rows) >= (2 if change == "pattern" and many else 1)
            assert change == "pattern" or len(rows) == 1
        else:
            assert not rows and moved == (change == "swing", change == "lateness")
            assert np.array_equal(other.hits, groove.hits) == (change != "accents")


def test_siblings_in_a_lesson_sound_different_and_share_tempi():
    settings = TeacherSettings(sibling_share=0.7)
    seen = set()
    for number in range(6):
        plan = plan_lesson(11, number, settings, num_grooves=12)
        for place in range(1, 12):
            if plan.changes[place]:
                seen.add(plan.changes[place])
                assert tell_apart(plan.grooves[place], plan.grooves[place - 1]) > 0.05
                assert plan.grooves[place].idiom == plan.grooves[place - 1].idiom
                assert _tempi(plan, place) == _tempi(plan, place - 1)
    assert seen == set(CHANGES)


def _tempi(plan, groove):
    return {clip.tempo_bpm for clip in plan.clips if clip.groove == groove}


def test_a_groove_is_not_told_apart_from_itself_played_twice_over(originals):
    for groove in originals:
        twice = replace(
            groove,
            num_bars=2 * groove.num_bars,
            hits=np.tile(groove.hits, 2),
            variant=np.tile(groove.variant, 2),
            splits=np.tile(groove.splits, 2),
        )
        assert tell_apart(groove, groove) == 0.0
        assert tell_apart(groove, twice) < 0.02


# -- The demo's grooves --------------------------------------------------------------------------


def _groove(hits, steps_per_beat=4, beats=4.0, num_bars=1):
    return Groove(
        idiom=0,
        beats_per_bar=beats,
        steps_per_beat=steps_per_beat,
        num_bars=num_bars,
        hits=hits,
        variant=hits,
        swing=0.5,
        swing_steps=1,
        late_beats=np.zeros(len(ROWS), np.float32),
        gates=np.ones(len(PARTS), np.float32),
        tempo_bpm=100.0,
        splits=np.ones(hits.shape, np.int64),
        flams=0.0,
        fill_every=0,
    )


def _demo_bars():
    """Each bar that the demo can play, as onsets of (kick, backbeat, cymbals) by step."""
    bars = set()
    for groove in GROOVES:
        layers = (("kick",), ("snare", "rim"), ("hat", "open_hat", "ride"))
        lanes = [lane for layer in layers for lane in layer if lane in groove.drums]
        for chosen in product(*(groove.drums[lane] for lane in lanes)):
            played = [
                [any(set(signs) - {"."}) for signs in zip(*_of(layer, lanes, chosen), strict=True)]
                for layer in layers
            ]
            bars.add(tuple(zip(*played, strict=True)))
    return bars


def _of(layer, lanes, bars):
    """The bars of the lanes of a layer that there are."""
    return [bar for lane, bar in zip(lanes, bars, strict=True) if lane in layer]


def _heard_bars(score, beats_per_bar, tempo_bpm):
    """Onsets of the same layers in each whole bar, at the demo's resolutions, by another way."""
    layers = ((0,), (1, 2), (3, 4, 5))
    bar_seconds = beats_per_bar * 60 / tempo_bpm
    for size in (16, 12):
        places = (score.strokes.starts - score.phase_s) / bar_seconds * size
        for bar in range(int((score.seconds - score.phase_s) / bar_seconds)):
            inside = np.rint(places).astype(int) // size == bar
            steps, rows = np.rint(places[inside]).astype(int) % size, score.strokes.rows[inside]
            yield tuple(
                tuple(bool(np.isin(rows[steps == step], layer).any()) for layer in layers)
                for step in range(size)
            )


@pytest.mark.parametrize("groove", GROOVES, ids=lambda groove: groove.name)
@pytest.mark.parametrize("turn", [0, 3])
def test_a_groove_of_the_demo_is_refused(groove, turn):
    """Without the guard they would be taught: they are busy, and two of their idioms are too."""
    names = {"open": "open_hat", "high": "percussion"}
    lanes = {lane: groove.drums.get(names.get(lane, lane), ()) for lane in LANES}
    for choice in range(2):
        hits = np.zeros((len(ROWS), groove.steps_per_bar), np.float32)
        for lane, bars in lanes.items():
            if bars:
                bar = bars[choice % len(bars)]
                hits[LANES.index(lane)] = [0.8 * (sign != ".") for sign in bar]
        hits = np.roll(hits, turn, axis=1)
        played = _groove(hits, groove.steps_per_beat, float(groove.beats_per_bar))
        halved = replace(
            played, beats_per_bar=groove.beats_per_bar / 2, steps_per_beat=2 * groove.steps_per_beat
        )
        beside = np.concatenate([np.roll(hits[::-1], 1, axis=1), hits], axis=1)
        assert not is_admitted(played) and not is_admitted(halved)
        assert not is_admitted(replace(played, variant=beside[:, : hits.shape[1]]))
        assert not is_admitted(
            _groove(beside, groove.steps_per_beat, float(groove.beats_per_bar), 2)
        )
        without_cymbals = hits.copy()
        without_cymbals[3:6] = 0
        without_cymbals[6, ::2] = 0.8
        assert is_admitted(
            _groove(without_cymbals, groove.steps_per_beat, float(groove.beats_per_bar))
        )


def test_no_lesson_plays_a_bar_of_the_demo():
    demo = _demo_bars()
    settings = STEADY.model_copy(update={"tempi_per_groove": 1, "sounds_per_tempo": 1})
    bars = 0
    for number in range(60):
        plan = plan_lesson(13, number, settings, num_grooves=16)
        for clip in plan.clips:
            beats = plan.grooves[clip.groove].beats_per_bar
            for bar in _heard_bars(clip.score, beats, clip.tempo_bpm):
                bars += 1
                assert bar not in demo, IDIOMS[plan.grooves[clip.groove].idiom]
    assert bars > 3000


def test_the_search_for_bars_of_the_demo_finds_one():
    hits = np.zeros((len(ROWS), 16), np.float32)
    for lane, row in (("kick", 0), ("snare", 1), ("hat", 3)):
        hits[row] = [0.8 * (sign != ".") for sign in GROOVES[1].drums[lane][0]]
    groove = _groove(hits)
    score = perform(groove, 110.0, 0.3, np.random.default_rng(0), seconds=10.0, unsteadiness_s=0.0)
    assert set(_heard_bars(score, 4.0, 110.0)) & _demo_bars()


# -- Truth about time ----------------------------------------------------------------------------


def _onset_envelope(samples):
    """Rises of level, 100 a second."""
    hop = SAMPLE_RATE_HZ // 100
    frames = samples[: len(samples) // hop * hop].reshape(-1, hop)
    return np.maximum(np.diff(np.log(np.sqrt(np.mean(frames**2, axis=1)) + 1e-3)), 0)


def _agreement(envelope, lag_frames):
    """Autocorrelation at a lag that need not be whole."""
    later = np.interp(np.arange(len(envelope)) + lag_frames, np.arange(len(envelope)), envelope)
    keep = len(envelope) - int(np.ceil(lag_frames))
    return float(np.corrcoef(envelope[:keep], later[:keep])[0, 1])


def test_a_clip_repeats_at_its_beats_and_bars():
    idioms = ("house", "techno", "disco", "motown", "trance", "soca")
    settings = STEADY.model_copy(
        update={"only_idioms": idioms, "sibling_share": 0.0, "mixed_share": 0.0}
    )
    found = []
    plan = plan_lesson(17, 0, settings, num_grooves=8)
    for place, samples in render_lesson(plan, settings):
        envelope, beat = _onset_envelope(samples), 6000 / plan.clips[place].tempo_bpm
        factors = np.exp(np.linspace(-0.2, 0.2, 81))
        scores = [np.mean([_agreement(envelope, k * f * beat) for k in (1, 2, 4)]) for f in factors]
        found.append(factors[int(np.argmax(scores))])
    wrong = np.abs(np.array(found) - 1)
    assert np.mean(wrong < 0.02) >= 0.8 and np.median(wrong) < 0.01


def test_the_first_downbeat_is_where_it_says():
    hits = np.zeros((len(ROWS), 16), np.float32)
    hits[0, 0] = 1.0
    groove = _groove(hits)
    sound = draw_sound(KITS.index("studio"), np.random.default_rng(0), damage=0.0)
    for share in (0.0, 0.4, 0.9):
        rng = np.random.default_rng(1)
        score = perform(groove, 90.0, share, rng, seconds=10.0, unsteadiness_s=0.0)
        samples = render_clip(score, sound, rng)
        onset = int(
            np.argmax(
                _onset_envelope(np.concatenate([np.zeros(441, np.float32), samples]))[: 100 * 3]
            )
        )
        assert score.phase_s == pytest.approx(share * 4 * 60 / 90)
        assert onset / 100 - 0.02 == pytest.approx(score.phase_s, abs=0.025)


def test_clips_of_a_groove_have_one_pattern_after_scaling_time():
    """Every stroke of a steady player lies on a hit of the groove, whatever the tempo."""
    plan = plan_lesson(19, 0, STEADY, num_grooves=12)
    checked = 0
    for clip in plan.clips:
        groove = plan.grooves[clip.groove]
        if groove.fill_every or groove.flams or groove.splits.max() > 1:
            continue
        cycle = groove.num_bars * groove.beats_per_bar
        beats = (clip.score.strokes.starts - clip.score.phase_s) * clip.tempo_bpm / 60
        rows, steps = np.nonzero(np.maximum(groove.hits, groove.variant))
        times = groove.hit_beats()[rows, steps]
        misses = [
            _count_misses(rows, (times + turn * groove.beats_per_bar) % cycle, clip, beats, cycle)
            for turn in range(groove.num_bars)
        ]
        assert min(misses) == 0
        checked += 1
    assert checked >= 12


def _count_misses(rows, times, clip, beats, cycle):
    missing = 0
    for row, beat in zip(clip.score.strokes.rows, beats % cycle, strict=True):
        gaps = np.abs(times[rows == row] - beat)
        missing += not len(gaps) or np.minimum(gaps, cycle - gaps).min() > 0.01
    return missing


def _fold(samples, clip, groove, cells=96):
    """The onset envelope over the groove's cycle: float64 (cells,)."""
    envelope = _onset_envelope(samples)
    beats = ((np.arange(len(envelope)) + 1.0) / 100 - clip.score.phase_s) * clip.tempo_bpm / 60
    places = (beats / (groove.num_bars * groove.beats_per_bar) * cells).astype(int) % cells
    return np.bincount(places, envelope, cells) / np.maximum(
        np.bincount(places, minlength=cells), 1
    )


def _likeness(first, second):
    """Correlation over the cycle, wherever it begins."""
    return max(np.corrcoef(first, np.roll(second, k))[0, 1] for k in range(len(first)))


def test_a_groove_sounds_more_like_itself_at_another_tempo_than_like_others():
    settings = STEADY.model_copy(
        update={"sibling_share": 0.0, "sounds_per_tempo": 1, "tempi_per_groove": 2}
    )
    plan = plan_lesson(23, 0, settings, num_grooves=16)
    folded = {
        place: _fold(samples, plan.clips[place], plan.grooves[plan.clips[place].groove])
        for place, samples in render_lesson(plan, settings)
    }
    same = [_likeness(folded[2 * g], folded[2 * g + 1]) for g in range(16)]
    other = [_likeness(folded[2 * g], folded[(2 * g + 3) % 32]) for g in range(16)]
    assert np.mean(same) > np.mean(other) + 0.15


def test_partners_are_struck_at_the_same_times():
    plan = plan_lesson(29, 0, SETTINGS, num_grooves=4)
    for clip in plan.clips:
        other = plan.clips[clip.partner]
        np.testing.assert_array_equal(clip.score.strokes.starts, other.score.strokes.starts)
        np.testing.assert_array_equal(clip.score.notes.starts, other.score.notes.starts)


@pytest.mark.parametrize("idiom", range(len(IDIOMS)), ids=IDIOMS)
def test_every_idiom_gives_grooves_of_every_kind(idiom):
    rng = np.random.default_rng(idiom)
    kinds = ("drums", "band", "tune") if find_idiom(idiom).has_tune else ("drums", "band")
    for kind in kinds:
        grooves = [draw_groove(idiom, kind, rng) for _ in range(12)]
        assert any(is_admitted(groove) for groove in grooves)
        for groove in grooves:
            assert groove.hits.shape == (len(ROWS), groove.num_bars * groove.steps_per_bar)
            assert np.all(np.diff(groove.step_beats()) > 0)
            if kind == "drums":
                assert not groove.hits[len(LANES) :].any()
            if kind == "tune":
                assert not groove.hits[: len(LANES)].any()


# -- For people ----------------------------------------------------------------------------------


def test_lessons_are_written_to_be_heard(tmp_path):
    table = write_lessons(tmp_path / "new", 1, 2, TeacherSettings(tempi_per_groove=2))
    lines = [line.split("\t") for line in table.read_text().splitlines()]
    assert lines[0][:3] == ["file", "groove", "idiom"] and len(lines) == 1 + 2 * 2 * 2
    for row in lines[1:]:
        samples, rate = soundfile.read(table.parent / row[0])
        assert rate == SAMPLE_RATE_HZ and len(samples) == 10 * rate
        assert row[2] in IDIOMS and row[2] in row[0]


def test_the_command_writes_them(tmp_path):
    from flows.cli.experiment_commands import experiment_app

    arguments = [
        "teacher",
        "--listen",
        str(tmp_path),
        "--grooves",
        "1",
        "--idiom",
        "samba",
        "--json",
    ]
    done = CliRunner().invoke(experiment_app, arguments)
    assert done.exit_code == 0, done.output
    assert len(list(tmp_path.glob("000_samba_*.wav"))) == 6
