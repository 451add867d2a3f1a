"""Playlists: neighbours, rules, order, paths, stations and files that players read.

What belongs here: the public names of the package.
What does not: code. Everything in here reads one release and writes nothing. Placing files that
are outside a release needs the decoder and PyTorch, so `assigning` is imported by itself.
"""

from autogroove.playlists.choosing import find_similar, make_playlist
from autogroove.playlists.collection import Collection, Song, open_collection
from autogroove.playlists.exports import EXPORT_FORMATS, MEDIA_TYPES, export_playlist
from autogroove.playlists.listened import ListenedRelease
from autogroove.playlists.listing import describe_tracks
from autogroove.playlists.lists import Playlist, Scored
from autogroove.playlists.locations import Locations, find_root
from autogroove.playlists.matching import ClipMatch, match_clips
from autogroove.playlists.paths import find_path
from autogroove.playlists.proximity import Proximity
from autogroove.playlists.resolving import resolve_track, search_tracks
from autogroove.playlists.rules import Rules
from autogroove.playlists.stations import Station, describe_stations

__all__ = [
    "EXPORT_FORMATS",
    "MEDIA_TYPES",
    "ClipMatch",
    "Collection",
    "ListenedRelease",
    "Locations",
    "Playlist",
    "Proximity",
    "Rules",
    "Scored",
    "Song",
    "Station",
    "describe_stations",
    "describe_tracks",
    "export_playlist",
    "find_path",
    "find_root",
    "find_similar",
    "make_playlist",
    "match_clips",
    "open_collection",
    "resolve_track",
    "search_tracks",
]
