"""The sheet by hand: points, gaps, what does not apply, and both editions."""

from __future__ import annotations

from datetime import date

import pytest

from luban.core.errors import ConfigError, InputError
from luban.norms.green_factory import edition, edition_of, edition_on, editions
from luban.understand.green import Facts, Found, Statement, score

ALL = (0, 10)


def said(name: str, value: float | None = None, **more: object) -> tuple[str, Statement]:
    return name, Statement(name, value, 0, 10, seq=9, document="d", **more)  # type: ignore[arg-type]


def test_the_weights_of_both_editions_are_100() -> None:
    for one in editions().values():
        assert sum(point.weight for point in one.points) == 100
        assert {point.goal for point in one.points} == {goal.id for goal in one.goals}
    new, old = edition("2025"), edition("2018")
    energy, resource = (next(g.weight for g in new.goals if g.id == name) for name in ("energy", "resource"))
    assert energy + resource == 60  # as the ministry announced
    # 12 calculated indicators under five aims, and 25 lines of second order beside the basic requirements
    assert len(old.of("performance")) == 12
    assert len({p.aim for p in old.of("performance")}) == 5
    assert len([p for p in old.points if p.goal not in {"basic", "performance"}]) + 5 == 25
    assert not any(point.verified for one in editions().values() for point in one.points)


def test_the_edition_of_a_day() -> None:
    assert edition_on(date(2025, 12, 30)).id == "2018"
    assert edition_on(date(2025, 12, 31)).id == "2025"
    assert edition_on(date(2010, 1, 1)).id == "2018"
    with pytest.raises(InputError, match="no such edition"):
        edition("2020")


def test_an_empty_sheet_is_all_gaps_and_no_zero() -> None:
    for one in editions().values():
        sheet = score(one, {}, {})
        assert (sheet.low, sheet.high, sheet.known, sheet.basic) == (0, pytest.approx(100), pytest.approx(0), "unknown")
        assert len(sheet.gaps) == len(one.points)
        assert all(line.points is None for line in sheet.lines)


def test_points_by_hand() -> None:
    stated = dict([
        said("water-reuse", baseline=50.0, leading=90.0),
        said("energy-intensity", 6.0, baseline=10.0, leading=5.0),
        said("material-saving", 1.0),
        said("green-design", 0.0),
        said("permits", 1.0), said("no-accident", 1.0), said("systems", 0.0),
    ])  # fmt: skip
    found = {"reused over all water used": Found(80.0, "%", (Facts("meter", (1, 2)),))}
    sheet = score(edition("2025"), found, stated)
    lines = {line.point.id: line for line in sheet.lines}
    # 8·(80 − 50)/40, 8·(6 − 10)/(5 − 10), 4 whole, 8·0
    assert lines["water-reuse"].points == pytest.approx(6.0)
    assert lines["energy-intensity"].points == pytest.approx(6.4)
    assert (lines["material-saving"].points, lines["green-design"].points) == (4, 0)
    assert (lines["material-saving"].status, lines["green-design"].status) == ("met", "not met")
    assert sheet.low == pytest.approx(16.4)
    assert sheet.known == pytest.approx(28)
    assert sheet.high == pytest.approx(16.4 + 72)
    assert sheet.basic == "not met"
    assert lines["water-reuse"].facts == (Facts("meter", (1, 2)), Facts("event", (9,)))
    resource = next(goal for goal in sheet.goals if goal.id == "resource")
    assert (resource.low, resource.gaps) == (pytest.approx(10.0), 3)


def test_beyond_the_ends_there_is_nothing_and_all() -> None:
    for value, points in ((4.0, 8), (11.0, 0), (5.0, 8), (10.0, 0)):
        sheet = score(edition("2025"), {}, dict([said("energy-intensity", value, baseline=10.0, leading=5.0)]))
        line = next(line for line in sheet.lines if line.point.id == "energy-intensity")
        assert line.points == pytest.approx(points)


def test_what_does_not_apply_leaves_its_weight_to_its_goal() -> None:
    stated = dict([said("water-margin", applies=False), said("equipment", 3.0, baseline=0.0, leading=3.0)])
    sheet = score(edition("2025"), {}, stated)
    lines = {line.point.id: line for line in sheet.lines}
    assert lines["water-margin"].weight == 0
    assert lines["equipment"].points == pytest.approx(6 * 16 / 13)
    assert sheet.high == pytest.approx(100)


def test_a_goal_that_does_not_apply_at_all() -> None:
    land = dict(said(n, applies=False) for n in ("land-output", "building-ratio", "floor-ratio"))
    sheet = score(edition("2025"), {}, land)
    assert sum(line.weight for line in sheet.lines) == pytest.approx(100)
    assert next(line.weight for line in sheet.lines if line.point.id == "energy-intensity") == pytest.approx(8 / 0.92)


def test_gaps_say_why() -> None:
    found = {
        "reused over all water used": Found(80.0, "%"),
        "solid waste utilised": Found(None, "%", reason="no facts"),
    }
    stated = dict([said("energy-intensity", 6.0, baseline=5.0, leading=10.0)])
    reasons = {line.point.id: line.reason for line in score(edition("2025"), found, stated).lines}
    assert reasons["water-reuse"] == "nobody has stated what the trade reaches and its best"
    assert reasons["solid-waste"] == "no facts"
    assert reasons["energy-intensity"] == "the leading value is worse than the baseline"
    assert reasons["green-design"] == "nobody has stated it"


def test_facts_go_before_what_is_stated() -> None:
    found = {"reused over all water used": Found(60.0, "%")}
    for value, notes in ((60.3, ()), (90.0, ("stated: 90; what the facts say counts",))):
        stated = dict([said("water-reuse", value, baseline=50.0, leading=100.0)])
        line = next(one for one in score(edition("2025"), found, stated).lines if one.point.id == "water-reuse")
        assert (line.value, line.points, line.notes) == (60.0, pytest.approx(1.6), notes)


def test_a_sheet_that_does_not_add_up_does_not_load() -> None:
    good = {
        "title": "t", "start": date(2020, 1, 1), "unit": "1", "reference": "r", "rule": "x",
        "goal": {"g": {"name": {"en": "g", "zh": "g", "ko": "g"}, "weight": 100}},
        "point": {"p": {"name": {"en": "p", "zh": "p", "ko": "p"}, "goal": "g", "sense": "more"}},
    }  # fmt: skip
    assert edition_of("t", good, "x").points[0].weight == 100
    for change, error in (
        ({"goal": {"g": good["goal"]["g"] | {"weight": 90}}}, "not 100"),  # type: ignore[index]
        ({"point": {"p": good["point"]["p"] | {"goal": "h"}}}, "no goal"),  # type: ignore[index]
        ({"point": {"p": good["point"]["p"] | {"sense": "?"}}}, "sense or aim"),  # type: ignore[index]
        ({"point": {"p": good["point"]["p"] | {"name": {"en": "p"}}}}, "every language"),  # type: ignore[index]
    ):
        with pytest.raises(ConfigError, match=error):
            edition_of("t", good | change, "x")
