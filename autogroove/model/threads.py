"""How many threads NumPy's libraries and PyTorch compute with.

What belongs here: setting it for a while, as digests depend on it. What does not: who computes.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from threadpoolctl import threadpool_limits


@contextmanager
def computing_with(num_threads: int) -> Iterator[None]:
    """Give NumPy's libraries and PyTorch this many threads meanwhile, whatever was set before.

    One thread gives the same digests in the process of a flow and on a worker, on two cores and
    on sixty-four.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(num_threads)
    try:
        with threadpool_limits(num_threads):
            yield
    finally:
        torch.set_num_threads(before)
