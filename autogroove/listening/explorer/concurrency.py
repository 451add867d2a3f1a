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


class Line:
    """Questions that wait in line for a few threads."""

    def __init__(self, name: str, most_at_once: int) -> None:
        self.most_at_once = most_at_once
        self._limiter: RunVar[CapacityLimiter] = RunVar(name)

    @property
    def limiter(self) -> CapacityLimiter:
        """The one of this event loop."""
        try:
            return self._limiter.get()
        except LookupError:
            limiter = CapacityLimiter(self.most_at_once)
            self._limiter.set(limiter)
            return limiter


QUICK = Line("quick", 4)
SLOW = Line("slow", 2)
"""Lists, paths and reconstructions take up to seconds and 100 MB each: nothing else waits for
them."""


def computed(answer: Callable[P, R], line: Line = QUICK) -> Callable[P, Coroutine[Any, Any, R]]:
    """A route that computes in a thread, with few others.

    A question whose client left while it waited is not begun.
    """

    def begin(*args: P.args, **kwargs: P.kwargs) -> R:
        raise_if_cancelled()
        return answer(*args, **kwargs)

    @wraps(answer)
    async def wait_in_line(*args: P.args, **kwargs: P.kwargs) -> R:
        return await run_sync(partial(begin, *args, **kwargs), limiter=line.limiter)

    return wait_in_line


def computed_slowly(answer: Callable[P, R]) -> Callable[P, Coroutine[Any, Any, R]]:
    """As `computed`, for what may take seconds."""
    return computed(answer, SLOW)
