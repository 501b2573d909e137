import math

import pytest

from luban.core.errors import InputError
from luban.norms.plans import load_plan
from luban.rollup.points import Point
from luban.rollup.progress import STATUSES, assess, path, plan_progress, progress

# (base, latest, years, target, years to target, direction, limit) → value, status, score as open-sdg/sdg-build,
# sdg/ProgressMeasure.py (commit 139fede7), gives them
PUBLISHED = [
    ((33, 55.3, 6, 64, 10, "up", None), 1.312118, "on track", 5),
    ((33, 51.3, 6, 64, 10, "up", None), 1.114206, "on track", 3.673),
    ((33, 40, 4, 50, 5, "up", None), 0.568564, "limited progress", -0.131),
    ((33, 36, 4, 50, 5, "up", None), 0.253782, "limited progress", -1.4426),
    ((33, 31, 4, 50, 5, "up", None), -0.178972, "deterioration", -3.2457),
    ((33, 52, 4, 50, 5, "up", None), 1.389414, "achieved", 5),
    ((10, 9, 3, 6, 10, "down", None), 0.692987, "acceleration needed", 0.6642),
    ((10, 5.5, 3, 6, 10, "down", None), 3.628103, "achieved", 5),
    ((-4, -3, 5, -2, 10, "up", None), 0.834926, "acceleration needed", 1.6781),
    ((0, 2, 5, 10, 10, "up", None), 2.363306, "on track", 5),
    ((5, 1, 5, 0, 10, "down", None), 0.480047, "limited progress", -0.4998),
    ((60, 55, 3, 58, 10, "up", None), -8.446724, "deterioration", -5),
    ((80, 82, 4, None, None, "up", 100), 0.006192, "acceleration needed", 1.2123),
    ((80, 82, 4, None, None, "up", None), 0.006192, "acceleration needed", 0.2981),
    ((100, 100, 4, None, None, "up", 100), 0.0, "on track", 5),
    ((100, 98, 4, None, None, "up", 100), -0.005038, "deterioration", -3.1297),
    ((3, 2.9, 4, None, None, "down", 2), 0.00844, "acceleration needed", 0.9618),
    ((50, 51, 4, None, None, "up", None), 0.004963, "limited progress", -0.0185),
]


@pytest.mark.parametrize(("case", "value", "status", "score"), PUBLISHED)
def test_as_the_published_method_counts(case, value, status, score):
    base, latest, years, target, to, direction, limit = case
    found = assess(
        [Point(2015, base), Point(2015 + years, latest)],
        target=target, target_year=None if to is None else 2015 + to, direction=direction, limit=limit, method="growth",
    )  # fmt: skip
    sign = 1 if direction == "up" else -1
    assert (found.ratio if target is not None else sign * found.observed) == pytest.approx(value, abs=6e-7)
    assert found.status == status
    assert found.score == pytest.approx(score, abs=2e-4)


def test_the_rates_that_were_printed_for_one_indicator():
    i08 = load_plan().indicator("I08")
    points = [Point(2015, 33), Point(2021, 55.3)]
    to_2025 = progress(points, i08, i08.milestone(2025))
    assert (round(100 * to_2025.observed, 2), round(100 * to_2025.required, 2)) == (8.99, 6.85)
    assert round(100 * assess(points, target=50, target_year=2020).required, 2) == 8.67
    assert round(100 * progress([Point(2015, 33), Point(2021, 51.3)], i08, i08.milestone(2025)).ratio) == 111
    assert to_2025.gap == pytest.approx(55.3 - 33 * (64 / 33) ** 0.6)


@pytest.mark.parametrize(("ratio", "status"), [(0.95, "on track"), (0.9499, "acceleration needed"),
                                               (0.6, "acceleration needed"), (0.5999, "limited progress"),
                                               (0.0, "limited progress"), (-0.0001, "deterioration")])  # fmt: skip
def test_edges_of_the_classes(ratio, status):
    found = assess([Point(2015, -1), Point(2016, -1 + ratio)], target=9, target_year=2025, method="linear")
    assert (found.status, found.ratio) == (status, pytest.approx(ratio))


def test_zero_and_both_signs_take_a_straight_line():
    for base, latest, target in ((0, 2, 4), (-2, 0, 2)):
        found = assess([Point(2015, base), Point(2020, latest)], target=target, target_year=2025)
        assert (found.method, found.status, found.ratio) == ("linear", "on track", pytest.approx(1.0))
        assert "straight line" in found.notes[0]
    free = assess([Point(2015, 0), Point(2020, 2)])
    assert (free.status, free.ratio) == ("not assessable", None)
    assert free.reason


