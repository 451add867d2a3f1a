"""Repairing a store without its source: what is damaged is set aside, what can be is made again.

What belongs here: the order, and the report for people. What does not: either of them.
"""

from dataclasses import asdict, dataclass
from typing import Any

from autogroove.errors import ReleaseError
from autogroove.releases import (
    current_release,
    inspect_store,
    list_releases,
    set_aside_damaged_manifests,
)
from autogroove.runs.repairing.lessons import restore_members
from autogroove.runs.repairing.remaking import remake_release
from autogroove.store import Store


@dataclass(frozen=True)
class RepairReport:
    """What was set aside, what was made again, and why other parts of the release were not."""

    release: int | None
    """The current release; none is left where its manifest was damaged."""
    set_aside: tuple[str, ...]
    made: tuple[str, ...]
    lacking: dict[str, str]

    @property
    def is_whole(self) -> bool:
        """Whether the current release has all its parts."""
        return self.release is not None and not self.lacking

    def verdict(self) -> str:
        """One sentence for people."""
        if self.release is None:
            return "No release is left. Run the pipeline again: it publishes what is in the store."
        if not self.lacking:
            return f"Release {self.release} is whole; objects made again: {len(self.made)}."
        return (
            f"Release {self.release} lacks objects: {len(self.lacking)}. What comes from the audio "
            "is made by `autogroove run SOURCE`, or here with --source SOURCE."
        )

    def to_json(self) -> dict[str, Any]:
        """The answer of `autogroove releases repair --json`."""
        return asdict(self)


def repair_store(store: Store) -> RepairReport:
    """Read the whole store, set aside what is damaged, and make again what no audio is needed for.

    Raises:
        ReleaseError: there is no release to repair.
    """
    aside = set_aside_damaged_manifests(store)
    current = current_release(store)
    if current is None and not aside:
        raise ReleaseError(f"{store.url} has no release to repair.")
    if current is None:
        return RepairReport(None, tuple(aside), (), {})
    found = inspect_store(store, full=True)
    log = list_releases(store)
    remade = remake_release(store, log, current, found.missing)
    restore_members(store, current)
    return RepairReport(current.release, (*aside, *found.set_aside), remade.made, remade.lacking)
