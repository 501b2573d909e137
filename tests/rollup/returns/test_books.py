"""Taken, revised, confirmed: what the books say now, what they said then, and what a frame is made of."""

from __future__ import annotations

from pathlib import Path

import narwhals as nw
import pyarrow as pa
import pytest

from luban.core.errors import InputError
from luban.norms.plans import TargetPlan, load_plan
from luban.rollup.frame import canonical
from luban.rollup.indicators import indicators
from luban.rollup.returns import (
    answer_row,
    batch_of,
    confirm_row,
    form_of,
    kin,
    query_row,
    reporting,
    returns_frame,
    standing,
    take,
    unit_returns,
    vintage_row,
    vintages,
)
from tests.rollup.returns.world import ELEMENTS, firms


def rows_of(frame):
    return sorted(frame.collect("pyarrow").to_native().to_pylist(), key=lambda row: (row["unit"], row["year"]))


def test_what_was_returned_comes_back_as_the_wide_frame(plan: TargetPlan, write) -> None:
    rows = firms(12, years=(2019, 2020))
    taken = take(write(), plan, batch_of(rows, ELEMENTS))
    assert (taken.new, taken.revised, taken.same, taken.refused) == (len(rows) * len(ELEMENTS), 0, 0, 0)
    assert len(taken.enterprise["subject"]) == 12  # 2020 says nothing new of the units
    ledger = write(taken)
    for engine in ("duckdb", "polars"):
        back = rows_of(returns_frame(ledger, plan, engine=engine))
        assert len(back) == len(rows)
        for row, told in zip(rows, back, strict=True):
            names = ("unit", "year", "region", "industry", "size", *ELEMENTS)
            assert {name: told[name] for name in names} == {name: row[name] for name in names}
            assert (told["above_scale"], told["weight"], told["level"]) == (True, 1.0, "enterprise")
            assert told["certified"] is None
    again = take(ledger, plan, batch_of(rows, ELEMENTS))  # the same return writes nothing
    assert not again.parts()
    assert again.same == len(rows) * len(ELEMENTS)


def test_a_revision_supersedes_and_the_old_vintage_still_gives_the_old_figure(plan: TargetPlan, write) -> None:
    rows = firms(6, years=(2019, 2020))
    first = write(take(write(), plan, batch_of(rows, ELEMENTS)))
    then = first.head
    ledger = write(event=vintage_row("first release", then, person="wang"))
    revised = dict(rows[3], revenue=rows[3]["revenue"] * 1.1)
    taken = take(ledger, plan, batch_of([revised], ELEMENTS))
    assert (taken.new, taken.revised, taken.same) == (0, 1, len(ELEMENTS) - 1)
    ledger = write(taken)
    (named,) = vintages(ledger)
    assert (named.name, named.seq, named.person) == ("first release", then, "wang")
    assert rows_of(returns_frame(ledger, plan))[3]["revenue"] == revised["revenue"]
    assert rows_of(returns_frame(ledger, plan, as_of=named.seq))[3]["revenue"] == rows[3]["revenue"]
    assert [row["revenue"] for row in rows_of(returns_frame(ledger, plan, as_of=then))] == [r["revenue"] for r in rows]


def test_a_bad_value_is_in_the_books_and_in_no_frame(plan: TargetPlan, write) -> None:
    rows = firms(20, years=(2019, 2020))
    rows[7]["value_added"] = -3.0
    ledger = write(take(write(), plan, batch_of(rows, ELEMENTS)))
    back = rows_of(returns_frame(ledger, plan))[7]
    assert back["value_added"] is None
    assert back["revenue"] == rows[7]["revenue"]
    (fact,) = [one for one in rows_of(standing(ledger, plan)) if not one["used"]]
    assert (fact["unit"], fact["element"], fact["value"], fact["quality"]) == (rows[7]["unit"], "value_added", -3.0, 66)
    assert "value_added >= 0" in fact["text"]
    # no confirmation makes a value good that breaks a rule
    ledger = write(event=confirm_row(rows[7]["unit"], rows[7]["year"], ledger.head, person="li"))
    assert rows_of(returns_frame(ledger, plan))[7]["value_added"] is None


def test_a_doubt_is_out_until_the_firm_confirms_it_or_revises(plan: TargetPlan, write) -> None:
    rows = firms(20, years=(2018, 2019, 2020))
    at = 3 * 11 + 1
    rows[at]["energy"] *= 1e4
    ledger = write(take(write(), plan, batch_of(rows, ELEMENTS)))
    assert rows_of(returns_frame(ledger, plan))[at]["energy"] is None
    confirmed = write(event=confirm_row(rows[at]["unit"], rows[at]["year"], ledger.head, person="li"))
    assert rows_of(returns_frame(confirmed, plan))[at]["energy"] == rows[at]["energy"]
    right = dict(rows[at], energy=rows[at]["energy"] / 1e4)
    ledger = write(take(confirmed, plan, batch_of([right], ELEMENTS)))
    assert rows_of(returns_frame(ledger, plan))[at]["energy"] == right["energy"]


