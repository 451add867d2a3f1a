"""Where encoders cut the treble off: found where it was, and not found where nothing was cut."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from sounds import encode_mp3, play_music, scan_folder

from autogroove.errors import StoreError
from autogroove.evaluation.data_report.treble import (
    MOST_TRACKS,
    find_low_pass,
    measure_treble_once,
    plan_treble,
    read_treble,
)
from autogroove.store.store import Store

RATE = 44100
MUSIC = play_music(4)[:, 0]
NOISE = np.random.default_rng(0).normal(0, 0.1, 4 * RATE).astype("f4")


def cut(samples: np.ndarray, hz: float) -> np.ndarray:
    """Everything above a frequency taken off, and 16 bits as a file has them."""
    spectrum = np.fft.rfft(samples)
    spectrum[round(hz * len(samples) / RATE) :] = 0
    return (np.rint(np.fft.irfft(spectrum, len(samples)) * 32767) / 32768).astype("f4")


@pytest.mark.parametrize("samples", [MUSIC, NOISE], ids=["music", "noise"])
@pytest.mark.parametrize("hz", [8000, 12000, 16000, 19000])
def test_a_cut_is_found_where_it_is(samples: np.ndarray, hz: float) -> None:
    found = find_low_pass(cut(samples, hz), RATE)
    assert found == pytest.approx(hz, abs=100)


@pytest.mark.parametrize("samples", [MUSIC, NOISE, NOISE * 0, NOISE[:100]])
def test_where_nothing_was_cut_nothing_is_found(samples: np.ndarray) -> None:
    assert find_low_pass(samples, RATE) is None


def test_a_tone_above_the_cut_does_not_hide_it() -> None:
    whistle = 0.001 * np.sin(2 * np.pi * 15734 * np.arange(len(NOISE)) / RATE)
    found = find_low_pass(cut(NOISE, 12000) + whistle.astype("f4"), RATE)
    assert found == pytest.approx(12000, abs=100)


def test_a_sample_is_measured_once_and_read_back(tmp_path: Path) -> None:
    """LAME's own low-pass filters: 17 kHz at 160 kbit/s, 15 at 96; none in a WAV."""
    music = tmp_path / "music"
    music.mkdir()
    stereo = np.stack([NOISE, NOISE], axis=1)
    (music / "a.mp3").write_bytes(encode_mp3(stereo, level=0.6))
    (music / "b.mp3").write_bytes(encode_mp3(stereo, level=0.8))
    soundfile.write(music / "c.wav", NOISE, RATE)
    (music / "d.wav").write_bytes(b"no audio")
    store = Store(tmp_path / "store")
    source, catalogue = scan_folder(music, store)
    catalogue = catalogue.assign(status="stored")
    (batch,) = plan_treble(catalogue)
    key = measure_treble_once(batch, source, store)
    assert sorted(read_treble(store, [key]))[2] == np.inf
    assert sorted(read_treble(store, [key]))[:2] == pytest.approx([15500, 17500], abs=500)
    (music / "a.mp3").unlink()
    assert measure_treble_once(batch, source, store) == key
    store.write(key, b"[1")
    with pytest.raises(StoreError, match="damaged"):
        read_treble(store, [key])


def test_the_sample_is_bounded_and_stays_when_tracks_come() -> None:
    def chosen(count: int) -> set[str]:
        catalogue = pd.DataFrame(
            {
                "status": "stored",
                "fingerprint": [f"{i * 7919 % 100003:064x}" for i in range(count)],
                "path": [f"{i}.mp3" for i in range(count)],
                "size_bytes": 1,
            }
        )
        return {member.fingerprint for batch in plan_treble(catalogue) for member in batch}

    before, after = chosen(1000), chosen(1010)
    assert len(before) == len(after) == MOST_TRACKS
    assert len(before & after) >= MOST_TRACKS - 10
