"""Releases: an attacker who has every view of every release finds nobody's figure; what was told stays told."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pytest

from luban.norms.plans import TargetPlan, load_plan
from luban.rollup.deflators import Deflators
from luban.rollup.frame import canonical
from luban.rollup.protect import Published, Sum, protect_indicators, ranges
from luban.rollup.protect.quantities import Held
from luban.rollup.protect.table import DEPTH

PLAN = load_plan("mic2025")
PRICES = Deflators.of([("C34", 2015, 1.0), ("C34", 2020, 1.3), ("C35", 2015, 1.0), ("C35", 2020, 0.9)])
ELEMENTS = ("revenue", "rd_spend", "patents", "output", "value_added", "co2", "design_tools", "key_processes",
            "nc_key_processes")  # fmt: skip
World = list[dict[str, Any]]


def plan_of(*names: str) -> TargetPlan:
    return replace(PLAN, indicators={name: PLAN.indicators[name] for name in names})


def place(rng: np.random.Generator) -> dict[str, str]:
    return {"region": f"CN/{11 + rng.integers(2)}", "industry": f"C{34 + rng.integers(2)}10"}


def world(rng: np.random.Generator, count: int, years: Sequence[int] = (2020,)) -> World:
    """Firms in two regions and two industries."""
    rows: World = []
    for at in range(count):
        where = place(rng)
        rows += [{"unit": f"u{at}", "year": year, **where, **answers(rng)} for year in years]
    return rows


def answers(rng: np.random.Generator) -> dict[str, float | None]:
    size = float(np.exp(rng.normal(4, 1)))
    found: dict[str, float | None] = {name: size * float(rng.uniform(0.1, 1)) for name in ELEMENTS}
    found |= {"design_tools": float(rng.integers(2)), "key_processes": 10.0,
              "nc_key_processes": float(rng.integers(11))}  # fmt: skip
    for name in ("patents", "output"):
        found[name] = None if rng.random() < 0.1 else found[name]
    return found


def revised(rng: np.random.Generator, rows: World, name: str) -> World:
    """One came, one left, one answers anew, one is put right a little, and one by ten thousand times."""
    left, anew, little, wholly = rng.choice(sorted({row["unit"] for row in rows}), 4, replace=False)
    kinds = rng.random(4) < 0.6
    found = [dict(row) for row in rows if row["unit"] != left or not kinds[0]]
    for row in found:
        more: dict[str, dict[str, Any]] = {
            anew: answers(rng) if kinds[1] else {},
            little: {"revenue": row["revenue"] * 1.05, "design_tools": 1.0} if kinds[2] else {},
            wholly: {"value_added": row["value_added"] / 1e4, "co2": row["co2"] / 1e4} if kinds[3] else {},
        }
        row |= more.get(row["unit"], {})
    where = place(rng)
    return [*found, *({"unit": name, "year": year, **where, **answers(rng)} for year in {row["year"] for row in rows})]


def frame_of(rows: World) -> nw.LazyFrame[Any]:
    table = pa.Table.from_pylist([{"above_scale": 1, **row} for row in rows])
    return canonical(nw.from_native(table).lazy(), PLAN)


def held_of(plan: TargetPlan, states: Sequence[World], *, flat: int = 0, alone: bool = False) -> list[Held]:
    """The tables behind releases of these states; the last `flat` by region only; alone: each protected by itself."""
    out: tuple[Held, ...] = ()
    for at, rows in enumerate(states):
        flatly = at >= len(states) - flat
        made = protect_indicators(frame_of(rows), plan, depth=DEPTH, by=("region",) if flatly else tuple(DEPTH),
                                  deflators=PRICES, years=(2020,),
                                  out={} if alone else {2020: out})  # fmt: skip
        assert made.exposures == ()
        out += made.held[2020]
    return list(out)


class Attacker:
    """Who has all that is told, and knows who answered what and whose answer stayed the same, but no figure.

    Unknown is every figure that a firm told; everything told is a sum of some of them. Of `protect` it uses the linear
    program alone. What it hears is the told cells of every quantity: more than any view of a release shows.
    """

    def __init__(self, heard: Sequence[Held]) -> None:
        self.unknown: dict[tuple[str, str, float], int] = {}
        self.truth: list[float] = []
        self.told: list[tuple[float, list[int], list[float]]] = []
        self.alone: set[int] = set()
        for one in heard:
            rows = one.rows.to_pylist()
            deepest = max(len(industry) for _, industry in one.release.table.keys)
            places = Counter((row["region"], row["industry"][:deepest]) for row in rows)
            cells = [self._cell(one.name, row) for row in rows]
            self.alone |= {cell for cell, row in zip(cells, rows, strict=True)
                           if places[row["region"], row["industry"][:deepest]] == 1}  # fmt: skip
            for region, industry in one.release.table.keys:
                inside = [at for at, row in enumerate(rows)
                          if row["region"].startswith(region) and row["industry"].startswith(industry)]  # fmt: skip
                value = one.release.value((region, industry))
                assert one.release.table.values[one.release.table.index((region, industry))] == pytest.approx(
                    sum(rows[at]["figure"] for at in inside)
                )
                if value is not None:
                    self.told.append((value, [cells[at] for at in inside], [rows[at]["scale"] for at in inside]))

    def _cell(self, name: str, row: Mapping[str, Any]) -> int:
        raw = row["figure"] / row["scale"]
        key = next(
            (
                key
                for key in self.unknown
                if key[:2] == (name, row["unit"]) and math.isclose(key[2], raw, abs_tol=1e-12)
            ),
            None,
        )
        if key is None:
            key = name, row["unit"], raw
            self.unknown[key] = len(self.truth)
            self.truth.append(raw)
        return self.unknown[key]

    def finds(self) -> list[str]:
        """Figures known too closely: money within 15 %, and of who is alone in a cell yes, no, and rates as well."""
        count = len(self.truth)
        values = np.array([np.nan] * count + [one[0] for one in self.told])
        flag = [name.startswith("share of ") for name, *_ in self.unknown]
        rate = [" / " in name for name, *_ in self.unknown]
        high = np.array([1.0 if one or other else np.inf for one, other in zip(flag, rate, strict=True)]
                        + [np.inf] * len(self.told))  # fmt: skip
        sums = tuple(Sum(count + at, tuple(cells), tuple(prices)) for at, (_, cells, prices) in enumerate(self.told))
        found = []
        for key, one in zip(self.unknown, ranges(Published(values, np.zeros(values.size), high, sums), range(count)),
                            strict=True):  # fmt: skip
            truth, slack = self.truth[one.cell], 1e-6 * max(self.truth[one.cell], 1)
            width = 1.0 if flag[one.cell] else 0.15 * truth
            if (flag[one.cell] or rate[one.cell]) and one.cell not in self.alone:
                continue  # of three who all say yes each is known
            if one.low > max(truth - width, 0) + slack or one.high < min(truth + width, high[one.cell]) - slack:
                found.append(f"{key} in {one.low:g} … {one.high:g}")
        return found


SORTS = {("I01",): (2, 20), ("I04", "I10"): (3, 0), ("I07",): (6, 74)}
"""Indicators → worlds told by region and industry, worlds told by region."""


@pytest.mark.parametrize("sort", SORTS, ids="+".join)
def test_nobody_is_found_by_who_has_every_view_of_every_release(sort: tuple[str, ...]) -> None:
    plan, told, naive, (deep, flat) = plan_of(*sort), 0, 0, SORTS[sort]
    for seed in range(deep + flat):
        rng = np.random.default_rng(seed)
        first = world(rng, 7)
        states = [first, revised(rng, first, "new")]
        heard = Attacker(held_of(plan, states, flat=2 * (seed >= deep)))
        assert heard.finds() == [], f"world {seed}"
        told += len(heard.told)
        naive += seed < 6 and bool(Attacker(held_of(plan, states, alone=True)).finds())
    assert told >= 2 * (deep + flat)
    assert naive


def test_a_later_release_need_not_go_so_deep() -> None:
    plan, told = plan_of("I01"), 0
    for seed in (100, 102, 104):
        rng = np.random.default_rng(seed)
        states = [world(rng, 8)]
        for name in ("new", "newer"):
            states.append(revised(rng, states[-1], name))
        heard = Attacker(held_of(plan, states, flat=1))
        assert heard.finds() == [], f"world {seed}"
        told += len(heard.told)
    assert told > 6


def test_what_did_not_change_may_be_told_deeper_and_what_was_told_is_told_again() -> None:
    rows = world(np.random.default_rng(3), 30)
    plan = plan_of("I01")
    first = protect_indicators(frame_of(rows), plan, depth=DEPTH, by=("region",))
    again = protect_indicators(frame_of(rows), plan, depth=DEPTH, by=("region",), out=first.held)
    assert again.held == {2020: ()}
    assert again.judged == first.judged
    deeper = protect_indicators(frame_of(rows), plan, depth=DEPTH, out=first.held)
    assert {key: deeper.judged[key] for key in first.judged} == first.judged
    assert any(not why and len(key[3]) == 3 for key, why in deeper.judged.items())


@pytest.mark.parametrize(("kinds", "told"), [(1, True), (3, True), (80, False)])
def test_yes_and_no_of_many_weights_are_told_of_everything_only(kinds: int, told: bool) -> None:
    rng = np.random.default_rng(3)
    rows = [{**row, "weight": float(1 + at % kinds), "stratum": "s"} for at, row in enumerate(world(rng, 240))]
    found = protect_indicators(frame_of(rows), plan_of("I07"), by=("region",), depth={"region": 1})
    assert found.reason("I07", 2020) == ""
    assert (found.reason("I07", 2020, region="CN/11") == "") is told
    assert told or "weights" in found.reason("I07", 2020, region="CN/11")
