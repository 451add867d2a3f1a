"""The explorer under load: every endpoint, over loopback, from connections that never pause.

    python benchmarks/explorer_load.py [--store URL | --tracks 106574] [--seconds 60]

Asks about random tracks of a store's current release; without a store, of a made-up one, where
those endpoints are left out that need audio or spectrograms. The server runs in a process of its
own, so that memory and CPU are its own too. Prints a table by endpoint. `--first-minute` prints
the server's memory after each kind of question instead, asked one at a time.
"""

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import psutil
from made_up_release import publish_made_up
from playlists import FMA_LARGE

from autogroove.releases import Release, open_release
from autogroove.store import Store

Question = Callable[[], tuple[str, str, dict[str, Any] | None]]
"""Gives method, path and body."""

SERVE = """
import sys
from autogroove.listening.explorer import serve_explorer
serve_explorer(sys.argv[1], port=0)
"""
PATIENCE = aiohttp.ClientTimeout(total=600)


@dataclass
class Answers:
    """What came back, by endpoint."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    faults: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def list_questions(release: Release) -> dict[str, Question]:
    """One question of each endpoint, about a random track each time; the dearest ones last."""
    at, ids = f"/api/releases/{release.number}", [int(each) for each in release.track_ids]
    parts = release.manifest.parts
    clusters = release.clusters["cluster"].unique().tolist()
    words = [str(title).split()[0] for title in release.catalogue["title"].dropna().head(500)]

    def one() -> int:
        return random.choice(ids)

    def get(make: Callable[[], str]) -> Question:
        return lambda: ("GET", make(), None)

    questions: dict[str, Question] = {
        "page": get(lambda: "/"),
        "script": get(lambda: "/static/main.js"),
        "docs": get(lambda: "/docs"),
        "health": get(lambda: "/healthz"),
        "readiness": get(lambda: "/readyz"),
        "releases": get(lambda: "/api/releases"),
        "release": get(lambda: at),
        "points": get(lambda: f"{at}/points"),
        "card": get(lambda: f"{at}/card"),
        "stations": get(lambda: f"{at}/stations"),
        "station": get(lambda: f"{at}/stations/{random.choice(clusters)}"),
        "search": get(lambda: f"{at}/search?q={random.choice(words)}"),
        "track": get(lambda: f"{at}/tracks/{one()}"),
        "playlist": lambda: ("POST", f"{at}/playlist", {"seeds": [one()]}),
        "playlist of 500": lambda: ("POST", f"{at}/playlist", {"seeds": [one()], "length": 500}),
        "path": get(lambda: "{}/path?start={}&goal={}".format(at, *random.sample(ids, 2))),
    }
    for name in parts.pictures:
        questions[f"picture {name}"] = get(lambda name=name: f"{at}/pictures/{name}.png")
    if release.manifest.parent is not None:
        questions["changes"] = get(lambda: f"{at}/changes")
    if parts.segments:
        exported = min(10, len(ids))
        questions |= {
            "export": lambda: ("POST", f"{at}/export", {"track_ids": random.sample(ids, exported)}),
            "similar": get(lambda: f"{at}/tracks/{one()}/similar"),
            "audio": get(lambda: f"{at}/tracks/{one()}/audio"),
            "spectrogram": get(lambda: f"{at}/tracks/{one()}/spectrogram/0.png"),
            "reconstruction": get(lambda: f"{at}/tracks/{one()}/reconstruction/0.png"),
        }
    return questions


@contextmanager
def serving(store: str) -> Iterator[tuple[str, psutil.Process]]:
    """The explorer's address and its process."""
    served = subprocess.Popen(
        [sys.executable, "-c", SERVE, store], stderr=subprocess.PIPE, text=True
    )
    try:
        assert served.stderr is not None
        told = served.stderr.readline()
        yield told.split(" at ")[1].split(" ")[0], psutil.Process(served.pid)
    finally:
        served.terminate()
        rest = served.communicate(timeout=60)[1]
        print(f"The server said: {rest.strip()}" if rest.strip() else "The server said nothing.")


async def ask(session: aiohttp.ClientSession, question: Question) -> str | None:
    """What went wrong, if anything did."""
    method, path, body = question()
    try:
        async with session.request(method, path, json=body) as answer:
            await answer.read()
            return None if answer.status == 200 else f"{answer.status}"
    except (aiohttp.ClientError, TimeoutError) as error:
        return type(error).__name__


async def load(address: str, release: Release, connections: int, seconds: float) -> Answers:
    answers, questions = Answers(), list_questions(release)
    until = time.monotonic() + seconds

    async def ask_on(session: aiohttp.ClientSession) -> None:
        while time.monotonic() < until:
            name = random.choice(list(questions))
            started = time.perf_counter()
            fault = await ask(session, questions[name])
            answers.seconds[name].append(time.perf_counter() - started)
            if fault:
                answers.faults[name].append(fault)

    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(address, connector=connector, timeout=PATIENCE) as session:
        await asyncio.gather(*(ask_on(session) for _ in range(connections)))
    return answers


def measure_load(store: str, connections: int, seconds: float) -> None:
    release = open_release(store)
    with serving(store) as (address, process):
        before = process.memory_info().rss
        started = time.perf_counter()
        answers = asyncio.run(load(address, release, connections, seconds))
        wall = time.perf_counter() - started
        after, cpu = process.memory_info().rss, process.cpu_times()
    print(f"\n{'endpoint':28} {'requests':>8} {'errors':>6} {'p50, s':>8} {'p99, s':>8}")
    for name, taken in answers.seconds.items():
        low, high = np.percentile(taken, [50, 99])
        faults = answers.faults.get(name, [])
        kinds = ", ".join(sorted(set(faults)))
        print(f"{name:28} {len(taken):8} {len(faults):6} {low:8.2f} {high:8.2f} {kinds}")
    every = np.concatenate([np.asarray(each) for each in answers.seconds.values()])
    print(
        f"\n{len(release.track_ids):,} tracks, {connections} connections: {len(every):,} requests "
        f"in {wall:.0f} s, {sum(map(len, answers.faults.values()))} errors, "
        f"p50 {np.percentile(every, 50):.2f} s, p99 {np.percentile(every, 99):.2f} s, "
        f"RSS {before >> 20} -> {after >> 20} MiB, CPU {cpu.user + cpu.system:.0f} s"
    )


async def visit(address: str, release: Release, process: psutil.Process) -> None:
    async with aiohttp.ClientSession(address, timeout=PATIENCE) as session:
        print(f"{'started':28} {process.memory_info().rss >> 20:6} MiB")
        for name, question in list_questions(release).items():
            fault = await ask(session, question)
            print(f"{name:28} {process.memory_info().rss >> 20:6} MiB {fault or ''}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", help="This store's current release.")
    parser.add_argument("--tracks", type=int, default=FMA_LARGE, help="Of a made-up release.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--connections", type=int, default=200)
    parser.add_argument("--first-minute", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if not asked.store:
            publish_made_up(Store(Path(folder)), asked.tracks)
        store = asked.store or folder
        if asked.first_minute:
            with serving(store) as (address, process):
                asyncio.run(visit(address, open_release(store), process))
        else:
            measure_load(store, asked.connections, asked.seconds)


if __name__ == "__main__":
    main()
