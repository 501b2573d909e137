"""The whole plant: balances, agreement with scipy and with its own steady state, windows, chance, handles."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR, MINUTE
from luban.twin.process.design import steady_plant
from luban.twin.process.flowsheet import flowsheet_rates
from luban.twin.process.layout import Code, Mode, Reading, State
from luban.twin.process.operator import AsIsOperator
from luban.twin.process.parameters import Parameters
from luban.twin.process.run import ProcessRun
from tests.twin.process.c1 import C1, calm

S, N = int(State.STAGES), C1.column.stages


def inside(y: np.ndarray) -> dict[str, float]:
    """Amounts in the plant [kmol]."""
    light, total = y[S : S + N], y[S + N : S + 2 * N]
    heavy = (total - light).sum()
    return {
        "all": y[0:4].sum() + y[6:10].sum() + total.sum(),
        "a": y[0] + y[6] + heavy - y[State.COLUMN_BY] - y[State.COLUMN_INERT],
        "b": y[1] + y[7] + light.sum(),
        "by": y[2] + y[8] + y[State.COLUMN_BY],
        "inert": y[3] + y[9] + y[State.COLUMN_INERT],
    }


def out(y: np.ndarray, part: int) -> float:
    return float(sum(y[place + part] for place in (State.PRODUCT, State.DIVERTED, State.PURGE)))


def test_amounts_and_heat_balance_through_disturbances_and_a_stop() -> None:
    run = ProcessRun(C1, seed=3, every=0)
    before, t0 = run._y.copy(), float(run._y[State.TEMPERATURE])
    operator = AsIsOperator(run)
    operator.act()
    run.clean(DAY + HOUR)
    operator.drive(run, 4 * DAY)
    y, start, end = run._y, inside(before), inside(run._y)
    fresh, x = float(y[State.FRESH]), C1.reactor.inert
    turned, spoilt = float(y[State.EXTENT_1]), float(y[State.EXTENT_2])
    assert run.totals().cleanings == 1
    assert end["all"] - start["all"] == pytest.approx(fresh - out(y, 0), abs=1e-8)
    assert end["b"] - start["b"] == pytest.approx(turned - spoilt - out(y, 1), abs=1e-8)
    assert end["by"] - start["by"] == pytest.approx(spoilt - out(y, 2), abs=1e-8)
    assert end["inert"] - start["inert"] == pytest.approx(fresh * x - out(y, 3), abs=1e-8)
    left = out(y, 0) - out(y, 1) - out(y, 2) - out(y, 3)
    assert end["a"] - start["a"] == pytest.approx(fresh * (1 - x) - turned - left, abs=1e-8)
    r = C1.reactor
    heat = r.content * r.heat_capacity * (float(y[State.TEMPERATURE]) - t0)
    made = r.h1 * turned + r.h2 * spoilt + float(y[State.HEAT_FEED]) - float(y[State.HEAT_JACKET])
    assert heat == pytest.approx(made, abs=1e-6 * float(y[State.HEAT_JACKET]))
    assert turned > 1000


def test_without_chance_it_rests_where_the_design_says() -> None:
    p = calm()
    rest = steady_plant(p, temperature=350.0, top=0.995, bottom=0.005, purge=0.02)
    run = ProcessRun(p, every=0).to(20 * DAY)
    before = run.totals()
    after = run.to(21 * DAY).totals()
    hidden = run.hidden()
    assert (after.product - before.product) / 24 == pytest.approx(rest.product, rel=2e-3)
    assert (after.fresh - before.fresh) / 24 == pytest.approx(rest.fresh, rel=2e-3)
    assert hidden["top"] == pytest.approx(0.995, abs=1e-4)
    assert hidden["bottom"] == pytest.approx(0.005, abs=1e-4)
    assert hidden["by_product"] == pytest.approx(rest.heavy[1], rel=5e-3)
    steam = (after.steam - before.steam) / ((after.product - before.product) * 0.06)
    assert steam == pytest.approx(rest.steam, rel=2e-3)


def test_the_design_answers_as_the_notes_of_the_set_expect() -> None:
    wide = steady_plant(C1, temperature=354.0, top=0.995, bottom=0.005, purge=0.02)
    assert wide.reactor[1] == pytest.approx(0.5, abs=0.01)  # half conversion
    assert wide.fresh == pytest.approx(51.0, rel=0.02)
    assert wide.purge * wide.heavy[1] == pytest.approx(0.17, rel=0.1)  # by-product in the purge [kmol/h]
    best = steady_plant(C1, temperature=354.0, top=0.99, bottom=0.01, purge=0.02)
    assert wide.profile.boilup / best.profile.boilup == pytest.approx(1.20, abs=0.01)


def test_one_hour_of_the_flowsheet_as_scipy_integrates_it() -> None:
    """Same equations, constant input, a reactor off its rest: our steps against LSODA's."""
    run = ProcessRun(calm(), every=0).to(MINUTE)
    y = run._y.copy()
    y[State.TEMPERATURE] += 2.0
    run._input["jacket"], run._input["reflux"] = 298.0, 330.0
    a = (run._input[0], run._p[0], run._p[1])

    def rates(_t: float, s: np.ndarray) -> np.ndarray:
        dy = np.empty(s.size)
        flowsheet_rates(0.0, s, dy, a)
        return dy

    theirs = solve_ivp(rates, (0.0, 0.25), y, "LSODA", rtol=1e-9, atol=1e-10).y[:, -1]
    from luban.twin.process import cycle

    ours = y.copy()
    h = 3.0 / 3600.0
    for _ in range(300):
        _, steps, _ = cycle._adaptive(ours, 0.0, h, h, cycle.RELATIVE, run._absolute, 1000, run._k, a)
        assert steps > 0
    assert ours == pytest.approx(theirs, rel=2e-5, abs=1e-6)


