"""Two vintages of one table: what was told earlier, taken from what is told now, must not tell on who came or went.

Each cell of the later vintage is that of the earlier one plus a change. Behind the change stand only the units that
changed; where one that came or went is not hidden among the others' changes, the change is a sensitive cell like any
other, and the later vintage is withheld there (the earlier one is out and cannot be called back).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.rollup.protect.release import Release
from luban.rollup.protect.rules import Rules
from luban.rollup.protect.suppress import suppress
from luban.rollup.protect.table import DEPTH, Key, Sum, Table, columns, ladders

__all__ = ["Change", "Vintages", "changes", "since"]

_P = 15.0


@dataclass(frozen=True, slots=True)
class Change:
    """What changed in one cell.

    value    later less earlier
    units    units whose part in it changed
    reasons  () if who came or went is hidden among the others
    width    how far an estimate of the change must stay off
    alone    the one unit that changed, "" where there are more
    """

    value: float
    units: int
    reasons: tuple[str, ...]
    width: float
    alone: str


@dataclass(frozen=True, slots=True)
class Vintages:
    """The later vintage, protected together with the earlier one.

    release      the later table as it goes out
    joint        both tables and the changes between them as one table: what an attacker with both has
    differences  cells whose change would tell on a unit
    """

    release: Release
    joint: Release
    differences: tuple[Key, ...]


def changes(
    earlier: Any, later: Any, element: str, *, by: Sequence[str] = ("region", "industry"),
    depth: Mapping[str, int] | None = None, rules: Rules | None = None, holder: str = "unit",
) -> dict[Key, Change]:  # fmt: skip
    """What changed in which cell between two frames of `tabulate`'s form; cells without a change are not there."""
    rules = rules or Rules()
    share = (rules.p or _P) / 100
    before, after = (_by_cell(frame, element, by, depth, holder) for frame in (earlier, later))
    found = {}
    for key, now in after.items():
        was = before.get(key, now)
        moved = {who: now.get(who, 0.0) - was.get(who, 0.0) for who in dict.fromkeys((*was, *now))}
        moved = {who: step for who, step in moved.items() if step != 0}
        if not moved:
            continue
        crossed = sorted((abs(step) for who, step in moved.items() if (who in was) != (who in now)), reverse=True)
        sizes = sorted((abs(step) for step in moved.values()), reverse=True)
        width, reasons = 0.0, tuple[str, ...]()
        if crossed:
            others = sum(sizes) - crossed[0]
            sizes.remove(crossed[0])
            need = share * crossed[0] - (others - sizes[0] if sizes else 0.0)
            if len(moved) < rules.minimum:
                need = share * crossed[0]
            if need > 0:
                width, reasons = need, ("differencing",)
        alone = next(iter(moved)) if len(moved) == 1 else ""
        found[key] = Change(sum(moved.values()), len(moved), reasons, width, alone)
    return found


