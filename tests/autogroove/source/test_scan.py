"""Scans: what is read, what is remembered, what is found when the collection changes."""

import hashlib
import io
import os
import threading
from pathlib import Path

import fma_layout
import pandas as pd
import pytest

from autogroove.source.comparison import Changes, compare_listing
from autogroove.source.preview import preview_scan
from autogroove.source.scan import Scan, scan_source
from autogroove.source.scan_cache import LISTING_SCHEMA, ScanCache, make_source_key
from autogroove.source.sources import Collection, open_source
from autogroove.source.table import write_catalogue, write_table
from autogroove.source.tracks import Reason
from autogroove.store.store import Store

TRACK_IDS = range(1, 13)


@pytest.fixture
def fma(tmp_path: Path) -> Path:
    return fma_layout.write_fma(tmp_path / "fma", TRACK_IDS)


def scan(folder: Path, store: Store, **options: bool) -> Scan:
    return scan_source(open_source(str(folder), store=store), store, **options)


def rewrite_in_secret(place: Path) -> None:
    """Other bytes under the same size and time."""
    status, data = place.stat(), place.read_bytes()
    place.write_bytes(bytes(byte ^ 1 for byte in data))
    os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))


def listings(store: Store) -> list[str]:
    return [found.key for found in store.objects() if found.key.startswith("scans/")]


def test_a_first_scan_reads_every_byte_once_and_digests_it(fma: Path, store: Store) -> None:
    calls: list[tuple[int, int]] = []
    source = open_source(str(fma), store=store)
    found = scan_source(source, store, progress=lambda done, total: calls.append((done, total)))
    assert (found.listed, found.fingerprinted) == (12, 12)
    assert found.audio_bytes_read == sum(len(fma_layout.audio_bytes(i)) for i in TRACK_IDS)
    expected = [hashlib.sha256(fma_layout.audio_bytes(i)).hexdigest() for i in TRACK_IDS]
    assert list(found.catalogue["fingerprint"]) == expected
    assert calls == [(done, 12) for done in range(1, 13)]


def test_an_unchanged_scan_opens_no_audio_writes_nothing_and_finds_the_same(
    fma: Path, store: Store
) -> None:
    first = scan(fma, store)
    before = {found.key: found.modified for found in store.objects()}
    for track_id in TRACK_IDS:
        rewrite_in_secret(fma / fma_layout.fma_path(track_id))
    again = scan(fma, store)
    assert (again.fingerprinted, again.audio_bytes_read) == (0, 0)
    assert write_catalogue(again.catalogue) == write_catalogue(first.catalogue)
    assert {found.key: found.modified for found in store.objects()} == before


def test_a_rehash_finds_bytes_that_changed_under_the_same_size_and_time(
    fma: Path, local_store: Store
) -> None:
    first = scan(fma, local_store)
    rewrite_in_secret(fma / fma_layout.fma_path(5))
    found = scan(fma, local_store, rehash=True)
    assert found.fingerprinted == 12
    differs = first.catalogue["fingerprint"] != found.catalogue["fingerprint"]
    assert list(found.catalogue["track_id"][differs]) == [5]
    assert scan(fma, local_store).fingerprinted == 0


def test_only_what_is_new_or_changed_is_read(fma: Path, local_store: Store) -> None:
    scan(fma, local_store)
    fma_layout.write_file(fma, fma_layout.fma_path(3), b"other")
    fma_layout.write_file(fma, fma_layout.fma_path(99), b"newcomer")
    (fma / fma_layout.fma_path(7)).unlink()
    os.utime(fma / fma_layout.fma_path(8))
    found = scan(fma, local_store)
    assert found.fingerprinted == 3
    status = found.catalogue.set_index("track_id")["reason"].dropna()
    assert status.to_dict() == {7: Reason.missing_file}
    assert scan(fma, local_store).fingerprinted == 0
    assert len(listings(local_store)) == 2


def test_of_equal_bytes_the_lowest_id_stays_and_the_others_name_it(
    fma: Path, local_store: Store
) -> None:
    for track_id in (40, 41):
        fma_layout.write_file(fma, fma_layout.fma_path(track_id), fma_layout.audio_bytes(4))
    catalogue = scan(fma, local_store).catalogue.set_index("track_id")
    assert catalogue.loc[4, "status"] == "listed"
    assert list(catalogue.loc[[40, 41], "status"]) == ["excluded"] * 2
    assert list(catalogue.loc[[40, 41], "reason"]) == [Reason.duplicate_content] * 2
    assert catalogue.loc[40, "detail"] == "The same bytes as track 4."
    assert catalogue.loc[40, "fingerprint"] == catalogue.loc[4, "fingerprint"]


