"""The process that decodes where a crash costs one track.

What belongs here: the child's end of `isolation`, run as `python -m autogroove.segments.isolated`.
What does not: anything that another module imports.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from autogroove.audio import AudioFault
from autogroove.audio.files import open_path
from autogroove.config import Settings
from autogroove.segments.making import draw_track


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
