"""How near the training loop comes to tensors in memory, and images a second.

Makes segments of random clips in a folder of its own; then trains the same model for one epoch
on (a) a tensor that is in memory already, by the barest loop, (b) the loop with the segments held
in memory, (c) the loop with the segments read block by block. Loops take turns. Efficiency is the
median over rounds of (a)'s seconds by the loop's in the same round, so that another program's work,
and a processor that slows down, weigh little.

    python benchmarks/training.py [--preset poster] [--clips 1536] [--rounds 9] [--device auto]

What belongs here: the loop's cost beside the model's own.
What does not: how well a model hears (`benchmarks/card.py`).
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import pandas as pd
import torch
from torch import nn

from autogroove.config import Settings
from autogroove.model import build_autoencoder
from autogroove.model.training import (
    LARGEST_GRADIENT,
    ClipLoader,
    Machine,
    ProcessGroup,
    Trainer,
    choose_machine,
    choose_objective,
)
from autogroove.segments import ShardWriter, make_recipe_key, segment_prefix
from autogroove.store import Store

CLIPS_PER_TRACK = 3
CLIPS_PER_SEGMENT = 768


def write_segments(store: Store, settings: Settings, num_clips: int) -> pd.DataFrame:
    """Segments of noise; the table of their tracks."""
    random = np.random.default_rng(0)
    shape = settings.spectrogram.num_bins, settings.spectrogram.num_frames
    recipe_key = make_recipe_key(settings)
    rows = []
    for number, start in enumerate(range(0, num_clips, CLIPS_PER_SEGMENT)):
        size = min(CLIPS_PER_SEGMENT, num_clips - start)
        writer = ShardWriter(store, segment_prefix(recipe_key, f"s{number:04d}"), shape)
        writer.append(random.integers(0, 256, (size, *shape), dtype=np.uint8))
        writer.finish({})
        firsts = range(0, size - CLIPS_PER_TRACK + 1, CLIPS_PER_TRACK)
        rows += [(f"s{number:04d}", first, CLIPS_PER_TRACK) for first in firsts]
    return pd.DataFrame(rows, columns=["segment", "first_clip", "clips"])


def run_bare(trainer: Trainer, images: torch.Tensor, machine: Machine) -> None:
    """One epoch over a float tensor on the device: forward, backward, step, nothing else."""
    model, settings = trainer.model, trainer.settings
    random = torch.Generator(machine.device).manual_seed(0)
    model.train()
    half = len(images) // 2 * 2
    for start in range(0, half, settings.batch_size):
        batch = images[start : start + settings.batch_size]
        with machine.autocast():
            loss = trainer.objective(model, batch, random)
        trainer.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), LARGEST_GRADIENT)
        trainer.optimizer.step()
    if machine.is_cuda:
        torch.cuda.synchronize()


def time_rounds(loops: dict[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    """The seconds of each loop in interleaved rounds, after one to warm up."""
    seconds: dict[str, list[float]] = {name: [] for name in loops}
    for turn in range(rounds + 1):
        for name, loop in loops.items():
            began = time.perf_counter()
            loop()
            if turn:
                seconds[name].append(time.perf_counter() - began)
    return seconds


def make_trainer(settings: Settings, shape: tuple[int, int], machine: Machine) -> Trainer:
    torch.manual_seed(0)
    model = build_autoencoder(settings.model, shape)
    return Trainer(model, choose_objective(settings), settings.training, machine, ProcessGroup())


def measure_loops(store: Store, settings: Settings, table: pd.DataFrame, device: str, rounds: int):
    """Seconds of one epoch for each way of feeding it, and the images of that epoch."""
    machine = choose_machine(device)
    recipe_key = make_recipe_key(settings)
    held = ClipLoader(store, recipe_key, table)
    streamed = ClipLoader(store, recipe_key, table, resident_bytes=0)
    trainer = make_trainer(settings, held.image_shape, machine)
    count = 2 * held.num_tracks if trainer.objective.pairs else held.num_clips
    levels = torch.from_numpy(held.read_all()[:count]).to(machine.device)
    images = levels.unsqueeze(1).float().div_(255)
    loops = {
        "tensors in memory": lambda: run_bare(trainer, images, machine),
        "loop, clips held": lambda: trainer._learn(held, 1),
        "loop, segments read": lambda: trainer._learn(streamed, 1),
    }
    return time_rounds(loops, rounds), count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="poster", choices=("poster", "groove"))
    parser.add_argument("--clips", type=int, default=1536)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE")
    given = parser.parse_args()
    settings = Settings.from_preset(given.preset)
    settings = settings.with_overrides(dict(pair.split("=", 1) for pair in given.set))
    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder)
        table = write_segments(store, settings, given.clips)
        seconds, count = measure_loops(store, settings, table, given.device, given.rounds)
    bare = seconds["tensors in memory"]
    print(f"{given.preset}, {count} images an epoch, {torch.get_num_threads()} threads")
    print(f"{'':24} {'images/s':>9} {'efficiency':>11}")
    for name, spent in seconds.items():
        efficiency = median(reference / own for reference, own in zip(bare, spent, strict=True))
        print(f"{name:24} {count / median(spent):9.0f} {efficiency:11.3f}")


if __name__ == "__main__":
    main()
