"""Reading bits from 64-bit words, most significant first.

What belongs here: looking at bits and taking them.
What does not: what they mean.

Nothing is checked here: who reads knows where the data ends, and looks at its position before it
goes on. SPARE_WORDS behind the data are what may be read past that end: the scalefactors of a
granule (144 bits) and a few Huffman codes.
"""

import numpy as np
from numpy.typing import NDArray

from autogroove.audio.compiling import compiled

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
