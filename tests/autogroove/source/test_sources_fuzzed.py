"""Damaged archives, tables and tags: a catalogue or one clear sentence, and nothing else."""

import io
import itertools
import tempfile
import zipfile
from pathlib import Path

import fma_layout
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autogroove.errors import SourceError
from autogroove.source.scan import scan_source
from autogroove.source.sound_digests import digest_sound
from autogroove.source.sources import open_source
from autogroove.source.tags import read_tags
from autogroove.store.store import Store

Damage = list[tuple[float, int]]
DAMAGE = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8)
SETTINGS = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_NUMBERS = itertools.count()


def damage(data: bytes, changes: Damage) -> bytes:
    spoiled = bytearray(data)
    for where, byte in changes:
        spoiled[int(where * len(spoiled))] = byte
    return bytes(spoiled)


@pytest.fixture(scope="module")
def archive() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as opened:
        for track_id in (1, 2, 3):
            opened.writestr(fma_layout.fma_path(track_id), fma_layout.audio_bytes(track_id))
    return sink.getvalue()


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    rows = {i: {("track", "title"): 'with "quotes",\nlines'} for i in range(1, 6)}
    return fma_layout.write_tracks_csv(tmp_path_factory.mktemp("fma"), rows).read_bytes()


@SETTINGS
@given(changes=DAMAGE)
def test_a_damaged_archive(tmp_path: Path, archive: bytes, changes: Damage) -> None:
    place = tmp_path / f"{next(_NUMBERS)}.zip"
    place.write_bytes(damage(archive, changes))
    store = Store(tmp_path / "store")
    try:
        source = open_source(str(place), store=store)
        catalogue = scan_source(source, store).catalogue
    except SourceError as error:
        assert str(place) in str(error)
        return
    assert catalogue["track_id"].is_unique
    for path in catalogue["path"]:
        try:
            assert isinstance(source.read(path), bytes)
        except OSError:
            continue


@SETTINGS
@given(changes=DAMAGE)
def test_a_damaged_table(table: bytes, changes: Damage) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root, store = Path(folder) / "fma", Store(Path(folder) / "store")
        fma_layout.write_file(root, fma_layout.fma_path(1), b"audio")
        fma_layout.write_file(root, "fma_metadata/tracks.csv", damage(table, changes))
        try:
            catalogue = scan_source(open_source(str(root), store=store), store).catalogue
        except SourceError as error:
            assert "tracks.csv" in str(error)
            return
        assert catalogue["track_id"].is_unique
        assert 1 in set(catalogue["track_id"])


MAGIC = [b"ID3\x04\0\0", b"fLaC", b"OggS", b"RIFF", b"RF64", b"FORM", b"\0\0\0\x20ftyp"]
MAGIC += [b"\xff\xfb", b"caff\0\1\0\0", b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67"]
MAGIC += [b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"]


@SETTINGS
@given(head=st.sampled_from(MAGIC), rest=st.binary(max_size=200))
def test_damaged_tags_are_no_tags(head: bytes, rest: bytes) -> None:
    data = head + rest
    assert isinstance(read_tags(io.BytesIO(data), len(data)), dict)
    assert isinstance(digest_sound(io.BytesIO(data)), str | None)
