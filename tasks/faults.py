"""Which failures are worth another try.

What belongs here: the retry rule that every task shares. What does not: the work.
"""

from typing import Any

from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import exponential_backoff

from autogroove.errors import AutogrooveError, DamagedObject, StoreError


def can_help(task: Any, run: TaskRun, state: State[Any]) -> bool:
    """Another try may help against a store or a network, never against bad input,
    damaged bytes or a bug."""
    fault = state.data
    if isinstance(fault, AutogrooveError):
        return isinstance(fault, StoreError) and not isinstance(fault, DamagedObject)
    return isinstance(fault, OSError)


RETRYING: Any = {
    "retries": 3,
    "retry_delay_seconds": exponential_backoff(backoff_factor=2),
    "retry_condition_fn": can_help,
}
"""Options of every task that talks to a store: again after two, four and eight seconds, which is
longer than a storage server's hiccup and shorter than a person's wait."""
