"""Laws of tempo, rhythm, timbre and disguise."""

import librosa
import numpy as np
import pytest

from autogroove.evaluation.descriptors.augmentation import augment_clip, stretch_clip
from autogroove.evaluation.descriptors.clips import describe_clips, describe_tracks_rhythm
from autogroove.evaluation.descriptors.onsets import (
    ANALYSIS_RATE_HZ,
    NUM_BETWEEN,
    NUM_LAGS,
    NUM_MELS,
    WINDOW_SAMPLES,
    detect_onsets,
    measure_mel,
    measure_periodicity,
    mel_filters,
    relate_bands,
)
from autogroove.evaluation.descriptors.rhythm import fold_tempo
from autogroove.evaluation.descriptors.storing import SPEEDS
from autogroove.source.groovebox.mix import render_track
from autogroove.source.groovebox.plan import DemoSpec, plan_demo

RATE = ANALYSIS_RATE_HZ
SECONDS = 10


def play(
    tempo_bpm: float, steps: dict[int, str], steps_per_bar: int = 16, rate: int = RATE
) -> np.ndarray:
    """Ten seconds of a bar of drums: k kick, s snare, h hat, at steps of a 4/4 bar."""
    samples = np.zeros(rate * SECONDS, np.float32)
    rng = np.random.default_rng(0)
    time = np.arange(int(0.1 * rate)) / rate
    sounds = {
        "k": np.sin(2 * np.pi * 60 * time) * np.exp(-30 * time),
        "s": rng.normal(0, 0.3, len(time)) * np.exp(-40 * time),
        "h": np.diff(rng.normal(0, 0.2, len(time) + 1)) * np.exp(-90 * time),
    }
    step_seconds = 240 / tempo_bpm / steps_per_bar
    for step in range(int(SECONDS / step_seconds)):
        for sound in steps.get(step % steps_per_bar, ""):
            start = int(step * step_seconds * rate)
            room = samples[start : start + len(time)]
            room += sounds[sound][: len(room)].astype(np.float32)
    return samples + rng.normal(0, 1e-4, len(samples)).astype(np.float32)


CLICKS = {0: "h", 4: "h", 8: "h", 12: "h"}
ROCK = {0: "kh", 2: "h", 4: "sh", 6: "h", 8: "kh", 10: "h", 12: "sh", 14: "h"}
FUNK = {0: "kh", 3: "k", 4: "s", 6: "kh", 7: "s", 9: "s", 10: "k", 11: "h", 12: "s", 15: "k"}


def hear(*clips: np.ndarray, rate: int = RATE):
    described = describe_clips(clips, rate)
    tracks = np.arange(len(clips))
    return describe_tracks_rhythm(described.periodicity, tracks, len(clips), described.between)


@pytest.mark.parametrize("tempo", [58, 74.5, 90, 111.3, 128, 150, 176])
def test_tempo_of_clicks_is_known_to_one_percent(tempo: float) -> None:
    ratio = hear(play(tempo, CLICKS)).tempo_bpm[0] / tempo
    assert min(abs(ratio / octave - 1) for octave in (0.5, 1, 2)) < 0.01


def test_tempo_of_the_groovebox_is_known() -> None:
    plan = [t for t in plan_demo(DemoSpec()) if t.groove.name != "waltz"][::31]
    clips = [render_track(track).mean(axis=1)[: SECONDS * 44100] for track in plan]
    ratio = hear(*clips, rate=44100).tempo_bpm / [track.tempo_bpm for track in plan]
    octaves = np.log2(ratio)
    right = np.abs(octaves - np.round(octaves)) < np.log2(1.04)
    assert right.mean() > 0.85, list(zip(ratio, [t.groove.name for t in plan], strict=True))


def test_rhythm_outlasts_tempo_and_tells_patterns_apart() -> None:
    rows = hear(*(play(tempo, steps) for steps in (ROCK, FUNK) for tempo in (88, 104, 121))).rhythm
    alike = rows @ rows.T
    same = np.kron(np.eye(2), np.ones((3, 3))).astype(bool)
    assert alike[same].min() > alike[~same].max() + 0.1


def test_only_the_relation_of_bands_knows_who_answers_whom() -> None:
    """The same kicks and the same snares, the snare once on the beat and once off it."""
    on, off = ({0: "k", 8: "k", 4 + d: "s", 12 + d: "s"} for d in (0, -2))
    heard = hear(play(92, on), play(118, on), play(105, off))
    assert heard.rhythm[0] @ heard.rhythm[2] > 0.9, "each band for itself sounds alike"
    alike = heard.between @ heard.between.T
    assert alike[0, 1] > 0.8 and alike[0, 2] < 0.5 and alike[1, 2] < 0.5


def test_later_band_is_to_the_right() -> None:
    onsets = np.zeros((400, 3), np.float32)
    onsets[50:350:60, 0] = onsets[57:357:60, 1] = 1
    between = relate_bands(onsets)
    assert between[0].argmax() - NUM_BETWEEN == 7
    assert between[0].max() == pytest.approx(1, abs=0.05) and not between[1:].any()


def test_loudness_and_colour_hardly_touch_rhythm() -> None:
    plain = play(100, FUNK)
    bright = np.append(plain[0], np.diff(plain) * 3).astype(np.float32)
    rows = hear(plain, 0.01 * plain, bright).rhythm
    assert rows[0] @ rows[1] > 0.98 and rows[0] @ rows[2] > 0.9


