from .app import create_app as create_app
from .app import serve_explorer as serve_explorer
from .layout import place_tracks as place_tracks
