"""Looking for the preference that gives a wanted number of clusters.

What belongs here: the search. The number of clusters grows with the preference, nearly always.
What does not: any clustering; the caller brings one as a function.
"""

import math
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_MOST_RUNS = 14


def search_preference(
    solve: Callable[[float], T],
    count: Callable[[T], int],
    wanted: int,
    start: float,
    *,
    tolerance: float = 0.01,
) -> tuple[float, T, int]:
    """The preference, its solution and the number of runs it took.

    Interpolates in the logarithms, because the number of clusters is close to a power of the
    preference; ends within `tolerance · wanted` clusters, or with the closest of 14 runs.

    Args:
        solve: clusters with a preference.
        count: the number of clusters of a solution.
        wanted: at least 1.
        start: a preference below zero; at zero or above the first run is returned.
    """
    few: tuple[float, int] | None = None
    many: tuple[float, int] | None = None
    best: tuple[float, T] | None = None
    preference, runs = start, 0
    while runs < _MOST_RUNS:
        solution = solve(preference)
        runs, found = runs + 1, count(solution)
        if best is None or abs(found - wanted) < abs(count(best[1]) - wanted):
            best = preference, solution
        if abs(found - wanted) <= tolerance * wanted or preference >= 0:
            break
        if found > wanted:
            many = preference, found
        else:
            few = preference, found
        preference = _choose_next(few, many, wanted)
    assert best is not None
    return best[0], best[1], runs


def _choose_next(
    few: tuple[float, int] | None, many: tuple[float, int] | None, wanted: int
) -> float:
    if few is None or many is None:
        known = few or many
        assert known is not None
        return known[0] * (4.0 if wanted < known[1] else 0.25)
    span = math.log(many[1]) - math.log(few[1])
    share = (math.log(wanted) - math.log(few[1])) / span if span > 0 else 0.5
    share = min(0.9, max(0.1, share))
    low, high = math.log(-few[0]), math.log(-many[0])
    return -math.exp(low + share * (high - low))
