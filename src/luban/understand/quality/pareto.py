"""Pareto: which few causes bring most of the loss, with how sure that order is.

Reads   Fact(count), Fact(event) where the books are asked
Writes  nothing
Source  J. M. Juran, F. M. Gryna (1988), Quality Control Handbook, 4th edition, 22.19; intervals of shares by C. J.
        Clopper, E. S. Pearson (1934), Biometrika 26, 404-413
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import narwhals as nw
import numpy as np
from scipy import special

from luban.core.errors import InputError
from luban.core.quality import Quality
from luban.ledger import Ledger
from luban.understand.quality.capability.outside import exact_share
from luban.understand.quality.data import Floats

__all__ = ["EVENT_FIELDS", "SCRAP_FIELDS", "Cause", "Pareto", "events_pareto", "pareto", "scrap_pareto"]

SCRAP_FIELDS: Final = ("item", "subject", "operation", "order")
"""What scrapped pieces can be sorted by; `subject` is the work unit."""
EVENT_FIELDS: Final = ("code", "subject", "person")
"""What events can be sorted by; any other name is looked for in the event's own fields."""
_OTHER = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause.

    name        "" where nobody said it
    amount      pieces, hours, money: whatever was summed
    count       number of facts behind it
    share       of the whole [1], with its exact interval where amounts are whole pieces
    cumulative  share of this and all larger causes [1]
    vital       one of the few that together bring the wanted share
    of, rate    pieces made beside, and amount over amount + of [1]; None where they are not known
    """

    name: str
    amount: float
    count: int
    share: float
    low: float | None
    high: float | None
    cumulative: float
    vital: bool
    of: float | None = None
    rate: float | None = None
    rate_low: float | None = None
    rate_high: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Pareto:
    """Causes, the largest first.

    by      what they were sorted by
    unit    of the amounts
    total   of all amounts
    wanted  share that the vital few bring together [1]
    even    chance of such differences if all causes were alike (chi-square) [1]; None where amounts are not pieces
    unnamed amount whose cause nobody said; it stands among the causes
    used    facts used; left_out facts not good enough to be counted
    """

    by: str
    unit: str
    causes: tuple[Cause, ...]
    total: float
    wanted: float
    even: float | None
    unnamed: float
    used: int
    left_out: int = 0
    source: str = ""

    @property
    def vital(self) -> tuple[Cause, ...]:
        """The few causes that bring the wanted share."""
        return tuple(one for one in self.causes if one.vital)

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "by": self.by, "unit": self.unit, "total": self.total, "wanted": self.wanted, "even_p": self.even,
            "unnamed": self.unnamed, "used": self.used, "left_out": self.left_out, "source": self.source,
            "causes": [one.as_dict() for one in self.causes],
        }  # fmt: skip


def pareto(
    names: Sequence[str],
    amounts: Sequence[float] | Floats | None = None,
    *,
    made: Sequence[float] | None = None,
    by: str = "cause",
    unit: str = "piece",
    wanted: float = 0.8,
    level: float = 0.95,
    left_out: int = 0,
    source: str = "",
) -> Pareto:
    """Causes summed and sorted.

    names    cause of each fact, "" where nobody said it
    amounts  of each fact, at least 0; 1 each by default
    made     good amount beside each fact, for rates
    wanted   share that the vital few bring together, 0 < wanted <= 1
    Raises   InputError: lengths that differ, an amount below zero or not finite, nothing to sort
    Example  pareto(["a", "b", "a"]).causes[0].name == "a"
    """
    each = np.ones(len(names)) if amounts is None else np.asarray(amounts, np.float64)
    beside = None if made is None else np.asarray(made, np.float64)
    if len(each) != len(names) or (beside is not None and len(beside) != len(names)):
        raise InputError("names and amounts differ in number", came=f"{len(names)} names, {len(each)} amounts")
    if not bool((each >= 0).all()) or not bool(np.isfinite(each).all()):
        raise InputError("an amount is below zero or not a number", came=f"{each[~(each >= 0)][:1]}", where=by)
    if not 0 < wanted <= 1:
        raise InputError("a share lies between 0 and 1", came=f"{wanted:g}")
    total = float(each.sum())
    if not total > 0:
        raise InputError("nothing to sort: no fact has an amount", came=f"{len(names)} facts", where=source or by)
    sums: dict[str, list[float]] = {}
    for at, name in enumerate(names):
        own = sums.setdefault(name, [0.0, 0, 0.0])
        own[0] += float(each[at])
        own[1] += 1
        own[2] += float(beside[at]) if beside is not None else 0.0
    order = sorted((name for name in sums if sums[name][0] > 0), key=lambda name: (-sums[name][0], name))
    whole = bool((each == np.round(each)).all())
    causes, reached = [], 0.0
    for name in order:
        amount, count, good = sums[name]
        vital = reached < wanted * total - 1e-9 * total
        reached += amount
        low, high = exact_share(int(amount), int(total), level) if whole else (None, None)
        cause = Cause(name, amount, int(count), amount / total, low, high, reached / total, vital)
        causes.append(_rated(cause, good, level) if beside is not None else cause)
    values = np.array([one.amount for one in causes])
    even = None
    if whole and len(values) > 1:
        mean = total / len(values)
        even = float(special.gammaincc((len(values) - 1) / 2, float(((values - mean) ** 2).sum()) / mean / 2))
    unnamed = sums.get(_OTHER, [0.0])[0]
    return Pareto(by, unit, tuple(causes), total, wanted, even, unnamed, len(names), left_out, source)


def scrap_pareto(
    ledger: Ledger,
    start: int | None = None,
    end: int | None = None,
    *,
    by: str = "item",
    rework: bool = False,
    wanted: float = 0.8,
    as_of: int | None = None,
) -> Pareto:
    """Scrapped pieces in [start, end) [µs UTC] by item, work unit, operation or order, with their rates.

    rework  count pieces to rework too
    Raises  InputError: unknown field, no scrap in that time
    """
    if by not in SCRAP_FIELDS:
        raise InputError("scrap cannot be sorted by that", came=by, expected=", ".join(SCRAP_FIELDS))
    frame = ledger.frame("count", since=start, until=end, as_of=as_of)
    columns = list(dict.fromkeys([by, "good", "scrap", "rework", "quality"]))
    rows = frame.select(*columns).collect("pyarrow").to_arrow().to_pylist()
    fine = [row for row in rows if row["quality"] == Quality.GOOD]
    lost = [float(row["scrap"] or 0) + (float(row["rework"] or 0) if rework else 0.0) for row in fine]
    good = [float(row["good"] or 0) + (0.0 if rework else float(row["rework"] or 0)) for row in fine]
    names = [str(row[by] or "") for row in fine]
    told = f"ledger, {len(rows)} count facts"
    told = f"ledger, {len(rows)} count facts"
    return pareto(names, lost, made=good, by=by, wanted=wanted, left_out=len(rows) - len(fine), source=told)


def events_pareto(
    ledger: Ledger,
    kind: str,
    start: int | None = None,
    end: int | None = None,
    *,
    by: str = "code",
    codes: Sequence[str] = (),
    amount: str = "",
    wanted: float = 0.8,
    as_of: int | None = None,
) -> Pareto:
    """Events of a kind in [start, end) [µs UTC], e.g. alarms or opened non-conformances, by code or another field.

    by      a field of the event, or of its own fields (`data`), e.g. defect, cause, supplier
    codes   only events with these codes; all by default
    amount  one of its own fields to sum, e.g. quantity or cost; by default events are counted
    """
    frame = ledger.frame("event", since=start, until=end, as_of=as_of).filter(nw.col("kind") == kind)
    rows = frame.select("subject", "code", "person", "data").collect("pyarrow").to_arrow().to_pylist()
    names, amounts, left_out = [], [], 0
    for row in rows:
        if codes and row["code"] not in codes:
            continue
        own = _fields(row["data"])
        value = own.get(amount, None if amount else 1.0)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
            left_out += 1
            continue
        names.append(str((row[by] if by in EVENT_FIELDS else own.get(by)) or ""))
        amounts.append(float(value))
    unit = amount or "event"
    source = f"ledger, {len(rows)} {kind} events"
    return pareto(names, amounts, by=by, unit=unit, wanted=wanted, left_out=left_out, source=source)


def _rated(cause: Cause, good: float, level: float) -> Cause:
    whole = cause.amount + good
    ends: tuple[float | None, float | None] = (None, None)
    if cause.amount == round(cause.amount) and good == round(good):
        ends = exact_share(int(cause.amount), int(whole), level)
    return replace(cause, of=good, rate=cause.amount / whole, rate_low=ends[0], rate_high=ends[1])


def _fields(data: str | None) -> dict[str, Any]:
    try:
        own = json.loads(data or "{}")
    except ValueError:
        return {}
    return own if isinstance(own, dict) else {}
