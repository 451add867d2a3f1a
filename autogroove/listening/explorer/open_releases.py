"""The releases that are open.

What belongs here: opening releases once, keeping a few, and what is derived from one (its map,
its stations, its source).
What does not: HTTP.
"""

import threading
from collections import OrderedDict
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from autogroove.errors import NotFoundError
from autogroove.listening.clusters import ClusterView, describe_cluster_views
from autogroove.listening.explorer.layout import place_tracks
from autogroove.listening.library import TrackLibrary, open_collection
from autogroove.releases import Manifest, Release, current_release, list_releases, open_release
from autogroove.source import Source, open_source
from autogroove.store import Store

MOST_OPEN = 3
"""Releases kept in memory: enough to go back and forth between two."""


class OpenRelease:
    """One release with what the page needs of it, each made at its first use."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self._lock = threading.RLock()

    @property
    def collection(self) -> TrackLibrary:
        """The listener's view."""
        with self._lock:
            return self._collection

    @cached_property
    def _collection(self) -> TrackLibrary:
        return open_collection(self.release)

    @property
    def layout(self) -> NDArray[np.float32]:
        """Where each track is on the map, float32 (n, 2) in [-1, 1]."""
        with self._lock:
            return self._layout

    @cached_property
    def _layout(self) -> NDArray[np.float32]:
        return place_tracks(self.release.encodings, np.flatnonzero(self._collection.is_exemplar))

    @property
    def stations(self) -> list[ClusterView]:
        """The clusters, largest first."""
        with self._lock:
            return self._cluster_views

    @cached_property
    def _cluster_views(self) -> list[ClusterView]:
        return describe_cluster_views(self._collection)

    @cached_property
    def source(self) -> Source:
        """Where the audio is."""
        return open_source(self.release.source_url, store=self.release.store)


class OpenReleases:
    """A store's releases, the few that were used last kept open."""

    def __init__(self, store: Store, default: int | None = None) -> None:
        self.store = store
        self.default = default
        self._open: OrderedDict[int, OpenRelease] = OrderedDict()
        self._lock = threading.Lock()

    def list(self) -> list[Manifest]:
        """Every manifest, oldest first."""
        return list_releases(self.store)

    def default_number(self) -> int | None:
        """The release that is shown first; None where there is none."""
        if self.default is not None:
            return self.default
        manifest = current_release(self.store)
        return None if manifest is None else manifest.release

    def open(self, number: int) -> OpenRelease:
        """A release by its number.

        Raises:
            NotFoundError: there is none of this number.
        """
        if number < 1:
            raise NotFoundError(f"There is no release {number}.")
        with self._lock:
            if number not in self._open:
                self._open[number] = OpenRelease(open_release(self.store, number))
            self._open.move_to_end(number)
            while len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
            return self._open[number]
