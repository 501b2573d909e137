"""Footprints against worked cases in print."""

from __future__ import annotations

import pytest

from luban.understand.energy.footprint import Factor, Flow, Recipe, footprint

GUIDE = "GHG Protocol, Technical Guidance for Calculating Scope 3 Emissions, version 1.0 (2013)"


def flow(name: str, amount: float, unit: str, factor: float) -> Flow:
    return Flow(amount, unit, Factor(name, factor, unit, 2013, GUIDE))


@pytest.mark.parametrize(
    ("flows", "printed"),
    [
        # example 1.1, page 24: materials of a builder
        ((("cement", 200_000, "kg", 0.15), ("plaster", 600_000, "kg", 0.10), ("paint", 200_000, "kg", 0.10),
          ("timber", 100_000, "kg", 0.25), ("concrete", 50_000, "kg", 0.20)), 145_000),
        # example 1.2, pages 26 to 28: energy and materials of t-shirts (transport: see the green shop)
        ((("electricity", 5_000, "kWh", 0.5), ("gas", 2_500, "kWh", 0.2)), 3_000),
        ((("cotton", 5_000, "kg", 7.0), ("polymer", 2_500, "kg", 5.0), ("chemical A", 500, "kg", 2.0),
          ("chemical B", 500, "kg", 1.5)), 49_250),
        # example 5.1, page 75: waste by its treatment
        ((("landfill", 2_000, "t", 40), ("incinerated", 5_000, "t", 2), ("recycled", 4_000, "t", 10),
          ("waste water", 5_000, "m³", 0.5)), 132_500),
        # example 10.1, page 110: resin made into handles
        ((("gas", 3_500, "kWh", 0.2), ("electricity", 2_000, "kWh", 0.5), ("waste", 50, "kg", 0.5)), 1_725),
        # example 12.1, page 127: laminated paper after use
        ((("landfill", 9_000, "kg", 0.3), ("incinerated", 1_000, "kg", 1.0)), 3_700),
    ],
)  # fmt: skip
def test_examples_of_the_guidance(flows: tuple[tuple[str, float, str, float], ...], printed: float) -> None:
    found = footprint("it", {"it": Recipe(tuple(flow(*one) for one in flows))})
    assert found.total == pytest.approx(printed, rel=1e-12)


def test_along_a_chain_of_processes() -> None:
    """Heijungs and Suh (2002), The Computational Structure of Life Cycle Assessment, 2.2: 1,000 kWh, 120 kg of CO2.

    10 kWh take 2 l of fuel and emit 1 kg; 100 l of fuel emit 10 kg.
    """
    book = "R. Heijungs, S. Suh, The Computational Structure of Life Cycle Assessment (2002), section 2.2"
    power, refining = Factor("power", 0.1, "kWh", 2002, book), Factor("refining", 0.1, "l", 2002, book)
    recipes = {
        "electricity": Recipe((Flow(1.0, "kWh", power),), {"fuel": 0.2}),
        "fuel": Recipe((Flow(1.0, "l", refining),)),
    }
    found = footprint("electricity", recipes)
    assert 1000 * found.total == pytest.approx(120)
    assert {name: 1000 * kg for name, kg in found.items.items()} == pytest.approx({"electricity": 100, "fuel": 20})
