"""The event heap: a 4-ary heap of structs, ordered by time, equal times by the order in which they were planned."""

from __future__ import annotations

from luban.twin.kernel.layout import clocks, events
from luban.twin.kernel.memory import inlined

__all__ = ["pop", "push"]


@inlined
def push(w: int, time: int, kind: int, a: int, b: int) -> None:
    """Plans an event. Room has been seen to before the present event began."""
    clock = clocks(w)[0]
    heap = events(w)
    place = clock.planned
    clock.planned = place + 1
    order = clock.order
    clock.order = order + 1
    while place > 0:
        parent = (place - 1) >> 2
        if heap[parent].time <= time:
            break
        heap[place] = heap[parent]
        place = parent
    event = heap[place]
    event.time = time
    event.order = order
    event.kind = kind
    event.a = a
    event.b = b


@inlined
def pop(w: int) -> tuple[int, int, int, int]:
    """(time, kind, a, b) of the next event, taken off the heap."""
    clock = clocks(w)[0]
    heap = events(w)
    first = heap[0]
    found = (first.time, first.kind, first.a, first.b)
    count = clock.planned - 1
    clock.planned = count
    if count > 0:
        last_time = heap[count].time
        last_order = heap[count].order
        place = 0
        while True:
            child = 4 * place + 1
            if child >= count:
                break
            best = child
            for other in range(child + 1, min(child + 4, count)):
                if heap[other].time < heap[best].time or (
                    heap[other].time == heap[best].time and heap[other].order < heap[best].order
                ):
                    best = other
            if heap[best].time > last_time or (heap[best].time == last_time and heap[best].order > last_order):
                break
            heap[place] = heap[best]
            place = best
        heap[place] = heap[count]
    return found
