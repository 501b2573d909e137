"""What if an indicator grew faster or slower: sliders, and the chance of each target before and after."""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import partial
from typing import Any

from nicegui import ui

from luban.rollup.outlook import Line
from luban.rollup.scenario import Chance, what_if
from luban.screens.report.rollup_scenario import scenario_sheet
from luban.screens.service.rollup import Place
from luban.screens.web.rollup_frame import Bench
from luban.screens.web.rollup_panel import OpenPanel, sheet_piece
from luban.screens.web.schedule_parts import VALUE
from luban.screens.web.tabs import card

__all__ = ["ScenarioPanel"]

_WIDE = 0.15
_STEP = 0.005


@dataclass(frozen=True, slots=True)
class _Worked:
    lines: tuple[Line, ...]
    chances: tuple[Chance, ...]


class ScenarioPanel(OpenPanel):
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._growth: dict[str, float] = {}
        self._sliders: Any = None

    def _asked(self) -> tuple[Any, ...]:
        return (*super()._asked(), *sorted(self._growth.items()))

    def _work(self, place: Place) -> Any:
        found = self.source.outlook(place)
        points = {line.indicator.id: line.points for line in found.lines if line.points}
        return _Worked(found.lines, what_if(points, found.plan, dict(self._growth)))

    def _draw(self, worked: _Worked) -> None:
        say, plan = self.say, self.bench.books.plan
        ahead = {line.indicator.id: line for line in worked.lines if line.progress.met is None and line.points}
        with card(say("Growth from the last value on")):
            text = say("Move a slider: the trend gives way to this growth a year, and the chance of each target ahead "
                       "is worked out anew with the same shocks.")  # fmt: skip
            ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
            with ui.element("div").classes("lb-sliders"):
                for name, line in ahead.items():
                    self._slider(name, line, f"{name} {plan.indicator(name).name.of(say.language)}")
        self.sheet = scenario_sheet(worked.chances, plan, say)
        sheet_piece(self.sheet)

    def _slider(self, name: str, line: Line, title: str) -> None:
        say, points = self.say, line.indicator.kind == "change in points"
        now = self._growth.get(name)
        at = 0.0 if now is None else now
        unit = say("points a year") if points else say("% a year")
        with ui.element("label").classes("lb-slider"):
            ui.html(html.escape(title), sanitize=False, tag="span")
            slider = ui.element("input").props(
                f"type=range min={-_WIDE} max={_WIDE} step={_STEP} value={at} data-indicator={name}"
            )
            told = say("as the trend goes") if now is None else f"{now * (1 if points else 100):+.1f} {unit}"
            ui.html(html.escape(told), sanitize=False, tag="small")
            slider.on("change", partial(self._moved, name), js_handler=VALUE)

    def _moved(self, name: str, event: Any) -> None:
        try:
            self._growth[name] = min(_WIDE, max(-_WIDE, float(event.args)))
        except (TypeError, ValueError):
            return
        self.bench.call(self._read)
