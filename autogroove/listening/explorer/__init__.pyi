from .app import create_app as create_app
from .layout import draw_landscape as draw_landscape
from .layout import place_tracks as place_tracks
from .serving import serve_explorer as serve_explorer
