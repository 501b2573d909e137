"""The gauge register, traceability, and lots that rest on a gauge that could not be trusted."""

import math
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.core.time import DAY
from luban.understand.quality.gauge_use import gauge_use, held_lots, untrusted
from luban.understand.quality.gauges import (
    Calibration,
    Gauge,
    calibration_data,
    chain,
    due_list,
    register,
    registered_data,
    state_at,
)
from tests.understand.quality.gauging import DIAMETER, Gauging


def calibrated(time: int, due: int, **beside: Any) -> Calibration:
    given: dict[str, Any] = {
        "certificate": "C", "laboratory": "lab", "uncertainty": 0.002, "coverage": 2.0, "unit": "mm", "standard": "",
        "national": "", "passed": True, "found": "", "seq": 0,
    } | beside  # fmt: skip
    return Calibration(time, due, **given)


def gauge(name: str, *done: Calibration, **beside: Any) -> Gauge:
    return Gauge(name, calibrations=done, registered=True, **beside)


def calibrate(shop: Gauging, name: str, at: str, due: str, **beside: Any) -> None:
    known = register(shop.ledger).get(name, Gauge(name))
    data = calibration_data(known, shop.at(at), due=shop.at(due), **({"certificate": "C"} | beside))
    shop.note("gauge", name, "calibrate", data, at=at)


def registered(shop: Gauging, name: str, **beside: Any) -> None:
    shop.note("gauge", name, "register", registered_data(**beside), at="2025-01-01T08:00")


@pytest.mark.parametrize(
    ("own", "at", "state"),
    [
        (None, 5, "unregistered"),
        (Gauge("7"), 5, "unregistered"),
        (gauge("7"), 5, "never"),
        (gauge("7", calibrated(10, 20)), 5, "never"),
        (gauge("7", calibrated(10, 20)), 10, "valid"),
        (gauge("7", calibrated(10, 20)), 19, "valid"),
        (gauge("7", calibrated(10, 20)), 20, "expired"),
        (gauge("7", calibrated(10, 20, passed=False)), 12, "failed"),
        (gauge("7", calibrated(10, 20), service=((12, False),)), 13, "retired"),
        (gauge("7", calibrated(10, 20), service=((12, False), (14, True))), 15, "valid"),
    ],
)
def test_a_gauge_stands_as_its_entries_say(own: Gauge | None, at: int, state: str) -> None:
    assert state_at(own, at) == state


def test_a_chain_leads_to_the_national_standard_as_it_stood_then() -> None:
    gauges = {
        "caliper": gauge("caliper", calibrated(100, 200, standard="blocks", uncertainty=0.02)),
        "blocks": gauge("blocks", calibrated(50, 120, standard="master", uncertainty=0.001)),
        "master": gauge("master", calibrated(10, 60, national="NIM", uncertainty=0.0001)),
    }
    found = chain(gauges, "caliper", 150)  # the blocks are overdue by now, but were not when the caliper was calibrated
    assert found.complete
    assert [link.gauge for link in found.links] == ["caliper", "blocks", "master"]
    assert found.notes == ()
    gauges["blocks"] = gauge("blocks", calibrated(50, 90, standard="master"))
    broken = chain(gauges, "caliper", 150)
    assert not broken.complete
    assert (broken.gauge, broken.why) == ("blocks", "its calibration was due")


def test_a_chain_that_bites_its_tail_or_names_nothing_is_broken() -> None:
    loop = {
        "a": gauge("a", calibrated(10, 99, standard="b")),
        "b": gauge("b", calibrated(5, 99, standard="a"), calibrated(1, 99, standard="a")),
    }
    loop["a"] = gauge("a", calibrated(1, 99, standard="b"), calibrated(10, 99, standard="b"))
    loop["b"] = gauge("b", calibrated(0, 99, standard="a"), calibrated(5, 99, standard="a"))
    assert "rests on itself" in chain(loop, "a", 20).why
    assert "names no standard" in chain({"a": gauge("a", calibrated(10, 99))}, "a", 20).why


def test_a_standard_no_finer_than_its_gauge_and_an_uncertainty_not_stated_are_noted() -> None:
    gauges = {
        "caliper": gauge("caliper", calibrated(100, 200, standard="blocks", uncertainty=0.002)),
        "blocks": gauge("blocks", calibrated(50, 120, national="NIM", uncertainty=0.003)),
    }
    assert chain(gauges, "caliper", 150).notes == ("blocks: no finer than caliper, which it calibrates",)
    gauges["blocks"] = gauge("blocks", calibrated(50, 120, national="NIM", uncertainty=None))
    assert "no uncertainty" in chain(gauges, "caliper", 150).notes[0]


def test_the_due_list_is_in_order_of_urgency() -> None:
    gauges = {
        "later": gauge("later", calibrated(0, 9 * DAY)), "over": gauge("over", calibrated(0, 2 * DAY)),
        "never": gauge("never"), "gone": gauge("gone", service=((0, False),)),
    }  # fmt: skip
    found = due_list(gauges, 3 * DAY)
    assert [(one.gauge.id, one.state) for one in found] == [("never", "never"), ("over", "expired"), ("later", "valid")]
    assert found[1].days == pytest.approx(-1)
    assert [one.gauge.id for one in due_list(gauges, 3 * DAY, within=2)] == ["never", "over"]


