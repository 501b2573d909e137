"""Plausibility of returns against a unit's own years and against units of its kind: robust, with powers of ten found.

Everything is on logarithms to the base of ten: an amount off by 10⁴ is off by 4, whatever its size. Medians and median
absolute deviations are not moved by the wrong values that they are to find (Huber & Ronchetti, Robust Statistics, 2nd
ed., 2009, ch. 5; 1.4826 makes the deviation that of a normal distribution).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from luban.norms.plans import TargetPlan
from luban.rollup.returns.amounts import SHIFTS
from luban.rollup.returns.batch import Batch
from luban.rollup.returns.findings import Finding

__all__ = ["Limits", "plausible"]

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

_ROBUST: Final = 1.4826


@dataclass(frozen=True, slots=True)
class Limits:
    """When something is told.

    far      robust standard deviations beyond which a value is far from what was expected
    factor   least factor of a jump: whatever the spread, less is not told
    near     how near a difference must be to a power of ten [decades]
    spread   widest spread of what a power of ten is read against [decades]: wider, and it cannot be told
    peers    least number of units of a kind
    """

    far: float = 6.0
    factor: float = 3.0
    near: float = 0.75
    spread: float = 0.6
    peers: int = 8


@dataclass(frozen=True, slots=True)
class _Expected:
    """Logarithms that were expected, their robust spread, how many they rest on; shape (n,) each, nan where not."""

    middle: Floats
    spread: Floats
    count: Ints
    against: str


def plausible(
    batch: Batch, plan: TargetPlan, *, history: Batch | None = None, limits: Limits | None = None
) -> Iterator[Finding]:
    """Amounts off by a power of ten, jumps, values apart from units of their kind, and returns repeated as they were.

    batch    with codes of industries as the present classification has them: kinds are by division
    history  what the units returned before, and units of their kind; of a unit without it, rows of the batch are
    """
    limits = limits or Limits()
    whole = _together(batch, history)
    fresh = np.arange(len(whole.units)) < len(batch)
    amounts = {
        name: _log(values) for name, values in whole.values.items() if plan.elements[name].kind not in ("rate", "flag")
    }
    own = {name: _own(logs, whole, fresh) for name, logs in amounts.items()}
    kind = _kinds(whole)
    apart = _apart(amounts, plan, whole, kind)
    shifted = dict(_shifts(amounts, own, apart, fresh, limits))
    yield from _told(shifted, amounts, plan, batch)
    for name, logs in amounts.items():
        taken = np.array([name in shifted.get(row, {}) for row in range(len(batch))], bool)
        sound = logs.copy()
        sound[: len(batch)][taken] = np.nan
        yield from _jumps(
            name, logs, _own(sound, whole, fresh) if taken.any() else own[name], kind, batch, taken, limits
        )
        yield from _far(name, logs, own[name], apart.get(name), batch, taken, limits)
    yield from _repeated(batch, whole)


def _log(values: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(values > 0, np.log10(np.where(values > 0, values, 1.0)), np.nan)


def _together(batch: Batch, history: Batch | None) -> Batch:
    """The batch with what is known of its units below it."""
    if history is None or not len(history):
        return batch
    fresh = set(zip(batch.units.tolist(), batch.years.tolist(), strict=True))
    known = [(unit, year) not in fresh
             for unit, year in zip(history.units.tolist(), history.years.tolist(), strict=True)]  # fmt: skip
    kept = np.flatnonzero(np.array(known, bool))
    nothing = np.full(len(history), np.nan)

    def joined(name: str) -> Floats:
        return np.concatenate([batch.values.get(name, np.full(len(batch), np.nan)),
                               history.values.get(name, nothing)[kept]])  # fmt: skip

    names = dict.fromkeys([*batch.values, *history.values])
    return Batch(
        np.concatenate([batch.units, history.units[kept]]), np.concatenate([batch.years, history.years[kept]]),
        {name: joined(name) for name in names},
        {name: np.concatenate([batch.column(name), history.column(name)[kept]]) for name in ("industry", "size")},
    )  # fmt: skip


def _groups(keys: npt.NDArray[Any]) -> Ints:
    """A number for each different key."""
    return np.unique(keys.astype(str), return_inverse=True)[1].reshape(-1).astype(np.int64)


def _kinds(whole: Batch) -> list[Ints]:
    """Groups of rows from the narrowest to the widest: division and size and year, division and year, year."""
    division = np.array([str(one or "")[:3] for one in whole.column("industry")], object)
    size = np.array([str(one or "") for one in whole.column("size")], object)
    year = whole.years.astype(str)
    keys = [[f"{d}|{s}|{y}" for d, s, y in zip(division, size, year, strict=True)],
            [f"{d}|{y}" for d, y in zip(division, year, strict=True)], year]  # fmt: skip
    return [_groups(np.array(one, object)) for one in keys]


def _medians(values: Floats, groups: Ints) -> tuple[Floats, Ints]:
    """Median of each row's group, without nan, and how many it rests on; shape (n,) each."""
    known = np.flatnonzero(np.isfinite(values))
    size = int(groups.max(initial=-1)) + 1
    middle, count = np.full(size, np.nan), np.zeros(size, np.int64)
    if len(known):
        order = known[np.lexsort((values[known], groups[known]))]
        sorted_groups, sorted_values = groups[order], values[order]
        first = np.flatnonzero(np.r_[True, np.diff(sorted_groups) > 0])
        many = np.diff(np.r_[first, len(order)])
        low, high = sorted_values[first + (many - 1) // 2], sorted_values[first + many // 2]
        middle[sorted_groups[first]], count[sorted_groups[first]] = (low + high) / 2, many
    return middle[groups], count[groups]


def _robust(values: Floats, kinds: list[Ints], peers: int) -> _Expected:
    """Median and spread of the narrowest group with enough members."""
    middle, spread = np.full(len(values), np.nan), np.full(len(values), np.nan)
    count = np.zeros(len(values), np.int64)
    for groups in kinds:
        here, many = _medians(values, groups)
        around, _ = _medians(np.abs(values - here), groups)
        take = np.isnan(middle) & (many >= peers)
        middle, spread = np.where(take, here, middle), np.where(take, _ROBUST * around, spread)
        count = np.where(take, many, count)
    return _Expected(middle, spread, count, "peers")


def _own(logs: Floats, whole: Batch, fresh: npt.NDArray[np.bool_]) -> _Expected:
    """Median of the unit's other years; the spread is that of all units' differences from theirs.

    Both are of the history where it knows them: what is to be judged does not widen what it is judged by.
    """
    order = np.lexsort((whole.years, whole.units.astype(str)))
    units = _groups(whole.units[order])
    first = np.flatnonzero(np.r_[True, np.diff(units) > 0]) if len(units) else np.zeros(0, np.int64)
    place = np.arange(len(order)) - np.repeat(first, np.diff(np.r_[first, len(order)]))
    wide = np.full((int(units.max(initial=-1)) + 1, int(place.max(initial=-1)) + 1), np.nan)
    wide[units, place] = logs[order]
    before = wide.copy()
    before[units[fresh[order]], place[fresh[order]]] = np.nan
    middle, count = np.full(len(logs), np.nan), np.zeros(len(logs), np.int64)
    for at in range(wide.shape[1]):
        rows = place == at
        others, earlier = (np.delete(one, at, 1)[units[rows]] for one in (wide, before))
        enough = ~fresh[order[rows]] | (np.isfinite(earlier).sum(1) >= 2)
        others = np.where(enough[:, None], earlier, others)
        known = np.isfinite(others).sum(1)
        several = known > 0
        found = np.full(len(others), np.nan)
        if several.any():
            centre = np.nanmedian(others[several], 1)
            agree = (
                np.nanmedian(np.abs(others[several] - centre[:, None]), 1) <= 1.0
            )  # else nobody knows which are right
            found[several] = np.where(agree, centre, np.nan)
        count[order[rows]] = np.where(np.isfinite(found), known, 0)
        middle[order[rows]] = found
    away = np.abs(logs - middle)
    if np.isfinite(away[~fresh]).any():
        away = away[~fresh]
    spread = _ROBUST * float(np.nanmedian(away)) if np.isfinite(away).any() else np.nan
    return _Expected(middle, np.full(len(logs), spread), count, "years")


def _apart(
    amounts: Mapping[str, Floats], plan: TargetPlan, whole: Batch, kinds: list[Ints]
) -> dict[str, tuple[Floats, Floats, Ints]]:  # fmt: skip
    """Element → (how far the row is from units of its kind and size [decades], spread, how many).

    How large a unit is shows in all its amounts; what is left over tells of one amount. Amounts of money are left out
    of that size where others are known: a unit that writes all its money in another unit of it shows against its staff.
    """
    away = {}
    for name, logs in amounts.items():
        found = _robust(logs, kinds, 8)
        away[name] = (logs - found.middle, found.count)
    plain = [name for name in away if not plan.elements[name].money]
    length = len(whole.units)
    found_apart = {}
    for name, (left, count) in away.items():
        others = [away[one][0] for one in plain if one != name] or [away[one][0] for one in away if one != name]
        if not others:
            continue
        stack = np.vstack(others)
        level = np.zeros(length)
        some = np.isfinite(stack).any(0)
        level[some] = np.nanmedian(stack[:, some], 0)
        rest = np.where(some, left - level, np.nan)
        sized, plainly = _robust(rest, kinds, 8), _robust(left, kinds, 8)
        # what does not grow with the size of a unit is compared as it is
        grows = not _middle(sized.spread) > _middle(plainly.spread)
        value, spread = (rest, sized) if grows else (left, plainly)
        found_apart[name] = (value - spread.middle, np.maximum(spread.spread, 0.05), np.where(some, count, 0))
    return found_apart


def _middle(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else np.nan


def _shifts(
    amounts: Mapping[str, Floats], own: Mapping[str, _Expected], apart: Mapping[str, tuple[Floats, Floats, Ints]],
    fresh: npt.NDArray[np.bool_], limits: Limits,
) -> Iterator[tuple[int, dict[str, tuple[int, str]]]]:  # fmt: skip
    """(row, element → (power of ten, against what)) of rows of the batch."""
    found: dict[int, dict[str, tuple[int, str]]] = {}
    for name, logs in amounts.items():
        years = own[name]
        by_year = _power(logs - years.middle, years.spread, limits)
        far, spread, _ = apart.get(name, (np.full(len(logs), np.nan),) * 3)
        by_peers = _power(far, spread, limits)
        # one other year does not say which of the two is wrong: units of its kind must say so, or know nothing
        sure = (years.count >= 2) | (by_peers == by_year) | ~np.isfinite(far)
        # a unit that is off in all its years agrees with itself: then the difference must be near to the power
        with np.errstate(invalid="ignore"):
            surely = (np.abs(by_peers) > 3) & (np.abs(far - by_peers) <= limits.near / 2)
        alone = np.where((years.count == 0) | surely, by_peers, 0)
        power = np.where(by_year != 0, np.where(sure, by_year, 0), alone)
        for row in np.flatnonzero(fresh & (power != 0)):
            against = "years" if by_year[row] else "peers"
            found.setdefault(int(row), {})[name] = (int(power[row]), against)
    yield from found.items()


def _power(away: Floats, spread: Floats, limits: Limits) -> Ints:
    """Power of ten that a difference shows; 0 for none."""
    power = np.zeros(len(away), np.int64)
    with np.errstate(invalid="ignore"):
        usable = np.isfinite(away) & (spread <= limits.spread)
        near = np.minimum(limits.near, np.maximum(limits.far * spread, 0.3))
        for size in SHIFTS:
            for sign in (1, -1):
                here = usable & (np.abs(away - sign * size) <= near) & (np.abs(away) > limits.far * spread)
                nearer = here & ((power == 0) | (np.abs(away - sign * size) < np.abs(away - power)))
                power = np.where(nearer, sign * size, power)
    return power


def _told(
    shifted: Mapping[int, Mapping[str, tuple[int, str]]], amounts: Mapping[str, Floats], plan: TargetPlan, batch: Batch
) -> Iterator[Finding]:
    for row, by_element in shifted.items():
        money = [name for name in amounts if plan.elements[name].money and np.isfinite(amounts[name][row])]
        powers = {by_element[name][0] for name in money if name in by_element}
        every = len(powers) == 1 and len(money) > 1 and all(name in by_element for name in money)
        for name, (power, against) in by_element.items():
            more: dict[str, Any] = {"power": power, "against": against}
            if every and plan.elements[name].money:
                more["all_money"] = True
            value = float(batch.values[name][row])
            yield Finding("shift", "doubt", batch.units[row], int(batch.years[row]), name, value,
                          f"{value / 10.0**power:.6g} {plan.elements[name].unit}", batch.place(row, name), "",
                          more)  # fmt: skip


def _jumps(
    name: str, logs: Floats, own: _Expected, kinds: list[Ints], batch: Batch, taken: npt.NDArray[np.bool_],
    limits: Limits,
) -> Iterator[Finding]:  # fmt: skip
    """Values far from the unit's other years, by more than units of its kind moved."""
    moved = logs - own.middle
    peers = _robust(moved, kinds, limits.peers)
    middle = np.where(np.isfinite(peers.middle), peers.middle, 0.0)
    spread = np.maximum(np.where(np.isfinite(peers.spread), peers.spread, own.spread), 0.02)
    with np.errstate(invalid="ignore"):
        far = (np.abs(moved - middle) > limits.far * spread) & (np.abs(moved - middle) > np.log10(limits.factor))
    for row in np.flatnonzero(far[: len(batch)] & ~taken):
        before = 10.0 ** (own.middle[row] + middle[row])
        more = {"factor": float(10.0 ** (moved[row] - middle[row])), "expected_value": float(before)}
        yield Finding("jump", "note", batch.units[row], int(batch.years[row]), name, float(batch.values[name][row]),
                      f"{before:.6g}", batch.place(int(row), name), "", more)  # fmt: skip


def _far(
    name: str,
    logs: Floats,
    own: _Expected,
    apart: tuple[Floats, Floats, Ints] | None,
    batch: Batch,
    taken: npt.NDArray[np.bool_],
    limits: Limits,
) -> Iterator[Finding]:
    """Values far from those of units of the same kind and size, unless the unit's other years are like them."""
    if apart is None:
        return
    away, spread, count = (one[: len(batch)] for one in apart)
    with np.errstate(invalid="ignore"):
        vouched = np.abs(logs - own.middle)[: len(batch)] <= np.log10(limits.factor)  # so it was in other years
        far = (np.abs(away) > limits.far * spread) & (np.abs(away) > np.log10(limits.factor)) & (count >= limits.peers)
        far &= ~vouched
    for row in np.flatnonzero(far & ~taken):
        value = float(batch.values[name][row])
        more = {"factor": float(10.0 ** away[row]), "expected_value": float(value / 10.0 ** away[row]),
                "peers": int(count[row])}  # fmt: skip
        yield Finding("apart", "note", batch.units[row], int(batch.years[row]), name, value,
                      f"{more['expected_value']:.6g}", batch.place(int(row), name), "", more)  # fmt: skip


def _repeated(batch: Batch, whole: Batch) -> Iterator[Finding]:
    """Returns of a year that say in three or more amounts what the year before said, to the last digit."""
    at = {(unit, int(year)): row for row, (unit, year) in enumerate(zip(whole.units, whole.years, strict=True))}
    table = np.vstack(list(whole.values.values())) if whole.values else np.zeros((0, len(whole.units)))
    for row in range(len(batch)):
        before = at.get((batch.units[row], int(batch.years[row]) - 1))
        if before is None:
            continue
        here, there = table[:, row], table[:, before]
        both = np.isfinite(here) & np.isfinite(there) & (here != 0)
        if both.sum() >= 3 and bool((here[both] == there[both]).all()):
            yield Finding("repeated", "note", batch.units[row], int(batch.years[row]), "", None,
                          f"{int(both.sum())} amounts as in {int(batch.years[row]) - 1}", batch.place(row, ""), "",
                          {"amounts": int(both.sum())})  # fmt: skip
