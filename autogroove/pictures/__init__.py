"""Pictures for people: figures as PNG bytes, from plain arrays.

What belongs here: the names that the rest of the house uses.
What does not: code; or where pictures are kept and shown.
"""

from autogroove.pictures.canvas import clean_text, png_data_uri
from autogroove.pictures.clusters import draw_cluster_map, project_encodings
from autogroove.pictures.search import draw_search
from autogroove.pictures.training import draw_loss_curve, draw_reconstructions

__all__ = [
    "clean_text",
    "draw_cluster_map",
    "draw_loss_curve",
    "draw_reconstructions",
    "draw_search",
    "png_data_uri",
    "project_encodings",
]
