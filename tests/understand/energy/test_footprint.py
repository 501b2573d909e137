"""A footprint counted by hand, along a bill of materials with scrap, a by-product and a removal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.understand.energy.footprint import Factor, Flow, Recipe, footprint

STEEL = Factor("steel", 2.0, "kg", 2023, "test", scores=(2, 2, 2, 2, 2))
GRID = Factor("grid", 0.5, "kWh", 2023, "test", scores=(1, 1, 1, 1, 1))
WOOD = Factor("wood", -1.5, "kg", 2020, "test", kind="removal")
BURNT = Factor("wood burnt", 1.5, "kg", 2020, "test", kind="biogenic")
RECIPES = {
    "pump": Recipe((Flow(4.0, "kWh", GRID, measured=True), Flow(1.0, "kg", WOOD, "packing"),
                    Flow(1.0, "kg", BURNT, "end of life")), {"body": 1, "bolt": 8}, good=0.8),
    "body": Recipe((Flow(10.0, "kg", STEEL, "material"), Flow(6.0, "kWh", GRID)), good=0.5, share=0.9, rule="by mass"),
    "bolt": Recipe((Flow(0.05, "kg", STEEL, "material"),)),
}  # fmt: skip


def test_by_hand() -> None:
    found = footprint("pump", RECIPES)
    # pump 4·0.5/0.8 = 2.5; body (20 + 3)/0.5·0.9/0.8 = 51.75; bolts 8·0.1/0.8 = 1; wood ∓1.875
    assert found.total == pytest.approx(55.25)
    assert found.items == pytest.approx({"pump": 2.5, "body": 51.75, "bolt": 1.0})
    assert found.kinds == pytest.approx({"fossil": 55.25, "removal": -1.875, "biogenic": 1.875})
    assert found.stages["material"] == pytest.approx(46.0)
    assert found.measured == pytest.approx(2.5 / 59.0)
    assert found.lines[0].path == ("pump", "body")
    assert found.notes == ("body carries 90% of its burden: by mass",)


def test_the_interval_is_that_of_drawn_factors() -> None:
    found = footprint("pump", RECIPES)
    g = np.random.default_rng(1)
    steel = np.exp(g.normal(0, STEEL.spread, 200_000))
    wood = 1.875 * (np.exp(g.normal(0, BURNT.spread, 200_000)) - np.exp(g.normal(0, WOOD.spread, 200_000)))
    drawn = 46.0 * steel + 9.25 + wood
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), rel=0.01)


def test_worse_data_widen_it() -> None:
    worse = RECIPES | {"bolt": Recipe((Flow(0.05, "kg", replace(STEEL, name="bolt steel", scores=(5, 5, 5, 5, 5))),))}
    good, bad = footprint("pump", RECIPES), footprint("pump", worse)
    assert bad.total == pytest.approx(good.total)
    assert bad.quality > good.quality
    assert bad.high - bad.low > 0.9 * (good.high - good.low)


def test_bad_input_is_said() -> None:
    with pytest.raises(InputError, match="without year"):
        Factor("x", 1.0, "kg", None, "somewhere")
    with pytest.raises(InputError, match="without year"):
        Factor("x", 1.0, "kg", 2023, "")
    with pytest.raises(InputError, match="below zero"):
        Factor("x", -1.0, "kg", 2023, "test")
    with pytest.raises(InputError, match="1 to 5"):
        replace(STEEL, scores=(0, 1, 1, 1, 1))
    with pytest.raises(InputError, match="into each other"):
        footprint("a", {"a": Recipe(parts={"b": 1}), "b": Recipe(parts={"a": 1})})
    with pytest.raises(InputError, match="no recipe"):
        footprint("pump", {"pump": RECIPES["pump"]})
    with pytest.raises(InputError, match="different units"):
        footprint("a", {"a": Recipe((Flow(1, "t", STEEL),))})
    with pytest.raises(InputError, match="between 0 and 1"):
        footprint("a", {"a": Recipe(good=0.0)})
