"""Switching between normal, tightened and reduced inspection: the state of a supplier's item, folded from its lots.

Lots that were submitted again count for nothing here: the rules speak of original inspection only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from luban.norms.sampling import Severity, limit_number, switching_rules

__all__ = [
    "RULES", "LotResult", "Standing", "Switch", "after_change", "after_lot", "limit_of", "lots_to_go", "start",
]  # fmt: skip

RULES: Final = {
    "tighten": "4.7.1: 2 of 5 or fewer consecutive lots were rejected",
    "relax": "4.7.2: 5 consecutive lots were accepted on tightened inspection",
    "reduce": "4.7.3: 10 consecutive lots were accepted, few enough nonconforming in their samples",
    "reject": "4.7.4 a: a lot was rejected on reduced inspection",
    "gap": "4.7.4 b: more found than the acceptance number, fewer than the rejection number",
    "unsteady": "4.7.4 c: production became irregular or delayed",
    "other": "4.7.4 d: other conditions warrant it",
    "stop": "4.8: 5 lots were rejected on tightened inspection",
    "resume": "4.8: corrective action was taken",
    "agree": "4.6.1: inspection starts",
}
"""Why the inspection switches, with the clause of MIL-STD-105E, in its numbering of 1989."""


@dataclass(frozen=True, slots=True)
class LotResult:
    """A lot whose decision is final.

    lot       its name
    size      pieces in it
    severity  the inspection it was judged by
    units     pieces in its samples
    found     nonconforming pieces (or nonconformities) in them
    accepted  the decision
    gap       accepted between the numbers of reduced inspection
    original  first time submitted
    time      when [µs UTC]; seq: the fact, 0 if none
    """

    lot: str
    size: int
    severity: Severity
    units: int
    found: int
    accepted: bool
    gap: bool = False
    original: bool = True
    time: int = 0
    seq: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch of inspection.

    rule    key of RULES
    before, after  severity; "stopped" while inspection is discontinued
    lot     lot that brought it about, "" for an act of a person
    """

    rule: str
    before: str
    after: str
    lot: str
    time: int
    seq: int

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST, with the rule in words."""
        return {name: getattr(self, name) for name in self.__slots__} | {"why": RULES[self.rule]}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a supplier's item stands.

    aql       [% or nonconformities per 100 pieces]
    severity  inspection of the next lot
    stopped   inspection is discontinued until corrective action is taken
    steady    production is at a steady rate
    permit    reduced inspection is wished for
    phase     original lots since the last switch, the oldest first
    switches  every switch, the oldest first
    lots      every decided lot, the oldest first
    doubts    what does not fit the rules, e.g. a lot inspected less strictly than was due
    """

    aql: float
    severity: Severity = "normal"
    stopped: bool = False
    steady: bool = True
    permit: bool = False
    phase: tuple[LotResult, ...] = ()
    switches: tuple[Switch, ...] = ()
    lots: tuple[LotResult, ...] = ()
    doubts: tuple[str, ...] = field(default=())


def start(aql: float, lots: Iterable[LotResult] = (), *, permit: bool = False, steady: bool = True) -> Standing:
    """Where inspection stands after these lots, beginning on normal inspection.

    Example  start(1.0, [LotResult("1", 500, "normal", 50, 3, accepted=False)] * 2).severity == "tightened"
    """
    standing = Standing(aql, permit=permit, steady=steady)
    for lot in lots:
        standing = after_lot(standing, lot)
    return standing


def after_lot(standing: Standing, lot: LotResult) -> Standing:
    """Where inspection stands after one more decided lot."""
    doubts = standing.doubts
    if standing.stopped and lot.original:
        doubts = (*doubts, f"lot {lot.lot} was inspected although inspection is discontinued")
    elif lot.original and lot.severity != standing.severity:
        doubts = (*doubts, f"lot {lot.lot} was inspected {lot.severity} although {standing.severity} was due")
    now = replace(standing, lots=(*standing.lots, lot), doubts=doubts)
    if not lot.original or standing.stopped:
        return now
    now = replace(now, phase=(*standing.phase, lot))
    rule = _rule(now)
    if rule is None:
        return now
    target: Severity | None = {"tighten": "tightened", "reduce": "reduced", "stop": None}.get(rule, "normal")
    return _switched(now, rule, target, lot.lot, lot.time, lot.seq)


