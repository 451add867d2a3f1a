"""Reading bits from 64-bit words, most significant first, and how kernels are compiled."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile at the first call, keep the machine code on disk, release the GIL.

    Sums may be reordered (so that they use the vector unit); NaN and infinity keep their meaning.
    """
    options = {"reassoc", "contract", "nsz", "arcp"}
    return cast(Function, njit(cache=True, nogil=True, fastmath=options)(function))


Words = NDArray[np.uint64]

SPARE_WORDS = 8


@compiled
def peek(words: Words, position: int) -> np.uint64:
    """The 64 bits from a position on."""
    at, shift = np.uint64(position >> 6), np.uint64(position & 63)
    rest = (words[at + np.uint64(1)] >> np.uint64(1)) >> (np.uint64(63) - shift)
    return np.uint64((words[at] << shift) | rest)


@compiled
def take(words: Words, position: int, count: int) -> int:
    """`count` <= 63 bits as a number."""
    return int(np.int64((peek(words, position) >> np.uint64(1)) >> np.uint64(63 - count)))
