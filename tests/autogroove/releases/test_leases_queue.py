"""Runs of one store queue up to publish, in the order they came; no death holds anybody up."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest
from places import ROOT

from autogroove.releases import leases
from autogroove.releases.leases import wait_in_queue
from autogroove.store.store import Store

HOLD = (
    "import sys, time; from autogroove.releases import wait_in_queue; from autogroove.store import"
)
HOLD += (
    " Store; turn = wait_in_queue(Store(sys.argv[1])); turn.__enter__(); print('held', flush=True);"
)
HOLD += " time.sleep(600)"


class Waiting:
    """A run that asks for its turn in a thread."""

    def __init__(self, store: Store) -> None:
        self.told: list[str] = []
        self.entered, self.may_end = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._run, args=(store,), daemon=True)
        self.thread.start()

    def _run(self, store: Store) -> None:
        with wait_in_queue(store, self.told.append, look_again_seconds=0.05):
            self.entered.set()
            self.may_end.wait(60)

    def end(self) -> None:
        self.may_end.set()
        self.thread.join(60)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def start_holder(store: Store) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", HOLD, store.url]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    return holder


def pretend_elsewhere(store: Store) -> str:
    """The turn of a run on another machine that came before every other; its key."""
    key = f"{leases.PUBLISH_QUEUE}/r20200101T000000000000-elsewhere-7-abc.json"
    store.write(key, json.dumps({"host": "elsewhere", "process": 7, "began": 1}).encode())
    return key


def test_the_second_waits_for_the_first_and_is_told_for_whom(store: Store) -> None:
    first = Waiting(store)
    assert first.entered.wait(60)
    second = Waiting(store)
    until(lambda: second.told)
    assert not second.entered.wait(0.5)
    assert second.told[0].startswith(f"process {os.getpid()} on ")
    first.end()
    assert second.entered.wait(60)
    second.end()
    assert first.told == []
    assert list(store.objects(leases.PUBLISH_QUEUE)) == list(store.objects("runs")) == []


def test_they_go_in_the_order_of_their_coming(local_store: Store) -> None:
    order: list[int] = []

    def run(number: int) -> None:
        with wait_in_queue(local_store, look_again_seconds=0.02):
            order.append(number)
            time.sleep(0.5)

    threads = []
    for number in range(5):
        threads.append(threading.Thread(target=run, args=(number,), daemon=True))
        threads[-1].start()
        time.sleep(0.3)
    for thread in threads:
        thread.join(60)
    assert order == [0, 1, 2, 3, 4]


def test_a_run_of_this_machine_that_was_killed_holds_nobody_up(local_store: Store) -> None:
    holder = start_holder(local_store)
    next_one = Waiting(local_store)
    until(lambda: next_one.told)
    assert next_one.told == [f"process {holder.pid} on {os.uname().nodename}"]
    assert not next_one.entered.is_set()
    holder.kill()  # not yet waited for: a zombie is dead too
    assert next_one.entered.wait(60)
    holder.wait()
    next_one.end()


def test_a_process_number_that_was_given_anew_is_no_holder(local_store: Store) -> None:
    key = pretend_elsewhere(local_store)
    here = {"host": os.uname().nodename, "process": os.getppid(), "began": 1}
    local_store.write(key, json.dumps(here).encode())
    with wait_in_queue(local_store, pytest.fail):
        pass


def test_a_run_elsewhere_is_waited_for_until_it_is_silent(local_store: Store) -> None:
    key = pretend_elsewhere(local_store)
    next_one = Waiting(local_store)
    until(lambda: next_one.told)
    assert next_one.told == ["process 7 on elsewhere"]
    assert not next_one.entered.wait(0.5)
    silent_since = time.time() - leases.QUEUE_STALE_AFTER.total_seconds() - 60
    os.utime(local_store.locate(key), (silent_since, silent_since))
    assert next_one.entered.wait(60)
    next_one.end()
