"""What kinds of collections there are, and how one is recognised.

What belongs here: `open_source`, and the one class that every collection is.
What does not: reading folders, archives and URLs (`files`), CSV (`fma_metadata`), or the audio.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autogroove.errors import SourceError
from autogroove.source.files import Files
from autogroove.source.fma_metadata import SUBSETS, FmaMetadata
from autogroove.source.folder_globs import match_folders
from autogroove.source.folders import LocalFiles, RemoteFiles
from autogroove.source.listing import list_collection
from autogroove.source.network import RangedFile
from autogroove.source.tracks import Reason
from autogroove.source.zip_files import ZipFiles
from autogroove.store import Store

if TYPE_CHECKING:
    from autogroove.source.groovebox.plan import DemoSpec

_RENDERING = re.compile(r"cache/demo-[0-9a-f]{32}(?=/|$)")
DEMO = re.compile(r"demo(?::([1-9]\d{0,5}))?")
"""The demo collection, or its first so many tracks, as a release of them names its source."""

_AUDIOBOOK = ".m4b"
_METADATA_FOLDER = "fma_metadata"


@dataclass(frozen=True)
class Collection:
    """A source of tracks. Small and picklable: listings are made where they are asked for."""

    kind: str
    """"fma", "folder" or "demo"."""
    url: str
    files: Files
    metadata: FmaMetadata | None = None
    subset: str | None = None
    limit: int | None = None
    exclude_folders: tuple[str, ...] = ()
    """Patterns of folders that are left out; see `folder_globs.match_folders`."""
    demo: "DemoSpec | None" = None
    """Of a demo: what `groovebox.render_demo` must be given before `is_ready`."""

    def list_tracks(self) -> pd.DataFrame:
        """Every track, faults included, as a table; see `listing.list_collection`.

        Raises:
            SourceError: it cannot be listed, or holds no audio at all.
        """
        if not self.is_ready:
            raise SourceError(
                "The demo collection is not rendered yet: `autogroove run demo` does."
            )
        rows = list_collection(self.files, self.kind, self.metadata, self.subset, self.limit)
        rows["reason"] = rows["reason"].astype(object)
        is_book = rows["path"].str.lower().str.endswith(_AUDIOBOOK).fillna(False).astype(bool)
        _leave_out(rows, match_folders(rows["path"], self.exclude_folders), Reason.excluded_folder)
        _leave_out(rows, is_book, Reason.audiobook)
        return rows

    def read(self, path: str) -> bytes:
        """The whole file of a track."""
        return self.files.read(path)

    def open(self, path: str) -> BinaryIO:
        """The file of a track, seekable."""
        return self.files.open(path)

    def local_path(self, path: str) -> Path | None:
        """The real file, if the source is a plain folder of this machine."""
        return self.files.local_path(path)

    @property
    def reads_tags(self) -> bool:
        """Whether titles come from the files themselves, for want of a table."""
        return self.metadata is None

    @property
    def trusts_checksums(self) -> bool:
        """Whether a place's own checksums stand for the bytes.

        Not for the demo: it is part of the store, and must have equal fingerprints in every one.
        """
        return self.kind != "demo"

    @property
    def is_ready(self) -> bool:
        """Whether it is there; False only for a demo that must be rendered first."""
        return self.demo is None or self.files.has_file(f"{_METADATA_FOLDER}/tracks.csv")


def _leave_out(
    rows: pd.DataFrame, which: "pd.Series[bool] | NDArray[np.bool_]", reason: Reason
) -> None:
    """Give a reason to those that have none yet."""
    left_out = which & rows["reason"].isna()
    rows.loc[left_out, "reason"] = reason
    rows.loc[left_out, "detail"] = reason.meaning


def open_source(
    source: str,
    *,
    store: Store,
    subset: str | None = None,
    limit: int | None = None,
    exclude_folders: Sequence[str] = (),
) -> Collection:
    """The collection at a place: "demo", a folder, a zip archive, or any fsspec URL of these.

    `subset` keeps the tracks of one of FMA's subsets and of those inside it; `limit` the first so
    many by track id. Tracks in `exclude_folders` are listed as excluded, and not read.

    Raises:
        SourceError: there is nothing of that kind, or the subset cannot be told.
    """
    if subset is not None and subset not in SUBSETS:
        raise SourceError(f"There is no subset {subset!r}. FMA's are {', '.join(SUBSETS)}.")
    if limit is not None and limit < 1:
        raise SourceError(f"A limit of {limit} leaves no track.")
    if named := DEMO.fullmatch(source):
        limits = [each for each in (limit, int(named[1] or 0)) if each]
        demo = _open_demo(store, subset, min(limits, default=None))
        return replace(demo, exclude_folders=tuple(exclude_folders))
    try:
        files = open_files(source, store)
        metadata = _find_metadata(files)
    except PermissionError as error:
        raise SourceError(f"No permission to list {source}. Check the folder's owner.") from error
    is_archive_of_fma = isinstance(files, ZipFiles) and files.has_fma_layout()
    kind = "folder" if metadata is None and not is_archive_of_fma else "fma"
    if subset is not None and metadata is None:
        raise SourceError(
            f"{files.url} has no {_METADATA_FOLDER}/ that could tell the subset {subset}."
        )
    return Collection(kind, files.url, files, metadata, subset, limit, tuple(exclude_folders))


def _open_demo(store: Store, subset: str | None, limit: int | None) -> Collection:
    # Only a demo needs the libraries that render it.
    from autogroove.source.groovebox.collection import choose_demo, demo_prefix, name_demo

    spec = choose_demo(store, limit)
    place = store.locate(demo_prefix(spec))
    files: Files = LocalFiles(place) if store.is_local else RemoteFiles(place)
    metadata = FmaMetadata(files, _METADATA_FOLDER)
    return Collection("demo", name_demo(limit), files, metadata, subset, limit, demo=spec)


def open_files(source: str, store: Store) -> Files:
    """The files at a place, whatever they are. The store is no part of a collection.

    Raises:
        SourceError: there is nothing, or it is a file but no zip archive.
    """
    if (folder := Path(source).expanduser()).is_dir():
        return _open_folder(folder, store)
    place = source.removeprefix("zip::").removeprefix("file://")
    if "://" in place:
        address = urlsplit(place)
        is_web = address.scheme in ("http", "https")
        if address.password is not None or (is_web and address.username is not None):
            raise SourceError(
                "A source's URL must not carry credentials: releases remember it. "
                "Use the credentials of your environment, or download the collection."
            )
        if source.startswith("zip::") or address.path.lower().endswith(".zip"):
            archive = RangedFile(place)
            # With the slash it is taken for a folder wherever its name is read again.
            return RemoteFiles(f"{place}/") if archive.is_folder else ZipFiles(archive)
        is_named_zip = address.path.lower().endswith(".zip/")
        return RemoteFiles(place if is_named_zip else place.rstrip("/"))
    path = Path(place).expanduser()
    if not path.exists():
        raise SourceError(f"{path} is not there.")
    path = path.resolve()
    if path.is_dir():
        return _open_folder(path, store)
    if source.startswith("zip::") or path.suffix.lower() == ".zip":
        return ZipFiles(RangedFile(str(path)))
    raise SourceError(f"{path} is neither a folder nor a .zip archive.")


def _open_folder(path: Path, store: Store) -> LocalFiles:
    return LocalFiles(str(path.resolve()), store.url if store.is_local else None)


def _find_metadata(files: Files) -> FmaMetadata | None:
    if isinstance(files, ZipFiles):
        return _find_in_archive(files) or _find_beside(files)
    if isinstance(files, LocalFiles):
        there = (Path(files.root) / _METADATA_FOLDER).is_dir()
    else:
        there = files.has_file(f"{_METADATA_FOLDER}/tracks.csv")
    return FmaMetadata(files, _METADATA_FOLDER) if there else None


def _find_in_archive(files: ZipFiles) -> FmaMetadata | None:
    ending = f"{_METADATA_FOLDER}/tracks.csv"
    found = [p for p in files.member_names() if p == ending or p.endswith(f"/{ending}")]
    if not found:
        return None
    return FmaMetadata(files, min(found, key=lambda p: (p.count("/"), p)).rsplit("/", 1)[0])


def _find_beside(files: ZipFiles) -> FmaMetadata | None:
    """The folder or archive of metadata that was downloaded to the same place."""
    folder, _, _ = files.archive.url.rpartition("/")
    if files.is_local:
        if (Path(folder) / _METADATA_FOLDER).is_dir():
            return FmaMetadata(LocalFiles(folder), _METADATA_FOLDER)
        archive = Path(folder) / f"{_METADATA_FOLDER}.zip"
        return _find_in_archive(ZipFiles(RangedFile(str(archive)))) if archive.is_file() else None
    there = RemoteFiles(folder).has_file(f"{_METADATA_FOLDER}/tracks.csv")
    return FmaMetadata(RemoteFiles(folder), _METADATA_FOLDER) if there else None


def find_renderings(source_url: str) -> Iterator[str]:
    """Folders of the store that a release of this source plays the rendered demo from, if any."""
    from autogroove.source.groovebox import DemoSpec, demo_prefix

    if demo := DEMO.fullmatch(source_url):
        yield demo_prefix(DemoSpec())
        yield demo_prefix(DemoSpec(num_tracks=int(demo[1]) if demo[1] else None))
    if named := _RENDERING.search(source_url):
        yield named[0]
