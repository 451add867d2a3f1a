"""Spectrograms and reconstructions as PNG.

What belongs here: grey levels to a coloured picture.
What does not: figures with axes (`autogroove.pictures`).
"""

import io

import numpy as np
from numpy.typing import NDArray

COLOURS = "magma"


def paint_image(image: NDArray[np.uint8]) -> bytes:
    """PNG of one image uint8 (num_bins, num_frames): low frequencies below, time to the right."""
    from matplotlib import colormaps  # slow to import
    from PIL import Image

    buffer = io.BytesIO()
    colours = colormaps[COLOURS](image[::-1], bytes=True)
    Image.fromarray(colours[..., :3]).save(buffer, "png")
    return buffer.getvalue()
