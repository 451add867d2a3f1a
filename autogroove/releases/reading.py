"""Reading a release: a lazy object that opens each part when it is asked for.

What belongs here: `open_release` and what a notebook, the playlists and the explorer read.
What does not: writing, and anything about other releases than this one.

Zarr, PyTorch and pandas are imported where they are first needed, so that listing is quick.
"""

import io
import json
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from autogroove.errors import DamagedObject, MissingObject, NotFoundError, ReleaseError
from autogroove.releases.log import current_release, list_releases, read_manifest
from autogroove.releases.manifest import Manifest
from autogroove.store import PartRef, Store, open_array, read_part

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

    from autogroove.model import Autoencoder


def open_release(store: "Store | str", release: int | None = None) -> "Release":
    """A release of a store (a `Store`, a folder or a URL); without a number, the current one.

    Raises:
        NotFoundError: there is no such release.
        ReleaseError: its manifest is damaged.
    """
    place = store if isinstance(store, Store) else Store(store)
    manifest = current_release(place) if release is None else read_manifest(place, release)
    if manifest is None:
        raise NotFoundError(f"{place.url} holds no release yet. `autogroove run` publishes one.")
    return Release(place, manifest)


class Release:
    """One published release. Every part is read on first use, checked, and then kept."""

    def __init__(self, store: Store, manifest: Manifest) -> None:
        self.store = store
        self.manifest = manifest

    def __repr__(self) -> str:
        return f"Release({self.number}, {self.store.url!r})"

    @property
    def number(self) -> int:
        """The release's number in the log."""
        return self.manifest.release

    @property
    def source_url(self) -> str:
        """Where the audio was, without credentials."""
        return self.manifest.parts.source_url

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that this release was made with, as JSON."""
        return self.manifest.parts.settings

    @cached_property
    def catalogue(self) -> "pd.DataFrame":
        """One row a track of the source, by track id; see `autogroove.source`."""
        from autogroove.source import read_catalogue

        return read_catalogue(read_part(self.store, self.manifest.parts.catalogue))

    @cached_property
    def _rows(self) -> dict[int, tuple[str, str, int, int]]:
        """Fingerprint, segment, first clip and clips by track id, of tracks with clips."""
        stored = self.catalogue[self.catalogue["segment"].notna()]
        columns = (stored[c] for c in ("track_id", "fingerprint", "segment", "first_clip", "clips"))
        rows = zip(*columns, strict=True)
        return {int(t): (str(f), str(s), int(first), int(n)) for t, f, s, first, n in rows}

    def _row(self, track_id: int) -> tuple[str, str, int, int]:
        try:
            return self._rows[track_id]
        except KeyError:
            raise NotFoundError(
                f"Release {self.number} has no clips of a track {track_id}. "
                "`autogroove tracks` shows what it has and what was quarantined."
            ) from None

    def clips(self, track_id: int) -> "NDArray[np.uint8]":
        """The spectrograms of a track, uint8 (clips, num_bins, num_frames).

        Raises:
            NotFoundError: the release holds no clips of this track.
            MissingObject, DamagedObject: its segment is not whole any more.
        """
        _, segment, first, num_clips = self._row(track_id)
        found = [s for s in self.manifest.parts.segments if s.segment_key == segment]
        if not found:
            raise ReleaseError(f"Release {self.number} does not list segment {segment}.")
        try:
            return open_array(self.store, f"{found[0].prefix}/clips")[first : first + num_clips]
        except (MissingObject, DamagedObject) as error:
            about = f"The clips of track {track_id} in release {self.number} cannot be read: "
            raise type(error)(f"{about}{error}") from error

    def clip_encodings(self, track_id: int) -> "NDArray[np.float32]":
        """The encodings of a track's clips in the order of its clips, float32 (clips, d).

        Raises:
            NotFoundError: the release holds no clips of this track.
        """
        import pyarrow.compute as pc

        from autogroove.model import stack_encodings

        fingerprint, segment, _, _ = self._row(track_id)
        table = self._segment_encodings(segment)
        own = table.filter(pc.equal(table["fingerprint"], fingerprint))
        return stack_encodings(own.sort_by("clip")["encoding"])

    @cached_property
    def _segment_encodings(self) -> Any:
        """Reads the clip encodings of one segment; remembers the last few."""
        import pyarrow.parquet as pq

        by_segment = {
            ref.key.rpartition("/")[2].removesuffix(".parquet"): ref
            for ref in self.manifest.parts.encodings
        }

        @lru_cache(maxsize=8)
        def read(segment: str) -> "pa.Table":
            if segment not in by_segment:
                raise ReleaseError(f"Release {self.number} has no encodings of {segment}.")
            return pq.read_table(io.BytesIO(read_part(self.store, by_segment[segment])))

        return read

    @cached_property
    def _track_encodings(self) -> "tuple[NDArray[np.int64], NDArray[np.float32]]":
        from autogroove.model import read_track_encodings

        return read_track_encodings(read_part(self.store, self.manifest.parts.track_encodings))

    @property
    def track_ids(self) -> "NDArray[np.int64]":
        """The tracks that have an encoding, int64 (n,), in the order of `encodings`."""
        return self._track_encodings[0]

    @property
    def encodings(self) -> "NDArray[np.float32]":
        """Track encodings, float32 (n, d), in the order of `track_ids`."""
        return self._track_encodings[1]

    @cached_property
    def encoding_parts(self) -> dict[str, slice]:
        """Where tempo, rhythm and sound lie in an encoding, by name; empty without parts."""
        parts = self._json(self.manifest.parts.model.description).get("parts", {})
        return {name: slice(start, stop) for name, (start, stop) in parts.items()}

    def tracks_before(self, when: "datetime") -> frozenset[int]:
        """What the release that was current at a time had clips of, by id; nothing before any.

        A rollback counts as the content that it brought back.
        """
        earlier = [
            manifest
            for manifest in list_releases(self.store)
            if manifest.published_at < when and manifest.release <= self.number
        ]
        return frozenset(Release(self.store, earlier[-1])._rows) if earlier else frozenset()

    @cached_property
    def clusters(self) -> "pd.DataFrame":
        """Columns track_id int64, cluster int64, exemplar bool; by track id."""
        from autogroove.clustering import read_clusters

        return read_clusters(read_part(self.store, self.manifest.parts.clusters))

    @cached_property
    def cluster_report(self) -> dict[str, Any]:
        """How the clustering went: convergence, iterations, preference and more."""
        return self._json(self.manifest.parts.cluster_report)

    @cached_property
    def card(self) -> dict[str, Any]:
        """The evaluation card."""
        return self._json(self.manifest.parts.card)

    @cached_property
    def analysis(self) -> dict[str, Any] | None:
        """The statistical analysis of the spectrograms, where the run made one."""
        part = self.manifest.parts.analysis
        return self._json(part) if part else None

    @cached_property
    def model(self) -> "Autoencoder":
        """The trained encoder, ready to encode."""
        from autogroove.model import load_model

        read_part(self.store, self.manifest.parts.model.description)
        return load_model(self.store, self.manifest.parts.model.model_key)

    def picture(self, name: str) -> bytes:
        """A picture of the release as PNG.

        Raises:
            NotFoundError: there is none of this name.
        """
        pictures = self.manifest.parts.pictures
        if name not in pictures:
            known = ", ".join(pictures) or "none"
            raise NotFoundError(f"Release {self.number} has no picture {name!r} (it has {known}).")
        return read_part(self.store, pictures[name])

    def _json(self, ref: PartRef) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(read_part(self.store, ref))
        return value
