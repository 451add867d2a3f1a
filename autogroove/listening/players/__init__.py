"""Playlists in the listener's own player: MPD, any OpenSubsonic server, a folder of m3u8 files.

A player is asked for the tracks that it has, by path, MusicBrainz id, or artist, title and length,
and gets the playlist of those. What it lacks is told to the caller.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
