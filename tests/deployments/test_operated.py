"""Deployed and triggered for real: by hand, and by the event that a watch emits.

The processes are those of an operator, the deployments those of `prefect.yaml`; only settings are
smaller and schedules asleep.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from operated import Stack, wait_until
from pipelines import NUM_TRACKS

from autogroove.releases import open_release

pytestmark = [pytest.mark.long, pytest.mark.slow, pytest.mark.timeout(900)]


@contextmanager
def timed(what: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - started:.0f} s")


def finish(stack: Stack, run_id: str) -> None:
    assert stack.wait_for_end(run_id) == "COMPLETED", stack.explain(run_id)


def statuses(stack: Stack) -> dict[str, int]:
    counts = open_release(str(stack.store)).catalogue["status"].value_counts()
    return {str(status): int(count) for status, count in counts.items()}


def test_a_run_by_hand_and_one_by_an_event_each_make_a_release(stack: Stack) -> None:
    with timed("by hand"):
        finish(stack, stack.run("publish-release", "on-demand"))
    assert stack.releases() == [1]
    assert statuses(stack)["stored"] == NUM_TRACKS

    finish(stack, stack.run("watch-source", "watch"))
    stack.add_tracks()
    finish(stack, stack.run("watch-source", "watch"))
    with timed("from event to release"):
        (told,) = wait_until(lambda: stack.runs_of("on-change"), "a run starts by itself")
        finish(stack, told["id"])
    assert told["parameters"]["selection"]["source"] == str(stack.music)
    assert stack.releases() == [1, 2]
    assert statuses(stack) == {"stored": NUM_TRACKS + 5}
