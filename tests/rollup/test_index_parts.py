"""The quality index rolled up from returns: each of its twelve parts moves it the right way and withholds it alone."""

from __future__ import annotations

from typing import Any

import pytest

from luban.rollup.indicators import indicators
from tests.rollup.firms import PLAN, frame, one

INDEX = next(one for one in PLAN.indicators.values() if one.definition.form == "index")
PARTS = {part.id: part for part in INDEX.definition.parts}


def usual() -> dict[str, float]:
    """One enterprise at the middle of every part's anchors."""
    row = dict.fromkeys(INDEX.definition.elements, 1000.0)
    for part in PARTS.values():
        (term,) = part.definition.numerator
        below = row[part.definition.denominator[0].element] if part.definition.denominator else 1.0
        if term.element not in ("revenue", "certified"):
            row[term.element] = (part.low + part.high) / 2 * below / part.definition.factor
    return row | {"certified": 1.0, "revenue": 25_000.0}


def told(row: dict[str, Any]) -> dict[str, Any]:
    return one(indicators(frame(row), PLAN, (), only=(INDEX.id,)))


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_gets_better_never_lowers_the_index(name: str) -> None:
    part = PARTS[name]
    (term,) = part.definition.numerator
    better = 0.9 if part.direction == "down" else 1.1
    row = usual() | ({"certified": 0.0} if term.element == "certified" else {})
    changed = row | {term.element: 1.0 if term.element == "certified" else row[term.element] * better}
    if term.element == "revenue":  # others are divided by it: they keep their rates
        over = [
            one.definition for one in PARTS.values() if [t.element for t in one.definition.denominator] == ["revenue"]
        ]
        changed |= {t.element: row[t.element] * better for one in over for t in one.numerator}
    before, after = told(row)["value"], told(changed)["value"]
    assert before is not None
    assert 60 <= before < after <= 100


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_is_not_known_withholds_the_index(name: str) -> None:
    element = PARTS[name].definition.numerator[0].element
    found = told(usual() | {element: None})
    assert (found["value"], found["low"], found["high"]) == (None, None, None)
    assert name in found["reason"]


def test_one_part_lies_the_other_way_round() -> None:
    assert [part.id for part in PARTS.values() if part.low > part.high] == ["Q04"]
