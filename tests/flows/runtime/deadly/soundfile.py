"""The real soundfile, but for one kind of file on which it dies, as a decoder with a bug does.

What belongs here: dying. It stands in the place of the library for workers whose path begins with
this folder, and for the processes that they start.
"""

import importlib.util
import os
import signal
import sys
from importlib.machinery import PathFinder
from pathlib import Path

DEADLY = b"this sound kills"

_here = Path(__file__).resolve().parent
_elsewhere = [place for place in sys.path if Path(place or ".").resolve() != _here]
_spec = PathFinder.find_spec("soundfile", _elsewhere)
assert _spec is not None and _spec.loader is not None
_real = importlib.util.module_from_spec(_spec)
sys.modules["soundfile"] = _real
_spec.loader.exec_module(_real)
_open = _real.SoundFile.__init__


def _open_or_die(sound, file, *arguments, **options):
    if isinstance(file, int):
        head = os.pread(file, 4096, 0)
    else:
        file.seek(0)
        head = file.read(4096)
        file.seek(0)
    if DEADLY in head:
        os.kill(os.getpid(), signal.SIGSEGV)
    _open(sound, file, *arguments, **options)


_real.SoundFile.__init__ = _open_or_die
