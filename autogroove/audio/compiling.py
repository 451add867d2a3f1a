"""How kernels are compiled.

What belongs here: the one decorator of every numba kernel that reads or draws audio.
What does not: kernels.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile at the first call, keep the machine code on disk, release the GIL.

    Sums may be reordered (so that they use the vector unit); NaN and infinity keep their meaning.
    """
    options = {"reassoc", "contract", "nsz", "arcp"}
    return cast(Function, njit(cache=True, nogil=True, fastmath=options)(function))
