"""Laws of a pretraining: equal steps give equal weights, however often it was stopped."""

import copy
import json

import numpy as np
import pytest
import safetensors.torch
import torch
from torch.nn.functional import cosine_similarity
from typer.testing import CliRunner

from autogroove.errors import SettingsError
from autogroove.model import pack_weights, unpack_weights
from autogroove.model.pretrained import take_parts
from autogroove.model.training import (
    PretrainingSettings,
    build_network,
    pretrain,
    read_pretrained,
)
from autogroove.model.training.contrast import blame_tempi, contrast_classes
from autogroove.model.training.pretraining import order_lessons
from autogroove.store import digest_bytes
from flows.cli.experiment_commands import experiment_app

SMALL = PretrainingSettings(num_grooves=2, new_lessons=1, memory=2)


@pytest.fixture(scope="module")
def three_epochs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pretraining")
    notes = []
    network = pretrain(folder, SMALL, 3, workers=0, progress=lambda *note: notes.append(note))
    return folder, network, notes


def equal(one, other):
    states = one.state_dict(), other.state_dict()
    return all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_one_that_was_stopped_ends_where_one_that_was_not_does(three_epochs, tmp_path):
    _, whole, _ = three_epochs
    first = pretrain(tmp_path, SMALL, 1, workers=0)
    assert not equal(first, whole)
    # Somebody's evening, somebody else's machine, and a process that makes lessons ahead.
    assert equal(pretrain(tmp_path, SMALL, 3, workers=1), whole)


def test_an_epoch_that_was_not_written_whole_is_done_again(three_epochs, tmp_path):
    _, whole, _ = three_epochs
    pretrain(tmp_path, SMALL, 2, workers=0)
    torn = tmp_path / "checkpoints" / "epoch-00003.safetensors"
    torn.write_bytes(b"half of it")
    assert equal(pretrain(tmp_path, SMALL, 3, workers=0), whole)


def test_the_last_checkpoint_is_what_was_returned_and_old_ones_are_gone(three_epochs):
    folder, network, _ = three_epochs
    assert equal(read_pretrained(folder), network)
    names = sorted(path.name for path in (folder / "checkpoints").glob("*.safetensors"))
    assert names == ["epoch-00002.safetensors", "epoch-00003.safetensors"]


def test_progress_tells_each_epoch_and_its_losses(three_epochs):
    _, _, notes = three_epochs
    assert [note[:2] for note in notes] == [(1, 3), (2, 3), (3, 3)]
    assert all(name in notes[-1][2] for name in ("rhythm", "tempo", "sound", "picture"))


def test_a_folder_keeps_its_settings(three_epochs):
    folder, _, _ = three_epochs
    with pytest.raises(SettingsError, match="other settings"):
        pretrain(folder, SMALL.model_copy(update={"seed": 1}), 4, workers=0)


def test_an_empty_folder_holds_no_pretraining(tmp_path):
    with pytest.raises(SettingsError, match="no pretraining"):
        read_pretrained(tmp_path)


def test_an_epoch_has_its_new_lessons_and_as_many_of_the_last_ones():
    settings = PretrainingSettings(new_lessons=4, memory=6)
    assert sorted(order_lessons(settings, 0)) == [0, 1, 2, 3]
    third = sorted(order_lessons(settings, 3))
    assert third[4:] == [12, 13, 14, 15]
    assert set(third[:4]) <= set(range(6, 12))
    assert len(set(third)) == 8


