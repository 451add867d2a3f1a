"""Whether so many tracks are gone that their disk is more likely offline than they are removed.

What belongs here: the share of the current release that a source does not hold any more, and the
sentence that stops a run. What does not: listing the source.
"""

import pandas as pd

from autogroove.config import RunPolicy, Settings, SourceSelection
from autogroove.errors import SourceError
from autogroove.releases import Release
from autogroove.source import DEMO, SUBSETS, rank_subsets


def check_removals(
    release: Release | None,
    catalogue: pd.DataFrame,
    url: str,
    selection: SourceSelection,
    settings: Settings,
    policy: RunPolicy,
) -> None:
    """Refuse to publish a release of what is left, unless the policy allows it.

    Raises:
        SourceError: more than `source.removed_fraction` of the release's tracks are gone.
    """
    if release is None or policy.allow_removed or _is_asked_for(selection, url, catalogue):
        return
    before = _select(release.catalogue, selection)
    is_same_place = release.manifest.parts.source_url == url
    if not is_same_place and _share_nothing(before, catalogue):
        return
    num_gone = count_removed(before, catalogue)
    share, limit = num_gone / max(1, len(before)), settings.source.removed_fraction
    if share <= limit:
        return
    raise SourceError(
        f"{num_gone} of the {len(before)} tracks of release {release.number} ({share:.0%}) are not "
        f"in {url} any more, and a run stops above {limit:.0%}: look whether a disk or share is "
        "offline, or go on with --allow-removed (the limit is source.removed_fraction)."
    )


def count_removed(before: pd.DataFrame, after: pd.DataFrame) -> int:
    """Tracks of a catalogue of which another one has neither the id nor the audio."""
    is_file = after["status"].isin(["listed", "excluded"]) & (after["size_bytes"] > 0)
    is_there = before["track_id"].isin(after.loc[is_file, "track_id"])
    is_there |= before["fingerprint"].isin(after.loc[is_file, "fingerprint"].dropna())
    return int((~is_there).sum())


def _is_asked_for(selection: SourceSelection, url: str, catalogue: pd.DataFrame) -> bool:
    """Whether tracks may be left out because fewer are asked for."""
    is_limited = selection.limit is not None and selection.limit <= len(catalogue)
    return is_limited or DEMO.fullmatch(url) is not None


def _share_nothing(before: pd.DataFrame, after: pd.DataFrame) -> bool:
    """Whether two catalogues are of different collections. Numbers of FMA's kind tell nothing."""
    return not before["fingerprint"].isin(after["fingerprint"].dropna()).any()


def _select(catalogue: pd.DataFrame, selection: SourceSelection) -> pd.DataFrame:
    """The stored tracks of a release that a selection asks for too."""
    stored = catalogue[catalogue["status"] == "stored"]
    if selection.subset is None:
        return stored
    return stored[rank_subsets(stored["subset"]) <= SUBSETS.index(selection.subset)]