def test_a_confirmation_covers_what_stood_then_and_no_more(plan: TargetPlan, write) -> None:
    rows = firms(4, years=(2020,))
    ledger = write(take(write(), plan, batch_of(rows, ELEMENTS)))
    ledger = write(event=confirm_row("f001", 2020, ledger.head, person="li"))
    assert [one.state for one in unit_returns(ledger, plan, 2020)].count("confirmed") == 1
    assert [row["revenue"] for row in rows_of(returns_frame(ledger, plan, confirmed=True))] == [
        None, rows[1]["revenue"], None, None
    ]  # fmt: skip
    ledger = write(take(ledger, plan, batch_of([dict(rows[1], staff=rows[1]["staff"] + 1)], ELEMENTS)))
    assert next(one for one in unit_returns(ledger, plan, 2020) if one.unit == "f001").state == "revised"
    with pytest.raises(InputError, match="person"):
        confirm_row("f001", 2020, ledger.head, person=" ")


def test_reporting_rate_by_region_counts_the_silent(plan: TargetPlan, write) -> None:
    rows = firms(9, years=(2019, 2020))
    kept = [row for row in rows if not (row["year"] == 2020 and row["unit"] in ("f000", "f003", "f001"))]
    ledger = write(take(write(), plan, batch_of(kept, ELEMENTS)))
    told = {one.region: (one.expected, one.returned) for one in reporting(ledger, plan, 2020)}
    assert told == {"CN/31": (3, 1), "CN/32": (3, 2), "CN/44": (3, 3), "": (9, 6)}
    assert reporting(ledger, plan, 2020)[-1].rate == pytest.approx(6 / 9)
    silent = [row for row in rows_of(returns_frame(ledger, plan)) if row["unit"] == "f000"]
    assert [row["revenue"] is None for row in silent] == [False, True]  # a row of unknowns, not no row
    assert len(rows_of(returns_frame(ledger, plan, silent=False))) == 15


def test_a_question_is_open_until_it_is_answered(plan: TargetPlan, write) -> None:
    ledger = write(take(write(), plan, batch_of(firms(3, years=(2020,)), ELEMENTS)))
    ledger = write(event=query_row("f002", 2020, person="wang", text="energy fell by half: why?", element="energy"))
    (asked,) = [one for one in unit_returns(ledger, plan, 2020) if one.state == "queried"]
    ((seq, text),) = asked.queries
    assert text == "energy fell by half: why?"
    ledger = write(event=answer_row("f002", 2020, seq, person="li", text="a furnace was sold"))
    assert not [one for one in unit_returns(ledger, plan, 2020) if one.state == "queried"]


def test_the_register_holds_from_its_date_on(plan: TargetPlan, write) -> None:
    """A firm that moves and changes its industry: each year has the row that held at its end."""
    rows = firms(2, years=(2018, 2019, 2020))
    rows[1] |= {"region": "CN/44/4403", "industry": "C3812"}
    rows[2] |= {"region": "CN/44/4403", "industry": "C3812"}
    ledger = write(take(write(), plan, batch_of(rows, ELEMENTS)))
    assert [(row["region"], row["industry"]) for row in rows_of(returns_frame(ledger, plan))[:3]] == [
        ("CN/31/3101", "C3421"), ("CN/44/4403", "C3812"), ("CN/44/4403", "C3812")
    ]  # fmt: skip
    closed = {"time": [1_577_836_800_000_000], "subject": ["f000"], "level": ["enterprise"], "region": ["CN/44/4403"],
              "status": ["closed"]}  # 2020-01-01  # fmt: skip
    ledger = write(enterprise=closed)
    assert [row["year"] for row in rows_of(returns_frame(ledger, plan)) if row["unit"] == "f000"] == [2018, 2019]


def test_the_second_of_a_double_is_refused_and_the_first_doubtful(plan: TargetPlan, write) -> None:
    rows = firms(6, years=(2020,))
    rows.append(dict(rows[2], revenue=1.0))
    taken = take(write(), plan, batch_of(rows, ELEMENTS))
    assert (taken.refused, taken.doubtful) == (1, len(ELEMENTS))
    ledger = write(taken)
    assert rows_of(returns_frame(ledger, plan))[2]["revenue"] is None
    assert rows_of(standing(ledger, plan, units=["f002"]))[0]["text"].startswith("unit and year stand twice")


def test_an_unknown_goes_with_its_reason(plan: TargetPlan, write) -> None:
    from dataclasses import replace

    batch = replace(batch_of(firms(1, years=(2020,)), ELEMENTS), reasons={(0, "waste_generated"): "not recorded"})
    ledger = write(take(write(), plan, batch))
    (fact,) = [one for one in rows_of(standing(ledger, plan)) if one["element"] == "waste_generated"]
    assert (fact["value"], fact["text"], fact["used"]) == (None, "not recorded", False)


