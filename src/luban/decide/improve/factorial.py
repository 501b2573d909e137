"""Factorial designs: all combinations, or the fraction of them that mixes up least.

A fraction gives each further factor the signs of a product of others (its generator). The products that are then always
+1, the words of the defining relation, say which effects cannot be told apart. The generators here are found by
search, not looked up: of all choices the one with the fewest short words (minimum aberration, Fries and Hunter
1980, doi:10.1080/00401706.1980.10486210).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations

import numpy as np

from luban.core.errors import InputError
from luban.decide.improve.design import Design, Factor, numeric_factors, unordered
from luban.understand.quality.data import Floats

__all__ = ["aliases", "best_generators", "fractional", "full_factorial", "two_level", "word_lengths"]

_ROMAN = {3: "III", 4: "IV", 5: "V", 6: "VI", 7: "VII", 8: "VIII", 9: "IX", 10: "X", 11: "XI", 12: "XII"}


def two_level(k: int) -> Floats:
    """All 2^k combinations of -1 and +1, the first factor changing fastest, shape (2^k, k)."""
    if not 1 <= k <= 20:
        raise InputError("a full factorial here has 1 to 20 factors", came=str(k))
    return np.array([[1.0 if run >> j & 1 else -1.0 for j in range(k)] for run in range(1 << k)])


def full_factorial(factors: Sequence[Factor] | int, *, centre: int = 0, levels: Sequence[int] = ()) -> Design:
    """All combinations of all levels.

    centre  runs at the middle of all numeric factors, added at the end
    levels  number of levels of each numeric factor, evenly spaced; two each if empty
    Example len(full_factorial(3)) == 8
    """
    chosen = numeric_factors(factors) if isinstance(factors, int) else tuple(factors)
    counts = list(levels) or [2] * len(chosen)
    if len(counts) != len(chosen):
        raise InputError("levels and factors differ in number", came=f"{len(counts)} for {len(chosen)} factors")
    axes = []
    for factor, count in zip(chosen, counts, strict=True):
        many = len(factor.levels)
        axes.append(np.arange(many, dtype=float) if many > 2 else np.linspace(-1, 1, max(count, 2)))
    total = int(np.prod([len(axis) for axis in axes])) if axes else 0
    if not 1 <= total <= 1 << 16:
        raise InputError("too many combinations", came=f"{total} runs", hint="take a fraction")
    grid = np.meshgrid(*axes, indexing="ij")
    rows = np.stack([g.ravel(order="F") for g in grid], axis=1)
    if centre:
        if not all(factor.numeric for factor in chosen):
            raise InputError("a factor without a scale has no centre",
                             came=", ".join(f.name for f in chosen if not f.numeric))  # fmt: skip
        rows = np.vstack([rows, np.zeros((centre, len(chosen)))])
    sizes = sorted({len(axis) for axis in axes})
    kind = f"{sizes[0]}^{len(chosen)} full factorial" if len(sizes) == 1 else "full factorial"
    return unordered(kind, chosen, rows)


def _group(generators: Sequence[int], basic: int) -> list[int]:
    """Words of the defining relation as sets of bits; the new factors are the bits from `basic` on."""
    words = [0]
    for place, generator in enumerate(generators):
        words += [word ^ generator ^ (1 << (basic + place)) for word in words]
    return words[1:]


def _pattern(words: Sequence[int], k: int) -> tuple[int, ...]:
    """How many words have length 3, 4, …, k (1 and 2 first: they must be none)."""
    lengths = np.bincount([word.bit_count() for word in words], minlength=k + 1)
    return tuple(int(v) for v in lengths[1:])


def _grow(basic: int, more: int) -> Iterator[tuple[int, ...]]:
    """Sets of generators to look through: all of them while that is few, else the best so far grown one by one."""
    usable = sorted((g for g in range(1, 1 << basic) if g.bit_count() >= 2), key=lambda g: (-g.bit_count(), g))
    total = 1
    for i in range(more):
        total = total * (len(usable) - i) // (i + 1)
    if total <= 20_000:
        yield from combinations(usable, more)
        return
    beam: list[tuple[int, ...]] = [()]
    for size in range(1, more + 1):
        grown = {tuple(sorted((*chosen, g))) for chosen in beam for g in usable if g not in chosen}
        beam = sorted(grown, key=lambda c, n=size: (_pattern(_group(c, basic), basic + n), c))[:200]  # type: ignore[misc]
    yield from beam


@lru_cache(maxsize=256)
def best_generators(k: int, runs: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Generators of the fraction with the fewest short words.

    k       factors
    runs    a power of two, below 2^k and above k
    Returns bits of the basic factors for each further factor, and the number of words of length 1, 2, 3, …
    Raises  InputError if there is no such fraction
    """
    basic = runs.bit_length() - 1
    if runs != 1 << basic or not 2 <= basic < k or k > runs - 1 or k > 31:
        raise InputError("there is no such fraction", came=f"{k} factors in {runs} runs",
                         expected="a power of two, above the number of factors and below all combinations")  # fmt: skip
    best = min(_grow(basic, k - basic), key=lambda chosen: _pattern(_group(chosen, basic), k))
    ordered = tuple(sorted(best, key=lambda g: (-g.bit_count(), g)))
    return ordered, _pattern(_group(ordered, basic), k)


