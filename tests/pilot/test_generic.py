"""Any plant with a twin is a pilot: levers that fit it, reasons for those that do not, what is missing for money."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.core.time import DAY
from luban.pilot.assumptions import assumptions
from luban.pilot.books import pilot_home
from luban.pilot.doubts import POINTS, doubts
from luban.pilot.generic import open_pilot
from luban.pilot.plan import COSTS, Arm
from luban.pilot.registry import Opened, open_plant, settings_digest
from luban.pilot.study import prove
from luban.twin.load import load_twin
from luban.twin.replicate import replicate

EXAMPLES = Path(__file__).parents[2] / "examples"
MONEY = """
rate = 0.1                     # interest a year [1]                      A
[days]
warm_up = 7                    # left out [d]                             A
window = 28                    # measured [d]                             A
[year]
labour = 3_400_000             # 34 persons [CNY]                         K1
overhead = 3_500_000           # depreciation and rent [CNY]              A
[price]
kwh = 0.7                      # electricity [CNY/kWh]                    E10
piece = 20                     # material of a piece [CNY]                A
carrying = 0.25                # of the value of work in progress [1/a]   K5
late = 0.1                     # for a piece and day [CNY]                K6
[levers.dispatch]
yearly = 50_000                # licence [CNY/a]                          A
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The machining job shop under another name, with money."""
    folder = tmp_path_factory.mktemp("plants") / "shop"
    shutil.copytree(EXAMPLES / "c2_machining", folder, ignore=shutil.ignore_patterns("pilot.toml", ".luban"))
    (folder / "pilot.toml").write_text(MONEY, "utf-8")
    return folder


def test_runs_are_those_of_the_twin(shop: Path) -> None:
    """As is, the cycle is the twin's own lead time over the same window, seed by seed (their first run of two)."""
    pilot = open_pilot(shop)
    got = [pilot.run(Arm(), seed).cycle for seed in (3, 4)]
    for seed, cycle in zip((3, 4), got, strict=True):
        found = replicate(load_twin(shop, days=35), 35 * DAY, replications=2, seed=seed, warmup=7 * DAY, workers=1)
        assert found.values("lead_time_mean")[0] == pytest.approx(cycle, rel=1e-9)


def test_levers_shorten_the_cycle_and_cost_is_whole(shop: Path) -> None:
    pilot = open_pilot(shop)
    both = Arm(levers=frozenset({"release", "dispatch"}))
    before, after = ([pilot.run(arm, seed) for seed in range(3)] for arm in (Arm(), both))
    assert np.mean([one.cycle for one in after]) < 0.8 * np.mean([one.cycle for one in before])
    one = after[0]
    assert set(one.costs) <= set(COSTS)
    assert one.costs["labour"] == pytest.approx(3_400_000 * 28 / 365.25)
    assert one.costs["levers"] == pytest.approx(50_000 * 28 / 365.25)
    assert one.costs["energy"] == pytest.approx(0.7 * one.more["energy"])
    assert before[0].costs["levers"] == 0


def test_equal_arguments_give_equal_figures_and_silence_is_as_is(shop: Path) -> None:
    pilot = open_pilot(shop)
    both = frozenset({"release", "dispatch"})
    assert pilot.run(Arm(levers=both), 7) == pilot.run(Arm(levers=both), 7)
    silent, plain = pilot.run(Arm(levers=both, silent=True), 7), pilot.run(Arm(), 7)
    assert replace(silent, costs={}) == replace(plain, costs={})
    with pytest.raises(InputError):
        pilot.run(Arm(levers=frozenset({"magic"})), 7)


def test_a_plant_without_money_or_scrap_says_what_is_missing(tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    shutil.copytree(EXAMPLES / "tiny_workshop", folder, ignore=shutil.ignore_patterns(".luban"))
    opened = open_plant(folder)
    proof = prove(opened, home=pilot_home(tmp_path, "tiny"), seeds=range(5), workers=1)
    cost = proof.change("cost")
    assert cost is not None
    assert cost.verdict == "not evaluable"
    assert "[price] kwh" in cost.why
    skipped = {one.id: one.skipped for one in proof.levers}
    assert "already" in skipped["release"]
    assert skipped["dispatch"] == ""
    assert proof.money == ()


def test_a_folder_without_a_twin_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        open_plant(tmp_path / "nowhere")
    (tmp_path / "plant.toml").write_text("[plant]\nid = 'x'\n", "utf-8")
    with pytest.raises(InputError, match="no twin"):
        open_plant(tmp_path)


def test_settings_are_part_of_what_makes_a_run(shop: Path, tmp_path: Path) -> None:
    copy = tmp_path / "shop"
    shutil.copytree(shop, copy)
    assert settings_digest(copy) == settings_digest(shop)
    (copy / "pilot.toml").write_text(MONEY.replace("0.7 ", "0.8 "), "utf-8")
    assert settings_digest(copy) != settings_digest(shop)


def test_assumptions_come_with_words_and_sources(shop: Path) -> None:
    found = {one.key: one for one in assumptions(shop)}
    kwh = found["price.kwh"]
    assert (kwh.value, kwh.text, kwh.source) == ("0.7", "electricity [CNY/kWh]", "E10")
    assert found["levers.dispatch.yearly"].value == "50_000"
    assert found["rate"].source == "A"
    assert assumptions(shop.parent) == ()


def test_opened_is_what_a_worker_process_is_sent(shop: Path) -> None:
    import pickle

    opened = Opened(open_pilot(shop), shop, "x")
    assert pickle.loads(pickle.dumps(opened)) == opened


def test_assumptions_that_carry_the_result_are_found(shop: Path) -> None:
    """Where nobody is paid, the licence is what the saving hangs on; overhead is outside operating cost."""
    copy = shop.parent / "doubted"
    shutil.copytree(shop, copy)
    labour = next(line for line in MONEY.splitlines() if line.startswith("labour"))
    (copy / "pilot.toml").write_text(MONEY.replace(labour, "labour = 1  # nobody  K1"), "utf-8")
    found = list(doubts(copy, open_pilot, seeds=range(2), days=7, workers=1))
    assert {one.assumption.key for one in found} == {
        "rate", "days.warm_up", "days.window", "year.overhead", "price.piece", "levers.dispatch.yearly",
    }  # fmt: skip
    moves = {(one.assumption.key, one.factor): one.moves for one in found}
    assert moves["levers.dispatch.yearly", 2.0] > POINTS
    assert moves["year.overhead", 2.0] == 0
