"""Half a library is more likely offline than removed."""

import pandas as pd
import pytest
from synthetic import put_release

from autogroove.config.run import RunPolicy, SourceSelection
from autogroove.config.settings import Settings
from autogroove.errors import SourceError
from autogroove.releases.log import publish_release
from autogroove.releases.reading import Release, open_release
from autogroove.runs.removals import check_removals
from autogroove.source.tracks import Reason
from autogroove.store.store import Store

HERE = "s3://made-up/music"


@pytest.fixture
def release(local_store: Store) -> Release:
    publish_release(local_store, put_release(local_store))
    return open_release(local_store)


def listed(release: Release, keep: int) -> pd.DataFrame:
    """What a scan finds of the release's 24 tracks where only so many are left."""
    return release.catalogue.assign(status="listed", size_bytes=1000).iloc[:keep]


def check(
    release: Release | None,
    catalogue: pd.DataFrame,
    url: str = HERE,
    *,
    limit: int | None = None,
    fraction: float = 0.2,
    **policy: bool,
) -> None:
    check_removals(
        release,
        catalogue,
        url,
        SourceSelection(source=url, limit=limit),
        Settings().with_overrides({"source.removed_fraction": fraction}),
        RunPolicy.model_validate(policy),
    )


def test_a_run_stops_where_more_than_a_fifth_is_gone(release: Release) -> None:
    with pytest.raises(SourceError, match=r"15 of the 24 tracks of release 1 \(62%\)") as caught:
        check(release, listed(release, 9))
    assert "--allow-removed" in str(caught.value) and "source.removed_fraction" in str(caught.value)
    check(release, listed(release, 20))
    check(release, listed(release, 9), allow_removed=True)
    check(release, listed(release, 9), fraction=0.7)
    check(None, listed(release, 9))


@pytest.mark.parametrize("reason", [Reason.missing_file, Reason.unreadable])
def test_rows_without_a_file_that_can_be_read_are_gone(release: Release, reason: Reason) -> None:
    rows = listed(release, 24)
    away = rows.index >= 9
    rows.loc[away, ["status", "reason", "fingerprint"]] = [reason.status, reason, None]
    rows.loc[away, "size_bytes"] = 0
    with pytest.raises(SourceError, match="15 of the 24"):
        check(release, rows)


def test_what_moved_or_is_not_asked_for_is_not_gone(release: Release) -> None:
    moved = listed(release, 24).assign(track_id=lambda rows: rows["track_id"] + 1000)
    check(release, moved)
    check(release, listed(release, 9), limit=9)
    with pytest.raises(SourceError):
        check(release, listed(release, 9), limit=24)


def test_another_collection_may_follow_but_not_half_of_the_same_elsewhere(release: Release) -> None:
    other = listed(release, 9).assign(fingerprint="another")
    check(release, other, "/elsewhere")
    with pytest.raises(SourceError, match="not in /elsewhere"):
        check(release, listed(release, 9), "/elsewhere")
