"""[[actuator]]: what is read from it, and each fault with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from luban.core.errors import InputError
from luban.core.time import SECOND
from luban.plant import Interlock, check, load
from luban.plant.checks.actuators import interlock_of

PLANT = """
[plant]
id = "p"
name = "P"
time_zone = "Asia/Shanghai"

[[equipment]]
path = "m"
name = "M"

[[source]]
id = "plc"
type = "mqtt"
url = "mqtt://h"
writable = ["m/speed/set#value"]

[[signal]]
id = "m:speed"
source = "plc"
address = "m/speed#value"
unit = "rpm"

[[signal]]
id = "m:state"
source = "plc"
address = "m/state#value"

[[actuator]]
signal = "m:speed"
address = "m/speed/set#value"
lower = 0
upper = 100
every = "30s"
interlock = ["m:state is running", "m:speed <= 90"]
"""


def read(folder: Path, old: str = "", new: str = "") -> list[tuple[int, str, str]]:
    assert old in PLANT
    (folder / "plant.toml").write_text(PLANT.replace(old, new, 1) if old else PLANT, encoding="utf-8")
    return [(one.line, one.field, one.message) for one in check(folder)]


def test_an_actuator_is_its_signal_and_its_bounds(tmp_path: Path) -> None:
    assert read(tmp_path) == []
    one = load(tmp_path).actuators["p/m:speed"]
    assert (one.source, one.address, one.unit, one.unit_path) == ("plc", "m/speed/set#value", "rpm", "p/m")
    assert (one.lower, one.upper, one.step, one.every, one.mode, one.approver) == (
        0, 100, None, 30 * SECOND, "advise", "engineer",
    )  # fmt: skip
    assert one.interlocks == (Interlock("p/m:state", "is", "running"), Interlock("p/m:speed", "<=", 90.0))


@pytest.mark.parametrize(
    ("old", "new", "line", "field"),
    [
        ('signal = "m:speed"', 'signal = "m:sped"', 29, "signal"),
        ('address = "m/speed/set#value"', 'address = "m/speed/put#value"', 30, "address"),
        ("lower = 0", "lower = 100", 31, "lower"),
        ("lower = 0", "lower = nan", 31, "lower"),
        ('every = "30s"', 'every = "soon"', 33, "every"),
        ('"m:state is running"', '"m:state = running"', 34, "interlock"),
        ('"m:speed <= 90"', '"m:speed <= fast"', 34, "interlock"),
        ('"m:speed <= 90"', '"m:spd <= 90"', 34, "interlock"),
    ],
)
def test_each_fault_has_its_line(tmp_path: Path, old: str, new: str, line: int, field: str) -> None:
    found = read(tmp_path, old, new)
    assert [(one[0], one[1]) for one in found] == [(line, field)], found


def test_one_actuator_a_signal(tmp_path: Path) -> None:
    (tmp_path / "plant.toml").write_text(PLANT + PLANT[PLANT.index("[[actuator]]") :], encoding="utf-8")
    assert {one.message for one in check(tmp_path)} == {"an actuator twice"}


def test_an_interlock_is_understood_or_refused() -> None:
    assert interlock_of("a/b:c is not idle now") == ("a/b:c", "is not", "idle now")
    assert interlock_of("a:b >= -1.5e3") == ("a:b", ">=", -1500.0)
    for text in ("a:b", "a:b <", "< 3", "a:b < inf", "a:b == 3"):
        with pytest.raises(InputError, match="not understood"):
            interlock_of(text)
