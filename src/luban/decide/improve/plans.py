"""Designs by name, and which one to take for a purpose and a number of runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.decide.improve.curved import box_behnken, central_composite, simplex_centroid, simplex_lattice
from luban.decide.improve.design import Design, Factor, blocked, randomised, repeated, unordered
from luban.decide.improve.factorial import fractional, full_factorial
from luban.decide.improve.formula import full_model
from luban.decide.improve.optimal import d_optimal
from luban.decide.improve.screening import definitive_screening, plackett_burman
from luban.decide.improve.squares import latin_square

__all__ = ["DESIGNS", "PURPOSES", "plan_design", "plan_table", "recommend"]

DESIGNS: Final = {
    "full": "all combinations of all levels",
    "fraction": "the fraction of a two-level factorial that mixes up least",
    "plackett-burman": "screening of main effects, in a multiple of four runs",
    "definitive": "screening at three levels, main effects clear of squares and interactions",
    "ccc": "central composite, axial runs outside the ranges",
    "ccf": "central composite, axial runs on the faces",
    "cci": "central composite, all within the ranges",
    "box-behnken": "a curved surface without extreme corners",
    "d-optimal": "the most precise coefficients of one model for any number of runs",
    "latin-square": "one treatment in each row and column",
    "lattice": "mixtures whose shares are multiples of 1/degree",
    "centroid": "mixtures of equal shares of every two, three, … parts",
}
"""Names of designs, and what each is."""

PURPOSES: Final = {
    "screen": "find the few factors that matter",
    "understand": "measure effects and how factors act together",
    "optimise": "find the best settings of a few factors",
}
"""What an experiment may be for."""


def recommend(factors: Sequence[Factor], purpose: str, runs: int = 0) -> tuple[str, int, str]:
    """A design for a purpose: its name, the runs it takes without repeats, and why.

    runs    the most one can afford; 0: no limit
    Raises  InputError if the purpose is not known, or so few runs serve no design
    Example recommend(numeric_factors(7), "screen")[0] == "plackett-burman"
    """
    k = len(factors)
    if purpose not in PURPOSES:
        raise InputError("this purpose is not known", came=purpose, expected=", ".join(PURPOSES))
    if k == 0:
        raise InputError("an experiment has one factor at least", came="none")
    if any(f.mixture for f in factors):
        return "lattice", k * (k + 1) // 2, "shares of a mixture sum to one"
    if any(len(f.levels) > 2 for f in factors):
        every = int(np.prod([len(f.levels) or 2 for f in factors]))
        if every <= (runs or 48):
            return "full", every, "a factor has more than two levels, and all combinations are affordable"
        return "d-optimal", runs or 2 * sum(max(len(f.levels), 2) for f in factors), "a factor has more than two levels"
    scaled = all(f.numeric for f in factors)
    wanted = _by_purpose(k, purpose, scaled)
    for name, needed, why in wanted:
        if not runs or needed <= runs:
            return name, needed, why
    least = min(needed for _, needed, _ in wanted)
    raise InputError("too few runs for this purpose", came=f"{runs} runs for {k} factors",
                     expected=f"{least} or more", hint="leave factors out, or screen first")  # fmt: skip


def _by_purpose(k: int, purpose: str, scaled: bool) -> list[tuple[str, int, str]]:
    fractions = [
        ("fraction", 1 << p, f"resolution {_resolution(k, 1 << p)}") for p in range(min(k - 1, 7), 1, -1) if 1 << p > k
    ]
    full = [("full", 1 << k, "all combinations: every effect stands alone")] if k <= 7 else []
    screen = [("plackett-burman", 4 * (k // 4 + 1), "main effects with the fewest runs")]
    if purpose == "screen":
        clear = [one for one in reversed(fractions) if _resolution(k, one[1]) >= 4]
        return full + screen if k <= 3 else (clear[:1] if k <= 6 else []) + screen
    if purpose == "understand":
        good = [one for one in fractions if _resolution(k, one[1]) >= 5]
        return (
            (full if k <= 4 else []) + good[::-1] + [one for one in fractions if _resolution(k, one[1]) == 4] + screen
        )
    if not scaled:
        return [("d-optimal", (k + 1) * (k + 2) // 2 + 4, "a factor without a scale")]
    curved = [("box-behnken", len(box_behnken(k)), "a quadratic model without extreme corners")] if 3 <= k <= 7 else []
    ccf = [("ccf", len(central_composite(k, "face")), "a quadratic model within the ranges")] if k >= 2 else []
    ways = sorted(curved + ccf, key=lambda one: one[1])
    return [*ways, ("d-optimal", (k + 1) * (k + 2) // 2 + 3, "a quadratic model with the fewest runs")]


def _resolution(k: int, runs: int) -> int:
    try:
        return int(fractional(k, runs).figures["resolution"])
    except InputError:
        return 0


def plan_design(
    kind: str, factors: Sequence[Factor], *, runs: int = 0, centre: int | None = None, repeats: int = 1,
    generators: Sequence[str] = (), blocks: Sequence[str] = (), fold: bool = False, levels: Sequence[int] = (),
    degree: int = 2, model: str = "", seed: int = 0,
) -> Design:  # fmt: skip
    """A design by its name, repeated, in blocks and in an order by chance.

    kind       one of DESIGNS
    runs       for a fraction, Plackett-Burman and D-optimal
    centre     centre runs; as many as the design needs if None
    repeats    of all runs
    blocks     interactions that are given up for blocks
    levels     of each numeric factor, for a full factorial
    model      for a D-optimal design; the full quadratic if empty
    Raises     InputError where the design does not take what was asked
    """
    middle = 0 if centre is None else centre
    curved = 4 if centre is None else centre
    chosen = tuple(factors)
    if kind == "full":
        made = full_factorial(chosen, centre=middle, levels=levels)
    elif kind == "fraction":
        made = fractional(chosen, runs or _cheapest(len(chosen)), generators=generators, centre=middle, fold=fold)
    elif kind == "plackett-burman":
        made = plackett_burman(chosen, runs, centre=middle, fold=fold)
    elif kind == "definitive":
        made = definitive_screening(chosen)
    elif kind in ("ccc", "ccf", "cci"):
        made = central_composite(chosen, kind, centre=curved)
    elif kind == "box-behnken":
        made = box_behnken(chosen, centre=3 if centre is None else centre)
    elif kind == "d-optimal":
        made = _optimal(chosen, runs, model, seed)
    elif kind == "latin-square":
        made = _latin(chosen, seed)
    elif kind in ("lattice", "centroid"):
        made = simplex_lattice(chosen, degree, centre=middle) if kind == "lattice" else simplex_centroid(chosen)
    else:
        raise InputError("this design is not known", came=kind, expected=", ".join(DESIGNS))
    made = repeated(made, repeats)
    made = blocked(made, blocks) if blocks else made
    return randomised(made, seed)


def _cheapest(k: int) -> int:
    """The smallest fraction whose main effects are clear of two-factor interactions, else the smallest."""
    sizes = [1 << p for p in range(2, k) if 1 << p > k]
    return next((n for n in sizes if _resolution(k, n) >= 4), sizes[-1] if sizes else 4)


def _optimal(chosen: tuple[Factor, ...], runs: int, model: str, seed: int) -> Design:
    numeric = [f.name for f in chosen if f.numeric]
    text = model or full_model(numeric, "quadratic", categorical=[f.name for f in chosen if not f.numeric])
    terms = 1 + len(chosen) + len(chosen) * (len(chosen) - 1) // 2 + len(numeric)
    return d_optimal(chosen, text, runs or terms + 4, seed=seed)


def _latin(chosen: tuple[Factor, ...], seed: int) -> Design:
    """Rows and columns are the first two factors; each further one is a square orthogonal to the others."""
    sizes = {len(f.levels) for f in chosen}
    if len(chosen) < 3 or len(sizes) != 1 or not sizes - {0, 1}:
        raise InputError("a Latin square needs three factors or more with the same number of named levels",
                         came=", ".join(f"{f.name}: {len(f.levels)}" for f in chosen))  # fmt: skip
    (size,) = sizes
    squares = latin_square(size, squares=len(chosen) - 2, seed=seed)
    rows = np.array([[r, c, *(s[r][c] for s in squares)] for r in range(size) for c in range(size)], float)
    return unordered("Latin square", chosen, rows if size > 2 else rows * 2 - 1)


def plan_table(design: Design, responses: Sequence[str] = ("response",)) -> tuple[tuple[str, ...], list[list[Any]]]:
    """The runs as a table to fill in, in the order in which to make them: heads and rows.

    The heads of factors carry their units; the cells of the responses are empty.
    """
    several = len(set(design.block.tolist())) > 1
    heads = ["order", "run", *(["block"] if several else [])]
    heads += [f"{f.name} [{f.unit}]" if f.unit else f.name for f in design.factors]
    rows: list[list[Any]] = []
    for place, run in enumerate(design.order.tolist(), 1):
        row: list[Any] = [place, run + 1, *([int(design.block[run])] if several else [])]
        row += [round(v, 10) if isinstance(v, float) else v for v in design.natural(run).values()]
        rows.append([*row, *([""] * len(responses))])
    return (*heads, *responses), rows
