"""From trial limits to frozen ones, and what the books say of them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.understand.book import Entry
from luban.understand.quality.data import NO_TIME, Sample
from luban.understand.quality.spc import (
    Limits,
    causes,
    control_chart,
    counted,
    freeze,
    left_out,
    limits_at,
    revisions,
    staged_chart,
    trial_chart,
)
from tests.understand.quality.spc.tables import defectives, thickness


def entry(at: int, code: str, text: str = "", person: str = "q.li", **data: Any) -> Entry:
    return Entry(at, 1000 * at, 1000 * at, "limits", code, "shaft:diameter", person, text, data)


def timed(values: list[float], times: list[int]) -> Sample:
    count = len(values)
    labels = tuple(f"n{at}" for at in range(count))
    return Sample("shaft:diameter", "mm", np.array(values), np.arange(count + 1), labels, np.array(times))


def test_left_out_points_are_plotted_and_do_not_move_the_limits() -> None:
    values = [10.0, 10.2, 9.9, 10.1, 30.0, 9.8, 10.0]
    chart = control_chart("i_mr", values, out={4: "probe was loose"})
    kept = np.array([10.0, 10.2, 9.9, 10.1, 9.8, 10.0])
    assert chart.parameters["centre"] == pytest.approx(kept.mean(), rel=1e-14)
    # moving ranges that touch the point are left out too: .2 .3 .2 and .2
    assert chart.parameters["mean_moving_range"] == pytest.approx((0.2 + 0.3 + 0.2 + 0.2) / 4, rel=1e-12)
    assert chart.panels[0].values[4] == 30.0
    assert chart.used == 6
    assert chart.as_dict()["left_out_of_limits"] == {"5": "probe was loose"}
    for wrong, says in (({9: "why"}, "does not exist"), ({4: " "}, "reason")):
        with pytest.raises(InputError, match=says):
            control_chart("i_mr", values, out=wrong)


def test_trials_leave_out_what_speaks_and_say_which_rule() -> None:
    chart = trial_chart("p", defectives())
    assert dict(chart.out) == {13: "beyond_limits (proportion, round 1)"}
    left = defectives()
    keep = np.arange(20) != 13
    assert chart.parameters["centre"] == pytest.approx(left.counts[keep].sum() / left.sizes[keep].sum(), rel=1e-14)
    assert chart.in_control
    wild = np.random.default_rng(1).normal(0, 1, 20) + np.repeat([0.0, 9.0], 10)
    unstable = trial_chart("i_mr", wild, rules="nelson")
    assert not unstable.in_control
    assert any("do not hold" in note for note in unstable.notes)


def test_the_scatter_comes_before_the_mean() -> None:
    rows = np.random.default_rng(6).normal(5, 0.1, (25, 4))
    rows[7] += [3, -3, 3, -3]  # the mean is fine, the range is not
    rows[12] += 1.0
    chart = trial_chart("xbar_r", rows.tolist())
    assert dict(chart.out) == {
        7: "beyond_limits (range, round 1)",
        12: "beyond_limits (mean, round 2)",
    }


def test_freezing_needs_a_person_and_a_reason() -> None:
    chart = control_chart("xbar_r", thickness())
    limits = freeze(chart, person="q.li", reason="20 stable days", since=5)
    assert Limits.from_dict(json.loads(json.dumps(limits.as_dict()))) == limits
    later = control_chart("xbar_r", thickness(), limits=limits)
    assert later.phase == 2
    assert np.array_equal(later.panels[0].upper, chart.panels[0].upper)
    for person, reason in (("", "why"), ("q.li", " ")):
        with pytest.raises(InputError, match="missing"):
            freeze(chart, person=person, reason=reason)
    with pytest.raises(InputError, match="frozen already"):
        freeze(later, person="q.li", reason="again")
    shaky = control_chart("p", defectives())
    assert any("rules fired at 1 of the points" in note for note in freeze(shaky, person="a", reason="b").notes)


def test_frozen_limits_take_no_second_thoughts() -> None:
    limits = Limits("i_mr", {"centre": 0.0, "sigma": 1.0})
    for wrong in ({"out": {0: "x"}}, {"width": 2.0}):
        with pytest.raises(InputError, match="frozen limits"):
            control_chart("i_mr", [1.0, 2.0], limits=limits, **wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="another chart"):
        control_chart("xbar_r", thickness(), limits=limits)
    with pytest.raises(InputError, match="no such option"):
        control_chart("i_mr", [1.0, 2.0], lambda_=0.2)
    with pytest.raises(InputError, match="standard errors"):
        control_chart("i_mr", [1.0, 2.0], width=0)
    with pytest.raises(InputError, match="no such chart"):
        control_chart("x_mr", [1.0, 2.0])
    for wrong_limits in ({}, {"kind": "i_mr"}, {"kind": 3, "parameters": {}}):
        with pytest.raises(InputError):
            Limits.from_dict(wrong_limits)


def test_the_history_is_a_fold_over_entries() -> None:
    first = Limits("i_mr", {"centre": 0.0, "sigma": 1.0}).as_dict()
    second = Limits("i_mr", {"centre": 1.0, "sigma": 1.0}, since=2500).as_dict()
    third = Limits("i_mr", {"centre": 2.0, "sigma": 1.0}).as_dict()
    book = [
        entry(1, "freeze", "start", limits=first), entry(3, "freeze", "new tool", limits=second),
        entry(4, "freeze", "typing error", limits=third), entry(5, "withdraw", "wrong file"),
        entry(6, "freeze", "unreadable", limits={"kind": 1}), entry(7, "note"),
    ]  # fmt: skip
    stages = revisions(book)
    assert [(one.revision, one.since, one.reason) for one in stages] == [(1, 1000, "start"), (2, 2500, "new tool")]
    assert stages[0].person == "q.li"
    for time, revision in ((0, 1), (2499, 1), (2500, 2), (10**9, 2)):
        found = limits_at(stages, time)
        assert found is not None
        assert found.revision == revision
    assert limits_at((), 5) is None
    assert [one.revision for one in revisions([*book[:2], entry(9, "withdraw", revision=1)])] == [2]


def test_points_left_out_and_causes_in_the_books() -> None:
    book = [
        entry(1, "exclude", "probe", seq=40), entry(2, "exclude", "chip", seq=41), entry(3, "include", "", seq=40),
        entry(4, "cause", "chip in the chuck", seq=41), entry(5, "cause", "cleaned", seq=41), entry(6, "cause"),
    ]  # fmt: skip
    assert left_out(book) == {41: "chip"}
    assert [one.text for one in causes(book)[41]] == ["chip in the chuck", "cleaned"]


def test_each_point_is_judged_by_the_limits_of_its_time() -> None:
    stages = (
        Limits("i_mr", {"centre": 0.0, "sigma": 1.0}, revision=1, since=100),
        Limits("i_mr", {"centre": 5.0, "sigma": 1.0}, revision=2, since=200),
    )
    values = [0.5] * 6 + [5.5] * 6
    times = [50, 110, 120, 130, 140, 150, 200, 210, 220, 230, 240, 250]
    chart = staged_chart(timed(values, times), stages, rules="nelson")
    assert chart.violations == ()  # nine on one side, but of two revisions
    assert chart.panels[0].centre.tolist() == [0.0] * 6 + [5.0] * 6
    assert np.isnan(chart.panels[1].values[6])  # no moving range across a revision
    assert chart.parameters["stages"] == [
        {"first": 0, "revision": 1, "since": 100}, {"first": 6, "revision": 2, "since": 200},
    ]  # fmt: skip
    assert chart.parameters["centre"] == 5.0
    assert chart.as_dict()["phase"] == 2
    shifted = staged_chart(timed([0.5] * 6 + [9.0] * 6, times), stages, rules="limits")
    assert [one.point for one in shifted.violations if one.panel == 0] == list(range(6, 12))
    untimed = staged_chart(timed([5.0, 6.0], [NO_TIME, NO_TIME]), stages)
    assert untimed.panels[0].centre.tolist() == [5.0, 5.0]
    with pytest.raises(InputError, match="one kind"):
        staged_chart(timed(values, times), ())


def test_wafers_of_the_handbook_and_their_revision() -> None:
    # NIST/SEMATECH e-Handbook 6.3.3.2: defective chips of 50 on 30 wafers, mean share .2313; with wafers 15 and 23 left
    # out as in D. C. Montgomery (2012), 7.2: .2150, .3893, .0407, and then wafer 21 is out
    wafers = [
        12,
        15,
        8,
        10,
        4,
        7,
        16,
        9,
        14,
        10,
        5,
        6,
        17,
        12,
        22,
        8,
        10,
        5,
        13,
        11,
        20,
        18,
        24,
        15,
        9,
        12,
        7,
        13,
        9,
        6,
    ]
    first = control_chart("p", counted(wafers, 50))
    assert round(first.parameters["centre"], 4) == 0.2313
    assert [round(first.panels[0].upper[0], 4), round(first.panels[0].lower[0], 4)] == [0.4102, 0.0524]
    assert [one.point + 1 for one in first.violations] == [15, 23]
    revised = control_chart("p", counted(wafers, 50), out={14: "another batch of resist", 22: "new operator"})
    assert round(revised.parameters["centre"], 4) == 0.2150
    assert [round(revised.panels[0].upper[0], 4), round(revised.panels[0].lower[0], 4)] == [0.3893, 0.0407]
    assert [one.point + 1 for one in revised.violations] == [15, 21, 23]
    assert not revised.in_control
