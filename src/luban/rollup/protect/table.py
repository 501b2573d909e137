"""Tables of figures that add up along trees: regions, industries, sizes, and several tables that share cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from types import MappingProxyType
from typing import Any

import narwhals as nw
import numpy as np

from luban.core.errors import InputError
from luban.rollup.protect.rules import Rules, judge_cells
from luban.understand.quality.data import Floats, Ints

__all__ = ["ALL", "DEPTH", "UNKNOWN", "Key", "Sum", "Table", "columns", "ladder", "ladders", "link", "tabulate"]

Key = tuple[str, ...]
ALL = ""
"""The node over everything of a dimension that has no single root."""

DEPTH: Mapping[str, int] = MappingProxyType({"region": 1, "industry": 2})
"""How deep tables go unless something else is asked for."""

UNKNOWN = "-"
"""The node of units that a dimension is not known of: `-` below the root, `CN/-`, `C-`."""

_DIGITS = (2, 3, 4)


@dataclass(frozen=True, slots=True)
class Sum:
    """One line of a table: cell `total` is the sum of the cells `parts` (indexes), each times its factor; () = 1."""

    total: int
    parts: tuple[int, ...]
    factors: tuple[float, ...] = ()

    @property
    def signs(self) -> tuple[float, ...]:
        """What total and parts count in `parts - total = 0`, the total first."""
        return (-1.0, *(self.factors or (1.0,) * len(self.parts)))


@dataclass(frozen=True, slots=True)
class Table:
    """Cells, what stands behind them, and how they add up.

    dimensions  names of the parts of a key
    keys        one node for each dimension; "" = everything
    values      the true figures
    counts      units behind each, told to everybody [1]
    reasons     rules that a cell breaks; () = it may be told
    width       how far an estimate of a sensitive cell must stay off, on either side
    alone       the one unit behind a cell, "" where there are more: it knows this cell
    low, high   what everybody knows that a cell cannot lie beyond: 0 (-inf where figures may be negative) and inf, or
                one for each unit where a unit's figure is a share
    """

    name: str
    dimensions: tuple[str, ...]
    keys: tuple[Key, ...]
    values: Floats
    counts: Ints
    reasons: tuple[tuple[str, ...], ...]
    width: Floats
    alone: tuple[str, ...]
    low: Floats
    high: Floats
    sums: tuple[Sum, ...]

    def __len__(self) -> int:
        """Number of cells."""
        return len(self.keys)

    def index(self, key: Key) -> int:
        """Where a cell stands. Raises InputError if there is no such cell."""
        try:
            return self.keys.index(tuple(key))
        except ValueError:
            raise InputError("no such cell", came=" × ".join(key), where=self.name) from None

    @property
    def sensitive(self) -> Ints:
        """Indexes of the cells that break a rule."""
        return np.flatnonzero([bool(one) for one in self.reasons])


def ladder(name: str, value: str, depth: int) -> Key:
    """The nodes of a dimension from its root down to a unit, as deep as `luban.rollup.indicators` cuts it.

    region    steps of a path: `CN/31/3101` at 1 is ("CN", "CN/31"); what is not told is `CN/-`
    industry  digits of a code, with its section letter or without: `C3421` at 2 is ("", "C", "C34")
    others    ("", value)
    """
    if name == "region":
        parts = value.split("/")
        parts += [UNKNOWN] * (depth + 1 - len(parts))
        return tuple("/".join(parts[: step + 1]) for step in range(depth + 1))
    if name != "industry":
        return (ALL, value or UNKNOWN)[: depth + 1]
    letter = int(value[:1].isalpha())
    lengths = [1] * letter + [digits + letter for digits in _DIGITS if digits <= depth]
    short = sum(len(value) < length for length in lengths)
    known = [value[:length] for length in lengths[: len(lengths) - short]]
    return (ALL, *known, *(value + UNKNOWN * step for step in range(1, short + 1)))


def ladders(name: str, values: Iterable[str], depth: int) -> dict[str, Key]:
    """`ladder` of each value of a column, all under one root and of one length; "" is a node `-` below the root.

    Raises  InputError: industries with a section letter and without
    """
    texts = dict.fromkeys(values)
    found = {one: ladder(name, one, depth) for one in texts if one}
    if len({len(one) for one in found.values()}) > 1:
        raise InputError("codes of two kinds in one column", came=", ".join(sorted(found)[:3]), where=name,
                         expected="all with a section letter or all without")  # fmt: skip
    if len({one[0] for one in found.values()}) > 1:
        found = {text: (ALL, *one) for text, one in found.items()}
    if "" in texts:
        like = next(iter(found.values()), (ALL, UNKNOWN)[: depth + 1])
        found[""] = (like[0], *(UNKNOWN * step for step in range(1, len(like))))
    return found


def tabulate(
    frame: Any, element: str, *, by: Sequence[str] = ("region", "industry"), depth: Mapping[str, int] | None = None,
    rules: Rules | None = None, holder: str = "unit", name: str = "",
    ceiling: float = np.inf,
) -> Table:  # fmt: skip
    """All cells of an element along `by`, from the total down to `depth`, each judged by the rules.

    frame   one row a unit: `holder`, the columns of `by`, `element`; `weight` where it is a sample (else 1)
    depth   for each dimension: steps of a region's path, digits of an industry (1 and 2 by default); others 1
    holder  column of who is behind a row; rows of one holder count as one unit
    ceiling  everybody knows that no unit's figure is above this: 1 for shares
    Units whose figure is not known stand in no cell. Where one is negative, no hidden figure is known to be above zero.
    Raises  InputError: a column is missing, nothing is known
    """
    rules = rules or Rules()
    got = columns(frame, (holder, *by, element))
    value = got[element].astype(np.float64)
    known = np.isfinite(value)
    if not known.any():
        raise InputError("no figure is known", came=element, where=name or "table")
    value, weight = value[known], got["weight"][known]
    rules = replace(rules, signed=rules.signed or bool(value.min() < 0))
    who, holders = _codes(got[holder][known])
    depth = {**DEPTH, **(depth or {})}
    trees = [_rungs(one, got[one][known], depth.get(one, 1)) for one in by]
    parts = [
        _level(who, holders, value, weight, [rungs[step] for rungs, step in zip(trees, steps, strict=True)], rules)
        for steps in product(*(range(len(rungs)) for rungs in trees))
    ]
    return _joined(name or element, tuple(by), parts, trees, rules, ceiling)


def link(*tables: Table) -> Table:
    """Several tables as one: cells of the same key are the same cell, and every line of each holds.

    Raises  InputError: dimensions differ, or tables contradict each other in a cell
    """
    if len({one.dimensions for one in tables}) != 1:
        raise InputError("linked tables need the same dimensions", came=str([one.dimensions for one in tables]))
    at: dict[Key, int] = {}
    cells: list[tuple[Table, int]] = []
    lines: list[Sum] = []
    for table in tables:
        for here, key in enumerate(table.keys):
            if key not in at:
                at[key] = len(cells)
                cells.append((table, here))
                continue
            other, there = cells[at[key]]
            if not np.isclose(other.values[there], table.values[here], rtol=1e-9, atol=1e-9):
                raise InputError("linked tables contradict each other", came=f"{table.values[here]:g}",
                                 expected=f"{other.values[there]:g}", where=" × ".join(key))  # fmt: skip
        new = [at[key] for key in table.keys]
        lines += [replace(line, total=new[line.total], parts=tuple(new[part] for part in line.parts))
                  for line in table.sums]  # fmt: skip
    return Table(
        " + ".join(one.name for one in tables), tables[0].dimensions, tuple(at),
        np.array([one.values[here] for one, here in cells]), np.array([one.counts[here] for one, here in cells]),
        tuple(one.reasons[here] for one, here in cells), np.array([one.width[here] for one, here in cells]),
        tuple(one.alone[here] for one, here in cells), np.array([one.low[here] for one, here in cells]),
        np.array([one.high[here] for one, here in cells]),
        tuple(dict.fromkeys(lines)),
    )  # fmt: skip


# ---------------------------------------------------------------- from rows to cells


def columns(frame: Any, wanted: Sequence[str]) -> dict[str, np.ndarray]:
    """The columns of a frame as arrays, with `weight`. Raises InputError if one is missing.

    Where some weights are not known a sample lies in a census: every row counts once, as in `indicators`.
    """
    lazy = nw.from_native(frame).lazy()
    names = lazy.collect_schema().names()
    missing = [one for one in wanted if one not in names]
    if missing:
        raise InputError("a column is missing", came=", ".join(missing), expected=", ".join(names))
    take = list(dict.fromkeys((*wanted, *(["weight"] if "weight" in names else []))))
    rows = lazy.select(take).collect("pyarrow").sort(take)  # engines order rows as they like; sums must not differ
    got = {one: rows[one].to_numpy() for one in take}
    weight = got.get("weight", np.ones(len(rows))).astype(np.float64)
    return got | {"weight": np.ones(len(rows)) if np.isnan(weight).any() else weight}


def _codes(texts: np.ndarray) -> tuple[Ints, np.ndarray]:
    """Numbers in place of texts, and the texts in their order."""
    names, codes = np.unique(np.array(["" if one is None else str(one) for one in texts], dtype=object).astype(str),
                             return_inverse=True)  # fmt: skip
    return codes.astype(np.int64), names


_Cell = tuple[float, int, tuple[str, ...], float, str, float]
"""Value, units, reasons, width, who stands alone, units it stands for."""


@dataclass(frozen=True, slots=True)
class _Rung:
    """One level of a dimension: the node of each row, and the node above each node."""

    codes: Ints
    names: tuple[str, ...]
    above: Mapping[str, str]


def _rungs(name: str, texts: np.ndarray, depth: int) -> list[_Rung]:
    codes, names = _codes(texts)
    trees = ladders(name, map(str, names), depth)
    steps = [trees[str(one)] for one in names]
    rungs = []
    for level in range(len(steps[0])):
        nodes = sorted({one[level] for one in steps})
        here = {node: number for number, node in enumerate(nodes)}
        above = {one[level]: one[level - 1] for one in steps} if level else {}
        rungs.append(_Rung(np.array([here[one[level]] for one in steps])[codes], tuple(nodes), above))
    return rungs


def _level(
    who: Ints, holders: np.ndarray, value: Floats, weight: Floats, rungs: Sequence[_Rung], rules: Rules
) -> dict[Key, _Cell]:
    """The cells of one combination of levels."""
    code = np.zeros(who.size, dtype=np.int64)
    for rung in rungs:
        code = code * len(rung.names) + rung.codes
    found, groups = np.unique(code, return_inverse=True)
    pairs, member = np.unique(groups.astype(np.int64) * holders.size + who, return_inverse=True)
    signed = np.bincount(member, weights=value)
    grossed = np.bincount(member, weights=value * weight)
    group, sizes = pairs // holders.size, np.abs(signed)
    factor = np.divide(np.abs(grossed), sizes, out=np.ones(sizes.size), where=sizes > 0)
    judged = judge_cells(group, sizes, factor, found.size, rules)
    counts = np.bincount(group, minlength=found.size)
    totals = np.bincount(group, weights=grossed, minlength=found.size)
    stands = np.bincount(groups, weights=weight, minlength=found.size)
    alone = np.where(counts == 1, holders[pairs % holders.size][np.searchsorted(group, np.arange(found.size))], "")
    cells = {}
    for at, one in enumerate(found):
        key: list[str] = []
        rest = int(one)
        for rung in reversed(rungs):
            rest, node = divmod(rest, len(rung.names))
            key.append(rung.names[node])
        reasons = tuple(name for name, broken in judged.broken.items() if broken[at])
        cells[tuple(reversed(key))] = (
            float(totals[at]), int(counts[at]), reasons, float(judged.width[at]), str(alone[at]), float(stands[at]),
        )  # fmt: skip
    return cells


def _joined(
    name: str, by: Key, parts: Sequence[Mapping[Key, _Cell]],
    trees: Sequence[Sequence[_Rung]], rules: Rules, ceiling: float,
) -> Table:  # fmt: skip
    cells: dict[Key, _Cell] = {}
    for part in parts:
        cells |= part
    keys = tuple(cells)
    at = {key: number for number, key in enumerate(keys)}
    above = [{node: up for rung in rungs for node, up in rung.above.items()} for rungs in trees]
    lines: dict[tuple[int, int], list[int]] = {}
    for key, number in at.items():
        for dimension, ups in enumerate(above):
            if key[dimension] in ups:
                total = (*key[:dimension], ups[key[dimension]], *key[dimension + 1 :])
                lines.setdefault((at[total], dimension), []).append(number)
    rows = list(cells.values())
    high = np.array([ceiling * one[5] if np.isfinite(ceiling) else np.inf for one in rows])
    return Table(
        name, by, keys, np.array([one[0] for one in rows]), np.array([one[1] for one in rows]),
        tuple(one[2] for one in rows), np.array([one[3] for one in rows]), tuple(one[4] for one in rows),
        np.full(len(rows), -np.inf if rules.signed else 0.0), high,
        tuple(Sum(total, tuple(some)) for (total, _), some in lines.items()),
    )  # fmt: skip