def test_too_little_is_a_reason_and_no_zero():
    assert assess([], target=1, target_year=2020).reason == "no value is known"
    one = assess([Point(2015, 3)], target=4, target_year=2020)
    assert (one.status, one.ratio, one.observed) == ("not assessable", None, None)
    assert "two are needed" in one.reason
    late = assess([Point(2016, 3), Point(2018, 4)], target=6, target_year=2020, base_year=2015)
    assert late.base.year == 2016
    assert "2015 is unknown" in late.notes[0]
    after = assess([Point(2015, 3), Point(2021, 7)], target=6, target_year=2020)
    assert (after.status, after.met) == ("achieved", None)
    assert "2020 is unknown" in after.notes[0]
    gone = assess([Point(2015, 5), Point(2018, 4)], target=5, target_year=2020)
    assert (gone.status, gone.ratio) == ("deterioration", None)


def test_a_later_value_does_not_judge_an_earlier_milestone():
    points = [Point(2015, 10), Point(2020, 12), Point(2024, 30)]
    found = assess(points, target=20, target_year=2020)
    assert (found.latest.year, found.met) == (2020, False)
    assert assess(points, target=12, target_year=2020).met is True


def test_changes_are_counted_from_their_base_year():
    plan = load_plan()
    i04, i05, i09 = (plan.indicator(name) for name in ("I04", "I05", "I09"))
    rise = progress([Point(2020, 2.0)], i04, i04.milestone(2020))
    assert (rise.status, rise.method, rise.met, rise.ratio) == ("achieved", "linear", True, pytest.approx(1.0))
    growth = progress([Point(2018, 7.4)], i05, i05.milestone(2020))
    assert (growth.status, growth.ratio, growth.met) == ("on track", pytest.approx(7.4 / 7.5), None)
    full = progress([Point(2018, 9.0), Point(2020, 7.0)], i05, i05.milestone(2020))
    assert (full.status, full.met) == ("acceleration needed", False)
    assert "about" in full.notes[-1]
    cut = progress([Point(2020, 16)], i09, i09.milestone(2020))
    by_hand = (0.84**0.2 - 1) / (0.82**0.2 - 1)
    assert cut.ratio == pytest.approx(by_hand)
    assert (cut.status, cut.latest.value, cut.target, cut.met) == ("acceleration needed", 16, 18, False)
    assert cut.gap == pytest.approx(-2)


def test_an_interval_says_what_else_the_status_may_be():
    found = assess([Point(2015, 33), Point(2019, 46, 40, 52)], target=50, target_year=2020)
    assert found.between == ("limited progress", "achieved")
    down = assess([Point(2015, 10), Point(2019, 8, 7, 9)], target=7.5, target_year=2020, direction="down")
    assert down.between == ("limited progress", "achieved")


def test_a_plan_is_judged_from_what_it_prints_where_facts_are_missing():
    found = plan_progress({"I08": [Point(2021, 51.3)], "I03": [Point(2015, 83.5), Point(2019, 84.4)]}, load_plan())
    by_name = {(one.indicator.id, one.milestone.year): one.progress for one in found}
    assert len(by_name) == 24
    assert by_name["I08", 2025].base == Point(2015, 33.0, source="mic2025")
    assert "the value of 2015 is the plan's own" in by_name["I08", 2025].notes
    assert by_name["I03", 2020].notes == ()
    assert by_name["I12", 2020].status == "not assessable"
    assert {one.status for one in by_name.values()} <= set(STATUSES)


def test_a_path_ends_at_its_target():
    grown = path(Point(2015, 33), 64, 2025)
    assert [grown[0].value, grown[-1].value] == pytest.approx([33, 64])
    assert grown[5].value == pytest.approx(math.sqrt(33 * 64))
    assert path(Point(2015, 0), 4, 2025, "linear")[5].value == pytest.approx(2)


@pytest.mark.parametrize("wrong", [{"direction": "left"}, {"method": "guess"}, {"target": 3.0}])
def test_a_wrong_question_is_refused(wrong):
    with pytest.raises(InputError):
        assess([Point(2015, 1), Point(2016, 2)], **wrong)
