"""Regions against the whole, roadmaps, decisions that quote versions."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from luban.core.errors import InputError
from luban.ledger import Ledger
from luban.norms.plans import TargetPlan
from luban.rollup.minutes import Quote, advice_row, check_quote, minutes, quote
from luban.rollup.programmes import (
    RegionTarget,
    Step,
    read_roadmap,
    read_targets,
    regional_sum,
    regional_targets,
    roadmap,
    target_row,
)
from tests.rollup.programmes.conftest import Write


def test_what_regions_set_themselves_against_the_plan(plan: TargetPlan, ledger: Ledger, write: Write) -> None:
    some = [RegionTarget("CN/31", "T20", 2020, 300), RegionTarget("CN/32", "T20", 2020, 650),
            RegionTarget("CN/31", "I08", 2020, 60, 1.0), RegionTarget("CN/32", "I08", 2020, 46, 3.0),
            RegionTarget("CN/31", "I12", 2020, 80), RegionTarget("CN/33", "I11", 2020, 25, 2.0)]  # fmt: skip
    write(*(target_row(plan, one, person="li") for one in some))
    found = {one.id: one for one in regional_sum(plan, regional_targets(ledger, "mic2025"))}
    assert (found["T20"].together, found["T20"].gap, found["T20"].short, found["T20"].missing) == (
        950,
        -50,
        True,
        ("CN/33",),
    )
    assert (found["I08"].together, found["I08"].gap, found["I08"].short) == (
        pytest.approx(49.5),
        pytest.approx(-0.5),
        True,
    )
    assert "missing: CN/31" in found["I12"].reason
    assert (found["I11"].national, found["I11"].short) == (23, False)  # a cut of 25 % is more than 23 %
    again = target_row(plan, RegionTarget("CN/32", "T20", 2020, 750), person="li")
    write(again)
    assert regional_sum(plan, regional_targets(ledger, "mic2025"))[-1].gap == 50
    with pytest.raises(InputError, match="T99"):
        target_row(plan, RegionTarget("CN/31", "T99", 2020, 1), person="li")


def test_targets_from_a_table(plan: TargetPlan, tmp_path: Path) -> None:
    file = tmp_path / "regions.csv"
    file.write_text("region,id,year,value,weight\nCN/31,T13,2020,9,\nCN/32,T13,2020,6,\n")
    assert regional_sum(plan, read_targets(file, plan))[0].gap == 0
    for line, said in (
        ("CN/31,T13,2020,9,", "two values"),
        ("CN/33,T99,2020,9,", "T99"),
        ("CN/33,T13,2020,x,", "not a year and"),
        (",T13,2020,9,", "a region, a number"),
        ("CN/33,T13,2020,9,1 200", "a weight above 0"),
        ("CN/33,T13,2020,9,-3", "a weight above 0"),
        ("CN/33,T13,2020,9,inf", "a weight above 0"),
    ):
        file.write_text(f"region,id,year,value,weight\nCN/31,T13,2020,9,\n{line}\n")
        with pytest.raises(InputError, match=rf"(?s)regions\.csv:3.*{said}"):
            read_targets(file, plan)


def test_a_circle_of_needs_is_refused(tmp_path: Path) -> None:
    def step(name: str, start: int, end: int, *needs: str) -> Step:
        return Step(name, name, date(start, 1, 1), date(end, 1, 1), 3, 7, needs)

    made = roadmap(
        [step("line", 2019, 2021, "drive", "control"), step("drive", 2016, 2018), step("control", 2016, 2020, "drive")]
    )
    assert [one.id for one in made.steps] == ["drive", "control", "line"]
    assert made.clashes == (("control", "drive", 731), ("line", "control", 365))
    assert made.longest == ("drive", "control", "line")
    assert made.days == 731 + 1461 + 731
    with pytest.raises(InputError, match=r"circle.*(a → c → b → a|c → b → a → c|b → a → c → b)"):
        roadmap([step("a", 2016, 2017, "c"), step("b", 2017, 2018, "a"), step("c", 2018, 2019, "b")])
    with pytest.raises(InputError, match="not on the roadmap"):
        roadmap([step("a", 2016, 2017, "z")])
    file = tmp_path / "road.csv"
    head = "id,name,start,end,readiness,aim,needs\n"
    file.write_text(head + "a,chip,2016-01-01,2018-01-01,3,6,\nb,board,2018-01-01,2019-01-01,2,7,a\n")
    assert read_roadmap(file).clashes == ()
    file.write_text(head + "a,chip,2016-01-01,2018-01-01,three,6,\n")
    with pytest.raises(InputError, match=r"road\.csv:2.*no readiness"):
        read_roadmap(file)


def test_two_columns_of_one_name_are_refused(plan: TargetPlan, tmp_path: Path) -> None:
    file = tmp_path / "targets.csv"
    file.write_text("region,id,year,value,Value,,\nCN/31,T20,2020,400,500,,\n")
    with pytest.raises(InputError, match="two columns have one name") as caught:
        read_targets(file, plan)
    assert (caught.value.came, caught.value.where) == ("value (column 4), value (column 5)", "targets.csv")
    file.write_text("region,id,year,value,,\nCN/31,T20,2020,400,,\n")
    assert read_targets(file, plan)[0].value == 400


def test_a_decision_quotes_the_versions_it_used(plan: TargetPlan, ledger: Ledger, write: Write) -> None:
    with pytest.raises(InputError, match="quotes the indicator versions"):
        advice_row("m-1", "decision", "raise it", person="chair")
    one = quote(plan, ledger, "I08", 2020, 52.1, vintage=2)
    write(advice_row("m-1", "item", "target of I08", person="office"),
          advice_row("m-1", "advice", "55 is in reach", person="council"),
          advice_row("m-1", "decision", "raise to 55", person="chair", quotes=[one]))  # fmt: skip
    (item,) = minutes(ledger)
    assert (item.title, item.decided, item.quotes) == ("target of I08", "raise to 55", (one,))
    assert [code for _, code, _, _ in item.said] == ["item", "advice", "decision"]
    assert check_quote(plan, one, lambda asked: 52.1 if asked.vintage == 2 else 60.0) == ""
    assert "computed anew 51.9" in check_quote(plan, one, lambda _: 51.9)
    old = Quote("I08", 2020, 52.1, "0" * 64, 2, "mic2025")
    assert check_quote(plan, old, lambda _: 52.1) == "the definition was changed since"
    with pytest.raises(InputError, match="no such vintage"):
        quote(plan, ledger, "I08", 2020, 1.0, vintage=10_000)