def _read_generators(text: Sequence[str], names: Sequence[str]) -> tuple[list[str], list[int]]:
    """`D = ABC` or `x4=x1·x2·x3` for each further factor: basic factors, and bits for the others in order."""
    letters = [f.name for f in numeric_factors(len(names))]
    made: dict[str, list[str]] = {}
    for one in text:
        left, sign, right = re.sub(r"\s", "", one).partition("=")
        parts = re.split(r"[·:*]", right)
        if len(parts) == 1 and parts[0] not in names:
            parts = [names[letters.index(c)] if c not in names and c in letters else c for c in parts[0]]
        left = names[letters.index(left)] if left not in names and left in letters else left
        if not sign or left not in names or any(part not in names for part in parts):
            raise InputError("a generator cannot be read", came=one, expected="e.g. D = ABC, or x4 = x1·x2·x3")
        made[left] = parts
    basic = [name for name in names if name not in made]
    if any(part not in basic for parts in made.values() for part in parts):
        raise InputError("a generator is made of factors that have no generator themselves", came=", ".join(text))
    further = [name for name in names if name in made]
    return basic + further, [sum(1 << basic.index(part) for part in made[name]) for name in further]


def fractional(
    factors: Sequence[Factor] | int,
    runs: int = 0,
    *,
    generators: Sequence[str] = (),
    centre: int = 0,
    fold: bool = False,
) -> Design:
    """A fraction of a two-level factorial.

    runs        a power of two; found from the generators if they are given
    generators  e.g. ["D = ABC"]; the best ones if empty
    centre      runs at the middle, added at the end
    fold        add the same runs with all signs turned: main effects are then clear of two-factor interactions
    Raises      InputError if there is no such fraction, or a factor has more levels than two
    Example     fractional(5, 16).words == ("ABCDE",)
    """
    chosen = numeric_factors(factors) if isinstance(factors, int) else tuple(factors)
    if any(len(f.levels) > 2 for f in chosen):
        raise InputError("a two-level fraction needs factors at two levels",
                         came=", ".join(f.name for f in chosen if len(f.levels) > 2))  # fmt: skip
    names = [f.name for f in chosen]
    if generators:
        order, bits = _read_generators(generators, names)
    else:
        order, bits = names, list(best_generators(len(names), runs)[0])
    basic = len(names) - len(bits)
    base = two_level(basic)
    columns = [base[:, j] for j in range(basic)]
    columns += [np.prod(base[:, [j for j in range(basic) if g >> j & 1]], axis=1) for g in bits]
    rows = np.stack([columns[order.index(name)] for name in names], axis=1)
    rows = np.vstack([rows, -rows]) if fold else rows
    words = [_word(word, order) for word in _group(bits, basic)]
    words = [word for word in words if not fold or len(word) % 2 == 0]
    spelled = _spelled(words)
    length = min((len(word) for word in words), default=0)
    rows = np.vstack([rows, np.zeros((centre, len(names)))]) if centre else rows
    notes = (f"resolution {_ROMAN.get(length, str(length))}",) if length else ()
    made = tuple(f"{order[basic + i]} = {_spelled([_word(g, order)])[0]}" for i, g in enumerate(bits))
    return unordered(f"2^({len(names)}-{len(bits)}) fractional factorial", chosen, rows, generators=made,
                     words=spelled, notes=notes, figures={"resolution": float(length)} if length else {})  # fmt: skip


def _word(bits: int, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for j, name in enumerate(names) if bits >> j & 1)


def _spelled(words: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Words as people read them, the short ones first."""
    ordered = sorted(words, key=lambda word: (len(word), word))
    return tuple("".join(w) if all(len(name) == 1 for name in w) else "·".join(w) for w in ordered)


def word_lengths(design: Design) -> dict[int, int]:
    """How many words of each length its defining relation has.

    Example  word_lengths(fractional(7, 16)) == {4: 7}
    """
    lengths = [len(word.split("·")) if "·" in word else len(word) for word in design.words]
    return {length: lengths.count(length) for length in sorted(set(lengths))}


def aliases(design: Design, up_to: int = 2) -> tuple[tuple[str, ...], ...]:
    """Effects that cannot be told apart: groups of columns that are equal or opposite in all runs.

    up_to    order of the interactions looked at
    Returns  groups of two and more, a sign before those that are opposite to the first
    Example  aliases(fractional(4, 8))[0] == ("A·B", "C·D")
    """
    corner = design.settings[np.all(np.abs(design.settings) == 1, axis=1)]
    names = [factor.name for factor in design.factors]
    groups: dict[bytes, list[str]] = {}
    for size in range(1, up_to + 1):
        for some in combinations(range(len(names)), size):
            column = np.prod(corner[:, list(some)], axis=1)
            sign = column[0] if len(column) else 1.0
            word = "·".join(names[j] for j in some)
            held = groups.setdefault((column * sign).tobytes(), [])
            first = held[0] if held else ""
            held.append(word if not held else ("" if sign == _sign(first, names, corner) else "-") + word)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def _sign(word: str, names: Sequence[str], corner: Floats) -> float:
    return float(np.prod(corner[0, [names.index(part) for part in word.split("·")]]))
