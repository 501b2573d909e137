"""[[lever]]: what is read from it, and each fault with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from luban.core.time import MINUTE
from luban.plant import LeverRule, check, load

PLANT = """
[plant]
id = "p"
name = "P"
time_zone = "Asia/Shanghai"

[[equipment]]
path = "m"
name = "M"

[[lever]]
id = "repair"
mode = "confirm"
approver = "operator"
every = "15min"
figure = "scrap m"
seconds = 3

[[lever]]
id = "maintenance"
every = "shift"
"""


def read(folder: Path, old: str = "", new: str = "") -> list[tuple[int, str, str]]:
    assert old in PLANT
    (folder / "plant.toml").write_text(PLANT.replace(old, new, 1) if old else PLANT, encoding="utf-8")
    return [(one.line, one.field, one.message) for one in check(folder)]


def test_a_lever_is_a_mode_a_role_and_a_rhythm(tmp_path: Path) -> None:
    assert read(tmp_path) == []
    levers = load(tmp_path).levers
    assert levers["repair"] == LeverRule(
        "repair", "confirm", "operator", 15 * MINUTE, figure="scrap p/m", settings={"seconds": 3}
    )
    assert levers["maintenance"] == LeverRule("maintenance", shifts=True)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('id = "maintenance"', 'id = "repair"', [(12, "id", "a lever twice"), (20, "id", "a lever twice")]),
        ('"15min"', '"soon"', [(15, "every", "not a duration")]),
        ('"15min"', '"0s"', [(15, "every", "no time")]),
        ('"scrap m"', '"scrap n"', [(16, "figure", "no such figure")]),
        ('"confirm"', '"always"', [(13, "mode", "not acceptable")]),
    ],
)
def test_each_fault_has_its_line(tmp_path: Path, old: str, new: str, found: list[tuple[int, str, str]]) -> None:
    assert read(tmp_path, old, new) == found
