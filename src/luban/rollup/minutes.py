"""Items, advice, decisions and minutes in one record; a decision quotes the versions of the indicators it used.

A quote is a value with the digest of its definition and the newest fact it was computed from (its vintage). Computed
anew as of that vintage with that definition, it comes out the same; otherwise the quote does not stand, and says why.

Reads   Fact(event) of the kind `advice`    Writes  nothing itself: rows for whoever has a spool or the act log
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final

from luban.core.errors import InputError
from luban.core.time import iso
from luban.ledger import Ledger
from luban.norms.plans import TargetPlan
from luban.understand.book import entries, row

__all__ = ["CODES", "Change", "Item", "Quote", "advice_row", "change_of", "check_quote", "minutes", "quote"]

CODES: Final[Mapping[str, str]] = {
    "item": "put on the agenda",
    "advice": "what advisers say of an item",
    "decision": "what was decided on an item, with the indicator versions it used",
    "minutes": "minutes of a meeting",
}
"""Codes of an entry of the kind `advice`."""

_SAME: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Quote:
    """A value as it stood when something was decided.

    indicator, region, industry, year   which one;  value  [its unit], None: it was not known
    definition   SHA-256 of the indicator's definition as data;  plan  id of the plan, and its digest
    vintage      newest seq of the books it was computed from
    """

    indicator: str
    year: int
    value: float | None
    definition: str
    vintage: int
    plan: str
    region: str = ""
    industry: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A target that is to be another one: id of an indicator or of a target of a programme, year, value [its unit]."""

    plan: str
    id: str
    year: int
    value: float


@dataclass(frozen=True, slots=True)
class Item:
    """An item with all that was said of it.

    said      (day, code, person, text) in order;  decided  the last decision, "" without one;  quotes  of the decisions
    proposed  the last change of a target that was proposed
    change    the one that the last decision makes, None: it makes none;  decision  its seq, 0 without one
    """

    id: str
    title: str
    said: tuple[tuple[date, str, str, str], ...]
    decided: str
    quotes: tuple[Quote, ...]
    seq: int
    proposed: Change | None = None
    change: Change | None = None
    decision: int = 0


def quote(
    plan: TargetPlan, ledger: Ledger, indicator: str, year: int, value: float | None, *, region: str = "",
    industry: str = "", vintage: int | None = None,
) -> Quote:  # fmt: skip
    """A quote of a value that was computed from the books as they stand, or stood at `vintage`.

    Raises  InputError: no such indicator, a vintage that is not there yet
    """
    plan.indicator(indicator)
    seq = ledger.head if vintage is None else vintage
    if not 0 <= seq <= ledger.head:
        raise InputError("no such vintage", came=str(seq), expected=f"up to {ledger.head}")
    known = None if value is None or not math.isfinite(value) else float(value)
    return Quote(indicator, year, known, plan.definition_digest(indicator), seq, plan.id, region, industry)


def change_of(plan: TargetPlan, name: str, year: int, value: float) -> Change:
    """A change of a target with a number. Raises InputError: no such target, no number in that year.

    Example  change_of(load_plan(), "I08", 2025, 60)
    """
    own = plan.indicators.get(name) or plan.item(name)
    stone = own.milestone(year)
    if stone is None or stone.value is None or stone.role != "target":
        years = [str(one.year) for one in own.milestones if one.value is not None and one.role == "target"]
        raise InputError("the plan has no target with a number then", came=f"{name} {year}",
                         expected=", ".join(years) or "a target with a number")  # fmt: skip
    if not math.isfinite(value):
        raise InputError("a number is needed", came=str(value), where=f"{name} {year}")
    return Change(plan.id, name, year, float(value))


def advice_row(
    item: str, code: str, text: str, *, person: str, quotes: Sequence[Quote] = (), change: Change | None = None,
    time: int | None = None,
) -> dict[str, list[Any]]:  # fmt: skip
    """An entry of the record.

    change   of a target: proposed by an item or advice, made by a decision
    Raises   InputError: an unknown code, no words, a decision that quotes no version
    Example  advice_row("m-3", "decision", "raise the target", person="li", quotes=[one])
    """
    if code not in CODES or not text.strip():
        raise InputError(
            "what was said of which item?", came=f"{code}: {text!r}", expected=", ".join(CODES), where=item
        )
    if code == "decision" and not quotes:
        raise InputError("a decision quotes the indicator versions it used", came="none", where=item,
                         hint="quote a value, or put the item down as advice")  # fmt: skip
    data = {"quotes": [asdict(one) for one in quotes]} | ({"change": asdict(change)} if change else {})
    return row("advice", item, code, person=person, text=text, data=data, time=time)


def minutes(ledger: Ledger, *, as_of: int | None = None) -> tuple[Item, ...]:
    """Every item with what was said, in the order it was put on the agenda."""
    found: dict[str, Item] = {}
    for one in entries(ledger, "advice", as_of=as_of):
        own = found.get(one.subject) or Item(one.subject, one.text, (), "", (), one.seq)
        said = (*own.said, (date.fromisoformat(iso(one.time)[:10]), one.code, one.person, one.text))
        quotes = [_quote(some) for some in one.data.get("quotes", ()) if isinstance(some, Mapping)]
        own = replace(own, said=said, quotes=(*own.quotes, *quotes), seq=one.seq)
        change = _change(one.data.get("change"))
        if one.code == "decision":
            own = replace(own, decided=one.text, change=change, decision=one.seq)
        found[one.subject] = own if one.code == "decision" or change is None else replace(own, proposed=change)
    return tuple(found.values())


def check_quote(plan: TargetPlan, one: Quote, recompute: Callable[[Quote], float | None]) -> str:
    """Why a quote does not stand; "" if it does.

    recompute  the value of the quote's indicator, computed as of its vintage; None where it is not known
    """
    if one.plan != plan.id:
        return f"it quotes another plan: {one.plan}"
    if one.indicator not in plan.indicators:
        return f"the plan has no indicator {one.indicator} any more"
    if plan.definition_digest(one.indicator) != one.definition:
        return "the definition was changed since"
    found = recompute(one)
    if found is None or one.value is None:
        return "" if found is None and one.value is None else f"quoted {one.value}, computed anew {found}"
    same = math.isclose(found, one.value, rel_tol=_SAME, abs_tol=_SAME)
    return "" if same else f"quoted {one.value:g}, computed anew {found:g}"


def _change(given: Any) -> Change | None:
    if not isinstance(given, Mapping):
        return None
    try:
        return Change(str(given["plan"]), str(given["id"]), int(given["year"]), float(given["value"]))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("a change of a target cannot be read", came=str(error)) from None


def _quote(given: Mapping[str, Any]) -> Quote:
    known = {name: given[name] for name in Quote.__dataclass_fields__ if name in given}
    try:
        return Quote(**known)
    except TypeError as error:
        raise InputError("a quote cannot be read", came=str(error)) from None
