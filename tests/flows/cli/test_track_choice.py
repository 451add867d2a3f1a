"""Choosing among tracks at a real terminal."""

import os
import pty
import subprocess

import pytest
from pipelines import autogroove, command
from synthetic import SMALL, put_release

from autogroove.releases.log import publish_release
from autogroove.store.store import Store

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    place = Store(tmp_path_factory.mktemp("choice"))
    publish_release(place, put_release(place, SMALL))
    return place


def test_a_person_at_the_terminal_chooses_and_the_answer_stays_on_stdout(store: Store) -> None:
    ours, theirs = pty.openpty()
    asking = ["similar", "track", "--count", "1", "--store", store.url]
    process = subprocess.Popen(
        command(asking), stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, text=True
    )
    os.close(theirs)
    os.write(ours, b"9\n3\n")
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # Linux: nobody holds the other end any more
        pass
    assert process.stdout is not None
    answer = process.stdout.read()
    assert process.wait() == 0, shown.decode()
    assert "'track' fits several tracks" in shown.decode()
    assert "A number from 1 to 6, please." in shown.decode()
    third = autogroove("similar", "2", "--count", "1", "--store", store.url)
    assert answer == third.stdout


def test_where_nobody_can_answer_the_tracks_are_listed(store: Store) -> None:
    done = autogroove("playlist", "track", "--store", store.url, stdin=subprocess.DEVNULL)
    assert done.returncode == 1
    assert "'track' fits 6 tracks: Artist 0 – Track 0 (0); " in done.stderr
