"""What libmpg123 writes to the terminal by itself, as one note with the file's name.

What belongs here: taking its lines from the process's standard error while it decodes.
What does not: faults that it tells its caller (`opening`).
"""

import logging
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_log = logging.getLogger(__name__)
_one_at_a_time = threading.Lock()
_STDERR = 2
_MARK = b"[src/libmpg123/"


@contextmanager
def gather_notes(path: str) -> Iterator[None]:
    """Log how often libmpg123 complains of a file, and its first words, instead of each line.

    Lines that others write meanwhile come out after it. libsndfile gives no way to silence it.
    """
    with _one_at_a_time, tempfile.TemporaryFile() as caught:
        try:
            terminal = os.dup(_STDERR)
        except OSError:  # there is no standard error
            yield
            return
        try:
            os.dup2(caught.fileno(), _STDERR)
            yield
        finally:
            os.dup2(terminal, _STDERR)
            os.close(terminal)
            caught.seek(0)
            _tell(path, caught.read())


def _tell(path: str, written: bytes) -> None:
    lines = written.splitlines(keepends=True)
    notes = [line for line in lines if line.lstrip().startswith(_MARK)]
    others = b"".join(line for line in lines if line.strip() and line not in notes)
    if others:
        os.write(_STDERR, others)
    if notes:
        words = notes[0].decode(errors="replace").strip().partition("] ")[2]
        times = "once" if len(notes) == 1 else f"{len(notes)} times"
        _log.warning("%s: its decoder complains %s (%s); it is heard through", path, times, words)
