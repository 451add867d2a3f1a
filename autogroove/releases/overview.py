"""What the command line shows of the log.

What belongs here: manifests as the plain JSON that other programs rely on.
What does not: tables and colours.
"""

from typing import Any

from autogroove.releases.log import list_releases
from autogroove.releases.manifest import Manifest
from autogroove.storage import Store


def releases_as_json(store: Store) -> list[dict[str, Any]]:
    """One row a release, oldest first: the answer of `autogroove releases list --json`."""
    return [_summary(manifest) for manifest in list_releases(store)]


def _summary(manifest: Manifest) -> dict[str, Any]:
    parts = manifest.parts
    return {
        "release": manifest.release,
        "published_at": manifest.published_at.isoformat(),
        "parent": manifest.parent,
        "tracks": parts.counts.tracks,
        "clusters": parts.counts.clusters,
        "model": parts.model.model_key,
        "rolled_back_from": manifest.rolled_back_from,
    }


def release_as_json(manifest: Manifest) -> dict[str, Any]:
    """One release in full: the answer of `autogroove releases show --json`."""
    shown = manifest.model_dump(mode="json")
    del shown["nonce"]
    return shown
