"""The hash table of names, compiled: FNV-1a over the bytes, linear probing, half full at most."""

# mypy: disallow-untyped-decorators=False, warn-return-any=False

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["find", "find_many", "intern", "rehash"]


@njit(cache=True, nogil=True, inline="always")
def _hash(data: Any, begin: Any, end: Any) -> Any:
    value = np.uint32(2166136261)
    for k in range(begin, end):
        value = np.uint32((value ^ np.uint32(data[k])) * np.uint32(16777619))
    value ^= value >> np.uint32(15)
    value = np.uint32(value * np.uint32(0x85EBCA6B))
    return np.uint32(value ^ (value >> np.uint32(13)))


@njit(cache=True, nogil=True, inline="always")
def _slot(
    given: Any, begin: Any, end: Any, value: Any, data: Any, ends: Any, hashes: Any, table: Any, count: Any
) -> Any:
    """The slot of the name, or the empty one where it belongs."""
    mask = len(table) - 1
    slot = np.int64(value) & mask
    while True:
        number = table[slot]
        if number < 0 or number >= count:
            return slot
        if hashes[number] == value:
            start = ends[number]
            length = ends[number + 1] - start
            if length == end - begin:
                same = True
                for k in range(length):
                    if data[start + k] != given[begin + k]:
                        same = False
                        break
                if same:
                    return slot
        slot = (slot + 1) & mask


@njit(cache=True, nogil=True)
def intern(
    given: Any, given_ends: Any, at: Any, data: Any, ends: Any, hashes: Any, table: Any, count: Any, wanted: Any
) -> Any:
    """Ids of the names from `at` on, until there is no room: (how far it came, names now)."""
    used = ends[count]
    for row in range(at, len(wanted)):
        begin, end = given_ends[row], given_ends[row + 1]
        if begin == end:
            wanted[row] = -1
            continue
        value = _hash(given, begin, end)
        slot = _slot(given, begin, end, value, data, ends, hashes, table, count)
        if table[slot] >= 0:
            wanted[row] = table[slot]
            continue
        if used + end - begin > len(data) or count + 2 > len(ends) or 2 * (count + 1) > len(table):
            return row, count
        for k in range(end - begin):
            data[used + k] = given[begin + k]
        used += end - begin
        hashes[count] = value
        ends[count + 1] = used
        table[slot] = count
        wanted[row] = count
        count += 1
    return len(wanted), count


@njit(cache=True, nogil=True)
def rehash(hashes: Any, count: Any, table: Any) -> None:
    """Fill an empty table with the first `count` names."""
    mask = len(table) - 1
    for number in range(count):
        slot = np.int64(hashes[number]) & mask
        while table[slot] >= 0:
            slot = (slot + 1) & mask
        table[slot] = number


@njit(cache=True, nogil=True)
def find(given: Any, data: Any, ends: Any, hashes: Any, table: Any, count: Any) -> Any:
    """The id of one name, or -1."""
    value = _hash(given, 0, len(given))
    number = table[_slot(given, 0, len(given), value, data, ends, hashes, table, count)]
    return number if number < count else -1


@njit(cache=True, nogil=True)
def find_many(given: Any, given_ends: Any, data: Any, ends: Any, hashes: Any, table: Any, count: Any) -> Any:
    """Ids of many names, -1 for those not there."""
    found = np.full(len(given_ends) - 1, -1, np.int32)
    for row in range(len(found)):
        begin, end = given_ends[row], given_ends[row + 1]
        if begin < end:
            value = _hash(given, begin, end)
            number = table[_slot(given, begin, end, value, data, ends, hashes, table, count)]
            if number < count:
                found[row] = number
    return found
