"""The board: every indicator with value, path, status, interval, coverage; how it is made is a press away."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from luban.rollup.outlook import Outlook
from luban.screens.report.pilot_words import amount
from luban.screens.report.rollup_progress import progress_sheet
from luban.screens.service.rollup import Place
from luban.screens.web.rollup_frame import Bench
from luban.screens.web.rollup_panel import OpenPanel, sheet_piece

__all__ = ["BoardPanel"]


@dataclass(frozen=True, slots=True)
class _Worked:
    outlook: Outlook
    coverage: dict[str, tuple[int, float, int]]


class BoardPanel(OpenPanel):
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)

    async def show(self) -> None:
        """It came to the front; another tab may have left a region to look at."""
        if isinstance(self.bench.handed, dict):
            self.picked.update(self.bench.handed)
            self.bench.handed = None
        await super().show()

    def _work(self, place: Place) -> Any:
        told: dict[str, tuple[int, float, int]] = {}
        for row in self.source.cell(place).to_pylist():
            if row["value"] is not None:
                told[row["indicator"]] = (row["year"], row["coverage"] or 0.0, row["n"])
        return _Worked(self.source.outlook(place), told)

    def _draw(self, worked: _Worked) -> None:
        say, plan = self.say, self.bench.books.plan
        with ui.element("div").classes("lb-indicators"):
            for name, one in plan.indicators.items():
                self._tile(name, one.name.of(say.language), worked)
        self.sheet = progress_sheet(worked.outlook, say)
        sheet_piece(self.sheet)

    def _tile(self, name: str, title: str, worked: _Worked) -> None:
        say, plan = self.say, self.bench.books.plan
        lines = [line for line in worked.outlook.lines if line.indicator.id == name]
        newest = next((line for line in reversed(lines) if line.progress.latest is not None), None)
        with ui.element("button").classes("lb-figure lb-indicator").props(f"type=button data-indicator={name}") as held:
            inner = f'<span class="lb-note">{html.escape(name)} · {html.escape(title)}</span>'
            if newest is None or newest.progress.latest is None:
                reason = next((line.progress.reason for line in lines if line.progress.reason), "")
                inner += f'<b class="lb-number">–</b><small>{html.escape(say(reason))}</small>'
            else:
                latest = newest.progress.latest
                unit = plan.unit(newest.unit).of(say.language)
                inner += f'<b class="lb-number">{amount(latest.value, 2)} <small>{html.escape(unit)}</small></b>'
                year, coverage, n = worked.coverage.get(name, (latest.year, 0.0, 0))
                told = say("{year}, from {n} returns, {share} % of those asked", year=year, n=amount(n),
                           share=f"{100 * coverage:.0f}")  # fmt: skip
                inner += f"<small>{html.escape(told)}</small>"
                for line in lines:
                    state = html.escape(say(line.progress.status))
                    printed = html.escape(line.milestone.printed.of(say.language))
                    inner += f"<small>{line.milestone.year}: {printed} · {state}</small>"
            ui.html(inner, sanitize=False, tag="span").style("display: grid")
        held.on("click", lambda _event: self.bench.call(self._open, name))

    async def _open(self, name: str) -> None:
        await self.bench.open("origin", of=name)
