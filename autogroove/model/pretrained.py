"""The weights that come with the package: a network that has learned grooves from the teacher.

What belongs here: `weights/groove.safetensors`, reading and writing it. What does not: how they
were found (`autogroove.model.training.pretraining`); `weights/groove.json` says that of the file.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from autogroove.model.groove_network import GrooveNetwork
from autogroove.model.storing import pack_tensors, state_of
from autogroove.store import digest_bytes

_FOLDER = files("autogroove.model") / "weights"


def load_pretrained(network: GrooveNetwork) -> None:
    """Give a network the weights of the package.

    Raises:
        RuntimeError: it has other layers.
    """
    unpack_weights(network, pretrained_bytes())


@cache
def pretrained_bytes() -> bytes:
    """The weights as they are in the package."""
    return (_FOLDER / "groove.safetensors").read_bytes()


def pretrained_digest() -> str:
    """Changes with the weights of the package."""
    return digest_bytes(pretrained_bytes())


def pretrained_card() -> dict[str, Any]:
    """The recipe, the figures and the limits of the weights."""
    card: dict[str, Any] = json.loads((_FOLDER / "groove.json").read_text(encoding="utf-8"))
    return card


def pack_weights(network: GrooveNetwork) -> bytes:
    """Weights as safetensors in half precision: half the size, and codes differ by a thousandth."""
    state = state_of(network)
    return pack_tensors({k: _halve(value) for k, value in state.items() if not _is_own(k)})


def unpack_weights(network: GrooveNetwork, weights: bytes) -> None:
    """Give a network weights that `pack_weights` made; it computes in single precision."""
    own = {name: value for name, value in network.state_dict().items() if _is_own(name)}
    given = safetensors.torch.load(weights)
    network.load_state_dict(own | {name: _widen(value) for name, value in given.items()})


def _is_own(name: str) -> bool:
    """Whether a weight belongs to a collection, and is not pretrained."""
    return name == "is_fitted" or name.startswith("own_sound.")


def _halve(value: Tensor) -> Tensor:
    return value.to(torch.float16) if value.is_floating_point() else value


def _widen(value: Tensor) -> Tensor:
    return value.to(torch.float32) if value.is_floating_point() else value