def test_seed_and_windows() -> None:
    one = ProcessRun(C1, seed=5, replication=2).to(DAY)
    many = ProcessRun(C1, seed=5, replication=2)
    for window in range(48):
        many.to((window + 1) * 30 * MINUTE)
    other = ProcessRun(C1, seed=5, replication=3).to(DAY)
    assert np.array_equal(one._y, many._y)
    times, rows = one.take_readings()
    again = many.take_readings()
    assert np.array_equal(rows, again[1])
    assert np.array_equal(times, np.arange(1440) * MINUTE)
    assert np.array_equal(times, again[0])
    assert not np.array_equal(one._y, other._y)
    assert sum(one.totals().mode_time) == one.now == DAY


def test_a_decision_shifts_no_other_draw() -> None:
    left, right = ProcessRun(C1, seed=9), ProcessRun(C1, seed=9)
    right.set_point("reflux", 3.0)
    right.set_point("reactor_temperature", 347.0)
    right.clean(30 * HOUR)
    for run in (left, right):
        run.to(3 * DAY)
    assert right.totals().product != left.totals().product
    for name in ("activity", "analyser_drift", "laboratory_bias", "next_compressor"):
        assert left.hidden()[name] == right.hidden()[name], name
    (_, a), (_, b) = left.take_readings(), right.take_readings()
    water = Reading.WATER_TEMPERATURE
    assert np.array_equal(a[:, water], b[:, water])


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("reactor_temperature", 356.0, "340 to 355 K"),
        ("reactor_temperature", float("nan"), "safe band"),
        ("purge", 0.0, "safe band"),
        ("speed", 1.0, "unknown set-point"),
        ("boilup", 3.0, "TC201"),
    ],
)
def test_what_lies_outside_is_refused_with_its_reason(name: str, value: float, said: str) -> None:
    run = ProcessRun(C1)
    before = run.set_points()
    with pytest.raises(InputError, match=said):
        run.set_point(name, value)
    assert run.to(MINUTE).set_points() == pytest.approx(before, abs=0.1)


def test_other_orders_that_make_no_sense_are_refused() -> None:
    run = ProcessRun(C1).to(DAY)
    for wrong in (
        lambda: run.to(HOUR),
        lambda: run.to(DAY + 1),
        lambda: run.clean(DAY + HOUR),
        lambda: run.clean(300 * DAY),
        lambda: run.tune("TC101", 0.1, 1.0),
        lambda: run.tune("TC101", -0.1, 0.0),
        lambda: run.mode_of("XX", auto=True),
        lambda: run.mode_of("FC301", auto=True),
        lambda: ProcessRun(C1, every=90),
    ):
        with pytest.raises(InputError):
            wrong()


