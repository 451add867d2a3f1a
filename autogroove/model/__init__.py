"""The convolutional autoencoder: what it is, how it is built and how it is kept."""

from autogroove.model.autoencoder import Autoencoder, encode_images, reconstruct
from autogroove.model.building import build_autoencoder
from autogroove.model.stored import ModelSummary, load_model, read_summary

__all__ = [
    "Autoencoder",
    "ModelSummary",
    "build_autoencoder",
    "encode_images",
    "load_model",
    "read_summary",
    "reconstruct",
]
