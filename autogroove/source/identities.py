"""Which new or changed files are ones that were known before: moved, or tagged anew.

What belongs here: giving such a file the fingerprint that its sound has had from the first.
What does not: reading files (`fingerprints`), or what their sound is (`sound_digests`).

A fingerprint names a sound in the store for ever. A file that has it although its bytes became
others, because its tags were changed, has the digest of its bytes beside it: `file_digest`.
"""

from collections.abc import Iterable

import pandas as pd

from autogroove.source.tags import TAG_NAMES

IDENTITY = ("fingerprint", "file_digest", "sound_digest")


def find_gone(rows: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Files that were known and are not listed any more."""
    return known[~known["path"].isin(rows["path"])]


def recognise_sounds(
    rows: pd.DataFrame, fresh: Iterable[int], known: pd.DataFrame, *, is_whole: bool
) -> pd.DataFrame:
    """Rows in which files that were just read keep the fingerprint of what they were before.

    `fresh` are the labels of their rows. A file is what its path was, if it sounds the same, or
    what lay at a path that is gone. Where another file has that fingerprint, it is a copy with tags
    of its own, and a track of its own. `is_whole` tells whether all files are listed.
    """
    if known["sound_digest"].isna().all():
        return rows
    gone = find_gone(rows, known) if is_whole else known.iloc[:0]
    moved = dict(zip(gone["sound_digest"], gone["fingerprint"], strict=True))
    index = list(fresh)
    taken = set(rows.loc[~rows.index.isin(index), "fingerprint"].dropna())
    names: dict[int, str] = {}
    read = rows.loc[index, ["fingerprint", "sound_digest", "known"]]
    for label, own, sound, place in read.itertuples():
        if isinstance(sound, str):
            is_same = place >= 0 and known["sound_digest"].iloc[int(place)] == sound
            name = known["fingerprint"].iloc[int(place)] if is_same else moved.get(sound)
            if name is not None and name != own and name not in taken:
                names[label] = name
        taken.add(names.get(label, own))
    if not names:
        return rows
    labels = list(names)
    rows = rows.copy()
    rows.loc[labels, "file_digest"] = rows.loc[labels, "fingerprint"]
    rows.loc[labels, "fingerprint"] = list(names.values())
    return rows


def foresee_moves(rows: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Rows in which files that nobody read are taken for those that are gone, by size and time."""
    unread = rows[rows["reason"].isna() & rows["fingerprint"].isna() & (rows["version"] != "")]
    gone = find_gone(rows, known).drop_duplicates(["size_bytes", "version"], keep=False)
    if unread.empty or gone.empty:
        return rows
    keys = ["size_bytes", "version"]
    single = unread[~unread.duplicated(keys, keep=False)]
    known_by = pd.MultiIndex.from_frame(gone[keys])
    places = known_by.get_indexer(pd.MultiIndex.from_frame(single[keys]))
    labels, found = single.index[places >= 0], gone.iloc[places[places >= 0]]
    rows = rows.copy()
    for name in (*IDENTITY, *TAG_NAMES, "tags_version"):
        if name in rows:
            rows[name] = rows[name].astype(object)
            rows.loc[labels, name] = found[name].astype(object).to_numpy()
    return rows
