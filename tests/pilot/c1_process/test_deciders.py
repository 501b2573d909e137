"""What decides on a process plant: estimate, margin, model, cleaning, bags, order of grades, against outside truth."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from luban.core.time import DAY, HOUR, MINUTE
from luban.loop.deciding.floor import Heard, LotSeen, MachineSeen, Seen
from luban.loop.deciding.process.estimate import Doubt, Purity
from luban.loop.deciding.process.model import Sheet, fitted, rest
from luban.loop.deciding.process.quality import LetIn, Worth, margin
from luban.loop.deciding.process.upkeep import BagTarget, CleaningByTransfer, GradeOrder, LoadShift
from luban.twin.process import load, steady_plant

FILE = Path(__file__).parents[3] / "examples" / "c1_process" / "process.toml"
DOUBT = Doubt(0.0008, 0.0005, 0.00047, 0.0004, 30 * DAY, 0)
GUARANTEES = {"B985": 0.985, "B990": 0.989, "B995": 0.994}


def seen(now: int, lots: tuple[LotSeen, ...] = (), state: str = "running", **signals: float) -> Seen:
    machine = MachineSeen("process", "process", state, now, signals=signals)
    return Seen(now, {"process": machine}, lots, {"electricity": 0.7})


def lot(order: str, item: str, quantity: int, due: float) -> LotSeen:
    return LotSeen(order, item, quantity, "queue", "packing", 0, 0, round(due * DAY))


def test_the_estimate_sees_through_drift_and_bias_better_than_either_instrument() -> None:
    rng = np.random.default_rng(11)
    errors: dict[str, list[float]] = {"estimate": [], "analyser": [], "laboratory": []}
    claimed = []
    for _ in range(25):
        estimate, drift, bias = Purity(DOUBT), 0.0, float(rng.normal(0, 0.0005))
        waiting: list[Heard] = []
        for step in range(1, 144 * 25):
            now, true = step * 10 * MINUTE, 0.991 + 0.001 * math.sin(step / 300)
            if now % DAY == 0:
                drift += float(rng.normal(0, 0.0004))
            told = [Heard(now, "process", "analyser", true + drift + float(rng.normal(0, 0.00047)))]
            if now % (8 * HOUR) == 0:
                result = true + bias + float(rng.normal(0, 0.0008))
                waiting.append(Heard(now, "laboratory", "product:purity", result))
                errors["laboratory"].append(result - true)
            if waiting and now - waiting[0].time >= 2 * HOUR:
                told.append(waiting.pop(0))
            estimate.hear(told)
            if step > 144 * 3 and step % 144 == 0:
                assert estimate.value is not None
                errors["estimate"].append(estimate.value - true)
                errors["analyser"].append(drift)
                claimed.append(estimate.sigma)
    rms = {name: float(np.sqrt(np.mean(np.square(values)))) for name, values in errors.items()}
    assert rms["estimate"] < 0.6 * min(rms["analyser"], rms["laboratory"])
    assert rms["estimate"] == pytest.approx(float(np.sqrt(np.mean(np.square(claimed)))), rel=0.25)


def test_the_margin_is_where_one_more_bit_of_purity_costs_what_it_saves() -> None:
    worth, sigma = Worth(4000.0, 10_000.0), 0.0005
    costs = {
        m: worth.purity * m + worth.off * 0.5 * math.erfc(m / sigma / math.sqrt(2)) for m in np.arange(0, 0.004, 1e-5)
    }
    assert margin(worth, sigma) == pytest.approx(min(costs, key=lambda m: costs[m]), abs=2e-5)
    assert margin(Worth(1.0, 10_000.0), sigma) == 0.0


def test_the_short_cut_fitted_at_one_point_foretells_the_plant_at_another() -> None:
    p = load(FILE)
    r, c = p.reactor, p.column
    here = steady_plant(p, temperature=350.0, top=0.995, bottom=0.005, purge=0.02)
    means = {
        "feed": 100.0, "distillate": here.product, "bottoms": 100.0 - here.product, "purge": here.purge,
        "boilup": 100.0 * here.profile.boilup, "temperature": 350.0, "top": 0.995, "bottom": 0.005,
        "by_product": 0.005 * float(here.heavy[1]),
    }  # fmt: skip
    model = fitted(Sheet(r.content, r.inert, r.e1, r.e2, r.h1, c.volatility, c.stages, c.heat), means)
    assert model is not None
    there = steady_plant(p, temperature=354.0, top=0.991, bottom=0.02, purge=0.012, feed=90.0)
    told = rest(model, temperature=354.0, top=0.991, bottom=0.02, purge=0.012, feed=90.0)
    assert told is not None
    assert told.product == pytest.approx(there.product, rel=1e-3)
    assert told.purge == pytest.approx(there.purge, rel=1e-3)
    assert told.by == pytest.approx(float(there.heavy[1]), rel=1e-2)
    assert told.boilup == pytest.approx(90.0 * there.profile.boilup, rel=0.04)
    assert fitted(model, means | {"bottoms": -1.0}) is None


def test_product_goes_out_and_in_by_minutes() -> None:
    door = LetIn(DOUBT, GUARANTEES, Worth(4000.0, 10_000.0), room=600.0)
    order = (lot("SO-1", "B985", 300, 10.0),)

    def minutes(purity: float, count: int, start: int) -> int:
        for step in range(start, start + count):
            now = step * 10 * MINUTE
            door.hear(
                [
                    Heard(now, "process", "product_level", 40.0), Heard(now, "process", "distillate", 46.0),
                    Heard(now, "process", "analyser", purity),
                ]
            )  # fmt: skip
        return start + count

    at = minutes(0.987, 100, 1)
    assert door.decide(seen(at * 10 * MINUTE, order)) == ()
    at = minutes(0.93, 12, at)
    out = door.decide(seen(at * 10 * MINUTE, order))
    assert [one.act.value for one in out] == [1.0]
    door.hear([Heard(at * 10 * MINUTE, "process", "diverted", True)])
    at = minutes(0.93, 6, at)
    assert door.decide(seen(at * 10 * MINUTE, order)) == ()
    at = minutes(0.990, 12, at)
    assert [one.act.value for one in door.decide(seen(at * 10 * MINUTE, order))] == [0.0]
    assert door.decide(seen(at * 10 * MINUTE, order, state="down")) == ()


def test_bags_are_filled_so_that_hardly_a_pallet_is_below_the_nominal() -> None:
    rng = np.random.default_rng(5)
    bags = BagTarget(25.0, (25.0, 25.4), 40)
    for pallet in range(200):
        weights = rng.normal(0.0, 0.06, 40)
        bags.hear(
            [
                Heard(pallet, "packer", "bag weight", float(weights.mean())),
                Heard(pallet, "packer", "bag spread", float(weights.std(ddof=1))),
            ]
        )
    (one,) = bags.decide(seen(0, bag_target=25.15))
    assert one.act.value == pytest.approx(25.0 + 3 * 0.06 / math.sqrt(40), abs=0.004)
    assert bags.decide(seen(0, bag_target=float(one.act.value))) == ()


def test_the_cleaning_comes_when_the_jacket_is_at_its_coldest() -> None:
    cleaning = CleaningByTransfer(50.0, 280.0, 291.0, 0.3)
    load_, ua0, tau = 50.0 * 46.0, 50.0, 250.0
    day, at = 0, None
    for day in range(60):
        ua = ua0 * math.exp(-day / tau)
        jacket = 352.0 - load_ / ua
        values = {
            "distillate": 45.0, "purge": 1.0, "reactor_temperature": 352.0, "jacket_temperature": jacket,
            "water_temperature": 291.0, "reactor_feed": 100.0,
        }  # fmt: skip
        for tick in range(144):
            moment = day * DAY + tick * 10 * MINUTE
            cleaning.hear([Heard(moment, "process", name, value) for name, value in values.items()])
        for one in cleaning.decide(seen((day + 1) * DAY, cleaned=0.0, reactor_feed=100.0)):
            at = one.act.value / DAY
    coldest = 280.0 + 0.3 * 3.0
    true = tau * math.log(ua0 * (352.0 - coldest) / (1.02 * load_))
    assert at == pytest.approx(true, abs=4.0)


def test_a_cleaning_that_is_due_is_not_put_off_from_day_to_day() -> None:
    cleaning = CleaningByTransfer(50.0, 280.0, 291.0, 0.3)
    dates = []
    for day in range(20):
        values = {
            "distillate": 35.0, "purge": 1.0, "reactor_temperature": 352.0, "jacket_temperature": 283.0 - 0.1 * day,
            "water_temperature": 291.0, "reactor_feed": 75.0,
        }  # fmt: skip
        for tick in range(144):
            moment = day * DAY + tick * 10 * MINUTE
            cleaning.hear([Heard(moment, "process", name, value) for name, value in values.items()])
        found = cleaning.decide(seen((day + 1) * DAY, cleaned=-100.0 * DAY, reactor_feed=100.0))
        dates += [one.act.value / DAY for one in found]
    assert dates == [pytest.approx(13.5)]


def test_orders_that_would_be_late_go_first_and_a_tank_is_not_left_unready() -> None:
    prices = dict.fromkeys(GUARANTEES, 7900.0)
    grades = GradeOrder(
        prices, GUARANTEES, rate=2.7, change=0.7, step_up=0.0, late=0.005, carrying=0.0007, unready=60_000.0
    )
    calm = seen(0, (lot("A", "B985", 100, 12), lot("B", "B985", 400, 20)))
    assert grades.decide(calm) == ()
    late = seen(0, (lot("A", "B985", 400, 30), lot("B", "B985", 100, 3)))
    (one,) = grades.decide(late)
    assert one.act.value == ("B", "A")
    assert one.worth is not None
    assert one.worth > 0
    purer = seen(0, (lot("A", "B985", 200, 30), lot("B", "B995", 195, 30)))
    assert grades.decide(purer) == ()


def test_load_goes_to_cheap_hours_once_and_comes_back() -> None:
    shift = LoadShift(0.7, (60.0, 105.0))
    dear = Seen(0, seen(0, reactor_feed=100.0).machines, (), {"electricity": 1.4})
    assert [one.act.value for one in shift.decide(dear)] == [pytest.approx(97.0)]
    assert shift.decide(dear) == ()
    usual = Seen(0, seen(0, reactor_feed=97.0).machines, (), {"electricity": 0.7})
    assert [one.act.value for one in shift.decide(usual)] == [pytest.approx(100.0)]
    shift.decide(dear)
    dropped = Seen(0, seen(0, reactor_feed=92.0).machines, (), {"electricity": 0.7})  # another set the feed instead
    assert [one.act.value for one in shift.decide(dropped)] == [pytest.approx(92.0)]


def test_a_feed_at_its_limit_comes_back_to_what_was_set() -> None:
    shift = LoadShift(0.7, (60.0, 100.0))
    at, found = 100.0, []
    for price in (0.3, 1.4, 0.7, 1.4, 0.3, 0.7):
        for one in shift.decide(Seen(0, seen(0, reactor_feed=at).machines, (), {"electricity": price})):
            at = float(one.act.value)
        found.append(at)
    assert found == pytest.approx([100.0, 97.0, 100.0, 97.0, 100.0, 100.0])
