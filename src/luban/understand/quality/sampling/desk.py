"""The sampling desk: terms agreed with a supplier, lots inspected, and the inspection that is due, from the books.

Reads   Fact(event, kind="sampling"): subject `supplier:item`; codes agree, lot, steady, permit, resume, order
Writes  nothing itself: `row` of `understand.book` makes the entry
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from luban.core.errors import InputError, LubanError
from luban.ledger import Ledger
from luban.norms.sampling import KINDS, SEVERITIES, Kind, Severity
from luban.understand.book import Entry, entries
from luban.understand.quality.sampling.lot import LotDecision, judge
from luban.understand.quality.sampling.plan import AttributePlan, standard_plan
from luban.understand.quality.sampling.switching import (
    LotResult,
    Standing,
    Switch,
    after_change,
    after_lot,
    limit_of,
    lots_to_go,
)

__all__ = [
    "KIND", "Account", "OpenLot", "Terms", "account", "accounts", "after_entry", "folded", "lot_data", "plan_of",
    "subject_of",
]  # fmt: skip

KIND = "sampling"
"""Kind of the entries in the book of quality."""
_LOOK_BACK = 500  # lots among which a name may not come twice


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed for a supplier's item.

    aql    [% nonconforming, above 10 nonconformities per 100 pieces]
    level  inspection level
    kind   single, double, multiple
    """

    aql: float
    level: str = "II"
    kind: Kind = "single"


@dataclass(frozen=True, slots=True)
class OpenLot:
    """A lot that is not decided yet: another sample is to be drawn."""

    lot: str
    size: int
    severity: Severity
    found: tuple[int, ...]
    original: bool
    plan: AttributePlan
    decision: LotDecision


@dataclass(frozen=True, slots=True)
class Account:
    """Everything about one supplier's item.

    terms     in force; None before any agreement
    standing  severity of the next lot, switches, decided lots; None before any agreement
    open      lots that wait for a further sample
    unread    entries that could not be understood, with the reason
    """

    supplier: str
    item: str
    terms: Terms | None
    standing: Standing | None
    open: tuple[OpenLot, ...] = ()
    unread: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        terms, standing = self.terms, self.standing
        told: dict[str, Any] = {"supplier": self.supplier, "item": self.item, "unread": list(self.unread)}
        if terms is not None:
            told |= {"aql": terms.aql, "level": terms.level, "kind": terms.kind}
        if standing is not None:
            lots, found, limit = limit_of(standing)
            told |= {
                "severity": "stopped" if standing.stopped else standing.severity, "steady": standing.steady,
                "reduced_wished": standing.permit, "lots_to_go": lots_to_go(standing),
                "reduced": {"lots": lots, "found": found, "limit": limit},
                "switches": [one.as_dict() for one in standing.switches],
                "lots": [one.as_dict() for one in standing.lots], "doubts": list(standing.doubts),
            }  # fmt: skip
        told["open"] = [{"lot": one.lot, "found": list(one.found)} | one.decision.as_dict() for one in self.open]
        return told


def subject_of(supplier: str, item: str) -> str:
    """Subject of the entries. Raises InputError for an empty name or a colon in the supplier's.

    Example  subject_of("acme", "bolt M8") == "acme:bolt M8"
    """
    if not supplier.strip() or not item.strip() or ":" in supplier:
        expected = "both names, no colon in the supplier's"
        raise InputError("supplier and item are needed", came=f"{supplier!r}, {item!r}", expected=expected)
    return f"{supplier.strip()}:{item.strip()}"


def account(ledger: Ledger, supplier: str, item: str, as_of: int | None = None) -> Account:
    """The account of one supplier's item; one without terms if the books know nothing of it."""
    return folded(supplier, item, entries(ledger, KIND, subject_of(supplier, item), as_of))


def accounts(ledger: Ledger, as_of: int | None = None) -> tuple[Account, ...]:
    """All accounts in the books, by supplier and item."""
    gathered: dict[str, list[Entry]] = {}
    for entry in entries(ledger, KIND, None, as_of):
        gathered.setdefault(entry.subject, []).append(entry)
    found = []
    for subject in sorted(gathered):
        supplier, _colon, item = subject.partition(":")
        found.append(folded(supplier, item, gathered[subject]))
    return tuple(found)


def plan_of(account: Account, size: int) -> AttributePlan:
    """The plan that is due for the next lot of this size.

    Raises  InputError: nothing agreed yet, inspection discontinued
    """
    if account.terms is None or account.standing is None:
        hint = "agree on AQL, level and kind of sampling first"
        raise InputError(
            "nothing is agreed for this supplier and item", came=f"{account.supplier}, {account.item}", hint=hint
        )
    if account.standing.stopped:
        hint = "record the supplier's corrective action; tightened inspection follows"
        raise InputError("inspection is discontinued", came=f"{account.supplier}, {account.item}", hint=hint)
    terms = account.terms
    return standard_plan(size, terms.aql, level=terms.level, severity=account.standing.severity, kind=terms.kind)


