"""The sums that indicators are told with, and what of them may go out beside everything that is out already.

A quantity is what is added up: revenue, revenue less cost, whether there are design tools. It goes out several times:
over the units that answered two different questions, at the prices of two years, in two releases. Their differences
tell on the units in between, so each is protected together with all that went out before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from luban.norms.plans import Definition, Population, Term
from luban.rollup.cells import price_powers
from luban.rollup.protect.attack import Exposure, attack
from luban.rollup.protect.release import COMPLEMENTARY, Release
from luban.rollup.protect.rules import Rules
from luban.rollup.protect.suppress import suppress
from luban.rollup.protect.table import Key, Table, ladders, tabulate
from luban.rollup.protect.vintages import Change, Vintages, changes, since
from luban.rollup.protect.words import REASONS
from luban.understand.quality.data import Floats

__all__ = ["Desk", "Held", "Prices", "barred", "rules_of", "table_of"]

Columns = Mapping[str, NDArray[Any]]
Prices = Callable[[str], float]
"""Industry → price level against the base year; 1 where it is not known."""

_SHARE: Final = "share of "
_RATE: Final = " / "
_EQUAL: Final = 1e-9
_WEIGHTS: Final = 64
"""So many weights are looked at one by one; of more, yes and no are told of everything together only."""


@dataclass(frozen=True, slots=True)
class Held:
    """A quantity of a year that is out.

    name     what is added up
    rows     what is behind it: unit, figure, scale (what prices multiplied it by), weight, region, industry, …
    depth    how deep the table goes
    release  the table as it went out
    """

    name: str
    rows: pa.Table
    depth: Mapping[str, int]
    release: Release


def barred(definitions: Mapping[str, Sequence[Definition]], out: Sequence[str] = ()) -> frozenset[str]:
    """Indicators that must not be told beside the others: a sum of theirs can be computed from other sums.

    definitions  of each indicator, in the order in which they go out
    out          quantities that are out already
    Example      a, b and then a + b: the indicator with a + b
    """
    known: list[dict[str, float]] = []
    names: set[str] = set()
    for name in dict.fromkeys(out):
        known.append(_vector(name))
        names.add(name)
    found = set()
    for indicator, some in definitions.items():
        new = [name for name in dict.fromkeys(n for one in some for n in _names(one)) if name not in names]
        trial = [*known, *map(_vector, new)]
        if _rank(trial) < _rank(known) + len(new):
            found.add(indicator)
            continue
        known, names = trial, names | set(new)
    return frozenset(found)


class Desk:
    """The tables of one year, in the order in which they go out.

    columns  of the units of that year
    depth    how deep tables go; `offered` how deep they are told
    prices   level of the year against the base year, for amounts at constant prices
    out      what went out before
    """

    def __init__(
        self, columns: Columns, by: Key, depth: Mapping[str, int], rules: Rules, *, offered: Mapping[str, int],
        money: Callable[[str], bool], out: Sequence[Held] = (),
    ) -> None:  # fmt: skip
        self.columns, self.by, self.depth, self.rules = columns, by, depth, rules
        self.money = money
        self.nodes = {name: _nodes(name, columns[name], most) for name, most in offered.items() if name in by}
        self.out: dict[str, list[Held]] = {}
        for one in out:
            self.out.setdefault(one.name, []).append(one)
        self.before = {name: len(some) for name, some in self.out.items()}
        self.tied: dict[tuple[str, int, int], tuple[dict[str, float] | None, dict[Key, Change]]] = {}
        self.exposed: list[Exposure] = []

    def judge(self, definition: Definition, prices: Prices | None = None) -> dict[Key, str]:
        """Why each cell of a definition may not be told; "" where it may."""
        found: dict[Key, str] = {}
        for name, values, scale, inside in self._figures(definition, prices):
            if not inside.any():
                continue
            sample = definition.population.sample
            ways, weight = {name: inside}, self.columns["weight" if sample else "plain"]
            weights = np.unique(weight[inside]) if name.startswith(_SHARE) else np.ones(1)
            if 1 < weights.size <= _WEIGHTS:  # 10 of weights 3, 7 and 11 says who said yes
                ways |= {f"{name} x{one:g}": inside & (weight == one) for one in weights}
            for called, some in ways.items():
                release = self._release(called, values, scale, some, sample=sample)
                whole = release.table.counts.max()
                for key, state, count in zip(release.table.keys, release.states, release.table.counts, strict=True):
                    why = "" if state == "published" else release.reason(key)
                    if weights.size > _WEIGHTS and count < whole:
                        why = why or REASONS["weights"]
                    found[key] = found.get(key, "") or why
        return found

    def answers(self, definition: Definition) -> bool:
        """Whether anybody told what a definition takes, and each of its parts."""
        own = all(inside.any() for *_, inside in self._figures(definition, None))
        return own and all(self.answers(part.definition) for part in definition.parts)

    def made(self) -> Iterator[Held]:
        """What went out now."""
        for name, some in self.out.items():
            yield from some[self.before.get(name, 0) :]

    def _figures(
        self, definition: Definition, prices: Prices | None
    ) -> Iterator[tuple[str, Floats, Floats, NDArray[np.bool_]]]:
        """Name, figure of each unit, what prices multiply it by, who counts."""
        if not definition.numerator:
            return
        top, below = _sum(self.columns, definition.numerator), _sum(self.columns, definition.denominator)
        level = np.ones(top.size)
        if prices is not None:
            level = np.array([prices(str(one)) for one in self.columns["industry"]])
        up, down = price_powers(definition, self.money)
        inside = _inside(self.columns, definition.population) & np.isfinite(top)
        name = _name(definition.numerator)
        if definition.denominator:
            inside &= np.isfinite(below)
        if definition.form == "share of units":
            yield f"{_SHARE}{name}", (top != 0).astype(np.float64), np.ones(top.size), inside
            return
        if definition.form == "mean of rates":
            inside &= below > 0
            rate = np.divide(top, below, out=np.full(top.size, np.nan), where=below > 0)
            yield name + _RATE + _name(definition.denominator), rate / level**up, level**-up, inside
            return
        yield name, top / level**up, level**-up, inside
        if definition.denominator:
            yield _name(definition.denominator), below / level**down, level**-down, inside

    def _release(
        self, name: str, values: Floats, scale: Floats, inside: NDArray[np.bool_], *, sample: bool
    ) -> Release:  # fmt: skip
        weight = self.columns["weight" if sample else "plain"]
        rows = pa.table({
            "unit": self.columns["holder"][inside], "figure": values[inside], "scale": scale[inside],
            "weight": weight[inside], **{one: self.columns[one][inside] for one in self.by},
        })  # fmt: skip
        earlier = self.out.setdefault(name, [])
        for one in earlier:
            if one.depth == self.depth and one.rows.drop_columns("scale").equals(rows.drop_columns("scale")):
                return one.release
        table = table_of(name, rows, self.by, self.depth, rules_of(name, self.rules))
        closed = [key for key in table.keys if any(
            key[at] not in self.nodes[one] for at, one in enumerate(self.by) if one in self.nodes
        )]  # fmt: skip
        if earlier:
            release = _settled(self._together(name, rows, table, closed))
        else:
            release = suppress(table, closed=closed)
            self.exposed += attack(release) if release.unprotected else ()
        earlier.append(Held(name, rows, self.depth, release))
        return release

    def _together(self, name: str, rows: pa.Table, table: Table, closed: Sequence[Key]) -> Vintages:
        """The table protected beside every earlier one of the quantity."""
        out, at = self.out[name], self.by.index("industry")
        last, changed, scales = len(out), {}, {}
        all_rows, tables = [*(one.rows for one in out), rows], [*(one.release.table for one in out), table]
        depths = [*(one.depth for one in out), self.depth]
        for i, j in combinations(range(last + 1), 2):
            if (name, i, j) not in self.tied:
                deep = {one: max(depths[i].get(one, 1), depths[j].get(one, 1)) for one in self.by}
                nodes, factors = _apart(all_rows[i], all_rows[j], deep)
                figures = pa.array(all_rows[i]["figure"].to_numpy() * factors)
                self.tied[name, i, j] = nodes, changes(
                    all_rows[i].set_column(1, "figure", figures), all_rows[j], "figure", by=self.by, depth=deep,
                    rules=rules_of(name, self.rules),
                )  # fmt: skip
            nodes, changed[i, j] = self.tied[name, i, j]
            if nodes is not None:
                scales[i, j] = {key: nodes[key[at]] for key in tables[j].keys if key[at] in nodes}
        return since(
            [(one.release, changed[i, last]) for i, one in enumerate(out)], table, scales=scales, closed=closed,
            between={pair: one for pair, one in changed.items() if pair[1] < last},
        )  # fmt: skip


def rules_of(name: str, rules: Rules) -> Rules:
    """Rules of a quantity: where a unit's figure is a share nobody dominates, and zero is an answer."""
    if not name.startswith(_SHARE) and _RATE not in name:
        return rules
    return replace(rules, dominance=None, zeros=False, p=None if name.startswith(_SHARE) else rules.p)


