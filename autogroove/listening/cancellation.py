"""Whether anybody still waits for an answer.

What belongs here: the one question that long computations ask now and then.
What does not: who knows the answer; a server that sees its client leave does.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from autogroove.errors import AutogrooveError

_is_cancelled: ContextVar[Callable[[], bool] | None] = ContextVar("_is_cancelled", default=None)


class Cancelled(AutogrooveError):
    """Nobody waits for the answer any more; the work on it was ended."""


@contextmanager
def cancelled_when(is_cancelled: Callable[[], bool]) -> Iterator[None]:
    """End what is computed meanwhile, in this context, once the question answers True."""
    token = _is_cancelled.set(is_cancelled)
    try:
        yield
    finally:
        _is_cancelled.reset(token)


def raise_if_cancelled() -> None:
    """End a computation that nobody waits for. Costs nothing where nobody can leave.

    Raises:
        Cancelled: so it is.
    """
    is_cancelled = _is_cancelled.get()
    if is_cancelled is not None and is_cancelled():
        raise Cancelled("Nobody waits for this answer any more.")