def test_every_track_of_the_source_has_one_row_and_one_status(
    fma: Path, local_store: Store
) -> None:
    fma_layout.write_file(fma, fma_layout.fma_path(50), b"")
    fma_layout.write_file(fma, "other/000/000002.mp3", b"same id")
    (fma / fma_layout.fma_path(9)).unlink()
    catalogue = scan(fma, local_store).catalogue
    assert catalogue["track_id"].is_unique and catalogue["track_id"].is_monotonic_increasing
    counts = catalogue["status"].value_counts().to_dict()
    assert counts == {"listed": 11, "excluded": 2, "quarantined": 1}
    assert catalogue["reason"].isna().equals(catalogue["status"] == "listed")


def test_the_catalogue_does_not_depend_on_when_or_where_it_was_made(
    fma: Path, tmp_path: Path, local_store: Store
) -> None:
    first = write_catalogue(scan(fma, local_store).catalogue)
    elsewhere = fma_layout.write_fma(tmp_path / "deeper" / "copy", list(TRACK_IDS)[::-1])
    other = scan(elsewhere, Store(tmp_path / "other-store"))
    assert write_catalogue(other.catalogue) == first


def test_a_limited_scan_reads_little_and_later_scans_build_on_it(
    fma: Path, local_store: Store
) -> None:
    def limited(limit: int | None) -> Scan:
        source = open_source(str(fma), store=local_store, limit=limit)
        return scan_source(source, local_store)

    assert (limited(4).listed, limited(4).fingerprinted) == (4, 0)
    assert (limited(None).listed, limited(None).fingerprinted) == (12, 0)
    assert limited(2).fingerprinted == 0
    assert limited(None).fingerprinted == 0
    assert len(listings(local_store)) == 2


def test_what_an_interrupted_scan_found_is_not_read_again(fma: Path, local_store: Store) -> None:
    def interrupt(done: int, total: int) -> None:
        if done == 8:
            raise KeyboardInterrupt

    source = open_source(str(fma), store=local_store)
    with pytest.raises(KeyboardInterrupt):
        scan_source(source, local_store, progress=interrupt)
    assert scan_source(source, local_store).fingerprinted == 12 - 7


def test_a_long_scan_writes_down_what_it_has_on_the_way(
    fma: Path, local_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autogroove.source.scan.CHECKPOINT_SECONDS", 0.0)
    scan(fma, local_store)
    assert len(listings(local_store)) == 12
    assert scan(fma, local_store).fingerprinted == 0


def listing_of(*paths: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"path": list(paths), "size_bytes": 1, "version": "1", "fingerprint": list(paths)}
    )


def test_listings_written_at_once_lose_nothing(store: Store) -> None:
    """Many racers, each with a file that only it has seen."""
    memories = [ScanCache(store, "a" * 32) for _ in range(8)]
    start = threading.Barrier(8)

    def write(number: int) -> None:
        start.wait()
        memories[number].write(listing_of("shared.mp3", f"{number}.mp3"))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(listings(store)) == 8
    known = set(ScanCache(store, "a" * 32).rows["path"])
    assert known == {"shared.mp3", *(f"{number}.mp3" for number in range(8))}


