"""How a characteristic's set-point stands in the books, and what is proposed for it now.

Reads  Fact(measurement, event)    Writes  Fact(event) of the kind `setpoint`
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from luban.core.errors import InputError
from luban.decide.setpoint.envelope import Envelope
from luban.decide.setpoint.proposal import SetPointPlan
from luban.decide.setpoint.standing import AGREE, PROPOSE, REJECT, SET
from luban.decide.setpoint.stood import Stood, stood_of
from luban.screens.service.quality import QualityBooks
from luban.screens.service.view import PlantView
from luban.screens.users import Act
from luban.understand.book import row
from luban.understand.quality.measured import characteristics_with_data
from luban.understand.quality.spc.chart import Chart

__all__ = ["SetPointDesk", "known_characteristics", "read_setpoint", "within"]


def known_characteristics(view: PlantView) -> tuple[str, ...]:
    """Those with values in the books, as the plant lists them."""
    return tuple(characteristics_with_data(view.ledger, view.plant))


def read_setpoint(books: QualityBooks, characteristic: str) -> Stood:
    """Read the books and work the proposal out anew; signals are those of the chart as people keep it."""
    view = books.view
    return stood_of(view.ledger, view.plant, characteristic, chart=lambda: _kept_chart(books, characteristic))


def _kept_chart(books: QualityBooks, characteristic: str) -> Chart | None:
    """The chart that the plant keeps; None where it can have none yet."""
    try:
        return books.chart(characteristic).chart
    except InputError:
        return None


class SetPointDesk:
    """What people do about set-points, written as entries of the books.

    books  the quality books of a plant; without a writer nothing can be done
    """

    def __init__(self, books: QualityBooks) -> None:
        self.books = books

    def stood(self, of: str) -> Stood:
        """How it stands, with the proposal of now. Raises InputError for an unknown characteristic."""
        self._known(of)
        return read_setpoint(self.books, of)

    def agree(self, of: str, data: Mapping[str, Any], person: str) -> None:
        """Agree on a knob and its envelope; `data` of `standing.agreed`."""
        self._known(of)
        self._write(of, AGREE, data, person, str(data["name"]))

    def put(self, of: str, value: float, person: str) -> None:
        """A set-point was set. Raises InputError where nothing is agreed on, or outside the envelope."""
        stands = self.stood(of).stands
        if stands.knob is None:
            raise InputError("no safe envelope is agreed on", where=of)
        within(value, stands.knob.envelope)
        self._write(of, SET, {"value": value}, person, f"{value:g}")

    def propose(self, of: str, person: str) -> SetPointPlan:
        """Enter the proposal of now. Raises InputError where there is none."""
        plan = self._plan(of)
        self._write(of, PROPOSE, plan.as_dict(), person, f"{plan.knob.name}: {plan.decision} {plan.proposed:g}")
        return plan

    def refuse(self, of: str, reason: str, person: str) -> None:
        """Refuse the proposal of now, with a reason."""
        if not reason.strip():
            raise InputError("a refusal needs a reason", where=of)
        plan = self._plan(of)
        self._write(of, REJECT, {"proposed": plan.proposed, "now": plan.knob.now}, person, reason.strip())

    def _plan(self, of: str) -> SetPointPlan:
        stood = self.stood(of)
        if stood.plan is None:
            raise stood.why or InputError("there is no proposal", where=of)
        return stood.plan

    def _known(self, of: str) -> None:
        known = (*self.books.view.plant.characteristics, *known_characteristics(self.books.view))
        if of not in known:
            raise InputError(
                "no such characteristic", came=of, expected=", ".join(dict.fromkeys(known[:12])) or "one with values"
            )

    def _write(self, of: str, code: str, data: Mapping[str, Any], person: str, text: str) -> None:
        entry = row("setpoint", of, code, person=person, text=text, data=data)
        self.books.write(Act(person, f"set-point {code}", of, text), "event", entry)


def within(value: float, envelope: Envelope) -> None:
    """Raises InputError for a set-point outside its envelope."""
    if not envelope.holds(value):
        expected = f"{envelope.lowest:g} … {envelope.highest:g}"
        raise InputError("the set-point lies outside its envelope", came=f"{value:g}", expected=expected)
