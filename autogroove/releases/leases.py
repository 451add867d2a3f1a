"""Who is at work in a store: runs that may publish, sweeps of garbage, and the publish queue."""

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import psutil

from autogroove.errors import AutogrooveError, DamagedObject, MissingObject, ReleaseError
from autogroove.store import Store, canonical_json, parse_json, parsing

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
    with announced(store, RUNS, heartbeat_seconds) as name:
        deadline = time.monotonic() + _LONGEST_WAIT_SECONDS
        # A sweep that is announced later sees this lease, so only these are waited for.
        before = set(live_leases(store, SWEEPS, store_time(store, RUNS, name)))
        while before:
            _log.info("Waiting until garbage is collected in %s (%s)", store.url, sorted(before))
            if time.monotonic() > deadline:
                raise ReleaseError(
                    f"Garbage is being collected in {store.url} and does not end. "
                    f"If no such process runs any more, delete {store.url}/{SWEEPS}."
                )
            time.sleep(1.0)
            before &= set(live_leases(store, SWEEPS, store_time(store, RUNS, name)))
        yield name


@contextmanager
def hold_sweep(store: Store) -> Iterator[tuple[datetime, tuple[str, ...]]]:
    """Announce a sweep; yields the store's time and the runs at work, who forbid sweeping."""
    with announced(store, SWEEPS, HEARTBEAT_SECONDS) as name:
        moment = store_time(store, SWEEPS, name)
        yield moment, live_leases(store, RUNS, moment)


def live_leases(
    store: Store, folder: str, moment: datetime, stale_after: timedelta = STALE_AFTER
) -> tuple[str, ...]:
    """Names of the leases of a folder that were fresh at a moment, in alphabetical order."""
    return tuple(
        each.key.rpartition("/")[2].removesuffix(".json")
        for each in store.objects(folder)
        if each.modified > moment - stale_after
    )


@contextmanager
def announced(
    store: Store, folder: str, heartbeat_seconds: float, first: str = ""
) -> Iterator[str]:
    """Say "I am at work" in a folder of the store meanwhile; yields the name of the lease.

    The name begins with `r`, then `first`; it tells host and process.
    """
    name = f"{first}{socket.gethostname()[:40]}-{os.getpid()}-{uuid.uuid4().hex[:12]}"
    name = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in name)
    key = f"{folder}/r{name}.json"
    # When it began tells the process from a later one that was given the same number.
    process = {"process": os.getpid(), "began": int(psutil.Process().create_time())}
    text = canonical_json({"host": socket.gethostname(), **process})
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


def store_time(store: Store, folder: str, name: str) -> datetime:
    """When a lease was last freshened, by the store's clock."""
    return store.stat(f"{folder}/{name}.json").modified


PUBLISH_QUEUE = "turns"

QUEUE_STALE_AFTER = timedelta(minutes=2)
"""Four beats: a run on another machine that died holds the next one up for no longer."""


@contextmanager
def wait_in_queue(
    store: Store,
    tell: Callable[[str], None] = lambda whom: None,
    *,
    look_again_seconds: float = 2.0,
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
) -> Iterator[str]:
    """Hold a lease, and wait until every run of this store that came earlier has ended.

    `tell` receives who is waited for, in words, each time that this is somebody else. Yields the
    name of the entry. Must not be nested.

    Raises:
        ReleaseError: a sweep of garbage goes on and does not end.
    """
    with hold_lease(store, heartbeat_seconds) as lease:
        arrived = store_time(store, RUNS, lease).astimezone(UTC)
        # Object storage tells whole seconds; within one, this machine's clock is as good as any.
        first = f"{arrived:%Y%m%dT%H%M%S%f}-{time.time_ns():020d}-"
        with announced(store, PUBLISH_QUEUE, heartbeat_seconds, first) as name:
            told = ""
            while whom := _find_who_is_ahead(store, name):
                if whom != told:
                    _log.info("Waiting for %s, which is publishing to %s.", whom, store.url)
                    tell(whom)
                    told = whom
                time.sleep(look_again_seconds)
            yield name


def _find_who_is_ahead(store: Store, name: str) -> str | None:
    """The run that is waited for, in words; None where nobody is ahead."""
    moment = store_time(store, PUBLISH_QUEUE, name)
    for other in live_leases(store, PUBLISH_QUEUE, moment, QUEUE_STALE_AFTER):
        if other >= name:
            return None
        try:
            place = f"{PUBLISH_QUEUE}/{other}.json"
            with parsing(store.locate(place)):
                holder = parse_json(store.read(place), store.locate(place))
                told, died = f"process {holder['process']} on {holder['host']}", _has_died(holder)
        except (MissingObject, DamagedObject):
            continue  # whoever waits in it writes it again before long
        if not died:
            return told
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
