"""How much memory there is.

What belongs here: the one question that the choice of method asks the machine.
What does not: limits a person sets; those are settings.
"""

from pathlib import Path


def find_available_bytes() -> int | None:
    """Memory that this process could still take, or None where the system does not say."""
    free = _read_meminfo()
    limit = _read_cgroup()
    known = [value for value in (free, limit) if value is not None]
    return min(known) if known else None


def _read_meminfo() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    found = [line for line in lines if line.startswith("MemAvailable:")]
    return int(found[0].split()[1]) * 1024 if found else None


def _read_cgroup() -> int | None:
    root = Path("/sys/fs/cgroup")
    try:
        return int((root / "memory.max").read_text()) - int((root / "memory.current").read_text())
    except (OSError, ValueError):
        return None
