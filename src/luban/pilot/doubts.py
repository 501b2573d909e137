"""Which assumptions carry the result: each figure of pilot.toml that rests on nobody's word, halved and doubled.

Reads   pilot.toml, runs    Writes  nothing; works on copies of the plant's folder
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from luban.core.errors import LubanError
from luban.pilot.arms import lineup
from luban.pilot.assumptions import assumptions
from luban.pilot.plan import TARGETS, Pilot
from luban.pilot.proof import AS_IS, LUBAN, Assumption
from luban.pilot.study import run_arms
from luban.pilot.verdict import measured, table

__all__ = ["POINTS", "Doubt", "doubts"]

POINTS: Final = 0.03
"""A change of a headline by more than this is worth telling [1]."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """What an assumption carries.

    factor  it was multiplied by;  shares  metric → relative change with luban then [1];  base  as it stands
    why     it could not be run so, else ""
    """

    assumption: Assumption
    factor: float
    shares: dict[str, float]
    base: dict[str, float]
    why: str = ""

    @property
    def moves(self) -> float:
        """The largest move of a headline [1]."""
        return max((abs(value - self.base[name]) for name, value in self.shares.items()), default=0.0)


def doubts(
    folder: Path, opens: Callable[[Path], Pilot], *, seeds: Sequence[int], days: float | None = None,
    workers: int | None = None,
) -> Iterator[Doubt]:  # fmt: skip
    """Every assumption of a plant's pilot.toml with half and double its value, as each is found.

    opens  a pilot of a folder;  seeds, days  of the runs, as is and with all decided levers
    """
    base = _shares(opens(folder), seeds, days, workers)
    for one in assumptions(folder):
        if not re.match(r"A\d*\+?(\W|$)", one.source) or _number(one.value) in (None, 0.0):
            continue
        for factor in (0.5, 2.0):
            with tempfile.TemporaryDirectory() as place:
                copy = Path(place) / folder.name
                shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(".luban"))
                _put(copy / "pilot.toml", one, factor)
                try:
                    yield Doubt(one, factor, _shares(opens(copy), seeds, days, workers), base)
                except LubanError as error:
                    yield Doubt(one, factor, {}, base, str(error))


def _shares(pilot: Pilot, seeds: Sequence[int], days: float | None, workers: int | None) -> dict[str, float]:
    arms = lineup(pilot, extras=False).shown
    tasks = [(arms[name], seed, days) for seed in seeds for name in (AS_IS, LUBAN)]
    runs = {(task[0], task[1]): figures for task, figures, _ in run_arms(pilot, tasks, workers=workers)}
    before, after = ([runs[arms[name], seed] for seed in seeds] for name in (AS_IS, LUBAN))
    units = measured(pilot, before)
    a, b = table(before, units, 0.0).values, table(after, units, 0.0).values
    with np.errstate(invalid="ignore", divide="ignore"):
        return {name: float(b[name].mean() / a[name].mean() - 1) for name in TARGETS}


def _put(path: Path, one: Assumption, factor: float) -> None:
    """The file with that value multiplied; a whole number stays one where it can."""
    value = _number(one.value)
    assert value is not None  # noqa: S101  only numbers are asked for
    changed = value * factor
    told = f"{changed:.0f}" if "." not in one.value and changed == round(changed) else repr(changed)
    key = re.escape(one.key.rpartition(".")[2])
    line = re.compile(rf"^(\s*{key}\s*=\s*){re.escape(one.value)}(?=\s*#\s*{re.escape(one.text[:20])})", re.MULTILINE)
    path.write_text(line.sub(rf"\g<1>{told}", path.read_text("utf-8"), count=1), "utf-8")


def _number(text: str) -> float | None:
    try:
        return float(text.replace("_", ""))
    except ValueError:
        return None
