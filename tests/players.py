"""Real players for tests: MPD and supysonic on loopback, with a library of short songs.

What belongs here: starting them and knowing that they have read the music. What does not: tests.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mutagen.flac
import numpy as np
import servers
import soundfile

USER, PASSWORD = "listener", "only for tests"

_SUPYSONIC = """
import sys
from supysonic.config import IniConfig
config = IniConfig(sys.argv[1])
from supysonic.web import create_application
app = create_application(config)
from supysonic.db import open_connection, close_connection
from supysonic.managers.folder import FolderManager
from supysonic.managers.user import UserManager
from supysonic.scanner import Scanner
open_connection()
UserManager.add(sys.argv[4], sys.argv[5], admin=True)
FolderManager.add("music", sys.argv[2])
scanner = Scanner()
scanner.queue_folder("music")
scanner.run()
close_connection()
from werkzeug.serving import make_server
print("ready", flush=True)
make_server("127.0.0.1", int(sys.argv[3]), app, threaded=True).serve_forever()
"""


def write_song(path: Path, seconds: float = 1.0, **tags: str) -> None:
    """A quiet FLAC file with tags."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(len(str(path))).normal(0, 0.01, round(8000 * seconds))
    soundfile.write(path, samples, 8000, format="FLAC")
    file = mutagen.flac.FLAC(path)
    file.update({name: [value] for name, value in tags.items()})
    file.save()


@contextmanager
def mpd_server(folder: Path, music: Path, password: str | None = None) -> Iterator[int]:
    """An MPD that has read the music; its port on loopback."""
    import mpd

    program = shutil.which("mpd")
    assert program is not None
    (folder / "playlists").mkdir(parents=True)
    (port,) = servers.free_ports(1)
    lines = [
        f'music_directory "{music}"',
        f'playlist_directory "{folder / "playlists"}"',
        f'db_file "{folder / "db"}"',
        f'log_file "{folder / "log"}"',
        'bind_to_address "127.0.0.1"',
        f'port "{port}"',
        'audio_output {\ntype "null"\nname "none"\n}',
    ]
    if password:
        lines += [f'password "{password}@read,add,control,admin"', 'default_permissions ""']
    (folder / "conf").write_text("\n".join(lines) + "\n")
    process = subprocess.Popen([program, "--no-daemon", str(folder / "conf")])
    try:
        client = mpd.MPDClient()
        deadline = time.monotonic() + 60
        while True:
            try:
                client.connect("127.0.0.1", port)
                break
            except OSError:
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.05)
        if password:
            client.password(password)
        client.update()
        while "updating_db" in client.status():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        client.disconnect()
        yield port
    finally:
        servers.stop(process)


@contextmanager
def subsonic_server(folder: Path, music: Path) -> Iterator[str]:
    """A supysonic that has read the music; its URL."""
    folder.mkdir(parents=True)
    (port,) = servers.free_ports(1)
    config = folder / "supysonic.conf"
    config.write_text(
        f"[base]\ndatabase_uri = sqlite:///{folder / 'db'}\n"
        f"[webapp]\ncache_dir = {folder / 'cache'}\nlog_file =\n"
        f"[daemon]\nsocket = {folder / 'socket'}\n"
    )
    command = [sys.executable, "-c", _SUPYSONIC, str(config), str(music), str(port), USER, PASSWORD]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, cwd=folder)
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n", (folder / "log").read_text()
            deadline = time.monotonic() + 60
            while not servers.listens(port):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            servers.stop(process)
