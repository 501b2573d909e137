"""The diary of a story: each step with the books' time and the shop's own clock, told as it is written."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from luban.core.time import now, to_datetime
from luban.loop.story.floor import Clock
from luban.loop.story.told import Step

__all__ = ["Diary", "short"]


class Diary:
    """Steps so far.

    clock  between the books' time and the shop's;  zone  of the shop;  heard  is told each step
    """

    def __init__(self, clock: Clock, zone: ZoneInfo, heard: Callable[[Step], None]) -> None:
        self.clock, self._zone, self._heard = clock, zone, heard
        self.steps: list[Step] = []

    def say(self, kind: str, title: str, text: str, tone: str = "") -> None:
        """Write a step and tell it; kinds and tones of `Step`."""
        at = now()
        shown = to_datetime(self.clock.shop_at(at), self._zone).strftime("%a %H:%M")
        step = Step(kind, at, shown, title, text, tone)
        self.steps.append(step)
        self._heard(step)


def short(path: str) -> str:
    """The last part of a path, which people on the floor call a machine by."""
    return path.rpartition("/")[2]
