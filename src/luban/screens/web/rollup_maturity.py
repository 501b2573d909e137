"""How mature the plant is by a model: what the books show is filled in, the rest is asked."""

from __future__ import annotations

import html
from typing import Any, Final

from nicegui import ui

from luban.core.errors import LubanError
from luban.norms.maturity import Model, maturity_model, maturity_models
from luban.rollup.maturity import Assessment, answer_row, maturity
from luban.screens.report.rollup_maturity import maturity_sheet
from luban.screens.service.rollup import Place
from luban.screens.users import Act, Role
from luban.screens.web.rollup_frame import Bench
from luban.screens.web.rollup_panel import RollupPanel, sheet_piece
from luban.screens.web.schedule_parts import Choice, field, labelled_choice, tool
from luban.screens.web.tabs import card

__all__ = ["MaturityPanel"]

_FIRST: Final = "gbt_39116"
_MANY: Final = 5000
"""Facts that come before the books are looked through again by themselves."""


class MaturityPanel(RollupPanel):
    """What is in the tab."""

    PICKS = ()

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._model = _FIRST if _FIRST in maturity_models() else maturity_models()[0]
        self._given = {"requirement": "", "mark": "", "document": ""}

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        super().build()
        models = [(name, maturity_model(name).title.of(self.say.language)) for name in maturity_models()]
        with self.bar:
            labelled_choice(self.say("model"), models, self._model, self._choose)

    def forms(self) -> None:
        """Answers of people, for those who may give them."""
        say = self.say
        if not (self.bench.may(Role.ENGINEER) and self.bench.books.writable):
            return
        with card(say("State what the books do not show")), ui.element("div").classes("lb-tbar"):
            with ui.element("label"):
                ui.html(html.escape(say("requirement")), sanitize=False, tag="span")
                self._asks = Choice(say("requirement"), lambda one: self._given.update(requirement=one))
            with ui.element("label"):
                ui.html(html.escape(say("mark")), sanitize=False, tag="span")
                self._marks = Choice(say("mark"), lambda one: self._given.update(mark=one))
            field(say("what shows it"), "", lambda text: self._given.update(document=text), "text").props(
                "data-field=document"
            )
            tool(html.escape(say("Put it on record")), lambda: self.bench.call(self._state), kind="lb-primary")

    async def _state(self) -> None:
        person = self.bench.person(Role.ENGINEER)
        if person is None:
            return
        given, model = self._given, maturity_model(self._model)
        mark = float(given["mark"]) if given["mark"] else None
        try:
            row = answer_row(model, given["requirement"], mark, person=person, document=given["document"])
        except LubanError as error:
            self.bench.complain(error)
            return
        act = Act(person, "requirement answered", f"{model.id}:{given['requirement']}", given["document"])
        if await self.bench.write(act, "event", row):
            await self.again()

    def _asked(self) -> tuple[Any, ...]:
        return (self._model,)

    async def _read(self) -> None:
        model = maturity_model(self._model)
        view = self.bench.view
        known = (self._model, view.ledger.head)
        if self._known is not None and self._known[0] == known[0] and known[1] <= self._known[1] + _MANY:
            return
        try:
            found = await self.bench.reads(maturity, view.ledger, view.plant, model)
        except LubanError as error:
            self._trouble(error)
            return
        if not self.bench.alive or model.id != self._model:
            return
        self._known = known
        with self.bench.client:
            self.holder.clear()
            with self.holder:
                self._shown(model, found)

    def _shown(self, model: Model, found: Assessment) -> None:
        if hasattr(self, "_asks"):
            self._fill(model)
        self.sheet = maturity_sheet(model, found, self.say, self.bench.view.plant.name)
        sheet_piece(self.sheet)

    def _fill(self, model: Model) -> None:
        language = self.say.language
        asks = [(one.id, f"{one.id} {one.text.of(language)}"[:90]) for one in model.requirements]
        if self._given["requirement"] not in dict(asks):
            self._given["requirement"] = asks[0][0]
        self._asks.fill(asks, self._given["requirement"])
        self._marks.fill([("", self.say("none: take it back")), *((f"{one:g}", f"{one:g}") for one in model.marks)],
                         self._given["mark"])  # fmt: skip

    def _work(self, place: Place) -> Any:
        raise NotImplementedError

    def _draw(self, worked: Any) -> None:
        raise NotImplementedError

    def _choose(self, model: str) -> None:
        self._model = model
        self.bench.call(self._read)
