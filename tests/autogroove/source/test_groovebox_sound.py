"""What can be heard in the demo: tempo, rhythm across sounds, and sound across rhythms."""

import warnings

import numpy as np
import pytest

from autogroove.source.groovebox.mix import render_track
from autogroove.source.groovebox.plan import DemoSpec, plan_demo

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

NEAR = 0.06
LAGS_BEATS = np.arange(1, 49) / 12
RATIOS = (1, 2, 1 / 2, 3, 1 / 3, 3 / 2, 2 / 3, 4 / 3, 3 / 4)


@pytest.fixture(scope="module")
def tracks():
    return plan_demo(DemoSpec(num_tracks=96))


@pytest.fixture(scope="module")
def heard(tracks):
    """MFCC statistics (n, 40), onset autocorrelation by beats (n, 48), estimated tempi (n,)."""
    import librosa

    timbre, rhythm, tempi = [], [], []
    for track in tracks:
        samples = render_track(track)[: 20 * 44100].mean(axis=1)
        samples = librosa.resample(samples, orig_sr=44100, target_sr=22050, res_type="soxr_qq")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mfcc = librosa.feature.mfcc(y=samples, sr=22050, hop_length=1024)
            onsets = librosa.onset.onset_strength(y=samples, sr=22050, hop_length=256)
            options = {"onset_envelope": onsets, "sr": 22050, "hop_length": 256}
            tempogram = librosa.feature.tempogram(**options).mean(axis=1)
            lags = LAGS_BEATS * 60 / track.tempo_bpm * 22050 / 256
            rhythm.append(np.interp(lags, np.arange(len(tempogram)), tempogram))
            tempi.append(librosa.feature.tempo(**options)[0])
        timbre.append(np.concatenate([mfcc.mean(axis=1), mfcc.std(axis=1)]))
    return _standardise(np.array(timbre)), np.array(rhythm), np.array(tempi)


def _standardise(values):
    return (values - values.mean(axis=0)) / values.std(axis=0)


def _hit_rate(values, labels, barred):
    """Share of the five nearest, among tracks with another `barred`, that share the label."""
    apart = ((values[:, None] - values[None]) ** 2).sum(axis=-1)
    apart[barred[:, None] == barred[None]] = np.inf
    nearest = apart.argsort(axis=1)[:, :5]
    return float((labels[nearest] == labels[:, None]).mean())


def test_the_known_tempo_is_heard(tracks, heard):
    ratio = heard[2] / np.array([track.tempo_bpm for track in tracks])
    plain = np.abs(np.log2(ratio)) < NEAR
    related = np.any([np.abs(np.log2(ratio / r)) < NEAR for r in RATIOS], axis=0)
    assert plain.mean() > 0.5
    assert related.mean() > 0.9


def test_rhythm_tells_the_groove_across_sounds_better_than_sound_does(tracks, heard):
    timbre, rhythm, _ = heard
    grooves = np.array([track.groove_index for track in tracks])
    palettes = np.array([track.palette_index for track in tracks])
    by_timbre = _hit_rate(timbre, grooves, palettes)
    by_rhythm = _hit_rate(rhythm, grooves, palettes)
    assert by_timbre < 0.3, "statistics of timbre must not give the groove away"
    assert by_rhythm > 0.45


def test_sound_tells_the_palette_across_artists_and_rhythm_does_not(tracks, heard):
    timbre, rhythm, _ = heard
    palettes = np.array([track.palette_index for track in tracks])
    artists = np.array([track.artist_id for track in tracks])
    assert _hit_rate(timbre, palettes, artists) > 0.4
    assert _hit_rate(rhythm, palettes, artists) < 0.3
