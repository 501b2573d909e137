"""The board of a plan's programmes: each target with its value, its milestone and what it rests on.

Reads   a plan, what is counted (`things`), pilots (`pilots`), measured cuts    Writes  nothing
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from luban.core.errors import ConfigError
from luban.norms.plans import Item, Milestone, Programme, Step, TargetPlan, read_file
from luban.rollup.points import reaches
from luban.rollup.programmes.cut import Cut
from luban.rollup.programmes.pilots import Effect, Pilots, pooled
from luban.rollup.programmes.things import Thing, share_secured

__all__ = ["STATUSES", "WAYS", "ItemStatus", "board", "ways"]

STATUSES: Final[Mapping[str, str]] = {
    "met": "the milestone is reached",
    "on the way": "at or beyond 95 % of a straight path to the milestone",
    "behind": "below that path, and the year of the milestone is not over",
    "missed": "the year of the milestone is over and it is not reached",
    "not evaluable": "nothing is known that it could be told from",
    "qualitative": "a milestone without a number: shown, never scored",
}
"""Where a target stands, and what each word says."""

WAYS: Final[Mapping[str, str]] = {
    "count": "things counted, each with its evidence",
    "parts": "parts of a catalogue with a qualified domestic source",
    "pilots": "mean over pilots, each against its own state before",
    "cut": "intensity against a base year: pooled, and by industry",
    "shown": "what was shown of it, with evidence",
}
"""How a target is followed."""

_ON_PATH: Final = 0.95


@dataclass(frozen=True, slots=True)
class ItemStatus:
    """Where a target stands at the end of a year.

    programme       id of the programme or step that it belongs to
    way             one of WAYS;  milestone  next one, or the last; None where there is none
    value           [unit of the item]; NaN where `reason`;  low, high  its interval, NaN without one
    ratio           value over the milestone's [1]
    status          one of STATUSES;  reason  why it cannot be told
    counted         how many things, parts, pilots or industries it rests on;  left_out  the rest, with why
    by_region       path → things counted
    notes           what a reader must know
    said            last word on a target without a number
    """

    item: Item
    programme: str
    year: int
    way: str
    milestone: Milestone | None
    value: float
    low: float
    high: float
    ratio: float
    status: str
    reason: str = ""
    counted: int = 0
    left_out: tuple[tuple[str, str], ...] = ()
    by_region: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()
    said: str = ""
    pilots: Pilots | None = None
    cut: Cut | None = None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`, a bundle and REST; what is not known is None."""
        stone = self.milestone
        found: dict[str, Any] = {
            "item": self.item.id, "programme": self.programme, "year": self.year, "way": self.way,
            "milestone": stone and {"year": stone.year, "value": stone.value, "printed": stone.printed.en},
        }  # fmt: skip
        for name in ("value", "low", "high", "ratio"):
            value = getattr(self, name)
            found[name] = value if math.isfinite(value) else None
        for name in ("status", "reason", "counted", "said"):
            found[name] = getattr(self, name)
        return found | {name: [list(one) if isinstance(one, tuple) else one for one in getattr(self, name)]
                        for name in ("left_out", "by_region", "notes")}  # fmt: skip


def ways(plan: TargetPlan) -> dict[str, Mapping[str, Any]]:
    """How each target of programmes and steps is followed: `followed.toml` of the plan's folder, else by its kind.

    Raises   ConfigError: a target that the plan does not have, an unknown way
    """
    told = read_file(plan, "followed.toml")
    found: dict[str, Mapping[str, Any]] = {}
    for group in _groups(plan):
        for item in group.items:
            usual = {"count": "count", "share": "parts"}.get(item.kind, "shown")
            found[item.id] = {"way": usual, **told.get(item.id, {})}
    for name in told:
        if name not in found:
            raise ConfigError("no such target of a programme or step", came=name, where="followed.toml")
        if found[name]["way"] not in WAYS:
            raise ConfigError("no such way", came=str(found[name]["way"]), expected=", ".join(WAYS),
                              where=f"followed.toml [{name}]")  # fmt: skip
    return found


def board(
    plan: TargetPlan, year: int, *, things: Iterable[Thing] = (), effects: Iterable[Effect] = (),
    cuts: Mapping[str, Cut | str] | None = None,
) -> tuple[ItemStatus, ...]:  # fmt: skip
    """Every target of the programmes, then of the steps, at the end of a year.

    things, effects  of the books (`things(ledger, plan.id)`, `effects(ledger)`)
    cuts             target → its cut, or why there is none
    Example          board(load_plan(), 2020, things=things(ledger, "mic2025"))[0].status
    """
    some, changed, told = tuple(things), tuple(effects), ways(plan)
    found = []
    for group in _groups(plan):
        for item in group.items:
            way = told[item.id]
            stone = _milestone(item, year)
            facts = _facts(item, way, year, stone, some, changed, cuts or {})
            found.append(_status(plan, item, group.id, year, str(way["way"]), stone, facts))
    return tuple(found)


def _groups(plan: TargetPlan) -> tuple[Programme | Step, ...]:
    return (*plan.programmes, *plan.steps)


def _milestone(item: Item, year: int) -> Milestone | None:
    ahead = [one for one in item.milestones if one.year >= year]
    past = [one for one in item.milestones if one.year < year]
    numbered = [one for one in ahead if one.value is not None] or [
        one for one in reversed(past) if one.value is not None
    ]
    return next(iter(numbered or ahead or past[::-1]), None)


