from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from luban.core.time import DAY, HOUR
from luban.ledger import Ledger, LedgerWriter
from luban.twin.process.coupled import CoupledRun
from luban.twin.process.facts import ProcessFacts
from luban.twin.process.operator import AsIsOperator
from luban.twin.process.packing import packing_model
from luban.twin.process.run import ProcessRun
from luban.twin.run import Run
from tests.twin.process.c1 import C1
from tests.twin.process.test_run import compressor_fails


def test_the_books_say_what_instruments_showed(tmp_path: Path) -> None:
    p = compressor_fails(C1)
    process = ProcessRun(p, seed=2, every=300)
    run = CoupledRun(process, Run(packing_model(p, seed=2, days=3), seed=2))
    operator = AsIsOperator(process)
    shown: list[float] = []
    with LedgerWriter(tmp_path / "books") as writer:
        facts = ProcessFacts(run, "c1", writer)
        for hour in range(0, 72, 3):
            operator.drive(run, (hour + 3) * HOUR)
            facts.write()
            shown.append(process.totals().steam)
        assert facts.write().get("signal", 0) == 0
    books = Ledger(tmp_path / "books")
    facts_of = {
        name: books.frame(name).collect().rows(named=True)
        for name in ("signal", "state", "measurement", "meter", "movement", "event")
    }
    assert len(facts_of["signal"]) == 72 * 12 * len(p.instruments)
    reactor = [r["value"] for r in facts_of["signal"] if r["subject"] == "c1/process/reactor:reactor_temperature"]
    assert np.median(reactor) == pytest.approx(350.0, abs=0.5)
    steam = sorted(row["register"] for row in facts_of["meter"] if row["medium"] == "steam")
    assert steam == pytest.approx(shown)
    made = process.totals()
    for item, amount in (("product", made.product), ("off-spec", made.diverted), ("feed", made.fresh)):
        moved = sum(row["quantity"] for row in facts_of["movement"] if row["subject"] == item)
        assert moved == pytest.approx(60 * amount, rel=1e-12), item
    assert {row["subject"] for row in facts_of["state"]} == {"c1/process/reactor", "c1/process/column"}
    assert {"running", "down", "setup"} <= {row["state"] for row in facts_of["state"]}
    assert sum(row["code"] == "trip" for row in facts_of["event"]) == sum(made.trips) > 0
    bags = [row["value"] for row in facts_of["measurement"] if row["gauge"] == "checkweigher"]
    assert len(bags) == 40 * run.run.totals().finished
    assert sum(bags) * 1e6 == pytest.approx(run.totals().good + run.totals().off_spec, rel=1e-12)
    lab = [row for row in facts_of["measurement"] if row["gauge"] == "laboratory"]
    assert len(lab) == 3 * len(process.results())
    assert all(row["time"] - json.loads(row["conditions"])["sampled [µs UTC]"] == 2 * HOUR for row in lab)
    alive = [row["end"] - row["time"] for row in facts_of["event"] if row["kind"] == "alive"]
    assert sum(alive) == 3 * DAY
    assert not [row for row in facts_of["signal"] if "activity" in row["subject"] or "cooling" in row["subject"]]


def test_written_again_nothing_is_taken_twice(tmp_path: Path) -> None:
    with LedgerWriter(tmp_path / "books") as writer:
        for _ in range(2):
            run = ProcessRun(C1, seed=1, every=600)
            facts = ProcessFacts(run, "c1", writer)
            taken = facts.write() | ({} if run.to(4 * HOUR) is None else facts.write())
            last = sum(taken.values())
    assert last == 0
