"""What the machine is good at, and several processes training one model through torch's DDP."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor, nn

from autogroove.errors import SettingsError

FREE_SHARE = 0.6
"""Of a GPU's free memory, the most that images may take; the rest is for activations."""


@dataclass(frozen=True)
class Machine:
    """A device and how to use it well."""

    device: torch.device
    half: bool
    """Multiply in bfloat16: on CUDA. On CPUs it was no faster here, and torch 2.13 gave gradients
    that are no numbers for small pictures in channels-last layout."""

    @property
    def is_cuda(self) -> bool:
        """Whether the device is a GPU."""
        return self.device.type == "cuda"

    def autocast(self) -> AbstractContextManager[object]:
        """The context of a forward pass."""
        if not self.half:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    def place(self, model: nn.Module) -> nn.Module:
        """The model on the device, in the layout in which its convolutions are fastest."""
        return model.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]

    def can_hold(self, num_bytes: int) -> bool:
        """Whether so many bytes of images fit beside a training on the device."""
        if not self.is_cuda:
            return False
        free, _ = torch.cuda.mem_get_info(self.device)
        return num_bytes <= FREE_SHARE * free


def choose_machine(device: str) -> Machine:
    """`auto` (a GPU where there is one), `cpu`, `cuda` or `cuda:1`.

    Under torchrun, each process of a machine has the GPU of its own local rank.

    Raises:
        SettingsError: there is no such device here.
    """
    name = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise SettingsError("There is no CUDA device here. Use --device auto or --device cpu.")
    if name == "cuda" and "LOCAL_RANK" in os.environ:
        name = f"cuda:{os.environ['LOCAL_RANK']}"
    chosen = torch.device(name)
    if chosen.type == "cuda" and chosen.index is not None:
        torch.cuda.set_device(chosen)
    return Machine(chosen, half=chosen.type == "cuda")


@dataclass(frozen=True)
class ProcessGroup:
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
def join_process_group(device: torch.device) -> Iterator[ProcessGroup]:
    """The crew that torchrun started, for as long as the context lasts; else a crew of one."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1 or "MASTER_ADDR" not in os.environ:
        yield ProcessGroup()
        return
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield ProcessGroup(dist.get_rank(), size)
    finally:
        dist.destroy_process_group()
