"""The weights in the package are those that their card describes, and they hear."""

import numpy as np
import pytest
import torch

from autogroove.model import load_pretrained
from autogroove.model.pretrained import pretrained_bytes, pretrained_card, pretrained_digest
from autogroove.model.teacher import TeacherSettings, teach
from autogroove.model.training import HELD_OUT, PretrainingSettings, build_network


@pytest.fixture(scope="module")
def network():
    made = build_network()
    load_pretrained(made)
    return made.eval()


@pytest.fixture(scope="module")
def lesson():
    """Of idioms and kits that the pretraining did not have."""
    settings = TeacherSettings(only_idioms=HELD_OUT.idioms, only_kits=HELD_OUT.kits)
    return teach(77, 0, settings, num_grooves=12)


def test_the_card_is_of_these_weights():
    card = pretrained_card()
    assert card["digest"] == pretrained_digest()
    assert card["licence"] == "CC0-1.0"
    assert len(pretrained_bytes()) < 6e6
    PretrainingSettings.from_tree(card["recipe"])


@torch.no_grad()
def test_tempo_and_rhythm_are_heard_in_new_kits(network, lesson):
    heard = network.hear(torch.from_numpy(lesson.images).float()[:, None] / 255)
    beats = network.beat_frames(heard.tempi.argmax(dim=1).float()).numpy()
    octaves = np.log2(beats * network.frame_seconds * lesson.tempi_bpm / 60)
    assert (np.abs((octaves + 0.5) % 1 - 0.5) < 0.057).mean() > 0.75
    grooves, tempi = lesson.grooves, lesson.tempi_bpm
    apart = torch.cdist(heard.rhythm, heard.rhythm).numpy()
    same_sound = lesson.sounds[:, None] == lesson.sounds
    same_tempo = np.abs(np.log(tempi[:, None] / tempi)) < 0.005
    hidden = same_sound | (same_tempo & (grooves[:, None] == grooves))
    nearest = np.where(hidden, np.inf, apart).argmin(axis=1)
    # Chance is 1 in 18; a correlogram that does not know the beat is below it.
    assert (grooves[nearest] == grooves).mean() > 0.35
