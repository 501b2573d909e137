"""Walks over the graph of lots, compiled.

An adjacency entry is the neighbour's id, or its complement ~id where the fact behind it is doubtful. Facts that came
after the last ordering hang in linked lists: `head[node]` is the newest of a node, `after[fact]` the one before it.
"""

# mypy: disallow-untyped-decorators=False, warn-return-any=False
# ruff: noqa: C901 - what the compiler makes of it decides, not what reads shortest
from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["hang", "incident", "order_edges", "reach", "refresh"]


@njit(cache=True, nogil=True)
def order_edges(key: Any, other: Any, bad: Any, edges: Any, nodes: Any) -> Any:
    """Facts by node, oldest first: (where each node begins, neighbours, facts)."""
    begin = np.zeros(nodes + 1, np.int64)
    for e in range(edges):
        begin[key[e] + 1] += 1
    for node in range(nodes):
        begin[node + 1] += begin[node]
    at = begin[:-1].copy()
    neighbour = np.empty(edges, np.int32)
    fact = np.empty(edges, np.int32)
    for e in range(edges):
        k = at[key[e]]
        at[key[e]] = k + 1
        neighbour[k] = ~other[e] if bad[e] else other[e]
        fact[k] = e
    return begin, neighbour, fact


@njit(cache=True, nogil=True)
def refresh(neighbour: Any, fact: Any, other: Any, bad: Any) -> None:
    """Write the doubts anew into the ordered entries."""
    for k in range(len(fact)):
        e = fact[k]
        neighbour[k] = ~other[e] if bad[e] else other[e]


@njit(cache=True, nogil=True)
def hang(key: Any, first: Any, last: Any, base: Any, head: Any, after: Any) -> None:
    """Hang the facts first … last - 1 into the lists of their nodes; lists know facts by their number less `base`."""
    for e in range(first, last):
        node = key[e]
        after[e - base] = head[node]
        head[node] = e - base


@njit(cache=True, nogil=True)
def reach(
    begin: Any, neighbour: Any, head: Any, after: Any, other: Any, bad: Any, base: Any, edges: Any, starts: Any,
    doubts: Any, limit: Any, mark: Any, stamp: Any, queue: Any, came: Any, via: Any, depth: Any,
) -> Any:  # fmt: skip
    """All nodes that can be reached, first by facts without doubt, then by any.

    begin … edges  one view of the graph; entries of `head` and `after` at or above `edges` are newer than the view
    doubts  whether doubtful facts are followed at all
    limit   steps at most; below 0: no limit
    mark, stamp    a node is seen if mark[node] == stamp
    queue, came, via, depth  by place: node, place it was reached from, how (k: entry k; -2 - e: fact e), steps
    Gives (how many by facts without doubt, how many in all)
    """
    n, ordered = 0, len(begin) - 1
    for k in range(len(starts)):
        if mark[starts[k]] != stamp:
            mark[starts[k]] = stamp
            queue[n], came[n], via[n], depth[n] = starts[k], -1, -1, 0
            n += 1
    sure = 0
    for turn in range(2 if doubts else 1):
        i = 0
        while i < n:
            node = queue[i]
            steps = depth[i] + 1
            if limit < 0 or steps <= limit:
                if node < ordered:
                    for k in range(begin[node], begin[node + 1]):
                        to = neighbour[k]
                        if to < 0:
                            if turn == 0:
                                continue
                            to = ~to
                        if mark[to] != stamp:
                            mark[to] = stamp
                            queue[n] = to
                            came[n] = i
                            via[n] = k
                            depth[n] = steps
                            n += 1
                if node < len(head):
                    e = head[node]
                    while e >= 0:
                        fact = e + base
                        if fact < edges and (turn == 1 or not bad[fact]):
                            to = other[fact]
                            if mark[to] != stamp:
                                mark[to] = stamp
                                queue[n] = to
                                came[n] = i
                                via[n] = -2 - fact
                                depth[n] = steps
                                n += 1
                        e = after[e]
            i += 1
        if turn == 0:
            sure = n
    return sure, n


@njit(cache=True, nogil=True)
def incident(begin: Any, fact: Any, head: Any, after: Any, base: Any, edges: Any, nodes: Any) -> Any:
    """Facts of the nodes, as (place in `nodes`, fact) in two arrays, oldest first by node."""
    ordered = len(begin) - 1
    total = 0
    for i in range(len(nodes)):
        node = nodes[i]
        if node < ordered:
            total += begin[node + 1] - begin[node]
        if node < len(head):
            e = head[node]
            while e >= 0:
                if e + base < edges:
                    total += 1
                e = after[e]
    place = np.empty(total, np.int64)
    found = np.empty(total, np.int64)
    n = 0
    for i in range(len(nodes)):
        node = nodes[i]
        if node < ordered:
            for k in range(begin[node], begin[node + 1]):
                place[n] = i
                found[n] = fact[k]
                n += 1
        if node < len(head):
            first = n
            e = head[node]
            while e >= 0:
                if e + base < edges:
                    place[n] = i
                    found[n] = e + base
                    n += 1
                e = after[e]
            found[first:n] = found[first:n][::-1].copy()
    return place, found
