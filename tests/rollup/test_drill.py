"""Parts add up to their whole, from nation to region to industry to firm to fact."""

from __future__ import annotations

import narwhals as nw
import pytest

from luban.core.errors import InputError
from luban.rollup.deflators import Deflators
from luban.rollup.drill import drill
from luban.rollup.indicators import indicators
from tests.rollup.firms import PLAN, drawn, frame, one


def test_parts_add_up_to_the_bit_at_each_step() -> None:
    rows = nw.from_native(drawn()).lazy("duckdb")
    whole = drill(rows, PLAN, "I01", 2020)
    assert [part.key for part in whole.parts] == sorted((part.key for part in whole.parts), key=_place(whole))
    value = one(indicators(rows, PLAN, (), only=("I01",)), year=2020)
    assert whole.level == pytest.approx(value["value"], rel=1e-12)
    assert whole.whole.n == value["n"]
    province = drill(rows, PLAN, "I01", 2020, region="CN/31")
    cell = drill(rows, PLAN, "I01", 2020, region="CN/31", by="industry", industry="C34")
    firms = drill(rows, PLAN, "I01", 2020, region="CN/31", industry="C34", by="unit")
    assert {part.key for part in whole.parts} == {"CN/31", "CN/32", "CN/44"}
    assert {part.key for part in province.parts} == {"CN/31/3101", "CN/31/3102"}
    assert {part.key for part in cell.parts} == {"C342"}
    for taken in (whole, province, cell, firms):
        assert sum(part.numerator for part in taken.parts) == taken.whole.numerator
        assert sum(part.denominator for part in taken.parts) == taken.whole.denominator
        assert sum(part.n for part in taken.parts) == taken.whole.n
    assert next(part for part in whole.parts if part.key == "CN/31").numerator == province.whole.numerator
    assert (cell.whole.numerator, cell.whole.n) == (firms.whole.numerator, firms.whole.n)


def _place(taken: object) -> object:
    sizes = {part.key: -part.numerator for part in taken.parts}  # type: ignore[attr-defined]
    return sizes.__getitem__


def test_the_effect_of_a_part_is_what_the_whole_owes_it() -> None:
    rows = frame({"unit": "a", "rd_spend": 2.0, "revenue": 100.0}, {"unit": "b", "rd_spend": 0.0, "revenue": 900.0})
    first, second = drill(rows, PLAN, "I01", 2020, by="unit").parts
    assert (first.key, first.value, first.share_numerator, first.share_denominator) == ("a", 2.0, 1.0, 0.1)
    assert first.effect == pytest.approx(0.2 - 0.0)
    assert second.effect == pytest.approx(0.2 - 2.0)


def test_constant_prices_reach_down() -> None:
    rows = frame(
        {"unit": "a", "energy": 10.0, "value_added": 100.0}, {"unit": "b", "energy": 30.0, "value_added": 300.0}
    )
    prices = Deflators.of([("", 2015, 1.0), ("", 2020, 2.0)])
    taken = drill(rows, PLAN, "I09", 2020, by="unit", deflators=prices)
    assert [(part.key, part.denominator) for part in taken.parts] == [("b", 150.0), ("a", 50.0)]
    assert drill(rows, PLAN, "I09", 2020, by="unit").reason.startswith("no price indices")


def test_bad_questions() -> None:
    rows = frame({"revenue": 1.0})
    with pytest.raises(InputError, match="no such way down"):
        drill(rows, PLAN, "I01", 2020, by="owner")
    with pytest.raises(InputError, match="sub-indicators"):
        drill(rows, PLAN, "I03", 2020)
    assert drill(rows, PLAN, "I01", 1999).reason == "no unit told what it takes"