def after_change(
    standing: Standing, *, steady: bool | None = None, permit: bool | None = None, resume: bool = False,
    severity: Severity | None = None, time: int = 0, seq: int = 0,
) -> Standing:  # fmt: skip
    """Where inspection stands after an act of a person.

    steady    production is at a steady rate, or no longer
    permit    reduced inspection is wished for, or no longer
    resume    corrective action was taken after inspection was discontinued
    severity  the responsible authority orders this severity
    """
    now = standing
    if steady is not None:
        now = replace(now, steady=steady)
    if permit is not None:
        now = replace(now, permit=permit)
    if resume and now.stopped:
        now = _switched(replace(now, stopped=False), "resume", "tightened", "", time, seq)
    if now.severity == "reduced" and not now.steady and not now.stopped:
        now = _switched(now, "unsteady", "normal", "", time, seq)
    elif now.severity == "reduced" and not now.permit and not now.stopped:
        now = _switched(now, "other", "normal", "", time, seq)
    elif now.severity == "normal" and not now.stopped and _may_reduce(now):
        now = _switched(now, "reduce", "reduced", "", time, seq)
    if severity is not None and severity != now.severity and not now.stopped:
        now = _switched(now, "other", severity, "", time, seq)
    return now


def limit_of(standing: Standing) -> tuple[int, int, int | None]:
    """(lots, found, limit number) of the newest lots on normal inspection that decide on reduced inspection.

    The limit is None where even all lots of the phase hold too few sample pieces, or where there are fewer than ten.
    """
    least = switching_rules()["reduce_lots"].value
    units = found = 0
    for count, lot in enumerate(reversed(standing.phase), 1):
        if not lot.accepted:
            break
        units, found = units + lot.units, found + lot.found
        if count >= least:
            limit = limit_number(units, standing.aql)
            if limit is not None:
                return count, found, limit
    taken = standing.phase[-least:]
    return len(taken), sum(lot.found for lot in taken), None


def lots_to_go(standing: Standing) -> int:
    """How many more accepted lots in a row the next milder inspection needs; 0 on reduced or discontinued inspection.

    On normal inspection it is the fewest: the limit number has to be kept as well, and production be steady.
    """
    rules = switching_rules()
    if standing.stopped or standing.severity == "reduced":
        return 0
    wanted = rules["relax_accepted" if standing.severity == "tightened" else "reduce_lots"].value
    run = 0
    for lot in reversed(standing.phase):
        if not lot.accepted:
            break
        run += 1
    return max(wanted - run, 0)


def _rule(now: Standing) -> str | None:
    """Which rule the newest lot sets off."""
    rules = switching_rules()
    newest = now.phase[-1]
    if now.severity == "reduced":
        return "reject" if not newest.accepted else "gap" if newest.gap else None
    if now.severity == "tightened":
        if sum(not lot.accepted for lot in now.phase) >= rules["stop_rejected"].value:
            return "stop"
        return "relax" if lots_to_go(now) == 0 else None
    window = now.phase[-rules["tighten_lots"].value :]
    if sum(not lot.accepted for lot in window) >= rules["tighten_rejected"].value:
        return "tighten"
    return "reduce" if _may_reduce(now) else None


def _may_reduce(now: Standing) -> bool:
    if not (now.permit and now.steady) or lots_to_go(now) > 0:
        return False
    _lots, found, limit = limit_of(now)
    return limit is not None and found <= limit


def _switched(now: Standing, rule: str, target: Severity | None, lot: str, time: int, seq: int) -> Standing:
    switch = Switch(rule, "stopped" if rule == "resume" else now.severity, target or "stopped", lot, time, seq)
    kept = replace(now, phase=(), switches=(*now.switches, switch))
    return replace(kept, stopped=True) if target is None else replace(kept, severity=target)
