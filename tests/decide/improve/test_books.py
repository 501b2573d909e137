"""Experiments and projects in the books: a gain is worked out from facts, never typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.decide.improve.analysis import analyse
from luban.decide.improve.design import Factor
from luban.decide.improve.plans import plan_design
from luban.decide.improve.project import Aim, charter, closing, projects, verify
from luban.decide.improve.records import experiments, plan_data, run_data, trials_of
from tests.understand.quality.gauging import DIAMETER, Gauging
from tests.understand.shop import M1


@pytest.fixture
def gauging(tmp_path: Path) -> Iterator[Gauging]:
    one = Gauging(tmp_path / "works")
    yield one
    one.close()


def test_an_experiment_from_plan_to_analysis(gauging: Gauging) -> None:
    design = plan_design("full", (Factor("T", 150, 250, "°C"), Factor("t", 1, 3)), seed=1)
    gauging.note("experiment", "E-1", "plan", plan_data(design, ["y"], title="Oven", units={"y": "MPa"}))
    (record,) = experiments(gauging.ledger)
    assert record.waiting == tuple(design.order.tolist())
    with pytest.raises(InputError, match="no run has a result yet"):
        trials_of(record)
    for run in design.order.tolist():
        gauging.note("experiment", "E-1", "run", run_data(record, run, {"y": float(10 + 3 * design.settings[run, 0])}))
    gauging.note("experiment", "E-1", "run", run_data(record, 0, {"y": 7.5}))  # a correction wins
    gauging.note("experiment", "E-1", "close")
    (record,) = experiments(gauging.ledger)
    assert (record.waiting, record.closed, record.results[0]) == ((), True, {"y": 7.5})
    found = analyse(trials_of(record), model="T + t")
    assert found.unit == "MPa"
    assert found.fit.coefficients[1] == pytest.approx((13 + 13 - 7.5 - 7) / 4)
    for wrong in ((9, {"y": 1.0}), (0, {"z": 1.0}), (0, {}), (0, {"y": float("nan")})):
        with pytest.raises(InputError):
            run_data(record, *wrong)


def start(gauging: Gauging, aim: Aim) -> None:
    data = charter("Less scatter", aim, gauging.at("08:00"), gauging.at("10:00"), problem="parts out of tolerance")
    gauging.note("project", "P-1", "define", data)


def test_a_gain_is_verified_by_facts_and_can_be_got_again(gauging: Gauging) -> None:
    chance = np.random.default_rng(0)
    start(gauging, Aim(DIAMETER, "spread", wanted=0.04))
    gauging.measure((10 + 0.06 * chance.standard_normal(60)).tolist(), begin="08:00")
    (project,) = projects(gauging.ledger)
    assert project.phase == "define"
    with pytest.raises(InputError, match="nothing was changed yet"):
        verify(gauging.ledger, gauging.plant, project)
    gauging.note("project", "P-1", "improve", {"since": gauging.at("11:00")}, text="new tool holder")
    gauging.measure((10 + 0.02 * chance.standard_normal(60)).tolist(), begin="11:00")
    (project,) = projects(gauging.ledger)
    found = verify(gauging.ledger, gauging.plant, project, at=gauging.at("13:00"))
    assert (found.gain.verdict, found.reached, found.facts) == ("better", True, 120)
    assert found.gain.upper < 0.6
    gauging.note("project", "P-1", "closed", closing(found))
    gauging.measure([10.3, 9.7] * 10, begin="12:30")  # it went bad again: what was said then can still be got
    again = verify(gauging.ledger, gauging.plant, project, at=gauging.at("13:00"), as_of=found.head)
    assert again.as_dict() == found.as_dict()
    assert verify(gauging.ledger, gauging.plant, project, at=gauging.at("13:00")).gain.verdict == "worse"
    assert projects(gauging.ledger)[0].phase == "closed"


def test_nothing_is_verified_where_nothing_changed(gauging: Gauging) -> None:
    chance = np.random.default_rng(1)
    start(gauging, Aim(DIAMETER, "mean", target=10.0))
    gauging.measure((10 + 0.05 * chance.standard_normal(50)).tolist(), begin="08:00")
    gauging.measure((10 + 0.05 * chance.standard_normal(50)).tolist(), begin="11:00")
    gauging.note("project", "P-1", "improve", {"since": gauging.at("11:00")})
    found = verify(gauging.ledger, gauging.plant, projects(gauging.ledger)[0], at=gauging.at("13:00"))
    assert found.gain.verdict == "unclear"
    with pytest.raises(InputError, match="not verified"):
        closing(found)
    assert closing(found, "the machine is sold")["verified"] is False


def test_shares_of_measured_values_and_of_counted_pieces(gauging: Gauging) -> None:
    start(gauging, Aim(DIAMETER, "share"))
    gauging.measure([10.0, 10.2, 10.0, 9.8] * 25, begin="08:00")
    gauging.measure([10.0] * 99 + [10.2], begin="11:00")
    gauging.note("project", "P-1", "improve", {"since": gauging.at("11:00")})
    found = verify(gauging.ledger, gauging.plant, projects(gauging.ledger)[0], at=gauging.at("13:00"))
    assert (found.gain.before, found.gain.after, found.gain.verdict) == (0.5, 0.01, "better")
    gauging.counts(("08:30", 90, 10), ("11:30", 99, 1))
    gauging.note("project", "P-2", "define",
                 charter("Scrap", Aim(M1, "share", pieces=True), gauging.at("08:00"), gauging.at("10:00")))  # fmt: skip
    gauging.note("project", "P-2", "improve", {"since": gauging.at("11:00")})
    project = next(p for p in projects(gauging.ledger) if p.id == "P-2")
    found = verify(gauging.ledger, gauging.plant, project, at=gauging.at("13:00"))
    assert (found.gain.before, found.gain.after, found.gain.n_before) == (0.1, 0.01, 100)


@pytest.mark.parametrize(
    ("aim", "title", "start", "said"),
    [
        (Aim("x", "luck"), "t", 0, "measure is not known"),
        (Aim("x", "mean", pieces=True), "t", 0, "only a share"),
        (Aim("x", "mean", wish=0), "t", 0, "which way is better"),
        (Aim("x", "mean"), " ", 0, "needs a title"),
        (Aim("x", "mean"), "t", 9, "empty or reversed"),
    ],
)
def test_charters_that_say_too_little(aim: Aim, title: str, start: int, said: str) -> None:
    with pytest.raises(InputError, match=said):
        charter(title, aim, start, 5)
