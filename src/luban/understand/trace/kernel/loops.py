"""Loops of a graph, compiled."""

# mypy: disallow-untyped-decorators=False, warn-return-any=False

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["first_there", "peel", "way_back"]


@njit(cache=True, nogil=True)
def _peel_once(source: Any, target: Any, left: Any, nodes: Any) -> Any:
    """Take away, again and again, facts out of nodes that nothing goes into; how many were left."""
    degree = np.zeros(nodes, np.int32)
    begin = np.zeros(nodes + 1, np.int64)
    for e in range(len(source)):
        if left[e]:
            degree[target[e]] += 1
            begin[source[e] + 1] += 1
    for node in range(nodes):
        begin[node + 1] += begin[node]
    at = begin[:-1].copy()
    facts = np.empty(begin[nodes], np.int32)
    for e in range(len(source)):
        if left[e]:
            facts[at[source[e]]] = e
            at[source[e]] += 1
    queue = np.empty(nodes, np.int32)
    n = 0
    for node in range(nodes):
        if degree[node] == 0:
            queue[n] = node
            n += 1
    i = 0
    kept = len(facts)
    while i < n:
        for k in range(begin[queue[i]], begin[queue[i] + 1]):
            e = facts[k]
            left[e] = False
            kept -= 1
            degree[target[e]] -= 1
            if degree[target[e]] == 0:
                queue[n] = target[e]
                n += 1
        i += 1
    return kept


@njit(cache=True, nogil=True)
def peel(source: Any, target: Any, good: Any, nodes: Any) -> Any:
    """Facts that may lie in a loop: what is left after all that only leads in or out is taken away."""
    left = good.copy()
    if _peel_once(source, target, left, nodes):
        _peel_once(target, source, left, nodes)
    return left


@njit(cache=True, nogil=True)
def first_there(a: Any, b: Any, time: Any, part: Any, there: Any, by: Any) -> None:
    """When each node of a loop could be there; facts in the order of time.

    there  by what comes from outside the loop; lowered. A loop into which nothing comes begins with its first fact.
    by     place of the fact that brought it there; -1: it came from outside
    """
    entered = np.zeros(part.max() + 1, np.bool_)
    for node in range(len(there)):
        if there[node] != np.iinfo(np.int64).max:
            entered[part[node]] = True
    for k in range(len(a)):
        if not entered[part[a[k]]]:
            entered[part[a[k]]] = True
            there[a[k]] = time[k]
    changed = True
    while changed:  # once, and again only for facts of the same moment
        changed = False
        for k in range(len(a)):
            if there[a[k]] <= time[k] and time[k] < there[b[k]]:
                there[b[k]] = time[k]
                by[b[k]] = k
                changed = True


@njit(cache=True, nogil=True)
def way_back(a: Any, b: Any, start: Any, end: Any, nodes: Any) -> Any:
    """Nodes of a shortest way from start to end; empty if there is none."""
    came = np.full(nodes, -1, np.int64)
    came[start] = start
    queue = [start]
    i = 0
    while i < len(queue) and came[end] < 0:
        node = queue[i]
        for k in range(len(a)):
            if a[k] == node and came[b[k]] < 0:
                came[b[k]] = node
                queue.append(b[k])
        i += 1
    if came[end] < 0:
        return np.empty(0, np.int64)
    way = [end]
    while way[-1] != start:
        way.append(came[way[-1]])
    return np.array(way[::-1], np.int64)
