"""Each rule against its sentence, taken literally: windows of points, one by one."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.understand.quality.spc import RULE_SETS, RULES, Limits, Rule, chosen_rules, control_chart, counted

UNIT = Limits("i_mr", {"centre": 0.0, "sigma": 1.0})
STEPS = st.integers(-14, 14).map(lambda step: step / 4)  # values on and between the lines


def fired(values: list[float], rules: object) -> dict[str, list[tuple[int, int, int]]]:
    """Rule -> (point, first, side) on the panel of individuals."""
    found: dict[str, list[tuple[int, int, int]]] = {}
    for one in control_chart("i_mr", values, rules=rules, limits=UNIT).violations:  # type: ignore[arg-type]
        if one.panel == 0:
            found.setdefault(one.rule, []).append((one.point, one.first, one.side))
    return found


def literally(rule: Rule, z: list[float]) -> list[tuple[int, int, int]]:
    """What the rule's sentence says of each point and the points before it."""
    found = []
    for at in range(len(z)):
        window = z[max(0, at - rule.of + 1) : at + 1]
        full, steps = len(window) == rule.of, [b - a for a, b in pairwise(window)]
        first = at - rule.of + 1
        for side in (1, -1):
            if rule.name.endswith(("nelson_1", "electric_1")) and side * z[at] > 3:
                found.append((at, at, side))
            if rule.name in ("nelson_2", "western_electric_4") and full and all(side * x > 0 for x in window):
                found.append((at, first, side))
            if rule.name == "nelson_3" and full and all(side * step > 0 for step in steps):
                found.append((at, first, side))
            if rule.name in ("nelson_5", "nelson_6", "western_electric_2", "western_electric_3"):
                beyond = [at - len(window) + 1 + i for i, x in enumerate(window) if side * x > rule.sigmas]
                if len(beyond) >= rule.points and beyond[-1] == at:
                    found.append((at, beyond[0], side))
        if rule.name == "nelson_4" and full and all(a * b < 0 for a, b in pairwise(steps)):
            found.append((at, first, 0))
        if rule.name == "nelson_7" and full and all(abs(x) <= 1 for x in window):
            found.append((at, first, 0))
        if rule.name == "nelson_8" and full and all(abs(x) > 1 for x in window):
            found.append((at, first, 0))
    return found


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=60))
def test_every_rule_says_what_its_sentence_says(values: list[float]) -> None:
    names = [*RULE_SETS["nelson"], *RULE_SETS["western_electric"]]
    found = fired(values, names)
    for name in names:
        assert found.get(name, []) == literally(RULES[name], values), name


CASES = {
    "nelson_1": ([3.1], 0), "nelson_2": ([0.5] * 9, 8), "nelson_3": ([-1, -0.5, 0, 0.5, 0.9, 1.2], 5),
    "nelson_4": ([0.5, -0.5] * 7, 13), "nelson_5": ([2.5, 0, 2.1], 2), "nelson_6": ([1.1, 1.2, -2, 1.5, 1.1], 4),
    "nelson_7": ([0.9, -0.2, 0.5] * 5, 14), "nelson_8": ([1.5, -1.5, -1.4, 1.2] * 2, 7),
    "western_electric_1": ([-3.1], 0), "western_electric_2": ([-2.5, 0, -2.1], 2),
    "western_electric_3": ([1.1, 1.2, -2, 1.5, 1.1], 4), "western_electric_4": ([-0.5] * 8, 7),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_pattern_fires_at_its_last_point_and_one_point_less_does_not(name: str) -> None:
    values, last = CASES[name]
    assert [point for point, _, _ in fired(list(values), name)[name]] == [last]
    assert name not in fired(list(values[1:]) or [0.0], name)


def test_lines_belong_to_the_inner_zone_and_the_centre_to_no_side() -> None:
    assert fired([3.0], "nelson_1") == {}
    assert fired([2.0, 2.0, 2.0], "nelson_5") == {}
    assert "nelson_7" in fired([1.0, -1.0] * 8, "nelson_7")
    assert fired([0.5] * 8 + [0.0] + [0.5] * 8, "nelson_2") == {}
    assert fired([0.0, 0.1, 0.2, 0.2, 0.3, 0.4, 0.5], "nelson_3") == {}  # equal neighbours end a trend


def test_a_run_that_goes_on_fires_at_each_point() -> None:
    assert fired([0.5] * 11, "nelson_2")["nelson_2"] == [(8, 0, 1), (9, 1, 1), (10, 2, 1)]


def test_a_point_left_out_is_judged_alone_and_ends_every_run() -> None:
    values = [0.4, -0.4] * 4 + [0.5] * 5 + [60.0] + [0.5] * 5 + [-0.4, 0.4] * 4
    chart = control_chart("i_mr", values, rules="nelson", out={13: "tool broke"})
    assert {one.rule for one in chart.violations if one.panel == 0} == {"nelson_1"}
    assert chart.in_control is False or all(one.point in (13, 14) for one in chart.violations)
    with_it = control_chart("i_mr", values, rules="nelson", limits=Limits("i_mr", {"centre": 0.3, "sigma": 0.5}))
    assert "nelson_2" in {one.rule for one in with_it.violations}


def test_rules_of_ones_own() -> None:
    seven = RULES["nelson_2"].changed(name="seven", points=7)
    assert "seven" in fired([0.5] * 7, [seven])
    assert seven.sentence.startswith("7 points in a row")
    both = RULES["nelson_8"].changed(name="mixture", both=True)
    assert "mixture" not in fired([1.5] * 8, [both])
    assert fired([1.5] * 7 + [-1.5], [both])["mixture"] == [(7, 0, 0)]
    assert "nelson_8" in fired([1.5] * 8, "nelson_8")


def test_zones_are_for_values_and_runs_also_for_counts() -> None:
    data = counted([9] * 9 + [1, 2, 1, 20] * 4, 100)
    rules = {one.rule for one in control_chart("np", data, rules=["nelson", "western_electric"]).violations}
    assert "nelson_2" in rules
    assert rules <= {"nelson_1", "nelson_2", "nelson_3", "nelson_4", "western_electric_1", "western_electric_4"}
    spread = control_chart("i_mr", np.arange(40.0) % 3, rules="nelson").violations
    assert {one.rule for one in spread if one.panel == 1} <= {"nelson_1"}


def test_names() -> None:
    assert [rule.name for rule in chosen_rules(["limits", "nelson_2", "nelson_2"])] == ["beyond_limits", "nelson_2"]
    assert [RULES[name].mark for name in RULE_SETS["nelson"]] == list("12345678")
    assert RULES["western_electric_3"].mark == "W3"
    assert chosen_rules("none") == ()
    for wrong, says in (
        ("nelson_9", "no such rule"),
        (["nelson_2", RULES["nelson_2"].changed(points=7)], "one name"),
    ):
        with pytest.raises(InputError, match=says):
            chosen_rules(wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="cannot be"):
        RULES["nelson_5"].changed(points=4)
