"""Pretraining: from an endless teacher to weights that know grooves before any collection.

What belongs here: epochs over lessons, their order, checkpoints in a folder, going on from them.
What does not: losses (`hearing_objective`), making lessons (`lessons`), collections
(`autogroove.model.training`).

A folder holds `settings.json`, `lessons/` and `checkpoints/`. An epoch is so many new lessons
and as many old ones again. Everything random follows from the seed and the epoch, so that a
pretraining that was stopped goes on from its last epoch to the same weights, and one that is
asked for more epochs later ends where one that was asked at once would have. That is why the
rate falls with the root of the steps done and not with the share of the whole; the weights
that are given out are a running average.
"""

import copy
import json
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autogroove.config import Settings
from autogroove.errors import SettingsError
from autogroove.model.autoencoder import as_tensor
from autogroove.model.groove_network import GrooveNetwork
from autogroove.model.pretrained import take_parts
from autogroove.model.teacher import Lesson
from autogroove.model.training.hearing_objective import LessonTensors, judge_lesson
from autogroove.model.training.lessons import LessonShelf
from autogroove.model.training.objectives import Augmentation
from autogroove.model.training.pretraining_settings import PretrainingSettings
from autogroove.store import digest_bytes

Follow = Callable[[int, int, str], None]

LARGEST_GRADIENT = 5.0
WARM_UP_STEPS = 50
FULL_RATE_STEPS = 200
KEPT_CHECKPOINTS = 2
LESSONS_OF_WAVES = 8
"""The mean picture and its waves are fitted to so many."""


@dataclass
class _State:
    network: GrooveNetwork
    average: GrooveNetwork
    optimizer: torch.optim.Optimizer
    steps: int = 0
    epochs: int = 0


def pretrain(
    folder: Path | str,
    settings: PretrainingSettings,
    epochs: int,
    *,
    begin: bytes = b"",
    device: str = "cpu",
    workers: int = 1,
    progress: Follow | None = None,
) -> GrooveNetwork:
    """Pretrain to so many epochs, from the folder's last checkpoint where it has one.

    Args:
        folder: of this pretraining alone; made where it is not there.
        settings: a folder's first ones are its own.
        epochs: in all, those of earlier calls counted.
        begin: weights as `pack_weights` makes them; parts with other layers begin at random.
        device: where the network is.
        workers: processes that make lessons ahead.
        progress: is told (epoch, epochs, losses in words).

    Returns:
        The running average of the weights, on the CPU, ready to encode.

    Raises:
        SettingsError: the folder was begun with other settings or weights.
    """
    folder = Path(folder)
    _claim(folder, settings, begin)
    shelf_of = (settings.seed, settings.teacher, settings.num_grooves, workers)
    with LessonShelf(folder / "lessons", *shelf_of) as shelf:
        state = _begin(folder, settings, begin, shelf, torch.device(device))
        while state.epochs < epochs:
            note = _run_epoch(state, settings, shelf, last=state.epochs + 1 == epochs)
            _write_checkpoint(folder, state)
            if progress:
                progress(state.epochs, epochs, note)
    return state.average.cpu().eval()


def read_pretrained(folder: Path | str) -> GrooveNetwork:
    """The running average of the last checkpoint of a folder.

    Raises:
        SettingsError: the folder has no checkpoint.
    """
    found = _last_checkpoint(Path(folder))
    if found is None:
        raise SettingsError(f"There is no pretraining in {folder}.")
    network = build_network()
    network.load_state_dict(_under(safetensors.torch.load_file(found), "average."))
    return network.eval()


def order_lessons(settings: PretrainingSettings, epoch: int) -> NDArray[np.int64]:
    """Numbers of the lessons of an epoch (from 0) in their order."""
    random = np.random.default_rng([settings.seed, epoch])
    first, count = settings.first_lesson, settings.new_lessons
    new = first + np.arange(epoch * count, (epoch + 1) * count)
    past = np.arange(max(first, new[0] - settings.memory), new[0])
    old = random.choice(past, min(len(past), count), replace=False)
    return random.permutation(np.concatenate([new, old]))


def build_network() -> GrooveNetwork:
    """An untrained network for the images of the preset; torch's seed decides its weights."""
    recipe = Settings.from_preset("groove").spectrogram
    return GrooveNetwork(
        (recipe.num_bins, recipe.num_frames), recipe.hop_samples / recipe.sample_rate_hz
    )


