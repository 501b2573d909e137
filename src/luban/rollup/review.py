"""The mid-term review of a plan: indicators and where they stand, acts judged, targets proposed, programmes, tasks.

All it says follows from `Inputs`, which can be written down and read again: who has them has everything.

Reads   long rows of indicators, a plan, acts, entries of the book    Writes  nothing
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any, Final

import narwhals as nw

from luban.core.errors import InputError
from luban.ledger import Ledger
from luban.norms.plans import TargetPlan
from luban.rollup.deflators import Deflators
from luban.rollup.evaluation import Evaluation, Panel, Policy, Proposal, evaluate, fits, panel_of, propose
from luban.rollup.forecast import Forecast, indicator_forecast
from luban.rollup.indicators import indicators
from luban.rollup.minutes import Item, minutes
from luban.rollup.points import Point, ordered
from luban.rollup.programmes import (
    Cut,
    Effect,
    Follow,
    ItemStatus,
    Overdue,
    RegionTarget,
    SumCheck,
    Task,
    Thing,
    board,
    cut_of_frame,
    effects,
    follow_up,
    overdue,
    regional_sum,
    regional_targets,
    tasks,
    things,
    ways,
)
from luban.rollup.progress import Standing, plan_progress
from luban.rollup.revised import Revised, decided_targets, revised_plan

__all__ = ["COLUMNS", "Inputs", "Review", "canonical_json", "cuts_of", "inputs_of", "long_rows", "review", "rows_of"]

COLUMNS: Final = (
    "indicator", "year", "region", "value", "low", "high", "n", "population", "coverage", "numerator", "denominator",
    "excluded", "reason",
)  # fmt: skip
"""What is kept of each row of `luban.rollup.indicators`: of the whole (region "") and of its regions."""

_DIGITS: Final = 10


@dataclass(frozen=True)
class Inputs:
    """All that a review rests on.

    rows      long rows with COLUMNS, in order
    policies  acts to be judged;  year  programmes at its end;  today  tasks by then
    tasks, things, effects, targets, agenda   of the books
    cuts      target of a programme → its cut, or why there is none
    vintage   newest seq of the books; 0 without books
    """

    plan: TargetPlan
    year: int
    today: date
    rows: tuple[Mapping[str, Any], ...] = ()
    policies: tuple[Policy, ...] = ()
    tasks: tuple[Task, ...] = ()
    things: tuple[Thing, ...] = ()
    effects: tuple[Effect, ...] = ()
    targets: tuple[RegionTarget, ...] = ()
    agenda: tuple[Item, ...] = ()
    cuts: Mapping[str, Cut | str] = field(default_factory=dict)
    vintage: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Review:
    """What a review says.

    standings    each milestone of each indicator of the whole, with its forecast
    evaluations  each act, and the panel it was judged on
    proposals    of the next milestone with a number of each indicator that is known
    revised      targets that were decided anew, and where things stand against them
    """

    inputs: Inputs
    standings: tuple[tuple[Standing, Forecast | None], ...]
    evaluations: tuple[Evaluation, ...]
    proposals: tuple[Proposal, ...]
    items: tuple[ItemStatus, ...]
    follow: tuple[Follow, ...]
    late: tuple[Overdue, ...]
    sums: tuple[SumCheck, ...]
    revised: tuple[Revised, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Every number of it, for `--json` and a bundle; what is not known is None."""
        own = self.inputs
        found: dict[str, Any] = {
            "plan": {"id": own.plan.id, "digest": own.plan.digest}, "year": own.year, "today": own.today.isoformat(),
            "vintage": own.vintage, "indicators": [dict(one) for one in own.rows], "notes": list(own.notes),
            "definitions": {name: own.plan.definition_digest(name) for name in own.plan.indicators},
            "standings": [
                {"indicator": one.indicator.id, "year": one.milestone.year, "progress": one.progress.as_dict(),
                 "forecast": ahead and asdict(ahead)}
                for one, ahead in self.standings
            ],
            "evaluations": [one.as_dict() for one in self.evaluations],
            "proposals": [one.as_dict() for one in self.proposals],
            "programmes": [one.as_dict() for one in self.items],
            "tasks": [asdict(one) for one in self.follow],
            "overdue": [{"task": one.task.id, "days": one.days, "level": one.level, "to": one.to} for one in self.late],
            "regions": [asdict(one) for one in self.sums],
            "agenda": [{"id": one.id, "title": one.title, "decided": one.decided,
                        "quotes": [asdict(quote) for quote in one.quotes]} for one in own.agenda],
            "revised": [asdict(one) for one in self.revised],
        }  # fmt: skip
        plain: dict[str, Any] = _plain(found)
        return plain


