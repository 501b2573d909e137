"""Indicators against the plan's own worked numbers and against sums made the slow way."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import narwhals as nw
import pyarrow as pa
import pytest

from luban.core.errors import InputError
from luban.norms.plans import Definition, Part, Term, load_plan
from luban.rollup.composite import composite
from luban.rollup.deflators import Deflators
from luban.rollup.indicators import INDICATORS, indicators
from tests.rollup.firms import PLAN, drawn, frame, one, rows_of, table

FLAT = Deflators.of(("", year, 1.0) for year in range(2015, 2026))


def value(name: str, *rows: Mapping[str, Any], year: int = 2020, **more: Any) -> float | None:
    return one(indicators(frame(*rows), PLAN, (), only=(name,), **more), year=year)["value"]


# ---------------------------------------------------------------- numbers that are known


def test_research_is_a_ratio_of_sums() -> None:
    assert value("I01", {"rd_spend": 2.0, "revenue": 100.0}, {"rd_spend": 0.0, "revenue": 900.0}) == 0.2


def test_patents_for_each_hundred_million() -> None:
    """44 patents on 100 · 10⁸ CNY, told in 10⁴ CNY."""
    assert value("I02", {"patents": 44.0, "revenue": 1_000_000.0}) == pytest.approx(0.44, rel=1e-12)


def test_value_added_rate_in_points() -> None:
    then, now = {"year": 2015, "value_added": 20.0, "output": 100.0}, {"value_added": 33.0, "output": 150.0}
    found = indicators(frame(then, {**now, "unit": "firm0"}), PLAN, (), only=("I04",))
    assert one(found, year=2020)["value"] == pytest.approx(2.0)
    assert (one(found, year=2020)["base"], one(found, year=2020)["level"]) == pytest.approx((20.0, 22.0))
    assert one(found, year=2015)["value"] == 0.0


def test_productivity_grows_by_its_geometric_mean() -> None:
    """100 → 143.56 in five years is 7.5 % a year; in the next five the base is 2020."""
    rows = [
        {"unit": "a", "year": year, "value_added": index, "staff": 1.0}
        for year, index in ((2015, 100.0), (2020, 143.56), (2025, 143.56 * 1.065**5))
    ]
    found = indicators(frame(*rows), PLAN, (), only=("I05",), deflators=FLAT)
    assert one(found, year=2020)["value"] == pytest.approx(7.5, abs=5e-4)
    assert one(found, year=2025)["value"] == pytest.approx(6.5, abs=1e-9)
    assert one(found, year=2015)["reason"] == "the plan names no base year for it"


def test_broadband_is_measured_on_households_of_regions() -> None:
    region = {"level": "region", "broadband_households": 50.0, "households": 100.0, "industry": ""}
    firm = {"broadband_households": 9.0, "households": 9.0}
    assert value("I06", region, firm) == 50.0


def test_digital_design_counts_enterprises() -> None:
    rows = [{"design_tools": 1.0, "revenue": 1.0}] * 58 + [{"design_tools": 0.0, "revenue": 1e6}] * 42
    assert value("I07", *rows) == pytest.approx(58.0)


def test_numerical_control_is_a_mean_of_rates() -> None:
    rows = {"key_processes": 1000.0, "nc_key_processes": 0.0}, {"key_processes": 1.0, "nc_key_processes": 1.0}
    assert value("I08", *rows) == 50.0


@pytest.mark.parametrize(("name", "element"), [("I09", "energy"), ("I10", "co2"), ("I11", "water")])
def test_cuts_are_set_against_the_base_year(name: str, element: str) -> None:
    rows = [
        {"unit": "a", "year": 2015, element: 100.0, "value_added": 100.0},
        {"unit": "a", "year": 2020, element: 164.0, "value_added": 200.0},
    ]
    assert value(name, *rows, deflators=FLAT) == pytest.approx(18.0)


def test_both_readings_of_the_waste_rate() -> None:
    row = {"waste_generated": 90.0, "waste_utilised": 73.0, "waste_old_utilised": 10.0}
    found = indicators(frame(row), PLAN, (), only=("I12",), variants=True)
    definition = PLAN.indicator("I12").definition
    assert one(found, variant="")["value"] == pytest.approx(73.0)
    (other,) = definition.variants
    assert one(found, variant=other)["value"] == pytest.approx(100 * 73.0 / 90.0)
    assert len(rows_of(indicators(frame(row), PLAN, (), only=("I12",)))) == 1


def planted(year: int) -> list[dict[str, Any]]:
    """A hundred enterprises and a region whose facts give what the plan prints as observed."""
    seen = {name: one.milestone(year) for name, one in PLAN.indicators.items()}
    wanted = {name: one.value for name, one in seen.items() if one is not None and one.value is not None}
    told = {"revenue": 20_000.0, "output": 20_000.0, "key_processes": 100.0, "waste_generated": 90.0}
    told |= {"rd_spend": 200.0 * wanted["I01"], "patents": 2.0 * wanted["I02"], "waste_old_utilised": 10.0}
    told |= {"nc_key_processes": wanted["I08"], "waste_utilised": wanted["I12"], "certified": 1.0}
    parts = PLAN.indicator("I03").definition.parts
    fixed = {"revenue": 20_000.0, "rd_spend": wanted["I01"], "certified": 100.0}
    marks = {
        part.id: _mark(part, fixed[own]) for part in parts if (own := part.definition.numerator[0].element) in fixed
    }
    rest = (len(parts) * wanted["I03"] - sum(marks.values())) / (len(parts) - len(marks))
    for part in parts:
        if part.id not in marks:
            below = told.setdefault(part.definition.denominator[0].element, 1_000.0)
            level = part.low + (rest - 60) / 40 * (part.high - part.low)
            told[part.definition.numerator[0].element] = level * below / part.definition.factor
    firms = [{**told, "design_tools": float(at < wanted["I07"])} for at in range(100)]
    region = {"level": "region", "unit": "CN", "households": 200.0, "broadband_households": 2 * wanted["I06"]}
    return [{**row, "year": year} for row in (*firms, region)]


def _mark(part: Part, level: float) -> float:
    return 60 + 40 * (level - part.low) / (part.high - part.low)


@pytest.mark.parametrize("year", [2013, 2015])
def test_planted_facts_give_what_the_plan_prints(year: int) -> None:
    found = {row["indicator"]: row["value"] for row in rows_of(indicators(frame(*planted(year)), PLAN, ()))}
    printed = {name: one.milestone(year) for name, one in PLAN.indicators.items()}
    for name, milestone in printed.items():
        if milestone is None or milestone.value is None:
            assert found[name] in (None, 0.0)  # "-" in the text: a change has no value of its own there
        else:
            assert f"{found[name]:.10g}" == f"{milestone.value:g}"


# ---------------------------------------------------------------- populations, prices, what is unknown


def test_energy_is_of_those_above_scale_alone_and_carbon_of_all() -> None:
    rows = [
        {"unit": unit, "year": year, "above_scale": above, "value_added": 100.0, "energy": used, "co2": used}
        for unit, above, then, now in (("big", True, 100.0, 80.0), ("small", False, 100.0, 100.0))
        for year, used in ((2015, then), (2020, now))
    ]
    assert value("I09", *rows, deflators=FLAT) == pytest.approx(20.0)
    assert value("I10", *rows, deflators=FLAT) == pytest.approx(10.0)


def test_industry_beside_manufacturing() -> None:
    """Research is of manufacturing (C); energy of industry (B, C, D)."""
    rows = [
        {"industry": code, "rd_spend": spent, "revenue": 100.0, "value_added": 100.0, "energy": 10.0}
        for code, spent in (("C3421", 1.0), ("B0610", 50.0), ("A0111", 50.0))
    ]
    assert value("I01", *rows) == 1.0
    assert one(indicators(frame(*rows), PLAN, (), only=("I09",), deflators=FLAT))["n"] == 2


def test_constant_prices_by_industry() -> None:
    """Prices of C34 double, those of C39 stay: real value added does not grow in the first."""
    rows = [
        {"unit": code, "industry": f"{code}11", "year": year, "energy": 100.0, "value_added": worth}
        for code, then, now in (("C34", 100.0, 200.0), ("C39", 100.0, 200.0))
        for year, worth in ((2015, then), (2020, now))
    ]
    prices = Deflators.of([("", 2015, 100.0), ("", 2020, 100.0), ("C34", 2015, 50.0), ("C34", 2020, 100.0)])
    whole = one(indicators(frame(*rows), PLAN, (), only=("I09",), deflators=prices), year=2020)
    assert whole["denominator"] == pytest.approx(300.0)
    assert whole["value"] == pytest.approx(100 * (1 - (200 / 300) / (200 / 200)))
    parts = indicators(frame(*rows), PLAN, ("industry",), {"industry": 2}, only=("I09",), deflators=prices)
    assert one(parts, year=2020, industry="C34")["value"] == pytest.approx(0.0)
    assert one(parts, year=2020, industry="C39")["value"] == pytest.approx(50.0)


def test_without_price_indices_constant_prices_are_unknown() -> None:
    rows = [{"unit": "a", "year": year, "energy": 1.0, "value_added": 1.0} for year in (2015, 2020)]
    found = one(indicators(frame(*rows), PLAN, (), only=("I09",)), year=2020)
    assert (found["value"], found["reason"]) == (None, "no price indices: constant prices cannot be told")
    some = Deflators.of([("", 2015, 1.0)])
    found = one(indicators(frame(*rows), PLAN, (), only=("I09",), deflators=some), year=2020)
    assert (found["value"], found["reason"]) == (None, "a price index is missing for an industry and year")


def test_no_base_year_no_change() -> None:
    found = one(indicators(frame({"value_added": 1.0, "output": 4.0}), PLAN, (), only=("I04",)))
    assert (found["value"], found["level"], found["reason"]) == (None, 25.0, "no value for the base year 2015")


def test_what_is_left_out_is_said_with_its_weight() -> None:
    rows = {"rd_spend": 2.0, "revenue": 100.0}, {"rd_spend": None, "revenue": 300.0}, {"rd_spend": None}
    found = one(indicators(frame(*rows), PLAN, (), only=("I01",)))
    assert (found["value"], found["n"], found["excluded"], found["population"]) == (2.0, 1, 2, 3.0)
    assert (found["excluded_share"], found["excluded_unknown"]) == (0.75, 1)
    assert found["coverage"] == pytest.approx(1 / 3)
    assert found["low"] is None  # a census that is not whole has an error that no sample tells


def test_nobody_answered() -> None:
    found = one(indicators(frame({"revenue": 5.0}), PLAN, (), only=("I01",)))
    assert (found["value"], found["n"], found["reason"]) == (None, 0, "no unit told what it takes")


def test_no_revenue_at_all() -> None:
    found = one(indicators(frame({"rd_spend": 1.0, "revenue": 0.0}), PLAN, (), only=("I01",)))
    assert (found["value"], found["reason"]) == (None, "the denominator is not above zero")


def test_index_is_withheld_where_a_part_is_unknown_and_monotone_else() -> None:
    parts = PLAN.indicator("I03").definition.parts
    row = dict.fromkeys(PLAN.indicator("I03").definition.elements, 50.0) | {"certified": 1.0}
    usual = value("I03", row)
    assert usual is not None
    assert 60 <= usual <= 100
    found = one(indicators(frame({**row, "quality_loss": None}), PLAN, (), only=("I03",)))
    assert found["value"] is None
    assert found["reason"].startswith("the index is not told, as parts are unknown: ")
    levels = {part.id: _level(part.definition, row) for part in parts}
    assert usual == pytest.approx(composite({"firm": levels}, parts).scores["firm"].value)
    loss = next(part for part in parts if part.definition.numerator[0].element == "quality_loss")
    assert found["reason"].endswith(loss.id)
    better = value("I03", {**row, "quality_loss": 0.0})
    assert better is not None
    assert better > usual


def test_an_index_tells_the_coverage_of_the_part_that_the_fewest_told() -> None:
    elements = PLAN.indicator("I03").definition.elements
    row = dict.fromkeys(elements, 50.0) | {"certified": 1.0}
    rows = [{**row, "quality_loss": 50.0 if at < 3 else None} for at in range(10)]
    rows[9]["certified"] = None  # no unit tells all but the first three; nine tell this one
    found = one(indicators(frame(*rows), PLAN, (), only=("I03",)))
    assert found["value"] is not None
    assert (found["n"], found["population"], found["coverage"]) == (3, 10, pytest.approx(0.3))
    assert (found["excluded"], found["excluded_share"]) == (7, pytest.approx(0.7))
    # who told another part does not count against a part that more told
    rows = [{**row, **({"quality_loss": None} if at % 2 else {"certified": None})} for at in range(10)]
    found = one(indicators(frame(*rows), PLAN, (), only=("I03",)))
    assert (found["n"], found["coverage"]) == (5, pytest.approx(0.5))


def _level(definition: Definition, row: Mapping[str, Any]) -> float:
    value, *_ = slow([{**row, "weight": 1.0, "level": "enterprise", "industry": "C3421"}], definition)
    assert value is not None
    return value


def test_bad_questions() -> None:
    rows = frame({"revenue": 1.0})
    with pytest.raises(InputError, match="no such dimension"):
        indicators(rows, PLAN, ("owner",))
    with pytest.raises(InputError, match="no such indicator"):
        indicators(rows, PLAN, (), only=("I99",))
    with pytest.raises(InputError, match="not finite"):
        indicators(frame({"revenue": math.inf}), PLAN, (), only=("I01",))
    with pytest.raises(InputError, match="nearly an element"):
        indicators(frame({"revenues": 1.0}), PLAN, ())
    with pytest.raises(InputError, match="a column is missing"):
        indicators(nw.from_native(table({"revenue": 1.0}).drop_columns(["year"])).lazy(), PLAN, ())


# ---------------------------------------------------------------- the slow way


def slow(rows: list[dict[str, Any]], definition: Definition) -> tuple[float | None, int, int, float]:
    """Value, units used, units of the population, Σ weights of these: one unit after the other."""
    population = definition.population
    mixed = any(row["weight"] is None for row in rows)
    x = y = stands = 0.0
    n = of = 0
    for row in rows:
        weight = (row["weight"] or 0.0) if population.sample or not mixed else 1.0
        if row["level"] != population.level or not weight:
            continue
        if population.above_scale is not None and row["above_scale"] is not population.above_scale:
            continue
        if population.industries and not row["industry"].startswith(population.industries):
            continue
        of, stands = of + 1, stands + weight
        top, below = _sum(row, definition.numerator), _sum(row, definition.denominator)
        if definition.form == "share of units":
            top, below = (None if top is None else float(top != 0)), 1.0
        elif not definition.denominator:
            below = 1.0
        elif definition.form == "mean of rates":
            top, below = (top / below if top is not None and below else None), 1.0
        if top is None or below is None:
            continue
        x, y, n = x + weight * top, y + weight * below, n + 1
    return (definition.factor * x / y if y > 0 else None), n, of, stands


def _sum(row: Mapping[str, Any], terms: tuple[Term, ...]) -> float | None:
    values = [row[term.element] for term in terms]
    return None if None in values else sum(term.sign * v for term, v in zip(terms, values, strict=True))


def test_every_cell_agrees_with_one_unit_after_the_other() -> None:
    data = drawn()
    found = rows_of(
        indicators(
            nw.from_native(data).lazy("duckdb"), PLAN, ("region", "industry"), {"region": 1, "industry": 2},
            only=("I01", "I04", "I06", "I07", "I08", "I12"), variants=True,
        )
    )  # fmt: skip
    listed = data.to_pylist()
    assert len(found) > 200
    for row in found:
        own = PLAN.indicator(row["indicator"]).definition
        definition = own.variants[row["variant"]] if row["variant"] else own
        inside = [
            one
            for one in listed
            if one["year"] == row["year"]
            and "/".join(one["region"].split("/")[:2]) == row["region"]
            and one["industry"][:3] == row["industry"]
        ]
        mixed = [*inside, {**inside[0], "weight": None, "level": "none"}]
        value, n, of, stands = slow(mixed, definition)
        assert (row["n"], row["n"] + row["excluded"]) == (n, of)
        assert row["population"] == pytest.approx(stands)
        assert row["level"] == (None if value is None else pytest.approx(value, rel=1e-9))


def test_a_paths_depth_may_differ() -> None:
    """Codes of unlike length are cut by their steps, not by their letters."""
    rows = [{"region": path, "rd_spend": 1.0, "revenue": 10.0} for path in ("P/abc/1", "P/a/22", "P/a", "P")]
    found = indicators(frame(*rows), PLAN, ("region",), {"region": 1}, only=("I01",))
    assert {row["region"]: row["n"] for row in rows_of(found)} == {"P": 1, "P/a": 2, "P/abc": 1}


def test_years_bring_their_base_year() -> None:
    rows = [{"unit": "a", "year": y, "value_added": v, "output": 100.0} for y, v in ((2015, 20.0), (2018, 21.0))]
    found = rows_of(indicators(frame(*rows), PLAN, (), only=("I04",), years=(2018,)))
    assert [(row["year"], row["value"]) for row in found] == [(2018, pytest.approx(1.0))]
    assert list(found[0]) == INDICATORS.names


def test_another_plan_is_another_folder() -> None:
    """A park's indicators: money is of another currency, industries do not matter, the base year is 2024."""
    park = load_plan(str(Path(__file__).parents[2] / "examples" / "park_plan"))
    told = ("unit", "year", "renewable", "sales", "books", "busy", "accidents")
    usual = {"electricity": 10.0, "land": 2.0, "planned": 8.0, "hours": 1000.0}
    lines = (
        ("a", 2024, 1.0, 100.0, 0.0, 4.0, 4.0),
        ("a", 2026, 3.0, 242.0, 1.0, 6.0, 1.0),
        ("b", 2026, 5.0, 0.0, 0.0, 2.0, 0.0),
    )
    rows = [usual | dict(zip(told, line, strict=True)) for line in lines]
    data = nw.from_native(pa.Table.from_pylist(rows)).lazy("duckdb")
    prices = Deflators.of([("", 2024, 1.0), ("", 2026, 1.0)])
    found = {row["indicator"]: row["value"] for row in rows_of(indicators(data, park, (), deflators=prices), year=2026)}
    assert found == pytest.approx(
        {
            "green-power": 40.0,
            "yield": 100 * ((242 / 4 / 50) ** 0.5 - 1),
            "books": 50.0,
            "running": 50.0,
            "accidents": 87.5,
        }
    )
