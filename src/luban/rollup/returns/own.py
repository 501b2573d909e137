"""A firm that runs luban fills its return from its own books: each figure with the facts it rests on, or a reason.

Energy, greenhouse gases, water and waste come from meters and movements, key processes from their register and what
their controllers said, revenue from the journal, the rest from statements with a document. Nothing is guessed: books
that hold a part of the year only are no figure of the year.

Reads   Fact(meter, movement, count, state, posting, event)    Writes  nothing itself: `state_row` makes a statement
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, cast

import narwhals as nw
import pyarrow as pa

from luban.core.errors import ConfigError, InputError, UnitError
from luban.core.time import from_datetime, now, to_datetime
from luban.ledger import Ledger
from luban.norms.emissions import Factor, factors as luban_factors
from luban.norms.plans import TargetPlan
from luban.plant import Plant
from luban.rollup.returns.amounts import amount
from luban.rollup.returns.batch import Batch, batch_of
from luban.rollup.returns.books import KIND
from luban.rollup.returns.process import ProcessEvidence, key_processes
from luban.rollup.returns.rules import settings_of
from luban.understand.book import entries, row
from luban.understand.green import Facts, Found, GreenAccount, facts_of, green_account, role_of

__all__ = ["FIGURES", "OwnLine", "OwnReturn", "own_return", "state_row"]

FIGURES: Final[Mapping[str, str]] = {
    "energy": "all energy that came in, in coal equivalent (GB/T 2589-2020)",
    "greenhouse gases": "scopes 1 and 2, by emission factors",
    "direct greenhouse gases": "scope 1, by emission factors: power counts where it is made",
    "fresh water": "water taken in, each cubic metre once; what is used again is not in it",
    "waste generated": "general solid waste that came up",
    "waste utilised": "general solid waste that was utilised, older stock too",
    "older waste utilised": "of it, out of the stock of earlier years",
    "output value": "value of output, stated with its document",
    "revenue": "main-business revenue of the journal",
    "research spend": "R&D expenditure of the journal",
    "key processes": "key processes of the register",
    "key processes under control": "of them, those whose controller was heard in the last 90 days of the year",
}
"""Figures of a plant's own books that may fill an element."""

_NOTHING: Final = "no figure of the books fills it: state it with its document"
_NO_FUEL: Final = "no fuel is metered: state what is emitted on the site with its document"
_LEAST: Final = 0.95
_REVENUE: Final = "6001"
_RESEARCH: Final = "5301"
_CLOSING: Final = ("4103", "4104")
_CLEARED: Final = {_RESEARCH: ("6602", "6604", "1701")}  # where spend goes at the end of a period: cost, or an asset


@dataclass(frozen=True, slots=True)
class OwnLine:
    """An element of the return.

    figure   what fills it, one of FIGURES; "" where only a statement can
    value    in the element's unit; None where it is not known: then `reason` says why
    facts    what it rests on
    notes    what to bear in mind: factors used, readings left out
    document what shows a statement
    """

    element: str
    figure: str
    value: float | None
    unit: str
    facts: tuple[Facts, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str = ""
    document: str = ""

    @property
    def evidence(self) -> list[dict[str, Any]]:
        """The same as a fact of the return carries it."""
        told = [{key: one for key, one in fact.as_dict().items() if key != "seqs"} for fact in self.facts]
        return told + ([{"document": self.document}] if self.document else [])

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "element": self.element, "figure": self.figure, "value": self.value, "unit": self.unit,
            "reason": self.reason, "notes": list(self.notes), "evidence": self.evidence,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class OwnReturn:
    """A return from a firm's own books.

    as_of      seq at which they were read
    start, end of the year in the plant's zone [µs UTC]
    processes  the register of key processes with what was heard of each
    """

    unit: str
    year: int
    as_of: int
    start: int
    end: int
    lines: tuple[OwnLine, ...]
    processes: tuple[ProcessEvidence, ...]

    def line(self, element: str) -> OwnLine:
        """The line of an element. Raises InputError."""
        found = next((one for one in self.lines if one.element == element), None)
        if found is None:
            known = ", ".join(one.element for one in self.lines)
            raise InputError("the return has no such element", came=element, expected=known)
        return found

    def batch(self, unit: str = "", about: Mapping[str, Any] | None = None) -> Batch:
        """The lines as a batch to be taken; what is not known goes with its reason.

        unit   id under which the firm reports; the plant's own by default
        about  columns of the register
        """
        values = {one.element: one.value for one in self.lines}
        made = batch_of(
            [{"unit": unit or self.unit, "year": self.year} | dict(about or {}) | values], list(values),
            source=f"own books at seq {self.as_of}",
        )  # fmt: skip
        reasons = {(0, one.element): one.reason for one in self.lines if one.value is None}
        return replace(made, reasons=reasons)

    @property
    def evidence(self) -> dict[tuple[int, str], Any]:
        """(row, element) → evidence, as `take` wants it."""
        return {(0, one.element): one.evidence for one in self.lines if one.evidence}

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "unit": self.unit, "year": self.year, "as_of": self.as_of, "lines": [one.as_dict() for one in self.lines],
            "key_processes": [one.as_dict() for one in self.processes],
        }  # fmt: skip


