"""Sampling and gauges for pages and REST: plans, lots entered with their decision, switches; calibrations, lots held.

Reads  Fact(measurement, event)    Writes  Fact(event) through the quality books
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final

from luban.core.errors import InputError
from luban.core.time import now
from luban.norms.sampling import Kind
from luban.screens.service.quality import QualityBooks
from luban.screens.users import Act, Role
from luban.understand.book import row
from luban.understand.quality.gauge_use import GaugeUse, gauge_use
from luban.understand.quality.gauges import (
    Due,
    Gauge,
    calibration_data,
    chain,
    due_list,
    register,
    registered_data,
    state_at,
)
from luban.understand.quality.sampling import (
    Account,
    AttributePlan,
    LotDecision,
    account,
    accounts,
    judge,
    lot_data,
    plan_of,
    standard_plan,
    subject_of,
)

__all__ = ["GaugeDesk", "SamplingDesk", "role_of"]

_ROLES: Final = {"lot": Role.OPERATOR, "steady": Role.OPERATOR}


def role_of(code: str) -> Role:
    """The role that an entry needs: lots and how production runs an operator, all else an engineer."""
    return _ROLES.get(code, Role.ENGINEER)


class SamplingDesk:
    """Everything that the sampling tab and its REST routes ask and write. Safe from any thread.

    books  the quality books, which also write
    """

    def __init__(self, books: QualityBooks) -> None:
        self.books = books
        self._lock = threading.Lock()

    def accounts(self) -> tuple[Account, ...]:
        """Every supplier's item in the books."""
        return accounts(self.books.view.ledger)

    def account(self, supplier: str, item: str) -> Account:
        """One supplier's item."""
        return account(self.books.view.ledger, supplier, item)

    def plan(self, supplier: str, item: str, size: int, lot: str = "") -> tuple[AttributePlan, LotDecision]:
        """The plan that is due for a lot, or the one by which it was begun, with the decision so far."""
        own = self.account(supplier, item)
        waiting = next((one for one in own.open if lot and one.lot == lot), None)
        if waiting is not None:
            return waiting.plan, waiting.decision
        plan = plan_of(own, size)
        return plan, judge(plan, ())

    def agree(
        self, supplier: str, item: str, *, aql: float, level: str = "II", kind: Kind = "single", person: str
    ) -> Account:
        """Agree on AQL, level and kind of sampling. Raises InputError for what the tables do not have."""
        standard_plan(2, aql, level=level, kind=kind)
        data = {"aql": aql, "level": level, "kind": kind}
        return self._write(supplier, item, "agree", data, person, f"AQL {aql:g}, {level}, {kind}")

    def enter(
        self, supplier: str, item: str, lot: str, size: int, found: int, *, original: bool = True, person: str
    ) -> tuple[AttributePlan, LotDecision]:
        """Enter what the next sample of a lot held; the plan and the decision.

        Raises  InputError: nothing agreed, inspection discontinued, the lot is decided, a count that cannot be
        """
        with self._lock:  # two desks that enter the same lot: the second sees what the first wrote
            own = self.account(supplier, item)
            waiting = next((one for one in own.open if one.lot == lot.strip()), None)
            every = [*(waiting.found if waiting is not None else ()), found]
            data = lot_data(own, lot, size, every, original=original)
            plan = waiting.plan if waiting is not None else plan_of(own, size)
            decision = judge(plan, every)
            self._write(supplier, item, "lot", data, person, f"{lot}: {decision.verdict}")
        return plan, decision

    def change(self, supplier: str, item: str, code: str, data: Mapping[str, Any], *, person: str) -> Account:
        """Another act about a supplier's item: steady, permit, resume, order. Raises InputError."""
        own = self.account(supplier, item)
        if own.standing is None:
            raise InputError("nothing is agreed for this supplier and item", came=f"{supplier}, {item}")
        if code not in {"steady", "permit", "resume", "order"}:
            raise InputError("unknown act", came=code, expected="steady, permit, resume or order")
        if code == "resume" and not own.standing.stopped:
            raise InputError("inspection is not discontinued", came=f"{supplier}, {item}")
        return self._write(supplier, item, code, data, person, code)

    def _write(self, supplier: str, item: str, code: str, data: Mapping[str, Any], person: str, text: str) -> Account:
        subject = subject_of(supplier, item)
        act = Act(person, f"sampling {code}", subject, text)
        self.books.write(act, "event", row("sampling", subject, code, person=person, data=data))
        return self.account(supplier, item)


class GaugeDesk:
    """Everything that the gauge register and its REST routes ask and write. Safe from any thread.

    books  the quality books, which also write
    """

    def __init__(self, books: QualityBooks) -> None:
        self.books = books

    def gauges(self) -> dict[str, Gauge]:
        """The register."""
        return register(self.books.view.ledger)

    def overview(self, within: float | None = None) -> tuple[dict[str, Gauge], tuple[Due, ...], GaugeUse]:
        """The register, what is due now, and what rests on gauges that could not be trusted."""
        gauges = self.gauges()
        return gauges, due_list(gauges, now(), within), gauge_use(self.books.view.ledger, gauges=gauges)

    def told(self, name: str) -> dict[str, Any]:
        """One gauge with its state and its chain. Raises InputError for one that the register does not know."""
        gauges = self.gauges()
        own = self._own(gauges, name)
        state = state_at(own, now())
        return own.as_dict() | {"state": state, "chain": chain(gauges, name, now()).as_dict()}

    def register(self, name: str, *, person: str, **given: Any) -> None:
        """Put a gauge into the register, or change what is said of it."""
        if not name.strip():
            raise InputError("a gauge needs a number")
        self._write(name.strip(), "register", registered_data(**given), person)

    def calibrate(self, name: str, *, person: str, time: int | None = None, **given: Any) -> None:
        """Enter a calibration; given: what `calibration_data` takes. Raises InputError."""
        own = self._own(self.gauges(), name)
        at = now() if time is None else time
        if at > now():
            raise InputError("a calibration lies in the future", where="time")
        self._write(name, "calibrate", calibration_data(own, at, **given), person, at)

    def serve(self, name: str, *, used: bool, person: str) -> None:
        """Take a gauge out of service, or put it back."""
        self._own(self.gauges(), name)
        self._write(name, "return" if used else "retire", {}, person)

    @staticmethod
    def _own(gauges: Mapping[str, Gauge], name: str) -> Gauge:
        if name not in gauges:
            raise InputError("no such gauge", came=name, expected=", ".join(list(gauges)[:12]) or "none is registered")
        return gauges[name]

    def _write(self, name: str, code: str, data: Mapping[str, Any], person: str, time: int | None = None) -> None:
        act = Act(person, f"gauge {code}", name, str(data.get("certificate", "")) or code)
        self.books.write(act, "event", row("gauge", name, code, person=person, data=data, time=time))
