"""The tab of the fleet: one row a machine, those that need attention first."""

from __future__ import annotations

import html

from nicegui import ui

from luban.screens.report.health_drawings import spark
from luban.screens.report.health_fleet import fleet_sheet, life_of
from luban.screens.report.health_machine import parts_text, state_text
from luban.screens.service import Now
from luban.screens.service.health_fleet import Row, in_order
from luban.screens.web.health_frame import Bench
from luban.screens.web.quality_sheet import download_tools
from luban.screens.web.tabs import card
from luban.screens.web.twin_tables import notice

__all__ = ["FleetPanel"]

_EVERY = 20  # ticks between looks: ten seconds
_SPARK = 150
_SIGNS = {"worn": "✕", "unusual": "▲", "learning": "…", "in order": "✓", "": "–"}


class FleetPanel:
    """All machines."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self._rows: tuple[Row, ...] = ()
        self._seen: tuple[object, ...] = ()
        self._turn = 0

    def build(self) -> None:
        """Lay it out."""
        with card(self.say("Machines")) as head:
            with head:
                ui.element("span").classes("lb-space")
                self.tools = ui.element("div").classes("lb-links")
            with ui.element("div").classes("lb-scroll") as self.table:
                ui.html(notice(self.say("The machines are being looked at.")), sanitize=False)

    async def show(self) -> None:
        """Read and draw."""
        told = await self.bench.ask(self.bench.books.fleet)
        if told is None or not self.bench.alive:
            return
        seen = tuple((row.machine, id(row.health), row.reason, row.alarms, row.orders, row.learned) for row in told)
        if seen != self._seen:
            self._rows, self._seen = told, seen
            with self.bench.client:
                self._draw()

    def _draw(self) -> None:
        say, plant = self.say, self.bench.view.plant
        self.tools.clear()
        with self.tools:
            download_tools(self.bench, fleet_sheet(self._rows, say, plant.name, plant.id), f"{plant.id}-health")
        self.table.clear()
        with self.table:
            if not self._rows:
                ui.html(notice(say("The plant has no machine yet; add its work units to plant.toml.")), sanitize=False)
                return
            heads = (
                say("machine"), say("state"), say("last days"), say("channels behind it"), say("remaining life"),
                say("open alarms"), say("open work orders"), say("doubts about the data"),
            )  # fmt: skip
            with ui.element("table").classes("lb-table lb-hrows"):
                with ui.element("thead"), ui.element("tr"):
                    for name in heads:
                        ui.html(html.escape(name), sanitize=False, tag="th").props("scope=col")
                with ui.element("tbody"):
                    for row in in_order(self._rows):
                        self._row(row, heads)

    def _row(self, row: Row, heads: tuple[str, ...]) -> None:
        say, health = self.say, row.health
        state = health.state if health is not None else ""
        word = state_text(health, say) if health is not None else say("nothing known")
        value, told = life_of(row, say)
        sign = f'<span class="lb-hsign" aria-hidden="true">{_SIGNS[state]}</span>{html.escape(word)}'
        behind = parts_text(health.open) if health is not None and health.open is not None else ""
        reason = say(row.reason) if row.reason and state in {"", "learning"} else ""
        cells = [
            sign, spark(health.strength[-_SPARK:]) if health is not None else "",
            html.escape(behind or reason),
            f"{html.escape(value)}<small>{html.escape(told)}</small>" if health is not None else "–",
            *("–" if count is None else str(count) for count in (row.alarms, row.orders)),
            str(len(health.doubts)) if health is not None else "–",
        ]  # fmt: skip
        with ui.element("tr") as line:
            line._props.update({"data-machine": row.machine, "data-state": state or "nothing"})  # noqa: SLF001
            line.on("click", lambda _event, path=row.machine: self._open(path))
            with ui.element("th").props("scope=row"), ui.element("button").classes("lb-plain").props("type=button"):
                ui.html(html.escape(row.name), sanitize=False, tag="span")
            for name, cell in zip(heads[1:], cells, strict=True):
                made = ui.html(cell, sanitize=False, tag="td")
                made._props["data-head"] = name  # noqa: SLF001 - a text with quotes cannot go through props()

    async def _open(self, machine: str) -> None:
        await self.bench.open("machine", of=machine)

    async def tick(self, now: Now) -> None:  # noqa: ARG002 - what a panel is given
        """What changed since."""
        self._turn += 1
        if self._turn % _EVERY == 0:
            await self.show()
