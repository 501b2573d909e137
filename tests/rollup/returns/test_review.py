"""Every fault that was put in by hand is named with its row; sound returns draw nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from luban.norms.plans import TargetPlan
from luban.rollup.returns import batch_of, classified, read_returns, review
from luban.rollup.returns.said import region_path
from tests.rollup.returns.world import ELEMENTS, firms


def findings(rows, plan, code, **more):
    return [one for one in review(batch_of(rows, ELEMENTS), plan, **more).findings if one.code == code]


def of(rows, unit, year):
    return next(row for row in rows if row["unit"] == unit and row["year"] == year)


def test_sound_returns_draw_no_error_and_no_doubt(plan: TargetPlan) -> None:
    for seed in range(2):
        found = review(batch_of(firms(seed=seed), ELEMENTS), plan)
        assert not found.of("error"), found.of("error")[:3]
        assert not found.of("doubt"), found.of("doubt")[:3]
        assert found.left_out == 0
        assert found.share == 0.0


@pytest.mark.parametrize(
    ("element", "value", "rule"),
    [
        ("revenue", 0.0, "revenue-above-zero"),
        ("value_added", -12.0, "value-added-not-negative"),
        ("nc_key_processes", 1e5, "controlled-within-key-processes"),
        ("staff", 0, "staff-above-zero"),
    ],
)
def test_rules_name_unit_year_element_and_both_sides(plan: TargetPlan, element: str, value: float, rule: str) -> None:
    rows = firms()
    of(rows, "f007", 2019)[element] = value
    found = [one for one in findings(rows, plan, "rule") if one.severity == "error"]
    assert [(one.unit, one.year, one.element, one.rule, one.value) for one in found if one.rule == rule] == [
        ("f007", 2019, element, rule, value)
    ]
    assert found[0].place == f"row {rows.index(of(rows, 'f007', 2019)) + 1}"


def test_what_is_left_out_is_weighed_by_the_measure(plan: TargetPlan) -> None:
    rows = firms()
    bad = of(rows, "f007", 2019)
    bad["value_added"] = -1.0
    found = review(batch_of(rows, ELEMENTS), plan)
    assert found.left_out == 1
    assert found.share == pytest.approx(bad["revenue"] / sum(row["revenue"] for row in rows))
    assert found.measure == "revenue"


@pytest.mark.parametrize("power", [4, -4, 8, 3])
def test_an_amount_in_another_unit_of_money_is_found_against_the_own_years(plan: TargetPlan, power: int) -> None:
    rows = firms()
    true = of(rows, "f011", 2019)["revenue"]
    of(rows, "f011", 2019)["revenue"] = true * 10.0**power
    found = findings(rows, plan, "shift")
    assert [(one.unit, one.year, one.element, one.more["power"]) for one in found] == [("f011", 2019, "revenue", power)]
    assert found[0].severity == "doubt"
    assert f"{true:.6g}" in found[0].expected


def test_all_money_of_a_firm_without_history_shows_against_its_staff(plan: TargetPlan) -> None:
    """元 for 万元 throughout: ratios between amounts of money are sound, only the rest of the return tells."""
    rows = firms(years=(2020,))
    money = [name for name in ELEMENTS if plan.elements[name].money]
    for name in money:
        of(rows, "f020", 2020)[name] *= 1e4
    found = findings(rows, plan, "shift")
    assert {(one.unit, one.element) for one in found} == {("f020", name) for name in money}
    assert {one.more["power"] for one in found} == {4}
    assert all(one.more["all_money"] for one in found)


def test_of_two_years_the_wrong_one_is_named(plan: TargetPlan) -> None:
    rows = firms(years=(2019, 2020))
    of(rows, "f033", 2019)["energy"] *= 1e4
    assert [(one.unit, one.year, one.element) for one in findings(rows, plan, "shift")] == [("f033", 2019, "energy")]


def test_history_in_the_books_counts_as_well(plan: TargetPlan) -> None:
    rows = firms(years=(2018, 2019, 2020))
    now = [row for row in rows if row["year"] == 2020]
    of(now, "f005", 2020)["output"] /= 1e4
    history = batch_of([row for row in rows if row["year"] < 2020], ELEMENTS)
    (found,) = findings(now, plan, "shift", history=history)
    assert (found.unit, found.element, found.more["power"], found.more["against"]) == ("f005", "output", -4, "years")


def test_all_faults_are_found_and_few_others_named(plan: TargetPlan) -> None:
    """200 firms, 30 amounts off by 10⁴ drawn by chance: recall and false names are counted."""
    rng = np.random.default_rng(5)
    rows = firms(200, seed=5)
    planted = set()
    for at in rng.choice(len(rows), 30, replace=False):
        name = str(rng.choice([one for one in ELEMENTS if one not in ("key_processes", "nc_key_processes")]))
        rows[at][name] = rows[at][name] * 1e4 if rng.random() < 0.5 else rows[at][name] / 1e4
        planted.add((rows[at]["unit"], rows[at]["year"], name))
    named = {(one.unit, one.year, one.element) for one in findings(rows, plan, "shift")}
    assert len(planted - named) <= 1, planted - named
    assert len(named - planted) <= 2, named - planted


def test_a_firm_that_doubles_in_a_boom_year_is_no_jump_but_a_lone_tenfold_is(plan: TargetPlan) -> None:
    rows = firms()
    for row in rows:
        if row["year"] == 2020:
            row["water"] *= 4
    of(rows, "f002", 2020)["water"] *= 12
    found = [one for one in findings(rows, plan, "jump") if one.year == 2020 and one.element == "water"]
    assert [one.unit for one in found] == ["f002"]
    assert found[0].severity == "note"
    assert found[0].more["factor"] == pytest.approx(12, rel=0.5)


def test_last_years_return_sent_again_is_named(plan: TargetPlan) -> None:
    rows = firms(years=(2019, 2020))
    before = of(rows, "f009", 2019)
    of(rows, "f009", 2020).update({name: before[name] for name in ELEMENTS})
    assert [(one.unit, one.year) for one in findings(rows, plan, "repeated")] == [("f009", 2020)]


def test_unit_and_year_twice(plan: TargetPlan) -> None:
    rows = firms(years=(2020,))
    rows.append(of(rows, "f004", 2020) | {"revenue": 1.0})
    rows.append(dict(of(rows, "f005", 2020)))
    found = findings(rows, plan, "twice")
    told = {(one.unit, one.severity, one.place) for one in found}
    assert told == {("f004", "error", "row 61"), ("f004", "doubt", "row 5"), ("f005", "note", "row 62")}


def test_a_firm_in_two_regions_and_under_two_ids(plan: TargetPlan) -> None:
    rows = firms(years=(2020,))
    rows.append(of(rows, "f004", 2020) | {"region": "CN/44/4403"})  # one id, two regions
    rows.append(of(rows, "f006", 2020) | {"unit": "g006"})  # one code, two ids
    rows.append(of(rows, "f007", 2020) | {"unit": "g007", "region": "CN/44/4403"})  # one code, two ids, two regions
    rows.append(of(rows, "f008", 2020) | {"unit": "g008", "code": "another", "name": "another"})  # equal amounts
    two = {(one.unit, one.severity) for one in findings(rows, plan, "two regions")}
    assert two == {("f004", "error"), ("f004", "doubt"), ("g007", "doubt")}
    assert {one.unit for one in findings(rows, plan, "same firm")} == {"g006", "g008"}


def test_codes_of_the_classification_of_2011_are_turned_where_they_became_one() -> None:
    # GB/T 4754-2017, table of changes: 3130 (casting) → 3391, 3468 → 3467; 3130 is rolling of steel now
    assert classified("C3130") == ("C3130", "")
    assert classified("3130", "2011") == ("C3391", "old code")
    assert classified("3468") == ("C3467", "old code")
    assert classified("C3421") == ("C3421", "")
    assert classified("3421", "2011") == ("C3421", "")
    assert classified("C9999") == ("", "unknown code")
    assert classified("") == ("", "")


def test_old_and_unknown_codes_are_named_with_their_row(plan: TargetPlan) -> None:
    rows = firms(years=(2020,))
    rows[3]["industry"], rows[4]["industry"] = "C3468", "C9999"
    rows[3]["edition"] = rows[4]["edition"] = ""
    (old,) = findings(rows, plan, "old code")
    assert (old.unit, old.severity, old.expected, old.place) == ("f003", "note", "C3468 → C3467", "row 4")
    (unknown,) = findings(rows, plan, "unknown code")
    assert (unknown.unit, unknown.severity, unknown.place) == ("f004", "doubt", "row 5")


def test_a_missing_base_year_is_named_once_a_firm(plan: TargetPlan) -> None:
    rows = [row for row in firms() if not (row["unit"] == "f001" and row["year"] == 2015)]
    found = findings(rows, plan, "no base year")
    assert [(one.unit, one.expected) for one in found] == [("f001", "2015")]
    base = batch_of([row for row in firms() if row["unit"] == "f001" and row["year"] == 2015], ELEMENTS)
    assert not findings(rows, plan, "no base year", history=base)


def test_a_file_of_the_older_edition_is_known_by_codes_that_only_it_has(plan: TargetPlan) -> None:
    rows = [row | {"edition": ""} for row in firms(years=(2020,))]
    for row in rows:
        row["industry"] = "C3130"  # in both editions, with another meaning
    assert not findings(rows, plan, "old code")
    rows[0]["industry"] = "C3468"  # in the older one only
    found = findings(rows, plan, "old code")
    assert len(found) == len(rows)
    assert {one.expected for one in found} == {"C3468 → C3467", "C3130 → C3391"}


def test_a_base_year_that_nobody_returned_is_said_once(plan: TargetPlan) -> None:
    (found,) = findings(firms(years=(2019, 2020)), plan, "no base year")
    assert (found.unit, found.more["units"], found.expected) == ("", 60, "2015")


def test_a_firm_that_is_off_in_all_its_years_shows_against_its_kind(plan: TargetPlan) -> None:
    rows = firms(120)
    for row in rows:
        if row["unit"] == "f040":
            row["water"] *= 1e4
    found = findings(rows, plan, "shift")
    assert {(one.unit, one.element, one.more["power"], one.more["against"]) for one in found} == {
        ("f040", "water", 4, "peers")
    }
    assert len(found) == 4


def test_codes_without_their_letter_are_of_the_same_kind(plan: TargetPlan) -> None:
    rows = firms(120, years=(2020,))
    for row in rows:
        row["energy"] *= 30 if row["industry"] == "C3421" else 1  # usual in one division, far out in another
    of(rows, "f001", 2020)["industry"] = "3421"
    of(rows, "f002", 2020).update(industry="C3462", edition="2011")  # split since: its division stands
    assert not findings(rows, plan, "apart")
    of(rows, "f003", 2020)["industry"] = "3421"
    assert {one.unit for one in findings(rows, plan, "apart")} == {"f003"}


def test_a_firm_that_is_unlike_its_kind_is_told_once_it_has_no_other_years(plan: TargetPlan) -> None:
    rows = firms(120, years=(2019, 2020))
    for row in rows:
        if row["unit"] == "f040":
            row["energy"] *= 20
    assert not findings(rows, plan, "apart")
    (found,) = findings([row for row in rows if row["year"] == 2020], plan, "apart")
    assert (found.unit, found.element, found.severity) == ("f040", "energy", "note")
    assert found.more["factor"] == pytest.approx(20, rel=0.5)


def test_shifts_planted_in_the_example_of_a_region_are_found_and_nothing_else(plan: TargetPlan) -> None:
    batch = read_returns(Path(__file__).parents[3] / "examples" / "region" / "returns.csv", plan)
    assert not review(batch, plan).findings
    rng = np.random.default_rng(3)
    values = {name: column.copy() for name, column in batch.values.items()}
    names = [name for name in values if plan.elements[name].kind not in ("flag", "rate")]
    planted = set()
    while len(planted) < 60:
        name, row = names[rng.integers(len(names))], int(rng.integers(len(batch)))
        if values[name][row] > 0 and (row, name) not in planted:
            values[name][row] *= 1e4 if rng.random() < 0.5 else 1e-4
            planted.add((row, name))
    named = {(one.place, one.element) for one in review(replace(batch, values=values), plan).findings
             if one.code == "shift"}  # fmt: skip
    assert named == {(batch.place(row, name), name) for row, name in planted}


def test_a_region_that_the_country_does_not_have_is_named(plan: TargetPlan) -> None:
    rows = firms(years=(2020,))
    rows[6]["region"] = "CN/99/9901"
    (found,) = findings(rows, plan, "unknown region")
    assert (found.unit, found.expected, found.place) == ("f006", "CN/99/9901", "row 7")


@pytest.mark.parametrize(
    ("code", "path"),
    [("310101", "CN/31/3101/310101"), ("310000", "CN/31"), ("3101", "CN/31/3101"), ("31", "CN/31"), ("CN/31", "CN/31"),
     ("DE/BY", "DE/BY"), ("12345", "12345")],
)  # fmt: skip
def test_codes_of_regions_become_paths(code: str, path: str) -> None:
    assert region_path(code) == path


def test_a_lone_return_off_by_a_power_of_ten_is_judged_by_the_firms_own_years(plan: TargetPlan) -> None:
    """What is to be judged does not widen what it is judged by."""
    years = [{"unit": "g", "year": year, "revenue": 12345.0} for year in (2018, 2019)]
    for came, power in ((1.2, [-4]), (1.2e8, [4]), (14000.0, [])):
        now = [{"unit": "g", "year": 2020, "revenue": came}]
        found = findings(now, plan, "shift", history=batch_of(years, ELEMENTS))
        assert [(one.unit, one.year, one.more["power"], one.more["against"]) for one in found] == [
            ("g", 2020, one, "years") for one in power
        ]


def test_a_sound_return_by_itself_draws_no_doubt_from_the_books_of_its_kind(plan: TargetPlan) -> None:
    rows = firms(60)
    for unit in range(0, 60, 4):
        now = [row for row in rows if row["year"] == 2020 and row["unit"] == f"f{unit:03d}"]
        history = batch_of([row for row in rows if row["year"] < 2020 or row["unit"] < now[0]["unit"]], ELEMENTS)
        found = review(batch_of(now, ELEMENTS), plan, history=history)
        assert not found.findings, found.findings