def review(inputs: Inputs) -> Review:
    """The review of a plan by its inputs; the same inputs give the same review.

    Raises   InputError: an act on an indicator or a unit that is not there
    """
    plan = inputs.plan
    whole = {name: _points(inputs.rows, name) for name in plan.indicators}
    standings = tuple((one, _ahead(one, whole[one.indicator.id])) for one in plan_progress(whole, plan))
    judged = [(evaluate(panel, one), _rest(inputs.rows, one)) for one, panel in _panels(inputs)]
    proposals = []
    for name, points in whole.items():
        own = plan.indicator(name)
        stone = next((one for one in own.targets if one.year > inputs.year), None)
        if stone is not None and points:
            acts = [one for one in judged if one[0].policy.indicator == name]
            proposals.append(propose(points, own, stone, evaluations=acts))
    items = board(plan, inputs.year, things=inputs.things, effects=inputs.effects, cuts=inputs.cuts)
    return Review(
        inputs, standings, tuple(one for one, _ in judged), tuple(proposals), items,
        follow_up(plan, inputs.tasks, inputs.today), overdue(inputs.tasks, inputs.today),
        regional_sum(plan, inputs.targets), _revised(inputs, whole, standings, items),
    )  # fmt: skip


def inputs_of(
    plan: TargetPlan, year: int, today: date, *, rows: Iterable[Mapping[str, Any]] = (), ledger: Ledger | None = None,
    policies: Sequence[Policy] = (), cuts: Mapping[str, Cut | str] | None = None, as_of: int | None = None,
    notes: Sequence[str] = (),
) -> Inputs:  # fmt: skip
    """Inputs from long rows and from the books as they stand, or stood at `as_of`.

    An act on an indicator or a unit that is not there is left out, and a note names it.
    """
    known = long_rows(rows)
    usable, odd = _usable(plan, known, policies)
    made = Inputs(plan, year, today, known, usable, cuts=dict(cuts or {}), notes=(*notes, *odd))
    if ledger is None:
        return made
    return replace(
        made, tasks=tasks(ledger, plan.id, as_of=as_of), things=things(ledger, plan.id, as_of=as_of),
        effects=effects(ledger, as_of=as_of), targets=regional_targets(ledger, plan.id, as_of=as_of),
        agenda=minutes(ledger, as_of=as_of), vintage=ledger.head if as_of is None else as_of,
    )  # fmt: skip


def rows_of(
    frame: nw.LazyFrame[Any], plan: TargetPlan, *, deflators: Deflators | None = None
) -> tuple[dict[str, Any], ...]:
    """Long rows of the whole and of its regions, one step below the root, from the wide frame of units."""
    found: list[dict[str, Any]] = []
    for by, depth in (((), {}), (("region",), {"region": 1})):
        some = indicators(frame, plan, by=by, depth=depth, deflators=deflators).collect("pyarrow").to_native()
        found += some.to_pylist()
    return long_rows(found)


