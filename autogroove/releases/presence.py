"""Whether the objects of a release are there, by listing alone.

What belongs here: comparing a release's parts with listings of the store: existence and size.
What does not: reading parts and checking digests (`autogroove.releases.verification`).
"""

from autogroove.releases.parts import ReleaseParts
from autogroove.storage import Store


def list_sizes(store: Store, parts: ReleaseParts) -> dict[str, int]:
    """Size in bytes by key of everything beside the parts: one listing a folder, not one a part."""
    folders = {ref.key.rpartition("/")[0] for ref in parts.objects()}
    folders |= {f"segments/{segment.recipe_key}" for segment in parts.segments}
    return {o.key: o.size_bytes for folder in sorted(folders) for o in store.objects(folder)}


def missing_objects(
    store: Store, parts: ReleaseParts, sizes: dict[str, int] | None = None
) -> list[str]:
    """Keys of parts that are absent or of another size, segments' indexes included, sorted."""
    found = list_sizes(store, parts) if sizes is None else sizes
    wrong = {ref.key for ref in parts.objects() if found.get(ref.key) != ref.size_bytes}
    wrong |= {s.index_key for s in parts.segments if s.index_key not in found}
    return sorted(wrong)
