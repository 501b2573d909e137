from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.understand.health.diagnosis import (
    Baseline,
    Case,
    LearnRule,
    Signatures,
    diagnose,
    learn,
    learn_baseline,
)
from luban.understand.health.diagnosis.words import ONE_CAUSE, USUAL
from tests.understand.health.diagnosis.worlds import FAULTS, NAMES, machine

SEED = 5


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return learn_baseline(machine(np.random.default_rng(SEED), 600), NAMES, window=30)


def cases(baseline: Baseline, causes: list[str], each: int = 2, level: float = 1.0) -> list[Case]:
    rng = np.random.default_rng(SEED + 1)
    return [
        Case.of(baseline, machine(rng, 90, cause, level), cause, name=f"{cause} {number}", machine="M1")
        for cause in causes
        for number in range(each)
    ]


@pytest.fixture(scope="module")
def learned(baseline: Baseline) -> Signatures:
    return learn(cases(baseline, list(FAULTS)), [baseline], LearnRule(false_known=0.2))


def test_faults_are_named_with_their_signals_and_past_case(baseline: Baseline, learned: Signatures):
    rng = np.random.default_rng(77)
    for cause, moved in FAULTS.items():
        verdict = learned.name(baseline, machine(rng, 60, cause))
        assert verdict.cause == cause, verdict
        best = verdict.causes[0]
        assert best.case.startswith(cause)
        assert best.machine == "M1"
        assert {one.signal for one in best.evidence[:2]} <= set(moved) | {"load"}  # load follows speed
        assert best.chance is not None
        assert best.chance <= learned.rate


def test_two_cases_of_one_machine_serve_a_machine_that_runs_elsewhere(baseline: Baseline, learned: Signatures):
    rng = np.random.default_rng(9)
    other = learn_baseline(machine(rng, 600, level=7.0), NAMES, window=30)
    for cause in FAULTS:
        assert learned.name(other, machine(rng, 60, cause, level=7.0)).cause == cause


def test_a_new_cause_is_unknown_at_the_stated_rate():
    # each world has causes of its own, drawn; one of them is never shown: it is named in at most the stated share
    named, asked = 0, 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        good = rng.normal(size=(400, 8))
        baseline = learn_baseline(good, [f"s{at}" for at in range(8)], window=20)
        shifts = rng.normal(scale=1.5, size=(7, 8)) * (rng.random((7, 8)) < 0.4)
        runs = [shift + rng.normal(size=(60, 8)) for shift in shifts]
        known = [Case.of(baseline, run, f"cause {at}", name=str(at)) for at, run in enumerate(runs[1:])]
        signatures = learn(known, [baseline], LearnRule(false_known=0.2))
        assert signatures.rate <= 0.2
        for window in baseline.windows(runs[0]):
            named += signatures.judge(window, baseline.names).known
            asked += 1
    share = named / asked
    assert share <= 0.2 + 0.06  # three standard errors of 60 worlds
    assert share > 0.01  # and the rate is used, not hidden behind refusals


def test_good_operation_is_not_named(baseline: Baseline, learned: Signatures):
    rng = np.random.default_rng(31)
    told = [learned.name(baseline, machine(rng, 30)) for _ in range(60)]
    assert np.mean([one.known for one in told]) <= 0.1
    assert np.mean([one.reason == USUAL for one in told]) > 0.7


def test_check_asks_models_that_had_not_seen_the_case(learned: Signatures):
    found = learned.check()
    assert [one.cause for one in found] == sorted(FAULTS)
    assert all(one.cases == 2 and not one.halves and one.windows for one in found)
    assert np.mean([one.right for one in found]) > 0.8


def test_the_only_case_of_a_cause_is_asked_in_halves(baseline: Baseline):
    found = learn(cases(baseline, ["leak", "hot oil", "dull tool"], each=1), [baseline]).check()
    assert all(one.halves for one in found)
    assert np.mean([one.right for one in found]) > 0.5


