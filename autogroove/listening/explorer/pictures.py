"""Spectrograms as coloured pictures, and when a browser may keep one.

What does not belong here: figures with axes (`autogroove.figures`).
"""

import hashlib
import io
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
from fastapi import Request, Response
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


def answer_picture(
    request: Request, content: tuple[str | int, ...], make: Callable[[], bytes]
) -> Response:
    """A picture, or 304 where the browser has the one of this very content.

    A release never changes, but the next server on a port may show another store's release of the
    same number. So a browser asks each time, by what the picture is made of and not by where it is.
    """
    made_of = "\0".join(map(str, (version("autogroove"), *content)))
    headers = {
        "etag": f'"{hashlib.sha256(made_of.encode()).hexdigest()[:32]}"',
        "cache-control": "private, no-cache",
        "content-encoding": "identity",  # it is packed already
    }
    known = request.headers.get("if-none-match", "")
    if headers["etag"] in (each.strip().removeprefix("W/") for each in known.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(make(), media_type="image/png", headers=headers)
