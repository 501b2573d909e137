"""Readiness seen only at weekly releases; a cap seen only in who comes when another leaves."""

from __future__ import annotations

import heapq
from pathlib import Path

import numpy as np
import pytest

from luban.core.time import DAY, HOUR, SECOND
from luban.plant import load
from luban.twin.calibrate.evidence import Evidence
from luban.twin.calibrate.observe import Observed, OrderFact
from luban.twin.calibrate.release import Readiness, release_policy
from tests.twin.calibrate.workshop import PLANT, START


@pytest.fixture
def plant(tmp_path: Path):
    (tmp_path / "plant.toml").write_text(PLANT, encoding="utf-8")
    return load(tmp_path)


def seen(orders: list[OrderFact], weeks: int) -> Observed:
    return Observed(START, START + weeks * 7 * DAY, [], {}, {o.id: o for o in orders}, ())


def test_material_delay_through_weekly_releases(plant) -> None:
    rng = np.random.default_rng(1)
    orders = []
    for number in range(4000):
        arrival = START + int(rng.uniform(0, 40 * 7 * DAY))
        delay = 0.0 if rng.random() < 0.7 else rng.exponential(4 * 86400)
        ready = arrival + int(delay * SECOND)
        week = -(-(ready - START - 6 * HOUR) // (7 * DAY))
        release = START + 6 * HOUR + week * 7 * DAY
        known = release if release < START + 40 * 7 * DAY else None
        orders.append(OrderFact(f"o{number}", "A", 1, arrival, release=known))
    policy = release_policy(seen(orders, 40), plant, Evidence())
    assert policy.times == ((0, 6 * 60),)
    assert policy.ready.at_once == pytest.approx(0.7, abs=0.06)
    assert policy.ready.mean == pytest.approx(4 * 86400, rel=0.15)


def test_a_cap_is_recognised(plant) -> None:
    """Constant work in progress: 7 lots, the next one comes in when one leaves."""
    rng = np.random.default_rng(2)
    floor: list[float] = []
    orders, now = [], 0.0
    for number in range(600):
        now += rng.exponential(1.0)
        begin = now
        while floor and floor[0] <= now:
            heapq.heappop(floor)
        if len(floor) >= 7:
            begin = heapq.heappop(floor)
        end = max([begin, *sorted(floor)[-1:]]) + rng.exponential(0.98)
        heapq.heappush(floor, end)
        stamp = [START + int(t * HOUR) for t in (now, begin, end)]
        orders.append(OrderFact(f"o{number}", "A", 1, stamp[0], release=stamp[1], finish=stamp[2]))
    policy = release_policy(seen(orders, 4), plant, Evidence())
    assert policy.cap == 7


def test_readiness_as_a_distribution() -> None:
    ready = Readiness(0.8, 2 * 86400.0)
    assert ready.distribution.mean == pytest.approx(0.2 * 2 * 86400, rel=0.03)
    assert ready.distribution.quantile(0.75) == 0
    assert Readiness(1.0, 0.0).distribution is None
    rng = np.random.default_rng(3)
    assert np.mean([ready.beyond(86400.0, rng) for _ in range(4000)]) == pytest.approx(3 * 86400, rel=0.06)
