"""The tasks from a folder to a complete catalogue, called without Prefect on a temporary store."""

from pathlib import Path

import pytest
from sounds import play_music, write_audio
from stored_clips import tiny_settings

from autogroove.config import SourceSelection
from autogroove.segments import open_clips
from autogroove.source import load_catalogue
from autogroove.store import Store
from tasks.collection import compare, scan
from tasks.spectrograms import complete, plan, write

SETTINGS = tiny_settings(clip__clip_seconds=2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(3):
        write_audio(tmp_path / f"music/{number}.wav", play_music(7 + number, 22050), 22050)
    (tmp_path / "music/bad.mp3").write_bytes(b"<html>" * 100)
    return tmp_path / "music"


def test_a_folder_becomes_a_catalogue_whose_every_track_is_accounted_for(
    local_store: Store, folder: Path
) -> None:
    selection = SourceSelection(source=str(folder))
    listing = scan.fn(local_store, selection, rehash=False)
    assert (listing.listed, listing.fingerprinted) == (4, 4)
    planned = plan.fn(local_store, listing.catalogue_key, SETTINGS, 2, retry_quarantined=False)
    written = [
        write.fn(local_store, listing.source, batch, SETTINGS, "1/1") for batch in planned.batches
    ]
    assert sum(each.tracks for each in written) == 3
    assert sum(each.quarantined for each in written) == 1
    keys = sorted(each.segment_key for each in written if each.segment_key)
    done = complete.fn(local_store, listing.catalogue_key, planned.recipe_key, keys)
    table = load_catalogue(local_store, done.catalogue_key)
    assert sorted(table["status"]) == ["quarantined", *["stored"] * 3]
    clips = sum(open_clips(local_store, planned.recipe_key, key).shape[0] for key in keys)
    assert clips == table["clips"].sum()


def test_a_batch_that_was_written_is_not_planned_again(local_store: Store, folder: Path) -> None:
    listing = scan.fn(local_store, SourceSelection(source=str(folder)), rehash=False)
    planned = plan.fn(local_store, listing.catalogue_key, SETTINGS, 2, retry_quarantined=False)
    first, *others = planned.batches
    write.fn(local_store, listing.source, first, SETTINGS, "1/2")
    again = plan.fn(local_store, listing.catalogue_key, SETTINGS, 2, retry_quarantined=False)
    assert [batch.members for batch in again.batches] == [batch.members for batch in others]


def test_without_a_release_everything_in_the_source_is_new(
    local_store: Store, folder: Path
) -> None:
    changes = compare.fn(local_store, SourceSelection(source=str(folder)))
    assert (changes.new, changes.changed, changes.removed) == (4, 0, 0)
