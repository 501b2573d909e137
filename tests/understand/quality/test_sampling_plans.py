"""Plans, decisions and curves of acceptance sampling against published figures and scipy."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from luban.core.errors import InputError
from luban.norms.sampling import KINDS
from luban.understand.quality.sampling import (
    Risks,
    Stage,
    aoql,
    curves,
    double_plan,
    judge,
    own_plan,
    quality_at,
    single_plan,
    standard_plan,
)


def test_the_cell_that_a_peer_gets_wrong() -> None:
    """A lot of 100 at AQL 1.0: the arrow leads from F to itself, 13 pieces and none may be bad (mfgQC says 32)."""
    assert standard_plan(100, 1.0).stages == (Stage(13, 0, 1),)


def test_oc_and_aoq_of_the_nist_handbook() -> None:
    """NIST/SEMATECH e-Handbook 6.2.3.2: n = 52, c = 3, lots of 10000; printed to three digits, the last one loosely."""
    plan = own_plan([(52, 3, 4)], lot=10000)
    quality = np.arange(1, 13) / 100
    printed = [0.998, 0.980, 0.930, 0.845, 0.739, 0.620, 0.502, 0.394, 0.300, 0.223, 0.162, 0.115]
    found = curves(plan, quality)
    assert found.accept == pytest.approx(printed, abs=1.1e-3)
    assert found.aoq == pytest.approx(quality * found.accept * (10000 - 52) / 10000, rel=1e-12)
    assert aoql(plan).limit == pytest.approx(0.0372, abs=5e-5)
    assert found.ati == pytest.approx(52 * found.accept + 10000 * (1 - found.accept), rel=1e-12)


@pytest.mark.parametrize(("size", "accept", "lot"), [(2, 0, 8), (13, 0, 100), (80, 2, 1000), (315, 21, 9000)])
def test_single_plans_are_scipys_distributions(size: int, accept: int, lot: int) -> None:
    plan = own_plan([(size, accept, accept + 1)], lot=lot)
    quality = np.arange(0, lot + 1, max(1, lot // 40)) / lot
    bad = np.rint(quality * lot)
    exact = stats.hypergeom.cdf(accept, lot, bad, size)
    assert curves(plan, quality).accept == pytest.approx(stats.binom.cdf(accept, size, quality), abs=1e-12)
    assert curves(plan, quality, model="poisson").accept == pytest.approx(
        stats.poisson.cdf(accept, size * quality), abs=1e-12
    )
    assert curves(plan, quality, model="hypergeometric").accept == pytest.approx(exact, abs=1e-10)


@pytest.mark.parametrize(("lot", "size", "accept"), [(200_000, 2000, 14), (9000, 315, 21), (50, 13, 1)])
def test_one_lot_is_the_ratio_of_whole_numbers(lot: int, size: int, accept: int) -> None:
    plan = own_plan([(size, accept, accept + 1)], lot=lot)
    for bad in (0, 1, lot // 150, lot // 20, lot):
        ways = sum(math.comb(bad, d) * math.comb(lot - bad, size - d) for d in range(accept + 1))
        exact = float(Fraction(ways, math.comb(lot, size)))
        found = curves(plan, np.array([bad / lot]), model="hypergeometric")
        assert found.accept[0] == pytest.approx(exact, abs=1e-13)


def test_a_double_plan_is_the_textbook_sum() -> None:
    """Pa = P(x1 <= c1) + sum over x1 of P(x1) P(x2 <= c2 - x1); ASN = n1 + n2 P(no decision)."""
    plan = own_plan([(50, 1, 4), (100, 3, 4)])
    q = 0.05
    first = [stats.binom.pmf(x, 50, q) for x in range(4)]
    accept = first[0] + first[1] + sum(first[x] * stats.binom.cdf(3 - x, 100, q) for x in (2, 3))
    found = curves(plan, np.array([q]))
    assert found.accept[0] == pytest.approx(accept, rel=1e-12)
    assert found.asn[0] == pytest.approx(50 + 100 * (first[2] + first[3]), rel=1e-12)


@pytest.mark.parametrize("kind", ["double", "multiple"])
def test_curves_are_what_a_simulated_inspection_gives(kind: str) -> None:
    """One lot of 3000 with 60 bad pieces, drawn without putting back, judged sample by sample."""
    plan = standard_plan(3000, 1.0, kind=kind)  # type: ignore[arg-type]
    random = np.random.default_rng(7)
    runs, accepted, units = 3000, 0, 0
    for _ in range(runs):
        at = np.sort(random.choice(3000, 60, replace=False))
        found: list[int] = []
        decision, drawn = judge(plan, found), 0
        while decision.verdict == "next":
            size = plan.stages[len(found)].size
            found.append(int(np.count_nonzero((at >= drawn) & (at < drawn + size))))
            drawn += size
            decision = judge(plan, found)
        accepted += decision.verdict == "accept"
        units += drawn
    exact = curves(plan, np.array([0.02]), model="hypergeometric")
    error = float(np.sqrt(exact.accept[0] * (1 - exact.accept[0]) / runs))
    assert accepted / runs == pytest.approx(exact.accept[0], abs=4 * error)
    assert units / runs == pytest.approx(exact.asn[0], rel=0.03)


@pytest.mark.parametrize(("severity", "near"), [("normal", 0.09), ("tightened", 0.09), ("reduced", 0.16)])
def test_double_and_multiple_plans_protect_as_the_single_plan(severity: str, near: float) -> None:
    """The standard matches the three kinds: where the single plan accepts half, the others do nearly so."""
    for aql in (0.25, 0.65, 1.0, 2.5, 4.0, 6.5):
        single = standard_plan(5000, aql, severity=severity)  # type: ignore[arg-type]
        half = quality_at(single, 0.5)
        for kind in KINDS[1:]:
            other = standard_plan(5000, aql, severity=severity, kind=kind)  # type: ignore[arg-type]
            found = curves(other, np.array([half]))
            assert found.accept[0] == pytest.approx(0.5, abs=near), (aql, kind)
            assert found.asn[0] <= 1.3 * single.total


def test_quality_at_lies_on_the_curve() -> None:
    plan = standard_plan(5000, 1.0, kind="double")
    for share in (0.95, 0.5, 0.1):
        assert curves(plan, np.array([quality_at(plan, share)])).accept[0] == pytest.approx(share, abs=1e-9)


def test_a_lot_no_larger_than_its_sample_is_inspected_whole() -> None:
    plan = standard_plan(50, 0.10)
    assert plan.every
    assert plan.stages == (Stage(50, 0, 1),)
    assert "every piece" in plan.notes[-1]


def test_a_plan_whose_samples_exceed_the_lot_becomes_single() -> None:
    plan = standard_plan(20, 10, level="III", kind="double")
    assert plan.total <= 20


def test_decisions_step_by_step() -> None:
    plan = own_plan([(32, 0, 3), (32, 3, 4)])
    assert judge(plan, []).size == 32
    waiting = judge(plan, [2])
    assert (waiting.verdict, waiting.size) == ("next", 32)
    assert judge(plan, [0]).verdict == "accept"
    assert judge(plan, [3]).verdict == "reject"
    assert judge(plan, [2, 1]).verdict == "accept"
    assert judge(plan, [2, 2]).verdict == "reject"


def test_between_the_numbers_of_reduced_inspection_the_lot_passes_and_the_gap_is_told() -> None:
    plan = standard_plan(3000, 1.0, severity="reduced")
    assert plan.stages == (Stage(50, 1, 4),)
    decision = judge(plan, [2])
    assert (decision.verdict, decision.gap) == ("accept", True)
    assert judge(plan, [1]).gap is False
    assert judge(plan, [4]).verdict == "reject"


@pytest.mark.parametrize(
    ("found", "part"),
    [([-1], "cannot be"), ([33], "cannot be"), ([0, 0], "decided before"), ([1, 1, 1], "more samples")],
)
def test_counts_that_cannot_be_are_refused(found: list[int], part: str) -> None:
    with pytest.raises(InputError, match=part):
        judge(own_plan([(32, 0, 3), (32, 3, 4)]), found)


def test_above_aql_10_nonconformities_are_counted() -> None:
    plan = standard_plan(100, 65)
    assert plan.per_hundred
    assert judge(plan, [21]).verdict == "accept"
    assert curves(plan).model == "poisson"


@pytest.mark.parametrize("stages", [[], [(0, 0, 1)], [(5, 1, 1)], [(5, -2, 1)], [(5, 1, 3), (5, 0, 3)], [(5, -1, 2)]])
def test_plans_that_contradict_themselves_are_refused(stages: list[tuple[int, int, int]]) -> None:
    with pytest.raises(InputError):
        own_plan(stages)


# ------------------------------------------------------------------ plans of own risks


def test_a_single_plan_is_that_of_r_acceptancesampling() -> None:
    """find.plan(PRP = c(0.05, 0.95), CRP = c(0.15, 0.075), type = "binomial") gives n = 80, c = 7."""
    assert single_plan(Risks(0.05, 0.15, 0.05, 0.075)).stages == (Stage(80, 7, 8),)


@pytest.mark.parametrize("risks", [Risks(0.02, 0.08), Risks(0.01, 0.06), Risks(0.001, 0.02, 0.1, 0.05)])
def test_no_smaller_single_plan_keeps_both_risks(risks: Risks) -> None:
    size = single_plan(risks).stages[0].size
    for smaller in range(1, size):
        number = np.arange(smaller)
        good = stats.binom.cdf(number, smaller, risks.good) >= 1 - risks.producer
        bad = stats.binom.cdf(number, smaller, risks.bad) <= risks.consumer
        assert not (good & bad).any()


def test_a_double_plan_keeps_both_risks_with_fewer_pieces() -> None:
    risks = Risks(0.02, 0.08)
    double, single = double_plan(risks), single_plan(risks)
    found = curves(double, np.array([risks.good, risks.bad]))
    assert found.accept[0] >= 0.95
    assert found.accept[1] <= 0.10
    assert found.asn[0] < single.total


def test_one_lot_needs_fewer_pieces_than_a_stream() -> None:
    risks = Risks(0.02, 0.08)
    one = single_plan(risks, lot=300, model="hypergeometric")
    assert one.total < single_plan(risks).total
    accept = stats.hypergeom.cdf(one.stages[0].accept, 300, [6, 24], one.total)
    assert accept[0] >= 0.95
    assert accept[1] <= 0.10


@pytest.mark.parametrize("given_risks", [(0.08, 0.02), (0.0, 0.1), (0.1, 1.0), (0.01, 0.05, 0.6, 0.5), (0.1, 0.1)])
def test_risks_that_cannot_be_are_refused(given_risks: tuple[float, ...]) -> None:
    with pytest.raises(InputError):
        Risks(*given_risks)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 200_000), st.sampled_from([0.1, 0.65, 1.0, 4.0, 10.0]), st.sampled_from(KINDS))
def test_worse_lots_are_never_accepted_more_often(lot: int, aql: float, kind: str) -> None:
    plan = standard_plan(lot, aql, kind=kind)  # type: ignore[arg-type]
    found = curves(plan, np.linspace(0, 1, 60))
    assert found.accept[0] == pytest.approx(1, abs=1e-9)
    assert (np.diff(found.accept) <= 1e-9).all()
    assert (found.asn <= plan.total + 1e-6).all()
    assert (found.aoq <= found.quality + 1e-12).all()