def test_few_causes_promise_no_low_rate(baseline: Baseline):
    one = learn(cases(baseline, ["leak"]), [baseline])
    assert one.rate is None
    assert one.notes == (ONE_CAUSE,)
    verdict = one.name(baseline, machine(np.random.default_rng(3), 60, "leak"))
    assert verdict.cause == "leak"
    assert verdict.causes[0].chance is None
    two = learn(cases(baseline, ["leak", "hot oil"]), [baseline])
    assert two.rate == pytest.approx(1 / 4)  # two causes and good operation: one in four at the least
    assert "25 %" in two.notes[0]


def test_without_any_case_it_says_what_stands_out(baseline: Baseline):
    rng = np.random.default_rng(4)
    verdict = diagnose(baseline, machine(rng, 60, "clogged filter"))
    assert not verdict.known
    assert "no case" in verdict.text
    assert {one.signal for one in verdict.stands_out[:2]} == {"pressure", "flow"}
    assert diagnose(baseline, machine(rng, 60)).reason == USUAL


def test_state_comes_back_to_the_bit(baseline: Baseline, learned: Signatures):
    again = Signatures.restore(learned.save())
    kept = Baseline.restore(baseline.save())
    assert (
        kept.windows(machine(np.random.default_rng(8), 90)).tolist()
        == baseline.windows(machine(np.random.default_rng(8), 90)).tolist()
    )
    assert (kept.names, kept.columns, kept.excluded) == (baseline.names, baseline.columns, baseline.excluded)
    with pytest.raises(InputError, match="not saved good operation"):
        Baseline.restore(b"PK nothing")
    rows = machine(np.random.default_rng(8), 50, "dull tool")
    assert again.name(baseline, rows) == learned.name(baseline, rows)
    assert (again.threshold, again.rate, again.digest()) == (learned.threshold, learned.rate, learned.digest())
    with pytest.raises(InputError, match="not saved signatures"):
        Signatures.restore(b"nothing")


def test_many_at_once_are_named_as_one_by_one(baseline: Baseline, learned: Signatures):
    windows = np.concatenate(
        [baseline.windows(machine(np.random.default_rng(8), 90, cause)) for cause in ("", *FAULTS)]
    )
    assert learned.named(windows, NAMES) == tuple(learned.judge(window, NAMES).cause for window in windows)
    assert learn([], [baseline]).named(windows[:2], NAMES) == ("", "")


def test_order_of_cases_changes_nothing(baseline: Baseline, learned: Signatures):
    turned = learn(cases(baseline, list(FAULTS))[::-1], [baseline], LearnRule(false_known=0.2))
    assert turned.digest() == learned.digest()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
def test_units_change_nothing(seed: int, factor: float, shift: float):
    rng = np.random.default_rng(seed)
    good, rows = machine(rng, 300), machine(rng, 40, "leak")
    plain = learn_baseline(good, NAMES, window=20)
    other = learn_baseline(good * factor + shift, NAMES, window=20)
    assert other.windows(rows * factor + shift) == pytest.approx(plain.windows(rows), abs=1e-3)


def test_a_missing_signal_is_named_and_the_rest_goes_on(baseline: Baseline, learned: Signatures):
    rows = machine(np.random.default_rng(12), 60, "clogged filter")
    rows[:, NAMES.index("temperature")] = np.nan
    verdict = learned.name(baseline, rows)
    assert verdict.missing == ("temperature",)
    assert verdict.cause == "clogged filter"
    rows[:] = np.nan
    assert not learned.name(baseline, rows).known


def test_a_case_without_a_signal_serves_all_the_same(baseline: Baseline):
    gone = machine(np.random.default_rng(2), 60, "leak")
    gone[:, 0] = np.nan
    own = [Case.of(baseline, gone, "leak", name="a"), *cases(baseline, ["hot oil", "dull tool"])]
    signatures = learn(own, [baseline])
    assert [(one.where, one.field) for one in signatures.excluded] == [("a", "speed")]
    assert signatures.name(baseline, machine(np.random.default_rng(3), 60, "leak")).causes[0].name == "leak"


