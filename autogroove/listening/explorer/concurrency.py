"""How many answers are computed at once, apart from the threads that read audio."""

from collections.abc import Callable, Coroutine
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync

from autogroove.listening.cancellation import raise_if_cancelled

P = ParamSpec("P")
R = TypeVar("R")

MOST_AT_ONCE = 4
"""More threads would only share the same cores, and hold a path's 100 MB each."""

_limiter: RunVar[CapacityLimiter] = RunVar("_limiter")


def computed(answer: Callable[P, R]) -> Callable[P, Coroutine[Any, Any, R]]:
    """A route that computes in a thread, with few others; the rest wait in line.

    A question whose client left while it waited is not begun.
    """

    def begin(*args: P.args, **kwargs: P.kwargs) -> R:
        raise_if_cancelled()
        return answer(*args, **kwargs)

    @wraps(answer)
    async def wait_in_line(*args: P.args, **kwargs: P.kwargs) -> R:
        return await run_sync(partial(begin, *args, **kwargs), limiter=_find_limiter())

    return wait_in_line


def _find_limiter() -> CapacityLimiter:
    """The one of this event loop."""
    try:
        return _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(MOST_AT_ONCE)
        _limiter.set(limiter)
        return limiter
