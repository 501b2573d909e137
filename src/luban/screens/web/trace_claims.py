"""Warranty claims: registered against a delivery, decided within rights, closed on proof; what they have in common."""

from __future__ import annotations

import html
from functools import partial
from typing import Any

from nicegui import ui

from luban.core.time import parse_time
from luban.screens.report.sheet_file import file_of
from luban.screens.report.trace_claims import claims_sheet, common_sheet, remedy_words, state_words
from luban.screens.report.trace_explorer import amount, moment
from luban.screens.service.trace_claims import ClaimDesk
from luban.screens.users import Role
from luban.screens.web.quality_capability import SheetView
from luban.screens.web.quality_typed import number as typed
from luban.screens.web.schedule_parts import field, labelled_choice, tool
from luban.screens.web.tabs import BookPanel, card
from luban.screens.web.trace_frame import Bench
from luban.screens.web.twin_tables import notice
from luban.understand.trace import REMEDIES, Claim, Proof, Suspect

__all__ = ["ClaimsPanel"]

_NONE = "–"


class ClaimsPanel(BookPanel):
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self.desk = ClaimDesk(bench.books)
        self._id = ""
        self._given: dict[str, str] = {"wanted": REMEDIES[0], "remedy": REMEDIES[0]}
        self._suspects: tuple[Suspect, ...] = ()
        self._seen = -1
        self._turn = 0

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        say = self.say
        with card(say("Warranty claims")) as head:
            with head:
                ui.element("span").classes("lb-space")
                with ui.element("div").classes("lb-links"):
                    for kind, text in (("html", "HTML"), ("pdf", "PDF"), ("xlsx", "Excel")):
                        tool(text, partial(self.bench.call, self._file, kind))
            self._list = ui.element("div").classes("lb-scroll")
        self._own = ui.element("div").classes("lb-qpanel")
        if self.bench.books.writable and self.bench.may(Role.OPERATOR):
            with card(say("Register a claim")):
                self._form = ui.element("div").classes("lb-tsearch")
                self._draw_form()
        with card(say("What claimed lots have in common")), ui.element("div").classes("lb-tsearch"):
            field(say("only faults with this text"), "", partial(self._give, "of"), "text").props("data-field=of")
            tool(html.escape(say("Search")), lambda: self.bench.call(self._common))
            self._call = tool(
                html.escape(say("The first one to the recall desk")), lambda: self.bench.call(self._recall)
            )
            self._call.set_visibility(False)
        self._found_holder = ui.element("div").classes("lb-qpanel")
        with self._found_holder:
            self._found = SheetView(self.bench, "", lambda: "claims-in-common")
        self._found_holder.set_visibility(False)

    def _draw_form(self) -> None:
        say, words = self.say, remedy_words(self.say)
        self._given |= {"lot": self.bench.chosen, "fault": "", "customer": "", "quantity": "1", "sold": ""}
        self._form.clear()
        with self._form:
            for name, text, kind in (
                ("lot", say("lot or serial number"), "text"), ("fault", say("what is wrong"), "text"),
                ("customer", say("customer, if several have it"), "text"), ("quantity", say("quantity"), "number"),
                ("sold", say("sold on, if later than delivered"), "date"),
            ):  # fmt: skip
                box = field(text, self._given[name], partial(self._give, name), kind)
                box.props(f"data-field=claim-{name} autocomplete=off")
            entries = [(one, words[one]) for one in REMEDIES]
            labelled_choice(say("remedy asked for"), entries, self._given["wanted"], partial(self._give, "wanted"))
            tool(html.escape(say("Register")), lambda: self.bench.call(self._register), kind="lb-primary")

    def _give(self, name: str, value: str) -> None:
        self._given[name] = value[:500]

    # ------------------------------------------------------------------ drawing

    async def _read(self) -> None:
        turn = self._turn = self._turn + 1
        claims = await self.bench.ask(self.desk.claims)
        if claims is None or not self.bench.alive:
            return
        self._id = self._id if self._id in claims else next(iter(claims), "")
        known = {id_: (one.state, one.voucher, one.remedy) for id_, one in claims.items()}, self._id
        if known == self._known and not self._waits():
            return
        own = claims.get(self._id)
        rights = await self.bench.ask(self.desk.rights, own) if own is not None else ()
        proof = await self.bench.ask(self.desk.proof, own) if own is not None else ()
        if not self.bench.alive or turn != self._turn:  # what was read later is drawn: twice would lose a click
            return
        self._known, self._seen = known, self.bench.books.version
        with self.bench.client:
            self._draw_list(claims)
            self._draw_own(own, rights or (), proof or ())

    def _waits(self) -> bool:
        """Facts came in that may prove something, and nobody is writing a reason."""
        begun = self._given.get("why") or self._given.get("voucher")
        return self.bench.books.version not in {0, self._seen} and not begun

    def _draw_list(self, claims: dict[str, Claim]) -> None:
        say, zone = self.say, self.bench.view.plant.zone
        remedies, states = remedy_words(say), state_words(say)
        self._list.clear()
        with self._list:
            if not claims:
                ui.html(notice(say("No claim is on record.")), sanitize=False)
                return
            heads = (say("claim"), say("state"), say("lot"), say("customer"), say("fault of the goods"), say("claimed"),
                     say("remedy asked for"), say("decision"))  # fmt: skip
            with ui.element("table").classes("lb-ttable"):
                with ui.element("thead"), ui.element("tr"):
                    for head in heads:
                        ui.html(html.escape(head), sanitize=False, tag="th").props("scope=col")
                with ui.element("tbody"):
                    for one in list(claims.values())[:300]:
                        cells = (states[one.state], one.lot, one.customer, one.fault, moment(one.registered, zone),
                                 remedies[one.wanted], remedies.get(one.remedy, _NONE))  # fmt: skip
                        self._row(one, heads, cells)

    def _row(self, one: Claim, heads: tuple[str, ...], cells: tuple[str, ...]) -> None:
        with ui.element("tr") as row:
            row._props["data-claim"] = one.id  # noqa: SLF001 - a text with quotes cannot go through props()
            with ui.element("td") as first, ui.element("button").classes("lb-plain").props("type=button") as button:
                ui.html(html.escape(one.id), sanitize=False, tag="span")
            first._props["data-head"] = heads[0]  # noqa: SLF001
            button.on("click", lambda _event: self._choose(one.id))
            if one.id == self._id:
                button.props("aria-current=true")
            for head, cell in zip(heads[1:], cells, strict=True):
                ui.html(html.escape(cell), sanitize=False, tag="td")._props["data-head"] = head  # noqa: SLF001

    async def _choose(self, id: str) -> None:  # noqa: A002
        self._id = id
        await self.again()

    def _draw_own(self, own: Claim | None, rights: tuple[str, ...], proof: tuple[Proof, ...]) -> None:
        say = self.say
        self._own.clear()
        self._given |= {"why": "", "voucher": ""}
        if own is None:
            return
        words, zone = remedy_words(say), self.bench.view.plant.zone
        said = ", ".join(words[one] for one in rights) or say("nothing: the warranty is over")
        with self._own, card(f"{own.id} · {own.lot}"):
            lines = [
                f"{say('fault')}: {own.fault}", f"{say('quantity')}: {amount(own.quantity)}",
                f"{say('sold')}: {moment(own.sold, zone)}", f"{say('the customer may ask for')}: {said}",
            ]  # fmt: skip
            lines += [f"{say('decision')}: {words[own.remedy]} {own.why}".strip()] if own.remedy else []
            ui.html("<br>".join(map(html.escape, lines)), sanitize=False, tag="p").classes("lb-note")
            for one in proof:
                sign = "✓" if one.seq is not None else "○"
                text = f"{sign} {say(one.what)}" + (f" · {say('fact')} {one.seq}" if one.seq else "")
                ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
            if own.closed is None and self.bench.books.writable:
                self._draw_acts(own)

    def _draw_acts(self, own: Claim) -> None:
        say, words = self.say, remedy_words(self.say)
        self._given["remedy"] = own.remedy or own.wanted
        with ui.element("div").classes("lb-tsearch"):
            if own.remedy == "refund" and self.bench.may(Role.OPERATOR):
                field(say("voucher of the payment"), own.voucher, partial(self._give, "voucher"), "text")
                tool(html.escape(say("Paid")), lambda: self.bench.call(self._settle))
            if not self.bench.may(Role.ENGINEER):
                return
            field(say("why"), "", partial(self._give, "why"), "text").props("data-field=claim-why")
            entries = [(one, words[one]) for one in (*REMEDIES, "refuse")]
            labelled_choice(say("decision"), entries, self._given["remedy"], partial(self._give, "remedy"))
            tool(html.escape(say("Decide")), lambda: self.bench.call(self._decide))
            if own.remedy:
                tool(html.escape(say("Close the claim")), lambda: self.bench.call(self._close))
        if own.remedy in ("repair", "replace"):
            text = say("Book what comes back and goes out under Stock, with {id} as the order.", id=own.id)
            ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")

    # ------------------------------------------------------------------ acts

    async def _act(self, role: Role, act: Any, *given: Any) -> None:
        person = self.bench.person(role)
        if person is not None and await self.bench.do(act, *given, person=person):
            await self.again()

    async def _register(self) -> None:
        given, zone = dict(self._given), self.bench.view.plant.zone
        made: list[str] = []

        def act(*, person: str) -> None:
            sold = parse_time(given["sold"], zone) if given["sold"] else None
            made.append(self.desk.register(
                given["lot"], given["fault"], given["wanted"], person=person, customer=given["customer"].strip(),
                quantity=typed(given["quantity"] or "0", "quantity"), sold=sold,
            ))  # fmt: skip
            self._id = made[0]

        await self._act(Role.OPERATOR, act)
        if made and self.bench.alive:
            with self.bench.client:
                self._draw_form()

    async def _decide(self) -> None:
        await self._act(Role.ENGINEER, self.desk.decide, self._id, self._given["remedy"], self._given.get("why", ""))

    async def _settle(self) -> None:
        await self._act(Role.OPERATOR, self.desk.settle, self._id, self._given.get("voucher", ""))

    async def _close(self) -> None:
        await self._act(Role.ENGINEER, self.desk.close, self._id, self._given.get("why", ""))

    async def _common(self) -> None:
        fault, say, name = self._given.get("of", ""), self.say, self.bench.view.plant.name
        found = await self.bench.ask(self.desk.common, fault)
        if found is None or not self.bench.alive:
            return
        self._suspects = found
        with self.bench.client:
            self._found.show(common_sheet(found, say, fault=fault, source=name))
            self._found_holder.set_visibility(True)
            self._call.set_visibility(any(one.kind == "lot" for one in found))

    async def _recall(self) -> None:
        first = next((one for one in self._suspects if one.kind == "lot"), None)
        if first is not None:
            reason = f"{self.say('Warranty claims')}: {self._given.get('of', '')}".rstrip(": ")
            await self.bench.open("recall", ((first.name,), reason))

    async def _file(self, kind: str) -> None:
        say, plant = self.say, self.bench.view.plant

        def read() -> tuple[bytes, str]:
            sheet = claims_sheet(list(self.desk.claims().values()), say, plant.zone, source=plant.name)
            return file_of(sheet, kind, say.language)

        made = await self.bench.ask(read)
        if made is not None:
            self.bench.download(made[0], f"claims.{kind}", made[1])
