"""Runs that publish to one store take turns.

What belongs here: who is first, who waits, and who died.
What does not: keeping runs and sweeps apart (`leases`), or giving numbers (`log`).

A turn saves work; it guards nothing. Two runs side by side are safe, because objects are named
by content and a release's number is created conditionally, but they would do the same work twice.
So a doubt is settled in favour of going on: nobody waits for a process that died.

The queue is in the store and not in an orchestrator, so that it holds between deployments,
servers and the command line. Each run that came earlier and is still at work is waited for.
"Earlier" is by the store's clock; two that come in the same second may go on together.
"""

import json
import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta

import psutil

from autogroove.errors import MissingObject
from autogroove.releases.leases import (
    HEARTBEAT_SECONDS,
    RUNS,
    announced,
    hold_lease,
    live_leases,
    store_time,
)
from autogroove.storage import Store

_log = logging.getLogger(__name__)

TURNS = "turns"
STALE_AFTER = timedelta(minutes=2)
"""Four beats: a run on another machine that died holds the next one up for no longer."""


@contextmanager
def hold_turn(
    store: Store,
    tell: Callable[[str], None] = lambda whom: None,
    *,
    look_again_seconds: float = 2.0,
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
) -> Iterator[str]:
    """Hold a lease, and wait until every run of this store that came earlier has ended.

    `tell` receives who is waited for, in words, each time that this is somebody else. Yields the
    name of the turn. Must not be nested.

    Raises:
        ReleaseError: a sweep of garbage goes on and does not end.
    """
    with hold_lease(store, heartbeat_seconds) as lease:
        arrived = store_time(store, RUNS, lease).astimezone(UTC)
        # Object storage tells whole seconds; within one, this machine's clock is as good as any.
        first = f"{arrived:%Y%m%dT%H%M%S%f}-{time.time_ns():020d}-"
        with announced(store, TURNS, heartbeat_seconds, first) as name:
            told = ""
            while whom := _find_who_is_ahead(store, name):
                if whom != told:
                    _log.info("Waiting for %s, which is publishing to %s.", whom, store.url)
                    tell(whom)
                    told = whom
                time.sleep(look_again_seconds)
            yield name


def _find_who_is_ahead(store: Store, name: str) -> str | None:
    """The run that is waited for, in words; None where it is this one's turn."""
    moment = store_time(store, TURNS, name)
    for other in live_leases(store, TURNS, moment, STALE_AFTER):
        if other >= name:
            return None
        try:
            holder = json.loads(store.read(f"{TURNS}/{other}.json"))
        except MissingObject:
            continue
        if not _has_died(holder):
            return f"process {holder['process']} on {holder['host']}"
    return None


def _has_died(holder: dict[str, object]) -> bool:
    """Whether a process of this machine is gone; of another machine only its silence tells."""
    if holder["host"] != socket.gethostname():
        return False
    try:
        process = psutil.Process(int(str(holder["process"])))
        is_another = int(process.create_time()) != holder["began"]
        return is_another or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
