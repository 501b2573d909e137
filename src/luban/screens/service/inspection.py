"""Inspection for pages and REST: what is due, values entered with their verdict, devices, non-conformances, lots held.

Reads  Fact(measurement, count, event)    Writes  Fact(measurement, event) through the quality books
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from luban.core.errors import InputError, LubanError, NotAllowedError
from luban.core.quality import Quality
from luban.core.time import now
from luban.core.units import convert
from luban.screens.service.quality import QualityBooks
from luban.screens.users import Act, Role
from luban.understand.quality.gauge_use import held_lots
from luban.understand.quality.gauges import STATES, register, state_at
from luban.understand.quality.inspection import (
    Confusion,
    Due,
    Entered,
    NonConformance,
    Result,
    blocked_lots,
    check_effect,
    confusion,
    inspection_plan,
    judge,
    known_nonconformance,
    measurement_rows,
    nonconformances,
    open_row,
    plan_of,
    queue,
    result_row,
    results,
    review_row,
    step_row,
    to_hold,
)
from luban.understand.quality.measured import declared

__all__ = ["InspectionDesk", "role_for"]

_RECENT: Final = 8
_ENGINEERS: Final = frozenset({"close", "reopen"})  # and a lot that is used as it is: a concession
_TEXT: Final = 500


def role_for(code: str, data: Mapping[str, Any]) -> Role:
    """The role that a step needs: a concession, closing and opening again need an engineer."""
    concession = code == "dispose" and data.get("decision") == "use_as_is"
    return Role.ENGINEER if concession or code in _ENGINEERS else Role.OPERATOR


class InspectionDesk:
    """Everything that the inspection tab and its REST routes ask and write. Safe from any thread.

    books  the quality books, which also write
    """

    def __init__(self, books: QualityBooks) -> None:
        self.books = books
        self.view = books.view

    # ------------------------------------------------------------------ values

    def plan(self) -> tuple[Due, ...]:
        """The inspection plan, what is due first."""
        return inspection_plan(self.view.ledger, self.view.plant, now())

    def recent(self, subject: str) -> list[dict[str, Any]]:
        """The newest values of a characteristic with what stood beside them, the newest first."""
        its = declared(self.view.plant, subject)
        table = self.view.ledger.table("measurement", subjects=[subject])
        rows = sorted(table.to_pylist(), key=lambda row: (row["time"], row["seq"]))[-_RECENT:]
        kept = ("seq", "time", "value", "lot", "serial", "unit", "gauge", "person", "quality")
        return [
            {name: row[name] for name in kept} | {"state": judge(its, row["value"]).state if not row["quality"] else ""}
            for row in reversed(rows)
        ]

    def enter(
        self,
        subject: str,
        values: Sequence[float],
        *,
        person: str,
        unit: str = "",
        lot: str = "",
        serial: str = "",
        machine: str = "",
        gauge: str = "",
        conditions: Mapping[str, float] | None = None,
        time: int | None = None,
    ) -> Entered:
        """Write measured values and judge them at once.

        A value measured with a gauge whose calibration was due is written as doubtful: no chart and no release uses it.
        Raises  InputError: see `measurement_rows`
        """
        its = declared(self.view.plant, subject)
        at = now() if time is None else time
        gauges = register(self.view.ledger) if gauge else {}
        standing = state_at(gauges.get(gauge), at) if gauge else ""
        trusted = not gauge or standing in {"valid", "unregistered"}
        rows = measurement_rows(
            self.view.plant, subject, values, unit=unit, lot=lot, serial=serial, machine=machine, gauge=gauge,
            person=person, conditions=conditions, time=at,
            quality=Quality.GOOD if trusted else Quality.CALIBRATION_DUE,
        )  # fmt: skip
        uncertainty = 0.0
        done = gauges[gauge].calibrated(at) if gauge in gauges else None
        if done is not None and done.uncertainty is not None and done.unit:
            try:
                uncertainty = float(convert(done.uncertainty * 2 / (done.coverage or 2), done.unit, its.unit))
            except InputError:
                uncertainty = 0.0  # an uncertainty of another kind of quantity says nothing here
        verdicts = tuple(judge(its, value, uncertainty=uncertainty) for value in rows["value"])
        text = f"{', '.join(f'{value:g}' for value in rows['value'])} {its.unit}"
        self.books.write(Act(person, "measured", subject, text[:_TEXT]), "measurement", _filled(rows))
        signals = self._signals(subject, len(rows["value"])) if trusted else ()
        plan = plan_of(self.view.plant, subject)
        wanted = signals or any(one.state != "good" for one in verdicts)
        reaction = plan.reaction if plan is not None and wanted else ""
        if lot and trusted and plan is not None and plan.hold:
            self.hold_by_rule(person=person)
        return Entered(subject, verdicts, signals, "" if standing == "unregistered" else standing, reaction)

    def _signals(self, subject: str, newest: int) -> tuple[str, ...]:
        """Rules that fire at the points which the newest values made."""
        try:
            chart = self.books.chart(subject).chart
        except LubanError:
            return ()  # too few values for a chart yet
        last = len(chart.labels) - newest
        return tuple(dict.fromkeys(one.rule for one in chart.violations if one.point >= last))

    # ------------------------------------------------------------------ devices

    def results(self) -> tuple[Result, ...]:
        """Every result of a device."""
        return results(self.view.ledger)

    def queue(self) -> tuple[Result, ...]:
        """Results that wait for a person, the least sure first."""
        return queue(self.results())

    def confusion(self, why: str = "all") -> tuple[Confusion, ...]:
        """Devices against people, for each version of each model."""
        return confusion(self.results(), why)

    def judged(self, piece: str, verdict: str, confidence: float, *, person: str, **options: Any) -> str:
        """Write a device's result; "queue" where a person must look, else "accepted"."""
        rows = result_row(piece, verdict, confidence, **options)
        self.books.write(Act(person, "device result", piece, f"{verdict} {confidence:g}"), "event", _filled(rows))
        newest = max(
            (one for one in self.results() if one.piece == piece), key=lambda one: one.seq, default=None
        )  # fmt: skip
        return "queue" if newest is not None and newest.why == "queue" else "accepted"

    def review(self, seq: int, verdict: str, *, person: str, text: str = "") -> None:
        """A person's word on a device's result. Raises InputError: no such result."""
        found = next((one for one in self.results() if one.seq == seq), None)
        if found is None:
            raise InputError("no such result of a device", came=str(seq))
        rows = review_row(found, verdict, person=person, text=text[:_TEXT])
        self.books.write(Act(person, "device reviewed", found.piece, verdict), "event", _filled(rows))

    # ------------------------------------------------------------------ non-conformances

    def nonconformances(self) -> dict[str, NonConformance]:
        """All of them by id, the newest first."""
        return nonconformances(self.view.ledger)

    def nonconformance(self, id: str) -> NonConformance:  # noqa: A002
        """One of them. Raises InputError."""
        return known_nonconformance(self.view.ledger, id)

    def held(self) -> dict[str, tuple[str, ...]]:
        """Lots that may not go on → why: non-conformances that hold them, gauges that were not to be trusted."""
        found = {lot: list(ids) for lot, ids in blocked_lots(self.nonconformances().values()).items()}
        for lot, why in held_lots(self.view.ledger).items():
            found.setdefault(lot, []).extend(why)
        return {lot: tuple(dict.fromkeys(why)) for lot, why in sorted(found.items())}

    def open(self, text: str, *, person: str, **options: Any) -> str:
        """Open a non-conformance; its id. Its lots are held at once."""
        made, rows = open_row(self.view.ledger, text[:_TEXT], person=person, **options)
        self.books.write(Act(person, "nonconformance open", made, text[:_TEXT]), "event", _filled(rows))
        return made

    def hold_by_rule(self, *, person: str) -> list[str]:
        """Hold the lots that the plan holds by itself; ids of the non-conformances that were opened for it."""
        return [
            self.open(
                one.text, person=person, subject=one.subject, lots=[one.lot], unit=one.unit, facts=one.facts,
                severity="major", origin="inspection" if one.why == "out" else "chart",
            )
            for one in to_hold(self.view.ledger, self.view.plant, now(), self._fired)
        ]  # fmt: skip

    def _fired(self, subject: str) -> set[int]:
        """Seqs of the values at which the chart of frozen limits gave a signal."""
        try:
            made = self.books.chart(subject)
        except LubanError:
            return set()
        if made.chart.phase != 2 or not made.stages:
            return set()  # limits from these very points judge nothing
        starts, seqs, since = made.own.sample.starts, made.own.seqs, made.stages[0][1].limits.since
        times = made.own.sample.time
        points = {one.point for one in made.chart.violations if one.point not in made.out and times[one.point] >= since}
        return {int(seq) for at in points for seq in seqs[int(starts[at]) : int(starts[at + 1])]}

    def step(
        self,
        id: str,  # noqa: A002
        code: str,
        *,
        person: str,
        role: Role,
        text: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> NonConformance:
        """One step on; how it stands then.

        Raises  InputError: a step that does not fit; NotAllowedError: it needs another role
        """
        needed = role_for(code, data or {})
        if role < needed:
            raise NotAllowedError("this needs another role", came=role.name.lower(), expected=needed.name.lower())
        rows = step_row(
            self.view.ledger, id, code, person=person, text=text[:_TEXT], data=data, plant=self.view.plant
        )  # fmt: skip
        self.books.write(Act(person, f"nonconformance {code}", id, text[:_TEXT]), "event", _filled(rows))
        return self.nonconformance(id)

    def check(
        self,
        id: str,  # noqa: A002
        action: str,
        *,
        person: str,
        before: tuple[int, int] | None = None,
        after: tuple[int, int] | None = None,
    ) -> NonConformance:
        """Work out from the books what an action brought, and write it."""
        found, rows = check_effect(
            self.view.ledger, self.view.plant, id, action, person=person, before=before, after=after, now=now()
        )
        self.books.write(Act(person, "nonconformance effect", id, found.verdict), "event", _filled(rows))
        return self.nonconformance(id)

    def gauges(self) -> list[tuple[str, str]]:
        """Gauges of the register with how they stand now, in words."""
        at = now()
        return [(name, STATES[state_at(one, at)]) for name, one in register(self.view.ledger).items()]


def _filled(rows: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """The columns that hold something."""
    return {name: values for name, values in rows.items() if any(value is not None for value in values)}
