"""The facts of a run: the product's own figures over them are the run's own books, to the µs."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from luban.core.errors import ConfigError, InputError
from luban.core.time import DAY, HOUR, MINUTE, SECOND
from luban.ledger import Ledger, LedgerWriter
from luban.norms import state_mapping
from luban.plant import Plant
from luban.twin.facts import MAPPING, WORDS, FactWriter, Realism, write_facts
from luban.twin.model import STATES, Model
from luban.twin.run import Run, Totals
from luban.twin.traced import uniform
from luban.understand.kpi import read, tiles
from tests.twin.shop import DAYS, START, plant, shop

END = START + DAYS * DAY
UNITS = ("shop/turning/lathe01", "shop/turning/lathe02", "shop/heat/oven", "shop/bench")
# By which word and reason of the books each state of the model is told apart.
REASONS = {"standby": {"standby"}, "blocked": {"blocked"}, "operator": {"no operator"}}


class World:
    """One run in the books: written in windows of uneven length."""

    def __init__(self, folder: Path) -> None:
        self.plant: Plant = plant(folder)
        self.model: Model = shop(days=DAYS + 1)
        run = Run(self.model, seed=4, trace="facts")
        with LedgerWriter(folder / "ledger") as writer:
            facts = FactWriter(run, self.plant, writer)
            for until in (1, 7 * HOUR, 7 * HOUR, 2 * DAY + 123_457, 5 * DAY, DAYS * DAY + HOUR):
                run.to(until)
                facts.write()
        self.totals: Totals = run.totals()
        # The same run, stopped at the end of what figures are asked for, which was no end of a window above.
        self.at_end: Totals = Run(self.model, seed=4, trace="lots").to(DAYS * DAY).totals()
        self.ledger = Ledger(folder / "ledger")
        self.lots = run.lots()
        self.names = {int(key): run.lot_name(int(key)) for key in self.lots["key"]}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("world"))
    yield made
    made.ledger.close()


def test_every_state_has_a_word_of_the_mapping() -> None:
    assert set(WORDS) == set(STATES)
    assert set(WORDS.values()) <= set(state_mapping(MAPPING).meanings)


def test_tiles_of_the_books_are_the_machine_time_of_the_run(world: World) -> None:
    spent: dict[tuple[str, str], int] = defaultdict(int)
    for tile in tiles(world.ledger, world.plant, START, END, now=END).to_pylist():
        spent[tile["subject"], _state(tile["state"], tile["reason"])] += tile["duration"]
    for m, unit in enumerate(UNITS):
        for s, state in enumerate(STATES):
            assert spent[unit, state] == world.at_end.machine_time[m, s], (unit, state)
    assert min(world.at_end.machine_time[0][[0, 2, 3, 6, 7, 8]]) > 0, "the shop shows too few states to prove anything"
    assert world.at_end.machine_time[3, STATES.index("operator")] > 0


def _state(word: str, reason: str | None) -> str:
    for state, said in WORDS.items():
        if said == word and (reason in REASONS[state] if state in REASONS else state != "idle" or reason is None):
            return state
    raise AssertionError((word, reason))


def test_figures_of_iso_22400_are_those_of_the_run(world: World) -> None:
    names = ("availability", "setup_ratio", "technical_efficiency", "quality_ratio", "scrap_ratio", "rework_ratio")
    got = {(f.subject, f.name): f for f in read(world.ledger, world.plant, START, END, names=(*names, "mttr"), now=END)}
    totals = world.at_end
    time = {state: totals.machine_time[:, s] for s, state in enumerate(STATES)}
    for m, unit in enumerate(UNITS):
        inputs = {i.name: i.value for name in names for i in got[unit, name].inputs}
        assert inputs["APT"] == time["run"][m] / SECOND
        assert inputs["AUST"] == time["setup"][m] / SECOND
        assert inputs["ADET"] == (time["down"] + time["blocked"] + time["operator"])[m] / SECOND
        assert inputs["PBT"] == (totals.now - time["maintenance"][m]) / SECOND
        assert inputs["PQ"] == totals.machine_pieces[m]
        assert inputs["SQ"] == totals.machine_scrap[m]
        assert inputs["RQ"] == totals.machine_rework[m]
        assert inputs["GQ"] == (totals.machine_pieces - totals.machine_scrap - totals.machine_rework)[m]
    lathe = {i.name: i.value for i in got[UNITS[0], "mttr"].inputs}
    # Off shift a machine is off, so one that is down over the night goes down a second time in the morning.
    alarms = [r for r in world.ledger.table("event").to_pylist() if r["kind"] == "alarm" and r["subject"] == UNITS[0]]
    nights = [START + day * DAY + 22 * HOUR for day in range(DAYS)]
    over_night = sum(row["time"] < night < row["end"] for row in alarms for night in nights)
    assert lathe["FE"] == totals.failures[0] + over_night > 3
    assert lathe["FAILURE"] == time["down"][0] / SECOND


def test_meters_end_at_the_energy_of_the_run_and_never_fall(world: World) -> None:
    rows = sorted(world.ledger.table("meter").to_pylist(), key=lambda row: (row["subject"], row["time"]))
    for m, unit in enumerate(UNITS):
        mine = [row for row in rows if row["subject"] == f"{unit}:electricity"]
        registers = [row["register"] for row in mine]
        assert registers[-1] == world.totals.machine_energy[m] / 3.6e12
        assert registers == sorted(registers)
        assert {START + k * 15 * MINUTE for k in range(96 * DAYS + 1)} <= {row["time"] for row in mine}


def test_a_meter_between_two_changes_is_power_times_time(world: World) -> None:
    oven = [r for r in world.ledger.table("meter").to_pylist() if r["subject"] == f"{UNITS[2]}:electricity"]
    first = {row["time"] - START: row["register"] for row in oven}
    assert first[15 * MINUTE] == pytest.approx(8.0 * 0.25)  # 8 kW idle before anything came


def test_orders_are_told_from_arrival_to_finish(world: World) -> None:
    events = [r for r in world.ledger.table("event").to_pylist() if (r["code"] or "").startswith("order")]
    told: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in events:
        told[row["code"], row["subject"]].append(row["time"] - START)
    for lot in world.lots:
        name = world.names[int(lot["key"])]
        assert told["order arrived", name] == [lot["arrival"]]
        assert told["order released", name] == [lot["release"]]
        assert told["order finished", name] == [lot["finish"]]
    assert len(world.lots) == world.totals.finished - world.totals.scrapped_lots


def test_operations_add_up_to_what_the_machines_booked(world: World) -> None:
    rows = world.ledger.table("operation").to_pylist()
    for m, unit in enumerate(UNITS):
        mine = [row for row in rows if row["subject"] == unit]
        assert len(mine) == world.totals.machine_lots[m]
        assert sum(row["scrap"] for row in mine) == world.totals.machine_scrap[m]
        assert all(row["end"] > row["time"] for row in mine)
    assert {row["operation"] for row in rows if row["subject"] == "shop"} == {"plate"}, "outside: no work unit"
    counted = defaultdict(float)
    for row in world.ledger.table("count").to_pylist():
        counted[row["order"], row["operation"]] += row["good"] + row["scrap"] + row["rework"]
    done = defaultdict(float)
    for row in rows:
        if row["subject"] != "shop":
            done[row["order"], row["operation"]] += row["good"] + row["scrap"]
    assert all(counted[key] == pieces for key, pieces in done.items())


def test_a_state_names_the_order_that_the_machine_then_works_on(world: World) -> None:
    worked: dict[str, list[tuple[int, int, str, str]]] = defaultdict(list)
    for row in world.ledger.table("operation").to_pylist():
        worked[row["subject"]].append((row["time"], row["end"], row["order"], row["operation"]))
    seen = 0
    for row in world.ledger.table("state").to_pylist():
        inside = [(o, op) for a, b, o, op in worked[row["subject"]] if a <= row["time"] < b]
        if row["state"] in {"running", "setup"} and inside:
            assert (row["order"], row["operation"]) in inside
            seen += 1
        elif not inside and row["state"] in {"idle", "off"}:
            still = row["time"] > world.totals.now + START - DAY  # begun, not ended yet
            assert row["order"] is None or still
    assert seen > 300


def test_readings_are_within_reach_and_keep_to_the_sampling(world: World) -> None:
    rows = world.ledger.table("measurement").to_pylist()
    assert {row["subject"] for row in rows} == {"J01:diameter", "J02:diameter"}
    pieces = defaultdict(list)
    for row in rows:
        pieces[row["lot"]].append(int(row["conditions"].split(":")[1].strip(" }")))
    assert all({1, 6} <= set(got) or max(got) < 6 for got in pieces.values())
    assert {row["gauge"] for row in rows} == {"gauge J01:diameter", "gauge J02:diameter"}
    assert np.std([row["value"] for row in rows]) > 5.0


def test_material_goes_into_orders_and_nothing_is_lost(world: World) -> None:
    rows = world.ledger.table("genealogy").to_pylist()
    taken = sum(row["quantity"] for row in rows)
    released = [r for r in world.ledger.table("event").to_pylist() if r["code"] == "order released"]
    assert len(rows) == len(released) == world.totals.released
    assert taken == 0.5 * sum(int(r["data"].split('"quantity": ')[1].split("}")[0]) for r in released)
    lots = sorted({row["input"] for row in rows})
    assert lots[0] == "bar/00000"
    assert len(lots) > 2, "no new material ever came"
    first = {lot: min(row["time"] for row in rows if row["input"] == lot) for lot in lots}
    assert sorted(first, key=first.__getitem__) == lots


def test_movements_leave_where_the_lot_was_worked_and_carry_what_was_good(world: World) -> None:
    good = {(r["order"], r["end"]): r["good"] for r in world.ledger.table("operation").to_pylist()}
    rows = world.ledger.table("movement").to_pylist()
    assert {(r["origin"], r["destination"]) for r in rows} >= {
        (UNITS[0], UNITS[2]), (UNITS[2], UNITS[3]), (UNITS[1], "shop"), ("shop", UNITS[3]), (UNITS[3], "shop/turning"),
    }  # fmt: skip
    assert all(row["quantity"] == good[row["lot"], row["time"]] for row in rows)


def test_alarms_span_the_failures(world: World) -> None:
    alarms = [r for r in world.ledger.table("event").to_pylist() if r["kind"] == "alarm"]
    assert len(alarms) == world.totals.failures.sum()
    assert {row["code"] for row in alarms} == {"spindle", "electrics"}
    assert all(row["end"] > row["time"] for row in alarms)


def test_a_run_written_twice_is_in_the_books_once(tmp_path: Path) -> None:
    model = shop(days=2)
    with LedgerWriter(tmp_path) as writer:
        first = write_facts(Run(model, seed=2, trace="facts").to(2 * DAY), None, writer)
        again = write_facts(Run(model, seed=2, trace="facts").to(2 * DAY), None, writer)
    assert sum(first.values()) > 300
    assert sum(again.values()) == 0


def test_windows_do_not_change_what_is_known(tmp_path: Path) -> None:
    """One window or many: the same states, counts by order, operations, readings."""
    found = []
    for name, steps in (("one", 1), ("many", 37)):
        run = Run(shop(days=2), seed=3, trace="facts")
        with LedgerWriter(tmp_path / name) as writer:
            facts = FactWriter(run, None, writer)
            for step in range(steps):
                run.to((step + 1) * 2 * DAY // steps)
                facts.write()
        with contextlib.closing(Ledger(tmp_path / name)) as books:
            streams = ("state", "operation", "genealogy", "movement")
            kept = {
                s: sorted(map(str, books.table(s).drop_columns(["seq", "recorded", "source_seq"]).to_pylist()))
                for s in streams
            }
        found.append(kept)
    assert found[0] == found[1]


def test_the_books_of_a_real_plant_are_imperfect_if_asked(tmp_path: Path) -> None:
    def written(name: str, realism: Realism) -> dict[str, list[dict[str, Any]]]:
        run = Run(shop(days=6), seed=5, trace="facts")
        with LedgerWriter(tmp_path / name) as writer:
            facts = FactWriter(run, None, writer, realism=realism)
            for day in range(6):
                run.to((day + 1) * DAY)
                facts.write()
            facts.write()
        with contextlib.closing(Ledger(tmp_path / name)) as books:
            return {s: books.table(s).to_pylist() for s in ("state", "count", "operation", "event")}

    plain = written("plain", Realism())
    odd = Realism(reasonless=0.5, wrong_cause=0.3, skew=2 * SECOND, loss=0.05, late=0.05, seed=9)
    rough = written("rough", odd)
    assert _kept(written("again", odd)) == _kept(rough), "not keyed by the seed"
    stops = [r for r in rough["state"] if r["state"] in {"down", "waiting", "planned_stop"}]
    assert 0.3 < sum(r["reason"] is None for r in stops) / len(stops) < 0.7
    share = sum(len(rows) for rows in rough.values()) / sum(len(rows) for rows in plain.values())
    assert 0.90 < share < 0.99
    shift = {
        r["time"] - q["time"]
        for r in rough["operation"]
        for q in plain["operation"]
        if (r["order"], r["operation"], r["subject"]) == (q["order"], q["operation"], q["subject"])
        and abs(r["time"] - q["time"]) < 3 * SECOND
    }
    assert 2 <= len(shift) <= 5, "each machine has its own clock, and no more"
    assert max(abs(s) for s in shift) <= 2 * SECOND


def _kept(books: dict[str, list[dict[str, Any]]]) -> list[Any]:
    return [[(r["time"], r["subject"], r["source_seq"], r.get("reason")) for r in rows] for rows in books.values()]


def test_realism_refuses_what_is_no_share() -> None:
    with pytest.raises(InputError, match="loss is no share"):
        Realism(loss=1.5)
    with pytest.raises(InputError, match="skew below zero"):
        Realism(skew=-1)


def test_a_machine_that_the_plant_does_not_have_is_named(tmp_path: Path) -> None:
    model = shop(days=1)
    stranger = replace(model, machines=(replace(model.machines[0], id="press9"), *model.machines[1:]))
    with LedgerWriter(tmp_path / "ledger") as writer, pytest.raises(ConfigError, match=r"no work unit.*press9"):
        write_facts(Run(stranger, trace="facts"), plant(tmp_path), writer)


def test_draws_are_even_and_apart() -> None:
    number = np.arange(100_000)
    draw = uniform(1, "loss", number)
    assert abs(draw.mean() - 0.5) < 4 * np.sqrt(1 / 12 / 1e5)
    assert np.abs(np.histogram(draw, 20, (0, 1))[0] - 5000).max() < 5 * np.sqrt(5000)
    assert abs(np.corrcoef(draw, uniform(1, "late", number))[0, 1]) < 0.02
    assert abs(np.corrcoef(draw, uniform(2, "loss", number))[0, 1]) < 0.02
