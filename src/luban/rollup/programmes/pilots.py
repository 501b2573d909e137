"""Pilots rolled up: each against its own state before, fixed before the levers went on; without one, not evaluable.

Reads   Fact(event) of the kind `pilot`    Writes  nothing itself: `pilot_row` makes the entry of a pilot's verdict
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.special import stdtrit

from luban.core.errors import InputError
from luban.core.time import iso
from luban.ledger import Ledger
from luban.rollup.points import reaches
from luban.understand.book import Entry, entries, row

__all__ = ["ENROL", "VERDICT", "Effect", "Pilots", "effects", "pilot_row", "pooled", "read_pilot"]

_Place = tuple[str, str, str]

ENROL: Final = "enrol"
VERDICT: Final = "verdict"
_LATE: Final = "its state before was fixed after the levers went on"


@dataclass(frozen=True, slots=True)
class Effect:
    """What a pilot changed in one figure.

    pilot, metric    whose, in what (cost, cycle, defects, …)
    cut, low, high   reduction against its own state before [%], above 0: less; NaN where `reason`
    reason           why it is not evaluable
    region, industry, category   where the pilot is and of which class, as it was enrolled
    seq              of the entry
    """

    pilot: str
    metric: str
    cut: float
    low: float
    high: float
    reason: str = ""
    region: str = ""
    industry: str = ""
    category: str = ""
    seq: int = 0

    @property
    def evaluable(self) -> bool:
        """Whether there is an effect with an interval."""
        return not self.reason


@dataclass(frozen=True, slots=True)
class Pilots:
    """A metric over all pilots.

    cut, low, high   mean reduction over pilots that are evaluable [%] and its 95 % interval, the pilot being the draw
    met              evaluable pilots whose whole interval lies at or beyond the target
    evaluable, enrolled, effects   how many, and each
    """

    metric: str
    cut: float
    low: float
    high: float
    met: int
    evaluable: int
    enrolled: int
    effects: tuple[Effect, ...]


def pilot_row(
    pilot: str,
    found: Sequence[Effect],
    *,
    person: str,
    enrolled: str,
    baseline: str,
    evidence: Sequence[Mapping[str, Any]],
    time: int | None = None,
) -> dict[str, list[Any]]:
    """The entry of a pilot's verdict in the books of whoever follows pilots up.

    enrolled   day it was enrolled;  baseline  digest of its state before; "" where none was fixed
    evidence   entries of `Evidence.as_dict`
    Raises     InputError without evidence
    """
    if not evidence:
        raise InputError("a pilot's verdict without evidence", where=pilot, expected="its proof, a document or a fact")
    first = found[0] if found else Effect(pilot, "", math.nan, math.nan, math.nan)
    told = {
        one.metric: {
            "cut": _or_none(one.cut),
            "low": _or_none(one.low),
            "high": _or_none(one.high),
            "reason": one.reason,
        }
        for one in found
    }
    data = {
        "effects": told, "enrolled": enrolled, "baseline": baseline, "evidence": list(evidence), "region": first.region,
        "industry": first.industry, "category": first.category,
    }  # fmt: skip
    said = ", ".join(
        f"{one.metric} {-one.cut:+.1f} %" if one.evaluable else f"{one.metric}: {one.reason}" for one in found
    )
    return row("pilot", pilot, VERDICT, person=person, text=said, data=data, time=time)


def read_pilot(path: Path, *, region: str = "", industry: str = "") -> tuple[str, tuple[Effect, ...], str, str]:
    """(name, effects, day the levers went on, digest of the state before) of `luban pilot --plant DIR -o FILE.json`.

    Raises   InputError: not such a document
    """
    try:
        told = json.loads(path.read_text("utf-8"))
        name, found = str(told["name"]), []
        late = _LATE if told.get("fixed") is not None and int(told["fixed"]) > int(told["on"]) else ""
        for one in told["targets"]:
            why = str(one["why"]) if one["verdict"] == "not evaluable" else late
            share = [one["share"], one["high"], one["low"]]  # below 0: less
            ends = [math.nan if some is None else -100.0 * float(some) for some in share]
            found.append(
                _effect(name, str(one["metric"]), ends, why, (region, industry, str(told.get("category", ""))))
            )
        fixed = [str(one.get("baseline") or "") for one in told["outcomes"].values()]
        return name, tuple(found), iso(int(told["on"]))[:10], next((one for one in fixed if one), "")
    except OSError as error:
        raise InputError("the proof cannot be read", came=str(error), where=str(path)) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError("not the proof of a pilot", came=repr(error), where=str(path),
                         hint="luban pilot --plant DIR -o proof.json") from None  # fmt: skip


def effects(ledger: Ledger, *, as_of: int | None = None) -> tuple[Effect, ...]:
    """What the pilots of the books changed, the newest verdict of each; enrolled ones without a verdict too.

    A verdict whose state before was not fixed, or fixed after the levers went on, judges nothing, nor one that is older
    than the levers.
    """
    first: dict[str, Entry] = {}
    last: dict[str, Entry] = {}
    for one in entries(ledger, "pilot", as_of=as_of):
        if one.code == ENROL:
            first.setdefault(one.subject, one)
        elif one.code == VERDICT:
            last[one.subject] = one
    found: list[Effect] = []
    for name in sorted({*first, *last}):
        found += _told(name, first.get(name), last.get(name))
    return tuple(found)


def pooled(some: Iterable[Effect], metric: str, target: float | None) -> Pilots:
    """A metric over all pilots.

    target   reduction asked for [%]; None: none
    Example  pooled(effects(ledger), "cost", 30.0).cut
    """
    own = tuple(one for one in some if one.metric == metric)
    good = [one for one in own if one.evaluable]
    cuts = np.array([one.cut for one in good], np.float64)
    mean = float(cuts.mean()) if len(cuts) else math.nan
    half = math.nan
    if len(cuts) > 1:
        half = float(stdtrit(len(cuts) - 1, 0.975)) * float(cuts.std(ddof=1)) / math.sqrt(len(cuts))
    met = sum(target is not None and reaches(one.low, target) for one in good)
    return Pilots(metric, mean, mean - half, mean + half, met, len(good), len(own), own)


def _told(name: str, first: Entry | None, last: Entry | None) -> list[Effect]:
    source = last or first
    if source is None:
        return []
    region, industry, category = (str(source.data.get(one, "")) for one in ("region", "industry", "category"))
    place: _Place = (region, industry, category)
    if last is None:
        lacks = source.data.get("lacks")
        lacks = lacks if isinstance(lacks, Mapping) else {}
        metrics = list(dict.fromkeys([*(source.data.get("baselines") or {}), *lacks])) or [""]
        return [
            Effect(name, one, math.nan, math.nan, math.nan, str(lacks.get(one) or "no verdict yet"), *place, source.seq)
            for one in metrics
        ]
    told = last.data.get("effects")
    why = "" if last.data.get("evidence") else "a verdict without evidence"
    if iso(last.time)[:10] < str(last.data.get("enrolled", "")):
        why = why or "the verdict is older than the levers"
    found = []
    for metric, one in told.items() if isinstance(told, Mapping) else ():
        ends = [math.nan if one.get(end) is None else float(one[end]) for end in ("cut", "low", "high")]
        reason = _unfixed(first, last, str(metric)) or why or str(one.get("reason") or "")
        found.append(_effect(name, str(metric), ends, reason, place, last.seq))
    return found


def _unfixed(first: Entry | None, last: Entry, metric: str) -> str:
    """Why a verdict has no state before to be held against; "" where it has one."""
    if first is None:
        return "" if last.data.get("baseline") else "no state before was fixed"
    base = (first.data.get("baselines") or {}).get(metric)
    if base is None:
        return str((first.data.get("lacks") or {}).get(metric) or "no state before was fixed")
    on, fixed = first.data.get("on"), base.get("fixed") if isinstance(base, Mapping) else None
    late = on is not None and max(int(fixed or 0), first.recorded) > int(on)
    return _LATE if late else ""


def _effect(
    name: str, metric: str, ends: Sequence[float], reason: str, place: _Place, seq: int = 0
) -> Effect:  # fmt: skip
    """Ends  the cut, its low and high end [%]"""
    if not reason and not all(map(math.isfinite, ends)):
        reason = "no effect with an interval"
    cut, low, high = (math.nan,) * 3 if reason else ends
    return Effect(name, metric, cut, low, high, reason, *place, seq)


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
