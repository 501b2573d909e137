"""Shares of lots along the flow, compiled."""

# mypy: disallow-untyped-decorators=False, warn-return-any=False
# ruff: noqa: C901 - what the compiler makes of it decides, not what reads shortest
from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["arrivals", "latest", "spread"]


@njit(cache=True, nogil=True)
def spread(a: Any, b: Any, share: Any, held: Any, amount: Any, sweeps: Any) -> Any:
    """amount[b] = Σ share · amount[a] over the facts into b, for all nodes but the held ones.

    Nodes are gone through in the order of the flow; loops are gone round until nothing moves by more than 1e-13.
    Gives whether it settled.
    """
    nodes = len(amount)
    degree = np.zeros(nodes, np.int64)
    out = np.zeros(nodes + 1, np.int64)
    for k in range(len(a)):
        if not held[b[k]]:
            degree[b[k]] += 1
        out[a[k] + 1] += 1
    for node in range(nodes):
        out[node + 1] += out[node]
    at = out[:-1].copy()
    facts = np.empty(len(a), np.int64)
    for k in range(len(a)):
        facts[at[a[k]]] = k
        at[a[k]] += 1
    order = np.empty(nodes, np.int64)
    queued = np.zeros(nodes, np.bool_)
    n = 0
    for node in range(nodes):
        if degree[node] == 0:
            order[n] = node
            queued[node] = True
            n += 1
    i = 0
    while n < nodes:
        while i < n:
            for j in range(out[order[i]], out[order[i] + 1]):
                to = b[facts[j]]
                if not held[to]:
                    degree[to] -= 1
                    if degree[to] == 0 and not queued[to]:
                        order[n] = to
                        queued[to] = True
                        n += 1
            i += 1
        if n < nodes:  # a loop: begin with any of its nodes
            for node in range(nodes):
                if not queued[node]:
                    order[n] = node
                    queued[node] = True
                    n += 1
                    break
    rank = np.empty(nodes, np.int64)
    for k in range(nodes):
        rank[order[k]] = k
    looped = False
    for k in range(len(a)):
        if not held[b[k]] and rank[a[k]] >= rank[b[k]]:
            looped = True
    into = np.zeros(nodes + 1, np.int64)
    for k in range(len(a)):
        into[b[k] + 1] += 1
    for node in range(nodes):
        into[node + 1] += into[node]
    at = into[:-1].copy()
    for k in range(len(a)):
        facts[at[b[k]]] = k
        at[b[k]] += 1
    for _ in range(sweeps if looped else 1):
        moved = 0.0
        for k in range(nodes):
            node = order[k]
            if held[node]:
                continue
            total = 0.0
            for j in range(into[node], into[node + 1]):
                total += share[facts[j]] * amount[a[facts[j]]]
            moved = max(moved, abs(total - amount[node]))
            amount[node] = total
        if moved <= 1e-13:
            return True
    return not looped


@njit(cache=True, nogil=True)
def latest(came: Any, facts: Any, time: Any, there: Any) -> Any:
    """When something of the start was in each node at the latest: by the way on which the walk found it.

    came, facts  of the walk; there: of the starts since when, of all others written
    Gives how many nodes that way does not fit; the largest integer stands at them.
    """
    never = np.iinfo(np.int64).max
    open_ = 0
    for i in range(len(came)):
        if came[i] >= 0:
            when = time[facts[i]]
            if there[came[i]] <= when:
                there[i] = when
            else:
                there[i] = never
                open_ += 1
    return open_


@njit(cache=True, nogil=True)
def arrivals(
    begin: Any, neighbour: Any, fact: Any, head: Any, after: Any, other: Any, bad: Any, time: Any, base: Any,
    edges: Any, nodes: Any, place: Any, there: Any,
) -> None:  # fmt: skip
    """First time that something of the start could be in each node, by facts without doubt.

    begin … edges  one view of the graph, by input; time of each fact
    nodes   in the order of the walk; place[node] is where each stands
    there   of the starts: since when; of all others a time by which something was there, or the largest integer;
            lowered
    """
    ordered = len(begin) - 1
    never = np.iinfo(np.int64).max
    changed = True
    while changed:
        changed = False
        for i in range(len(nodes)):
            since, node = there[i], nodes[i]
            if since == never:
                continue
            if node < ordered:
                for k in range(begin[node], begin[node + 1]):
                    to = neighbour[k]
                    if to < 0:
                        continue
                    when = time[fact[k]]
                    at = place[to]
                    if since <= when and when < there[at]:
                        there[at] = when
                        if at <= i:
                            changed = True
            if node < len(head):
                e = head[node]
                while e >= 0:
                    f = e + base
                    if f < edges and not bad[f]:
                        at = place[other[f]]
                        if since <= time[f] and time[f] < there[at]:
                            there[at] = time[f]
                            if at <= i:
                                changed = True
                    e = after[e]
