"""Average growth over a period of the plan: judged at its end, and chained from one period to the next."""

from __future__ import annotations

from luban.norms.plans import load_plan
from luban.rollup.points import Point, levels
from luban.rollup.progress import progress

I05 = load_plan("mic2025").indicator("I05")


def test_fast_years_meet_no_average_before_the_period_is_over() -> None:
    early = progress([Point(2018, 9.0)], I05, I05.milestone(2020))
    assert (early.status, early.met) == ("on track", None)
    done = progress([Point(2018, 9.0), Point(2020, 7.6)], I05, I05.milestone(2020))
    assert (done.status, done.met) == ("achieved", True)


def test_a_period_whose_base_year_is_not_known_begins_no_chain() -> None:
    """7 % a year to 2018 and nothing of 2020: what 2023 grew from is not known, and its years are left out."""
    whole = levels([Point(2018, 7.0), Point(2020, 7.0), Point(2023, 6.0)], I05)
    assert [(one.year, round(one.value, 3)) for one in whole] == [
        (2015, 100.0), (2018, round(100 * 1.07**3, 3)), (2020, round(100 * 1.07**5, 3)),
        (2023, round(100 * 1.07**5 * 1.06**3, 3)),
    ]  # fmt: skip
    broken = levels([Point(2018, 7.0), Point(2023, 6.0)], I05)
    assert [one.year for one in broken] == [2015, 2018]