def test_packed_weights_hear_almost_the_same(three_epochs):
    _, network, _ = three_epochs
    packed = pack_weights(network)
    assert len(packed) < 6e6
    other = build_network().eval()
    unpack_weights(other, packed)
    images = torch.rand(4, 1, *network.image_shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        alike = cosine_similarity(network.encode(images), other.encode(images))
    assert alike.min() > 0.999


def test_a_contrast_is_small_only_where_classes_lie_together():
    classes = torch.tensor([0, 0, 1, 1])
    together = torch.eye(2)[classes]
    assert contrast_classes(together, classes, 0.1) < 0.01
    assert contrast_classes(together, torch.tensor([0, 1, 0, 1]), 0.1) > 5
    alone = contrast_classes(together, torch.arange(4), 0.1)
    assert alone == 0


def test_hidden_pairs_are_neither_to_be_found_nor_in_the_way():
    classes = torch.tensor([0, 0, 1, 1])
    codes = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    hidden = torch.zeros(4, 4, dtype=torch.bool)
    hidden[0, 2] = hidden[2, 0] = True
    units = torch.nn.functional.normalize(codes, dim=1)
    chances = (units @ units.T / 0.1).exp()
    wanted = [
        (chances[one, found] / chances[one, others].sum()).log().neg()
        for one, found, others in (
            (0, 1, [1, 3]),
            (1, 0, [0, 2, 3]),
            (2, 3, [1, 3]),
            (3, 2, [0, 1, 2]),
        )
    ]
    found = contrast_classes(codes, classes, 0.1, hidden)
    torch.testing.assert_close(found, torch.stack(wanted).mean())


def test_parts_that_are_not_taught_keep_the_weights_that_they_began_with(three_epochs, tmp_path):
    _, network, _ = three_epochs
    begin = pack_weights(network)
    settings = SMALL.model_copy(update={"taught": ("pattern", "drawer"), "first_lesson": 7})
    taught = pretrain(tmp_path, settings, 2, begin=begin, workers=0)
    given = build_network()
    unpack_weights(given, begin)
    old, new = given.state_dict(), taught.state_dict()
    changed = {name.split(".")[0] for name in old if not torch.equal(old[name], new[name])}
    assert changed == {"pattern", "drawer"}
    assert sorted(path.stem for path in (tmp_path / "lessons").iterdir()) == ["000007", "000008"]
    again = pretrain(tmp_path, settings, 2, begin=begin, workers=0)
    assert equal(again, taught)
    with pytest.raises(SettingsError, match="other settings"):
        pretrain(tmp_path, settings, 3, workers=0)


def test_a_part_with_other_layers_begins_at_random(three_epochs):
    _, network, _ = three_epochs
    given = safetensors.torch.load(pack_weights(network))
    given["pattern.layers.8.bias"] = given["pattern.layers.8.bias"][:-1]
    other = build_network()
    before = copy.deepcopy(other.pattern.state_dict())
    taken = take_parts(other, safetensors.torch.save(given))
    assert "pattern" not in taken
    assert {"onsets", "tempo", "drawer", "when", "mean_image"} <= set(taken)
    assert all(torch.equal(value, before[k]) for k, value in other.pattern.state_dict().items())


def test_parts_that_do_not_exist_are_refused_by_name():
    with pytest.raises(SettingsError, match=r"no harmony.*it has: onsets"):
        PretrainingSettings.from_tree({"taught": ["harmony"]})


def test_tempi_outside_the_range_are_not_asked_about():
    logits = torch.zeros(2, 30)
    logits[0, 12] = 20.0
    right = blame_tempi(logits, torch.tensor([12.0, -5.0]))
    wrong = blame_tempi(logits, torch.tensor([20.0, -5.0]))
    assert right < wrong
    assert blame_tempi(logits, torch.tensor([-5.0, 99.0])) == 0


def test_the_command_writes_weights_that_a_network_takes_and_goes_on(tmp_path):
    config = tmp_path / "small.toml"
    config.write_text("num_grooves = 2\nnew_lessons = 1\nmemory = 2\n")
    weights = tmp_path / "groove.safetensors"
    common = ["--folder", str(tmp_path / "folder"), "--config", str(config), "--json"]
    arguments = ["pretrain", "--weights", str(weights), "--workers", "0", "--device", "cpu"]
    digests = []
    for epochs in ("1", "1", "2"):
        done = CliRunner().invoke(experiment_app, [*arguments, "--epochs", epochs, *common])
        assert done.exit_code == 0, done.output
        answer = json.loads(done.output)
        assert answer["digest"] == digest_bytes(weights.read_bytes())
        digests.append(answer["digest"])
    assert digests[0] == digests[1] != digests[2]
    unpack_weights(build_network(), weights.read_bytes())
    halves = safetensors.torch.load(weights.read_bytes()).values()
    assert all(np.isfinite(value.float().numpy()).all() for value in halves)


def test_a_setting_that_cannot_be_is_refused(tmp_path):
    config = tmp_path / "wrong.toml"
    config.write_text("num_grooves = 1\n")
    done = CliRunner().invoke(experiment_app, ["pretrain", "--config", str(config)])
    assert isinstance(done.exception, SettingsError)
    assert "num_grooves" in str(done.exception)