def test_a_set_point_moves_no_faster_than_its_rate_and_the_plant_follows() -> None:
    run = ProcessRun(calm(), every=0).to(HOUR)
    run.set_point("reactor_temperature", 346.0)
    assert run.to(HOUR + 30 * MINUTE).set_points()["reactor_temperature"] == pytest.approx(348.0, abs=0.01)  # 4 K/h
    run.to(4 * HOUR)
    assert run.set_points()["reactor_temperature"] == 346.0
    assert run.hidden()["reactor_temperature"] == pytest.approx(346.0, abs=0.05)


def test_less_reflux_saves_steam_and_costs_purity_as_the_design_says() -> None:
    p = calm()
    goal = steady_plant(p, temperature=350.0, top=0.99, bottom=0.01, purge=0.02)
    run = ProcessRun(p, every=0)
    run.set_point("reflux", round(goal.profile.reflux, 4))
    run.set_point("tray_temperature", round(goal.tray, 4))
    run.to(20 * DAY)
    before = run.totals()
    after = run.to(21 * DAY).totals()
    assert run.hidden()["top"] == pytest.approx(0.99, abs=5e-4)
    steam = (after.steam - before.steam) / ((after.product - before.product) * 0.06)
    assert steam == pytest.approx(goal.steam, rel=5e-3)


def test_loops_change_hands_without_a_bump() -> None:
    run = ProcessRun(calm(), every=0).to(6 * HOUR)
    before = run.set_points()
    run.mode_of("TC201", auto=False)
    run.mode_of("AC201", auto=True)
    run.to(6 * HOUR + MINUTE)
    assert run.set_points()["boilup"] == pytest.approx(before["boilup"], abs=0.02)
    assert run.set_points()["reflux"] == pytest.approx(before["reflux"], abs=0.05)
    with pytest.raises(InputError, match="AC201"):
        run.set_point("reflux", 3.0)
    run.set_point("boilup", before["boilup"])
    run.mode_of("TC201", auto=True)
    run.set_point("purity", 0.993)
    assert run.to(40 * HOUR).hidden()["top"] == pytest.approx(0.993, abs=3e-4)


def test_results_come_two_hours_late_and_alone() -> None:
    run = ProcessRun(C1, seed=1, every=0).to(10 * HOUR - 3_000_000)
    assert run.results() == []
    (result,) = run.to(10 * HOUR).results()
    assert (result.sampled, result.issued) == (8 * HOUR, 10 * HOUR)
    assert result.top == pytest.approx(0.995, abs=0.005)
    assert not set(run.shows()) & {"top", "bottom", "activity", "cooling", "inert"}


def compressor_fails(p: Parameters) -> Parameters:
    return dataclasses.replace(p, stops=dataclasses.replace(p.stops, compressor=30.0))


def test_a_trip_stops_the_plant_and_it_comes_back_off_spec() -> None:
    run = ProcessRun(compressor_fails(calm()), seed=2, every=0)
    operator = AsIsOperator(run)
    operator.drive(run, 4 * DAY)
    codes = [Code(int(row["code"])) for row in run.take_events()]
    trips = run.totals().trips[1]
    assert trips >= 1
    assert codes.count(Code.TRIP) == trips
    first = codes.index(Code.TRIP)
    order = [c for c in codes[first:] if c in {Code.TRIP, Code.DIVERT, Code.DOWN_END, Code.STARTED}][:5]
    assert order[:4] == [Code.TRIP, Code.DIVERT, Code.DOWN_END, Code.STARTED]
    assert run.totals().diverted > 0
    assert run.totals().mode_time[Mode.DOWN] > trips * 5 * HOUR
    assert run.hidden()["reactor_temperature"] < C1.reactor.trip


