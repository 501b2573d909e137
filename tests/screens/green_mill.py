"""The knitting mill of the published footprint as a plant with pages: statements, factors and a project of its own."""

from __future__ import annotations

from pathlib import Path

from luban.screens.users import Role
from tests.understand.green.green_shop import knit, state

__all__ = ["PEOPLE", "PROJECT", "mill"]

PEOPLE = {"li": (Role.ENGINEER, []), "wang": (Role.VIEWER, []), "part": (Role.ENGINEER, ["mill/knit"])}
PROJECT = """[[project]]
kind = "slag"
name = "Scraps to felt"
invest = 20000
slag = 10
metal = 0.0
moisture = 0.05
recovery = 0.0
usable = 0.9
metal_price = 0
rest_price = 800
dump_price = 300
work_price = 200
"""
_MORE = """
[[source]]
id = "cell"
type = "shdr"
url = "tcp://127.0.0.1:7878"

[energy]
factors = ["factors.toml"]
"""


def mill(folder: Path) -> Path:
    """The plant's folder, with its books."""
    folder.mkdir(parents=True, exist_ok=True)
    knit(folder)
    plant = folder / "plant.toml"
    plant.write_text(plant.read_text("utf-8") + _MORE, "utf-8")
    (folder / "green_projects.toml").write_text(PROJECT, "utf-8")
    state(folder, "energy-intensity", None, baseline=100.0, leading=40.0)
    state(folder, "permits", 1.0)
    return folder
