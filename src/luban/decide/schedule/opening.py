"""Open time of a calendar for the exact model: spans of work, and where in the windows they may begin and end."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from luban.decide.schedule.problem import NONE, Problem

__all__ = ["Opening", "Piece"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Starts in [low, high] lie in window `first`; the work then ends in window `last`, after closures of `closed`."""

    low: int
    high: int
    first: int
    last: int
    closed: int


class Opening:
    """Windows of a machine; no windows: always open.

    always      nothing ever closes
    interrupts  work waits over a closure
    """

    def __init__(self, problem: Problem, machine: int) -> None:
        calendar = int(problem.machine_calendar[machine])
        self.always = calendar == NONE
        self.interrupts = not self.always and bool(problem.calendar_interrupts[calendar])
        first, last = (0, 0) if self.always else problem.calendar_first[calendar : calendar + 2].tolist()
        self.opens: list[int] = problem.window_start[first:last].tolist()
        self.closes: list[int] = problem.window_end[first:last].tolist()
        self.before: list[int] = [0]
        for a, b in zip(self.opens, self.closes, strict=True):
            self.before.append(self.before[-1] + b - a)

    @property
    def end(self) -> int:
        """When the last window closes; 0 without windows."""
        return self.closes[-1] if self.closes else 0

    def opened(self, time: int) -> int:
        """Open time before a moment; the moment itself where it is always open."""
        if self.always:
            return time
        at = bisect_right(self.opens, time) - 1
        return 0 if at < 0 else self.before[at] + min(time, self.closes[at]) - self.opens[at]

    def finish(self, start: int, work: int) -> int:
        """End of work that begins at `start` and waits over closures."""
        if self.always or not self.interrupts or not work:
            return start + work
        wanted = self.opened(start) + work
        at = min(bisect_left(self.before, wanted) - 1, len(self.opens) - 1)
        return self.opens[at] + wanted - self.before[at]

    def begin_late(self, end: int, work: int) -> tuple[int, int]:
        """(start, end) of work that is done at `end` and begins as late as it can, waiting over closures."""
        if self.always or not work:
            return end - work, end
        wanted = self.opened(end) - work
        at = bisect_right(self.before, wanted) - 1
        start = self.opens[at] + wanted - self.before[at]
        return start, self.finish(start, work)

    def starts(self, work: int, low: int, high: int) -> list[tuple[int, int]]:
        """Where work in one window may begin, so that it starts at `low` or later and ends by `high`."""
        spans = (
            [(low, high - work)]
            if self.always or not work
            else [(max(a, low), min(b, high) - work) for a, b in zip(self.opens, self.closes, strict=True)]
        )
        return [(a, b) for a, b in spans if a <= b]

    def pieces(self, least: int, most: int, low: int, high: int) -> Iterator[Piece]:
        """Pairs of windows in which work of `least` to `most` begins and ends, waiting over closures between."""
        begin = bisect_right(self.closes, low)
        for i in range(begin, bisect_left(self.opens, high)):
            first, last = max(self.opens[i], low), min(self.closes[i] - 1, high - least)
            if first > last:
                continue
            shift = self.before[i] - self.opens[i]
            j = max(i, bisect_left(self.before, first + shift + least) - 1)
            while j < len(self.opens) and self.before[j] < last + shift + most and self.opens[j] < high:
                close = min(self.before[j + 1], self.before[j] + high - self.opens[j])
                begins = max(first, self.before[j] + 1 - most - shift)
                ends = min(last, close - least - shift)
                if begins <= ends:
                    yield Piece(begins, ends, i, j, self.opens[j] - self.before[j] + shift)
                j += 1
