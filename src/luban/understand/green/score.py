"""The green sheet of a factory: each point with its value, its share of the weight, and the facts it rests on.

A point that nobody knows is a gap and not a zero: the score is a range from the points shown to what the gaps could
add. A point that does not apply leaves its weight to the others of its goal.

Reads   what was worked out and what was stated    Writes  nothing
Source  norms/green_factory, one edition
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from luban.norms.green_factory import Edition, Goal, Point
from luban.understand.green.facts import Facts, Found, facts_of
from luban.understand.green.statements import Statement

__all__ = ["GoalScore", "Line", "ScoreSheet", "score"]

_APART = 0.01  # a stated value may differ from the measured one by so much of it


@dataclass(frozen=True, slots=True)
class Line:
    """A point as it stands.

    status   met, scored, gap, not met, does not apply
    weight   of 100, after weights of points that do not apply went to the others of the goal
    share    of the weight [0, 1]; None for a gap
    reason   why it is a gap
    notes    what to bear in mind
    """

    point: Point
    status: str
    weight: float
    share: float | None
    value: float | None
    baseline: float | None
    leading: float | None
    document: str
    facts: tuple[Facts, ...]
    reason: str
    notes: tuple[str, ...] = ()

    @property
    def points(self) -> float | None:
        """Share of the weight; None for a gap."""
        return None if self.share is None else self.share * self.weight

    def as_dict(self, most: int = 0) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "point": self.point.id, "goal": self.point.goal, "aim": self.point.aim, "status": self.status,
            "weight": self.weight, "points": self.points, "value": self.value, "unit": self.point.provenance.unit,
            "baseline": self.baseline, "leading": self.leading, "document": self.document, "reason": self.reason,
            "notes": list(self.notes), "verified": self.point.verified,
            "reference": self.point.provenance.reference, "facts": [one.as_dict(most) for one in self.facts],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class GoalScore:
    """A goal or an aim: points shown, what the gaps could add, and how many gaps."""

    id: str
    names: Mapping[str, str]
    weight: float
    low: float
    high: float
    gaps: int


@dataclass(frozen=True, slots=True)
class ScoreSheet:
    """The sheet.

    basic      met, not met, or unknown: requirements without points
    low, high  the score [of 100]: of what is shown, and with all gaps in full
    known      weight of the points that are no gaps [of 100]
    """

    edition: Edition
    lines: tuple[Line, ...]
    goals: tuple[GoalScore, ...]
    aims: tuple[GoalScore, ...]
    basic: str
    low: float
    high: float
    known: float

    @property
    def gaps(self) -> tuple[Line, ...]:
        """The gaps, the heaviest first."""
        return tuple(sorted((one for one in self.lines if one.status == "gap"), key=lambda one: -one.weight))

    def as_dict(self, most: int = 0) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "edition": self.edition.title, "basic": self.basic, "low": self.low, "high": self.high, "known": self.known,
            "goals": [_told(one) for one in self.goals], "aims": [_told(one) for one in self.aims],
            "points": [one.as_dict(most) for one in self.lines],
        }  # fmt: skip


def score(edition: Edition, found: Mapping[str, Found], stated: Mapping[str, Statement]) -> ScoreSheet:
    """The sheet of an edition.

    found   what was worked out, by the `basis` of points
    stated  statements by name; that of a point brings baseline and leading value too
    """
    weights = _weights(edition, stated)
    lines = tuple(_line(point, weights[point.id], found.get(point.basis), stated.get(point.id))
                  for point in edition.points)  # fmt: skip
    basic = [one for one in lines if not _goal(edition, one.point.goal).weight]
    scored = [one for one in lines if one not in basic]
    aims = [(aim.id, aim.names, [one for one in scored if one.point.aim == aim.id]) for aim in edition.aims]
    goals = [(goal.id, goal.names, [one for one in scored if one.point.goal == goal.id]) for goal in edition.goals
             if goal.weight]  # fmt: skip
    low = sum(one.points or 0.0 for one in scored)
    gap = sum(one.weight for one in scored if one.share is None)
    return ScoreSheet(
        edition, lines, tuple(_summed(*one) for one in goals), tuple(_summed(*one) for one in aims),
        _basic(basic), low, low + gap, sum(one.weight for one in scored) - gap,
    )  # fmt: skip


def _told(one: GoalScore) -> dict[str, Any]:
    return {"id": one.id, "weight": one.weight, "low": one.low, "high": one.high, "gaps": one.gaps}


def _goal(edition: Edition, name: str) -> Goal:
    return next(goal for goal in edition.goals if goal.id == name)


def _weights(edition: Edition, stated: Mapping[str, Statement]) -> dict[str, float]:
    """Weights of 100, with those of points that do not apply given to the others of their goal, else of all goals."""
    found: dict[str, Fraction] = {}
    for goal in edition.goals:
        points = edition.of(goal.id)
        apply = [one for one in points if one.id not in stated or stated[one.id].applies]
        whole = sum((one.weight for one in apply), Fraction(0))
        for one in points:
            found[one.id] = one.weight * goal.weight / whole if one in apply and whole else Fraction(0)
    whole = sum(found.values(), Fraction(0))
    return {name: float(100 * weight / whole) if whole else 0.0 for name, weight in found.items()}


def _line(point: Point, weight: float, found: Found | None, said: Statement | None) -> Line:
    baseline, leading = (None, None) if said is None else (said.baseline, said.leading)
    document = "" if said is None else said.document
    own = () if said is None else facts_of("event", [said.seq])
    if said is not None and not said.applies:
        return Line(point, "does not apply", weight, None, None, baseline, leading, document, own, "")
    value, facts, notes, reason = _value(found, said, own)
    if value is None:
        return Line(point, "gap", weight, None, None, baseline, leading, document, facts, reason, notes)
    if point.sense == "shown":
        share = min(max(value, 0.0), 1.0)
        status = "met" if share == 1 else "not met" if share == 0 else "scored"
        return Line(point, status, weight, share, value, None, None, document, facts, "", notes)
    if baseline is None or leading is None:
        reason = "nobody has stated what the trade reaches and its best"
        return Line(point, "gap", weight, None, value, baseline, leading, document, facts, reason, notes)
    if (leading < baseline) != (point.sense == "less"):
        reason = "the leading value is worse than the baseline"
        return Line(point, "gap", weight, None, value, baseline, leading, document, facts, reason, notes)
    share = min(max((value - baseline) / (leading - baseline), 0.0), 1.0)
    return Line(point, "scored", weight, share, value, baseline, leading, document, facts, "", notes)


def _value(
    found: Found | None, said: Statement | None, own: tuple[Facts, ...]
) -> tuple[float | None, tuple[Facts, ...], tuple[str, ...], str]:
    """The value, what it rests on, notes, and why it is not known. What was measured goes before what was stated."""
    stated = None if said is None else said.value
    if found is not None and found.value is not None:
        notes = found.notes
        if stated is not None and abs(stated - found.value) > _APART * abs(found.value):
            notes = (*notes, f"stated: {stated:.6g}; what the facts say counts")
        return found.value, (*found.facts, *own), notes, ""
    if stated is not None:
        return stated, own, (), ""
    return None, own, (), found.reason if found is not None else "nobody has stated it"


def _basic(lines: list[Line]) -> str:
    if any(one.status == "not met" for one in lines):
        return "not met"
    return "unknown" if any(one.status == "gap" for one in lines) else "met"


def _summed(name: str, names: Mapping[str, str], lines: list[Line]) -> GoalScore:
    low = sum(one.points or 0.0 for one in lines)
    gaps = [one for one in lines if one.status == "gap"]
    return GoalScore(
        name, names, sum(one.weight for one in lines), low, low + sum(one.weight for one in gaps), len(gaps)
    )