def test_as_cooling_goes_the_feed_is_cut_and_where_it_is_gone_the_reactor_trips() -> None:
    fouling = dataclasses.replace(calm().reactor, fouling=10.0)
    run = ProcessRun(dataclasses.replace(calm(), reactor=fouling), every=0).to(5 * DAY)
    assert sum(run.totals().trips) == 0
    assert run.hidden()["reactor_temperature"] == pytest.approx(350.0, abs=0.5)
    assert run.shows()["reactor_feed"] == pytest.approx(83, abs=3)
    gone = dataclasses.replace(fouling, cooling=8.0)
    assert ProcessRun(dataclasses.replace(calm(), reactor=gone), every=0).to(HOUR).totals().trips[0] == 1


def test_fouling_takes_the_cooling_and_a_cleaning_gives_it_back() -> None:
    p = dataclasses.replace(calm(), reactor=dataclasses.replace(calm().reactor, fouling=250.0))
    run = ProcessRun(p, every=0).to(5 * DAY)
    assert run.hidden()["cooling"] == pytest.approx(50.0 * np.exp(-5 / 250), rel=1e-4)
    run.clean(6 * DAY)
    run.to(8 * DAY)
    assert run.totals().mode_time[Mode.CLEANING] == 36 * HOUR
    assert run.mode == Mode.RUN
    assert run.hidden()["cooling"] == pytest.approx(50.0 * np.exp(-0.5 / 250), rel=1e-4)
    assert run.diverted


def test_no_room_for_product_throttles_and_then_stops() -> None:
    run = ProcessRun(calm(), every=0).to(HOUR)
    run.fill(0.93)
    assert run.to(2 * HOUR).shows()["reactor_feed"] == pytest.approx(60.0, abs=1.0)
    run.fill(0.99)
    assert run.to(3 * HOUR).mode == Mode.FULL
    run.fill(0.5)
    assert run.to(8 * HOUR).mode == Mode.RUN


def test_the_operator_answers_the_laboratory_by_the_full_error() -> None:
    run = ProcessRun(C1, seed=1, every=0)
    operator = AsIsOperator(run)
    operator.drive(run, 3 * DAY)
    moved = 3.357
    for result in run.results():
        error = 0.995 - result.top
        if abs(error) > 0.0008:
            moved += 120.0 * error
    assert run._points["target"][3] == pytest.approx(moved, abs=1e-9)
    assert moved != 3.357


def test_its_steps_are_short_enough_for_the_fastest_mode() -> None:
    """Hardly any step of 3 s is refused: the column is no stiffer than the controllers' sample."""
    run = ProcessRun(C1, seed=1, every=0).to(DAY)
    assert int(run._memory["rejected"][0]) < 0.02 * int(run._memory["steps"][0])


def test_a_loop_may_be_put_in_automatic_before_the_first_reading() -> None:
    run = ProcessRun(calm(), every=0)
    run.mode_of("AC201", auto=True)
    assert run.to(HOUR).hidden()["top"] == pytest.approx(0.995, abs=1e-3)


def test_swift_steps_follow_the_pair_and_keep_every_balance() -> None:
    exact, quick = (ProcessRun(calm(), seed=3, swift=swift) for swift in (False, True))
    for run in (exact, quick):
        run.to(6 * HOUR)
        run.set_point("reflux", 3.1)
        run.set_point("reactor_temperature", 352.0)
        run.to(DAY)
    before, after = exact.totals(), quick.totals()
    for name in ("fresh", "product", "purge", "steam", "electricity"):
        assert getattr(after, name) == pytest.approx(getattr(before, name), rel=2e-5)
    for name in ("top", "bottom", "reactor_temperature", "by_product"):
        assert quick.hidden()[name] == pytest.approx(exact.hidden()[name], rel=1e-4)
    assert quick.made()[0] == after.product
    assert quick.made()[3] == after.diverted


def test_a_jacket_may_be_fouled_when_the_run_begins() -> None:
    run = ProcessRun(calm(), seed=1, fouled=30.0)
    with pytest.raises(InputError, match="200"):
        ProcessRun(C1, fouled=201.0)
    with pytest.raises(InputError, match="no date"):
        run.clean(171 * DAY)
    run.clean(169 * DAY)