def _claim(folder: Path, settings: PretrainingSettings, begin: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path, wanted = folder / "settings.json", settings.model_dump(mode="json")
    if begin:
        wanted["begun_from"] = digest_bytes(begin)
    if path.exists() and json.loads(path.read_text()) != wanted:
        raise SettingsError(
            f"{folder} holds a pretraining with other settings. Give another folder, or these: "
            f"{path}."
        )
    _write(path, json.dumps(wanted, indent=1, sort_keys=True).encode())


def _begin(
    folder: Path,
    settings: PretrainingSettings,
    begin: bytes,
    shelf: LessonShelf,
    device: torch.device,
) -> _State:
    torch.manual_seed(settings.seed)
    network = build_network()
    for part in settings.kept():
        getattr(network, part).requires_grad_(requires_grad=False)
    taught = [weight for weight in network.to(device).parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(taught, weight_decay=settings.weight_decay)
    found = _last_checkpoint(folder)
    if found is None:
        _begin_weights(network, settings, begin, shelf)
        return _State(network, copy.deepcopy(network), optimizer)
    tensors = safetensors.torch.load_file(found, device=str(device))
    network.load_state_dict(_under(tensors, "network."))
    average = copy.deepcopy(network)
    average.load_state_dict(_under(tensors, "average."))
    states: dict[int, dict[str, Tensor]] = {}
    for name, value in _under(tensors, "optimizer.").items():
        index, _, part = name.partition(".")
        states.setdefault(int(index), {})[part] = value.cpu() if part == "step" else value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": states})
    about = json.loads(found.with_suffix(".json").read_text())
    return _State(network, average, optimizer, about["steps"], about["epochs"])


def _begin_weights(
    network: GrooveNetwork, settings: PretrainingSettings, begin: bytes, shelf: LessonShelf
) -> None:
    """The first lessons' mean picture and largest waves, and what fits of other weights."""
    numbers = settings.first_lesson + np.arange(min(LESSONS_OF_WAVES, settings.new_lessons))
    pictures = np.concatenate([shelf.take(int(number)).images for number in numbers])
    images = as_tensor(pictures, network.mean_image.device)
    network.mean_image.copy_(images.double().mean(dim=0))
    if "when" not in take_parts(network, begin):
        network.when.fit(images - network.mean_image)


def _run_epoch(
    state: _State, settings: PretrainingSettings, shelf: LessonShelf, *, last: bool
) -> str:
    numbers = order_lessons(settings, state.epochs)
    shelf.prepare(int(n) for n in numbers)
    if not last:
        shelf.prepare(int(n) for n in order_lessons(settings, state.epochs + 1))
    device = state.network.mean_image.device
    seed = np.random.SeedSequence([settings.seed, state.epochs]).generate_state(1, np.uint64)[0]
    torch.manual_seed(int(seed >> 1))
    random = torch.Generator(device).manual_seed(int(seed >> 1))
    preset = Settings.from_preset("groove")
    augment = Augmentation(preset.spectrogram, preset.training)
    state.network.train()
    for part in settings.kept():
        getattr(state.network, part).eval()
    totals: dict[str, Tensor] = {}
    for number in numbers:
        tensors = _show(shelf.take(int(number)), settings, state.network, augment, random)
        losses = judge_lesson(state.network, tensors, settings.losses, random)
        _step(state, settings, torch.stack(list(losses.values())).sum())
        for name, loss in losses.items():
            totals[name] = totals.get(name, torch.zeros((), device=device)) + loss.detach()
    state.epochs += 1
    shelf.drop_before(settings.first_lesson + state.epochs * settings.new_lessons - settings.memory)
    return ", ".join(f"{name} {total.item() / len(numbers):.3f}" for name, total in totals.items())


def _show(
    lesson: Lesson,
    settings: PretrainingSettings,
    network: GrooveNetwork,
    augment: Augmentation,
    random: torch.Generator,
) -> LessonTensors:
    device = network.mean_image.device
    images = as_tensor(lesson.images, device)
    draw = torch.rand(len(images), generator=random, device=device)
    chosen = torch.nonzero(draw < settings.augmented_share)[:, 0]
    if len(chosen):
        images[chosen] = augment(images[chosen], random)
    beats = torch.from_numpy(60 / lesson.tempi_bpm / network.frame_seconds).float()
    rest = (lesson.grooves, lesson.sounds, lesson.partners)
    grooves, sounds, partners = (torch.from_numpy(numbers).to(device) for numbers in rest)
    return LessonTensors(images, grooves, sounds, beats.to(device), partners)


def _step(state: _State, settings: PretrainingSettings, loss: Tensor) -> None:
    rise = min(1.0, (state.steps + 1) / WARM_UP_STEPS)
    fall = math.sqrt(FULL_RATE_STEPS / max(state.steps, FULL_RATE_STEPS))
    for group in state.optimizer.param_groups:
        group["lr"] = settings.learning_rate * rise * fall
    state.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(state.network.parameters(), LARGEST_GRADIENT)
    state.optimizer.step()
    state.steps += 1
    # At first the average forgets quickly: it must not keep the first weights.
    keep = min(settings.averaging, state.steps / (state.steps + 10))
    with torch.no_grad():
        new = state.network.state_dict()
        for name, value in state.average.state_dict().items():
            if value.is_floating_point():
                value.lerp_(new[name], 1 - keep)
            else:
                value.copy_(new[name])


def _write_checkpoint(folder: Path, state: _State) -> None:
    tensors = {f"network.{name}": value for name, value in state.network.state_dict().items()}
    tensors |= {f"average.{name}": value for name, value in state.average.state_dict().items()}
    for index, parts in state.optimizer.state_dict()["state"].items():
        for name, value in parts.items():
            tensors[f"optimizer.{index}.{name}"] = torch.as_tensor(value)
    packed = safetensors.torch.save({k: v.cpu().contiguous() for k, v in tensors.items()})
    path = folder / "checkpoints" / f"epoch-{state.epochs:05d}.safetensors"
    path.parent.mkdir(exist_ok=True)
    _write(path, packed)
    about = {"epochs": state.epochs, "steps": state.steps}
    _write(path.with_suffix(".json"), json.dumps(about).encode())
    for old in sorted(path.parent.glob("epoch-*.json"))[:-KEPT_CHECKPOINTS]:
        old.unlink()
        old.with_suffix(".safetensors").unlink(missing_ok=True)


def _last_checkpoint(folder: Path) -> Path | None:
    """The weights of the newest checkpoint that is whole: its JSON is written last."""
    found = sorted((folder / "checkpoints").glob("epoch-*.json"))
    return found[-1].with_suffix(".safetensors") if found else None


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and on the disk before it has its name."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
