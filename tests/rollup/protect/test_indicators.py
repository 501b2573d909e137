"""A plan's indicators, protected: shared denominators, rates and flags, cuts against a base year."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pytest

from luban.norms.plans import load_plan
from luban.rollup.deflators import Deflators
from luban.rollup.frame import canonical
from luban.rollup.indicators import indicators
from luban.rollup.protect import Protected, protect_indicators

PLAN = load_plan("mic2025")
BY = ("region", "industry")


def returns(years: tuple[int, ...] = (2020,), without_patents: str = "") -> nw.LazyFrame[Any]:
    rng = np.random.default_rng(5)
    count = 90
    region, group = rng.integers(0, 3, count), rng.integers(0, 3, count)
    revenue = np.exp(rng.normal(9, 1.0, count))
    rows: dict[str, list[Any]] = {name: [] for name in ("unit", "year", "region", "industry", "above_scale", "revenue",
                                                         "rd_spend", "patents", "design_tools", "energy", "value_added",
                                                         "key_processes", "nc_key_processes")}  # fmt: skip
    for year in years:
        for one in range(count):
            unit = f"u{one}"
            cells = (unit, year, f"CN/{11 + region[one]}", f"C{34 + group[one]}10", bool(one % 5), revenue[one],
                     0.02 * revenue[one] * (1 + one % 3), None if unit == without_patents else float(one % 4),
                     float(one % 2), revenue[one] / 40, revenue[one] / 5, 10.0, float(one % 10))  # fmt: skip
            for name, cell in zip(rows, cells, strict=True):
                rows[name].append(cell)
    return canonical(nw.from_native(pa.table(rows)).lazy(), PLAN)


def made(frame: nw.LazyFrame[Any], only: tuple[str, ...], **more: Any) -> Protected:
    return protect_indicators(frame, PLAN, only=only, by=BY, **more)


def rows_of(points: nw.LazyFrame[Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = points.collect("pyarrow").to_native().to_pylist()
    return rows


def test_withheld_figures_are_null_and_say_why() -> None:
    frame, only = returns(), ("I01", "I07", "I08")
    protected = made(frame, only)
    assert protected.exposures == ()
    assert len(protected.withheld) > 0
    before = rows_of(indicators(frame, PLAN, by=BY, only=only))
    after = rows_of(protected.points(indicators(frame, PLAN, by=BY, only=only)))
    hidden = 0
    for old, new in zip(before, after, strict=True):
        why = protected.reason(old["indicator"], old["year"], region=old["region"], industry=old["industry"])
        if why:
            hidden += 1
            assert new["reason"] == f"withheld: {why}"
            assert all(new[name] is None for name in ("value", "low", "high", "numerator", "denominator"))
            assert new["n"] == old["n"]
        else:
            assert new == old
    assert 0 < hidden < len(before)


def test_the_nation_is_told() -> None:
    protected = made(returns(), ("I01", "I08"))
    assert protected.reason("I01", 2020) == "" == protected.reason("I08", 2020)


def test_two_indicators_over_one_denominator_tell_nobody_s_revenue() -> None:
    # one firm gave no patents: revenue under research less revenue under patents is its revenue
    alike = made(returns(), ("I01", "I02"))
    apart = made(returns(without_patents="u7"), ("I01", "I02"))
    hidden = {key[2:] for key in apart.withheld if key[0] == "I02"}
    shown = {key[2:] for key in alike.withheld if key[0] == "I02"}
    assert ("CN", "") in hidden - shown
    assert apart.exposures == ()
    assert apart.reason("I01", 2020) == ""


def test_a_cut_is_withheld_where_its_base_is() -> None:
    frame = returns((2015, 2020))
    protected = made(frame, ("I09",))
    for indicator, year, *key in protected.withheld:
        if year == 2015:
            assert protected.reason(indicator, 2020, region=key[0], industry=key[1])


def test_what_was_not_judged_is_not_told() -> None:
    frame = returns()
    protected = made(frame, ("I01",), depth={"industry": 2})
    finer = rows_of(protected.points(indicators(frame, PLAN, by=BY, only=("I01",), depth={"industry": 4})))
    assert {one["reason"] for one in finer} == {"withheld: not judged"}


def test_no_other_indicator_and_no_other_reading_is_told() -> None:
    frame = returns()
    protected = made(frame, ("I07",))
    rows = rows_of(protected.points(indicators(frame, PLAN, by=BY, only=("I01", "I07"))))
    others = [one for one in rows if one["indicator"] == "I01"]
    assert {one["reason"] for one in others} == {"withheld: not judged"}
    told = next(one for one in rows if one["indicator"] == "I07" and one["value"] is not None)
    assert protected.rows([told | {"variant": "another"}])[0]["value"] is None
    assert protected.open == {"I06"}


@pytest.mark.parametrize("only", [("I07",), ("I08",)])
def test_shares_are_not_dominated_by_anybody(only: tuple[str, ...]) -> None:
    protected = made(returns(), only)
    assert "a few units make up most of it" not in protected.withheld.values()


def test_of_few_neither_yes_nor_no_is_told() -> None:
    frame = returns().filter(nw.col("unit").is_in([f"u{at}" for at in range(24)]))
    few = [one for one in rows_of(made(frame, ("I07",)).points(indicators(frame, PLAN, by=BY, only=("I07",))))
           if 0 < one["n"] < 3]  # fmt: skip
    assert few
    assert {one["reason"] for one in few} == {"withheld: too few units behind it"}


def test_one_without_an_industry_is_protected_as_any_other() -> None:
    table = returns().collect("pyarrow").to_native()
    industry, region = table["industry"].to_pylist(), table["region"].to_pylist()
    industry[1], region[2] = "", "CN"
    for name, texts in (("industry", industry), ("region", region)):
        table = table.set_column(table.column_names.index(name), name, [texts])
    own = PLAN.indicators["I01"]
    anybody = replace(own.definition, population=replace(own.definition.population, industries=()))
    plan = replace(PLAN, indicators={**PLAN.indicators, "I01": replace(own, definition=anybody)})
    frame = nw.from_native(table).lazy()
    for by in (("region",), ("industry",), BY):
        protected = protect_indicators(frame, plan, only=("I01",), by=by)
        rows = rows_of(protected.points(indicators(frame, plan, by=by, only=("I01",))))
        few = [one for one in rows if one["n"] == 1]
        assert len(few) >= len(by)
        assert all(one["value"] is None for one in few)
        assert sum(one["value"] is not None for one in rows) > 1


def test_the_order_of_the_rows_changes_nothing() -> None:
    table = returns().collect("pyarrow").to_native()
    turned = nw.from_native(table.take(np.random.default_rng(1).permutation(table.num_rows))).lazy()
    only = ("I01", "I02", "I08")
    first, second = made(returns(without_patents="u7"), only), made(returns(without_patents="u7"), only)
    assert first.judged == second.judged
    assert made(turned, only).judged == made(returns(), only).judged


def test_who_was_left_out_is_not_told_by_its_share() -> None:
    frame = returns(without_patents="u7")
    before = rows_of(indicators(frame, PLAN, by=("region",), only=("I02",)))
    told = protect_indicators(frame, PLAN, only=("I02",), by=("region",)).rows(before)
    one = [(old, new) for old, new in zip(before, told, strict=True) if old["excluded"] == 1]
    assert one
    assert all(old["excluded_share"] > 0 and new["excluded_share"] is None for old, new in one)


def test_works_of_one_owner_are_one_unit() -> None:
    frame = returns()
    known = made(frame, ("I01",))
    cell = next(key for key in known.judged if key[2] == "CN/11" and len(key[3]) == 3 and not known.judged[key])
    inside = frame.filter(nw.col("region") == "CN/11", nw.col("industry").str.starts_with(cell[3]))
    units = inside.select("unit").collect("pyarrow").to_native()["unit"].to_pylist()
    group = made(frame, ("I01",), owners=dict.fromkeys(units, "group"))
    assert group.judged[cell] == "too few units behind it"


def test_an_indicator_that_others_make_up_is_not_told() -> None:
    own = PLAN.indicators["I01"]
    both = replace(own.definition, numerator=(*own.definition.numerator, *PLAN.indicators["I02"].definition.numerator))
    summed = {
        **{name: PLAN.indicators[name] for name in ("I01", "I02")},
        "sum": replace(own, id="sum", definition=both),
    }
    protected = protect_indicators(returns(), replace(PLAN, indicators=summed), by=BY)
    assert {protected.reason(name, 2020) for name in ("I01", "I02")} == {""}
    assert protected.reason("sum", 2020) == "not judged"


def test_the_same_units_at_two_prices_are_two_sums_of_their_parts() -> None:
    # 100 and 50 told as 150 today, and as 100 / 2 + 50 = 100 at old prices: who has both has each
    frame = returns((2015, 2020))
    prices = Deflators.of([("C34", 2015, 1.0), ("C34", 2020, 2.0), ("", 2015, 1.0), ("", 2020, 1.0)])
    rows = frame.collect("pyarrow").to_native().to_pylist()
    for row in rows:
        row["output"] = row["revenue"]
    frame = canonical(nw.from_native(pa.Table.from_pylist(rows)).lazy(), PLAN)
    few = frame.filter(nw.col("unit").is_in([f"u{at}" for at in range(30)]))
    today, both = (protect_indicators(few, PLAN, only=only, by=BY, deflators=prices, years=(2020,))
                   for only in (("I09",), ("I04", "I09")))  # fmt: skip
    told = [key for key in both.judged if key[:2] == ("I09", 2020) and not both.judged[key]]
    assert set(told) < {key for key in today.judged if not today.judged[key]}
    constant = [
        one for one in both.held[2020] if one.name == "value_added" and set(one.rows["scale"].to_pylist()) != {1}
    ]
    assert len(constant) == 1