def state_row(
    unit: str, year: int, element: str, value: float | None, *, person: str, document: str
) -> dict[str, list[Any]]:
    """A figure that no machine knows, stated with the document that shows it; None withdraws it. Raises InputError.

    Example  state_row("jinan", 2020, "patents", 44, person="li", document="list of patents, 2020-12-31")
    """
    if value is not None and not document.strip():
        raise InputError("a statement names the document that shows it", where=element)
    if value is not None and not math.isfinite(value):
        raise InputError("a statement is a finite number", came=str(value), where=element)
    data = {"year": year, "element": element, "value": value, "document": document.strip()}
    return row(KIND, unit, "state", person=person, data=data)


def own_return(
    ledger: Ledger, plant: Plant, plan: TargetPlan, year: int, *, as_of: int | None = None,
    own_factors: Sequence[Factor] = (),
) -> OwnReturn:  # fmt: skip
    """The return of a year from the plant's own books: every element of the plan's form for enterprises.

    as_of        the books as they stood at this seq
    own_factors  emission factors of the plant: they go before luban's
    Example      own_return(ledger, plant, load_plan("mic2025"), 2025).line("energy").value
    """
    seq = ledger.head if as_of is None else as_of
    start, end = (from_datetime(datetime(one, 1, 1, tzinfo=plant.zone)) for one in (year, year + 1))
    account = green_account(ledger, plant, tuple(luban_factors().values()), own=own_factors, start=start, end=end,
                            as_of=seq)  # fmt: skip
    processes = key_processes(ledger, plant, min(end, now()), as_of=seq)
    makers = _makers(ledger, plant, account, processes, seq)
    stated = {(one.data.get("element"), one.data.get("year")): one for one in entries(ledger, KIND, as_of=seq)
              if one.code == "state" and one.subject == plant.id}  # fmt: skip
    own = settings_of(plan).own
    if unknown := sorted(set(own.values()) - set(FIGURES)):
        expected = ", ".join(FIGURES)
        raise ConfigError("no such figure of the books", came=", ".join(unknown), expected=expected,
                          where=f"{plan.id}/checks.toml [own]")  # fmt: skip
    lines = []
    for element in plan.elements.values():
        if element.level != "enterprise":
            continue
        figure = own.get(element.id, "")
        line = OwnLine(element.id, figure, None, element.unit, reason=_NOTHING)
        if figure in makers:
            line = _line(line, makers[figure]())
        told = stated.get((element.id, year))
        if line.value is None and told is not None and isinstance(told.data.get("value"), int | float):
            line = replace(line, value=float(told.data["value"]), facts=facts_of("event", [told.seq]), reason="",
                           document=str(told.data.get("document", "")))  # fmt: skip
        if now() < end and line.value is not None:
            line = replace(line, value=None, reason=f"the year {year} is not over")
        lines.append(line)
    return OwnReturn(plant.id, year, seq, start, end, tuple(lines), processes)


