"""What else ran under the same condition: asked in a form, shown as lots to be opened or called back."""

from __future__ import annotations

import html
from functools import partial
from typing import Any, Final

from nicegui import ui

from luban.core.time import parse_time
from luban.screens.users import Role
from luban.screens.web.quality_typed import number as typed
from luban.screens.web.schedule_parts import field, labelled_choice, tool
from luban.screens.web.trace_frame import Bench
from luban.understand.trace import Match

__all__ = ["ConditionSearch", "lot_buttons"]

_LISTED = 200
_NAMED: Final = ("tool", "person", "unit", "order", "operation", "item", "gauge")
_NUMBERS: Final = ("low", "high", "margin")


class ConditionSearch:
    """A form and what was found; the lots in it are buttons with `data-lot`."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self._asked: dict[str, str] = {}
        self._filled = False
        self._lots: list[str] = []

    def build(self) -> Any:
        """Lay it out; the element that lots are shown in."""
        with ui.element("details"):
            with ui.element("summary"):
                text = self.say("What else ran under the same condition")
                ui.html(html.escape(text), sanitize=False, tag="span")
            self._form = ui.element("div").classes("lb-tsearch").style("margin-top: 8px")
            self.found = ui.element("div")
        return self.found

    def _said(self) -> dict[str, str]:
        say = self.say
        return {
            "tool": say("tool"), "person": say("person"), "unit": say("work unit"), "order": say("order"),
            "operation": say("operation"), "item": say("item"), "gauge": say("gauge"),
            "alarm": say("alarm: its code, or a work unit"), "signal": say("signal"), "low": say("below"),
            "high": say("above"), "margin": say("minutes before and after"), "since": say("from (date and time)"),
            "until": say("to (date and time)"),
        }  # fmt: skip

    async def fill(self) -> None:
        """Offer what the books name; once."""
        if self._filled:
            return
        known = {what: await self.bench.ask(self.bench.books.names, what) or [] for what in _NAMED}
        if not self.bench.alive or self._filled:
            return
        self._filled = True
        said, signals = self._said(), self.bench.view.plant.signals
        with self.bench.client, self._form:
            for what in _NAMED:
                entries = [("", self.say("all")), *((one, one) for one in known[what])]
                labelled_choice(said[what], entries, "", partial(self._ask, what))
            field(said["alarm"], "", partial(self._ask, "alarm"), "text")
            if signals:
                entries = [("", self.say("none")), *((one, one) for one in signals)]
                labelled_choice(said["signal"], entries, "", partial(self._ask, "signal"))
                for what in ("low", "high"):
                    field(said[what], "", partial(self._ask, what)).props(f"data-field={what}")
            field(said["margin"], "", partial(self._ask, "margin")).props("min=0 data-field=margin")
            for what in ("since", "until"):
                field(said[what], "", partial(self._ask, what), "datetime-local")
            tool(html.escape(self.say("Search")), lambda: self.bench.call(self._search), kind="lb-primary")

    def _ask(self, what: str, value: str) -> None:
        self._asked[what] = value[:400]

    async def _search(self) -> None:
        asked, books, zone = dict(self._asked), self.bench.books, self.bench.view.plant.zone

        def read() -> tuple[Match, list[str]]:
            since, until = (parse_time(asked[name], zone) if asked.get(name) else None for name in ("since", "until"))
            low, high, margin = (typed(asked[name], name) if asked.get(name) else None for name in _NUMBERS)
            match = books.same(
                {what: asked.get(what, "") for what in _NAMED}, alarm=asked.get("alarm", "").strip(),
                signal=asked.get("signal", ""), low=low, high=high, margin=int(60e6 * (margin or 0.0)),
                since=since, until=until,
            )  # fmt: skip
            with books.asked() as trace:
                return match, trace.lots.array(match.lots).to_pylist()

        told = await self.bench.ask(read)
        if told is not None and self.bench.alive:
            with self.bench.client:
                self._show(*told)

    def _show(self, match: Match, names: list[str]) -> None:
        say = self.say
        pairs = list(zip(names, match.certain.tolist(), strict=True))
        self._lots = names
        self.found.clear()
        with self.found:
            text = say("{lots} lots in {steps} steps of work", lots=f"{len(names):,}",
                       steps=f"{len(match.steps):,}")  # fmt: skip
            ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
            for title, sure in ((say("certain"), True), (say("possible"), False)):
                own = [name for name, certain in pairs if certain == sure]
                if own:
                    ui.html(f"<b>{html.escape(title)} · {len(own):,}</b>{lot_buttons(own)}", sanitize=False)
            if names and self.bench.may(Role.VIEWER):
                tool(html.escape(say("To the recall desk")), lambda: self.bench.call(self._recall))

    async def _recall(self) -> None:
        said = self._said()
        asked = ", ".join(f"{said[what]} {text}" for what, text in self._asked.items() if text.strip())
        await self.bench.open("recall", (tuple(self._lots), asked))


def lot_buttons(names: list[str]) -> str:
    """Lots as buttons with `data-lot`."""
    safe = [html.escape(name, quote=True) for name in names[:_LISTED]]
    shown = "".join(f'<button type="button" class="lb-plain" data-lot="{name}">{name}</button>' for name in safe)
    more = f"<span>+ {len(names) - _LISTED:,}</span>" if len(names) > _LISTED else ""
    return f'<div class="lb-tlots">{shown}{more}</div>'
