"""Several processes training one model, through torch's own DDP.

What belongs here: who this process is among them, and its share of a batch.
What does not: starting them. That is torchrun's work, which names rank and size in the
environment (`torchrun --nproc-per-node 2 -m autogroove.training …`).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Crew:
    """The processes of one training; a training in one process is a crew of one."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    def share(self, batch: NDArray[np.int64], *, pairs: bool) -> NDArray[np.int64]:
        """This process's rows of a batch; a batch too small to share goes to all."""
        if self.size == 1 or len(batch) < 4 * self.size:
            return batch
        sides = batch.reshape(2 if pairs else 1, -1)
        even = sides.shape[1] // self.size * self.size
        return sides[:, self.rank : even : self.size].reshape(-1)

    def mean(self, value: Tensor) -> float:
        """The mean of a scalar over all processes, the same number in each."""
        if self.size > 1:
            dist.all_reduce(value)
            value = value / self.size
        return float(value)

    def wait(self) -> None:
        """Until all are here."""
        if self.size > 1:
            dist.barrier()


@contextmanager
def join_crew(device: torch.device) -> Iterator[Crew]:
    """The crew that torchrun started, for as long as the context lasts; else a crew of one."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1 or "MASTER_ADDR" not in os.environ:
        yield Crew()
        return
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Crew(dist.get_rank(), size)
    finally:
        dist.destroy_process_group()
