"""Rules of sensitivity against their definitions, worked by hand."""

from __future__ import annotations

import pytest

from luban.core.errors import InputError
from luban.rollup.protect import Rules, judge


def test_a_firm_of_ninety_in_a_hundred_dominates() -> None:
    found = judge([90, 5, 3, 2], Rules(minimum=3, dominance=(2, 85.0), p=15.0))
    assert found.reasons == ("dominance", "p %")
    # (n, k): 95 · 100/85 - 100 = 11.76; p %: 0.15 · 90 - 5 = 8.5; the wider holds
    assert found.width == pytest.approx(95 * 100 / 85 - 100)


def test_p_percent_by_the_second_largest() -> None:
    assert judge([100, 50, 15], Rules(1, None, 15.0)).reasons == ()  # the rest, 15, is just as much as asked
    found = judge([100, 50, 14], Rules(1, None, 15.0))
    assert found.reasons == ("p %",)
    assert found.width == pytest.approx(1.0)


def test_two_units_are_too_few_and_three_are_not() -> None:
    assert judge([10, 10], Rules(3, None, None)).reasons == ("minimum",)
    assert judge([10, 10, 10], Rules(3, None, None)).reasons == ()
    assert judge([10, 10], Rules(3, None, None)).width == pytest.approx(1.5)


def test_zeros_say_nothing_and_losses_count_with_their_size() -> None:
    assert judge([0, 0], Rules()).reasons == ()
    assert "p %" in judge([-90, 5, 3, 2], Rules(signed=True)).reasons


def test_a_no_of_few_is_an_answer_as_a_yes_is() -> None:
    rules = Rules(3, None, None, zeros=False)
    assert {judge(some, rules).reasons for some in ([0], [1], [0, 0], [0, 1])} == {("minimum",)}
    assert judge([0, 0, 0], rules).reasons == ()


@pytest.mark.parametrize("bad", [{"minimum": 0}, {"dominance": (2, 100.0)}, {"p": 0.0}])
def test_rules_that_are_none_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(InputError):
        Rules(**bad)  # type: ignore[arg-type]
