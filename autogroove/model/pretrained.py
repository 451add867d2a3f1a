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

from autogroove.model.groove_network import PARTS, GrooveNetwork
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
    network.load_state_dict(own | read_weights(weights))


def _is_own(name: str) -> bool:
    """Whether a weight belongs to a collection, and is not pretrained."""
    return name == "is_fitted" or name.startswith("own_sound.")


def take_parts(network: GrooveNetwork, weights: bytes) -> list[str]:
    """Give a network the parts of other weights whose layers are its own; which ones.

    What is fitted to pictures is taken too, where it fits.
    """
    given = read_weights(weights) if weights else {}
    taken = []
    for part in (*PARTS, "mean_image", "when"):
        own = {k: v for k, v in network.state_dict().items() if k.split(".")[0] == part}
        found = {k: given[k] for k in own if k in given and given[k].shape == own[k].shape}
        if own.keys() == found.keys():
            network.load_state_dict(found, strict=False)
            taken.append(part)
    return taken


def read_weights(weights: bytes) -> dict[str, Tensor]:
    """Tensors that `pack_weights` packed, by name, in single precision."""
    return {name: _widen(value) for name, value in safetensors.torch.load(weights).items()}


def _halve(value: Tensor) -> Tensor:
    return value.to(torch.float16) if value.is_floating_point() else value


def _widen(value: Tensor) -> Tensor:
    return value.to(torch.float32) if value.is_floating_point() else value
