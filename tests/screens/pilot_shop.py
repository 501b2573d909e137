"""Proofs of a plant whose truth is known, in the books where a plant's page looks for those of a pilot that ships."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from luban.pilot.books import pilot_home
from luban.pilot.proof import Proof
from luban.pilot.registry import Opened
from luban.pilot.study import prove
from tests.pilot.stub import Stub

__all__ = ["NAME", "PLANT", "proved", "write"]

NAME = "c2_machining"
PLANT = """
[plant]
id = "p"
name = "Plant"
time_zone = "Asia/Shanghai"

[[equipment]]
path = "mill"
name = "Mill"
"""


def write(folder: Path) -> Path:
    """A plant without a twin."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plant.toml").write_text(PLANT, encoding="utf-8")
    return folder


def proved(folder: Path, *, name: str = NAME, seeds: range = range(1000, 1006), method: str = "shapley") -> Proof:
    """A proof in the books of that pilot below a plant's folder."""
    stub = replace(Stub(), name=name, skipped={"cell": "no post of that kind"} if method == "sequential" else {})
    opened = Opened(stub, folder, "5e77" * 16)
    return prove(opened, home=pilot_home(folder.resolve(), name), seeds=seeds, method=method, workers=1)
