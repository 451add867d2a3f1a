"""Who is at work in a store: runs that may yet publish, and sweeps of garbage.

What belongs here: small objects that say "I am at work", kept fresh by a heartbeat, and the rule
by which runs and sweeps keep out of one another's way.
What does not: what a sweep removes (`autogroove.releases.garbage`).

A run writes its lease and only then looks for sweeps; a sweep writes its lease and only then
looks for runs. Listings are consistent, so at least one of the two sees the other: the run waits,
or the sweep removes nothing. A lease that was not freshened for `STALE_AFTER` belongs to a
process that died. Times are the store's own, so that clocks of machines need not agree.
"""

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from autogroove.errors import AutogrooveError, ReleaseError
from autogroove.identity import canonical_json
from autogroove.storage import Store

_log = logging.getLogger(__name__)

RUNS = "runs"
SWEEPS = "sweeps"
HEARTBEAT_SECONDS = 30.0
STALE_AFTER = timedelta(minutes=5)
_LONGEST_WAIT_SECONDS = 900.0


@contextmanager
def hold_lease(store: Store, heartbeat_seconds: float = HEARTBEAT_SECONDS) -> Iterator[str]:
    """Keep sweeps away while a run reuses and writes objects that no release names yet.

    Yields the name of the lease. May be nested.

    Raises:
        ReleaseError: a sweep of garbage goes on and does not end.
    """
    with _announced(store, RUNS, heartbeat_seconds) as name:
        deadline = time.monotonic() + _LONGEST_WAIT_SECONDS
        # A sweep that is announced later sees this lease, so only these are waited for.
        before = set(live_leases(store, SWEEPS, _store_time(store, RUNS, name)))
        while before:
            _log.info("Waiting until garbage is collected in %s (%s)", store.url, sorted(before))
            if time.monotonic() > deadline:
                raise ReleaseError(
                    f"Garbage is being collected in {store.url} and does not end. "
                    f"If no such process runs any more, delete {store.url}/{SWEEPS}."
                )
            time.sleep(1.0)
            before &= set(live_leases(store, SWEEPS, _store_time(store, RUNS, name)))
        yield name


@contextmanager
def hold_sweep(store: Store) -> Iterator[tuple[datetime, tuple[str, ...]]]:
    """Announce a sweep; yields the store's time and the runs at work, who forbid sweeping."""
    with _announced(store, SWEEPS, HEARTBEAT_SECONDS) as name:
        moment = _store_time(store, SWEEPS, name)
        yield moment, live_leases(store, RUNS, moment)


def live_leases(store: Store, folder: str, moment: datetime) -> tuple[str, ...]:
    """Names of the leases of a folder that were fresh at a moment."""
    return tuple(
        each.key.rpartition("/")[2].removesuffix(".json")
        for each in store.objects(folder)
        if each.modified > moment - STALE_AFTER
    )


@contextmanager
def _announced(store: Store, folder: str, heartbeat_seconds: float) -> Iterator[str]:
    name = f"{socket.gethostname()[:40]}-{os.getpid()}-{uuid.uuid4().hex[:12]}"
    name = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in name)
    key = f"{folder}/r{name}.json"
    text = canonical_json({"host": socket.gethostname(), "process": os.getpid()})
    ended = threading.Event()
    store.write(key, text)
    thread = threading.Thread(
        target=_beat, args=(store, key, text, ended, heartbeat_seconds), daemon=True
    )
    thread.start()
    try:
        yield f"r{name}"
    finally:
        ended.set()
        thread.join()
        with suppress(AutogrooveError):
            store.delete(key)


def _beat(
    store: Store, key: str, text: bytes, ended: threading.Event, heartbeat_seconds: float
) -> None:
    while not ended.wait(heartbeat_seconds):
        # A beat that fails is made up by the next one; a lease is stale only after ten of them.
        with suppress(AutogrooveError):
            store.write(key, text)


def _store_time(store: Store, folder: str, name: str) -> datetime:
    return store.stat(f"{folder}/{name}.json").modified
