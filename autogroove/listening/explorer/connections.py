"""Connections on which nothing moves are closed, so that none can be held for nothing.

What does not belong here: what is asked on one (`request_limits`).
"""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_CONNECTIONS = 400
"""Further ones are told 503. Each needs two of the 1,024 files that a process may usually open."""

IDLE_SECONDS = 20.0
"""How long a question may take to arrive whole, but for its body."""

STALLED_SECONDS = 300.0
"""How long a client may take nothing of an answer: a player that paused comes back by range."""

MOST_HEADER_BYTES = 256 << 10
"""Cookies of all that ever ran under this machine's name come with each request."""


class WatchedConnection(H11Protocol):
    """Uvicorn's connection, closed where a question never ends or an answer is never taken."""

    idle_seconds = IDLE_SECONDS
    stalled_seconds = STALLED_SECONDS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to watch."""
        super().connection_made(transport)
        self._seen: tuple[object, int] = (None, 0)
        self._moved = self.loop.time()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the watch."""
        self._timer.cancel()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Look now and then whether another question came, or some of an answer was taken."""
        now, cycle = self.loop.time(), self.cycle
        num_waiting = self.transport.get_write_buffer_size()
        is_computed = cycle is not None and not cycle.response_complete and not num_waiting
        if is_computed or self._seen != (cycle, num_waiting):
            self._moved = now
        self._seen = (cycle, num_waiting)
        patience = self.stalled_seconds if num_waiting else self.idle_seconds
        if now - self._moved >= patience:
            self.transport.abort()
        self._timer = self.loop.call_later(patience / 4, self._watch)