def long_rows(rows: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Rows with just COLUMNS, of no industry and size by itself, in order of indicator, region and year.

    Raises   InputError: two rows for one indicator, region and year
    """
    found: dict[tuple[str, str, int], dict[str, Any]] = {}
    for one in rows:
        if one.get("industry") or one.get("size") or one.get("variant"):
            continue
        key = str(one["indicator"]), str(one.get("region") or ""), int(one["year"])
        if key in found:
            raise InputError("an indicator has two values", came=", ".join(map(str, key)))
        found[key] = {name: _known(one.get(name)) for name in COLUMNS}
        found[key] |= {"indicator": key[0], "region": key[1], "year": key[2], "reason": str(one.get("reason") or "")}
    return tuple(found[key] for key in sorted(found))


def cuts_of(
    frame: nw.LazyFrame[Any], plan: TargetPlan, year: int, *, deflators: Deflators | None = None
) -> dict[str, Cut | str]:
    """The cut of every target of the programmes that is followed by one, or why there is none."""
    found: dict[str, Cut | str] = {}
    for name, way in ways(plan).items():
        if way["way"] != "cut":
            continue
        stones = [one.year for one in plan.item(name).milestones if one.value is not None]
        until = min([year, *stones[-1:]])
        try:
            found[name] = cut_of_frame(
                frame, str(way["numerator"]), str(way["denominator"]), int(way["base"]), until, deflators=deflators
            )
        except InputError as error:
            found[name] = error.message
    return found


def canonical_json(document: Any) -> bytes:
    """A document as bytes: keys in order, numbers to 10 digits, so that the last bit of a processor does not show.

    Example  canonical_json({"b": 0.1 + 0.2, "a": None})
    """
    text = json.dumps(_rounded(document), sort_keys=True, ensure_ascii=False, allow_nan=False, indent=1)
    return text.encode() + b"\n"


def _revised(
    inputs: Inputs, whole: Mapping[str, Sequence[Point]], standings: Iterable[tuple[Standing, Forecast | None]],
    items: Iterable[ItemStatus],
) -> tuple[Revised, ...]:  # fmt: skip
    decided = decided_targets(inputs.plan, inputs.agenda)
    if not decided:
        return ()
    plan = revised_plan(inputs.plan, decided)

    def told(ways: Iterable[Standing], some: Iterable[ItemStatus]) -> dict[tuple[str, int], str]:
        found = {(one.indicator.id, one.milestone.year): one.progress.status for one in ways}
        return found | {(one.item.id, one.milestone.year): one.status for one in some if one.milestone is not None}

    before = told((one for one, _ in standings), items)
    after = told(
        plan_progress(whole, plan),
        board(plan, inputs.year, things=inputs.things, effects=inputs.effects, cuts=inputs.cuts),
    )
    return tuple(Revised(one, after.get((one.id, one.year), ""), before.get((one.id, one.year), "")) for one in decided)


def _panels(inputs: Inputs) -> Iterable[tuple[Policy, Panel]]:
    for policy in inputs.policies:
        indicator = inputs.plan.indicator(policy.indicator)
        wish = 1 if indicator.kind == "cut" or indicator.direction == "up" else -1
        yield replace(policy, wish=wish), _panel(inputs.plan, inputs.rows, policy)


def _panel(plan: TargetPlan, rows: Iterable[Mapping[str, Any]], policy: Policy) -> Panel:
    indicator = plan.indicator(policy.indicator)
    cells = [
        (one["region"], one["year"], one["value"])
        for one in rows
        if one["indicator"] == policy.indicator and one["region"]
    ]
    return panel_of(cells, indicator=policy.indicator, unit=indicator.unit)


def _usable(
    plan: TargetPlan, rows: Sequence[Mapping[str, Any]], policies: Sequence[Policy]
) -> tuple[tuple[Policy, ...], tuple[str, ...]]:
    """(acts that can be looked for in the rows, why the others cannot)."""
    found, notes = [], []
    for one in policies:
        try:
            fits(_panel(plan, rows, one), one)
        except InputError as error:
            notes.append(f"{one.id} is not judged: {': '.join(filter(None, (error.message, error.came)))}")
        else:
            found.append(one)
    return tuple(found), tuple(notes)


def _rest(rows: Iterable[Mapping[str, Any]], policy: Policy) -> float:
    """Share of the whole where an act was not taken [1].

    By what the indicator is divided by, in the newest year in which it is known of every region with a value; each
    region the same where there is no such year.
    """
    own = [one for one in rows if one["indicator"] == policy.indicator and one["region"] and one["value"] is not None]
    regions = {one["region"] for one in own}
    sizes = dict.fromkeys(regions, 1.0)
    for year in sorted({one["year"] for one in own}, reverse=True):
        known = {one["region"]: one["denominator"] for one in own if one["year"] == year and one["denominator"]}
        if set(known) == regions:
            sizes = known
            break
    whole = math.fsum(sizes.values())
    return math.fsum(size for name, size in sizes.items() if name not in policy.treated) / whole if whole else math.nan


def _points(rows: Iterable[Mapping[str, Any]], name: str) -> tuple[Point, ...]:
    own = [one for one in rows if one["indicator"] == name and not one["region"] and one["value"] is not None]
    return ordered(
        Point(one["year"], one["value"], _or_nan(one["low"]), _or_nan(one["high"]), int(one["n"] or 0)) for one in own
    )


def _ahead(one: Standing, points: Sequence[Point]) -> Forecast | None:
    if one.milestone.value is None or not points or points[-1].year >= one.milestone.year:
        return None
    found = indicator_forecast(points, one.indicator, one.milestone)
    return replace(found, years=found.years[-1:], middle=found.middle[-1:], low=found.low[-1:], high=found.high[-1:])


def _known(value: Any) -> Any:
    """A value as JSON holds it: of no library's own kind, unknown numbers None."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else _known(value)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, Mapping):
        return {str(name): _rounded(one) for name, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list | tuple) else value
