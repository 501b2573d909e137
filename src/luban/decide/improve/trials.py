"""Runs of an experiment as they were made: settings and responses, read from a table of any sane shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.decide.improve.design import Factor
from luban.understand.quality.data import Excluded, Floats, Ints
from luban.understand.quality.read import Columns, read_columns
from luban.understand.quality.read.names import split_unit

__all__ = ["Trials", "read_trials"]

_ORDER = {"order", "run order", "runorder", "ord", "sequence"}
_NOT_FACTORS = _ORDER | {"run", "no", "no.", "nr", "std", "std order", "stdorder", "standard order", "row", "trial",
                         "rep", "replicate", "operator", "comment", "note", "remark"}  # fmt: skip
_WHEN = {"date", "time", "start", "end", "timestamp"}  # book-keeping where they hold no numbers
_BLOCK = {"block", "blocks", "blk"}
_RESPONSES = {"y", "response", "result", "yield", "value", "measured", "output"}


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """What was set and what came of it.

    factors    with the ranges that code them
    settings   coded, shape (n, k); the index of the level for a factor with more than two named ones
    responses  by name, shape (n,); nan where a run has none
    units      of the responses; "" where the source names none
    order      place of each run in time, shape (n,); None if nobody said it
    block      of each run; None if there is one only
    places     of each run in the source
    excluded   rows that could not be used, with the reason
    ignored    columns that are neither
    """

    factors: tuple[Factor, ...]
    settings: Floats
    responses: Mapping[str, Floats]
    units: Mapping[str, str]
    order: Ints | None = None
    block: Ints | None = None
    places: tuple[str, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    source: str = ""
    ignored: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Number of runs."""
        return len(self.settings)

    def data(self, rows: Any = None) -> dict[str, Any]:
        """Coded settings by factor, and `block` where there are several, as a fit takes them."""
        taken = self.settings if rows is None else self.settings[rows]
        columns: dict[str, Any] = {}
        for j, factor in enumerate(self.factors):
            column = taken[:, j]
            many = len(factor.levels) > 2
            columns[factor.name] = np.array([str(factor.natural(v)) for v in column]) if many else column
        if self.block is not None:
            numbers = self.block if rows is None else self.block[rows]
            columns["block"] = np.array([f"{b}" for b in numbers])
        return columns

    def usable(self, response: str) -> tuple[Ints, tuple[Excluded, ...]]:
        """Runs with a number for the response, and the others with the reason."""
        if response not in self.responses:
            raise InputError("there is no such response", came=response, expected=", ".join(self.responses))
        known = np.isfinite(self.responses[response])
        gone = tuple(Excluded(self.places[i] if self.places else f"run {i + 1}", response, "", "no result yet")
                     for i in np.flatnonzero(~known))  # fmt: skip
        return np.flatnonzero(known), gone


def _plain(name: str) -> str:
    """The name of a column without its unit; what stands in round brackets is kept unless it is a known unit."""
    short, unit = split_unit(name)
    return short if unit else name.partition("[")[0].strip() or name


def _roles(
    table: Columns, factors: Sequence[str], responses: Sequence[str]
) -> tuple[list[str], list[str], str | None, str | None]:
    """Columns of the factors and the responses, of the order and of the block."""
    order = next((n for n in table.names if _plain(n).casefold() in _ORDER), None)
    block = next((n for n in table.names if _plain(n).casefold() in _BLOCK), None)
    results = [table.find(name) for name in responses]
    settings = [table.find(name) for name in factors]
    free = [n for n in table.names if n not in results + settings and not _keeps_books(table, n)]
    if not results:
        results = [n for n in free if _is_response(_plain(n))] or free[-1:]
    if not settings:
        settings = _set(table, [n for n in free if n not in results])
    if not settings or not results:
        raise InputError("factors and responses cannot be told apart", came=", ".join(table.names), where=table.source,
                         hint="name the responses, and the factors if need be")  # fmt: skip
    return settings, results, order, block


def _set(table: Columns, free: list[str]) -> list[str]:
    """Columns that were set: not those that never change, nor numbers that differ in most runs where others do not."""
    half = max(len(table) / 2, 4)
    steps = {n: len(set(table.text(n))) for n in free}
    varied = [n for n in free if len({t for t in table.text(n) if t}) > 1]
    stepped = [n for n in varied if not table.numeric(n) or steps[n] <= half]
    return stepped or varied or free


def _keeps_books(table: Columns, column: str) -> bool:
    word = _plain(column).casefold()
    return word in _NOT_FACTORS | _BLOCK or (word in _WHEN and not table.numeric(column))


def _is_response(name: str) -> bool:
    word = name.casefold()
    return word in _RESPONSES or (word[:1] == "y" and word[1:].isdigit())


def _factor(table: Columns, column: str, given: Mapping[str, Factor]) -> tuple[Factor, list[float | None]]:
    """A factor with its range, and the coded setting of each row; None where the cell does not say it."""
    name = _plain(column)
    known = given.get(name) or given.get(column)
    if known.numeric if known else table.numeric(column):
        numbers = table.numbers(column)
        values = numbers.values
        factor = known or Factor(name, *_range(values, name), numbers.unit or table.units.get(column, ""))
        return factor, [None if not np.isfinite(v) else factor.coded(v) for v in values]
    texts = table.text(column)
    factor = known or Factor(name, levels=tuple(dict.fromkeys(t for t in texts if t)))
    return factor, [factor.coded(t) if t in factor.levels else None for t in texts]


