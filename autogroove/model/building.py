"""Which autoencoder a setting means.

What belongs here: from `ModelSettings` to an untrained model.
What does not: the models.
"""

from autogroove.config import ModelSettings
from autogroove.model.autoencoder import Autoencoder
from autogroove.model.groove import GrooveAutoencoder


def build_autoencoder(model: ModelSettings, image_shape: tuple[int, int]) -> Autoencoder:
    """An untrained model for images of (num_bins, num_frames); torch's seed decides its weights."""
    if model.kind == "groove":
        return GrooveAutoencoder(model.channels, model.code_size, image_shape, model.part_weights)
    return Autoencoder(model.channels, model.code_size, image_shape)