def table_of(name: str, rows: pa.Table, by: Key, depth: Mapping[str, int], rules: Rules) -> Table:
    """The cells of a quantity."""
    figures = rows["figure"].to_numpy()
    share = not rules.zeros and figures.max() <= 1
    return tabulate(rows, "figure", by=by, depth=depth, rules=rules, name=name, ceiling=1.0 if share else np.inf)


def _settled(together: Vintages) -> Release:
    """The later table, or nothing of it where anything is found closer with it than without it.

    What somebody finds in earlier tables alone (an answer of its own that left shows it the others') stays found.
    """
    joint, release = together.joint, together.release
    if not joint.unprotected:
        return release
    new = frozenset(key for key in joint.table.keys if key[0] == "now")
    blind = replace(joint, states=tuple(
        COMPLEMENTARY if key in new else state for key, state in zip(joint.table.keys, joint.states, strict=True)
    ))  # fmt: skip
    before = {(one.key, one.insider): one for one in attack(blind)}
    if all(_no_closer(one, before.get((one.key, one.insider))) for one in attack(joint)):
        return replace(release, unprotected=())
    return Release(release.table, tuple(
        COMPLEMENTARY if ("now", *key) in new else state
        for key, state in zip(release.table.keys, release.states, strict=True)
    ))  # fmt: skip


