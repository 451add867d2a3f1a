"""What the machine is good at: where tensors go and in which precision they are multiplied.

What belongs here: choosing a device, its number format and memory layout.
What does not: settings that change what is learnt.
"""

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import nn

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
