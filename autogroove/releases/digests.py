"""One key has one digest for ever: what the log says of each object, held against what is there.

What belongs here: the digests that earlier releases gave to keys, and parts that contradict them.
What does not: reading the objects (`verification`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from autogroove.releases.manifest import Manifest
from autogroove.releases.parts import ReleaseParts
from autogroove.store import PartRef


@dataclass(frozen=True)
class Contradiction:
    """Two releases that name one key with two digests."""

    key: str
    release: int
    """The other release, the earliest that names the key."""


def known_parts(log: Iterable[Manifest]) -> dict[str, tuple[PartRef, int]]:
    """By key, the part as the earliest release of the log has it, and the number of that release.

    Indexes of segments are among them, with size 0: manifests do not say theirs.
    """
    known: dict[str, tuple[PartRef, int]] = {}
    for manifest in sorted(log, key=lambda each: each.release):
        for part in name_parts(manifest.parts):
            known.setdefault(part.key, (part, manifest.release))
    return known


def name_parts(parts: ReleaseParts) -> list[PartRef]:
    """Every object that a manifest gives a digest."""
    indexes = [
        PartRef(key=segment.index_key, sha256=segment.digest, size_bytes=0)
        for segment in parts.segments
    ]
    return [*parts.objects(), *indexes]


def find_contradictions(parts: ReleaseParts, log: Iterable[Manifest]) -> list[Contradiction]:
    """Parts whose digest is another than in an earlier release."""
    known = known_parts(log)
    return [
        Contradiction(part.key, known[part.key][1])
        for part in name_parts(parts)
        if part.key in known and known[part.key][0].sha256 != part.sha256
    ]