def _range(values: Floats, name: str) -> tuple[float, float]:
    """Low and high: -1 and 1 where the column is coded already, else its ends."""
    known = values[np.isfinite(values)]
    if not len(known) or float(np.ptp(known)) == 0:
        raise InputError("a factor has the same setting in every run", came=f"{known[0]:g}" if len(known) else "none",
                         where=name, hint="it cannot be judged; leave it out")  # fmt: skip
    if -1.0 in known and 1.0 in known and float(np.abs(known).max()) <= 2.5 and abs(float(known.sum())) < 1e-6:
        return -1.0, 1.0
    return float(known.min()), float(known.max())


def _whole_block(table: Columns, block: str | None) -> list[int] | None:
    if block is None:
        return None
    texts = table.text(block)
    names = list(dict.fromkeys(texts))
    return [names.index(t) + 1 for t in texts] if len(names) > 1 else None


def read_trials(
    path: Path | str | Columns, *, responses: Sequence[str] = (), factors: Sequence[str | Factor] = (), sheet: str = "",
    mixture: bool = False,
) -> Trials:  # fmt: skip
    """The runs of a table: a column for each factor and response, a row for each run.

    responses  their columns; those called y, response, result, …, else the last one
    factors    their columns, or factors with ranges and levels; all other columns but book-keeping (run, order, …),
               those that never change, and numbers that differ in most runs while others have steps (measured, not set)
    mixture    the numeric factors are shares that sum to one
    Raises     InputError where no run can be used, or factors and responses cannot be told apart
    """
    table = path if isinstance(path, Columns) else read_columns(path, sheet)
    given = {f.name: f for f in factors if isinstance(f, Factor)}
    names = [f.name if isinstance(f, Factor) else f for f in factors]
    settings, results, order, block = _roles(table, names, responses)
    read = [_factor(table, column, given) for column in settings]
    excluded: list[Excluded] = []
    kept: list[int] = []
    for row in range(len(table)):
        bad = next((j for j, (_, coded) in enumerate(read) if coded[row] is None), None)
        if bad is None:
            kept.append(row)
            continue
        came = table.text(settings[bad])[row]
        reason = "no setting" if not came else "not a number" if read[bad][0].numeric else "no such level"
        excluded.append(Excluded(table.place(row, settings[bad]), settings[bad], came, reason))
    if not kept:
        raise InputError("no run has all its settings", came=", ".join(settings), where=table.source)
    chosen = tuple(f for f, _ in read)
    if len({f.name for f in chosen}) < len(chosen):  # the same name with two units
        chosen = tuple(replace(f, name=column) for f, column in zip(chosen, settings, strict=True))
    if mixture:
        chosen = tuple(Factor(f.name, 0.0, 1.0, f.unit, (), True) for f in chosen)
    coded = np.array([[coded[row] for _, coded in read] for row in kept], np.float64)
    if mixture:
        coded = np.array([[float(table.numbers(c).values[row]) for c in settings] for row in kept])
        _shares(coded, chosen, table)
    found, units = _responses(table, results, kept, excluded)
    numbers = _whole_block(table, block)
    places = tuple(table.place(row) for row in kept)
    taken = {*settings, *results, order, block}
    ignored = tuple(n for n in table.names if n not in taken and not _keeps_books(table, n))
    return Trials(chosen, coded, found, units, _order(table, order, kept),
                  None if numbers is None else np.array([numbers[row] for row in kept]), places, tuple(excluded),
                  table.source, ignored)  # fmt: skip


def _shares(coded: Floats, chosen: Sequence[Factor], table: Columns) -> None:
    if not bool(np.isfinite(coded).all()):
        raise InputError("a share of a mixture is not a number", where=table.source)
    away = np.abs(coded.sum(axis=1) - 1)
    if bool((away > 0.005).any()):
        row = int(np.argmax(away))
        raise InputError("the shares of a mixture do not sum to one", came=f"{coded[row].sum():g}",
                         where=f"{table.source}, row {row + 1}: {', '.join(f.name for f in chosen)}")  # fmt: skip


def _responses(
    table: Columns, results: Sequence[str], kept: Sequence[int], excluded: list[Excluded]
) -> tuple[dict[str, Floats], dict[str, str]]:
    found, units = {}, {}
    for column in results:
        numbers = table.numbers(column)
        name = _plain(column) if _plain(column) not in found else column
        found[name] = numbers.values[list(kept)]
        units[name] = numbers.unit or table.units.get(column, "")
        excluded += [numbers.excluded[row] for row in kept if row in numbers.excluded and numbers.excluded[row].came]
    if not any(np.isfinite(v).any() for v in found.values()):
        raise InputError("no run has a result yet", came=", ".join(results), where=table.source,
                         hint="fill in the responses, then analyse")  # fmt: skip
    return found, units


def _order(table: Columns, order: str | None, kept: Sequence[int]) -> Ints | None:
    if order is None:
        return None
    values = table.numbers(order).values[list(kept)]
    fits = bool(np.isfinite(values).all() and (np.abs(values) < 2**53).all())
    return values.astype(np.int64) if fits else None
