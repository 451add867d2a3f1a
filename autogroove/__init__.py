"""Autogroove: playlists that share a groove, from audio to versioned releases."""

__version__ = "0.1.0"
