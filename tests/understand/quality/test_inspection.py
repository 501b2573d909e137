"""The plan, the verdict on one value, and what devices judge."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st
from scipy import stats

from luban.core.errors import InputError, UnitError
from luban.core.time import HOUR
from luban.plant import Characteristic
from luban.understand.quality.inspection import (
    confusion,
    exact_share,
    inspection_plan,
    judge,
    measurement_rows,
    plan_of,
    queue,
    result_row,
    results,
    review_row,
)
from tests.understand.quality.gauging import DIAMETER, Gauging
from tests.understand.shop import M1

HEAD = "item,operation,characteristic,method,gauge,pieces,every,chart,reaction\n"
BORE = Characteristic("g7", "diameter", "mm", 10.0, 9.9, 10.1)


# ---------------------------------------------------------------- one value


@pytest.mark.parametrize(
    ("value", "uncertainty", "state"),
    [
        (10.0, 0, "good"), (10.1, 0, "good"), (9.9, 0, "good"), (10.1001, 0, "bad"), (9.8999, 0, "bad"),
        (10.0, 0.01, "good"), (10.095, 0.01, "doubt"), (10.105, 0.01, "doubt"), (10.12, 0.01, "bad"),
        (9.905, 0.01, "doubt"), (9.88, 0.01, "bad"),
    ],
)  # fmt: skip
def test_verdict_by_the_decision_rule(value: float, uncertainty: float, state: str) -> None:
    assert judge(BORE, value, uncertainty=uncertainty).state == state


def test_verdict_names_the_limit_or_that_there_is_none() -> None:
    assert judge(BORE, 10.2).limit == 10.1
    assert judge(BORE, 9.8).limit == 9.9
    free = Characteristic("g7", "colour", "1", None, None, None)
    assert judge(free, 7.0).state == "unknown"
    one_sided = Characteristic("g7", "roughness", "µm", None, None, 1.6)
    assert (judge(one_sided, -5.0).state, judge(one_sided, 1.7).state) == ("good", "bad")
    for wrong in ({"value": float("nan")}, {"value": 1.0, "uncertainty": -1.0}):
        with pytest.raises(InputError):
            judge(BORE, **wrong)


@given(st.floats(9, 11), st.floats(0, 0.2))
def test_more_uncertainty_never_makes_a_verdict_surer(value: float, uncertainty: float) -> None:
    exact, blurred = judge(BORE, value), judge(BORE, value, uncertainty=uncertainty)
    assert blurred.state in {exact.state, "doubt"}


def test_rows_of_measured_values_are_in_the_declared_unit(gauging: Gauging) -> None:
    rows = measurement_rows(
        gauging.plant, DIAMETER, [1.001, 1.002], unit="cm", lot="L1", machine=M1, person="li",
        conditions={"temperature [°C]": 21.5}, time=7,
    )  # fmt: skip
    assert rows["value"] == pytest.approx([10.01, 10.02])
    assert (rows["lot"], rows["serial"], rows["time"], rows["unit"]) == (["L1"] * 2, [None] * 2, [7] * 2, [M1] * 2)
    gauging.writer.append("measurement", {k: v for k, v in rows.items() if v[0] is not None}, source="screens")
    for of, values, machine in (
        ("g7:bore", [1.0], ""),
        (DIAMETER, [], ""),
        (DIAMETER, [float("inf")], ""),
        (DIAMETER, [1.0], "x"),
    ):
        with pytest.raises(InputError):
            measurement_rows(gauging.plant, of, values, machine=machine)
    with pytest.raises(UnitError):
        measurement_rows(gauging.plant, DIAMETER, [1.0], unit="kg")


# ---------------------------------------------------------------- the plan


def test_a_plan_by_time(open_gauging: Callable[..., Gauging]) -> None:
    shop = open_gauging(calendar="two", inspection=HEAD + "g7,10,diameter,plug gauge,,5,2h,,call\n")
    (never,) = inspection_plan(shop.ledger, shop.plant, shop.at("08:00"))
    assert (never.state, never.last) == ("due", None)
    shop.measure([10.0], begin="08:00")
    (one,) = inspection_plan(shop.ledger, shop.plant, shop.at("09:59"))
    assert (one.state, one.due, one.last) == ("waiting", shop.at("08:00") + 2 * HOUR, shop.at("08:00"))
    (one,) = inspection_plan(shop.ledger, shop.plant, shop.at("10:00"))
    assert one.state == "due"
    (idle,) = inspection_plan(shop.ledger, shop.plant, shop.at("18:00"))
    assert idle.state == "waiting"  # nobody works between the shifts
    (night,) = inspection_plan(shop.ledger, shop.plant, shop.at("22:00"))
    assert night.state == "due"
    shop.measure([10.0], begin="12:00")
    (one,) = inspection_plan(shop.ledger, shop.plant, shop.at("10:00"))
    assert one.state == "due"  # what was measured later is not known then
    assert plan_of(shop.plant, DIAMETER) is shop.plant.inspections[0]
    assert plan_of(shop.plant, "g7:width") is None


def test_a_plan_by_pieces_counts_what_the_units_of_the_operation_made(open_gauging: Callable[..., Gauging]) -> None:
    shop = open_gauging(inspection=HEAD + "g7,10,diameter,,,1,50,,\n")
    shop.measure([10.0], begin="08:00")
    shop.counts(("07:59", 500, 0), ("08:10", 30, 10), unit=M1)
    shop.counts(("08:20", 100, 0), unit=M1, item="b2")
    (one,) = inspection_plan(shop.ledger, shop.plant, shop.at("08:30"))
    assert (one.state, one.pieces_left, one.due) == ("waiting", 10.0, None)
    shop.counts(("08:40", 10, 0), unit=M1)
    (one,) = inspection_plan(shop.ledger, shop.plant, shop.at("08:50"))
    assert (one.state, one.pieces_left) == ("due", 0.0)


def test_a_plan_by_shift_lot_and_first_piece(open_gauging: Callable[..., Gauging]) -> None:
    shop = open_gauging(
        calendar="two",
        inspection=HEAD + "g7,10,diameter,,,1,shift,,\ng7,10,width,,,1,lot,,\ng7,,width,,,1,first,,\n",
    )
    shop.measure([10.0], begin="05:00")
    states = {
        (d.plan.characteristic, d.plan.every): d.state
        for d in inspection_plan(shop.ledger, shop.plant, shop.at("07:00"))
    }
    assert states == {("diameter", "shift"): "due", ("width", "lot"): "asked", ("width", "first"): "asked"}
    shop.measure([10.0], begin="06:45")
    assert inspection_plan(shop.ledger, shop.plant, shop.at("07:00"))[-1].state == "waiting"
    assert inspection_plan(shop.ledger, shop.plant, shop.at("20:00"))[-1].state == "waiting"  # outside shifts
    assert inspection_plan(shop.ledger, shop.plant, shop.at("22:30"))[0].state == "due"


# ---------------------------------------------------------------- devices


def judged(shop: Gauging, piece: str, verdict: str, confidence: float, *, version: str = "1") -> None:
    made = result_row(
        piece, verdict, confidence, device="cam2", model="surface", version=version, lot="L1", time=shop.at("08:00")
    )
    shop.writer.append("event", made, source="cam2")


def test_low_confidence_goes_to_a_person_and_the_person_decides(gauging: Gauging) -> None:
    judged(gauging, "S1", "good", 0.99)
    judged(gauging, "S2", "scratch", 0.4)
    judged(gauging, "S3", "good", 0.2)
    sure, unsure, least = results(gauging.ledger)
    assert (sure.final, unsure.final, unsure.why, unsure.version) == ("good", "", "queue", "1")
    assert [one.piece for one in queue(results(gauging.ledger)) if one.why == "queue"] == ["S3", "S2"]
    head = gauging.ledger.head
    gauging.writer.append("event", review_row(unsure, "good", person="li", text="dust"), source="screens")
    gauging.writer.append("event", review_row(least, "dent", person="li"), source="screens")
    assert [one.final for one in results(gauging.ledger)] == ["good", "good", "dent"]
    assert results(gauging.ledger)[1].reviewer == "li"
    assert [one.final for one in results(gauging.ledger, as_of=head)] == ["good", "", ""]
    assert [one.why for one in queue(results(gauging.ledger))] in ([], ["audit"])


def test_confusion_of_a_seeded_set(gauging: Gauging) -> None:
    """20 pieces with a known answer, seen by two versions of a model."""
    truth = ["good"] * 12 + ["scratch"] * 6 + ["dent"] * 2
    said = ["good"] * 10 + ["scratch"] * 2 + ["scratch"] * 4 + ["good"] * 2 + ["dent", "scratch"]
    for version, words in (("1", said), ("2", truth)):
        for at, word in enumerate(words):
            judged(gauging, f"S{at}", word, 0.5, version=version)
    for one in results(gauging.ledger):
        answer = truth[int(one.piece[1:])]
        gauging.writer.append("event", review_row(one, answer, person="li"), source="screens")
    first, second = confusion(results(gauging.ledger))
    assert (first.version, first.words) == ("1", ("good", "dent", "scratch"))
    assert first.table == ((10, 0, 2), (0, 1, 0), (2, 1, 4))
    assert (first.agreement.count, first.agreement.of) == (15, 20)
    assert (first.escapes.count, first.escapes.of) == (2, 8)
    assert (first.alarms.count, first.alarms.of) == (2, 12)
    assert (second.agreement.value, second.escapes.value, second.waiting) == (1.0, 0.0, 0)
    assert confusion(results(gauging.ledger), "audit")[0].agreement.value is None
    assert confusion(results(gauging.ledger), "queue")[0].table == first.table
    with pytest.raises(InputError):
        confusion((), "some")


def test_about_one_in_fifty_sure_results_is_drawn_for_checking(gauging: Gauging) -> None:
    rows = [result_row(f"P{n}", "good", 0.99, device="c", model="m", version="1", time=n) for n in range(2000)]
    whole = {name: [row[name][0] for row in rows] for name in rows[0]}
    gauging.writer.append("event", {k: v for k, v in whole.items() if v[0] is not None}, source="c")
    drawn = [one for one in queue(results(gauging.ledger)) if one.why == "audit"]
    low, high = stats.binom.ppf([0.0005, 0.9995], 2000, 1 / 50)
    assert low <= len(drawn) <= high
    assert drawn == [one for one in queue(results(gauging.ledger)) if one.why == "audit"]


@pytest.mark.parametrize(("count", "of"), [(0, 10), (3, 17), (10, 10), (500, 1000)])
def test_exact_share(count: int, of: int) -> None:
    truth = stats.binomtest(count, of).proportion_ci(0.95, "exact")
    found = exact_share(count, of)
    assert (found.low, found.high) == pytest.approx((truth.low, truth.high), rel=1e-9)


@pytest.mark.parametrize(
    "wrong",
    [{"piece": " "}, {"verdict": ""}, {"confidence": 93.0}, {"threshold": -0.1}, {"model": ""}, {"version": ""}],
)
def test_a_result_without_its_model_or_with_a_percentage_is_refused(wrong: dict[str, object]) -> None:
    whole = {"piece": "S1", "verdict": "good", "confidence": 0.9, "device": "c", "model": "m", "version": "1"} | wrong
    with pytest.raises(InputError):
        result_row(**whole)  # type: ignore[arg-type]