def lot_data(account: Account, lot: str, size: int, found: Sequence[int], *, original: bool = True) -> dict[str, Any]:
    """Data of a `lot` entry, checked: the plan that is due and the decision after these samples.

    found    nonconforming in each sample so far, in order; the samples of an open lot included
    Raises   InputError: no name, a lot decided before, counts that cannot be, another size than the open lot's
    """
    if not lot.strip():
        raise InputError("a lot needs a name")
    if account.standing is not None and original and any(one.lot == lot for one in account.standing.lots[-_LOOK_BACK:]):
        hint = "a lot that comes back is submitted again: say so"
        raise InputError("this lot is decided already", came=lot, hint=hint)
    waiting = next((one for one in account.open if one.lot == lot), None)
    if waiting is not None and (waiting.size != size or tuple(found[: len(waiting.found)]) != waiting.found):
        expected = f"{waiting.size} pieces, samples {list(waiting.found)}"
        raise InputError(
            "the lot was begun with other figures", came=f"{size} pieces, {list(found)}", expected=expected
        )
    plan = waiting.plan if waiting is not None else plan_of(account, size)
    decision = judge(plan, found)
    terms = account.terms or Terms(plan.aql or 0.0)
    return {
        "lot": lot.strip(), "size": size, "found": [int(one) for one in found], "severity": plan.severity,
        "original": original, "aql": terms.aql, "level": terms.level, "kind": terms.kind, "plan": plan.as_dict(),
        "decision": decision.as_dict(),
    }  # fmt: skip


def folded(supplier: str, item: str, listed: Iterable[Entry]) -> Account:
    """The account that these entries make, in order of time. One that cannot be understood is named, not dropped."""
    now = Account(supplier, item, None, None)
    for entry in sorted(listed, key=lambda entry: (entry.time, entry.seq)):
        try:
            now = after_entry(now, entry)
        except (LubanError, KeyError, TypeError, ValueError) as error:
            now = replace(now, unread=(*now.unread, f"entry {entry.seq} ({entry.code}): {error}"))
    return now


def after_entry(now: Account, entry: Entry) -> Account:
    """The account after one more entry. Raises InputError, KeyError, TypeError or ValueError for one that is wrong."""
    data = entry.data
    if entry.code == "agree":
        return _agreed(now, entry)
    if now.standing is None:
        raise InputError("nothing is agreed before this entry")
    if entry.code == "lot":
        return _lot(now, now.standing, entry)
    changes: Mapping[str, Mapping[str, Any]] = {
        "steady": {"steady": data.get("steady")}, "permit": {"permit": data.get("permit")}, "resume": {"resume": True},
        "order": {"severity": data.get("severity")},
    }  # fmt: skip
    if entry.code not in changes:
        raise InputError("unknown code", came=entry.code)
    if entry.code == "order" and data.get("severity") not in SEVERITIES:
        raise InputError("unknown severity of inspection", came=repr(data.get("severity")))
    changed = after_change(now.standing, **changes[entry.code], time=entry.time, seq=entry.seq)
    return replace(now, standing=changed)


def _agreed(now: Account, entry: Entry) -> Account:
    data = entry.data
    terms = Terms(float(data["aql"]), str(data.get("level", "II")), data.get("kind", "single"))
    standard_plan(2, terms.aql, level=terms.level, kind=terms.kind)  # refuses what the tables do not have
    before = now.standing
    same = now.terms is not None and now.terms.aql == terms.aql
    if before is not None and same:
        return replace(now, terms=terms)
    begun = Switch("agree", "", "normal", "", entry.time, entry.seq)
    permit = bool(data.get("permit", before.permit if before else False))
    kept = (before.switches, before.lots, before.doubts) if before else ((), (), ())
    standing = Standing(
        terms.aql, steady=before.steady if before else True, permit=permit, switches=(*kept[0], begun), lots=kept[1],
        doubts=kept[2],
    )  # fmt: skip
    return replace(now, terms=terms, standing=standing)


def _lot(now: Account, standing: Standing, entry: Entry) -> Account:
    data = entry.data
    lot, size, found = str(data["lot"]), int(data["size"]), tuple(int(one) for one in data["found"])
    severity: Severity = data.get("severity", standing.severity)
    kind: Kind = data.get("kind", "single")
    if kind not in KINDS:
        raise InputError("unknown kind of sampling", came=repr(kind))
    original = bool(data.get("original", True))
    if original and any(one.lot == lot for one in standing.lots[-_LOOK_BACK:]):
        raise InputError("this lot is decided already", came=lot)
    plan = standard_plan(size, data["aql"], level=str(data.get("level", "II")), severity=severity, kind=kind)
    decision = judge(plan, found)
    others = tuple(one for one in now.open if one.lot != lot)
    if decision.verdict == "next":
        waiting = OpenLot(lot, size, severity, found, original, plan, decision)
        return replace(now, open=(*others, waiting))
    result = LotResult(
        lot, size, severity, decision.units, decision.found, decision.verdict == "accept", decision.gap, original,
        entry.time, entry.seq,
    )  # fmt: skip
    return replace(now, open=others, standing=after_lot(standing, result))
