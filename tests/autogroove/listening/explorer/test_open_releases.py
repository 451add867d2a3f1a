"""What is read of a release, and when."""

import os
import subprocess
import sys

import numpy as np
import pytest
from places import ROOT
from synthetic import Collection, put_release

from autogroove.listening.explorer.open_releases import OpenReleases
from autogroove.releases.log import publish_release
from autogroove.store.store import Store

pytestmark = pytest.mark.slow  # the store is a real run of the whole line


FIRST_MINUTE = """
import sys
from starlette.testclient import TestClient
from autogroove.listening.explorer import create_app

client = TestClient(create_app(sys.argv[1]), base_url="http://127.0.0.1")
at = "/api/releases/2"
(song,) = client.get(at + "/search", params={"q": "song 00"}).json()
track = f"{at}/tracks/{song['track_id']}"
paths = ["/", "/docs", "/api/releases", at, at + "/points", at + "/stations", at + "/stations/0"]
paths += [at + "/card", at + "/changes", track, track + "/similar", track + "/audio"]
paths += [track + "/spectrogram/0.png"]
for path in paths:
    assert client.get(path).status_code in (200, 404), path
assert client.post(at + "/playlist", json={"seeds": [song["track_id"]]}).status_code == 200
body = {"track_ids": [song["track_id"]]}
assert client.post(at + "/export", json=body).status_code == 200
assert "torch" not in sys.modules
assert client.get(track + "/reconstruction/0.png").status_code == 200
assert "torch" in sys.modules
"""


def test_nothing_but_a_reconstruction_needs_pytorch(store: Store) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_MINUTE, store.url],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_map_stays_where_the_model_stays(local_store: Store) -> None:
    grown = Collection(track_ids=range(2, 30), changed=frozenset({5}))
    other = Collection(track_ids=range(2, 30), model="second")
    for collection in (Collection(), grown, other):
        publish_release(local_store, put_release(local_store, collection))
    releases = OpenReleases(local_store)
    ids = [releases.open(number).release.track_ids.tolist() for number in (1, 2, 3)]
    first, second, third = (releases.open(number).layout for number in (1, 2, 3))
    for track_id in range(2, 24):
        before, after = first[ids[0].index(track_id)], second[ids[1].index(track_id)]
        assert (np.abs(before - after).max() == 0) == (track_id != 5)
    assert np.abs(second - third).max() > 0.1
