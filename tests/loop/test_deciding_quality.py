"""Quality's rules against closed forms and against what is known of the textbooks' charts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from luban.decide.setpoint.causes import CauseModel
from luban.decide.setpoint.envelope import Envelope
from luban.loop.deciding.charts import ByHand
from luban.loop.deciding.floor import Act, Heard, Seen
from luban.loop.deciding.quality import Gauged, Quality, QualityMoney, best_limit, best_sampling

MINUTE = 60_000_000
MONEY = QualityMoney(piece=40, rework=15, edge=15, reading=0.7, confirm=0.7)
LATHE = Gauged(
    "shop/L1", "shop/turning", "shop/L1:offset", Envelope(-50, 50, 10, 0.001), {"a:d": 0.0}, {"a:d": 25.0}, "µm",
    cutting=0.6, limit=30.0, change=4.0, every=10,
)  # fmt: skip


def seen(minute: float) -> Seen:
    return Seen(int(minute * MINUTE), {})


def test_edges_are_changed_where_age_replacement_says():
    """Weibull lives: the optimum of Barlow and Hunter, found on the density itself."""
    shape, scale, planned, failed = 3.0, 40.0, 20.0, 90.0
    u = (np.arange(4000) + 0.5) / 4000
    lives = scale * (-np.log(1 - u)) ** (1 / shape)
    t = np.linspace(0.01, 60, 6000)
    survive = np.exp(-((t / scale) ** shape))
    used = np.cumsum(survive) * (t[1] - t[0])
    rate = (planned + (failed - planned) * (1 - survive)) / used
    true = t[rate.argmin()]
    money = QualityMoney(piece=failed - planned, rework=0, edge=10, reading=1, confirm=1)
    found, share = best_limit(np.minimum(lives, 60.0).tolist(), 60.0, 10.0, money, 1.0)
    assert found == pytest.approx(true, abs=1.5)
    assert share == pytest.approx(1 - math.exp(-((found / scale) ** shape)), abs=0.01)


def test_edges_that_do_not_age_are_not_changed_earlier():
    u = (np.arange(3000) + 0.5) / 3000
    lives = np.minimum(-100.0 * np.log(1 - u), 30.0).tolist()
    assert best_limit(lives, 30.0, 4.0, MONEY, 2.0)[0] == 30.0


def test_readings_are_taken_where_they_pay():
    model = CauseModel(6.0, 6.0, 20.0, 5.0, 12.0, 2.0, 3600.0, 0.5)
    kinds = [
        best_sampling(model, 25.0, 40, 180.0, 3000.0, QualityMoney(40, 15, 15, price, 0.7))
        for price in (0.0, 0.3, 3.0, 100.0)
    ]
    assert kinds[0] == 1
    assert kinds[-1] == 15
    assert kinds == sorted(kinds)
    tight = best_sampling(model, 15.0, 40, 180.0, 3000.0, MONEY)
    assert tight <= best_sampling(model, 40.0, 40, 180.0, 3000.0, MONEY)


def drive(mind, readings, start=0.0, **first):
    """One setup, then a reading every 20 min; what is proposed after each."""
    told = [Heard(int(start * MINUTE), LATHE.path, "state", "setup")]
    told.append(Heard(int((start + 30) * MINUTE), LATHE.path, "state", "running"))
    found = []
    for number, value in enumerate(readings):
        at = int((start + 40 + 20 * number) * MINUTE)
        told += [Heard(at, LATHE.path, "reading_of", "a:d"), Heard(at, LATHE.path, "reading", value)]
        told.append(Heard(at, LATHE.path, "part_count", 10 * number + 1))
        mind.hear(told)
        found.append([one.act for one in mind.decide(seen(start + 40 + 20 * number))])
        told = []
    return found


def test_a_chart_acts_after_a_signal_and_not_before():
    rng = np.random.default_rng(1)
    mind = ByHand([LATHE])
    quiet = drive(mind, [0.0, *rng.normal(0, 5, 40).tolist()])
    rules = [act for acts in quiet for act in acts if act.kind == "rule"]
    assert rules == [Act("rule", "correct shop/turning", "first")]
    # a first piece far off is the operator's own affair; small ones give no signal; one of 25 does (3 sigma: 15)
    acts = drive(mind, [40.0, 2.0, -3.0, 1.0, 25.0], start=2000)
    assert [len(one) for one in acts] == [0, 0, 0, 0, 1]
    assert acts[-1][0] == Act("set", LATHE.offset, -25.0)
    # two of three beyond two sigma on one side
    acts = drive(mind, [0.0, 12.5, 12.5], start=4000)
    assert acts[-1]
    assert acts[-1][0].value == pytest.approx(-12.5, abs=0.01)


def test_a_new_edge_is_corrected_in_full_at_the_next_reading():
    rng = np.random.default_rng(2)
    mind = ByHand([LATHE])
    drive(mind, [0.0, *rng.normal(0, 5, 40).tolist()])
    drive(mind, [0.0, 1.0], start=3000)
    mind.hear([Heard(3070 * MINUTE, LATHE.path, "tool_number", 2)])
    assert not mind.decide(seen(3070))
    mind.hear([
        Heard(3080 * MINUTE, LATHE.path, "reading_of", "a:d"), Heard(3080 * MINUTE, LATHE.path, "reading", -9.0)
    ])  # fmt: skip
    assert [one.act for one in mind.decide(seen(3080))] == [Act("set", LATHE.offset, 9.0)]


def test_quality_leaves_a_station_to_its_people_until_it_knows_enough():
    rng = np.random.default_rng(3)
    mind = Quality([LATHE], MONEY)
    found = []
    for lot in range(60):
        begin = lot * 400.0
        setup = rng.normal(0, 6)
        mind.hear([Heard(int(begin * MINUTE), LATHE.path, "program", "a/10"),
                   Heard(int(begin * MINUTE), LATHE.path, "order", f"o{lot}")])  # fmt: skip
        acts = drive(mind, (setup + rng.normal(0, 6, 5)).tolist(), start=begin)
        found.append([act for one in acts for act in one])
        mind.hear([Heard(int((begin + 300) * MINUTE), LATHE.path, "state", "idle")])
    first = next(number for number, acts in enumerate(found) if acts)
    assert 20 <= first <= 40  # 150 readings, five a lot
    kinds = [act.target for act in found[first] if act.kind == "rule"]
    assert kinds[:2] == ["correct shop/turning", "sampling shop/turning"]
    later = [act for acts in found[first + 1 :] for act in acts if act.kind == "set"]
    assert later
    assert all(abs(act.value) <= 50 for act in later)
