"""The compiled pass of dense affinity propagation over a block of rows.

What belongs here: numba code. Responsibilities are never stored. Unrolled, with damping λ,

    r_t(i, k) = (1 − λ^t) s(i, k) − ū_i + c(i, k)

where ū_i is the damped maximum of a + s along row i, and the correction c is non-zero only in
columns that were row i's maximum not long ago; those are kept in a few slots a row.
What does not: the loop over iterations (`autogroove.clustering.dense`).

The diagonal lives in vectors of its own; in the matrix it is so low that it never wins.
"""

from typing import Any

import numpy as np
from numba import njit

LOWEST = np.float32(-1e30)
"""Stands for minus infinity: fast arithmetic may not meet a real one."""
NUM_SLOTS = 32
_LANES = 128
_FOUR = 4 * _LANES


@njit(nogil=True, cache=True, fastmath=True)
def _update_row(a: Any, s: Any, columns: Any, grow: Any, offset: Any, damping: Any) -> None:
    keep = np.float32(1) - damping
    zero = np.float32(0)
    for k in range(a.size):
        r = max(grow * s[k] - offset, zero)
        a[k] = damping * a[k] + keep * min(zero, columns[k] - r)


@njit(nogil=True, cache=True, fastmath=True)
def _fill_lanes(a: Any, s: Any, lanes: Any) -> None:
    """The maxima of every _LANES-th column of a + s: a plain maximum does not vectorise.

    Four strips at a time take half as long as one: the lanes are read and written less often.
    """
    lanes[:] = LOWEST
    whole = a.size // _FOUR * _FOUR
    for start in range(0, whole, _FOUR):
        four_a, four_s = a[start : start + _FOUR], s[start : start + _FOUR]
        for j in range(_LANES):
            j1, j2, j3 = j + _LANES, j + 2 * _LANES, j + 3 * _LANES
            left = max(four_a[j] + four_s[j], four_a[j1] + four_s[j1])
            right = max(four_a[j2] + four_s[j2], four_a[j3] + four_s[j3])
            lanes[j] = max(lanes[j], max(left, right))
    for start in range(whole, a.size, _LANES):
        strip_a, strip_s = a[start : start + _LANES], s[start : start + _LANES]
        for j in range(strip_a.size):
            lanes[j] = max(lanes[j], strip_a[j] + strip_s[j])


@njit(nogil=True, cache=True, fastmath=True)
def _top_two(a: Any, s: Any, lanes: Any) -> tuple[int, Any, Any]:
    """Where a + s is largest, its value, and the next largest."""
    _fill_lanes(a, s, lanes)
    lane, first, second = 0, LOWEST, LOWEST
    for j in range(lanes.size):
        if lanes[j] > first:
            lane, first, second = j, lanes[j], first
        elif lanes[j] > second:
            second = lanes[j]
    where, found = -1, LOWEST
    for k in range(lane, a.size, _LANES):
        value = a[k] + s[k]
        if value > found:
            second = max(second, found)
            where, found = k, value
        else:
            second = max(second, value)
    return where, found, second


@njit(nogil=True, cache=True, fastmath=True)
def _add_positive(s: Any, sums: Any, grow: Any, offset: Any) -> None:
    zero = np.float32(0)
    for k in range(s.size):
        sums[k] += max(grow * s[k] - offset, zero)


@njit(nogil=True, cache=True, fastmath=True)
def _age_slots(column: Any, value: Any, count: int, damping: Any, floor: Any) -> int:
    kept = 0
    for j in range(count):
        aged = value[j] * damping
        if aged > floor:
            column[kept], value[kept] = column[j], aged
            kept += 1
    return kept


@njit(nogil=True, cache=True, fastmath=True)
def _put_slot(column: Any, value: Any, count: int, where: int, amount: Any) -> int:
    least = 0
    for j in range(count):
        if column[j] == where:
            value[j] += amount
            return count
        if value[j] < value[least]:
            least = j
    if count < column.size:
        least, count = count, count + 1
    column[least], value[least] = where, amount
    return count


@njit(nogil=True, cache=True, fastmath=True)
def pass_rows(
    s: Any,
    a: Any,
    diagonal: Any,
    columns: Any,
    offsets: Any,
    slot_column: Any,
    slot_value: Any,
    slot_count: Any,
    rows: tuple[int, int],
    steps: tuple[Any, Any, Any],
    sums: Any,
) -> None:
    """One iteration for rows [start, stop): availabilities, then responsibilities.

    Args:
        s: similarities (n, n) float32 with LOWEST on the diagonal.
        a: availabilities (n, n) float32, updated; its diagonal is meaningless.
        diagonal: (3, n) float32: preference, availability to self, responsibility to self
            (the last is updated).
        columns: (n,) float32, last iteration's sums of positive responsibilities.
        offsets: (n,) float32, ū, updated.
        slot_column, slot_value, slot_count: the corrections, updated.
        rows: (start, stop).
        steps: (damping, 1 − λ^(t−1), 1 − λ^t), float32.
        sums: (n,) float32, gains this block's positive responsibilities, without the diagonal.
    """
    damping, before, now = steps
    keep = np.float32(1) - damping
    zero = np.float32(0)
    lanes = np.empty(_LANES, dtype=np.float32)
    held = np.empty(slot_column.shape[1], dtype=np.float32)
    for i in range(rows[0], rows[1]):
        row_s, row_a, column, value = s[i], a[i], slot_column[i], slot_value[i]
        count = slot_count[i]
        for j in range(count):
            held[j] = row_a[column[j]]
        _update_row(row_a, row_s, columns, before, offsets[i], damping)
        for j in range(count):
            k = column[j]
            r = max(before * row_s[k] - offsets[i] + value[j], zero)
            row_a[k] = damping * held[j] + keep * min(zero, columns[k] - r)
        where, first, second = _top_two(row_a, row_s, lanes)
        own = diagonal[0, i] + diagonal[1, i]
        rival = first
        if own > first:
            where, first, second = -1, own, first
        elif own > second:
            second = own
        diagonal[2, i] = damping * diagonal[2, i] + keep * (diagonal[0, i] - rival)
        offsets[i] = damping * offsets[i] + keep * first
        count = _age_slots(column, value, count, damping, np.float32(1e-8) * abs(offsets[i]))
        if where >= 0:
            count = _put_slot(column, value, count, where, keep * (first - second))
        slot_count[i] = count
        _add_positive(row_s, sums, now, offsets[i])
        for j in range(count):
            k = column[j]
            plain = now * row_s[k] - offsets[i]
            sums[k] += max(plain + value[j], zero) - max(plain, zero)
