"""A cut from a sample: units count by their weights, as in the indicators of the same returns."""

from __future__ import annotations

from typing import Any

import pytest

from luban.rollup.deflators import Deflators
from luban.rollup.indicators import indicators
from luban.rollup.programmes import cut_of_frame
from tests.rollup.firms import PLAN, frame, one

FLAT = Deflators.of([("", 2015, 1.0), ("", 2020, 1.0)])


def returns(*weights: float | None) -> Any:
    """The first of two firms halves what it emits, the second does not."""
    told = zip("ab", weights, (5.0, 10.0), strict=True)
    rows = [
        {"unit": unit, "year": year, "industry": "C3110", "weight": weight, "stratum": "s", "value_added": 10.0,
         "co2": amount, "pollutants": amount}
        for unit, weight, after in told for year, amount in ((2015, 10.0), (2020, after))
    ]  # fmt: skip
    region = {"unit": "CN", "level": "region", "weight": None, "households": 9.0, "broadband_households": 1.0}
    return frame(*rows, *({**region, "year": year} for year in (2015, 2020)))


@pytest.mark.parametrize(
    ("weights", "cut"),
    [((99.0, 1.0), 49.5), ((1.0, 1.0), 25.0), ((99.0, None), 25.0)],  # the last: a census with a sample in it
)
def test_a_unit_counts_by_its_weight(weights: tuple[float | None, ...], cut: float) -> None:
    found = cut_of_frame(returns(*weights), "pollutants", "value_added", 2015, 2020, deflators=FLAT)
    assert found.pooled.cut == pytest.approx(cut)
    rolled = one(indicators(returns(*weights), PLAN, (), only=("I10",), deflators=FLAT), year=2020)
    assert rolled["value"] == pytest.approx(cut)


@pytest.mark.parametrize("weights", [(99.0, 1.0), (1.0, 1.0)])
def test_what_a_region_says_of_itself_is_not_added_to_its_firms(weights: tuple[float, float]) -> None:
    firms = returns(*weights).collect("pyarrow").to_native().to_pylist()
    said = {"unit": "CN", "level": "region", "weight": None, "industry": "C3110", "value_added": 1000.0}
    own = [said | {"year": year, "pollutants": amount} for year, amount in ((2015, 1000.0), (2020, 900.0))]
    both = frame(*(one for one in firms if one["level"] != "region"), *own)
    alone = cut_of_frame(returns(*weights), "pollutants", "value_added", 2015, 2020, deflators=FLAT)
    assert cut_of_frame(both, "pollutants", "value_added", 2015, 2020, deflators=FLAT).pooled == alone.pooled
    regions = cut_of_frame(frame(*own), "pollutants", "value_added", 2015, 2020, deflators=FLAT)
    assert regions.pooled.cut == pytest.approx(10.0)
