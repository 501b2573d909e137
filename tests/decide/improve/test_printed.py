"""The checker of printed results: it counts digits as printed, and a figure of its own can fail."""

from __future__ import annotations

from typing import Any

import pytest
from benchmarks.doe_checks import KINDS, Experiment, judge, outcomes

from tests.decide.improve.test_anova import chemical


@pytest.mark.parametrize(
    ("ours", "printed", "verdict"),
    [
        (0.65037, "0.6504", "exact"),
        (0.65046, "0.6504", "near"),
        (0.6520, "0.6504", "miss"),
        (17.96, "approximately 18", "exact"),
        (5.99, "F0.05,1,6 = 5.99", "exact"),
        (3e-7, "<.0001", "exact"),
        (2e-4, "<.0001", "miss"),
        (1.04e-7, "1.04e-07", "exact"),
        (-29.468, "−29.468", "exact"),
        (1234.0, "1,234", "exact"),
        (float("nan"), "1", "miss"),
        (1.0, "none", "unread"),
        ("1, 2", "1,2", "exact"),
    ],
)
def test_digits_as_printed(ours: Any, printed: str, verdict: str) -> None:
    assert judge(ours, printed) == verdict


def test_arithmetic_is_worked_out_and_nothing_else() -> None:
    assert judge(8.5, "(1/4)*(63+57+51+53) - (1/4)*(33+41+57+59)", expression=True) == "exact"
    with pytest.raises(ValueError):
        judge(1.0, "__import__('os')", expression=True)


def experiment(expected: list[dict[str, Any]], **more: Any) -> Experiment:
    data, y = chemical()
    rows = [list(row) for row in zip(data["x1"].tolist(), data["x2"].tolist(), y, strict=True)]
    raw = {
        "name": "chemical", "responses": [{"name": "Y"}], "expected": expected,
        "factors": [{"name": "x1", "low": 170, "high": 230}, {"name": "x2", "low": 150, "high": 250}],
        "runs": {"columns": ["x1", "x2", "Y"], "coded": True, "rows": rows},
    }  # fmt: skip
    return Experiment.read(raw | more)


def test_figures_of_a_printed_page() -> None:
    """NIST/SEMATECH e-Handbook 5.5.3.1.1, and three that are wrong on purpose."""
    line, bent = "x1 + x2", "x1 + x2 + I(x1**2)"
    asked = [
        ("503.3035", {"kind": "ss_regression", "model": line}),
        ("0.6702", {"kind": "lack_of_fit_f", "model": bent}),
        ("4.7972", {"kind": "nested_test", "model": "1", "full": line, "error": bent, "key": "f"}),
        ("-0.1152", {"kind": "steepest_path", "model": line, "radius": 1, "key": "x1", "units": "coded"}),
        ("8.2733", {"kind": "anova_mean_sq", "term": "x1²", "model": bent}),
        ("503.3040", {"kind": "ss_regression", "model": line}),
        ("1", {"kind": "what nobody knows", "model": line}),
        ("1", {"kind": "coefficient", "term": "x9", "model": line}),
    ]
    found = outcomes(experiment([{"what": "figure", "value": v, "check": c} for v, c in asked]))
    assert [one[0].verdict for one in found] == ["exact"] * 5 + ["miss", "unread", "unread"]
    assert len(KINDS) > 60


def test_settings_in_natural_units_are_coded_and_by_hand_checks_are_left_out() -> None:
    data, y = chemical()
    rows = [[200 + 30 * a, 200 + 50 * b, v] for a, b, v in zip(data["x1"], data["x2"], y, strict=True)]
    check = {"kind": "coefficient", "term": "x2", "model": "x1 + x2"}
    own = experiment(
        [
            {"what": "b", "value": "11.1425", "check": check},
            {"what": "by eye", "value": "450", "check": {"manual": "eye"}},
        ],
        runs={"columns": ["x1", "x2", "Y"], "coded": False, "rows": rows},
    )
    assert [[o.verdict for o in one] for one in outcomes(own)] == [["exact"]]


def test_levels_that_are_numbers_have_no_scale() -> None:
    """Machines 1, 2, 3 are names: by hand, means 2, 3, 7 about 4 give twice 4 + 1 + 9, with two degrees of freedom."""
    y = [1.5, 2.5, 2.5, 3.5, 6.5, 7.5]
    own = experiment(
        [{"what": "SS", "value": "28.0", "check": {"kind": "anova_sum_sq", "term": "m", "model": "m"}},
         {"what": "df", "value": "2", "check": {"kind": "df_model", "model": "m"}}],
        factors=[{"name": "m", "type": "categorical", "levels": ["1", "2", "3"]}],
        runs={"columns": ["m", "Y"], "coded": False, "rows": [[1 + i // 2, v] for i, v in enumerate(y)]},
    )  # fmt: skip
    assert [[o.verdict for o in one] for one in outcomes(own)] == [["exact"], ["exact"]]
