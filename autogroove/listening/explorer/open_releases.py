"""The releases that are open.

What belongs here: opening releases once, keeping a few, and what is derived from one (its map,
its clusters, its source).
What does not: HTTP.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property, lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from autogroove.errors import NotFoundError, StoreError
from autogroove.listening.clusters import ClusterView, describe_cluster_views
from autogroove.listening.explorer.layout import Landscape, draw_landscape, place_tracks
from autogroove.listening.explorer.pictures import paint_image
from autogroove.listening.library import TrackLibrary, open_collection
from autogroove.listening.locations import Locations
from autogroove.listening.roots import Root
from autogroove.listening.track_finder import TrackFinder
from autogroove.releases import (
    Manifest,
    Release,
    ReleaseDiff,
    current_release,
    diff_releases,
    list_releases,
    open_release,
)
from autogroove.source import Collection, open_source
from autogroove.store import Store

MOST_OPEN = 3
"""Releases kept in memory: enough to go back and forth between two."""

MOST_COMPARED = 16
MOST_PICTURES = 256
HIGHEST_NUMBER = 10**9
"""Above any release: a longer number is no name of a file either."""


class OpenRelease:
    """One release with what the page needs of it, each made at its first use."""

    def __init__(
        self,
        release: Release,
        roots: Sequence[Root] = (),
        find_landscape: Callable[[], Landscape] | None = None,
    ) -> None:
        self.release = release
        self.roots = roots
        self._find_landscape = find_landscape or self.draw_landscape
        self._opening, self._placing, self._describing = (threading.Lock() for _ in range(3))
        self._finding = threading.Lock()
        self._modelling = threading.Lock()
        self.reconstruct = lru_cache(MOST_PICTURES)(self._reconstruct)
        """PNG of what the model makes of a clip, by track id and clip."""

    @property
    def collection(self) -> TrackLibrary:
        """The listener's view."""
        with self._opening:
            return self._collection

    @cached_property
    def _collection(self) -> TrackLibrary:
        return open_collection(self.release)

    @property
    def layout(self) -> NDArray[np.float32]:
        """Where each track is on the map, float32 (n, 2) in [-1, 1]."""
        with self._placing:
            return self._layout

    @cached_property
    def _layout(self) -> NDArray[np.float32]:
        release = self.release
        return place_tracks(self._find_landscape(), release.track_ids, release.encodings)

    def draw_landscape(self) -> Landscape:
        """What a map of this release, and of later ones of its model, is drawn on."""
        release = self.release
        exemplars = np.flatnonzero(self.collection.is_exemplar)
        return draw_landscape(release.track_ids, release.encodings, exemplars)

    @property
    def clusters(self) -> list[ClusterView]:
        """The clusters, largest first."""
        with self._describing:
            return self._cluster_views

    @cached_property
    def _cluster_views(self) -> list[ClusterView]:
        return describe_cluster_views(self.collection)

    def clip(self, track_id: int, clip: int) -> NDArray[np.uint8]:
        """The image of one clip, uint8 (num_bins, num_frames); clips count from 0.

        Raises:
            NotFoundError: the release has no such track or clip.
        """
        images = self.release.clips(track_id)
        if not 0 <= clip < len(images):
            raise NotFoundError(f"Track {track_id} has {len(images)} clips, from 0.")
        return np.asarray(images[clip])

    def _reconstruct(self, track_id: int, clip: int) -> bytes:
        image = self.clip(track_id, clip)
        with self._modelling:  # the model's memory is held by one at a time
            from autogroove.model import reconstruct  # PyTorch: seconds, and 300 MB

            made = reconstruct(self.release.model, image[None])[0]
        return paint_image(np.round(255 * made.clip(0, 1)).astype(np.uint8))

    @cached_property
    def locations(self) -> Locations:
        """Where the tracks are, here and as a player sees them.

        Raises:
            SourceError: the source is no longer there.
        """
        return Locations.of_release(self.release, style="absolute", roots=self.roots)

    @property
    def finder(self) -> TrackFinder:
        """The tracks, by what others say of them."""
        with self._finding:
            return self._finder

    @cached_property
    def _finder(self) -> TrackFinder:
        return TrackFinder(self.collection, self.locations)

    @cached_property
    def source(self) -> Collection:
        """Where the audio is."""
        return open_source(self.release.source_url, store=self.release.store)


class OpenReleases:
    """A store's releases, the few that were used last kept open."""

    def __init__(
        self, store: Store, default: int | None = None, roots: Sequence[Root] = ()
    ) -> None:
        self.store = store
        self.default = default
        self.roots = tuple(roots)
        self._open: OrderedDict[int, OpenRelease] = OrderedDict()
        self._lock = threading.Lock()
        self._draw_landscape = lru_cache(MOST_OPEN)(self._draw_landscape_of)
        self.compare = lru_cache(MOST_COMPARED)(self._compare)
        """What differs between two releases, by their numbers."""

    def list(self) -> list[Manifest]:
        """Every manifest, oldest first."""
        return list_releases(self.store)

    def default_number(self) -> int | None:
        """The release that is shown first; None where there is none."""
        if self.default is not None:
            return self.default
        manifest = current_release(self.store)
        return None if manifest is None else manifest.release

    def open_current(self) -> OpenRelease:
        """The release that is current now, or the one that was chosen.

        Raises:
            NotFoundError: there is none yet.
        """
        number = self.default_number()
        if number is None:
            raise NotFoundError("The store holds no release yet.")
        return self.open(number)

    def open(self, number: int) -> OpenRelease:
        """A release by its number.

        Raises:
            NotFoundError: there is none of this number.
        """
        if not 1 <= number <= HIGHEST_NUMBER:
            raise NotFoundError("There is no release of that number.")
        with self._lock:
            if number not in self._open:
                release = open_release(self.store, number)
                find_landscape = partial(self._find_landscape, release)
                self._open[number] = OpenRelease(release, self.roots, find_landscape)
            self._open.move_to_end(number)
            while len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
            return self._open[number]

    def _find_landscape(self, release: Release) -> Landscape:
        """That of the first release of the same model, so that what did not change stays in place.

        One that has less than half as many tracks does not count: too few landmarks.
        """
        manifest = release.manifest
        for earlier in self.list():
            if earlier.release >= manifest.release:
                break
            is_same = earlier.parts.model.weights.sha256 == manifest.parts.model.weights.sha256
            if is_same and 2 * earlier.parts.counts.tracks >= manifest.parts.counts.tracks:
                with suppress(StoreError, NotFoundError):  # it may be collected, or damaged
                    return self._draw_landscape(earlier.release)
        return self._draw_landscape(manifest.release)

    def _draw_landscape_of(self, number: int) -> Landscape:
        return self.open(number).draw_landscape()

    def _compare(self, before: int, after: int) -> ReleaseDiff:
        return diff_releases(self.store, before, after)
