"""One point of a chart: what was measured, by whom and with what, which rules fired, what was found, the facts."""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from nicegui import ui

from luban.screens.i18n import Words
from luban.screens.service.quality_charting import Charted, point_of
from luban.screens.service.quality_limits import Standing
from luban.screens.service.quality_view import decimals, rule_mark, rule_text, said
from luban.screens.users import Role
from luban.screens.web import quality_texts as texts
from luban.screens.web.bar import plain_button
from luban.screens.web.quality_frame import Bench
from luban.screens.web.schedule_parts import VALUE, tool

__all__ = ["PointCard"]

Facts = Sequence[Mapping[str, Any]]


class PointCard:
    """The card of the chosen point.

    of       name of the chart that is open
    changed  called with what was decided
    """

    def __init__(self, bench: Bench, of: Callable[[], str], changed: Callable[[str], Awaitable[None]]) -> None:
        self.bench, self._of, self._changed = bench, of, changed
        self.say: Words = bench.say
        self.key: int | None = None
        self._facts: Facts = ()
        self._stands = Standing()
        self._text = ""
        self.dialog = ui.dialog()
        with ui.element("section").classes("lb-card lb-qpoint") as self.holder:
            self.holder.props("aria-live=polite")
        self.holder.set_visibility(False)

    def choose(self, key: int | None, made: Charted | None, facts: Facts = ()) -> None:
        """Show a point with its facts, or nothing."""
        if key != self.key:
            self._text = ""
        self.key, self._facts = key, facts
        self._draw(made)

    def redraw(self, made: Charted, stands: Standing) -> None:
        """The chart was drawn anew: the point stays if it is still there."""
        known, self._stands = self._stands, stands
        gone = self.key is not None and point_of(made.own, self.key) is None
        if gone:
            self.key = None
        # what is being typed stays while nothing about the point changed
        if gone or known.entries != stands.entries or self.key is None:
            self._draw(made)

    def _draw(self, made: Charted | None) -> None:
        say = self.say
        self.holder.clear()
        self.holder.set_visibility(made is not None)
        if made is None:
            return
        with self.holder:
            at = point_of(made.own, self.key) if self.key is not None else None
            if at is None:
                text = say(
                    "Press a point of the chart, or go to one with the arrow keys. Page Down goes to the next signal."
                )
                ui.html(f'<h2 class="lb-title">{html.escape(say("Point"))}</h2>{texts.empty(text)}', sanitize=False)
                return
            ui.html(self._told(made, at), sanitize=False)
            with ui.element("div").classes("lb-links"):
                plain_button(html.escape(say("How was this made?")), lambda: self._made(made))
            self._forms(out=at in made.out)

    def _told(self, made: Charted, at: int) -> str:
        say, zone = self.say, self.bench.view.plant.zone
        sample, chart = made.own.sample, made.chart
        digits = decimals(sample.values)
        values = sample.values[int(sample.starts[at]) : int(sample.starts[at + 1])].tolist()
        rows = [(say("Time"), texts.moment(int(chart.time[at]), zone))]
        shown = ", ".join(said(value, digits) for value in values[:12]) + (" …" if len(values) > 12 else "")
        rows.append((say("Measured"), f"{shown} {sample.unit}".strip()))
        for name, label in (("serial", say("Serial")), ("lot", say("Lot")), ("unit", say("Made on")),
                            ("gauge", say("Gauge")), ("person", say("Measured by"))):  # fmt: skip
            held = list(dict.fromkeys(str(fact[name]) for fact in self._facts if fact.get(name)))
            if held:
                rows.append((label, ", ".join(held[:4])))
        title = f"{say('Point')} {chart.labels[at]}"
        parts = [f'<h2 class="lb-title">{html.escape(title)}</h2>{texts.facts(rows)}']
        fired = [one for one in chart.violations if one.point == at]
        told = [(rule_mark(one.rule), rule_text(say, one.rule)) for one in fired]
        parts += [f'<div class="lb-qfired"><b>{html.escape(a)}</b> {html.escape(b)}</div>' for a, b in told]
        if at in made.out:
            parts.append(
                f'<div class="lb-qsaid">{html.escape(say("Left out of the limits"))}: {html.escape(made.out[at])}</div>'
            )
        for entry in self._stands.causes.get(self.key or 0, ()):
            by = f"{entry.person}, {texts.moment(entry.time, zone)}"
            parts.append(
                f'<div class="lb-qsaid">{html.escape(entry.text)} <span class="lb-note">{html.escape(by)}</span></div>'
            )
        return "".join(parts)

    def _forms(self, *, out: bool) -> None:
        say = self.say
        if not self.bench.may(Role.OPERATOR):
            return
        with ui.element("div").classes("lb-panel"):
            box = ui.element("textarea").classes("lb-qtext").props("rows=2 maxlength=500")
            label = say("What was found, or why the point is left out")
            box._props.update({"aria-label": label, "placeholder": label, "defaultValue": self._text})  # noqa: SLF001
            box.on("input", lambda event: setattr(self, "_text", str(event.args)), js_handler=VALUE)
            with ui.element("div").classes("lb-tools"):
                tool(html.escape(say("Note the cause")), lambda: self._act("cause", Role.OPERATOR))
                if self.bench.may(Role.ENGINEER):
                    code, word = ("include", say("Take back in")) if out else ("exclude", say("Leave out of limits"))
                    tool(html.escape(word), lambda: self._act(code, Role.ENGINEER))

    async def _act(self, code: str, role: Role) -> None:
        person, key = self.bench.person(role), self.key
        if person is None or key is None:
            return
        books, of = self.bench.books, self._of()
        act = {"cause": books.cause, "exclude": books.exclude, "include": books.include}[code]
        if await self.bench.do(act, of, key, self._text, person=person):
            self._text = ""
            await self._changed(code)

    def _made(self, made: Charted) -> None:
        """The facts behind the point: where they stand in the books, and who said them."""
        say, zone = self.say, self.bench.view.plant.zone
        digits = decimals(made.own.sample.values)
        heads = (say("Fact"), say("Time"), say("Value"), say("Source"), say("Recorded"))
        rows = "".join(
            f'<tr data-fact="{fact["seq"]}"><td>{fact["seq"]}</td><td>{texts.moment(fact["time"], zone)}</td>'
            f'<td class="lb-n">{said(float(fact["value"]), digits)}</td><td>{html.escape(str(fact["source"]))}</td>'
            f"<td>{texts.moment(fact['recorded'], zone)}</td></tr>"
            for fact in self._facts
        )
        head = "".join(f'<th scope="col">{html.escape(text)}</th>' for text in heads)
        kind = f"{texts.kind_word(say, made.chart.kind)} · {texts.group_word(say, made.wanted.group or 'single')}"
        self.dialog.clear()
        with self.dialog, ui.element("div").classes("lb-dialog"):
            ui.html(
                f'<h2 class="lb-big">{html.escape(say("How was this made?"))}</h2>'
                f'<div class="lb-note">{html.escape(kind)}</div>'
                f'<table class="lb-table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>',
                sanitize=False,
            )  # fmt: skip
            plain_button(html.escape(say("Close")), self.dialog.close)
        self.dialog.open()