def _facts(
    item: Item, way: Mapping[str, Any], year: int, stone: Milestone | None, some: tuple[Thing, ...],
    changed: tuple[Effect, ...], cuts: Mapping[str, Cut | str],
) -> dict[str, Any]:  # fmt: skip
    """Fields of the status that are known of a target."""
    day = date(year, 12, 31)
    own = [one for one in some if one.item == item.id]
    kind = way["way"]
    if kind == "count":
        good = [one for one in own if one.counts(day)]
        regions: dict[str, int] = {}
        for one in good:
            regions[one.region] = regions.get(one.region, 0) + 1
        # nothing in the books is not the same as nothing there
        return {"value": float(len(good)) if own else math.nan, "reason": "" if own else "nothing was counted yet",
                "counted": len(good), "left_out": tuple(_left(own, good, day)), "notes": _shared(good),
                "by_region": tuple(sorted(regions.items()))}  # fmt: skip
    if kind == "parts":
        share = share_secured(own, item.id, day)
        open_parts = [
            (one.name, _open(one, day)) for one in own if one.kind == "part" and one.name not in share.secured
        ]
        return {"value": share.value, "reason": "" if share.parts else "the catalogue is empty", "counted": share.parts,
                "left_out": tuple(open_parts)}  # fmt: skip
    if kind == "pilots":
        all_ = pooled(changed, str(way.get("metric", "")), stone.value if stone else None)
        out = tuple((one.pilot, one.reason) for one in all_.effects if not one.evaluable)
        note = (f"{all_.met} of {all_.evaluable} pilots reach it with their whole interval",) if all_.evaluable else ()
        return {"value": all_.cut, "low": all_.low, "high": all_.high, "counted": all_.evaluable, "left_out": out,
                "reason": "" if all_.evaluable else "no pilot is evaluable", "notes": note, "pilots": all_}  # fmt: skip
    if kind == "cut":
        cut = cuts.get(item.id, "no returns with this element")
        if isinstance(cut, str):
            return {"reason": cut}
        return {"value": cut.pooled.cut, "counted": len(cut.parts), "left_out": cut.left_out, "cut": cut,
                "notes": (f"pooled; with the shares of {cut.base}: {cut.within:.1f} %",)}  # fmt: skip
    shown = next((one for one in own if one.kind == "shown"), None)
    reached = shown is not None and shown.counts(day)
    return {"said": shown.said if shown and shown.day <= day else "", "reached": reached,
            "reason": "" if reached or item.kind != "event" else "nobody has shown it with evidence"}  # fmt: skip


def _status(
    plan: TargetPlan, item: Item, programme: str, year: int, way: str, stone: Milestone | None, facts: dict[str, Any]
) -> ItemStatus:
    reached = facts.pop("reached", False)
    value = facts.pop("value", math.nan)
    target = stone.value if stone else None
    ratio = value / target if target and math.isfinite(value) else math.nan
    notes = facts.pop("notes", ())
    if stone is not None and stone.about and target is not None:
        notes = (*notes, "the text says about")
    if target is None:
        status = (
            "met" if reached and item.kind == "event" else "qualitative" if item.kind != "event" else "not evaluable"
        )
    elif not math.isfinite(value):
        status = "not evaluable"
    elif reaches(ratio, 1.0):
        status = "met"
    elif stone is not None and year >= stone.year:
        status = "missed"
    else:
        status = "on the way" if ratio >= _ON_PATH * _path(plan, item, year, stone) else "behind"
    base: dict[str, Any] = {"low": math.nan, "high": math.nan} | facts
    return ItemStatus(item, programme, year, way, stone, value, ratio=ratio, status=status, notes=notes, **base)


def _path(plan: TargetPlan, item: Item, year: int, stone: Milestone | None) -> float:
    """Where a straight path stands at the end of a year: from the milestone before, or 0 at the plan's issue [1]."""
    if stone is None or not stone.value:
        return math.nan
    before = [one for one in item.milestones if one.year < stone.year and one.value is not None]
    start, level = (before[-1].year, before[-1].value or 0.0) if before else (plan.issued.year, 0.0)
    gone = min(max((year - start) / (stone.year - start), 0.0), 1.0) if stone.year > start else 1.0
    return (level + gone * (stone.value - level)) / stone.value


def _left(own: list[Thing], good: list[Thing], day: date) -> Iterable[tuple[str, str]]:
    for one in own:
        if one not in good:
            yield one.name, _away(one, day) or next(iter(one.doubts), "no evidence")


def _away(one: Thing, day: date) -> str:
    """Why a thing is not there on a day, whatever shows it; "" if it is."""
    if one.withdrawn is not None and day >= one.withdrawn:
        return f"withdrawn: {one.said}"
    return "counts later" if one.day > day else ""


def _shared(good: list[Thing]) -> tuple[str, ...]:
    """Things that rest on one and the same document."""
    held: dict[str, list[str]] = {}
    for one in good:
        for evidence in one.evidence:
            held.setdefault(evidence.key, []).append(one.name)
    return tuple(f"one evidence for several: {', '.join(names)}" for names in held.values() if len(names) > 1)


def _open(part: Thing, day: date) -> str:
    if away := _away(part, day):
        return away
    if not part.sources:
        return "no source"
    good = [one for one in part.sources.values() if one.qualified and one.domestic]
    if not good:
        return "no qualified domestic source"
    late = all(one.until is not None and one.until < day for one in good)
    return "its qualification ran out" if late else next(iter(part.doubts), "no evidence")
