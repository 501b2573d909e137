import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.norms.plans import load_plan
from luban.rollup.gap import Cell, burden, contributions, decompose, lmdi, required_level

POSITIVE = st.floats(0.01, 1e4)
PAIRS = st.lists(st.tuples(POSITIVE, POSITIVE, POSITIVE, POSITIVE), min_size=1, max_size=6)


def cells(rows, numerator, denominator):
    return [Cell(f"g{at}", row[numerator], row[denominator]) for at, row in enumerate(rows)]


def test_effects_are_the_integral_along_the_path_of_constant_growth():
    """A brute force of another kind: Divisia's integral, summed in small steps."""
    before, after = {"a": (40.0, 0.2, 3.0), "b": (40.0, 0.8, 0.5)}, {"a": (80.0, 0.5, 2.0), "b": (80.0, 0.5, 0.4)}
    found = lmdi(before, after, ("activity", "structure", "intensity"))
    t = (np.arange(20_000) + 0.5) / 20_000
    for at, factor in enumerate(("activity", "structure", "intensity")):
        total = 0.0
        for name in before:
            v = np.prod(before[name]) ** (1 - t) * np.prod(after[name]) ** t
            total += float(v.mean()) * math.log(after[name][at] / before[name][at])
        assert found.effects[factor] == pytest.approx(total, rel=1e-8)
    assert sum(found.effects.values()) == pytest.approx(found.total)


@given(PAIRS)
@settings(max_examples=60, deadline=None)
def test_nothing_is_left_over(rows):
    start, end = cells(rows, 0, 1), cells(rows, 2, 3)
    ratio = [sum(r[a] for r in rows) / sum(r[b] for r in rows) for a, b in ((0, 1), (2, 3))]
    for method in ("lmdi", "shift-share"):
        found = decompose(start, end, method=method)
        size = max(ratio)
        assert sum(found.effects.values()) == pytest.approx(ratio[1] - ratio[0], abs=1e-9 * size * len(rows))
        assert sum(found.of_group(name) for name in found.groups) == pytest.approx(found.total, abs=1e-9 * size * 9)
    times = decompose(start, end, form="multiplicative")
    assert math.prod(times.effects.values()) == pytest.approx(ratio[1] / ratio[0], rel=1e-9)


def test_pure_structure_and_pure_intensity():
    start = [Cell("steel", 60, 20), Cell("chips", 8, 80)]
    shifted = decompose(start, [Cell("steel", 30, 10), Cell("chips", 9, 90)])
    assert shifted.effects["intensity"] == pytest.approx(0)
    cleaner = decompose(start, [Cell("steel", 48, 20), Cell("chips", 6.4, 80)])
    assert cleaner.effects["structure"] == pytest.approx(0)
    assert cleaner.groups["steel"]["intensity"] == pytest.approx(-0.12)


def test_groups_come_and_go_without_a_rest():
    found = decompose([Cell("a", 10, 100), Cell("old", 5, 10)], [Cell("a", 10, 100), Cell("new", 8, 20)])
    assert sum(found.effects.values()) == pytest.approx(found.total)
    assert found.groups["new"]["intensity"] == 0
    tiny = lmdi({"a": (1.0, 1e-300)}, {"a": (1.0, 5.0)})
    limit = lmdi({"a": (1.0, 0.0)}, {"a": (1.0, 5.0)})
    assert limit.effects == {"structure": 0.0, "intensity": 5.0}
    assert tiny.effects["intensity"] == pytest.approx(5.0)


def test_what_is_still_missing_sums_to_the_gap():
    found = decompose([Cell("a", 60, 20), Cell("b", 40, 80)], [Cell("a", 50, 20), Cell("b", 40, 80)])
    rest = burden(found, 0.82)
    assert sum(rest.values()) == pytest.approx(0.82 - found.end)
    assert rest["b"] == pytest.approx(0.4 * -0.18)


def test_the_level_that_a_milestone_asks_for():
    plan = load_plan()
    asked = {
        name: required_level(start, 2015, plan.indicator(name), plan.indicator(name).milestone(2020))
        for name, start in (("I09", 1.0), ("I04", 20.0), ("I08", 33.0), ("I05", 100.0))
    }
    assert asked == pytest.approx({"I09": 0.82, "I04": 22.0, "I08": 50.0, "I05": 100 * 1.075**5})
    assert required_level(1.0, 2016, plan.indicator("I09"), plan.indicator("I09").milestone(2020)) is None


def test_negative_values_need_shift_share():
    start, end = [Cell("a", -5, 100), Cell("b", 20, 100)], [Cell("a", 5, 100), Cell("b", 20, 100)]
    with pytest.raises(InputError, match="logarithmic mean"):
        decompose(start, end)
    assert decompose(start, end, method="shift-share").effects["intensity"] == pytest.approx(0.05)


def test_out_of_a_rolled_up_frame():
    frame = pa.table({
        "indicator": ["E"] * 5, "year": [2015, 2015, 2020, 2020, 2020], "industry": list("ababc"),
        "numerator": [60.0, 40.0, 50.0, 40.0, 3.0], "denominator": [20.0, 80.0, 20.0, 80.0, 10.0],
    })  # fmt: skip
    found = contributions(frame, "E", 2015, 2020)
    assert found.total == pytest.approx(93 / 110 - 1)
    assert "c" in found.notes[0]
    with pytest.raises(InputError, match="nothing is known"):
        contributions(frame, "E", 2015, 2021)


def test_a_group_that_is_known_in_neither_year_is_named():
    rows = [
        {"indicator": "E", "year": year, "industry": group, "numerator": top, "denominator": below}
        for year, some in ((2015, (10.0, 50.0)), (2020, (8.0, 40.0)))
        for group, top, below in (("a", some[0], 100.0), ("b", some[1], 100.0), ("c", None, None), ("d", 3.0, None))
    ]
    found = contributions(pa.Table.from_pylist(rows), "E", 2015, 2020)
    assert (found.start, found.end) == pytest.approx((0.3, 0.24))
    assert found.notes == ("left out, as numerator or denominator is not known: c, d",)


@pytest.mark.parametrize(("start", "message"), [
    ([Cell("a", 1, 1), Cell("a", 2, 2)], "twice"), ([Cell("a", 1, 0)], "sum to zero"),
    ([Cell("a", 1, 0), Cell("b", 1, 1)], "without a denominator"),
])  # fmt: skip
def test_bad_groups_are_named(start, message):
    with pytest.raises(InputError, match=message):
        decompose(start, [Cell("a", 1, 1)])
