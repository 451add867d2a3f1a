"""Before a run: comparing the store with what is known of it, and mending the current release.

What belongs here: the tasks around `inspect_store` and `autogroove.runs.repairing`.
What does not: either of them.
"""

import logging

from prefect import task

from autogroove.model import is_stored
from autogroove.releases import (
    Inspection,
    Manifest,
    current_release,
    inspect_store,
    list_releases,
)
from autogroove.runs.repairing import Lesson, find_lesson, remake_release, restore_members
from autogroove.store import Store, is_whole
from tasks.execution import retrying

_log = logging.getLogger(__name__)


@task(name="inspect-store", task_run_name="inspect store", **retrying(hours=24))
def inspect(store: Store, full: bool) -> Inspection:
    """Set aside what is not what is known of it."""
    found = inspect_store(store, full=full)
    if current := current_release(store):
        restore_members(store, current)
    return found


def find_lost_lesson(store: Store) -> Lesson | None:
    """What the current release's model was trained from, if that model is lost."""
    log = list_releases(store)
    model_key = log[-1].parts.model.model_key
    return None if is_stored(store, model_key) else find_lesson(store, log, model_key)


def keep_only_same_model(store: Store) -> None:
    """Set a model aside that was trained again and came out otherwise, on other hardware."""
    current = current_release(store)
    if current is not None:
        model = current.parts.model
        if not (is_whole(store, model.weights) and is_whole(store, model.description)):
            _log.warning("Model %s comes out otherwise on this machine.", model.model_key)


@task(name="mend-release", task_run_name="mend release", **retrying(hours=24))
def mend(store: Store, lost: tuple[str, ...]) -> tuple[str, ...]:
    """Make again what the current release has lost; the keys of what is there again."""
    log = list_releases(store)
    current = log[-1]
    remade = remake_release(store, log, current, _leave_to_stages(current, lost))
    for key in remade.made:
        _log.warning("%s was lost or damaged, and is made again.", key)
    for key, why in remade.lacking.items():
        _log.warning("%s is lost; the stages that follow make it if they can: %s", key, why)
    return remade.made


def _leave_to_stages(current: Manifest, lost: tuple[str, ...]) -> tuple[str, ...]:
    """What is made here: neither a model, which is trained on the cluster or said to be lost, nor
    encodings, which are made there in batches."""
    parts = current.parts
    apart = {parts.model.weights.key, parts.model.description.key}
    apart |= {part.key for part in parts.encodings}
    return tuple(key for key in lost if key not in apart)
