"""One publish of a store at a time, whichever deployment, server or person started it.

What belongs here: waiting where people see it. What does not: the queue, which is in the store
(`autogroove.releases.turns`).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from autogroove.releases import hold_turn
from autogroove.storage import Store
from flows.record import Run
from tasks.progress import Stage


@contextmanager
def take_turn(run: Run) -> Iterator[None]:
    """Wait until no earlier run publishes to this store; keep sweeps and later runs away then."""
    stage = Stage("turn")
    waited: list[str] = []

    def tell(whom: str) -> None:
        waited.append(whom)
        stage.show(0, 1, f"waiting for {whom}")

    with hold_turn(Store(run.store), tell):
        if waited:
            stage.show(1, 1, f"waited for {waited[-1]}")
        yield