@pytest.mark.parametrize(
    ("named", "part"),
    [
        ({"certificate": " "}, "certificate"),
        ({"uncertainty": -1.0}, "uncertainty"),
        ({"uncertainty": math.inf}, "uncertainty"),
        ({"coverage": 0.0}, "coverage"),
        ({"found": "maybe"}, "as found"),
        ({"standard": "7"}, "own standard"),
        ({"due": 5}, "due before"),
        ({}, "nobody said"),
    ],
)
def test_a_calibration_that_cannot_be_is_refused(named: dict[str, Any], part: str) -> None:
    given: dict[str, Any] = {"certificate": "C1"} | named
    with pytest.raises(InputError, match=part):
        calibration_data(Gauge("7", registered=True), 10, **given)


# ------------------------------------------------------------------ lots


def test_an_expired_gauge_holds_the_lots_it_measured_and_names_them(gauging: Gauging) -> None:
    shop = gauging
    registered(shop, "c7", type="caliper", days=365)
    calibrate(shop, "c7", "2026-01-01T08:00", "2026-03-02T09:00", national="NIM")
    shop.measure([10.0, 10.01], begin="08:30", gauge="c7", lot="L1")
    shop.measure([10.0, 10.02, 9.99], begin="09:00", gauge="c7", lot="L2")
    shop.measure([10.0], begin="09:30", gauge="c7", serial="S9")
    shop.measure([10.0], begin="09:40", lot="L4")
    shop.measure([10.0], begin="09:50", gauge="other", lot="L5")
    found = gauge_use(shop.ledger)
    assert found.held == ("L2", "S9")
    assert [(one.lot, one.n, one.reason) for one in found.affected] == [("L2", 3, "expired"), ("S9", 1, "expired")]
    assert found.unregistered == {"other": 1}
    assert (found.without, found.n) == (1, 8)
    assert held_lots(shop.ledger, ["L1", "L2"]).keys() == {"L2"}
    told = found.as_dict()
    assert told["affected"][0]["why"] == "measured after the gauge's calibration was due"


def test_a_calibration_that_finds_it_in_tolerance_frees_the_lot(gauging: Gauging) -> None:
    shop = gauging
    registered(shop, "c7", days=30)
    calibrate(shop, "c7", "2026-01-01T08:00", "2026-03-01T08:00")
    shop.measure([10.0], gauge="c7", lot="L1")
    assert held_lots(shop.ledger).keys() == {"L1"}
    calibrate(shop, "c7", "2026-03-03T08:00", "2026-04-01T08:00", found="in")
    found = gauge_use(shop.ledger)
    assert found.held == ()
    assert found.affected[0].cleared == "found in tolerance"


def test_a_calibration_that_finds_it_out_of_tolerance_holds_everything_since_the_last_one(gauging: Gauging) -> None:
    shop = gauging
    registered(shop, "c7", days=300)
    calibrate(shop, "c7", "2026-03-01T08:00", "2026-12-01T08:00")
    shop.measure([10.0], gauge="c7", lot="L1")
    assert held_lots(shop.ledger) == {}
    calibrate(shop, "c7", "2026-03-03T08:00", "2026-12-01T08:00", found="out")
    shop.measure([10.0], begin="2026-03-03T09:00", gauge="c7", lot="L2")
    found = gauge_use(shop.ledger)
    assert found.held == ("L1",)
    assert found.affected[0].reason == "out"


def test_a_lot_measured_again_with_a_valid_gauge_is_free(gauging: Gauging) -> None:
    shop = gauging
    registered(shop, "c7", days=30)
    registered(shop, "c8", days=300)
    calibrate(shop, "c7", "2026-01-01T08:00", "2026-02-01T08:00")
    calibrate(shop, "c8", "2026-01-01T08:00", "2026-12-01T08:00")
    shop.measure([10.0], gauge="c7", lot="L1")
    shop.measure([10.0], gauge="c7", lot="L1", of="g7:width")
    shop.measure([10.0], begin="10:00", gauge="c8", lot="L1")
    found = gauge_use(shop.ledger)
    assert {(one.characteristic, one.held) for one in found.affected} == {(DIAMETER, False), ("g7:width", True)}
    shop.measure([20.0], begin="10:05", gauge="c7", lot="L1", of="g7:width")
    assert gauge_use(shop.ledger).held == ("L1",)


def test_a_late_correction_of_the_due_time_changes_what_is_held(gauging: Gauging) -> None:
    shop = gauging
    registered(shop, "c7")
    calibrate(shop, "c7", "2026-01-01T08:00", "2026-02-01T08:00")
    shop.measure([10.0], gauge="c7", lot="L1")
    before = shop.ledger.head
    calibrate(shop, "c7", "2026-01-02T08:00", "2026-12-01T08:00")
    assert held_lots(shop.ledger) == {}
    assert held_lots(shop.ledger, as_of=before).keys() == {"L1"}


def test_entries_that_cannot_be_read_are_named(gauging: Gauging) -> None:
    shop = gauging
    registered(shop, "c7")
    shop.note("gauge", "c7", "calibrate", {"certificate": "C"})
    shop.note("gauge", "c7", "polish", {})
    found = register(shop.ledger)["c7"]
    assert found.registered
    assert len(found.unread) == 2


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(1, 30), st.booleans(), st.sampled_from(["", "in"])), max_size=5)
)
def test_a_moment_is_trusted_exactly_when_the_gauge_is_valid(rows: list[tuple[int, int, bool, str]]) -> None:
    """Where no calibration found it out of tolerance, `untrusted` and `state_at` say the same of every moment."""
    times = sorted({time for time, *_ in rows})
    done = [calibrated(t, t + r[1], passed=r[2], found=r[3]) for t, r in zip(times, rows, strict=False)]
    own = gauge("7", *done)
    for at in range(80):
        covered = any(span.start <= at < span.end for span in untrusted(own))
        assert covered == (state_at(own, at) != "valid")
