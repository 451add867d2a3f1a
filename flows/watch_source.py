"""Watching a source: an event when it no longer is what the current release was made of.

What belongs here: comparing by one listing, and telling, once for the same difference. What does
not: making a release; an automation starts that deployment when it sees the event.
"""

import re

from prefect import flow
from prefect.events import emit_event
from prefect.logging import get_run_logger

from autogroove.config import SourceSelection
from autogroove.runs import record_notification, was_notified
from autogroove.source import Changes
from autogroove.store import Store
from tasks.collection import compare

EVENT = "autogroove.dataset.updated"


@flow(
    name="watch-source",
    flow_run_name="watch {selection.source}",
    timeout_seconds=3600,
)
def watch_source(
    selection: SourceSelection = SourceSelection(),  # noqa: B008 - frozen, shown as a form
    store: str = "./autogroove-store",
) -> Changes:
    """Emit `autogroove.dataset.updated` when tracks came, changed, moved, went, or their tags did.

    Args:
        selection: Which audio is watched.
        store: Folder or URL of the store whose current release the audio is compared with.
    """
    place = Store(store)
    changes = compare(place, selection)
    logger = get_run_logger()
    if not changes.total:
        logger.info("%s is as the current release has it.", selection.source)
        return changes
    if was_notified(place, changes.difference):
        logger.info("%s: reported already today, and a run may be at work on it.", changes)
        return changes
    logger.info("%s: reporting.", changes)
    emit_event(
        EVENT,
        resource={
            "prefect.resource.id": f"autogroove.dataset.{name_dataset(selection.source)}",
            "prefect.resource.name": selection.source,
        },
        payload={
            "selection": selection.model_dump(mode="json"),
            "store": store,
            "new": changes.new,
            "changed": changes.changed,
            "removed": changes.removed,
            "moved": changes.moved,
            "retagged": changes.retagged,
        },
    )
    record_notification(place, changes.difference)
    return changes


def name_dataset(source: str) -> str:
    """The last part of a source's path as the name of a resource.

    >>> name_dataset("s3://music/fma_large.zip")
    'fma-large-zip'
    """
    return re.sub(r"[^a-z0-9]+", "-", source.rstrip("/").rsplit("/", 1)[-1].lower()).strip("-")