def _line(line: OwnLine, found: Found) -> OwnLine:
    """A figure in the element's unit."""
    if found.value is None:
        return replace(line, facts=found.facts, notes=found.notes, reason=found.reason)
    unit = found.unit.replace("kgCO2e", "kg").replace("kgCO2", "kg")
    try:
        value = amount(found.value, unit, line.unit)
    except UnitError as error:
        return replace(line, facts=found.facts, reason=f"{found.unit} is no {line.unit}: {error.message}")
    return replace(line, value=value, facts=found.facts, notes=found.notes, reason="")


def _makers(
    ledger: Ledger, plant: Plant, account: GreenAccount, processes: tuple[ProcessEvidence, ...], seq: int
) -> dict[str, Callable[[], Found]]:
    """Figure → how it is worked out."""
    window = account.start, account.end
    return {
        "energy": lambda: _metered(account, "figure:energy", _known(account, water=False)),
        "greenhouse gases": lambda: _gases(account, (1, 2)),
        "direct greenhouse gases": lambda: _gases(account, (1,)),
        "fresh water": lambda: _metered(account, "figure:fresh", _known(account, water=True)),
        "waste generated": lambda: _waste(ledger, account, "generated", seq),
        "waste utilised": lambda: _waste(ledger, account, "utilised", seq),
        "older waste utilised": lambda: _waste(ledger, account, "utilised_old", seq),
        "output value": lambda: account.found["figure:output"],
        "revenue": lambda: _journal(ledger, plant, _REVENUE, -1, window, seq, "main-business revenue"),
        "research spend": lambda: _journal(ledger, plant, _RESEARCH, 1, window, seq, "R&D expenditure"),
        "key processes": lambda: _register(plant, processes),
        "key processes under control": lambda: _controlled(plant, processes),
    }  # fmt: skip


# ---- meters


def _known(account: GreenAccount, *, water: bool) -> float | None:
    """Least share of the year that a meter at the top knows [1]; None without one."""
    if account.energy is None:
        return None
    span = account.end - account.start
    wanted = "fresh" if water else ""
    tops = [
        one
        for one in account.energy.meters
        if (not one.meter.parent or one.meter.feeds) and role_of(one.meter.medium) == wanted
    ]
    shares = [1 - sum(b - a for a, b in one.holes(account.start, account.end)) / span for one in tops]
    return min(shares, default=None)


def _metered(account: GreenAccount, name: str, known: float | None) -> Found:
    found = account.found[name]
    if found.value is None or known is None or known >= _LEAST:
        return found
    reason = f"the meters know {100 * known:.1f} % of the year, {100 * _LEAST:.0f} % is needed"
    return replace(found, value=None, reason=reason)


def _gases(account: GreenAccount, scopes: tuple[int, ...]) -> Found:
    found = _metered(account, "figure:gases", _known(account, water=False))
    if found.value is not None and scopes == (1,):
        direct = account.found.get("scope:1")
        if direct is None:
            return Found(None, found.unit, found.facts, _NO_FUEL)
        found = replace(found, value=direct.value, unit=direct.unit, facts=direct.facts)
    lines = account.energy.carbon.lines if account.energy is not None else ()
    used = dict.fromkeys(f"{one.factor.id}: {one.factor.value} kgCO2e/{one.factor.per}, {one.factor.year}"
                         for one in lines if one.factor.scope in scopes)  # fmt: skip
    said = f"scope{'s' * (len(scopes) > 1)} {' and '.join(map(str, scopes))}, in CO₂ equivalents"
    return replace(found, notes=(said, *used, *found.notes))


# ---- waste


