"""The convolutional autoencoder: what it is, how it is built and how it is kept."""

from autogroove.model.autoencoder import Autoencoder, build_autoencoder, reconstruct
from autogroove.model.stored import load_model, read_summary

__all__ = ["Autoencoder", "build_autoencoder", "load_model", "read_summary", "reconstruct"]
