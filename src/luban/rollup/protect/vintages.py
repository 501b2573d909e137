"""Two vintages of one table: what was told earlier, taken from what is told now, must not tell on who came or went.

Each cell of the later vintage is that of the earlier one plus a change. Behind the change stand only the units that
changed; where one that came or went is not hidden among the others' changes, the change is a sensitive cell like any
other, and the later vintage is withheld there (the earlier one is out and cannot be called back).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.rollup.protect.release import Release
from luban.rollup.protect.rules import Rules, width_share
from luban.rollup.protect.suppress import suppress
from luban.rollup.protect.table import DEPTH, Key, Sum, Table, columns, ladders

__all__ = ["Change", "Vintages", "changes", "since"]

_EQUAL = 1e-9


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
    """What changed in which cell between two frames of `tabulate`'s form; cells without a change are not there.

    Who came, who left and whose figure changed nearly wholly must not be told by the difference; where a zero is an
    answer (yes or no, rates), nobody whose answer changed, and a zero that came or left is a change.
    """
    rules = rules or Rules()
    before, after = (_by_cell(frame, element, by, depth, holder) for frame in (earlier, later))
    sizes = (abs(one) for cell in (*before.values(), *after.values()) for one in cell.values())
    usual = 0.0 if rules.zeros else max(sizes, default=0.0) or 1.0
    found = {}
    for key, now in after.items():
        was = before.get(key, now)
        ends = {who: (was.get(who, 0.0), now.get(who, 0.0)) for who in dict.fromkeys((*was, *now))}
        moved = {who: two for who, two in ends.items() if abs(two[1] - two[0]) > _EQUAL * max(map(abs, two))
                 or (not rules.zeros and (who in was) != (who in now))}  # fmt: skip
        if moved:
            crossed = {
                who
                for who, two in moved.items()
                if not rules.zeros or (who in was) != (who in now) or _wholly(two, width_share(rules))
            }
            found[key] = _change(moved, crossed, rules, usual)
    return found


def _wholly(two: tuple[float, float], share: float) -> bool:
    """A change so large that it tells what there was, or what there is now."""
    small, large = sorted(map(abs, two))
    return two[0] * two[1] <= 0 or small <= share * large


def _change(
    moved: Mapping[str, tuple[float, float]], crossed: Collection[str], rules: Rules, usual: float
) -> Change:  # fmt: skip
    steps = {who: now - was for who, (was, now) in moved.items()}
    width, reasons = 0.0, tuple[str, ...]()
    if crossed:
        share, sizes = width_share(rules), sorted(map(abs, steps.values()), reverse=True)
        largest = max(abs(steps[who]) for who in crossed)
        sizes.remove(largest)
        need = share * largest - (sum(sizes) - max(sizes)) if sizes and (rules.zeros or rules.p) else 0.0
        if len(moved) < rules.minimum:
            need = share * max(largest, usual)
        if need > 0:
            width, reasons = need, ("differencing",)
    return Change(sum(steps.values()), len(moved), reasons, width, next(iter(moved)) if len(moved) == 1 else "")


def since(
    earlier: Sequence[tuple[Release, Mapping[Key, Change]]], table: Table, *,
    between: Mapping[tuple[int, int], Mapping[Key, Change]] | None = None,
    scales: Mapping[tuple[int, int], Mapping[Key, float]] | None = None, closed: Iterable[Key] = (),
) -> Vintages:  # fmt: skip
    """Protect a table, others of the same figures being out: earlier vintages, or other populations and denominators.

    earlier  what is out, each with the `changes` from it to this table
    table    what is to go out, of the same dimensions
    between  (i, j) → the `changes` from the i-th to the j-th of those that are out, i < j
    scales   (i, j) → cells in which the j-th (the table itself being the last) is the i-th times a factor, and the
             changes: prices of another year. Without it one times, in every cell
    closed   cells of the table that are withheld in any case
    Raises   InputError: the dimensions differ
    """
    tables = [*(release.table for release, _ in earlier), table]
    if other := next((one for one in tables if one.dimensions != table.dimensions), None):
        raise InputError("vintages need the same dimensions", came=str(table.dimensions),
                         expected=str(other.dimensions))  # fmt: skip
    last = len(earlier)
    pairs = {(number, last): changed for number, (_, changed) in enumerate(earlier)} | dict(between or {})
    scales = scales or {}
    here = [set(one.keys) for one in tables]
    names: list[dict[Key, Key]] = []
    for j, one in enumerate(tables):
        same = [(i, changed) for (i, to), changed in sorted(pairs.items(), key=lambda pair: pair[0])
                if to == j and (i, to) not in scales]  # fmt: skip
        own = "now" if j == last else f"was {j}"
        names.append({
            key: next((names[i][key] for i, changed in same if key in here[i] and key not in changed), (own, *key))
            for key in one.keys
        })  # fmt: skip
    keys: dict[Key, tuple[Table, int] | Change] = {}
    for one, called in zip(tables, names, strict=True):
        for number, key in enumerate(one.keys):
            keys.setdefault(called[key], (one, number))
    ties: list[tuple[Key, tuple[Key, ...], tuple[float, ...]]] = []
    for (i, j), changed in pairs.items():
        for key in tables[j].keys:
            factor = scales.get((i, j), {key: 1.0}).get(key)
            if key not in here[i] or factor is None:
                continue
            if key in changed:
                keys[f"change {i} {j}", *key] = changed[key]
                ties.append((names[j][key], (names[i][key], (f"change {i} {j}", *key)), (factor, 1.0)))
            elif names[j][key] != names[i][key]:
                ties.append((names[j][key], (names[i][key],), (factor,)))
    at = {key: number for number, key in enumerate(keys)}
    lines = [
        replace(line, total=at[called[one.keys[line.total]]],
                parts=tuple(at[called[one.keys[part]]] for part in line.parts))
        for one, called in zip(tables, names, strict=True) for line in one.sums
    ]  # fmt: skip
    lines += [Sum(at[total], tuple(at[part] for part in parts), factors) for total, parts, factors in ties]
    joint = _joint(" + ".join(one.name for one in tables), ("vintage", *table.dimensions), keys,
                   tuple(dict.fromkeys(lines)))  # fmt: skip
    told = {names[number][key] for number, (release, _) in enumerate(earlier) for key in release.table.keys
            if release.value(key) is not None}  # fmt: skip
    hidden = {key for key in keys if key[0] != "now"} | {names[last][key] for key in closed}
    made = suppress(joint, opened=told, closed=hidden - told)
    states = tuple(made.state(names[last][key]) for key in table.keys)
    lost = tuple(key for key in table.keys if names[last][key] in made.unprotected)
    differences = tuple(dict.fromkeys(key for _, changed in earlier for key, one in changed.items() if one.reasons))
    return Vintages(Release(table, states, lost), made, differences)


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
