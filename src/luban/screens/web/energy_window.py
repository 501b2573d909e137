"""The window of time that all panels of the energy page speak of: a choice of usual ones, or two dates."""

from __future__ import annotations

import html

from nicegui import ui

from luban.screens.service.energy import WINDOWS
from luban.screens.web.energy_frame import Bench
from luban.screens.web.schedule_parts import VALUE, Choice, tool

__all__ = ["WindowChoice"]

_OWN = "own"


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