@pytest.mark.parametrize("noted", [True, False])
def test_a_damaged_listing_is_named_and_costs_a_reading(
    fma: Path, local_store: Store, caplog: pytest.LogCaptureFixture, noted: bool
) -> None:
    first = scan(fma, local_store)
    (key,) = listings(local_store)
    whole = local_store.read(key)
    if noted:  # a flipped fingerprint reads as well as a true one
        other = write_table(
            pd.read_parquet(io.BytesIO(whole)).assign(fingerprint="0" * 64),
            LISTING_SCHEMA,
        )
        local_store.write(key, other)
    else:  # as an older version left it
        local_store.delete_all([found.key for found in local_store.objects("memos")])
        local_store.write(key, whole[: len(whole) // 2])
    again = scan(fma, local_store)
    assert key in caplog.text
    assert again.catalogue.equals(first.catalogue)
    assert again.fingerprinted == first.fingerprinted
    assert scan(fma, local_store).fingerprinted == 0
    assert local_store.read(listings(local_store)[-1]) == whole


def test_a_difference_keeps_its_key_once_its_audio_was_read(fma: Path, local_store: Store) -> None:
    first = scan(fma, local_store).catalogue
    place = next(fma.glob("*/*/*.mp3"))
    place.write_bytes(place.read_bytes() + b"more")
    source = open_source(str(fma), store=local_store)
    unread = compare_listing(source, local_store, first)
    scan(fma, local_store)
    read = compare_listing(source, local_store, first)
    assert unread.total == read.total == 1
    assert unread.difference == read.difference
    place.write_bytes(place.read_bytes() + b"still more")
    assert compare_listing(source, local_store, first).difference != read.difference


def test_a_preview_says_what_a_scan_would_without_reading_or_writing(
    fma: Path, local_store: Store
) -> None:
    source = open_source(str(fma), store=local_store)
    before = preview_scan(source, local_store)
    assert (before.listed, before.fingerprinted, before.audio_bytes_read) == (12, 12, 0)
    assert before.catalogue["fingerprint"].isna().all()
    assert listings(local_store) == []
    found = scan_source(source, local_store)
    after = preview_scan(source, local_store)
    assert after.fingerprinted == 0
    assert after.catalogue.equals(found.catalogue)


def change(fma: Path) -> None:
    fma_layout.write_file(fma, fma_layout.fma_path(3), b"changed")
    fma_layout.write_file(fma, fma_layout.fma_path(98), b"new")
    fma_layout.write_file(fma, fma_layout.fma_path(99), b"new too")
    for track_id in (5, 6, 7):
        (fma / fma_layout.fma_path(track_id)).unlink()


def test_a_comparison_counts_what_is_new_changed_and_removed(fma: Path, local_store: Store) -> None:
    fma_layout.write_file(fma, fma_layout.fma_path(50), b"")
    source = open_source(str(fma), store=local_store)
    assert compare_listing(source, local_store) == Changes(13, 0, 0)
    catalogue = scan_source(source, local_store).catalogue

    def compare() -> Changes:
        return compare_listing(source, local_store, catalogue)

    assert (compare(), compare().total) == (Changes(0, 0, 0), 0)
    change(fma)
    assert (compare(), compare().total) == (Changes(new=2, changed=1, removed=3), 6)
    scan_source(source, local_store)
    assert compare() == Changes(new=2, changed=1, removed=3)


@pytest.mark.s3
def test_a_collection_on_s3_is_listed_once_and_its_etags_are_believed(
    fma: Path, s3_store: Store
) -> None:
    place = Store(f"{s3_store.url}/music")
    for file in fma.rglob("*.*"):
        place.write(file.relative_to(fma).as_posix(), file.read_bytes())
    copy = fma_layout.audio_bytes(1)
    place.write(fma_layout.fma_path(77), copy)
    source = open_source(place.url, store=s3_store)
    assert source.kind == "fma"
    found = scan_source(source, s3_store)
    assert (found.listed, found.fingerprinted, found.audio_bytes_read) == (13, 0, 0)
    assert found.catalogue["fingerprint"][0] == f"etag-{hashlib.md5(copy).hexdigest()}"
    assert found.catalogue["reason"].dropna().tolist() == [Reason.duplicate_content]
    assert source.read(fma_layout.fma_path(2)) == fma_layout.audio_bytes(2)
    with source.open(fma_layout.fma_path(2)) as opened:
        opened.seek(3)
        assert opened.read(4) == fma_layout.audio_bytes(2)[3:7]
    place.write(fma_layout.fma_path(2), b"changed")
    assert compare_listing(source, s3_store, found.catalogue).changed == 1


@pytest.mark.s3
def test_an_archive_on_s3_is_read_by_ranges(fma: Path, tmp_path: Path, s3_store: Store) -> None:
    archive = fma_layout.zip_folder(fma, tmp_path / "fma.zip")
    s3_store.write("fma_small.zip", archive.read_bytes())
    url = s3_store.locate("fma_small.zip")
    source = open_source(url, store=s3_store, limit=3)
    found = scan_source(source, s3_store)
    assert list(found.catalogue["track_id"]) == [1, 2, 3]
    assert source.read(found.catalogue["path"][2]) == fma_layout.audio_bytes(3)
    local = open_source(str(archive), store=s3_store, limit=3)
    assert write_catalogue(scan_source(local, s3_store).catalogue) == write_catalogue(
        found.catalogue
    )


@pytest.mark.s3
def test_tags_of_a_folder_on_s3_are_read_from_heads_and_remembered(
    tmp_path: Path, s3_store: Store
) -> None:
    import numpy as np
    import soundfile

    file = tmp_path / "song.flac"
    with soundfile.SoundFile(file, "w", 8000, 1) as opened:
        opened.title, opened.artist = "Remote", "Far"
        opened.write(np.random.default_rng(0).normal(0, 0.1, 8000))
    s3_store.write("music/song.flac", file.read_bytes())
    source = open_source(f"{s3_store.url}/music", store=s3_store)
    assert source.kind == "folder"
    first, again = (scan_source(source, s3_store) for _ in range(2))
    assert (first.fingerprinted, again.fingerprinted) == (1, 0)
    assert first.catalogue["title"].tolist() == ["Remote"]
    assert first.catalogue["duration_seconds"].tolist() == pytest.approx([1.0])
    assert again.catalogue.equals(first.catalogue)


def test_a_source_is_one_collection(fma: Path, local_store: Store) -> None:
    source = open_source(str(fma), store=local_store)
    assert isinstance(source, Collection)
    assert make_source_key(str(fma), False) != make_source_key(str(fma), True)
