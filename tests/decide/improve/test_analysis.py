"""From a table of runs to conclusions, and every bad table to a clear answer."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.decide.improve.analysis import alias_groups, analyse
from luban.decide.improve.design import Factor
from luban.decide.improve.factorial import fractional, two_level
from luban.decide.improve.plans import plan_design, plan_table
from luban.decide.improve.trials import read_trials
from tests.decide.improve.test_anova import chemical
from tests.decide.improve.test_effects import SPRINGS

# NIST/SEMATECH e-Handbook 5.4.7.3: tungsten deposition, coded pressure and H2/WF6 ratio, uniformity [%] and stress
TUNGSTEN = [
    (1, 0, 4.6, 8.04),
    (0, 0, 6.2, 7.78),
    (0.71, -0.71, 3.4, 7.58),
    (-0.71, 0.71, 6.9, 7.27),
    (-1, 0, 7.3, 6.49),
    (0, 0, 6.4, 7.69),
    (-0.71, -0.71, 8.6, 6.66),
    (0, -1, 6.3, 7.16),
    (0.71, 0.71, 5.1, 8.33),
    (0, 1, 5.4, 8.19),
    (0, 0, 5.0, 7.9),
]  # fmt: skip


def written(path: Path, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([heads, *rows])
    return path


def springs(path: Path) -> Path:
    rows = [[*("hot" if v > 0 else "cold" for v in row[:1]), *row[1:], y]
            for row, y in zip(two_level(3).tolist(), SPRINGS, strict=True)]  # fmt: skip
    return written(path / "springs.csv", ["oven", "X2", "X3", "Y"], rows)


def test_springs_with_named_levels(tmp_path: Path) -> None:
    got = analyse(read_trials(springs(tmp_path)), reduce="lenth", aim="max")
    assert str(got.fit.model) == "oven + X3 + oven·X3" or str(got.fit.model) == "X3 + oven + X3·oven"
    assert got.best is not None
    assert got.best.value == pytest.approx(88.5)  # the printed mean of the best corner
    assert got.natural(got.best.settings)["oven"] == "hot"
    assert got.used == 8
    json.dumps(got.as_dict(), allow_nan=True)


def test_a_curved_surface_is_found_and_reduced(tmp_path: Path) -> None:
    path = written(tmp_path / "cvd.csv", ["Pressure", "ratio", "uniformity", "stress"], TUNGSTEN)
    got = analyse(read_trials(path, responses=["uniformity", "stress"]), "uniformity", reduce="p", aim="min")
    # printed: both squares go, the interaction stays, 17.739 explained; lack of fit F 0.52, p 0.7588
    assert str(got.fit.model) == "Pressure + ratio + Pressure·ratio"
    assert round(got.fit.ss_model, 3) == 17.739
    assert got.lack is not None
    assert (round(got.lack.f, 2), round(got.lack.p, 4)) == (0.52, 0.7588)
    assert got.best is not None
    assert got.best.settings == pytest.approx({"Pressure": 1.0, "ratio": -1.0})
    assert {f.check for f in got.findings} == {"outlier", "influence", "normality"}


def test_a_plan_is_filled_in_and_read_again(tmp_path: Path) -> None:
    factors = (Factor("temperature", 150, 250, "°C"), Factor("time", 2, 6, "h"), Factor("supplier", levels=("A", "B")))
    design = plan_design("full", factors, repeats=2, seed=5)
    heads, rows = plan_table(design, ("strength",))
    for row in rows:
        hot, long, other = (row[2] - 200) / 50, (row[3] - 4) / 2, row[4] == "B"
        row[5] = round(30 + 4 * hot + 2 * hot * long - 3 * other + 0.1 * (row[0] % 3), 6)
    got = analyse(read_trials(written(tmp_path / "plan.csv", heads, rows)), reduce="p", aim="max")
    assert got.trials.factors[0].unit == "°C"
    assert got.trials.order is not None
    assert {"temperature", "supplier", "temperature·time"} <= {t.name for t in got.fit.model.terms}
    assert got.best is not None
    best = got.natural(got.best.settings)
    assert (best["temperature"], best["time"], best["supplier"]) == (250, 6, "A")


def test_what_cannot_be_told_apart_is_named(tmp_path: Path) -> None:
    design = fractional(4, 8)
    rows = [[*row, 3 * row[0] + row[1] * row[2] + 0.01 * i] for i, row in enumerate(design.settings.tolist())]
    got = analyse(read_trials(written(tmp_path / "f.csv", [*"ABCD", "y"], rows)))
    assert alias_groups(got.full)["A·B"] == ("C·D",)
    assert any("cannot be told from others" in note for note in got.notes)


def test_curvature_and_blocks(tmp_path: Path) -> None:
    corners = [(-1, -1, 1), (1, -1, 1), (-1, 1, 2), (1, 1, 2)]
    rows = [(a, b, block, 10 + a + (5 if block == 2 else 0)) for a, b, block in corners]
    rows += [(0, 0, 1, 14.0), (0, 0, 1, 14.2), (0, 0, 2, 19.1), (0, 0, 2, 18.9)]
    got = analyse(read_trials(written(tmp_path / "b.csv", ["a", "b", "block", "y"], rows)), model="block + a + b")
    assert got.curvature is not None
    assert got.curvature.difference == pytest.approx(12.5 - 16.55)
    assert {r.source for r in got.table} == {"block", "a", "Residual"} | {"b"}


def test_rows_that_cannot_be_used_are_listed(tmp_path: Path) -> None:
    rows = [[-1, -1, 1.0], [1, -1, 2.0], [-1, 1, "broken"], [1, 1, 4.0], ["x", 1, 5.0], [-1, 1, 3.1], [1, -1, ""]]
    got = analyse(read_trials(written(tmp_path / "bad.csv", ["a", "b", "y"], rows)), model="a + b")
    assert got.used == 4
    assert {(e.came, e.field) for e in got.excluded if e.came} == {("broken", "y"), ("x", "a")}
    assert len({e.where for e in got.excluded}) == 3


@pytest.mark.parametrize(
    ("heads", "rows", "said"),
    [
        (["a", "y"], [[1, 1.0], [1, 2.0], [1, 3.0]], "same setting in every run"),
        (["a", "y"], [[-1, 2.0], [1, 2.0], [1, 2.0]], "same in every run"),
        (["a", "y"], [[-1, ""], [1, ""], [0, ""]], "no run has a result yet|no numbers"),
        (["a", "y"], [[-1, 1.0], [1, 2.0]], "too few runs"),
        (["y"], [[1.0], [2.0], [3.0]], "cannot be told apart"),
    ],
)
def test_bad_tables(tmp_path: Path, heads: list[str], rows: list[list[Any]], said: str) -> None:
    with pytest.raises(InputError, match=said):
        analyse(read_trials(written(tmp_path / "t.csv", heads, rows)))


def test_mixtures(tmp_path: Path) -> None:
    """A blend of two parts that beats both: Scheffé's model finds it (Cornell's yarn has the same form)."""
    shares = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5), (1 / 3, 1 / 3, 1 / 3)] * 2
    noise = np.random.default_rng(0).normal(0, 0.05, len(shares))
    rows = [[*s, 5 * s[0] + 4 * s[1] + 3 * s[2] + 12 * s[0] * s[1] + e] for s, e in zip(shares, noise, strict=True)]
    trials = read_trials(written(tmp_path / "m.csv", ["p", "q", "r", "y"], rows), mixture=True)
    got = analyse(trials, aim="max")
    assert not got.fit.model.has_intercept
    assert got.best is not None
    assert sum(got.best.settings.values()) == pytest.approx(1)
    assert got.best.settings["p"] == pytest.approx(0.5 + 1 / 24, abs=0.03)
    with pytest.raises(InputError, match="sum to one"):
        read_trials(written(tmp_path / "n.csv", ["p", "q", "y"], [[0.5, 0.2, 1], [1, 0, 2]]), mixture=True)


def test_what_was_measured_is_not_taken_for_a_setting(tmp_path: Path) -> None:
    rows = [[a, b, 10 + a + 0.1 * i, 3 * a + b + 0.01 * i] for i, (a, b) in enumerate(two_level(2).tolist() * 2)]
    got = analyse(read_trials(written(tmp_path / "c.csv", ["a", "b", "cost", "y"], rows), responses=["y"]))
    assert [f.name for f in got.trials.factors] == ["a", "b"]
    assert got.notes[0] == "taken neither as factor nor as response: cost"
    named = read_trials(tmp_path / "c.csv", responses=["y"], factors=["a", "cost"])
    assert [f.name for f in named.factors] == ["a", "cost"]


def test_the_steepest_way_of_a_plane(tmp_path: Path) -> None:
    """The chemical process of the handbook: one coded step goes -3.457 °C and 49.667 min from 200 and 200."""
    data, y = chemical()
    rows = [[200 + 30 * a, 200 + 50 * b, v] for a, b, v in zip(data["x1"], data["x2"], y, strict=True)]
    path = written(tmp_path / "p.csv", ["temperature", "duration", "yield"], rows)
    got = analyse(read_trials(path), model="temperature + duration", aim="max")
    assert got.natural(got.climb[1]) == pytest.approx({"temperature": 200 - 3.4567, "duration": 249.667}, abs=1e-3)
    assert analyse(read_trials(path), model="temperature + duration").climb == ()