def since(earlier: Sequence[tuple[Release, Mapping[Key, Change]]], table: Table) -> Vintages:
    """Protect a table, others of the same figures being out: earlier vintages, or other populations and denominators.

    earlier  what is out, each with the `changes` from it to this table
    table    what is to go out, of the same dimensions
    Raises   InputError: the dimensions differ
    """
    keys: dict[Key, tuple[Table, int] | Change] = {}
    now: dict[Key, Key] = {}
    for number, (release, changed) in enumerate(earlier):
        if release.table.dimensions != table.dimensions:
            raise InputError("vintages need the same dimensions", came=str(table.dimensions),
                             expected=str(release.table.dimensions))  # fmt: skip
        here = set(release.table.keys)
        now |= {key: (f"was {number}", *key) for key in table.keys
                if key in here and key not in changed and key not in now}  # fmt: skip
    now |= {key: ("now", *key) for key in table.keys if key not in now}
    places: list[tuple[Table, Sequence[Key]]] = []
    for number, (release, _) in enumerate(earlier):
        places.append((release.table, [(f"was {number}", *key) for key in release.table.keys]))
    places.append((table, [now[key] for key in table.keys]))
    for one, names in places:
        keys |= {name: (one, at) for at, name in enumerate(names) if name not in keys}
    for number, (_, changed) in enumerate(earlier):
        keys |= {(f"change {number}", *key): one for key, one in changed.items()}
    at = {key: number for number, key in enumerate(keys)}
    lines = [_moved(line, [at[name] for name in names]) for one, names in places for line in one.sums]
    for number, (release, changed) in enumerate(earlier):
        lines += [Sum(at[now[key]], (at[(f"was {number}", *key)], at[(f"change {number}", *key)])) for key in changed]
        here = set(release.table.keys)
        lines += [Sum(at[now[key]], (at[(f"was {number}", *key)],)) for key in table.keys
                  if key in here and key not in changed and now[key] != (f"was {number}", *key)]  # fmt: skip
    joint = _joint(" + ".join(one.name for one, _ in places), ("vintage", *table.dimensions), keys,
                   tuple(dict.fromkeys(lines)))  # fmt: skip
    told = [(f"was {number}", *key) for number, (release, _) in enumerate(earlier) for key in release.table.keys
            if release.value(key) is not None]  # fmt: skip
    made = suppress(joint, opened=told, closed=[key for key in keys if key[0] != "now" and key not in set(told)])
    states = tuple(made.state(now[key]) for key in table.keys)
    lost = tuple(key for key in table.keys if now[key] in made.unprotected)
    differences = tuple(dict.fromkeys(key for _, changed in earlier for key, one in changed.items() if one.reasons))
    return Vintages(Release(table, states, lost), made, differences)


def _moved(line: Sum, to: Sequence[int]) -> Sum:
    return Sum(to[line.total], tuple(to[part] for part in line.parts))


def _joint(
    name: str, dimensions: Key, keys: Mapping[Key, tuple[Table, int] | Change], sums: tuple[Sum, ...]
) -> Table:  # fmt: skip
    rows = [
        (one.value, one.units, one.reasons, one.width, one.alone, -np.inf, np.inf)
        if isinstance(one, Change)
        else (one[0].values[one[1]], one[0].counts[one[1]], one[0].reasons[one[1]], one[0].width[one[1]],
              one[0].alone[one[1]], one[0].low[one[1]], one[0].high[one[1]])
        for one in keys.values()
    ]  # fmt: skip
    values, counts, reasons, width, alone, low, high = zip(*rows, strict=True)
    return Table(name, dimensions, tuple(keys), np.array(values), np.array(counts), tuple(reasons), np.array(width),
                 tuple(alone), np.array(low), np.array(high), sums)  # fmt: skip


def _by_cell(
    frame: Any, element: str, by: Sequence[str], depth: Mapping[str, int] | None, holder: str
) -> dict[Key, dict[str, float]]:
    """What each holder brings to each cell."""
    got = columns(frame, (holder, *by, element))
    depth = {**DEPTH, **(depth or {})}
    cells: dict[Key, dict[str, float]] = {}
    nodes: dict[Key, tuple[Key, ...]] = {}
    values = got[element].astype(np.float64) * got["weight"]
    known = np.isfinite(values)
    texts = [["" if one is None else str(one) for one in got[name][known]] for name in by]
    trees = [ladders(name, own, depth.get(name, 1)) for name, own in zip(by, texts, strict=True)]
    for who, value, *places in zip(got[holder][known], values[known], *texts, strict=True):
        place = tuple(places)
        if place not in nodes:
            nodes[place] = tuple(product(*(tree[one] for tree, one in zip(trees, place, strict=True))))
        for key in nodes[place]:
            inside = cells.setdefault(key, {})
            inside[str(who)] = inside.get(str(who), 0.0) + float(value)
    return cells
