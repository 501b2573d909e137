"""Inspection behind the pages: values with their verdict, gauges that are due, devices, non-conformances by role."""

from collections.abc import Callable
from pathlib import Path

import pytest

from luban.core.errors import InputError, NotAllowedError
from luban.core.quality import Quality
from luban.core.time import DAY, now
from luban.screens.service import PlantView
from luban.screens.service.inspection import InspectionDesk
from luban.screens.service.quality import QualityBooks
from luban.screens.service.quality_charting import Wanted
from luban.screens.users import Act, Role
from luban.understand.book import row
from luban.understand.quality.gauges import Gauge, calibration_data, registered_data
from luban.understand.quality.measured import measured
from tests.screens import quality_shop as shop

PLAN = """item,operation,characteristic,method,gauge,pieces,every,chart,reaction
shaft,,diameter,micrometer,,1,2h,,stop and call
"""


@pytest.fixture
def acts() -> list[Act]:
    return []


@pytest.fixture
def desk(tmp_path: Path, acts: list[Act], monkeypatch: pytest.MonkeyPatch) -> InspectionDesk:
    monkeypatch.setattr("luban.screens.service.quality._FRESH", 0.0)
    folder = shop.write(tmp_path / "plant")
    (folder / "inspection.csv").write_text(PLAN, "utf-8")
    shop.seed(folder)
    return InspectionDesk(QualityBooks(PlantView(folder), shop.recorder(folder, acts)))


@pytest.fixture
def calibrate(desk: InspectionDesk) -> Callable[..., None]:
    def make(gauge: str, due: int, uncertainty: float = 0.002) -> None:
        done = now() - 30 * DAY
        certified = calibration_data(
            Gauge(gauge), done, due=due, certificate="C-1", uncertainty=uncertainty, unit="mm", national="NIM"
        )
        for code, data in (("register", registered_data(type="micrometer")), ("calibrate", certified)):
            rows = row("gauge", gauge, code, person="li", data=data, time=done)
            filled = {name: own for name, own in rows.items() if own[0] is not None}
            desk.books.write(Act("li", f"gauge {code}", gauge, ""), "event", filled)

    return make


def test_a_value_is_written_and_judged_at_once(desk: InspectionDesk, acts: list[Act]):
    entered = desk.enter(shop.DIAMETER, [25.001], person="zhao", lot="L9", serial="S1", machine="jinan/turning")
    assert (entered.state, entered.reaction, entered.gauge) == ("good", "", "")
    assert (acts[-1].code, acts[-1].person, acts[-1].subject) == ("measured", "zhao", shop.DIAMETER)
    newest = desk.recent(shop.DIAMETER)[0]
    assert {name: newest[name] for name in ("value", "lot", "serial", "unit", "person", "state")} == {
        "value": 25.001, "lot": "L9", "serial": "S1", "unit": "jinan/turning", "person": "zhao", "state": "good"
    }  # fmt: skip


def test_a_value_outside_says_what_the_plan_says_to_do_and_the_chart_fires(desk: InspectionDesk):
    entered = desk.enter(shop.DIAMETER, [25.08], person="zhao")
    assert (entered.state, entered.verdicts[0].limit, entered.reaction) == ("bad", 25.015, "stop and call")
    assert "nelson_1" in entered.signals


def test_the_plan_says_when_it_is_due_again(desk: InspectionDesk):
    desk.enter(shop.DIAMETER, [25.0], person="zhao")
    (due,) = desk.plan()
    assert (due.state, due.plan.subject) == ("waiting", shop.DIAMETER)


def test_the_uncertainty_of_the_gauge_makes_a_value_near_a_limit_doubtful(
    desk: InspectionDesk, calibrate: Callable[..., None]
):
    calibrate("M3", now() + DAY)
    near = desk.enter(shop.DIAMETER, [25.014], person="zhao", gauge="M3")
    assert (near.state, near.gauge, near.reaction) == ("doubt", "valid", "stop and call")
    assert desk.enter(shop.DIAMETER, [25.012], person="zhao", gauge="M3").state == "good"


def test_a_gauge_that_was_due_makes_doubtful_facts_and_holds_the_lot(
    desk: InspectionDesk, calibrate: Callable[..., None]
):
    calibrate("M4", now() - DAY)
    entered = desk.enter(shop.DIAMETER, [25.0], person="zhao", gauge="M4", lot="L7")
    assert entered.gauge == "expired"
    fact = desk.recent(shop.DIAMETER)[0]
    assert fact["quality"] == Quality.CALIBRATION_DUE
    sample = measured(desk.view.ledger, desk.view.plant, shop.DIAMETER).sample
    assert [bad.reason for bad in sample.excluded] == ["quality of the value: calibration due"]
    assert "L7" in desk.held()
    made = desk.open("is it right?", person="zhao", subject=shop.DIAMETER, lots=["L7"])
    concession = {"lots": ["L7"], "decision": "use_as_is"}
    with pytest.raises(InputError, match="not to be trusted"):
        desk.step(made, "dispose", person="li", role=Role.ENGINEER, text="agreed", data=concession)
    desk.step(made, "dispose", person="li", role=Role.ENGINEER, text="sort it", data=concession | {"decision": "sort"})
    desk.enter(shop.DIAMETER, [25.0], person="zhao", gauge="M4", lot="L7")
    with pytest.raises(InputError, match="not to be trusted"):  # measured again, but with the same gauge
        desk.step(made, "release", person="zhao", role=Role.OPERATOR, data={"lots": ["L7"]})
    calibrate("M5", now() + DAY)
    desk.enter(shop.DIAMETER, [25.0], person="zhao", gauge="M5", lot="L7")
    released = desk.step(made, "release", person="zhao", role=Role.OPERATOR, data={"lots": ["L7"]})
    assert (released.held, desk.held()) == (frozenset(), {})


