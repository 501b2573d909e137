"""The live page: equipment tree, figures, states over time, trend, sources."""

from __future__ import annotations

import html
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from nicegui import background_tasks, ui

from luban.core.errors import LubanError
from luban.core.time import DAY, SECOND, now as clock_now, parse_duration, to_datetime
from luban.screens.service import Now, Range, SignalNow, UnitNow
from luban.screens.users import Role, Session
from luban.screens.web import panels, tables, texts
from luban.screens.web.bar import bar, heading, plain_button
from luban.screens.web.cards import Cards
from luban.screens.web.feed import Feed
from luban.screens.web.made import made as made_tree
from luban.screens.web.open_page import OpenPage
from luban.screens.web.view import View

__all__ = ["LivePage"]

log = logging.getLogger(__name__)
_TREND_SPANS = ("1min", "10min", "1h", "8h")
_FIGURE_RANGES = ("begun", "1h", "shift", "24h", "last")
_MOST_LANES = 6
_BOARD_FRESH = 4 * SECOND


class LivePage(OpenPage):
    """One open page of one person.

    session  id of the session; it is read again in every handler
    path     the chosen place
    """

    def __init__(self, feed: Feed, language: str, session: Session, path: str, *, dark: bool | None) -> None:
        super().__init__(feed, language, session, dark=dark)
        self.path = self._allowed(path, session)
        self.range, self.span = "", "10min"
        self.picked: list[str] = []
        self._sent: dict[str, Any] = {}
        self._trend_sent: dict[str, tuple[int | None, int]] = {}
        self._turn = 0
        self._busy = False
        self._newest: Now | None = None
        self._shown: tuple[str, str] | None = None
        self._links: set[tuple[str, str, int]] = set()

    # ------------------------------------------------------------------ building

    def build(self) -> None:
        """Lay the page out; data follow once the browser is there."""
        self._begin()
        self._bar()
        with ui.element("div").classes("lb-frame"):
            with ui.element("nav").classes("lb-card lb-side").props(f"aria-label={json.dumps(self.say('Equipment'))}"):
                self._title(self.say("Equipment"))
                self.tree = View("tree", texts.tree(self.say), self._tree_ready).classes("lb-tree")
                self.tree.on("choose", lambda event: self._choose(event.args))
                if not self.view.plant.sources:
                    ui.html(tables.no_sources(self.say), sanitize=False)
            with ui.element("div").classes("lb-main"):
                self._unit_head()
                self.cards = Cards(self.say, self._explain)
                with ui.element("div").classes("lb-two"):
                    with self._card(self.say("Where the time went")):
                        self.losses = ui.element("div")
                    with ui.element("div").classes("lb-stack"):
                        with self._card(self.say("States")):
                            words_ = texts.timeline(self.say)
                            self.timeline = View("timeline", words_, self._refresh_soon).classes("lb-timeline")
                            self.timeline_note = ui.element("div")
                        with self._card(self.say("Gaps")):
                            self.gaps = ui.element("div").classes("lb-scroll")
                with ui.element("section").classes("lb-card"):
                    with ui.element("div").classes("lb-head"):
                        heading(self.say("Trend"))
                        ui.element("span").classes("lb-space")
                        self.spans = self._segments(_TREND_SPANS, self.span, self._set_span, self.say("Trend length"))
                    self.trend = View("trend", texts.trend(self.say), self._load_trend_soon)
                    self.trend_note = ui.element("div")
                with self._card(self.say("Sources")):
                    self.sources = ui.element("div").classes("lb-scroll")
        self.dialog = ui.dialog()
        self.feed.join(self)

    def _bar(self) -> None:
        query = f"?unit={quote(self.path)}"
        self.clock = bar(self.say, self.view.plant.name, self.user, "", query, self._toggle_dark, self._logout,
                         self._stop_button)  # fmt: skip

    def _unit_head(self) -> None:
        with ui.element("div").classes("lb-head").style("margin: 2px 2px 0"):
            self.unit_title = ui.element("div")
            ui.element("span").classes("lb-space")
            self.ranges = self._segments(
                _FIGURE_RANGES, self.range, self._set_range, self.say("Interval of the figures")
            )

    @contextmanager
    def _card(self, title: str) -> Iterator[None]:
        with ui.element("section").classes("lb-card"):
            self._title(title)
            yield

    def _title(self, text: str) -> None:
        with ui.element("div").classes("lb-head"):
            heading(text)

    def _segments(self, choices: tuple[str, ...], chosen: str, act: Callable[[str], Any], label: str) -> dict[str, Any]:
        buttons: dict[str, Any] = {}
        with ui.element("div").classes("lb-segments").props(f"role=group aria-label={json.dumps(label)}"):
            for choice in choices:
                button = ui.element("button").props(f"type=button aria-pressed={str(choice == chosen).lower()}")
                with button.on("click", lambda _event, choice=choice: act(choice)):
                    ui.html(html.escape(texts.length(self.say, choice)), sanitize=False, tag="span")
                buttons[choice] = button
        return buttons

    # ------------------------------------------------------------------ acts of the person

    def _session(self) -> Session | None:
        """The session as of now; the page leaves where it is over or no longer reaches this place."""
        found = super()._session()
        if found is not None:
            self.path = self._allowed(self.path, found)
        return found

    def _allowed(self, path: str, session: Session) -> str:
        first = session.user.sites[0] if session.user.sites else self.view.plant.id
        known = path in self.view.plant.equipment and session.user.may(Role.VIEWER, path)
        return path if known else first

    def _choose(self, args: Mapping[str, Any]) -> None:
        session = self._session()
        if session is None:
            return
        self.path = self._allowed(str(args.get("unit", "")), session)
        signal = args.get("signal")
        self.picked = [str(signal)] if signal in self.view.plant.signals else []
        self.tree.send("select", self.path)
        ui.run_javascript(
            f"history.replaceState(null, '', location.pathname + '?unit=' + {json.dumps(quote(self.path))})"
        )
        self._refresh_soon()
        self._load_trend_soon()

    def _set_range(self, choice: str) -> None:
        if self._session() is None:
            return
        self.range = choice
        self._press(self.ranges, choice)
        self._refresh_soon()

    def _set_span(self, choice: str) -> None:
        if self._session() is None:
            return
        self.span = choice
        self._press(self.spans, choice)
        self._load_trend_soon()

    @staticmethod
    def _press(buttons: Mapping[str, Any], chosen: str) -> None:
        for choice, button in buttons.items():
            button.props(f"aria-pressed={str(choice == chosen).lower()}")

    async def _toggle_dark(self) -> None:
        await super()._toggle_dark()
        self._refresh_soon()

    async def _explain(self, figure: str) -> None:
        if self._session() is None:
            return
        span = await self.reads(self.view.range, self.range, path=self.path)
        try:
            made = await self.reads(self.view.explain, figure, self.path, span)
        except LubanError as error:
            ui.notify(str(error))
            return
        except Exception:
            log.exception("a figure could not be explained")
            ui.notify(self.say("This did not work; the server's log says why."))
            return
        self.dialog.clear()
        with self.dialog, ui.element("div").classes("lb-dialog"):
            made_tree(self.say, figure, made)
            with ui.element("div").style("text-align: right; margin-top: 10px"):
                plain_button(html.escape(self.say("Close")), self.dialog.close)
        self.dialog.open()

    # ------------------------------------------------------------------ data

    async def tick(self, now: Now) -> None:
        """Ten times a second: the trend; twice a second: tree; every ten seconds: figures."""
        self._newest = now
        if not self.client.has_socket_connection or self._gone:
            return
        self._turn += 1
        self._push_trend(now)
        if self._turn % 5 == 0:
            self._push_tree(now)
        if self._turn % 10 == 0:
            moment = to_datetime(now.time, self.view.plant.zone)
            with self.client:
                self.clock.content = (
                    f"{moment:%Y-%m-%d %H:%M:%S} <small>{html.escape(str(self.view.plant.zone))}</small>"
                )
        if self._turn % 100 == 0:
            self._refresh_soon()
        if self._turn % 10 == 0:
            self._follow_links(now)

    def _follow_links(self, now: Now) -> None:
        """Read the trend again where a link came or went, and once a minute for what came in late."""
        sources = {now.signals[name].source for name in self._trend_sent if name in now.signals}
        links = {(name, now.sources[name].link, now.sources[name].gaps) for name in sources if name in now.sources}
        if links != self._links or self._turn % 600 == 0:
            self._links = links
            self._load_trend_soon()

    def _mine(self, now: Now) -> tuple[list[UnitNow], dict[str, SignalNow]]:
        units = [unit for unit in now.units.values() if self.user.may(Role.VIEWER, unit.path)]
        paths = {unit.path for unit in units}
        return units, {name: signal for name, signal in now.signals.items() if signal.equipment in paths}

    async def _now(self) -> Now:
        """The newest look; the first one where the feed has not come round yet."""
        if self._newest is None:
            self._newest = await self.reads(self.view.now, fresh=SECOND)
        return self._newest

    async def _tree_ready(self, event: Any) -> None:
        if self._dark is None:
            # the browser follows its system; the chart must be told
            self._dark = bool(event.args.get("dark"))
        now = await self._now()
        units, signals = self._mine(now)
        self.tree.send("load", texts.nodes(units, signals, self.view.plant), self.path, now.time / 1000)
        self._sent = {}
        self._push_tree(now)

    def _push_tree(self, now: Now) -> None:
        units, signals = self._mine(now)
        lines = {unit.path: texts.unit_line(self.say, unit) for unit in units if unit.kind}
        lines |= {name: texts.signal_line(self.say, signal) for name, signal in signals.items()}
        changed = {key: line for key, line in lines.items() if self._sent.get(key) != line}
        if changed:
            self._sent |= changed
            self.tree.send("update", changed, now.time / 1000)

    def _lanes(self) -> list[SignalNow]:
        if self._newest is None:
            return []
        below = self.path + "/"
        here = [
            signal
            for signal in self._newest.signals.values()
            if (signal.equipment == self.path or signal.equipment.startswith(below))
            and signal.role not in texts.TEXT_ROLES
        ]
        # measured values first: a counter only climbs
        here.sort(key=lambda signal: signal.role != "value")
        picked = [signal for signal in here if signal.id in self.picked]
        rest = [signal for signal in here if signal.id not in self.picked and signal.equipment == self.path]
        return (picked + rest)[:_MOST_LANES]

    def _push_trend(self, now: Now) -> None:
        changed: dict[str, list[list[Any]]] = {}
        for name, sent in self._trend_sent.items():
            signal = now.signals.get(name)
            if signal is None or signal.time is None or (signal.time, signal.seq or 0) == sent:
                continue
            self._trend_sent[name] = (signal.time, signal.seq or 0)
            changed[name] = [texts.point(signal.time, signal.value, signal.quality or 0)]
        # an empty push keeps the clocks of browser and server together
        if changed or self._turn % 50 == 0:
            self.trend.send("push", changed, None, now.time / 1000)

    def _load_trend_soon(self) -> None:
        background_tasks.create(self._load_trend(), name="luban trend")

    async def _load_trend(self) -> None:
        await self._now()
        lanes = self._lanes()
        end = clock_now()
        span = Range(end - parse_duration(self.span), end)
        trends = [await self.reads(self.view.trend, lane.id, span, points=600) for lane in lanes]
        gaps = await self.reads(self.view.gaps, span, sources=sorted({lane.source for lane in lanes}))
        if self._gone:
            return
        plant = self.view.plant
        shown = [texts.lane(lane, trend, self.path, plant) for lane, trend in zip(lanes, trends, strict=True)]
        shut = [[gap.start / 1000, gap.end / 1000, gap.source] for gap in gaps]
        offset = to_datetime(end, plant.zone).utcoffset()
        seconds = offset.total_seconds() if offset else 0
        self.trend.send("load", shown, shut, (span.end - span.start) / 1000, seconds * 1000, clock_now() / 1000)
        self._trend_sent = {
            lane.id: (trend.time[-1] if trend.time else None, -1) for lane, trend in zip(lanes, trends, strict=True)
        }
        with self.client:
            self.trend_note.clear()
            self.trend.set_visibility(bool(lanes))
            if not lanes:
                with self.trend_note:
                    ui.html(tables.no_lanes(self.say, plant, self.path), sanitize=False)

    def _refresh_soon(self) -> None:
        if not self._busy and not self._gone:
            self._busy = True
            background_tasks.create(self._refresh(), name="luban figures")

    async def _refresh(self) -> None:
        """Until what is shown is what was chosen last."""
        try:
            while not self._gone and self.client.has_socket_connection:
                if not self.range:
                    self.range = await self.reads(self.view.usual_range, self.path)
                    self._press(self.ranges, self.range)
                chosen = self.path, self.range
                await self._show(*chosen)
                if chosen == (self.path, self.range):
                    break
        finally:
            self._busy = False

    async def _show(self, path: str, interval: str) -> None:
        """What is quickly read first; then figures, losses and states, beside the event loop."""
        span = await self.reads(self.view.range, interval, path=path)
        now = await self._now()
        day = Range(span.end - DAY, span.end)
        names = self.view.sources_of(path)
        gaps = await self.reads(self.view.gaps, day, sources=names)
        heard = bool(names) and all(now.sources[name].link == "up" for name in names)
        if self._gone:
            return
        with self.client:
            panels.unit_title(self.say, self.unit_title, now.units[path], span, self.view.plant)
            tables.sources(self.say, self.sources, now, self.view, self.user)
            tables.gaps(self.say, self.gaps, gaps, self.view.plant.zone, heard=heard)
            if self._shown != (path, interval):
                self.cards.wait()
        if (path, interval) != (self.path, self.range):
            return
        board = await self.reads(self.view.board, path, span, fresh=_BOARD_FRESH)
        if self._gone or (path, interval) != (self.path, self.range):
            return
        with self.client:
            self.cards.show(board)
            panels.losses(self.say, self.losses, board, dark=self._dark)
            self._show_timeline(board, span)
        self._shown = (path, interval)

    def _show_timeline(self, board: Any, span: Range) -> None:
        rows, legend = texts.timeline_rows(self.say, board, self.view.plant)
        offset = to_datetime(span.end, self.view.plant.zone).utcoffset()
        seconds = offset.total_seconds() if offset else 0
        self.timeline_note.clear()
        self.timeline.set_visibility(bool(rows))
        self.timeline.send("load", rows, legend, span.start / 1000, span.end / 1000, seconds * 1000)
        if not rows:
            with self.timeline_note:
                ui.html(tables.no_states(self.say), sanitize=False)
