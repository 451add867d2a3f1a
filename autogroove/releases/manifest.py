"""The manifest of a release: `releases/000007.json`.

What belongs here: its form, its name, and parsing one that somebody else wrote.
What does not: choosing the number and creating it (`autogroove.releases.log`).
"""

import re
from datetime import UTC, datetime

from pydantic import Field, ValidationError

from autogroove.errors import ReleaseError
from autogroove.releases.parts import ReleaseParts
from autogroove.store import Digest, Name, Record, canonical_json

FORMAT = 1
"""Version of the manifest's form. A reader refuses a number that it does not know."""

LARGEST_MANIFEST_BYTES = 256 << 20
"""About a million segments; anything larger is not a manifest."""

FOLDER = "releases"
_NAME = re.compile(r"(\d{6,12})\.json")


class Manifest(Record):
    """One release, whole: who published what, when, after which, and the digest of every part.

    `parent` is the release that was current before this one. A rollback repeats the content of
    `repeats` and was published while `rolled_back_from` was current.
    """

    format: int = Field(FORMAT, ge=FORMAT, le=FORMAT)
    release: int = Field(ge=1, le=999_999_999_999)
    published_at: datetime
    parent: int | None = Field(None, ge=1)
    rolled_back_from: int | None = Field(None, ge=1)
    repeats: int | None = Field(None, ge=1)
    nonce: Name
    content_digest: Digest
    parts: ReleaseParts

    def encoded(self) -> bytes:
        """The canonical JSON of this manifest."""
        return canonical_json(self)


def manifest_key(number: int) -> str:
    """Where a release's manifest is.

    >>> manifest_key(7)
    'releases/000007.json'
    """
    return f"{FOLDER}/{number:06d}.json"


def manifest_number(name: str) -> int | None:
    """The release number that a file name of the log says, or None if it is no manifest."""
    match = _NAME.fullmatch(name)
    number = int(match[1]) if match else 0
    return number if number and manifest_key(number) == f"{FOLDER}/{name}" else None


def parse_manifest(data: bytes, number: int, place: str) -> Manifest:
    """A manifest from its bytes.

    Raises:
        ReleaseError: it is not the manifest of this number, or is damaged, or is of a newer form.
    """
    try:
        manifest = Manifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "JSON"
        raise ReleaseError(
            f"{place} is not a manifest that this version can read ({where}: {first['msg']}). "
            "It was written by a newer Autogroove, or is damaged: then `autogroove releases "
            "repair` sets it aside, and the next run publishes its content again."
        ) from error
    if manifest.release != number:
        raise ReleaseError(f"{place} says that it is release {manifest.release}.")
    return manifest


def now() -> datetime:
    """The present, in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)
