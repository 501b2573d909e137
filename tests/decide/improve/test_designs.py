"""Designs against published ones, and against what a design must be."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.decide.improve.curved import (
    axial_distance,
    box_behnken,
    central_composite,
    simplex_centroid,
    simplex_lattice,
)
from luban.decide.improve.design import Factor, blocked, numeric_factors, randomised, repeated, standard_order
from luban.decide.improve.factorial import aliases, best_generators, fractional, full_factorial, word_lengths
from luban.decide.improve.optimal import candidates, d_efficiency, d_optimal
from luban.decide.improve.plans import DESIGNS, plan_design, plan_table, recommend
from luban.decide.improve.screening import conference, definitive_screening, hadamard, plackett_burman
from luban.decide.improve.squares import latin_square

# words of length 3, 4, 5, … of the minimum aberration fractions: Fries and Hunter (1980), Chen, Sun and Wu (1993)
PUBLISHED = {
    (5, 8): {3: 2, 4: 1}, (6, 8): {3: 4, 4: 3}, (7, 8): {3: 7, 4: 7, 7: 1}, (6, 16): {4: 3}, (7, 16): {4: 7},
    (8, 16): {4: 14, 8: 1}, (7, 32): {4: 1, 5: 2}, (8, 32): {4: 3, 5: 4}, (9, 32): {4: 6, 5: 8, 8: 1},
    (10, 32): {4: 10, 5: 16, 8: 5}, (11, 32): {4: 25, 6: 27, 8: 10, 10: 1}, (8, 64): {5: 2, 6: 1},
    (9, 64): {4: 1, 5: 4, 6: 2}, (10, 64): {4: 2, 5: 8, 6: 4, 8: 1}, (10, 128): {5: 3, 6: 3, 7: 1},
}  # fmt: skip


@pytest.mark.parametrize(("k", "runs"), PUBLISHED)
def test_the_search_finds_the_published_fractions(k: int, runs: int) -> None:
    design = fractional(k, runs)
    assert word_lengths(design) == PUBLISHED[k, runs]
    x = design.settings
    np.testing.assert_array_equal(x.T @ x, runs * np.eye(k))
    for word in design.words:
        assert abs(np.prod(x[:, ["ABCDEFGHJKLMN".index(c) for c in word]], axis=1).sum()) == runs


def test_aliases_of_the_sonoluminescence_design() -> None:
    """NIST/SEMATECH e-Handbook 5.6.2: 12 = 37 = 56, 13 = 27 = 46, 14 = 36 = 57, 15 = 26 = 47, and so on."""
    factors = [Factor(f"X{i}") for i in range(1, 8)]
    design = fractional(factors, generators=["X5=X2·X3·X4", "X6=X1·X3·X4", "X7=X1·X2·X3"])
    assert aliases(design)[0] == ("X1·X2", "X3·X7", "X5·X6")
    assert len(aliases(design)) == 7
    assert design.notes == ("resolution IV",)


def test_folding_frees_main_effects() -> None:
    folded = fractional(7, 8, fold=True)
    assert all(len(g[0].split("·")) > 1 for g in aliases(folded))
    assert len(folded) == 16


@pytest.mark.parametrize(
    ("runs", "row"),
    [(12, "++-+++---+-"), (20, "++--++++-+-+----++-"), (24, "+++++-+-++--++--+-+----")],
)
def test_rows_as_plackett_and_burman_printed_them(runs: int, row: str) -> None:
    design = plackett_burman(runs - 1, runs)
    assert "".join("+" if v > 0 else "-" for v in design.settings[0]) == row
    x = design.settings
    np.testing.assert_array_equal(x.T @ x, runs * np.eye(runs - 1))


@pytest.mark.parametrize("n", [4, 8, 16, 28, 36, 40, 52, 56, 76, 100])
def test_hadamard(n: int) -> None:
    h = hadamard(n)
    np.testing.assert_array_equal(h.T @ h, n * np.eye(n))
    assert (h[:, 0] == 1).all()


def test_no_design_is_made_up_where_none_is_known() -> None:
    calls = (
        lambda: hadamard(92), lambda: hadamard(10), lambda: plackett_burman(12, 12), lambda: fractional(5, 12),
        lambda: fractional(20, 16), lambda: box_behnken(2), lambda: central_composite(1),
        lambda: latin_square(6, squares=2), lambda: fractional(4, generators=["D = AXQ"]),
    )  # fmt: skip
    for call in calls:
        with pytest.raises(InputError):
            call()


def test_central_composite_as_the_handbook_has_it() -> None:
    """5.3.3.6.1: alpha 1.414, 1.682, 2.000 for 2, 3, 4 factors; 5.5.3.2.2: 1.633 blocks 20 runs."""
    assert [round(axial_distance(k), 3) for k in (2, 3, 4)] == [1.414, 1.682, 2.0]
    assert round(axial_distance(3, "orthogonal", centre=(4, 2)), 3) == 1.633
    assert [len(central_composite(k, centre=5)) for k in (2, 3)] == [13, 19]
    inside = central_composite(2, "cci", centre=3)
    assert np.abs(inside.settings).max() == 1
    assert round(float(np.abs(inside.settings[0, 0])), 4) == 0.7071
    assert len(central_composite(5, centre=6)) == 16 + 10 + 6  # corners are a half with resolution V


def test_blocks_of_a_central_composite_do_not_shift_the_model() -> None:
    design = central_composite(3, centre=(4, 2), alpha="orthogonal")
    x = design.settings
    block = np.where(design.block == 1, 1.0, -1.0)
    shifted = block - block.mean()
    for column in [*x.T, *(x[:, i] * x[:, j] for i, j in combinations(range(3), 2))]:
        assert abs(shifted @ column) < 1e-12
    squares = [c * c for c in x.T]
    assert all(abs(shifted @ (s - s.mean())) < 1e-9 for s in squares)


def test_box_behnken_sizes() -> None:
    """NIST/SEMATECH e-Handbook 5.3.3.6.2 has 15 runs for three factors; Box and Behnken (1960) the others."""
    assert [len(box_behnken(k, centre=c)) for k, c in ((3, 3), (4, 3), (5, 6), (6, 6), (7, 6))] == [15, 27, 46, 54, 62]
    for k in (3, 4, 5, 6, 7):
        x = box_behnken(k).settings
        assert np.abs(x).sum(axis=1).max() <= 3
        np.testing.assert_allclose(x.T @ x - np.diag(np.diag(x.T @ x)), 0)


def test_mixtures_sum_to_one() -> None:
    for design in (simplex_lattice(3, 2), simplex_lattice(4, 3, centre=2), simplex_centroid(4)):
        np.testing.assert_allclose(design.settings.sum(axis=1), 1)
    assert [len(simplex_lattice(3, m)) for m in (1, 2, 3)] == [3, 6, 10]


def test_d_optimal_finds_what_is_known_to_be_best() -> None:
    factors = numeric_factors(3)
    assert d_optimal(factors, "A + B + C", 8, levels=2).figures["d_efficiency"] == pytest.approx(1.0)
    assert d_optimal(factors, "A + B + C", 12, levels=2, seed=2).figures["d_efficiency"] == pytest.approx(1.0)
    line = d_optimal((Factor("x"),), "x + I(x**2)", 6, levels=21)  # half at neither end: -1, 0, 1, two each
    assert sorted(line.settings[:, 0].tolist()) == [-1, -1, 0, 0, 1, 1]
    assert d_efficiency(full_factorial(3), "A*B*C") == pytest.approx(1.0)


def test_d_optimal_is_never_worse_than_a_standard_design_and_keeps_what_was_run() -> None:
    factors = numeric_factors(3)
    model = "(A + B + C)**2 + I(A**2) + I(B**2) + I(C**2)"
    faced = central_composite(factors, "face", centre=1)
    assert d_optimal(factors, model, len(faced)).figures["d_efficiency"] >= d_efficiency(faced, model) - 1e-9
    kept = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, -1.0]])
    made = d_optimal(factors, model, 12, keep=kept)
    np.testing.assert_array_equal(made.settings[:2], kept)
    few = candidates(factors)
    few = few[few.sum(axis=1) <= 1]
    assert (d_optimal(factors, "A + B + C", 6, allowed=few).settings.sum(axis=1) <= 1).all()
    with pytest.raises(InputError, match="too few runs"):
        d_optimal(factors, model, 9)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from([(3, 2), (4, 3), (5, 4), (7, 2), (8, 3), (9, 2), (12, 2), (6, 1), (10, 1)]), st.integers(0, 99))
def test_latin_squares(which: tuple[int, int], seed: int) -> None:
    size, squares = which
    made = [np.array(s) for s in latin_square(size, squares=squares, seed=seed)]
    for square in made:
        assert all(len(set(row)) == size for row in (*square, *square.T))
    for a, b in combinations(made, 2):
        assert len(set(zip(a.ravel().tolist(), b.ravel().tolist(), strict=True))) == size * size


def test_order_by_chance_is_that_of_its_seed_and_stays_in_its_block() -> None:
    plain = blocked(full_factorial(3), ["ABC"])
    one, same, other = randomised(plain, 7), randomised(plain, 7), randomised(plain, 8)
    assert one.order.tolist() == same.order.tolist() != other.order.tolist()
    assert plain.block[one.order].tolist() == [1] * 4 + [2] * 4
    signs = np.prod(plain.settings, axis=1)
    assert set(signs[plain.block == 1]) == {-1.0}
    assert sorted(repeated(one, 2).order.tolist()) == list(range(16))
    assert standard_order(full_factorial(3).settings).tolist() == list(range(1, 9))


def test_settings_in_their_own_units_and_back() -> None:
    hot, grit = Factor("T", 150, 250, "°C"), Factor("grit", levels=("140/170", "80/100"))
    assert (hot.natural(0.5), hot.coded(225)) == (225.0, 0.5)
    assert (grit.natural(1.0), grit.coded("140/170")) == ("80/100", -1.0)
    assert (Factor("m", levels=("a", "b", "c")).natural(2.0), Factor("m", levels=("a", "b", "c")).coded("b")) == (
        "c",
        1.0,
    )
    for wrong in (
        lambda: hot.coded("warm"),
        lambda: grit.coded("60"),
        lambda: Factor("x", 2, 1),
        lambda: Factor("x", levels=("a",)),
    ):
        with pytest.raises(InputError):
            wrong()


@pytest.mark.parametrize("kind", DESIGNS)
def test_every_design_by_its_name(kind: str) -> None:
    named = tuple(Factor(n, levels=("p", "q", "r")) for n in ("machine", "day", "recipe"))
    chosen = named if kind == "latin-square" else tuple(Factor(n, 10, 20, "mm") for n in ("a", "b", "c", "d"))
    design = plan_design(kind, chosen, seed=3)
    heads, rows = plan_table(design, ("y",))
    assert len(rows) == len(design) == len(set(design.order.tolist()))
    assert heads[-1] == "y"
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))


def test_recommendations_grow_with_the_purpose() -> None:
    for k in (1, 2, 3, 5, 7, 11):
        name, runs, why = recommend(numeric_factors(k), "screen")
        assert runs > k
        assert why
        assert len(plan_design(name, numeric_factors(k), runs=runs)) == runs
    assert recommend(numeric_factors(3), "optimise")[0] in ("box-behnken", "ccf")
    assert recommend(numeric_factors(4), "understand")[0] == "full"
    with pytest.raises(InputError, match="too few runs"):
        recommend(numeric_factors(6), "understand", runs=4)


def test_generators_are_cached_and_sorted() -> None:
    generators, pattern = best_generators(5, 16)
    assert generators == (0b1111,)
    assert pattern == (0, 0, 0, 0, 1)


@pytest.mark.parametrize("n", [4, 6, 8, 10, 12, 14, 18, 26, 28])
def test_conference_matrices(n: int) -> None:
    c = conference(n)
    np.testing.assert_array_equal(c.T @ c, (n - 1) * np.eye(n))
    assert (np.diag(c) == 0).all()


def test_definitive_screening_keeps_main_effects_clear() -> None:
    """Six factors in 13 runs (Jones and Nachtsheim 2011): orthogonal to each other, to squares and to interactions."""
    design = definitive_screening(6, extra=0)
    x = design.settings
    assert len(design) == 13
    assert set(np.unique(x)) == {-1, 0, 1}
    np.testing.assert_array_equal(x.T @ x, 10 * np.eye(6))
    second = [x[:, i] * x[:, j] for i in range(6) for j in range(i, 6)]
    np.testing.assert_array_equal(x.T @ np.stack(second, axis=1), 0)
    with pytest.raises(InputError):
        conference(16)
