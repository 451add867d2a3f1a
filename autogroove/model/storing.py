"""Which network a setting means, and models in the store.

`models/<model key>/` holds the weights as safetensors and the facts as JSON.
"""

import json
import logging
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
import safetensors.torch
from torch import Tensor, nn

from autogroove.config import ModelSettings, SpectrogramSettings
from autogroove.errors import DamagedObject, MissingObject, SettingsError, StoreError
from autogroove.model.autoencoder import Autoencoder, PosterAutoencoder
from autogroove.model.groove_network import GrooveNetwork, share_code
from autogroove.store import (
    REMEDY,
    Store,
    canonical_json,
    digest_bytes,
    has_whole,
    parse_json,
    parsing,
    read_noted,
    write_again,
    write_noted,
)

_log = logging.getLogger(__name__)


def build_autoencoder(
    model: ModelSettings, image_shape: tuple[int, int], frame_seconds: float
) -> Autoencoder:
    """An untrained model; torch's seed decides its weights.

    Args:
        model: settings.
        image_shape: (num_bins, num_frames) of its images.
        frame_seconds: from frame to frame.

    Raises:
        SettingsError: the network cannot be built for such images.
    """
    if model.kind == "poster":
        return PosterAutoencoder(model.channels, model.code_size, image_shape)
    sizes, tempo_size = share_code(model.code_size)
    return GrooveNetwork(
        image_shape, frame_seconds, sizes, model.part_weights, tempo_size=tempo_size
    )


def frame_seconds(spectrogram: SpectrogramSettings) -> float:
    """Seconds from frame to frame of a recipe's images."""
    return spectrogram.hop_samples / spectrogram.sample_rate_hz


@dataclass(frozen=True)
class ModelSummary:
    """What is known about a trained model; small enough to travel between tasks.

    Losses are the means over an epoch, one value an epoch. `seconds` is the time the training
    took, and is not stored, so that equal trainings leave equal bytes; `reused` says that the
    model was in the store already.
    """

    model_key: str
    weights_digest: str
    epochs: int
    best_epoch: int
    num_train_clips: int
    num_dev_clips: int
    train_loss: tuple[float, ...]
    dev_loss: tuple[float, ...]
    seconds: float = 0.0
    reused: bool = False


def model_folder(model_key: str) -> str:
    """The folder of a model in the store."""
    return f"models/{model_key}"


def write_model(
    store: Store, model: Autoencoder, settings: ModelSettings, summary: dict[str, Any]
) -> ModelSummary:
    """Put weights, then `model.json`: a model without its JSON does not exist."""
    weights = pack_tensors(state_of(model))
    facts = ModelSummary(**summary, weights_digest=digest_bytes(weights))
    folder = model_folder(facts.model_key)
    write_again(store, f"{folder}/weights.safetensors", weights)
    about: dict[str, Any] = {
        "model": settings.model_dump(mode="json"),
        "image_shape": list(model.image_shape),
        "summary": {**asdict(facts), "seconds": 0.0},
    }
    if isinstance(model, GrooveNetwork):
        about["frame_seconds"] = model.frame_seconds
        about["parts"] = {name: [part.start, part.stop] for name, part in model.parts.items()}
    told = json.dumps(about, sort_keys=True, indent=1).encode()
    write_again(store, f"{folder}/model.json", told)
    return facts


def read_summary(store: Store, model_key: str) -> ModelSummary:
    """The facts of a stored model.

    Raises:
        MissingObject: there is no such model, or its training has not ended.
    """
    about = _read_about(store, model_key)
    with parsing(store.locate(f"{model_folder(model_key)}/model.json")):
        facts = about["summary"]
        losses = {name: tuple(facts[name]) for name in ("train_loss", "dev_loss")}
        return ModelSummary(**{**facts, **losses})


def load_model(store: Store, model_key: str) -> Autoencoder:
    """A trained model on the CPU, ready to encode.

    Raises:
        MissingObject: there is no such model, or its training has not ended.
        DamagedObject: the weights are not those that were written.
        StoreError: they are of another network.
    """
    about = _read_about(store, model_key)
    weights = store.read(f"{model_folder(model_key)}/weights.safetensors")
    if digest_bytes(weights) != about["summary"]["weights_digest"]:
        raise DamagedObject(
            f"The weights of model {model_key} are damaged: their digest differs from model.json. "
            f"{REMEDY}"
        )
    height, width = about["image_shape"]
    try:
        model = build_autoencoder(
            ModelSettings.model_validate(about["model"]),
            (height, width),
            about.get("frame_seconds") or frame_seconds(SpectrogramSettings()),
        )
        model.load_state_dict(safetensors.torch.load(weights))
    except (RuntimeError, SettingsError) as error:
        raise StoreError(
            f"Model {model_key} was trained by another version of Autogroove, whose network had "
            "other layers. Train anew: `autogroove run --retrain always`."
        ) from error
    return model.eval()


def is_loadable(store: Store, model_key: str) -> bool:
    """Whether this version still has the network of a stored model.

    Raises:
        MissingObject: there is no such model.
    """
    about = _read_about(store, model_key)
    # The first groove network was another one, and said nothing of its frames.
    return bool(about["model"].get("kind") != "groove" or "frame_seconds" in about)


def is_stored(store: Store, model_key: str) -> bool:
    """Whether a model was trained to its end, and is still there."""
    names = store.names(model_folder(model_key))
    return {"weights.safetensors", "model.json"} <= set(names)


def _read_about(store: Store, model_key: str) -> dict[str, Any]:
    key = f"{model_folder(model_key)}/model.json"
    try:
        data = store.read(key)
    except MissingObject as error:
        raise MissingObject(f"There is no trained model {model_key} in {store.url}.") from error
    with parsing(store.locate(key)):
        about: dict[str, Any] = parse_json(data, store.locate(key))
        if about.get("summary", {}).get("model_key", model_key) != model_key:
            raise ValueError("it describes another model")
        _ = about["model"]["kind"]
        return about


def state_of(model: nn.Module) -> dict[str, Tensor]:
    """Every parameter and buffer by name, on the CPU, contiguous."""
    return {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}


def pack_tensors(tensors: dict[str, Tensor]) -> bytes:
    """Tensors as safetensors bytes; equal tensors give equal bytes."""
    packed: bytes = safetensors.torch.save(dict(sorted(tensors.items())))
    return packed


def record_training_tracks(store: Store, model_key: str, catalogue: pd.DataFrame) -> None:
    """Write down beside a model which audio the collection held when it was trained."""
    stored = catalogue.loc[catalogue["status"] == "stored", "fingerprint"]
    write_noted(store, _members_key(model_key), canonical_json(sorted(set(stored))))


def read_training_tracks(store: Store, model_key: str) -> frozenset[str] | None:
    """The audio that the collection held when a model was trained, or None where that is lost."""
    key = _members_key(model_key)
    try:
        return _parse_members(read_noted(store, key, _parse_members), store.locate(key))
    except MissingObject:
        return None
    except DamagedObject as error:
        _log.warning("%s Until then changes are counted from the current release.", error)
        return None


def has_training_tracks(store: Store, model_key: str) -> bool:
    """Whether it is known which audio that was; where the list is damaged it is set aside."""
    return has_whole(store, _members_key(model_key), _parse_members)


def _parse_members(data: bytes, place: str) -> frozenset[str]:
    with parsing(place):
        told = parse_json(data, place)
        if not isinstance(told, list) or not all(isinstance(name, str) for name in told):
            raise ValueError("it lists no fingerprints")
        return frozenset(told)


def _members_key(model_key: str) -> str:
    return f"models/{model_key}/members.json"