def test_silence_and_noise_are_finite() -> None:
    noise = np.random.default_rng(0).normal(size=RATE).astype(np.float32)
    quiet, short = np.zeros(SECONDS * RATE, np.float32), np.zeros(100, np.float32)
    described = describe_clips([quiet, short, noise], RATE)
    rhythms = describe_tracks_rhythm(described.periodicity, np.arange(3), 3)
    for values in (described.timbre, described.periodicity, described.tempogram(), rhythms.rhythm):
        assert np.isfinite(values).all()
    assert np.isnan(rhythms.tempo_bpm[:2]).all() and not rhythms.rhythm[:2].any()


def test_one_clip_is_described_as_among_many() -> None:
    clips = [play(90, ROCK), play(120, FUNK)]
    together, alone = describe_clips(clips, RATE), describe_clips(clips[1:], RATE)
    np.testing.assert_array_equal(together.periodicity[1], alone.periodicity[0])
    np.testing.assert_array_equal(together.timbre[1], alone.timbre[0])


def test_mel_filters_are_those_of_librosa() -> None:
    expected = librosa.filters.mel(sr=RATE, n_fft=WINDOW_SAMPLES, n_mels=NUM_MELS, htk=True)
    np.testing.assert_allclose(mel_filters().T, expected, atol=1e-6)


def test_mel_spectrum_is_that_of_librosa() -> None:
    samples = play(100, ROCK)
    expected = librosa.feature.melspectrogram(
        y=samples, sr=RATE, n_fft=WINDOW_SAMPLES, hop_length=256, n_mels=40, htk=True, center=False
    )
    np.testing.assert_allclose(measure_mel(samples), expected.T, rtol=1e-3, atol=1e-5)


def test_periodicity_is_an_autocorrelation() -> None:
    onsets = detect_onsets(measure_mel(play(100, ROCK)))
    centred = onsets - onsets.mean(axis=0)
    lag, num = 150, len(onsets)
    expected = (centred[lag:] * centred[:-lag]).sum(axis=0) / (centred**2).sum(axis=0)
    measured = measure_periodicity(onsets)
    assert measured.shape == (3, NUM_LAGS)
    np.testing.assert_allclose(measured[:, lag], expected * num / (num - lag), rtol=1e-3)
    np.testing.assert_allclose(measured[:, 0], 1, rtol=1e-5)


def test_tempo_is_folded_into_one_octave() -> None:
    np.testing.assert_allclose(
        fold_tempo(np.array([75.0, 60, 150, 149, 300])), [75, 120, 75, 149, 75]
    )


class TestDisguise:
    @pytest.mark.parametrize("semitones", [-2.0, 2.0])
    def test_a_tone_moves_by_semitones(self, semitones: float) -> None:
        time = np.arange(SECONDS * RATE) / RATE
        tone = np.sin(2 * np.pi * 440 * time).astype(np.float32)
        shifted = augment_clip(tone, RATE, semitones, seed=1)
        spectrum = np.abs(np.fft.rfft(shifted * np.hanning(len(shifted))))
        assert np.argmax(spectrum) / SECONDS == pytest.approx(440 * 2 ** (semitones / 12), rel=2e-3)
        assert len(shifted) == len(tone) and shifted.dtype == np.float32
        assert np.std(shifted) == pytest.approx(np.std(tone), rel=0.01)

    @pytest.mark.parametrize("semitones", [-2.0, 2.0])
    def test_tempo_and_rhythm_stay(self, semitones: float) -> None:
        plain = play(112, FUNK)
        heard = hear(plain, augment_clip(plain, RATE, semitones, seed=3))
        assert heard.tempo_bpm[1] == pytest.approx(heard.tempo_bpm[0], rel=0.01)
        assert heard.rhythm[0] @ heard.rhythm[1] > 0.8

    def test_pitch_is_where_librosa_puts_it(self) -> None:
        """Timbre aside (the equaliser), both hold the same notes."""
        sweep = librosa.chirp(fmin=200, fmax=2000, sr=RATE, duration=SECONDS).astype(np.float32)
        ours = augment_clip(sweep, RATE, 2, seed=0)
        theirs = librosa.effects.pitch_shift(sweep, sr=RATE, n_steps=2)
        peak = [np.abs(librosa.stft(x))[:, 20:-20].argmax(axis=0) for x in (ours, theirs)]
        assert np.median(np.abs(peak[0] - peak[1])) <= 1

    def test_colour_depends_on_the_seed_alone(self) -> None:
        plain = play(100, ROCK)
        one, again, other = (augment_clip(plain, RATE, 2, seed) for seed in (1, 1, 2))
        np.testing.assert_array_equal(one, again)
        assert np.abs(one - other).max() > 0.01

    def test_silence_stays_silent(self) -> None:
        assert not augment_clip(np.zeros(RATE, np.float32), RATE, 2, 0).any()


class TestAnotherTempo:
    @pytest.mark.parametrize("speed", SPEEDS)
    def test_tempo_moves_and_rhythm_stays(self, speed: float) -> None:
        plain = play(112, FUNK)
        stretched = stretch_clip(plain, speed)
        assert stretched.shape == plain.shape and stretched.dtype == np.float32
        heard = hear(plain, stretched)
        tempi = [fold_tempo(np.array([bpm]))[0] for bpm in (heard.tempo_bpm[1], 112 * speed)]
        assert tempi[0] == pytest.approx(tempi[1], rel=0.02)
        assert heard.rhythm[0] @ heard.rhythm[1] > 0.7

    @pytest.mark.parametrize("speed", [0.8, 1.25])
    def test_pitch_stays(self, speed: float) -> None:
        time = np.arange(SECONDS * RATE) / RATE
        tone = np.sin(2 * np.pi * 440 * time).astype(np.float32)
        spectrum = np.abs(np.fft.rfft(stretch_clip(tone, speed) * np.hanning(len(tone))))
        assert np.argmax(spectrum) / SECONDS == pytest.approx(440, rel=2e-3)
