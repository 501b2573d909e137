"""Money of levers against sums worked out by hand and a published table of annuity factors."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from luban.core.errors import InputError
from luban.pilot.money import annuity, capital_cost, flows, lever_cost, npv, payback, worth
from luban.pilot.plan import Lever
from luban.pilot.proof import Span

CELL = Lever("cell", "a robot cell", "robots", "", capital=True, invest=40_000, life=8, yearly=200)
SHORT = Lever("jigs", "jigs", "production", "", capital=True, invest=1_000, life=4)
SOFT = Lever("rules", "rules", "production", "", yearly=1_000)


def test_npv_by_hand_to_the_cent() -> None:
    # 500/1.1 + 500/1.21 + 500/1.331 - 1000 = 454.5455 + 413.2231 + 375.6574 - 1000
    assert round(npv(0.1, [-1000, 500, 500, 500]), 2) == 243.43
    assert npv(0.0, [-10, 4, 4, 4]) == 2


@pytest.mark.parametrize(("rate", "life", "factor"), [(0.08, 8, 5.7466), (0.10, 8, 5.3349), (0.05, 10, 7.7217)])
def test_annuity_against_the_table(rate: float, life: float, factor: float) -> None:
    """Present value of an annuity of 1, as printed in tables of any text of finance."""
    assert 1 / annuity(1, rate, life) == pytest.approx(factor, abs=5e-5)


def test_a_robot_cell_to_the_cent() -> None:
    """40,000 once, 7,000 saved in each of 8 years at 10 %: 7,000 · 5.334926 - 40,000."""
    found = worth("cell", [CELL], Span(7000, 6000, 8000), 0.1)
    assert round(found.npv.mean, 2) == -2655.52
    assert round(found.npv.high, 2) == 2679.41
    assert found.payback == pytest.approx(40_000 / 7_000)
    assert (found.horizon, found.invest, found.running) == (8, 40_000, 200)


def test_what_wears_out_earlier_is_bought_again() -> None:
    assert flows([CELL, SHORT], 500, 8) == [-41_000, 500, 500, 500, -500, 500, 500, 500, 500]
    assert flows([SHORT], 500, 6)[6] == 500 + 500  # half of the second one's life is left


def test_lever_cost_is_annuity_and_running_cost_of_what_is_on() -> None:
    levers = (CELL, SHORT, SOFT)
    year = lever_cost(levers, ["cell", "rules"], 0.1, 365.25)
    assert year == pytest.approx(40_000 / 5.334926 + 200 + 1_000, abs=0.01)
    assert capital_cost(levers, ["rules"], 0.1) == 0
    assert lever_cost(levers, [], 0.1, 150) == 0


@given(st.floats(0.001, 0.3), st.integers(1, 30), st.floats(1, 1e6))
def test_annuity_pays_back_exactly(rate: float, life: int, invest: float) -> None:
    assert npv(rate, [-invest, *[annuity(invest, rate, life)] * life]) == pytest.approx(0, abs=1e-6 * invest)


def test_no_payback_without_a_saving_or_an_investment() -> None:
    assert payback(100, -5) is None
    assert payback(0, 5) is None
    with pytest.raises(InputError):
        annuity(1, 0.1, 0)
