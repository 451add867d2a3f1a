"""What all pictures share: figures without global state, safe text, PNG bytes.

What belongs here: making and saving a figure, and text that cannot break one.
What does not: what a picture shows.

Matplotlib's object-oriented interface only: pyplot keeps global state, and pictures are drawn in
threads of workers. The ground is opaque white, so that pictures read well on a dark page too.
"""

import base64
import io
import unicodedata
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from PIL import Image

INK, MUTED, GRID = "#1b1f27", "#5b6472", "#e3e6eb"
BLUE, ORANGE, GREEN, RED, PURPLE = "#2f6fde", "#e07b1f", "#2a9d6f", "#cf3f4f", "#8258c9"

_DPI = 100
_UNKNOWN = "\N{WHITE SQUARE}"
_COLOURS_KEPT = 128


def new_figure(width_px: int, height_px: int) -> Figure:
    """An empty figure of a size in pixels, laid out so that labels do not overlap."""
    figure = Figure(figsize=(width_px / _DPI, height_px / _DPI), dpi=_DPI, layout="constrained")
    figure.set_facecolor("white")
    FigureCanvasAgg(figure)
    return figure


def style_axes(axes: Axes, title: str, x_label: str = "", y_label: str = "") -> None:
    """The house style: title left, light grid, no box. Texts are taken literally."""
    plain: dict[str, Any] = {"parse_math": False}
    axes.set_title(title, loc="left", fontsize=10, color=INK, fontweight="bold", **plain)
    axes.set_xlabel(x_label, fontsize=8.5, color=MUTED, **plain)
    axes.set_ylabel(y_label, fontsize=8.5, color=MUTED, **plain)
    axes.tick_params(labelsize=8, colors=MUTED)
    axes.grid(True, color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(GRID)


def to_png(figure: Figure) -> bytes:
    """PNG bytes of a figure: 128 colours, no dates or versions inside, so equal for equal input."""
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy())
    reduced = image.quantize(
        _COLOURS_KEPT, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
    )
    buffer = io.BytesIO()
    reduced.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def png_data_uri(png: bytes) -> str:
    """A `data:` URI of a picture, for HTML and Markdown."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def clean_text(text: str, limit: int = 40) -> str:
    """Text from a tag made safe to draw: one line, no control signs, known glyphs, bounded.

    Control and format characters (among them those that reverse writing) are dropped, white
    space becomes one space, glyphs that the font lacks become a box.
    """
    spaced = " ".join(str(text)[: 50 * limit].split())
    kept = (sign for sign in spaced if not unicodedata.category(sign).startswith("C"))
    known = "".join(sign if _has_glyph(sign) else _UNKNOWN for sign in kept)
    return known if len(known) <= limit else known[: limit - 1].rstrip() + "…"


@lru_cache(maxsize=4096)
def _has_glyph(sign: str) -> bool:
    return bool(get_font(findfont(FontProperties())).get_char_index(ord(sign)))
