"""Whether anybody still waits for an answer.

What belongs here: the one question that long computations ask now and then.
What does not: who knows the answer; a server that sees its client leave does.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from autogroove.errors import AutogrooveError

_is_unwanted: ContextVar[Callable[[], bool] | None] = ContextVar("_is_unwanted", default=None)


class Unwanted(AutogrooveError):
    """Nobody waits for the answer any more; the work on it was ended."""


@contextmanager
def ending_where(is_unwanted: Callable[[], bool]) -> Iterator[None]:
    """End what is computed meanwhile, in this context, once the question answers True."""
    token = _is_unwanted.set(is_unwanted)
    try:
        yield
    finally:
        _is_unwanted.reset(token)


def stop_where_unwanted() -> None:
    """End a computation that nobody waits for. Costs nothing where nobody can leave.

    Raises:
        Unwanted: so it is.
    """
    is_unwanted = _is_unwanted.get()
    if is_unwanted is not None and is_unwanted():
        raise Unwanted("Nobody waits for this answer any more.")
