"""A change that others count from another year is another figure: no conflict, and no gap to ours."""

from __future__ import annotations

from luban.norms.plans import load_plan
from luban.rollup.points import Point
from luban.rollup.reports import Report, beside, conflicts

PLAN = load_plan("mic2025")


def test_changes_against_different_years_do_not_conflict() -> None:
    some = [Report("I09", 2022, 22.0, "% cut vs 2015"), Report("I09", 2022, 6.8, "% cut vs 2020")]
    assert conflicts(some) == ()
    (found,) = conflicts([*some, Report("I09", 2022, 6.1, "% cut vs 2020")])
    assert found.text == "sources give 6.8 / 6.1 for 2022"
    assert [one.text for one in conflicts([Report("I08", 2021, 55.3, "%"), Report("I08", 2021, 51.3, "")])] == [
        "sources give 55.3 / 51.3 for 2021"
    ]


def test_only_figures_of_one_base_year_have_a_gap() -> None:
    some = [Report("I09", 2022, 22.0, "% cut vs 2015"), Report("I09", 2022, 6.8, "% cut vs 2020")]
    ours, other = beside(some, {"I09": [Point(2022, 20.5)]}, PLAN)
    assert (ours.computed, ours.gap, ours.doubts) == (20.5, 1.5, ())
    assert (other.computed, other.gap) == (20.5, None)
    assert other.doubts == ("counted from another year: % cut vs 2020",)
