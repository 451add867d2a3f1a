"""Decoding where a crash costs one track.

What belongs here: the writer's end of a process that decodes for it, and what that process's
death or silence says about the track that it was given.
What does not: the process's own end (`isolated`), or the steps for one track (`making`).

The process is a plain child, so that a Dask worker (which may have no multiprocessing children)
can start one. Requests are lines of JSON; an answer is a line of JSON and then the images' bytes.
It lives on from track to track, and is started anew after it died.
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from autogroove.audio import AudioFault, fetch_audio
from autogroove.audio.clips import TrackMeasures
from autogroove.audio.files import AudioFile, reading
from autogroove.catalogue.reasons import Reason
from autogroove.catalogue.tracks import Source
from autogroove.config import Settings
from autogroove.segments.making import TrackImages
from autogroove.segments.planning import Member

TRACK_TIMEOUT_SECONDS = 120.0
START_TIMEOUT_SECONDS = 120.0
COMMAND = [sys.executable, "-m", "autogroove.segments.isolated"]


class IsolatedMaker:
    """Makes images of members in a child process; a context manager that ends the child."""

    def __init__(self, source: Source, settings: Settings, timeout_seconds: float) -> None:
        self._source, self._settings, self._timeout = source, settings, timeout_seconds
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._kill()

    def __call__(self, member: Member) -> TrackImages:
        """The images of one member.

        Raises:
            AudioFault: it cannot be used, or the process died or hung on it.
        """
        file = fetch_audio(self._source, member.path, member.size_bytes, member.fingerprint)
        with tempfile.TemporaryDirectory(prefix="autogroove-") as folder:
            return self._ask(_on_disk(file, Path(folder)))

    def _ask(self, path: Path) -> TrackImages:
        child = self._child or self._start()
        assert child.stdin is not None
        try:
            child.stdin.write(json.dumps(str(path)).encode() + b"\n")
            child.stdin.flush()
            answer = json.loads(self._read_line(child, self._timeout))
            if "reason" in answer:
                raise AudioFault(Reason(answer["reason"]), answer["detail"])
            data = self._read(child, int(np.prod(answer["shape"])), self._timeout)
        except TimeoutError as error:
            self._kill()
            detail = f"No answer within {self._timeout:g} s."
            raise AudioFault(Reason.timed_out, detail) from error
        except (EOFError, BrokenPipeError) as error:
            raise AudioFault(Reason.crashed_decoder, self._bury()) from error
        images = np.frombuffer(data, np.uint8).reshape(answer["shape"])
        return TrackImages(images, TrackMeasures(**answer["measures"]), answer["seconds"])

    def _start(self) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._child = child
        assert child.stdin is not None
        child.stdin.write(self._settings.model_dump_json().encode() + b"\n")
        child.stdin.flush()
        self._read_line(child, START_TIMEOUT_SECONDS)
        return child

    def _read_line(self, child: subprocess.Popen[bytes], seconds: float) -> bytes:
        deadline, line = time.monotonic() + seconds, b""
        while not line.endswith(b"\n"):
            line += self._read(child, 1, deadline - time.monotonic())
        return line

    def _read(self, child: subprocess.Popen[bytes], size: int, seconds: float) -> bytes:
        assert child.stdout is not None
        deadline, data = time.monotonic() + seconds, bytearray()
        while len(data) < size:
            left = max(0.0, deadline - time.monotonic())
            if not select.select([child.stdout], [], [], left)[0]:
                raise TimeoutError
            piece = os.read(child.stdout.fileno(), size - len(data))
            if not piece:
                raise EOFError
            data += piece
        return bytes(data)

    def _bury(self) -> str:
        """How the child died, in words; it will be started anew."""
        assert self._child is not None
        self._child.communicate()
        code = self._child.returncode
        self._child = None
        if code >= 0:
            return f"The decoder's process ended with {code}."
        with contextlib.suppress(ValueError):
            return f"The decoder's process died of {signal.Signals(-code).name}."
        return f"The decoder's process died of signal {-code}."

    def _kill(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None


def _on_disk(file: AudioFile, folder: Path) -> Path:
    path = folder / "audio"
    with reading(file) as opened, path.open("wb") as copy:
        while block := opened.read(1 << 20):
            copy.write(block)
    return path
