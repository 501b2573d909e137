"""What the tabs of the cost page share: the books while they are there, and what to do where they are not."""

from __future__ import annotations

import html
from typing import Any

from nicegui import ui

from luban.core.errors import LubanError
from luban.core.time import to_datetime
from luban.ledger import streams
from luban.screens.i18n import Words
from luban.screens.report.energy_states import state_name
from luban.screens.service import Now
from luban.screens.service.cost import NO_PRICES, NOT_READ
from luban.screens.service.cost_view import CostView
from luban.screens.web.bar import plain_button
from luban.screens.web.cost_frame import Bench
from luban.screens.web.tabs import BookPanel, card
from luban.screens.web.twin_tables import notice
from luban.screens.whole import OF_FIRMS

__all__ = ["PICK", "PICK_KEYS", "CostPanel", "FactDialog"]

_PICKED = "[one.dataset.pick || '', one.dataset.order || '', one.dataset.fact || '']"
_PRESSED = (
    "if (one.classList.contains('lb-crow')) { const on = one.getAttribute('aria-pressed') === 'true';"
    " one.closest('svg').querySelectorAll('.lb-crow').forEach((g) => g.setAttribute('aria-pressed', 'false'));"
    " one.setAttribute('aria-pressed', String(!on)); }"
)
_ONE = "const one = event.target.closest('[data-pick], [data-order], [data-fact]');"
PICK = f"(event) => {{ {_ONE} if (one) {{ {_PRESSED} emit({_PICKED}); }} }}"
"""JavaScript handler of clicks: hands on what was pressed as [pick, order, fact]."""

PICK_KEYS = (
    "(event) => { if (event.key !== 'Enter' && event.key !== ' ') { return; }"
    " const one = event.target.closest('.lb-crow');"
    f" if (one) {{ event.preventDefault(); {_PRESSED} emit({_PICKED}); }} }}"
)
"""The same for the keyboard, on rows of a picture; buttons of a table do that by themselves."""


class CostPanel(BookPanel):
    """A tab of the cost page. A subclass has `holder` after `build`, and draws a view of the books into it."""

    holder: Any

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self._shown: Any = None

    def _new(self, content: Any) -> bool:
        """Whether that has to be drawn: the books may have grown, and nothing of it; then all stays as it is."""
        if self._known is not None and self._shown == content:
            return False
        self._shown = content
        return True

    async def tick(self, now: Now) -> None:  # noqa: ARG002 - what a panel is given
        """Draw again where the books have become others; a table that was edited tells no number of the ledger."""
        await self._read()

    def _asked(self) -> tuple[Any, ...]:
        """What is asked of the books: something else, and they are drawn anew."""
        return ()

    async def _draw(self, view: CostView) -> None:
        raise NotImplementedError

    async def _read(self) -> None:
        books = self.bench.books
        try:
            view = await self.bench.reads(books.asked, 0.5)
        except LubanError as error:
            self._none(error)
            return
        known = (books.version, *self._asked())
        if known == self._known or not self.bench.alive:
            return
        try:
            await self._draw(view)
        except LubanError as error:
            self._none(error)
            return
        self._known = known

    def _none(self, error: LubanError) -> None:
        """Say why there is nothing to draw, and what to do."""
        known = ("none", error.message, error.came, error.where)
        if known == self._known or not self.bench.alive:
            return
        self._known, self._shown = known, None
        say = self.say
        with self.bench.client:
            self.holder.clear()
            with self.holder:
                if error.message == NO_PRICES:
                    _no_prices(say)
                elif error.message == NOT_READ:
                    ui.html(notice(say("The cost books are being worked out. With many facts this takes a minute.")),
                            sanitize=False)  # fmt: skip
                else:
                    parts = (say(error.message), error.where, error.came, say(error.hint) if error.hint else "")
                    ui.html(notice(" · ".join(filter(None, parts)), alarm=True), sanitize=False)
                    if error.expected:
                        text = say("near it: {names}", names=error.expected)
                        ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")


def _no_prices(say: Words) -> None:
    text = say(
        "The plant has no prices yet. Write them into a table beside plant.toml, as below; the page shows the cost as "
        "soon as the file is there, nothing needs to be started again."
    )
    example = (
        "# prices.csv, see docs/how-to/cost.md\n"
        "kind,of,lot,state,basis,price,per,start\nmaterial,bar,,,,12.50,kg,\nmachine,machining/lathe01,,,,60,h,\n"
        "machine,machining/lathe01,,setup,,45,h,\nlabour,,,,,36,h,\nenergy,electricity,,,,0.85,kWh,\n"
        "overhead,machine,,,,0.20,,\n\n$ luban check DIR"
    )
    with card(say("No prices yet")):
        inner = f'{html.escape(text)}<span class="lb-code">{html.escape(example)}</span>'
        ui.html(f'<div class="lb-empty">{inner}</div>', sanitize=False)


class FactDialog:
    """One fact of the books, as it stands there."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self.dialog = ui.dialog()

    async def open(self, seq: int) -> None:
        """Show it."""
        fact = await self.bench.ask(self.bench.view.fact, seq)
        if fact is None or not self.bench.alive or fact["stream"] in OF_FIRMS:
            return
        say = self.say
        stream = str(fact["stream"])
        title = f"{say('fact {seq}', seq=seq)} · {_stream(stream, say)}"
        with self.bench.client:
            self.dialog.clear()
            with self.dialog, ui.element("div").classes("lb-dialog lb-cfact"):
                ui.html(f'<h2 class="lb-big">{html.escape(title)}</h2>{self._list(fact, stream)}', sanitize=False)
                plain_button(html.escape(say("Close")), self.dialog.close)
            self.dialog.open()

    def _list(self, fact: dict[str, Any], stream: str) -> str:
        zone, names = self.bench.view.plant.zone, _names(self.say)
        moments = {column.name for column in streams()[stream].columns if column.unit == "µs UTC"}
        parts = []
        for name, label in names.items():
            value = fact.get(name)
            if value is None or value == "":
                continue
            if name in moments:
                shown = to_datetime(int(value)).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
            elif isinstance(value, float):
                shown = f"{value:,.10g}"
            else:
                shown = state_name(str(value), self.say) if name == "state" else str(value)
            parts.append(f"<dt>{html.escape(label)}</dt><dd>{html.escape(shown)}</dd>")
        return f"<dl>{''.join(parts)}</dl>"


def _stream(name: str, say: Words) -> str:
    return {
        "movement": say("movement of goods"), "genealogy": say("use of a lot"), "operation": say("step of work"),
        "state": say("state of a work unit"), "count": say("count of pieces"), "meter": say("reading of a meter"),
    }.get(name, say(name))  # fmt: skip


def _names(say: Words) -> dict[str, str]:
    """Fields of a fact in the order in which they are shown."""
    return {
        "time": say("time"), "start": say("began"), "end": say("ended"), "subject": say("of"), "state": say("state"),
        "reason": say("reason"), "order": say("order"), "operation": say("operation"), "item": say("item"),
        "lot": say("lot"), "input": say("lot used"), "quantity": say("quantity"), "origin": say("out of"),
        "destination": say("into"), "good": say("good pieces"), "scrap": say("scrap"), "rework": say("rework"),
        "person": say("person"), "tool": say("tool"), "unit": say("work unit"), "medium": say("kind of energy"),
        "register": say("register"), "interval": say("consumption"), "measured_in": say("unit"),
        "source": say("who said it"), "recorded": say("on record since"), "supersedes": say("corrects fact"),
    }  # fmt: skip
