"""From one member of a batch to its images, in a process of its own where a crash must cost one
track only.

Run as a program, this module is that process.
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
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from autogroove.audio import (
    AudioFault,
    AudioFile,
    TrackMeasures,
    fetch_audio,
    open_path,
    read_clips,
    reading,
)
from autogroove.config import Settings
from autogroove.segments.planning import Member
from autogroove.segments.spectrogram import make_images, plan_transform
from autogroove.source import Reason, Source


@dataclass(frozen=True)
class TrackImages:
    """The images of one track and what was measured on the way."""

    images: NDArray[np.uint8]
    """Shape (num_clips, num_bins, num_frames)."""
    measures: TrackMeasures
    seconds: dict[str, float]


Maker = Callable[[Member], TrackImages]
"""Makes the images of one member, or raises AudioFault."""


def make_track(source: Source, settings: Settings, member: Member) -> TrackImages:
    """The images of one track.

    Raises:
        AudioFault: the track cannot be used.
    """
    started = time.perf_counter()
    file = fetch_audio(source, member.path, member.size_bytes, member.digest)
    fetched = time.perf_counter()
    made = draw_track(file, settings)
    return TrackImages(made.images, made.measures, {"fetch": fetched - started, **made.seconds})


def draw_track(file: AudioFile, settings: Settings) -> TrackImages:
    """The images of a file.

    Raises:
        AudioFault: the file cannot be used.
    """
    try:
        band = plan_transform(settings.spectrogram).band
        clips = read_clips(file, settings.clip, band)
        started = time.perf_counter()
        images = make_images(clips.samples, clips.sample_rate_hz, settings.spectrogram)
    except MemoryError as error:
        raise AudioFault(Reason.out_of_memory, str(error)) from error
    seconds = {**clips.seconds, "transform": time.perf_counter() - started}
    return TrackImages(images, clips.measures, seconds)


TRACK_TIMEOUT_SECONDS = 120.0

START_TIMEOUT_SECONDS = 120.0

COMMAND = [sys.executable, "-m", "autogroove.segments.decoding"]


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
        file = fetch_audio(self._source, member.path, member.size_bytes, member.digest)
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


def serve_requests(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Settings first, then one path a line, until the requests end."""
    settings = Settings.model_validate_json(requests.readline())
    answers.write(b"ready\n")
    answers.flush()
    for line in requests:
        head, pixels = _answer(Path(json.loads(line)), settings)
        answers.write(json.dumps(head).encode() + b"\n" + pixels)
        answers.flush()


def _answer(path: Path, settings: Settings) -> tuple[dict[str, Any], bytes]:
    try:
        made = draw_track(open_path(path), settings)
    except AudioFault as fault:
        return {"reason": fault.reason.value, "detail": fault.detail}, b""
    head = {"shape": made.images.shape, "measures": asdict(made.measures), "seconds": made.seconds}
    return head, made.images.tobytes()


if __name__ == "__main__":
    serve_requests(sys.stdin.buffer, sys.stdout.buffer)
