"""How long the release log takes: list, show, diff, verify, collect, on a big synthetic release.

Run: `python benchmarks/releases.py [--tracks 1000] [--store FOLDER_OR_URL]`. Without a store, a
temporary folder; with `--s3`, a SeaweedFS on loopback.
"""

import argparse
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import servers
from synthetic import Collection, put_release

from autogroove.releases import (
    collect_garbage,
    diff_releases,
    open_release,
    publish_release,
    release_as_json,
    releases_as_json,
    rollback,
    verify_release,
)
from autogroove.store import Store

T = TypeVar("T")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=1000)
    parser.add_argument("--store")
    parser.add_argument("--s3", action="store_true", help="on a SeaweedFS of its own")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = options.store or str(folder / "store")
        if options.s3:
            server = stack.enter_context(servers.seaweedfs(folder / "weed"))
            os.environ.update(server.environment)
            url = f"s3://{server.bucket}/{uuid.uuid4().hex}"
        measure(Store(url), options.tracks)


def measure(store: Store, num_tracks: int) -> None:
    """Fill a store with three releases and print a table of times."""
    plain = Collection(track_ids=range(num_tracks), num_clusters=num_tracks // 20)
    grown = Collection(
        track_ids=range(10, num_tracks + 50),
        num_clusters=num_tracks // 20,
        changed=frozenset(range(20, 30)),
    )
    parts = timed("put the parts of a release", lambda: put_release(store, plain))
    timed("publish", lambda: publish_release(store, parts))
    publish_release(store, put_release(store, grown))
    timed("rollback", lambda: rollback(store))
    timed("releases list", lambda: releases_as_json(store))
    timed("releases show", lambda: release_as_json(open_release(store).manifest))
    timed("releases diff", lambda: diff_releases(store, 1, 2))
    quick = timed("releases verify --quick", lambda: verify_release(store, 2, quick=True))
    whole = timed("releases verify", lambda: verify_release(store, 2))
    assert quick.is_sound
    assert whole.is_sound
    now = timedelta(seconds=-60)
    garbage = timed(
        "releases gc, dry run", lambda: collect_garbage(store, 1, keep_days=0, grace=now)
    )
    release = open_release(store)
    timed("open catalogue, encodings, clusters",
          lambda: (release.catalogue, release.encodings, release.clusters))  # fmt: skip
    timed("clips of one track", lambda: release.clips(100))
    print(
        f"\n{num_tracks} tracks in {len(parts.segments)} segments at {store.url}: "
        f"{whole.num_objects} objects, {whole.num_bytes / 1e6:.1f} MB a release; "
        f"{garbage.num_objects} objects of garbage"
    )


def timed(what: str, work: Callable[[], T]) -> T:
    """Do it, and print how long it took."""
    started = time.perf_counter()
    result = work()
    print(f"{what:<40} {1000 * (time.perf_counter() - started):9.0f} ms", flush=True)
    return result


if __name__ == "__main__":
    main()
