"""What a watch has told already, so that it does not tell the same again every quarter of an hour.

What belongs here: remembering what was told, by its content. What does not: how it is told
(`flows.watch_source`), or what differs (`autogroove.planning`).

A difference is told once a day: again tomorrow, in case nothing came of it today.
"""

from datetime import UTC, datetime

from autogroove.identity import canonical_json, make_key
from autogroove.storage import Store

FOLDER = "announcements"


def was_told(store: Store, difference: str) -> bool:
    """Whether a difference was told today."""
    return store.exists(_place(difference))


def remember_telling(store: Store, difference: str) -> None:
    """Write down that a difference was told today."""
    store.write(_place(difference), canonical_json({"difference": difference, "day": _today()}))


def _place(difference: str) -> str:
    return f"{FOLDER}/{make_key('announcement', difference, _today())}.json"


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