def test_outside_the_sample_a_unit_has_no_weight(plan: TargetPlan, write) -> None:
    """Of four registered firms two are sampled; the others are not asked, or were asked for other things."""
    rows = [row | {"weight": 2.0 if at < 2 else None, "stratum": "a"} for at, row in enumerate(firms(4, years=(2020,)))]
    sampled = batch_of(
        [*rows[:2], *({key: row[key] for key in ("unit", "year", "weight")} for row in rows[2:])], ELEMENTS
    )
    ledger = write(take(write(), plan, sampled))
    assert [row["weight"] for row in rows_of(returns_frame(ledger, plan))] == [2.0, 2.0, None, None]
    assert reporting(ledger, plan, 2020)[-1].expected == 2
    ledger = write(take(ledger, plan, batch_of([rows[2]], ELEMENTS)))
    assert (reporting(ledger, plan, 2020)[-1].expected, reporting(ledger, plan, 2020)[-1].returned) == (4, 3)
    assert [row["weight"] for row in rows_of(returns_frame(ledger, plan))] == [2.0, 2.0, None, None]


def test_another_plan_has_another_form_other_rules_and_the_same_machinery(write) -> None:
    park = load_plan(Path(__file__).parents[3] / "examples" / "park_plan")
    assert [one.element for one in form_of(park).fields][:3] == ["electricity", "renewable", "sales"]
    rows = [{"unit": "t1", "year": 2024, "electricity": 90.0, "renewable": 30.0, "sales": 500.0},
            {"unit": "t2", "year": 2024, "electricity": 20.0, "renewable": 25.0, "sales": 80.0}]  # fmt: skip
    taken = take(write(), park, batch_of(rows, ["electricity", "renewable", "sales"]))
    assert (taken.bad, taken.review.measure) == (1, "sales")
    assert taken.review.share == pytest.approx(80 / 580)
    assert [row["renewable"] for row in rows_of(returns_frame(write(taken), park))] == [30.0, None]


def test_a_firm_that_stands_in_the_books_under_another_id_is_doubtful(plan: TargetPlan, write) -> None:
    rows = firms(3, years=(2020,))
    ledger = write(take(write(), plan, batch_of(rows, ELEMENTS)))
    other = rows[1] | {"unit": "new", "region": "CN/44/4403", "revenue": rows[1]["revenue"] * 1.01}
    taken = take(ledger, plan, batch_of([other], ELEMENTS))
    (found,) = taken.review.of("doubt")
    assert (found.code, found.unit, found.more["other_unit"]) == ("two regions", "new", "f001")
    assert found.more["regions"] == ["CN/32/3205", "CN/44/4403"]
    revenue = [row["revenue"] for row in rows_of(returns_frame(write(taken), plan))]
    assert revenue == [*(row["revenue"] for row in rows), None]


def test_indicators_of_the_books_are_those_of_the_file(plan: TargetPlan, write) -> None:
    """Returns that went through the ledger give what the same rows give at once, to the bit."""
    rows = firms(12, years=(2015, 2020))
    ledger = write(take(write(), plan, batch_of(rows, ELEMENTS)))
    asked = [{key: one for key, one in row.items() if key not in ("name", "code", "edition")} for row in rows]
    plain = canonical(nw.from_native(pa.Table.from_pylist(asked)).lazy(), plan)
    told = [
        indicators(frame, plan, ("region",), {"region": 1}, only=("I01", "I02", "I08")).collect("pyarrow").to_native()
        for frame in (returns_frame(ledger, plan), plain)
    ]
    assert told[0].num_rows == 18
    assert told[0].to_pylist() == told[1].to_pylist()


def test_a_firm_with_one_year_before_is_judged_by_its_kind_too(plan: TargetPlan, write) -> None:
    """One firm at a time, as the page and REST take them: how far its kind moves from year to year is in the books."""
    rows = [row for row in firms(40, years=(2018, 2019)) if row["unit"] != "f003" or row["year"] == 2019]
    ledger = write(take(write(), plan, batch_of(rows, ELEMENTS)))
    (before,) = [row for row in rows if row["unit"] == "f003"]
    kind = {row["unit"] for row in rows if row["industry"] == before["industry"]}
    came = {"unit": "f003", "year": 2020, "revenue": before["revenue"] / 1e4}
    assert set(kin(ledger, batch_of([came], ["revenue"]))) == kind  # what is not said is in the register
    assert set(kin(ledger, batch_of([came | {"unit": "new", "industry": "2614"}], ["revenue"]))) == kind | {"new"}
    taken = take(ledger, plan, batch_of([came], ["revenue"]))
    (found,) = taken.review.of("doubt")
    assert (found.code, found.unit, found.more["power"], taken.doubtful) == ("shift", "f003", -4, 1)
    assert not take(ledger, plan, batch_of([came | {"revenue": before["revenue"] * 1.2}], ["revenue"])).doubtful