def test_nothing_is_written_where_the_question_is_wrong(desk: InspectionDesk, acts: list[Act]):
    for subject, values, options in (
        ("shaft:colour", [1.0], {}), (shop.DIAMETER, [], {}), (shop.DIAMETER, [1.0], {"machine": "nowhere"}),
    ):  # fmt: skip
        with pytest.raises(InputError):
            desk.enter(subject, values, person="zhao", **options)
    assert acts == []


def test_a_device_that_is_not_sure_asks_a_person(desk: InspectionDesk):
    known = {"device": "cam2", "model": "surface", "version": "4.1"}
    assert desk.judged("S1", "good", 0.99, person="cam", **known) == "accepted"
    assert desk.judged("S2", "scratch", 0.3, person="cam", **known) == "queue"
    (waiting,) = [one for one in desk.queue() if one.why == "queue"]
    desk.review(waiting.seq, "good", person="zhao", text="dust")
    assert [one for one in desk.queue() if one.why == "queue"] == []
    (matrix,) = desk.confusion("queue")
    assert (matrix.words, matrix.table, matrix.alarms.count) == (("good", "scratch"), ((0, 0), (1, 0)), 1)
    with pytest.raises(InputError, match="no such result"):
        desk.review(10**9, "good", person="zhao")


def test_a_non_conformance_holds_its_lot_and_only_an_engineer_concedes(desk: InspectionDesk, acts: list[Act]):
    made = desk.open("diameter too large", person="zhao", subject=shop.DIAMETER, lots=["L5"], severity="major")
    assert desk.held() == {"L5": (made,)}
    concession = {"lots": ["L5"], "decision": "use_as_is"}
    with pytest.raises(NotAllowedError):
        desk.step(made, "dispose", person="zhao", role=Role.OPERATOR, text="agreed", data=concession)
    assert desk.nonconformance(made).state == "held"
    one = desk.step(made, "dispose", person="li", role=Role.ENGINEER, text="agreed", data=concession)
    assert (one.state, desk.held()) == ("disposed", {})
    assert [act.code for act in acts] == ["nonconformance open", "nonconformance dispose"]


def test_an_effect_is_worked_out_and_written(desk: InspectionDesk):
    made = desk.open("scatter", person="zhao", subject=shop.DIAMETER)
    check = {"statistic": "out", "subject": shop.DIAMETER}
    desk.step(made, "action", person="zhao", role=Role.OPERATOR, text="new insert", data={"check": check})
    desk.step(made, "done", person="zhao", role=Role.OPERATOR, data={"action": "A1"})
    one = desk.check(made, "A1", person="zhao")
    assert one.actions[0].verdict == "unknown"  # nothing was measured since
    assert one.actions[0].effect["n_before"] == shop.COUNT
    with pytest.raises(NotAllowedError):
        desk.step(made, "close", person="zhao", role=Role.OPERATOR)


def test_a_lot_is_held_by_rule_once_and_again_only_by_what_is_measured_later(
    tmp_path: Path, acts: list[Act], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("luban.screens.service.quality._FRESH", 0.0)
    folder = shop.write(tmp_path / "plant2")
    (folder / "inspection.csv").write_text("item,characteristic,hold\nshaft,diameter,out\nflange,bore,\n", "utf-8")
    shop.seed(folder)
    desk = InspectionDesk(QualityBooks(PlantView(folder), shop.recorder(folder, acts)))
    desk.enter(shop.DIAMETER, [25.0], person="zhao", lot="L-1")
    desk.enter(shop.BORE, [41.0], person="zhao", lot="L-1")  # out of limits, but the plan holds nothing for it
    assert desk.held() == {}
    desk.enter(shop.DIAMETER, [25.0, 25.2], person="zhao", lot="L-2")
    assert desk.held() == {"L-2": ("NC-0001",)}
    one = desk.nonconformance("NC-0001")
    assert (one.title, one.severity, len(one.facts)) == (f"{shop.DIAMETER}: 1 of 2 out of limits (25.2 mm)", "major", 1)
    assert desk.hold_by_rule(person="zhao") == []
    data = {"lots": ["L-2"], "decision": "use_as_is"}
    desk.step("NC-0001", "dispose", person="li", role=Role.ENGINEER, text="agreed", data=data)
    assert desk.hold_by_rule(person="zhao") == []
    shop.measure(folder, shop.DIAMETER, [25.3], lot=["L-2"])  # from a wire
    assert desk.hold_by_rule(person="zhao") == ["NC-0002"]
    assert desk.held() == {"L-2": ("NC-0002",)}


def test_a_signal_of_frozen_limits_holds_its_lot(tmp_path: Path, acts: list[Act], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("luban.screens.service.quality._FRESH", 0.0)
    folder = shop.write(tmp_path / "plant3")
    (folder / "inspection.csv").write_text("item,characteristic,hold\nshaft,diameter,signal\n", "utf-8")
    shop.seed(folder)
    books = QualityBooks(PlantView(folder), shop.recorder(folder, acts))
    desk = InspectionDesk(books)
    shop.measure(folder, shop.DIAMETER, [25.014], lot=["L-0"], since=now())
    assert desk.hold_by_rule(person="zhao") == []  # limits of phase 1 hold nothing
    books.freeze(shop.DIAMETER, Wanted(newest=100), "the first hundred", person="li")
    shop.measure(folder, shop.DIAMETER, [25.0145], lot=["L-8"])
    assert len(desk.hold_by_rule(person="zhao")) == 1
    assert list(desk.held()) == ["L-8"]
    assert next(iter(desk.nonconformances().values())).origin == "chart"
