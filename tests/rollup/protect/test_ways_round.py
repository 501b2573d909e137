"""Ways round what is withheld: two prices, no region, small beside large, weights, few answers, another base."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pytest

from luban.norms.plans import load_plan
from luban.rollup.deflators import Deflators
from luban.rollup.frame import canonical
from luban.rollup.protect import Publication, Table, attack, publish, suppress, tabulate

PLAN = load_plan("mic2025")
Row = dict[str, Any]


def firm(unit: str, industry: str = "C34", region: str = "CN/31", year: int = 2020, **figures: Any) -> Row:
    return {"unit": unit, "year": year, "region": region, "industry": f"{industry}10", "above_scale": 1, **figures}


def out(rows: Sequence[Row], *only: str, **more: Any) -> Publication:
    plan = replace(PLAN, indicators={name: PLAN.indicators[name] for name in only})
    return publish(canonical(nw.from_native(pa.Table.from_pylist(list(rows))).lazy(), plan), plan, "a", 1, **more)


def cell(made: Publication, year: int, region: str = "", industry: str = "", indicator: str = "") -> Row:
    """A row as it is told; all figures None where there is none."""
    for row in made.rows.to_pylist():
        if (row["year"], row["region"], row["industry"]) == (year, region, industry) and (
            not indicator or row["indicator"] == indicator
        ):
            found: Row = row
            return found
    return dict.fromkeys(("value", "numerator", "denominator", "base"))


def beside(*cells: tuple[str, str, float, int]) -> Table:
    """Region, industry, figure, among how many alike."""
    rows = [{"unit": f"{region} {code} {at}", "region": region, "industry": code, "x": whole / count}
            for region, code, whole, count in cells for at in range(count)]  # fmt: skip
    return tabulate(pa.Table.from_pylist(rows), "x")


@pytest.mark.parametrize(("firms", "told"), [(1, False), (4, True)])
def test_a_base_year_is_not_told_at_two_prices(firms: int, *, told: bool) -> None:
    # value added of 2020 at prices of 2015, and (base × staff) at its own: two equations for two industries
    levels = {"C34": (1, 1.3, 1.35), "C35": (1, 0.9, 0.88)}
    years = (2015, 2020, 2021)
    prices = Deflators.of([(code, *one) for code, some in levels.items() for one in zip(years, some, strict=True)])
    rng = np.random.default_rng(1)
    rows = [firm(f"u{at}", "C34" if at < firms else "C35", year=year, value_added=float(rng.uniform(50, 150)),
                 staff=10.0 + at) for at in range(firms + 8) for year in years]  # fmt: skip
    made = out(rows, "I05", deflators=prices)
    own, later = cell(made, 2020), cell(made, 2021)
    figures: list[Any] = [own["numerator"], own["denominator"], later["base"]]
    assert (None not in figures) == told
    if told:
        found = np.linalg.solve(np.array([[1 / 1.3, 1 / 0.9], [1, 1]]), np.array([figures[0], figures[1] * figures[2]]))
        assert found[0] == pytest.approx(sum(row["value_added"] for row in rows if row["year"] == 2020
                                             and row["industry"] == "C3410"))  # fmt: skip


def test_without_a_region_is_not_in_the_country_s_row_of_regions() -> None:
    # the country by region less the one region that is told is the firm of the other
    rows = [firm("alone", region="CN/11", revenue=123.45, rd_spend=12.0)]
    rows += [firm(f"b{at}", region="CN/12", revenue=200.0 + at, rd_spend=20.0 + at) for at in range(6)]
    rows += [firm(f"c{at}", region="", revenue=30.0 + at, rd_spend=3.0 + at) for at in range(4)]
    made = out(rows, "I01")
    whole, other = cell(made, 2020, "CN")["denominator"], cell(made, 2020, "CN/12")["denominator"]
    assert other == 1215.0
    assert whole is None or whole - other != pytest.approx(123.45)


def test_small_beside_large_is_protected() -> None:
    release = suppress(beside(("CN/31", "C34", 20.0, 1), ("CN/31", "C35", 1.5e11, 5)))
    whole, other = release.value(("CN", "")), release.value(("CN", "C35"))
    assert whole == 1.5e11 + 20.0
    assert other is None or whole - other != pytest.approx(20.0)
    assert (release.unprotected, attack(release)) == ((), ())


def test_small_beside_large_is_not_protected_by_less_than_nothing() -> None:
    # with only the four withheld, 20 less 1 is the least that the firm can have: less, and the 1 is below zero
    release = suppress(beside(("CN/11", "C34", 20.0, 1), ("CN/11", "C35", 1e11, 5), ("CN/12", "C34", 1e11, 5),
                              ("CN/12", "C35", 1.0, 5)))  # fmt: skip
    told = {key for key, state in zip(release.table.keys, release.states, strict=True) if state == "published"}
    assert not told >= {("CN", "C34"), ("CN", "C35"), ("CN/11", ""), ("CN/12", "")}
    assert ("CN", "") in told


def test_it_is_judged_by_the_weights_it_is_told_by() -> None:
    # nobody is weighted, as one is not in a later year: 100 + 1 + 1, so who has 1 knows the 100 within 1 %
    rows = [firm("large", revenue=100.0, rd_spend=50.0, weight=1.0, stratum="s")]
    rows += [firm(one, revenue=1.0, rd_spend=0.5, weight=60.0, stratum="t") for one in "ab"]
    rows += [firm(one, year=2021, revenue=20.0, rd_spend=9.0, weight=None, stratum="") for one in "abcdef"]
    made = out(rows, "I01")
    whole = cell(made, 2020)["denominator"]
    assert whole is None or whole - 1.0 > 1.15 * 100.0
    assert cell(made, 2021)["denominator"] == 120.0


def test_who_has_no_weight_at_another_level_leaves_the_firms_theirs() -> None:
    rows = [firm(f"u{at}", revenue=10.0 * at, rd_spend=0.5, weight=5.0, stratum="t") for at in range(1, 7)]
    region = {"unit": "CN/31", "level": "region", "year": 2020, "region": "CN/31", "households": 5.0,
              "broadband_households": 3.0}  # fmt: skip
    made = out([*({"level": "enterprise", **row} for row in rows), region], "I01", "I06")
    judged = next(one.release for one in made.held[2020] if one.name == "revenue")
    assert judged.value(("CN", "")) == cell(made, 2020, indicator="I01")["denominator"] == 1050.0


@pytest.mark.parametrize(("weight", "told"), [(7.0, False), (3.0, True)])
def test_the_weights_in_a_sum_do_not_say_who_said_yes(weight: float, *, told: bool) -> None:
    # 21 of weights 3, 7 and 11 is one of each
    groups = {"C26": (3.0, 3), "C34": (weight, 1), "C35": (11.0, 3)}
    rows = [firm(f"{code}{at}", code, design_tools=float(at == 0), weight=one, stratum=code)
            for code, (one, count) in groups.items() for at in range(count)]  # fmt: skip
    made = out(rows, "I07")
    heard = {code: cell(made, 2020, "", code)["numerator"] for code in ("", *groups)}
    possible = set()
    for said in product(*(range(count + 1) for _, count in groups.values())):
        sums = {code: float(yes * one) for (code, (one, _)), yes in zip(groups.items(), said, strict=True)}
        sums[""] = sum(sums.values())
        if all(one is None or one == pytest.approx(sums[code]) for code, one in heard.items()):
            possible.add(said[1])
    assert possible == {0, 1}
    assert (heard[""] is not None) == told
    assert heard["C35"] == 11.0


def test_of_too_many_weights_yes_and_no_are_told_of_all_together_only() -> None:
    rows = [firm(f"u{at}", "C35" if at % 2 else "C34", design_tools=float(at % 3 == 0), weight=1.0 + at,
                 stratum=str(at)) for at in range(70)]  # fmt: skip
    made = out(rows, "I07")
    assert cell(made, 2020)["value"] is not None
    assert [cell(made, 2020, "", code)["value"] for code in ("C34", "C35")] == [None, None]


def test_a_base_of_another_root_is_not_told() -> None:
    # who of another country came later is in the root of 2020 and not in that of 2015
    rng = np.random.default_rng(2)
    rows = [firm(f"u{at}", year=year, value_added=float(rng.uniform(50, 150)), output=200.0)
            for at in range(8) for year in (2015, 2020) if year == 2020 or not at]  # fmt: skip
    rows += [firm(f"v{at}", "C35", year=year, value_added=90.0 + at, output=200.0)
             for at in range(8) for year in (2015, 2020)]  # fmt: skip
    made = out([*rows, firm("abroad", "C35", "HK/1", value_added=70.0, output=150.0)], "I04")
    own = 100 * rows[0]["value_added"] / 200.0
    bases = [row["base"] for row in made.rows.to_pylist() if row["base"] is not None]
    assert own not in [pytest.approx(one) for one in bases]
    assert cell(made, 2020, "CN")["base"] is not None
