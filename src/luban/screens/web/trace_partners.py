"""Partners: what each may see, the page as it sees a lot, files handed over and taken in, and the chain of hashes."""

from __future__ import annotations

import html
from functools import partial
from typing import Any

from nicegui import ui

from luban.core.time import to_datetime
from luban.screens.report.sheet import Sheet
from luban.screens.report.trace import chain_sheet, field_words
from luban.screens.report.trace_explorer import explorer_svg
from luban.screens.report.trace_partners import examined_sheet, seen_around, view_sheet
from luban.screens.service.trace_partners import LARGEST, PartnerDesk
from luban.screens.users import Role
from luban.screens.web.quality_capability import SheetView
from luban.screens.web.schedule_parts import VALUE, field, tool
from luban.screens.web.tabs import BookPanel, card
from luban.screens.web.trace_frame import Bench
from luban.screens.web.twin_tables import notice
from luban.understand.trace import Partner

__all__ = ["PartnersPanel"]

_NONE = "–"


class PartnersPanel(BookPanel):
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self.desk = PartnerDesk(bench.books)
        self._name = self._lot = ""
        self._asked: dict[str, str] = {}
        self._fields: set[str] = set()
        self._from = ""
        self._turn = 0

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        say, writable = self.say, self.bench.books.writable
        with card(say("Partners")):
            self._list = ui.element("div").classes("lb-scroll")
        self._own = ui.element("div").classes("lb-qpanel")
        self._view_holder = ui.element("div").classes("lb-qpanel")
        with self._view_holder:
            with card(say("The records that it gets")):
                self._picture = ui.html("", sanitize=False).classes("lb-scroll lb-tscroll")
            self._view = SheetView(self.bench, "", lambda: f"partner-{self._name}-{self._lot}")
        self._view_holder.set_visibility(False)
        self._form = ui.element("div").classes("lb-qpanel")
        if writable and self.bench.may(Role.OPERATOR):
            with card(say("Take in a partner's file")), ui.element("div").classes("lb-tform"):
                field(say("partner it comes from"), "", self._came, "text").props("list=lb-tpartners data-field=from")
                label = say("its file")
                upload = ui.upload(on_upload=self._taken, auto_upload=True, max_file_size=LARGEST, label=label)
                upload.props("accept=.json flat bordered")
                self._took = ui.html("", sanitize=False).props("aria-live=polite")
        with card(say("Chain of records")):
            text = say("All hashes are computed anew: of files taken in, and of what was handed over against the books "
                       "as they are now.")  # fmt: skip
            ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
            tool(html.escape(say("Check all hashes")), lambda: self.bench.call(self._check))
        self._chain_holder = ui.element("div").classes("lb-qpanel")
        with self._chain_holder:
            self._chain = SheetView(self.bench, "", lambda: "chain")
        self._chain_holder.set_visibility(False)

    def _came(self, value: str) -> None:
        self._from = value[:400]

    # ------------------------------------------------------------------ drawing

    async def _read(self) -> None:
        turn = self._turn = self._turn + 1
        known = await self.bench.ask(self.desk.partners)
        if known is None or known == self._known:
            return
        likely, lots = await self._likely(), await self._lots_of(known)
        if not self.bench.alive or turn != self._turn:  # what was read later is drawn: twice would lose a click
            return
        self._known = known
        with self.bench.client:
            self._draw_list(known)
            self._draw_own(known, likely, lots)

    async def _likely(self) -> list[str]:
        if self.bench.books.reading:
            await self.bench.ask(self.bench.books.told)
        return [] if self.bench.books.reading else await self.bench.ask(self.desk.likely) or []

    async def _lots_of(self, known: dict[str, Partner]) -> list[str]:
        if self._name not in known or self.bench.books.reading:
            return []
        return await self.bench.ask(self.desk.lots, self._name) or []

    def _draw_list(self, known: dict[str, Partner]) -> None:
        say = self.say
        self._list.clear()
        with self._list:
            if not known:
                text = say("Nothing is granted to a partner, and nothing was taken in from one.")
                ui.html(notice(text), sanitize=False)
                return
            heads = (say("partner"), say("may see"), say("of the lots"), say("handed over"), say("taken in"))
            with ui.element("table").classes("lb-ttable"):
                with ui.element("thead"), ui.element("tr"):
                    for head in heads:
                        ui.html(html.escape(head), sanitize=False, tag="th").props("scope=col")
                with ui.element("tbody"):
                    for own in known.values():
                        self._row(own, heads)

    def _row(self, own: Partner, heads: tuple[str, ...]) -> None:
        say, shown = self.say, own.shown
        sees = lots = _NONE
        if shown is not None:
            words = field_words(say)
            deep = say("all steps back") if shown.steps < 0 else say("steps back: {n}", n=shown.steps)
            sees = " · ".join((", ".join(words[name] for name in shown.fields) or say("names only"), deep))
            lots = ", ".join(shown.lots[:6]) + (" …" if len(shown.lots) > 6 else "") or say("delivered to it")
        elif own.withdrawn is not None:
            sees = say("withdrawn {when}", when=self._when(own.withdrawn))
        cells = (sees, lots, f"{len(own.handed):,}", f"{len(own.taken):,}")
        with ui.element("tr") as row:
            row._props["data-partner"] = own.name  # noqa: SLF001 - a text with quotes cannot go through props()
            with ui.element("td") as first, ui.element("button").classes("lb-plain").props("type=button") as button:
                ui.html(html.escape(own.name), sanitize=False, tag="span")
            first._props["data-head"] = heads[0]  # noqa: SLF001
            button.on("click", lambda _event: self._choose(own.name))
            if own.name == self._name:
                button.props("aria-current=true")
            for head, cell in zip(heads[1:], cells, strict=True):
                ui.html(html.escape(cell), sanitize=False, tag="td")._props["data-head"] = head  # noqa: SLF001

    def _when(self, moment: int) -> str:
        return to_datetime(moment).astimezone(self.bench.view.plant.zone).strftime("%Y-%m-%d %H:%M")

    async def _choose(self, name: str) -> None:
        self._name = name
        await self.again()

    def _draw_own(self, known: dict[str, Partner], likely: list[str], lots: list[str]) -> None:
        own = known.get(self._name)
        self._own.clear()
        self._form.clear()
        self._view_holder.set_visibility(False)
        with self._own:
            names = ui.element("datalist").props("id=lb-tpartners")
            _options(names, dict.fromkeys((*known, *likely)))
            if not (self.bench.books.writable and self.bench.may(Role.ENGINEER)):
                return
            if own is not None and own.shown is not None:
                self._draw_look(own, lots)
        with self._form:
            self._draw_grant(own)

    def _draw_look(self, own: Partner, lots: list[str]) -> None:
        say = self.say
        self._lot = self.bench.chosen if self.bench.chosen in lots else next(iter(lots), "")
        with card(say("As {partner} sees it", partner=own.name)), ui.element("div").classes("lb-tsearch"):
            box = field(say("lot"), self._lot, self._set_lot, "text").props("list=lb-tgranted data-field=seen")
            box.props("autocomplete=off spellcheck=false")
            _options(ui.element("datalist").props("id=lb-tgranted"), lots)
            tool(html.escape(say("See what it sees")), lambda: self.bench.call(self._look), kind="lb-primary")
            tool(html.escape(say("Hand it over")), lambda: self.bench.call(self._hand))

    def _set_lot(self, value: str) -> None:
        self._lot = value[:400]

    def _draw_grant(self, own: Partner | None) -> None:
        say, shown = self.say, own.shown if own is not None else None
        self._asked = {
            "partner": own.name if own is not None else "", "lots": "\n".join(shown.lots) if shown else "",
            "steps": str(shown.steps if shown else 1), "items": ", ".join(shown.items) if shown else "",
        }  # fmt: skip
        self._fields = set(shown.fields if shown else ("item", "made"))
        with card(say("What a partner may see")), ui.element("div").classes("lb-tform"):
            box = field(say("partner, as movements name its place"), self._asked["partner"],
                        partial(self._give, "partner"), "text")  # fmt: skip
            box.props("list=lb-tpartners data-field=partner autocomplete=off")
            with ui.element("label"):
                text = say("lots, one a line; none: those that were delivered to it")
                ui.html(html.escape(text), sanitize=False, tag="span")
                area = ui.element("textarea").props("rows=2 data-field=granted spellcheck=false")
                area._props["defaultValue"] = self._asked["lots"]  # noqa: SLF001
                area.on("input", lambda event: self._give("lots", str(event.args)), js_handler=VALUE)
            field(say("steps back that are in the open; -1: all"), self._asked["steps"], partial(self._give, "steps"))
            field(say("only these items, with commas; none: all"), self._asked["items"], partial(self._give, "items"),
                  "text")  # fmt: skip
            with ui.element("div").classes("lb-tbar"):
                for name, said in field_words(say).items():
                    self._check_box(name, said)
            with ui.element("div").classes("lb-tbar"):
                tool(html.escape(say("Grant")), lambda: self.bench.call(self._grant), kind="lb-primary")
                if shown is not None:
                    tool(html.escape(say("Withdraw")), lambda: self.bench.call(self._withdraw))
                if own is not None:
                    tool(html.escape(say("Another partner")), lambda: self.bench.call(self._choose, ""))

    def _check_box(self, name: str, said: str) -> None:
        with ui.element("label"):
            box = ui.element("input").props(f"type=checkbox data-field=shows-{name}")
            box._props["checked"] = name in self._fields  # noqa: SLF001
            box.on("change", lambda event: self._tick(name, on=bool(event.args)),
                   js_handler="(event) => emit(event.target.checked)")  # fmt: skip
            ui.html(html.escape(said), sanitize=False, tag="span")

    def _tick(self, name: str, *, on: bool) -> None:
        (self._fields.add if on else self._fields.discard)(name)

    def _give(self, name: str, value: str) -> None:
        self._asked[name] = value[:400_000]

    # ------------------------------------------------------------------ acts

    async def _grant(self) -> None:
        asked, person = dict(self._asked), self.bench.person(Role.ENGINEER)
        fields = [name for name in field_words(self.say) if name in self._fields]
        if person is None:
            return

        def act() -> None:
            steps = asked["steps"].strip()
            self.desk.grant(
                asked["partner"], lots=_parts(asked["lots"]), steps=int(steps) if steps.lstrip("-").isdigit() else 1,
                fields=fields, items=_parts(asked["items"]), person=person,
            )  # fmt: skip

        if await self.bench.do(act):
            self._name = asked["partner"].strip()
            await self.again()

    async def _withdraw(self) -> None:
        person = self.bench.person(Role.ENGINEER)
        if person is not None and await self.bench.do(self.desk.withdraw, self._name, person=person):
            await self.again()

    async def _look(self) -> None:
        name, lot, say, plant = self._name, self._lot, self.say, self.bench.view.plant
        document = await self.bench.ask(self.desk.view, name, lot)
        if document is None or not self.bench.alive:
            return
        sheet = view_sheet(document, name, say, plant.zone, source=plant.name)
        picture = explorer_svg(seen_around(document), say, {})
        with self.bench.client:
            self._picture.content = picture
            self._view.show(sheet)
            self._view_holder.set_visibility(True)

    async def _hand(self) -> None:
        name, lot, person = self._name, self._lot, self.bench.person(Role.ENGINEER)
        if person is None:
            return
        made = await self.bench.ask(self.desk.hand, name, lot, person=person)
        if made is not None:
            self.bench.download(made, "view.json", "application/json")
            await self.again()

    async def _taken(self, event: Any) -> None:
        content, file = await event.file.read(), str(event.file.name)
        person = self.bench.person(Role.OPERATOR)
        if person is None:
            return
        faults = await self.bench.ask(self.desk.take, self._from, content, file, person=person)
        if faults is None or not self.bench.alive:
            return
        say = self.say
        text = say("Taken in; every hash fits.") if not faults else say("Taken in, with {n} faults.", n=len(faults))
        await self.again()
        with self.bench.client:
            self._took.content = notice(text, alarm=bool(faults))
            if faults:
                self._show_chain(chain_sheet(faults, 1, 0, say, source=file))

    async def _check(self) -> None:
        say, plant = self.say, self.bench.view.plant
        found = await self.bench.ask(self.desk.check)
        if found is not None and self.bench.alive:
            with self.bench.client:
                self._show_chain(examined_sheet(found, say, plant.zone, source=plant.name))

    def _show_chain(self, sheet: Sheet) -> None:
        self._chain.show(sheet)
        self._chain_holder.set_visibility(True)


def _options(holder: Any, names: Any) -> None:
    with holder:
        for name in names:
            ui.element("option")._props["value"] = name  # noqa: SLF001 - a text with quotes cannot go through props()


def _parts(text: str) -> list[str]:
    return [part for line in text.replace(";", "\n").replace(",", "\n").splitlines() if (part := line.strip())]
