"""What is read of a release, and when."""

import os
import subprocess
import sys

import pytest
from places import ROOT

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
