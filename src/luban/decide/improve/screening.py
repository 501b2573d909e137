"""Designs that find the few factors that matter: Plackett-Burman and definitive screening.

Plackett-Burman: up to n - 1 factors in n runs, n any multiple of four, not only powers of two.

The signs come from quadratic residues (Paley 1933, doi:10.1002/sapm1933121311), which for 12, 20 and 24 runs are the
rows that Plackett and Burman printed (1946, doi:10.1093/biomet/33.4.305). Every main effect is mixed with a part of
many two-factor interactions: these designs find the few factors that matter, not how they act together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from luban.core.errors import InputError
from luban.decide.improve.design import Design, Factor, numeric_factors, unordered
from luban.decide.improve.squares import galois_field, prime_powers
from luban.understand.quality.data import Floats, Ints

__all__ = ["conference", "definitive_screening", "hadamard", "plackett_burman"]


def _residues(q: int) -> tuple[Ints, list[list[int]]]:
    """For each element of the field +1 if it is a square, -1 if not, 0 for zero; and the table of differences."""
    p, m = prime_powers(q)[0]
    plus, mult = galois_field(p, m)
    squares = {mult[x][x] for x in range(1, q)}
    character = np.array([0] + [1 if x in squares else -1 for x in range(1, q)])
    minus = {a: b for a in range(q) for b in range(q) if plus[a][b] == 0}
    return character, [[plus[a][minus[b]] for b in range(q)] for a in range(q)]


def _paley(n: int) -> Ints | None:
    """By a field of n - 1 elements, or of n/2 - 1."""
    q = n - 1
    if q % 4 == 3 and len(prime_powers(q)) == 1:
        character, away = _residues(q)
        core = character[np.array(away)] - np.eye(q, dtype=np.int64)
        return np.block([[np.ones((1, 1), np.int64), np.ones((1, q), np.int64)],
                         [np.ones((q, 1), np.int64), core]])  # fmt: skip
    q = n // 2 - 1
    if q > 1 and q % 4 == 1 and len(prime_powers(q)) == 1:
        character, away = _residues(q)
        conference = np.zeros((q + 1, q + 1), np.int64)
        conference[0, 1:] = conference[1:, 0] = 1
        conference[1:, 1:] = character[np.array(away)]
        one = np.eye(q + 1, dtype=np.int64)
        return np.block([[conference + one, conference - one], [conference - one, -conference - one]])
    return None


def hadamard(n: int) -> Ints:
    """A square of +1 and -1 whose columns are orthogonal, the first column all +1, shape (n, n).

    n       1, 2 or a multiple of four for which a construction is here (all up to 100 but 92)
    Raises  InputError for any other
    """
    if n == 1:
        return np.ones((1, 1), np.int64)
    if n == 2:
        return np.array([[1, 1], [1, -1]])
    made = _paley(n) if n % 4 == 0 else None
    if made is None and n % 4 == 0:
        half = hadamard(n // 2)
        made = np.block([[half, half], [half, -half]])
    if made is None:
        raise InputError("no such design is known here", came=f"{n} runs",
                         expected="a multiple of four: 4 to 88, 96 or 100")  # fmt: skip
    return made * made[:, :1]


def _cyclic(n: int) -> Floats | None:
    """The printed form: a row of residues shifted n - 1 times, then a row of minus."""
    q = n - 1
    if q % 4 != 3 or any(q % d == 0 for d in range(2, int(q**0.5) + 1)):
        return None
    squares = {x * x % q for x in range(q)}
    row = np.array([1.0 if j in squares else -1.0 for j in range(q)])
    return np.vstack([np.stack([np.roll(row, shift) for shift in range(q)]), -np.ones(q)])


def plackett_burman(factors: Sequence[Factor] | int, runs: int = 0, *, centre: int = 0, fold: bool = False) -> Design:
    """A screening design for main effects.

    runs    a multiple of four above the number of factors; the smallest if 0
    fold    add the same runs with all signs turned: main effects are then clear of two-factor interactions
    Raises  InputError if there are more factors than runs allow
    Example len(plackett_burman(11)) == 12
    """
    chosen = numeric_factors(factors) if isinstance(factors, int) else tuple(factors)
    k = len(chosen)
    n = runs or max(4, 4 * (k // 4 + 1))
    if n % 4 or n <= k:
        raise InputError("a Plackett-Burman design has a multiple of four runs, above the number of factors",
                         came=f"{k} factors in {n} runs")  # fmt: skip
    if any(len(f.levels) > 2 for f in chosen):
        raise InputError("a two-level design needs factors at two levels",
                         came=", ".join(f.name for f in chosen if len(f.levels) > 2))  # fmt: skip
    made = _cyclic(n)
    rows = (hadamard(n)[:, 1:] if made is None else made)[:, :k].astype(float)
    rows = np.vstack([rows, -rows]) if fold else rows
    rows = np.vstack([rows, np.zeros((centre, k))]) if centre else rows
    notes = ("main effects are clear of two-factor interactions",) if fold else (
        "main effects are mixed with parts of two-factor interactions",)  # fmt: skip
    return unordered("Plackett-Burman", chosen, rows, notes=notes, figures={"resolution": 4.0 if fold else 3.0})


def conference(n: int) -> Ints:
    """A square with zeros on its diagonal, +1 and -1 elsewhere, whose columns are orthogonal, shape (n, n).

    n       even; n - 1 a power of a prime (all even n up to 32 but 16 and 22, which need others)
    Raises  InputError for any other
    """
    q = n - 1
    if n % 2 or n < 4 or len(prime_powers(q)) != 1:
        raise InputError("no such design is known here", came=str(n), expected="4, 6, 8, 10, 12, 14, 18, 20, 24, …")
    character, away = _residues(q)
    made = np.zeros((n, n), np.int64)
    made[0, 1:] = 1
    made[1:, 0] = 1 if q % 4 == 1 else -1
    made[1:, 1:] = character[np.array(away)]
    return made


def definitive_screening(factors: Sequence[Factor] | int, *, extra: int = 2) -> Design:
    """Three levels in about twice as many runs as factors: main effects clear of squares and of interactions.

    Each run comes with its mirror image, one factor at its middle; a run at the centre of all is added.

    extra   further pairs of columns that no factor uses, for an estimate of scatter (as the authors advise)
    Raises  InputError if a factor has no scale
    Source  Jones and Nachtsheim (2011, doi:10.1080/00224065.2011.11917841); by conference matrices: Xiao et al. (2012)
    Example len(definitive_screening(6, extra=0)) == 13
    """
    chosen = numeric_factors(factors) if isinstance(factors, int) else tuple(factors)
    k = len(chosen)
    if k < 3 or not all(f.numeric for f in chosen):
        raise InputError("a definitive screening design has three factors with a scale at least", came=str(k))
    n = max(4, k + extra)
    while n % 2 or len(prime_powers(n - 1)) != 1:
        n += 1
    half = conference(n)[:, :k].astype(float)
    notes = ("main effects are clear of squares and of two-factor interactions",)
    return unordered("definitive screening", chosen, np.vstack([half, -half, np.zeros((1, k))]), notes=notes)
