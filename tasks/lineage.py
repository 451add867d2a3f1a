"""Which asset came from which, in Prefect's event feed: audio, spectrograms, model, …, release.

What belongs here: naming the assets and their parents. What does not: making them.

An asset is a kind of object of one store; what a run made of it is the materialisation's payload.
It is told after publishing, so that an asset that was only reused is never told as made anew.
"""

from typing import Any
from urllib.parse import quote

from prefect.assets import add_asset_metadata, materialize

from autogroove.releases import ReleaseParts
from tasks.faults import retrying

_PARENTS = {
    "spectrograms": ("audio",),
    "model": ("spectrograms",),
    "encodings": ("spectrograms", "model"),
    "clusters": ("encodings",),
    "release": ("audio", "spectrograms", "model", "encodings", "clusters"),
}
_STAGES = {
    "spectrograms": "spectrograms",
    "model": "train",
    "encodings": "encode",
    "clusters": "cluster",
}
_LONGEST_KEY = 512


def record_lineage(
    store_url: str, number: int, parts: ReleaseParts, stages: dict[str, dict[str, Any]]
) -> None:
    """Tell of a new release and of every asset that its run made; those only reused are parents."""
    facts: dict[str, dict[str, Any]] = {
        "spectrograms": {"segments": len(parts.segments), "clips": parts.counts.clips},
        "model": {"model": parts.model.model_key},
        "encodings": {"tracks": parts.counts.tracks, "part": parts.track_encodings.key},
        "clusters": {"clusters": parts.counts.clusters, "part": parts.clusters.key},
        "release": {"release": number, **parts.coverage.model_dump()},
    }
    keys = {name: name_asset(f"{store_url}/{name}") for name in facts}
    keys["audio"] = name_asset(parts.source_url)
    for name, parents in _PARENTS.items():
        stage = stages.get(_STAGES.get(name, ""), {"status": "ran"})
        if stage["status"] == "ran":
            _tell(name, keys[name], [keys[parent] for parent in parents], facts[name])


def name_asset(url: str) -> str:
    """A path or URL as the key of an asset, which knows fewer letters.

    >>> name_asset("/srv/my music")
    'file:///srv/my=20music'
    """
    place = (
        url if "://" in url else f"file://{url}" if url.startswith("/") else f"autogroove://{url}"
    )
    return quote(place, safe=":/@+,;!$*()").replace("%", "=")[:_LONGEST_KEY]


def _tell(name: str, key: str, parents: list[str], facts: dict[str, Any]) -> None:
    @materialize(
        key,
        name=f"materialise-{name}",
        task_run_name=f"materialise {name}",
        asset_deps=list(parents),
        **retrying(),
    )
    def materialise() -> None:
        add_asset_metadata(key, facts)

    materialise()
