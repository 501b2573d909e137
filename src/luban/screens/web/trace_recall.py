"""The recall desk: a case opened from suspect lots, whom to tell and what they answer, until all is accounted for."""

from __future__ import annotations

import html
from functools import partial
from typing import Any

from nicegui import ui

from luban.core.time import to_datetime
from luban.screens.report.quality_words import number
from luban.screens.report.sheet import Sheet
from luban.screens.report.sheet_file import file_of
from luban.screens.report.trace import mock_sheet, recall_sheet
from luban.screens.report.trace_case import case_sheet
from luban.screens.report.trace_notice import customer_of, letters, notice_list, printed, zipped
from luban.screens.service import Now
from luban.screens.service.trace_recall import BECAME, RecallDesk, of_case
from luban.screens.users import Role
from luban.screens.web.quality_capability import SheetView
from luban.screens.web.quality_typed import number as typed
from luban.screens.web.schedule_parts import VALUE, field, tool
from luban.screens.web.tabs import card
from luban.screens.web.trace_frame import Bench
from luban.screens.web.twin_tables import notice
from luban.understand.trace import GRADES, Notice, RecallCase

__all__ = ["RecallPanel"]

_NONE = "–"


class RecallPanel:
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self.desk = RecallDesk(bench.books)
        self._case = ""
        self._given = {"suspects": bench.chosen, "reason": "", "closing": "", "count": "5", "seed": "1"}
        self._became: dict[tuple[str, str], str] = {}
        self._head = self._turn = 0
        self._reason: Any = None
        self._waits = self._looks = False

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        say = self.say
        with card(say("Recalls")):
            self._list = ui.element("div").classes("lb-scroll")
        self._own = ui.element("div").classes("lb-qpanel")
        self._sheet_holder = ui.element("div").classes("lb-qpanel")
        with self._sheet_holder:
            self._sheet = SheetView(self.bench, "", lambda: f"recall-{self._case}")
        self._sheet_holder.set_visibility(False)
        with card(say("Suspect lots")), ui.element("div").classes("lb-tform"):
            self._suspects = ui.element("div")
            self._draw_suspects()
            with ui.element("div").classes("lb-tbar"):
                tool(html.escape(say("See what it reaches")), lambda: self.bench.call(self._look))
            if self.bench.may(Role.ENGINEER) and self.bench.books.writable:
                self._reason = ui.element("div")
                self._draw_reason()
                tool(html.escape(say("Open a recall")), lambda: self.bench.call(self._open), kind="lb-primary")
        with card(say("Mock recall")):
            text = say("Lots are drawn by chance and called back; every list is checked the other way round. Nothing "
                       "is written.")  # fmt: skip
            ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
            with ui.element("div").classes("lb-tsearch"):
                field(say("how many lots"), "5", lambda value: self._give("count", value))
                field(say("number of the draw"), "1", lambda value: self._give("seed", value))
                tool(html.escape(say("Try it")), lambda: self.bench.call(self._mock))
            self._mocked = ui.element("div").classes("lb-qpanel")
            with self._mocked:
                self._mock_view = SheetView(self.bench, "", lambda: "mock-recall")
            self._mocked.set_visibility(False)

    def _draw_suspects(self) -> None:
        self._suspects.clear()
        with self._suspects, ui.element("label"):
            text = self.say("lots or serial numbers, one a line")
            ui.html(html.escape(text), sanitize=False, tag="span")
            box = ui.element("textarea").props("rows=3 data-field=suspects spellcheck=false")
            box._props["defaultValue"] = self._given["suspects"]  # noqa: SLF001 - a text with quotes cannot go through props()
            box.on("input", lambda event: self._give("suspects", str(event.args)), js_handler=VALUE)

    def _draw_reason(self) -> None:
        self._reason.clear()
        with self._reason:
            field(self.say("reason"), self._given["reason"], lambda value: self._give("reason", value), "text")

    def _take(self) -> bool:
        """Lots that the explorer found and left here, with the condition as the reason."""
        if not isinstance(self.bench.handed, tuple):
            return False
        lots, asked = self.bench.handed
        self.bench.handed = None
        self._given |= {"suspects": "\n".join(lots)[:400_000], "reason": asked[:500]}
        with self.bench.client:
            self._draw_suspects()
            if self._reason is not None:
                self._draw_reason()
        return True

    def _give(self, name: str, value: str) -> None:
        self._given[name] = value[:400_000]

    # ------------------------------------------------------------------ reading

    async def show(self) -> None:
        """Read and draw: the list and its case in one go, for a button drawn anew between the two loses a click."""
        if self._take():
            await self._look()
        cases = await self.bench.ask(self.desk.cases)
        if cases is None:
            return
        if self._looks:
            with self.bench.client:
                self._draw_list(cases)
            return
        head = self.bench.view.ledger.head
        chosen = self._case if self._case in cases else next(iter(cases), "")
        case = cases.get(chosen)
        made = await self._read_case(case) if case is not None else None
        if not self.bench.alive:
            return
        self._head, self._case = head, chosen
        with self.bench.client:
            self._draw_list(cases)
            if case is not None:
                self._draw_case(case, made)

    async def tick(self, now: Now) -> None:
        """Read again where the facts have been read, or somebody else wrote."""
        self._turn += 1
        if self._waits or (self._turn % 20 == 0 and now.head != self._head and not self._became and not self._looks):
            await self.show()

    def _draw_list(self, cases: dict[str, RecallCase]) -> None:
        say = self.say
        self._list.clear()
        with self._list:
            if not cases:
                ui.html(notice(say("No recall is on record. Name suspect lots below.")), sanitize=False)
                return
            heads = (say("recall"), say("state"), say("suspect lots"), say("reason"), say("opened"),
                     say("customers told"), say("accounted for"))  # fmt: skip
            with ui.element("table").classes("lb-ttable"):
                with ui.element("thead"), ui.element("tr"):
                    for head in heads:
                        ui.html(html.escape(head), sanitize=False, tag="th").props("scope=col")
                with ui.element("tbody"):
                    for case in cases.values():
                        self._row(case, heads)

    def _row(self, case: RecallCase, heads: tuple[str, ...]) -> None:
        say = self.say
        lots = ", ".join(case.suspects[:6]) + (f" + {len(case.suspects) - 6:,}" if len(case.suspects) > 6 else "")
        cells = (say("open") if case.closed is None else say("case closed"), lots, case.reason or _NONE,
                 self._when(case.opened), f"{len(case.told):,}", _share(case.closure))  # fmt: skip
        with ui.element("tr").props(f"data-case={case.id}"):
            with ui.element("td") as first, ui.element("button").classes("lb-plain").props("type=button") as button:
                ui.html(html.escape(case.id), sanitize=False, tag="span")
            first._props["data-head"] = heads[0]  # noqa: SLF001
            button.on("click", lambda _event: self._choose(case.id))
            if case.id == self._case:
                button.props("aria-current=true")
            for head, cell in zip(heads[1:], cells, strict=True):
                ui.html(html.escape(cell), sanitize=False, tag="td")._props["data-head"] = head  # noqa: SLF001

    def _when(self, moment: int | None) -> str:
        if moment is None:
            return _NONE
        return to_datetime(moment).astimezone(self.bench.view.plant.zone).strftime("%Y-%m-%d %H:%M")

    async def _choose(self, id: str) -> None:  # noqa: A002
        self._case, self._became, self._looks = id, {}, False
        await self.show()

    async def _read_case(self, case: RecallCase) -> tuple[tuple[Notice, ...], Sheet] | None:
        """Whom to tell and the sheet; None while the facts are being read, or after an error."""
        told = await self.bench.ask(self.bench.books.told)
        if told is None:
            return None
        self._waits = bool(told["reading"])
        if self._waits:
            return None
        say, zone = self.say, self.bench.view.plant.zone

        def read() -> tuple[tuple[Notice, ...], Sheet]:
            with self.bench.books.asked() as trace:
                found, notices = of_case(trace, case)
                shown = recall_sheet(found, say, zone, source=self.bench.view.plant.name)
            own = case_sheet(case, say, zone)
            return notices, Sheet(own.title, own.subtitle, (*own.blocks, *shown.blocks), shown.provenance)

        return await self.bench.ask(read)

    def _draw_case(self, case: RecallCase, made: tuple[tuple[Notice, ...], Sheet] | None) -> None:
        if made is not None:
            self._draw_notices(case, made[0])
            self._sheet_holder.set_visibility(True)
            self._sheet.show(made[1])
        elif self._waits:
            self._own.clear()
            with self._own:
                text = self.say("The facts are being read. With millions of them this takes a minute.")
                ui.html(notice(text), sanitize=False)

    # ------------------------------------------------------------------ notices and answers

    def _draw_notices(self, case: RecallCase, notices: tuple[Notice, ...]) -> None:
        say = self.say
        may = case.closed is None and self.bench.may(Role.OPERATOR) and self.bench.books.writable
        self._own.clear()
        with self._own, card(say("Customers of {id}", id=case.id)) as head:
            if notices:
                with head:
                    ui.element("span").classes("lb-space")
                    with ui.element("div").classes("lb-links"):
                        ui.html(html.escape(say("notices")), sanitize=False, tag="span")
                        for kind, text in (("pdf", "PDF"), ("xlsx", "Excel"), ("zip", say("letters"))):
                            tool(html.escape(text), partial(self.bench.call, self._paper, case, kind))
            if not notices and not case.told:
                ui.html(notice(say("Nothing of it has left the plant.")), sanitize=False)
            else:
                self._notices(case, {one.customer: one for one in notices}, may=may)
            if case.closed is None and self.bench.may(Role.ENGINEER) and self.bench.books.writable:
                with ui.element("div").classes("lb-tsearch").style("margin-top: 10px"):
                    field(say("why, if not all is accounted for"), self._given["closing"],
                          lambda value: self._give("closing", value), "text")  # fmt: skip
                    tool(html.escape(say("Close the recall")), lambda: self.bench.call(self._close))

    def _notices(self, case: RecallCase, notices: dict[str, Notice], *, may: bool) -> None:
        say = self.say
        heads = (say("customer"), say("orders"), say("quantity"), say("confidence"), say("told"), say("returned"),
                 say("destroyed"), say("used up"), say("open"), "")  # fmt: skip
        with ui.element("div").classes("lb-scroll"), ui.element("table").classes("lb-ttable lb-tnotices"):
            with ui.element("thead"), ui.element("tr"):
                for head in heads:
                    ui.html(html.escape(head), sanitize=False, tag="th").props("scope=col")
            with ui.element("tbody"):
                for customer in dict.fromkeys((*notices, *case.told)):
                    self._notice_row(case, customer, notices.get(customer), heads, may=may)

    def _notice_row(
        self, case: RecallCase, customer: str, one: Notice | None, heads: tuple[str, ...], *, may: bool
    ) -> None:
        say, told = self.say, case.told.get(customer)
        grades = dict(zip(GRADES, (say("certain"), say("out of time"), say("doubtful")), strict=True))
        orders = one.orders if one is not None else told.orders if told is not None else ()
        quantity = told.quantity if told is not None else one.quantity if one is not None else 0.0
        own = customer_of(self.bench.view.plant.customers, customer)
        named = " · ".join(dict.fromkeys(filter(None, (own.name, customer, own.contact))))
        cells = (named, ", ".join(orders) or _NONE, number(quantity), grades[one.confidence] if one else _NONE,
                 self._when(told.notified) if told is not None else say("still to be told"))  # fmt: skip
        with ui.element("tr") as row:
            row._props["data-customer"] = customer  # noqa: SLF001 - a text with quotes cannot go through props()
            for head, cell in zip(heads, cells, strict=False):
                ui.html(html.escape(cell), sanitize=False, tag="td")._props["data-head"] = head  # noqa: SLF001
            for name, head in zip(BECAME, heads[5:8], strict=True):
                with ui.element("td") as cell_of:
                    cell_of._props["data-head"] = head  # noqa: SLF001
                    self._amount(customer, name, head, getattr(told, name) if told is not None else 0.0,
                                 asked=may and told is not None)  # fmt: skip
            left = number(quantity - told.accounted) if told is not None else number(quantity)
            ui.html(left, sanitize=False, tag="td")._props["data-head"] = heads[8]  # noqa: SLF001
            with ui.element("td"):
                if one is not None:
                    tool(html.escape(say("Letter")), partial(self.bench.call, self._paper, case, "pdf", customer))
                if may and told is None:
                    tool(html.escape(say("Told")), lambda: self.bench.call(self._notify, customer))
                elif may:
                    tool(html.escape(say("Answered")), lambda: self.bench.call(self._answer, customer))

    async def _paper(self, case: RecallCase, kind: str, customer: str = "") -> None:
        """Hand out the list of notices, the letter to one customer, or all letters in an archive."""
        say, plant = self.say, self.bench.view.plant

        def read() -> tuple[bytes, str, str]:
            with self.bench.books.asked() as trace:
                found = of_case(trace, case)[0]
                sheet = notice_list(found, plant.customers, say, plant.zone, case=case, source=plant.name)
                units = {one.id: one.unit for one in plant.items.values()}
                made = letters(found, plant.customers, say.language, plant.zone, sender=plant.name, id=case.id,
                               reason=case.reason, units=units, only=customer)  # fmt: skip
            if customer:
                ((name, content),) = printed(made).items()
                return content, "application/pdf", f"{case.id}-{name}"
            if kind == "zip":
                return zipped(printed(made)), "application/zip", f"{case.id}-letters.zip"
            return (*file_of(sheet, kind, say.language), f"{case.id}-notices.{kind}")

        made = await self.bench.ask(read)
        if made is not None:
            self.bench.download(made[0], made[2], made[1])

    def _amount(self, customer: str, name: str, label: str, value: float, *, asked: bool) -> None:
        if not asked:
            ui.html(number(value) if value else _NONE, sanitize=False, tag="span")
            return
        box = ui.element("input").props(f"type=number min=0 step=any data-field={name}")
        box._props.update({"aria-label": f"{customer} {label}", "defaultValue": f"{value:g}"})  # noqa: SLF001
        box.on("input", lambda event: self._typed(customer, name, str(event.args)), js_handler=VALUE)

    def _typed(self, customer: str, name: str, value: str) -> None:
        self._became[customer, name] = value[:40]

    # ------------------------------------------------------------------ acts

    async def _act(self, role: Role, act: Any, *given: Any, **named: Any) -> bool:
        person = self.bench.person(role)
        if person is None or not await self.bench.do(act, *given, person=person, **named):
            return False
        self._became, self._looks = {}, False
        await self.show()
        return True

    async def _notify(self, customer: str) -> None:
        await self._act(Role.OPERATOR, self.desk.notify, self._case, customer)

    async def _answer(self, customer: str) -> None:
        case = await self.bench.ask(self.desk.case, self._case)
        told = case.told.get(customer) if case is not None else None
        if told is None:
            return

        def act(*, person: str) -> None:
            given = {name: self._became.get((customer, name)) for name in BECAME}
            became = {
                name: getattr(told, name) if text is None else typed(text or "0", name) for name, text in given.items()
            }
            self.desk.answer(self._case, customer, became, person=person)

        await self._act(Role.OPERATOR, act)

    async def _close(self) -> None:
        if await self._act(Role.ENGINEER, self.desk.close, self._case, self._given["closing"]):
            self._given["closing"] = ""

    async def _open(self) -> None:
        made: list[str] = []

        def act(*, person: str) -> None:
            made.append(self.desk.open(self.desk.suspects(self._given["suspects"]), self._given["reason"],
                                       person=person))  # fmt: skip
            self._case = made[0]

        await self._act(Role.ENGINEER, act)

    async def _look(self) -> None:
        say, zone = self.say, self.bench.view.plant.zone

        def read() -> Sheet:
            names = self.desk.suspects(self._given["suspects"])
            with self.bench.books.asked():
                return recall_sheet(self.desk.affected(names), say, zone, source=self.bench.view.plant.name)

        sheet = await self.bench.ask(read)
        if sheet is not None and self.bench.alive:
            with self.bench.client:
                self._case, self._looks = "", True
                self._own.clear()
                self._sheet_holder.set_visibility(True)
                self._sheet.show(sheet)

    async def _mock(self) -> None:
        say = self.say

        def read() -> Sheet:
            count, seed = (int(typed(self._given[name], name)) for name in ("count", "seed"))
            found = self.desk.mock(count, seed)
            with self.bench.books.asked() as trace:
                return mock_sheet(found, trace, say, source=self.bench.view.plant.name)

        sheet = await self.bench.ask(read)
        if sheet is not None and self.bench.alive:
            with self.bench.client:
                self._mocked.set_visibility(True)
                self._mock_view.show(sheet)


def _share(value: float | None) -> str:
    return _NONE if value is None else f"{100 * value:.1f} %"
