"""Releases: immutable, numbered, published.

What belongs here: the public names of the package.
What does not: code.
"""

from autogroove.releases.capability import check_conditional_create
from autogroove.releases.comparison import ReleaseDiff, diff_releases
from autogroove.releases.garbage import GarbageReport, collect_garbage
from autogroove.releases.leases import hold_lease
from autogroove.releases.log import (
    PublishOutcome,
    current_release,
    list_releases,
    publish_release,
    read_manifest,
    rollback,
)
from autogroove.releases.manifest import Manifest
from autogroove.releases.overview import release_as_json, releases_as_json
from autogroove.releases.parts import (
    Counts,
    Coverage,
    Decision,
    ModelPart,
    PartRef,
    ReleaseParts,
    SegmentPart,
    content_digest,
    put_bytes,
    put_json,
    read_part,
    refer_to,
)
from autogroove.releases.reading import Release, open_release
from autogroove.releases.turns import hold_turn
from autogroove.releases.verification import VerifyReport, verify_release

__all__ = [
    "Counts",
    "Coverage",
    "Decision",
    "GarbageReport",
    "Manifest",
    "ModelPart",
    "PartRef",
    "PublishOutcome",
    "Release",
    "ReleaseDiff",
    "ReleaseParts",
    "SegmentPart",
    "VerifyReport",
    "check_conditional_create",
    "collect_garbage",
    "content_digest",
    "current_release",
    "diff_releases",
    "hold_lease",
    "hold_turn",
    "list_releases",
    "open_release",
    "publish_release",
    "put_bytes",
    "put_json",
    "read_manifest",
    "read_part",
    "refer_to",
    "release_as_json",
    "releases_as_json",
    "rollback",
    "verify_release",
]
