"""Designs for curved surfaces: central composite and Box-Behnken, and simplex designs for mixtures.

Sources  Box and Wilson (1951); Box and Behnken (1960, doi:10.1080/00401706.1960.10489912); Scheffé (1958, 1963); the
designs as NIST/SEMATECH e-Handbook 5.3.3.6 and 5.5.4 (doi:10.18434/M32189) describe them
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, combinations_with_replacement

import numpy as np

from luban.core.errors import InputError
from luban.decide.improve.design import Design, Factor, numeric_factors, unordered
from luban.decide.improve.factorial import fractional, two_level
from luban.understand.quality.data import Floats

__all__ = ["axial_distance", "box_behnken", "central_composite", "simplex_centroid", "simplex_lattice"]


def axial_distance(k: int, rule: str = "rotatable", *, corners: int = 0, centre: tuple[int, int] = (0, 0)) -> float:
    """Distance of the axial runs from the centre, in coded units.

    k        factors
    rule     rotatable: the same precision in all directions; orthogonal: blocks of corners and axial runs do not shift
             the model; face: 1
    corners  runs of the factorial part; 2^k if 0
    centre   centre runs with the corners, and with the axial runs (orthogonal only)
    Source   Box and Hunter (1957): F^(1/4), and √(k (1 + na0/na) / (1 + nc0/nc))
    Example  round(axial_distance(3, "orthogonal", centre=(4, 2)), 3) == 1.633
    """
    points = corners or 1 << k
    if rule == "rotatable":
        return float(points**0.25)
    if rule == "orthogonal":
        return float(np.sqrt(k * (1 + centre[1] / (2 * k)) / (1 + centre[0] / points)))
    if rule == "face":
        return 1.0
    raise InputError("this distance is not known", came=rule, expected="rotatable, orthogonal or face")


def _corners(k: int) -> Floats:
    """All corners, or for five and more factors the smallest fraction with resolution V."""
    if k < 5:
        return two_level(k)
    for size in range(4, k):
        try:
            part = fractional(k, 1 << size)
        except InputError:
            continue
        if part.figures["resolution"] >= 5:
            return part.settings
    return two_level(k)


def _scaled_only(chosen: Sequence[Factor], what: str) -> None:
    words = [factor.name for factor in chosen if not factor.numeric]
    if words:
        raise InputError(f"{what} needs factors with a scale", came=", ".join(words),
                         hint="make the design once for each level")  # fmt: skip


def central_composite(
    factors: Sequence[Factor] | int,
    form: str = "circumscribed",
    *,
    centre: tuple[int, int] | int = 4,
    alpha: str | float = "rotatable",
) -> Design:
    """Corners, axial runs and centre runs: fits a full quadratic model.

    form    circumscribed: axial runs outside the ranges; inscribed: all scaled to lie within; face: axial on the faces
    centre  runs at the centre; two numbers: with the corners (block 1) and with the axial runs (block 2)
    alpha   rotatable, orthogonal (needs two numbers of centre runs), or a distance
    Example len(central_composite(3)) == 18
    """
    chosen = numeric_factors(factors) if isinstance(factors, int) else tuple(factors)
    k = len(chosen)
    _scaled_only(chosen, "a central composite design")
    if k < 2:
        raise InputError("a central composite design has two factors at least", came=str(k))
    corners = _corners(k)
    split = centre if isinstance(centre, tuple) else (centre, 0)
    short = {"ccc": "circumscribed", "cci": "inscribed", "ccf": "face", "faced": "face"}
    form = short.get(form, form)
    if form not in ("circumscribed", "inscribed", "face"):
        raise InputError("this form is not known", came=form, expected="circumscribed, inscribed or face")
    rule = "face" if form == "face" else alpha
    far = axial_distance(k, rule, corners=len(corners), centre=split) if isinstance(rule, str) else float(rule)
    if not far > 0:
        raise InputError("an axial distance is above zero", came=f"{far:g}")
    axial = np.vstack([sign * far * np.eye(k)[j] for j in range(k) for sign in (-1, 1)])
    rows = np.vstack([corners, np.zeros((split[0], k)), axial, np.zeros((split[1], k))])
    rows = rows / far if form == "inscribed" else rows
    made = unordered(
        f"central composite ({form})", chosen, rows, figures={"alpha": 1.0 if form == "inscribed" else far}
    )
    if isinstance(centre, tuple):
        first = len(corners) + split[0]
        made = replace(made, block=np.where(np.arange(len(rows)) < first, 1, 2))
    return made


# triples of factors that move together while the others stay at the centre (Box and Behnken 1960); for other numbers of
# factors pairs
_TRIPLES = {
    6: ((0, 1, 3), (1, 2, 4), (2, 3, 5), (0, 3, 4), (1, 4, 5), (0, 2, 5)),
    7: ((3, 4, 5), (0, 5, 6), (1, 4, 6), (0, 1, 3), (2, 3, 6), (0, 2, 4), (1, 2, 5)),
}


def box_behnken(factors: Sequence[Factor] | int, *, centre: int = 3) -> Design:
    """Runs at the middles of edges: a quadratic model without any extreme corner.

    centre  runs at the centre
    Example len(box_behnken(3)) == 15
    """
    chosen = numeric_factors(factors) if isinstance(factors, int) else tuple(factors)
    k = len(chosen)
    _scaled_only(chosen, "a Box-Behnken design")
    if not 3 <= k <= 12:
        raise InputError("a Box-Behnken design has 3 to 12 factors", came=str(k))
    rows = []
    for some in _TRIPLES.get(k, tuple(combinations(range(k), 2))):
        for signs in two_level(len(some)):
            row = np.zeros(k)
            row[list(some)] = signs
            rows.append(row)
    return unordered("Box-Behnken", chosen, np.vstack([*rows, np.zeros((centre, k))]))


def _mixture(factors: Sequence[Factor] | int) -> tuple[Factor, ...]:
    chosen = numeric_factors(factors) if isinstance(factors, int) else tuple(factors)
    if len(chosen) < 2:
        raise InputError("a mixture has two parts at least", came=str(len(chosen)))
    return tuple(Factor(f.name, 0.0, 1.0, f.unit, (), True) for f in chosen)


def simplex_lattice(factors: Sequence[Factor] | int, degree: int = 2, *, centre: int = 0) -> Design:
    """Mixtures whose shares are multiples of 1/degree.

    degree  of the polynomial to fit
    centre  runs of equal shares, added at the end
    Example len(simplex_lattice(3, 2)) == 6
    """
    chosen = _mixture(factors)
    k = len(chosen)
    if not 1 <= degree <= 6:
        raise InputError("the degree of a lattice is 1 to 6", came=str(degree))
    rows = []
    for some in combinations_with_replacement(range(k), degree):
        row = np.zeros(k)
        for j in some:
            row[j] += 1 / degree
        rows.append(row)
    rows += [np.full(k, 1 / k)] * centre
    return unordered(f"simplex lattice of degree {degree}", chosen, np.vstack(rows))


def simplex_centroid(factors: Sequence[Factor] | int) -> Design:
    """Each part alone, and equal shares of every two, three, … parts.

    Example len(simplex_centroid(3)) == 7
    """
    chosen = _mixture(factors)
    k = len(chosen)
    rows = []
    for size in range(1, k + 1):
        for some in combinations(range(k), size):
            row = np.zeros(k)
            row[list(some)] = 1 / size
            rows.append(row)
    return unordered("simplex centroid", chosen, np.vstack(rows))
