"""Studies of a plant whose truth is known: what is run, what is kept, what is proved."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.pilot.arms import lineup
from luban.pilot.blind import apart, before_after, covered, matched, planted, values
from luban.pilot.books import pilot_home, standing
from luban.pilot.code import code_digest, sources
from luban.pilot.fall import split
from luban.pilot.plan import Arm, Figures
from luban.pilot.proof import AS_IS, CAPITAL, LUBAN, Proof, Span
from luban.pilot.registry import Opened, open_pilot, shipped
from luban.pilot.study import REPORT, TUNING, StoppedError, prove
from luban.pilot.telling import lever_verdict
from luban.pilot.verdict import judged
from tests.pilot.stub import EFFECTS, Stub


class Counting(Stub):
    """A stub that counts its runs."""

    ran: list[tuple[Arm, int]]

    def run(self, arm: Arm, seed: int, *, days: float | None = None) -> Figures:
        self.ran.append((arm, seed))
        return super().run(arm, seed, days=days)


def counting(**more: Any) -> Counting:
    made = Counting(**more)
    made.ran = []
    return made


def proof_of(folder: Path, pilot: Any = None, seeds: Sequence[int] = range(6), **more: Any) -> Proof:
    opened = Opened(pilot or Stub(), folder, more.pop("digest", "x"))
    return prove(opened, home=pilot_home(folder, "stub"), seeds=seeds, workers=more.pop("workers", 1), **more)


def test_the_planted_effects_come_out(tmp_path: Path) -> None:
    proof = proof_of(tmp_path)
    cycle, defects, cost = (proof.change(metric) for metric in ("cycle", "defects", "cost"))
    assert cycle is not None
    assert cycle.share.low <= -0.5 <= cycle.share.high
    assert defects is not None
    assert defects.share.low <= -0.6 <= defects.share.high
    assert defects.verdict == "met 2025"
    assert cost is not None
    assert cost.verdict == "missed"
    assert proof.binds == {"cost": "wages are fixed"} or set(proof.binds) == {"cost", "cycle"}
    high = proof.change("cycle", "sold", "as is, high load")
    assert high is not None
    assert high.share.mean == pytest.approx(-0.5, abs=0.01)


def test_cost_parts_add_up_and_levers_are_in_them(tmp_path: Path) -> None:
    proof = proof_of(tmp_path)
    arm = proof.arm(CAPITAL)
    assert arm is not None
    conversion = sum(value for part, value in arm.costs.items() if part not in ("overhead", "material"))
    assert conversion == pytest.approx(arm.means["cost"].mean)
    assert sum(arm.costs.values()) == pytest.approx(arm.means["full cost"].mean)
    assert arm.costs["levers"] * arm.units == pytest.approx(40_000 / 5.334926 + 1_000 + 500 + 200, abs=0.01)
    assert {one.part for one in proof.without} == set(arm.costs)


def test_a_harmful_lever_is_proposed_to_be_switched_off(tmp_path: Path) -> None:
    found = {one.id: one for one in proof_of(tmp_path).levers}
    assert {name for name, one in found.items() if one.off} == {"harm"}
    assert found["eyes"].verdict == "helps"
    assert found["rules"].verdict == "mixed"  # quicker, and its licence costs more than it saves
    assert found["harm"].shares["cost"].mean > 0


def test_without_and_levers_leave_others_out(tmp_path: Path) -> None:
    proof = proof_of(tmp_path, without=["harm", "cell"])
    assert proof.arm(CAPITAL) is None
    told = {one.id: (one.on, bool(one.skipped)) for one in proof.levers}
    assert told == {"rules": (True, False), "eyes": (True, False), "harm": (False, True), "cell": (False, True)}
    assert proof_of(tmp_path, levers=["cell"]).arm(LUBAN) is None
    with pytest.raises(InputError, match="no such lever"):
        proof_of(tmp_path, levers=["magic"])
    with pytest.raises(InputError, match="no lever is left"):
        proof_of(tmp_path, levers=["eyes"], without=["eyes"])


@pytest.mark.parametrize("method", ["sequential", "shapley"])
def test_the_waterfall_sums_to_the_total_as_printed(tmp_path: Path, method: str) -> None:
    proof = proof_of(tmp_path, method=method)
    for fall in proof.falls:
        decimals = proof.measured(fall.metric).decimals
        assert fall.before + sum(part.mean for part in fall.parts) == pytest.approx(fall.after, rel=1e-12)
        printed = round(fall.before, decimals) + sum(part.rounded for part in fall.parts)
        assert printed == pytest.approx(round(fall.after, decimals), abs=10 ** -(decimals + 3))
        assert [part.levers for part in fall.parts] == [("rules",), ("eyes",), ("harm",), ("cell",)]
        assert fall.decided == 3


def test_shapley_does_not_depend_on_the_order_and_sequential_does() -> None:
    """Two levers that halve and halve again: 100 → 50 → 25; each deserves 37.5 of 75."""
    sets = {frozenset(): 100.0, frozenset({0}): 50.0, frozenset({1}): 50.0, frozenset({0, 1}): 25.0}
    runs = {some: np.array([value, value]) for some, value in sets.items()}
    groups = (("a",), ("b",))
    by_shapley = split("shapley", groups, (), runs, [], 0.95)
    assert [part.interval.mean for part in by_shapley] == [-37.5, -37.5]
    by_sequence = split("sequential", groups, (), runs, [], 0.95)
    assert [part.interval.mean for part in by_sequence] == [-50.0, -25.0]


def test_what_was_run_is_not_run_again(tmp_path: Path) -> None:
    first = counting()
    proof = proof_of(tmp_path, first)
    again = counting()
    assert proof_of(tmp_path, again).changes == proof.changes
    assert len(first.ran) == len(set(first.ran)) > 30
    assert not again.ran
    more = counting()
    proof_of(tmp_path, more, seeds=range(8))
    assert {seed for _, seed in more.ran} == {6, 7}
    other = counting()
    proof_of(tmp_path, other, digest="other settings")
    assert len(other.ran) == len(first.ran)


def test_a_stop_keeps_whole_pairs_and_goes_on(tmp_path: Path) -> None:
    pilot, asked = counting(), []

    def stop() -> bool:
        asked.append(1)
        return len(asked) >= 20

    with pytest.raises(StoppedError):
        proof_of(tmp_path, pilot, stop=stop)
    left = standing(pilot_home(tmp_path, "stub"), "stub")
    assert (left.done, left.proof) == (20, None)
    arms = {seed: sum(one == seed for _, one in pilot.ran) for seed in (0, 1, 2)}
    assert arms[0] == arms[1]
    assert arms[2] < arms[1]
    rest = counting()
    proof = proof_of(tmp_path, rest)
    assert len(rest.ran) == left.wanted - 20
    assert standing(pilot_home(tmp_path, "stub"), "stub").proof == proof


def test_a_run_that_breaks_off_keeps_the_others(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="the run broke off"):
        proof_of(tmp_path, counting(fails=3))
    kept = counting()
    proof_of(tmp_path, kept)
    assert {seed for _, seed in kept.ran} == {3, 4, 5}


def test_looks_at_the_reported_seeds_are_counted(tmp_path: Path) -> None:
    assert proof_of(tmp_path).looks == 0
    assert proof_of(tmp_path).looks == 0  # the same again is no other look
    assert proof_of(tmp_path, digest="tuned").looks == 1
    assert proof_of(tmp_path, digest="tuned", without=["harm"]).looks == 2  # levers chosen by what was seen
    assert proof_of(tmp_path, digest="tuned", seeds=range(50, 60)).looks == 0
    assert not set(TUNING) & set(REPORT)


def test_a_proof_survives_json(tmp_path: Path) -> None:
    proof = proof_of(tmp_path)
    assert Proof.from_dict(json.loads(json.dumps(proof.as_dict(), allow_nan=False))) == proof
    with pytest.raises(InputError):
        Proof.from_dict({"name": "x"})


def test_processes_give_the_same_as_none(tmp_path: Path) -> None:
    alone = proof_of(tmp_path / "a", seeds=range(3))
    crew = proof_of(tmp_path / "b", seeds=range(3), workers=2)
    assert crew.points == alone.points


def test_too_few_pairs_are_not_evaluable(tmp_path: Path) -> None:
    found = proof_of(tmp_path, seeds=range(3)).change("cycle")
    assert found is not None
    assert found.verdict == "not evaluable"
    assert "5 are needed" in found.why
    with pytest.raises(InputError):
        proof_of(tmp_path, seeds=[1, 1])


def test_the_bar_is_met_only_by_the_whole_interval() -> None:
    assert judged("cycle", Span(-0.6, -0.65, -0.55), 30)[0] == "met 2025"
    assert judged("cycle", Span(-0.52, -0.6, -0.45), 30)[0] == "met 2020"
    verdict, why = judged("cycle", Span(-0.31, -0.35, -0.28), 30)
    assert verdict == "missed"
    assert "the mean reaches" in why
    assert judged("defects", Span(float("nan"), float("nan"), float("nan")), 30)[0] == "not evaluable"
    assert judged("defects", Span(-0.9, -1, -0.8), 4)[0] == "not evaluable"


def test_levers_are_judged_by_all_three_targets() -> None:
    less, more, none = Span(-0.2, -0.3, -0.1), Span(0.2, 0.1, 0.3), Span(0.0, -0.1, 0.1)
    assert lever_verdict({"cost": none, "cycle": less, "defects": none})[0] == "helps"
    assert lever_verdict({"cost": more, "cycle": none, "defects": none})[0] == "makes worse"
    assert lever_verdict({"cost": more, "cycle": less, "defects": none})[0] == "mixed"
    assert lever_verdict({"cost": none, "cycle": none, "defects": none})[0] == "no effect"


def test_silent_levers_are_found_to_have_no_effect() -> None:
    """Null test, small: the levers are on, the plant does not answer."""
    pilot, levers = Stub(), frozenset({"rules", "eyes"})
    before = [pilot.run(Arm(), seed) for seed in range(120)]
    silent = [pilot.run(Arm(levers=levers, silent=True), seed) for seed in range(120)]
    for metric in ("cost", "cycle", "defects"):
        a, b = values(before, metric), values(silent, metric)
        assert matched(a, b, pairs=10, draws=50).share == 1
        assert apart(a, b, pairs=10, draws=200).share >= 0.9
    assert before_after(a, b, draws=40).share >= 0.9
    loud = values([pilot.run(Arm(levers=levers), seed) for seed in range(120)], "cycle")
    assert matched(values(before, "cycle"), loud, pairs=10, draws=20).share == 0  # the test can fail


def test_intervals_hold_a_planted_effect() -> None:
    pilot, levers = Stub(), frozenset({"rules"})
    before = values([pilot.run(Arm(), seed) for seed in range(120)], "cycle")
    after = values([pilot.run(Arm(levers=levers), seed) for seed in range(120)], "cycle")
    truth = EFFECTS["rules"][1] - 1
    assert covered(before, after, truth, pairs=10, draws=200).share >= 0.88
    assert covered(before, planted(before, -0.2), -0.2, pairs=10, draws=20).share == 1
    assert covered(before, after, truth + 0.05, pairs=10, draws=20).share == 0


def test_quick_joins_levers_by_field() -> None:
    found = lineup(Stub(), quick=True)
    assert found.decided == (("rules",), ("eyes",), ("harm",))
    assert list(found.shown) == [AS_IS, "conventional", LUBAN, CAPITAL]
    assert len(lineup(Stub(), method="shapley").sets()) == 8


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["processes", "production", "supply"]), min_size=7, max_size=12))
def test_shapley_takes_six_groups_at_most(fields: list[str]) -> None:
    from luban.pilot.plan import Lever

    levers = tuple(Lever(f"l{at}", f"l{at}", name, "") for at, name in enumerate(fields))
    found = lineup(Stub(levers=levers), method="shapley")
    assert len(found.decided) == 6
    assert sorted(one for group in found.decided for one in group) == sorted(one.id for one in levers)


def test_the_digest_follows_the_code_that_a_pilot_imports() -> None:
    found = {path.name for path in sources("luban.pilot.money")}
    assert {"money.py", "plan.py", "proof.py", "errors.py"} <= found
    assert "cycle.py" not in found
    assert code_digest("luban.pilot.money") != code_digest("luban.pilot.plan")
    assert [path.name for path in sources("tests.pilot.stub")][:1] != []


def test_shipped_pilots_are_known_by_name() -> None:
    assert {one.category for one in shipped()} == {"C1", "C2", "C3", "C4", "C5", "C6"}
    with pytest.raises(InputError, match="no pilot of that name"):
        open_pilot("nowhere")
