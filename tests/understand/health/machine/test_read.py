from pathlib import Path

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.understand.health.life import Histories, LifeEstimate
from luban.understand.health.machine import Asked, learned_lives, lives, read_readings
from luban.understand.quality.data import NO_TIME


def table(folder: Path, text: str, name: str = "mill.csv") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_a_table_with_a_clock_a_product_and_units(tmp_path: Path):
    rows = "".join(
        f"2026-03-01 0{6 + n // 60}:{n % 60:02d};{'A' if n < 60 else 'B'};{40 + n // 10},{n % 10};x{n}\n"
        for n in range(120)
    )
    found = read_readings(table(tmp_path, "time;product;load [%];remark\n" + rows))
    assert len(found) == 1
    one = found[0]
    assert one.machine == "mill"
    assert one.channels == ("load",)
    assert one.units == ("%",)
    assert one.regimes is not None
    assert one.regimes[59:61] == ("A", "B")
    assert one.step == 60.0
    assert one.age[-1] == pytest.approx(119 / 60)
    assert one.age_unit == "h"
    assert one.values[119, 0] == 51.9


def test_several_machines_by_cycles_and_which_failed(tmp_path: Path):
    text = "engine,cycle,s1,s2,failed\n"
    text += "".join(f"{e},{c},{c * e},{np.sin(c):.3f},{int(e == 2 and c == 9)}\n" for e in (2, 1) for c in range(10))
    found = read_readings(table(tmp_path, text), Asked(failed="failed"))
    assert [one.machine for one in found] == ["2", "1"]
    assert [one.failed for one in found] == [True, False]
    assert found[0].age_unit == "cycles"
    assert not found[0].timed
    assert (found[0].time == NO_TIME).all()
    assert found[0].values[3].tolist() == [6.0, pytest.approx(0.141)]
    assert read_readings(table(tmp_path, text))[0].failed is None
    assert read_readings(table(tmp_path, text), Asked(where={"engine": "1"}))[0].machine == "1"


def test_when_it_ran_and_what_is_no_number(tmp_path: Path):
    text = "timestamp,state,power\n" + "".join(
        f"2026-03-01T06:{n:02d}:00Z,{'Running' if n % 2 else 'idle'},{'bad' if n == 4 else n}\n" for n in range(20)
    )
    one = read_readings(table(tmp_path, text))[0]
    assert one.usable.tolist() == [bool(n % 2) for n in range(20)]
    assert np.isnan(one.values[4, 0])
    assert [(bad.where, bad.came) for bad in one.excluded] == [("mill.csv:6", "bad")]


def test_what_cannot_be_read_is_said(tmp_path: Path):
    with pytest.raises(InputError, match="no such column"):
        read_readings(table(tmp_path, "time,load\n1,2\n2,3\n"), Asked(machine="press"))
    with pytest.raises(InputError, match="no moment or running number"):
        read_readings(table(tmp_path, "when,load\nmonday,2\ntuesday,3\n"), Asked(time="when"))


def test_life_is_learned_from_machines_that_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    learned: list[Histories] = []

    class Model:
        def at(self, running: Histories) -> tuple[LifeEstimate, ...]:
            return tuple(LifeEstimate(u, 5.0, 3.0, 1.0, 9.0, 0.9, 50.0, 2, "cycles") for u in running.units)

    def learn(histories: Histories) -> Model:
        learned.append(histories)
        return Model()

    monkeypatch.setattr(lives, "learn_life", learn)
    text = "unit,cycle,wear,failed\n"
    text += "".join(
        f"{u},{c},{c / 9:.3f},{int(u < 2 and c == 9)}\n" for u in range(3) for c in range(10 - 4 * (u == 2))
    )
    found = read_readings(table(tmp_path, text), Asked(failed="failed"))
    told = learned_lives(found)
    assert set(told) == {"2"}
    assert learned[0].units == ("0", "1", "2")  # those that still run are known to have lasted so long
    assert learned[0].ended.tolist() == [True, True, False]
    assert learned[0].lives().tolist() == [9.0, 9.0, 5.0]
    assert learned_lives(found[:1]) == {}
    assert learned_lives(read_readings(table(tmp_path, text))) == {}
