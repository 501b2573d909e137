"""Places among economies, counted again from the files themselves."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import percentileofscore

from luban.core.errors import InputError
from luban.rollup.public import PublicData, proxies
from luban.rollup.world import world_places
from luban.screens.i18n import words
from luban.screens.report.rollup_world import world_blocks
from luban.screens.report.sheet import Sheet, sheet_html
from tests.rollup.firms import PLAN

NAMES = ["CHN", "DEU", *(f"A{at:02d}" for at in range(18))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Energy intensities of twenty economies to 2021; two of them only repeat 2019, one ends in 2020."""
    rng = np.random.default_rng(4)
    rows = ["iso3,year,value"]
    for name in NAMES:
        values = np.round(rng.uniform(1, 9, 12), 3)
        if name in ("A03", "A04"):
            values[10:] = values[9]
        rows += [f"{name},{2010 + at},{value}" for at, value in enumerate(values[: 11 if name == "A05" else 12])]
    (tmp_path / "wdi").mkdir()
    (tmp_path / "wdi" / "eg.egy.prim.pp.kd.csv").write_text("\n".join(rows), "utf-8")
    return tmp_path


def counted(folder: Path, own: float, *, without: set[str]) -> tuple[int, float]:
    """(peers, share of peers that need more energy) by reading the file."""
    with (folder / "wdi" / "eg.egy.prim.pp.kd.csv").open(encoding="utf-8") as file:
        peers = [float(row["value"]) for row in csv.DictReader(file)
                 if row["year"] == "2021" and row["iso3"] not in without]  # fmt: skip
    return len(peers), 100 - float(percentileofscore(peers, own, kind="mean"))


def test_the_percentile_is_that_of_the_file(folder: Path) -> None:
    (found,) = world_places(PublicData(folder), PLAN, "CHN")
    n, percentile = counted(folder, found.found.own, without={"CHN", "A03", "A04"})
    assert (found.proxy.indicator, found.year, found.found.n) == ("I09", 2021, n)
    assert found.found.percentile == pytest.approx(percentile)  # less energy is better
    assert 0 < percentile < 100
    assert found.as_dict()["peers"].keys() == set(NAMES) - {"CHN", "A03", "A04", "A05"}


def test_an_industry_s_own_figure_is_placed_among_all_of_them(folder: Path) -> None:
    (found,) = world_places(PublicData(folder), PLAN, "CHN", own={"energy_gdp": 2.5})
    n, percentile = counted(folder, 2.5, without={"A03", "A04"})
    assert (found.given, found.found.own, found.found.n) == (True, 2.5, n)
    assert found.found.percentile == pytest.approx(percentile)
    for name in ("water_va", "energy"):  # chained from growth: each economy has a base of its own; no such series
        with pytest.raises(InputError, match="no public series that economies"):
            world_places(PublicData(folder), PLAN, "CHN", own={name: 1.0})


def test_the_command_tells_them_with_every_peer(folder: Path, run_cli: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = run_cli("progress", folder, "--economy", "DEU", "--own", "energy_gdp=9", "--json")
    assert code == 0, err
    (told,) = json.loads(out)["places"]
    assert told["percentile"] == pytest.approx(counted(folder, 9.0, without={"A03", "A04"})[1])
    assert told["files"] == ["wdi/eg.egy.prim.pp.kd.csv"]
    assert "not a figure" in run_cli("progress", folder, "--own", "energy_gdp=low")[2]


@pytest.mark.parametrize(
    ("language", "word"), [("en", "Place among"), ("zh", "各经济体中的位置"), ("ko", "경제권 가운데")]
)
def test_the_block_in_each_language(folder: Path, language: str, word: str) -> None:
    blocks = world_blocks(world_places(PublicData(folder), PLAN, "CHN"), words(language))
    assert word in sheet_html(Sheet("x", "", blocks, {}), language)
    assert world_blocks((), words(language)) == ()


def test_an_own_figure_that_nothing_is_known_of_is_not_passed_over(
    folder: Path, run_cli: Callable[..., tuple[int, str, str]]
) -> None:
    other = next(one.id for one in proxies(PLAN) if one.id != "energy_gdp" and not one.economy
                 and not any(term.chain for term in (*one.numerator, *one.denominator)))  # fmt: skip
    code, _, err = run_cli("progress", folder, "--own", f"{other}=1")
    assert (code, "nothing is known to compare with" in err, other in err) == (2, True, True)
    code, _, err = run_cli("progress", "examples/region", "--own", "energy_gdp=1")
    assert (code, "of public data only" in err) == (2, True)
