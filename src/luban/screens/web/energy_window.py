"""The window of time that all panels of the energy page speak of, and waiting for what is made of it."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable
from typing import TypeVar

from nicegui import ui

from luban.screens.service.energy import WINDOWS
from luban.screens.web.energy_frame import Bench
from luban.screens.web.schedule_parts import VALUE, Choice, tool

__all__ = ["WindowChoice", "worked_out"]

T = TypeVar("T")

_OWN = "own"
_PATIENCE = 0.8  # [s] until a person is told that it takes a while


class WindowChoice:
    """A drop-down of windows with two dates beside it; make it inside the tools of a panel, `follow` in its `show`."""

    def __init__(self, bench: Bench) -> None:
        self.bench, say = bench, bench.say
        self._said = {
            "day": say("last 24 hours"), "7d": say("last 7 days"), "30d": say("last 30 days"),
            "month": say("this month"), "last month": say("last month"), "365d": say("last 12 months"),
            "all": say("all readings"),
        }  # fmt: skip
        self._dates = ["", ""]
        self._choice = Choice(say("window of time"), self._chosen)
        with ui.element("span").classes("lb-edates") as self._own:
            for at, label in enumerate((say("from"), say("to"))):
                box = ui.element("input").props("type=date")
                box._props["aria-label"] = label  # noqa: SLF001 - a text with quotes cannot go through props()
                box.on("input", lambda event, at=at: self._typed(at, str(event.args)), js_handler=VALUE)
            tool(html.escape(say("Show")), lambda: self.bench.call(self._go))
        self.follow()

    def follow(self) -> None:
        """Show what is chosen now."""
        chosen = self.bench.chosen or "7d"
        usual = chosen in WINDOWS
        entries = [*self._said.items(), (_OWN, self.bench.say("two dates …"))]
        if not usual and "/" not in chosen:
            entries.append((chosen, chosen))
        self._choice.fill(entries, _OWN if "/" in chosen else chosen)
        self._own.set_visibility("/" in chosen)

    async def _chosen(self, value: str) -> None:
        if value == _OWN:
            self._own.set_visibility(True)
        else:
            await self.bench.choose(value)

    def _typed(self, at: int, value: str) -> None:
        self._dates[at] = value[:40]

    async def _go(self) -> None:
        if any(self._dates):
            await self.bench.choose("/".join(self._dates))


async def worked_out(bench: Bench, read: Callable[[], T], waiting: Callable[[str], None] | None) -> T:
    """The result of a function run in a thread; what takes longer is said meanwhile.

    waiting  draws a sentence in the panel; None: what is shown stays until then
    Raises   what the function raises
    """
    task = asyncio.ensure_future(bench.reads(read))
    done, _ = await asyncio.wait({task}, timeout=_PATIENCE)
    if not done and bench.alive and waiting is not None:
        with bench.client:
            waiting(bench.say("The readings are being worked out. A year of many meters takes a minute."))
    return await task
