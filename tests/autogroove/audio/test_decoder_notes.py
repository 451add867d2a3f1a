"""What a decoder writes to the terminal by itself becomes one note with the file."""

import logging
import os

import numpy as np
import pytest
from sounds import encode_mp3, play_music

from autogroove.audio.decoder_notes import gather_notes
from autogroove.audio.decoding import read_clips
from autogroove.audio.files import open_bytes
from autogroove.config.settings import ClipSettings


def test_complaints_of_libmpg123_are_one_note(capfd, caplog) -> None:
    damaged = bytearray(encode_mp3(play_music(8)))
    random = np.random.default_rng(1)
    for at in random.integers(2000, len(damaged), 30):
        damaged[at] ^= 1 << int(random.integers(8))
    with caplog.at_level(logging.WARNING, "autogroove.audio"):
        read_clips(open_bytes("of/a/tune.mp3", bytes(damaged)), ClipSettings(clip_seconds=1.0))
    assert capfd.readouterr().err == ""
    (note,) = [record.getMessage() for record in caplog.records]
    assert note.startswith("of/a/tune.mp3: its decoder complains ")
    assert "libmpg123" not in note


def test_what_others_write_comes_out(capfd, caplog) -> None:
    with gather_notes("a.mp3"):
        os.write(2, b"[src/libmpg123/x.c:f():1] error: one\nfrom somebody else\n")
    assert capfd.readouterr().err == "from somebody else\n"
    assert [record.getMessage() for record in caplog.records] == [
        "a.mp3: its decoder complains once (error: one); it is heard through"
    ]


def test_a_fault_passes_and_the_terminal_is_back(capfd) -> None:
    with pytest.raises(ValueError, match="inside"), gather_notes("a.mp3"):
        raise ValueError("inside")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"