def _no_closer(now: Exposure, before: Exposure | None) -> bool:
    slack = _EQUAL * max(abs(now.value), now.wanted_high - now.wanted_low)
    return before is not None and now.low <= before.low + slack and now.high >= before.high - slack


def _nodes(name: str, texts: NDArray[Any], depth: int) -> frozenset[str]:
    return frozenset(node for steps in ladders(name, map(str, texts), depth).values() for node in steps)


def _apart(old: pa.Table, new: pa.Table, depth: Mapping[str, int]) -> tuple[dict[str, float] | None, Floats]:
    """(industry → what prices multiply its figures by from old to new, None: nothing; the same for each row of old).

    Industries over several prices are not in it: their cells are no multiple of the old ones, and tied by their parts.
    """
    later = dict(zip(new["unit"].to_pylist(), new["scale"].to_pylist(), strict=True))
    own = zip(old["unit"].to_pylist(), old["scale"].to_pylist(), strict=True)
    ratio = np.array([later.get(unit, np.nan) / scale for unit, scale in own])
    known = np.isfinite(ratio)
    if np.allclose(ratio[known], 1.0, rtol=_EQUAL, atol=0):
        return None, np.ones(ratio.size)
    codes = [str(one) for one in old["industry"].to_pylist()]
    trees = ladders("industry", [*codes, *map(str, new["industry"].to_pylist())], depth.get("industry", 0))
    found: dict[str, float] = {}
    for node in {node for steps in trees.values() for node in steps}:
        inside = ratio[known & np.array([node in trees[code] for code in codes])]
        if inside.size and np.allclose(inside, inside[0], rtol=_EQUAL, atol=0):
            found[node] = float(inside[0])
    return found, np.array([found.get(trees[code][-1], 1.0) for code in codes])


def _terms(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for sign, element in re.findall(r"(?:^|\s)([+-]?)\s?(\S+)", text):
        found[element] = found.get(element, 0.0) + (-1.0 if sign == "-" else 1.0)
    return found


def _vector(name: str) -> dict[str, float]:
    """What a quantity is a sum of; a rate is no sum of anything."""
    return {name: 1.0} if _RATE in name else _terms(name.removeprefix(_SHARE))


def _rank(vectors: Sequence[Mapping[str, float]]) -> int:
    elements = sorted({element for one in vectors for element in one})
    return (
        int(np.linalg.matrix_rank(np.array([[one.get(name, 0.0) for name in elements] for one in vectors])))
        if vectors
        else 0
    )


def _names(definition: Definition) -> tuple[str, ...]:
    """Quantities of a definition, and of its parts."""
    top, below = _name(definition.numerator), _name(definition.denominator)
    own = {"share of units": (f"{_SHARE}{top}",), "mean of rates": (f"{top}{_RATE}{below}",)}.get(
        definition.form, (top, below)
    )
    return (*filter(None, own), *(name for part in definition.parts for name in _names(part.definition)))


def _name(terms: Sequence[Term]) -> str:
    return "".join((" + " if term.sign > 0 else " - ") + term.element for term in terms).removeprefix(" + ").strip()


def _sum(columns: Columns, terms: Sequence[Term]) -> Floats:
    total = np.zeros(columns["unit"].size)
    for term in terms:
        total = total + term.sign * columns[term.element]
    return total


def _inside(columns: Columns, population: Population) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = columns["level"] == population.level
    if population.above_scale is not None:
        inside = inside & (columns["above_scale"] == (1.0 if population.above_scale else 0.0))
    if population.industries:
        codes = columns["industry"].astype(str)
        inside = inside & np.logical_or.reduce([np.char.startswith(codes, one) for one in population.industries])
    if population.sample:
        inside = inside & ~np.isnan(columns["weight"])
    return inside
