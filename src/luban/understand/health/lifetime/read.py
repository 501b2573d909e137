"""Lives from a file, in the shapes in which people keep them.

- one life a row and a column that says whether it failed (1 or 0, failed or running, F or S, 失效, 고장)
- one life a row with a sign: `500+` or `>500` still runs, `<100` was found failed at its first look
- two columns: the last look in order and the first look failed; an empty second one still runs
- in each of these a count of units, a mode of failure, an age at entry
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from luban.core.errors import InputError, UnitError
from luban.core.units import convert
from luban.understand.health.lifetime.lives import Lives
from luban.understand.health.lifetime.words import READING
from luban.understand.quality.data import Excluded, Floats
from luban.understand.quality.read import Columns, read_columns
from luban.understand.quality.read.names import plain_name
from luban.understand.quality.read.numbers import decimal_comma, number_of

__all__ = ["read_lives", "read_times"]

_NO_LIFE, _ZERO, _NO_STATUS, _REVERSED, _BAD_COUNT, _BAD_ENTRY, _NO_NUMBER = READING

_ROLES: Mapping[str, frozenset[str]] = {
    "life": frozenset({
        "life", "lifetime", "life time", "time", "t", "hours", "age", "cycles", "distance", "km", "mileage", "ttf",
        "tbf",
        "time to failure", "failure time", "operating time", "running time", "operating hours", "running hours",
        "duration",
        "time between failures", "value", "寿命", "时间", "运行时间", "运行小时", "失效时间", "故障时间", "工作时间",
        "使用时间",
        "수명", "시간", "가동시간", "운전시간", "고장시간", "사용시간", "laufzeit", "lebensdauer",
    }),
    "status": frozenset({
        "status", "state", "event", "failed", "failure", "f s", "f or s", "state f s", "d", "delta", "observed",
        "outcome",
        "状态", "是否失效", "失效", "是否故障", "상태", "고장", "고장여부", "ausgefallen",
    }),
    "censored": frozenset({
        "censored", "censor", "cens", "suspended", "suspension", "right censored", "still running", "running",
        "删失", "截尾", "仍在运行", "관측중단", "중도절단", "중단", "zensiert",
    }),
    "low": frozenset({
        "low", "lower", "from", "left", "last inspected", "last ok", "last seen", "after", "since", "start", "l",
        "last good",
        "下限", "起", "上次检查", "하한", "부터", "마지막 정상", "von",
    }),
    "high": frozenset({
        "high", "upper", "to", "right", "before", "until", "first failed", "found failed", "end", "state end time",
        "r",
        "上限", "止", "发现失效", "상한", "까지", "고장 발견", "bis",
    }),
    "count": frozenset({
        "count", "n", "number", "quantity", "qty", "freq", "frequency", "number in state", "units", "weight", "数量",
        "台数",
        "件数", "수량", "개수", "대수", "anzahl",
    }),
    "mode": frozenset({
        "mode", "failure mode", "cause", "failure cause", "cause of failure", "reason", "失效模式", "故障模式",
        "原因", "失效原因",
        "고장모드", "고장 모드", "원인", "ausfallart",
    }),
    "entry": frozenset({
        "entry", "age at entry", "observed from", "truncated", "entry age", "进入时间", "起始年龄", "관측시작",
        "진입",
    }),
}  # fmt: skip

_FAILED = frozenset({
    "1", "f", "failed", "failure", "fail", "yes", "y", "true", "d", "dead", "x", "event", "exact", "broken", "down",
    "失效", "故障", "是", "已失效", "고장", "예", "파손", "ja",
})  # fmt: skip
_RUNNING = frozenset({
    "0", "s", "suspended", "suspension", "running", "censored", "right", "c", "no", "n", "false", "+", "alive", "ok",
    "survived", "in service", "good", "运行", "在用", "否", "未失效", "删失", "截尾", "정상", "운전", "아니오",
    "중단", "가동", "nein",
})  # fmt: skip
_FLIPPED = {
    "1": "0", "0": "1", "yes": "no", "no": "yes", "true": "false", "false": "true", "y": "n", "n": "y", "是": "否",
    "否": "是", "예": "아니오", "아니오": "예", "": "1", "x": "s",
}  # fmt: skip
_BEFORE = frozenset({"left", "l", "before", "左删失", "이전"})


@dataclass(frozen=True, slots=True)
class _Named:
    life: str = ""
    status: str = ""
    censored: str = ""
    low: str = ""
    high: str = ""
    count: str = ""
    mode: str = ""
    entry: str = ""


def read_lives(
    path: Path | str,
    *,
    life: str = "",
    status: str = "",
    low: str = "",
    high: str = "",
    count: str = "",
    mode: str = "",
    entry: str = "",
    sheet: str = "",
    unit: str = "",
    where: Mapping[str, str] | None = None,
) -> Lives:
    """Read lives from CSV, Excel or Parquet; columns that are not named are found by what they are called.

    Without a column that says which units failed, and without signs, all of them did.

    unit     convert to this one where the file names another
    where    only rows with that text in that column
    Raises   InputError: no column of lives, no row that can be used; UnitError: the units do not convert
    Example  read_lives("bearings.csv", mode="cause")
    """
    table = read_columns(path, sheet).only(where or {})
    given = {"life": life, "status": status, "low": low, "high": high, "count": count, "mode": mode, "entry": entry}
    named = _columns(table, {role: table.find(name) for role, name in given.items() if name})
    if not named.life and not (named.low and named.high):
        raise InputError(
            "no column of lives", came=", ".join(table.names), where=table.source,
            expected="a life, or a low and a high end",
            hint="name it with --life, or --low and --high",
        )  # fmt: skip
    main = named.life or named.high
    own = table.units.get(main, "")
    rows = _Rows(table, named)
    factor = _factor(own, unit, table.source)
    kept, excluded = rows.read()
    if not kept:
        first = f"{excluded[0].where}: {excluded[0].reason}" if excluded else "no row"
        raise InputError("no row can be used", came=first, where=table.source)
    ends = np.array([row[:4] for row in kept])
    modes = tuple(row[4] for row in kept) if named.mode else ()
    return Lives(
        ends[:, 0] * factor, ends[:, 1] * factor, ends[:, 2], ends[:, 3] * factor, modes, unit or own,
        main.split("[")[0].split("(")[0].strip(), tuple(excluded), table.source,
    )  # fmt: skip


def read_times(
    path: Path | str, *, life: str = "", count: str = "", sheet: str = ""
) -> tuple[Floats, Floats | None, str, str]:
    """Times of failures of one system, for reliability growth: (times, counts or None, unit, source).

    With a column of counts each row is a look: its time, and the failures since the look before.

    Raises   InputError: no column of times, a cell that is no number
    Example  times, counts, unit, source = read_times("prototype.csv")
    """
    table = read_columns(path, sheet)
    given = {role: table.find(name) for role, name in (("life", life), ("count", count)) if name}
    named = _columns(table, given)
    if not named.life:
        raise InputError(
            "no column of times", came=", ".join(table.names), where=table.source, hint="name it with --life"
        )
    read = {name: table.numbers(name) for name in filter(None, (named.life, named.count))}
    for one in read.values():
        if one.excluded:
            bad = next(iter(one.excluded.values()))
            raise InputError(bad.reason, came=bad.came, where=bad.where, expected="a number in every row")
    counts = read[named.count].values if named.count else None
    return read[named.life].values, counts, read[named.life].unit, table.source


def _columns(table: Columns, given: Mapping[str, str]) -> _Named:
    found = dict(given)
    for role, names in _ROLES.items():
        if role in found:
            continue
        hits = [one for one in table.names if plain_name(one) in names and one not in found.values()]
        if hits:
            found[role] = hits[0]
    if ("low" in found) != ("high" in found) and not given.keys() & {"low", "high"}:
        found.pop("low", None)
        found.pop("high", None)
    if "low" in found and "high" in found and "life" not in given:
        found.pop("life", None)
    elif "life" not in found and not {"low", "high"} <= found.keys():
        free = [one for one in table.names if one not in found.values() and table.numeric(one)]
        if len(free) == 1:
            found["life"] = free[0]
    if "status" not in found and "censored" not in found:
        words = _FAILED | _RUNNING | _BEFORE
        for name in table.names:  # a column that nobody named, in which every cell is a word such as F or S
            cells = {text.strip().casefold() for text in table.text(name)}
            if name not in found.values() and not table.numeric(name) and cells <= words and cells & _RUNNING:
                found["status"] = name
                break
    return _Named(**found)


def _factor(own: str, wanted: str, source: str) -> float:
    if not wanted or not own or wanted == own:
        return 1.0
    try:
        return convert(1.0, own, wanted)
    except UnitError as error:
        raise UnitError(error.message, came=error.came, expected=error.expected, where=source) from error


class _Rows:
    """Reads row after row of one table."""

    def __init__(self, table: Columns, named: _Named) -> None:
        self.table, self.named = table, named
        self.text = {name: table.text(name) for name in filter(None, _roles(named).values())}
        self.comma = {name: decimal_comma(table.cells[name], table.delimiter) for name in self.text}

    def read(self) -> tuple[list[tuple[float, float, float, float, str]], list[Excluded]]:
        kept: list[tuple[float, float, float, float, str]] = []
        excluded: list[Excluded] = []
        for row in range(len(self.table)):
            try:
                kept.append(self._row(row))
            except _BadCellError as bad:
                came = self.text[bad.column][row] if bad.column in self.text else ""
                excluded.append(Excluded(self.table.place(row, bad.column), bad.column, came, bad.reason))
        return kept, excluded

    def _row(self, row: int) -> tuple[float, float, float, float, str]:
        named = self.named
        low, high = self._ends(row) if named.low and named.high else self._signed(row)
        count = self._number(named.count, row) if named.count else 1.0
        if count is None or not count > 0:
            raise _BadCellError(named.count, _BAD_COUNT)
        entry = (self._number(named.entry, row) if named.entry else 0.0) or 0.0
        if entry < 0 or (entry > 0 and entry >= low):
            raise _BadCellError(named.entry, _BAD_ENTRY)
        return low, high, count, entry, self.text[named.mode][row].strip() if named.mode else ""

    def _ends(self, row: int) -> tuple[float, float]:
        named = self.named
        low, high = self._number(named.low, row) or 0.0, self._number(named.high, row)
        if high is None:
            high = math.inf
        status = self._status(row)
        if status == "running":
            low, high = (low if low > 0 or math.isinf(high) else high), math.inf
        if high <= 0 or (math.isinf(high) and low <= 0):
            raise _BadCellError(named.high, _NO_LIFE if math.isinf(high) else _ZERO)
        if low < 0 or low > high:
            raise _BadCellError(named.low, _REVERSED)
        return low, high

    def _signed(self, row: int) -> tuple[float, float]:
        name = self.named.life
        text = self.text[name][row].strip()
        sign = ""
        if text.endswith("+") or text[:1] in {">", "≥", "＞"}:
            sign = "running"
        elif text[:1] in {"<", "≤", "＜"}:
            sign = "before"
        bare = text.strip("+<>≤≥=＜＞ ") if sign else text
        number = self._parsed(name, bare if sign else self.table.cells[name][row])
        if number is None:
            raise _BadCellError(name, _NO_LIFE if not text else _NO_NUMBER)
        if not number > 0 or math.isinf(number):
            raise _BadCellError(name, _ZERO)
        status = sign or self._status(row)
        return {"running": (number, math.inf), "before": (0.0, number)}.get(status, (number, number))

    def _status(self, row: int) -> str:
        for column, flipped in ((self.named.status, False), (self.named.censored, True)):
            if not column:
                continue
            word = self.text[column][row].strip().casefold().removesuffix(".0")
            if word in _BEFORE:
                return "before"
            if flipped:
                word = _FLIPPED.get(word, word)
            if word in _FAILED:
                return "failed"
            if word in _RUNNING:
                return "running"
            raise _BadCellError(column, _NO_STATUS)
        return "failed"

    def _number(self, name: str, row: int) -> float | None:
        text = self.text[name][row].strip().casefold()
        if text in {"", "inf", "∞", "na", "nan", "-", "–"}:
            return None
        number = self._parsed(name, self.table.cells[name][row])
        if number is None:
            raise _BadCellError(name, _NO_NUMBER)
        return number

    def _parsed(self, name: str, cell: object) -> float | None:
        number, _, _ = number_of(cell, comma=self.comma[name])
        return number


class _BadCellError(Exception):
    """A cell that keeps its row out."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


def _roles(named: _Named) -> dict[str, str]:
    """Role → column."""
    return {role: getattr(named, role) for role in _Named.__slots__}