def test_gaps_take_no_signal_away(learned: Signatures):
    rng = np.random.default_rng(SEED)
    good = machine(rng, 600)
    good[100:140, 0] = np.nan  # a whole window and more without the speed
    patchy = learn_baseline(good, NAMES, window=30)
    rows = machine(np.random.default_rng(12), 60, "slipping belt")
    assert np.isfinite(patchy.windows(rows)).all()
    rows[:28, 0] = np.nan
    case = Case.of(patchy, rows, "slipping belt", name="gap")
    assert np.isnan(case.signatures[0, 0])
    signatures = learn([case, *learned.cases[:4]], [patchy])
    (own,) = [one for one in signatures.cases if one.id == "gap"]
    assert own.signatures[0, 0] == pytest.approx(np.nanmean(case.signatures[:, 0]), rel=1e-5)
    assert signatures.name(patchy, machine(rng, 60, "slipping belt")).causes[0].name == "slipping belt"


def test_signals_that_not_every_machine_has_are_left_out(baseline: Baseline):
    less = learn_baseline(machine(np.random.default_rng(2), 400)[:, 1:], NAMES[1:], window=30)
    signatures = learn(cases(baseline, ["leak", "hot oil"]), [baseline, less])
    assert signatures.names == NAMES[1:]
    assert [one.field for one in signatures.excluded] == ["speed"]


def test_a_change_of_product_is_no_fault():
    rng = np.random.default_rng(6)
    levels = np.repeat([1.0, 1.4] * 10, 30)  # products take turns sooner than a window is long
    good = machine(rng, 600) * levels[:, None]
    products = ["A" if level == 1 else "B" for level in levels]
    baseline = learn_baseline(good, NAMES, window=40, regimes=products)
    verdict = diagnose(baseline, machine(rng, 40) * 1.4, regimes=["B"] * 40)
    assert verdict.reason == USUAL
    assert diagnose(baseline, machine(rng, 40) * 1.4, regimes=["A"] * 40).reason != USUAL
    assert "not enough data" in diagnose(baseline, machine(rng, 40), regimes=["C"] * 40).reason


def test_good_operation_that_does_not_do(baseline: Baseline):
    rows = machine(np.random.default_rng(1), 300)
    rows[:, 2] = 20.0
    rows[:200, 4] = np.nan
    found = learn_baseline(rows, NAMES, window=30)
    assert [(one.field, one.came) for one in found.excluded] == [("temperature", "20"), ("pressure", "100 values")]
    with pytest.raises(InputError, match="not enough rows"):
        learn_baseline(rows[:100], NAMES, window=30)
    with pytest.raises(InputError, match="no signal varies"):
        learn_baseline(np.ones((300, 6)), NAMES, window=30)
    with pytest.raises(InputError, match="do not fit"):
        learn_baseline(rows, NAMES[:3])
    with pytest.raises(InputError, match="cannot be compared"):
        learn([], [baseline, learn_baseline(rows, NAMES, window=20)])


def test_few_rows_are_said(baseline: Baseline, learned: Signatures):
    rng = np.random.default_rng(3)
    assert "fewer than 5" in learned.name(baseline, machine(rng, 4, "leak")).reason
    assert any("only 12 rows" in note for note in learned.name(baseline, machine(rng, 12, "leak")).notes)


@pytest.mark.parametrize("wrong", [{"false_known": 0.0}, {"false_known": 1.0}, {"usual": 0.6}, {"top": 0}])
def test_rules_of_learning_are_checked(wrong: dict[str, float]):
    with pytest.raises(InputError, match="cannot be learned so"):
        LearnRule(**wrong)  # type: ignore[arg-type]
