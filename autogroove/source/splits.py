"""The official split of a collection: which side a track is on, and what is wrong with it.

What belongs here: whether the split guides training at all, and sentences on its faults.
What does not: who is trained on (`autogroove.model.training`).
"""

from typing import Any

import pandas as pd

TEST = "test"
FEWEST_TRAINABLE = 2


def leaves_too_few(split: "pd.Series[str]") -> bool:
    """Whether a split puts so many tracks on the test side that nothing is left to train on."""
    return len(split) >= FEWEST_TRAINABLE and int((split != TEST).sum()) < FEWEST_TRAINABLE


def without_useless_split(tracks: pd.DataFrame) -> pd.DataFrame:
    """The tracks, without their split where it leaves nothing to train on."""
    return tracks.assign(split=None) if leaves_too_few(tracks["split"]) else tracks


def describe_split_faults(table: pd.DataFrame) -> list[str]:
    """Sentences on the official split of tracks; none: it is clean."""
    return [*_describe_sides(table["split"]), *_describe_crossing(table)]


def _describe_sides(split: "pd.Series[str]") -> list[str]:
    if not leaves_too_few(split):
        return []
    num_test = int((split == TEST).sum())
    return [
        f"The split has {num_test} of {len(split)} tracks on the test side, which leaves nothing "
        "to train on, so it is left aside: tracks are divided by artist."
    ]


def _describe_crossing(table: pd.DataFrame) -> list[str]:
    """Artists who are on more than one side."""
    known: Any = table.dropna(subset=["artist_id", "split"])
    sides = known.groupby("artist_id")["split"].nunique()
    crossing = sides[sides > 1]
    if crossing.empty:
        return []
    names = known.drop_duplicates("artist_id").set_index("artist_id")["artist"]
    some = ", ".join(str(names[artist]) for artist in crossing.index[:3])
    return [f"{len(crossing)} artists are on more than one side of the split, among them {some}."]