def _waste(ledger: Ledger, account: GreenAccount, what: str, seq: int) -> Found:
    streams = account.waste.of("general")
    if not streams:
        return Found(None, "t", reason="the books hold no movement of solid waste; if none came up, state 0")
    seqs = [one for stream in streams for one in stream.seqs]
    first = ledger.frame("movement", seqs=seqs, as_of=seq).select(nw.col("time").min()).collect("pyarrow").to_native()
    begin = pa.table(first)["time"][0].as_py()
    if begin is not None and begin - account.start > (1 - _LEAST) * (account.end - account.start):
        day = to_datetime(begin).date().isoformat()
        return Found(None, "t", facts_of("movement", seqs), f"the books of waste begin on {day}")
    kilograms = sum((getattr(one, what) for one in streams), start=cast("Any", 0))
    return Found(float(kilograms) / 1000, "t", facts_of("movement", seqs), notes=account.waste.notes)


# ---- journal


def _journal(
    ledger: Ledger, plant: Plant, account: str, sign: int, window: tuple[int, int], seq: int, what: str
) -> Found:  # fmt: skip
    """Balance of an account over the year; entries that close or clear it are left out.

    Source  numbers of accounts: application guide of China's Accounting Standards for Business Enterprises, annex
    """
    start, end = window
    rows = pa.table(
        ledger.frame("posting", since=start, until=end, as_of=seq)
        .select("seq", "time", nw.col("subject").cast(nw.String), nw.col("account").cast(nw.String), "amount",
                nw.col("currency").cast(nw.String)).collect("pyarrow").to_native()
    ).to_pylist()  # fmt: skip
    left_out = _closing(rows, account, sign)
    kept = [one for one in rows if one["account"].startswith(account) and one["subject"] not in left_out]
    if not kept:
        return Found(None, "CNY", reason=f"the journal has no posting of account {account} ({what})")
    seqs = facts_of("posting", [one["seq"] for one in kept])
    currencies = {one["currency"] for one in kept}
    if len(currencies) > 1:
        return Found(None, "CNY", seqs, f"account {account} holds several currencies: {', '.join(sorted(currencies))}")
    begin = ledger.frame("posting", as_of=seq).select(nw.col("time").min()).collect("pyarrow").to_native()
    first = pa.table(begin)["time"][0].as_py()
    if first - start > (1 - _LEAST) * (end - start):
        return Found(None, "CNY", seqs, f"the journal begins on {_local(first, plant).date().isoformat()}")
    last = max(one["time"] for one in rows)
    if end - last > (1 - _LEAST) * (end - start):
        day = _local(last, plant).date().isoformat()
        return Found(None, "CNY", seqs, f"the journal of the year ends on {day}")
    months = {_local(one["time"], plant).strftime("%Y-%m") for one in kept}
    total = sign * sum(one["amount"] for one in kept)
    notes: tuple[str, ...] = (f"account {account}, {len(kept)} postings in {len(months)} months",)
    if account == _RESEARCH:
        notes += ("as the accounts have it; research that others do is not intramural spend",)
    return Found(float(total), currencies.pop(), seqs, notes=notes)


def _closing(rows: Sequence[Mapping[str, Any]], account: str, sign: int) -> set[str]:
    """Entries that close an account to the profit of the year, or clear it at the end of a period."""
    closing = {one["subject"] for one in rows if one["account"].startswith(_CLOSING)}
    against: dict[str, float] = defaultdict(float)
    for one in rows:
        if one["account"].startswith(account):
            against[one["subject"]] -= sign * one["amount"]
    cleared = _CLEARED.get(account, ())
    # an entry that only splits a cost between both accounts adds to this one
    return closing | {one["subject"] for one in rows if cleared and one["account"].startswith(cleared)
                      and against.get(one["subject"], 0.0) > 0}  # fmt: skip


def _local(time: int, plant: Plant) -> datetime:
    return to_datetime(time).astimezone(plant.zone)


# ---- key processes


def _register(plant: Plant, processes: tuple[ProcessEvidence, ...]) -> Found:
    if not plant.key_processes:
        return Found(None, "1", reason="the plant has no table of key processes")
    return Found(float(len(processes)), "1", notes=("as the firm registered them",))


def _controlled(plant: Plant, processes: tuple[ProcessEvidence, ...]) -> Found:
    if not plant.key_processes:
        return _register(plant, processes)
    shown = [one for one in processes if one.controlled]
    return Found(float(len(shown)), "1", facts_of("state", [one.seq for one in shown]))
