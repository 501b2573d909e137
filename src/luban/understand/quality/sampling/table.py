"""Lots out of a table that a person brings: one row a lot, by supplier and item, judged and switched in their order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from luban.core.errors import InputError, LubanError
from luban.norms.sampling import SEVERITIES
from luban.understand.book import Entry
from luban.understand.quality.data import Excluded
from luban.understand.quality.read import Columns
from luban.understand.quality.sampling.desk import KIND, Account, Terms, after_entry

__all__ = ["COLUMNS", "LotTable", "lots_of"]

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "lot": ("lot", "lot number", "batch", "批号", "批次", "로트", "로트번호"),
    "size": ("size", "lot size", "pieces", "quantity", "批量", "数量", "로트크기", "수량"),
    "found": ("found", "nonconforming", "defectives", "defects", "不合格数", "不良数", "부적합수", "불량수"),
    "supplier": ("supplier", "vendor", "供应商", "공급업체", "공급자"),
    "item": ("item", "part", "material", "物料", "零件", "품목", "부품"),
    "severity": ("severity", "inspection", "检验严格度", "검사엄격도"),
    "again": ("again", "resubmitted", "再提交", "재제출"),
}
"""What a column may be called; the first three are needed."""
_MOST = 1e12
_NEEDED = ("lot", "size", "found")
_YES = frozenset({"1", "yes", "y", "true", "x", "是", "예"})


@dataclass(frozen=True, slots=True)
class LotTable:
    """Lots of a table.

    accounts  by supplier and item, in the order in which they first come
    used      rows used
    excluded  rows that could not be used, with the reason
    source    file they came from
    """

    accounts: tuple[Account, ...]
    used: int
    excluded: tuple[Excluded, ...]
    source: str

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {
            "source": self.source, "used": self.used, "excluded": [one.as_dict() for one in self.excluded],
            "accounts": [one.as_dict() for one in self.accounts],
        }  # fmt: skip


def lots_of(
    columns: Columns, terms: Terms, *, permit: bool = False, names: Mapping[str, str] | None = None
) -> LotTable:
    """Judge the lots of a table, the first row the oldest, and switch inspection as the rules ask for.

    terms    AQL, level and kind for all of them
    permit   reduced inspection is wished for
    names    column of each of COLUMNS where it is called otherwise, e.g. {"found": "bad"}
    Raises   InputError: a needed column is missing, no row could be used
    The samples of double and multiple sampling stand in one cell, joined by +: `1+0`.
    """
    where = {key: _column(columns, key, dict(names or {})) for key in COLUMNS}
    told = {key: columns.text(name) for key, name in where.items() if name}
    accounts: dict[tuple[str, str], Account] = {}
    excluded: list[Excluded] = []
    used = 0
    for row in range(len(columns)):
        cells = {key: texts[row].strip() for key, texts in told.items()}
        if not any(cells.values()):
            continue
        supplier, item = cells.get("supplier") or columns.file, cells.get("item") or "–"
        now = accounts.get((supplier, item)) or _opened(supplier, item, terms, permit=permit)
        try:
            data = _data(cells, terms, f"row {columns.lines[row]}")
            accounts[supplier, item] = after_entry(now, Entry(row + 1, 0, 0, KIND, "lot", "", "", "", data))
            used += 1
        except _CellError as error:
            name = where[error.key]
            excluded.append(Excluded(columns.place(row, name), name, cells[error.key], str(error)))
        except LubanError as error:
            reason = f"{error.message}: {error.came}" if error.came else error.message
            excluded.append(Excluded(columns.place(row), where["lot"], cells["lot"], reason))
    if not used:
        reason = excluded[0].reason if excluded else "no rows"
        raise InputError("no lot could be judged", came=reason, where=columns.source)
    return LotTable(tuple(accounts.values()), used, tuple(excluded), columns.source)


def _opened(supplier: str, item: str, terms: Terms, *, permit: bool) -> Account:
    data = {"aql": terms.aql, "level": terms.level, "kind": terms.kind, "permit": permit}
    return after_entry(Account(supplier, item, None, None), Entry(0, 0, 0, KIND, "agree", "", "", "", data))


def _column(columns: Columns, key: str, names: Mapping[str, str]) -> str:
    if key in names:
        return columns.find(names[key])
    for name in COLUMNS[key]:
        for one in columns.names:
            if re.sub(r"[\s_]+", " ", one.strip().casefold()) == name:
                return one
    if key in _NEEDED:
        hint = f"say which one it is: {key}=NAME"
        raise InputError(
            f"no column {key}", came=", ".join(columns.names), expected=" or ".join(COLUMNS[key][:4]),
            where=columns.source, hint=hint,
        )  # fmt: skip
    return ""


class _CellError(ValueError):
    """A cell that cannot be used."""

    def __init__(self, key: str, reason: str) -> None:
        self.key = key
        super().__init__(reason)


def _data(cells: Mapping[str, str], terms: Terms, name: str) -> dict[str, Any]:
    """Data of a `lot` entry. Raises _CellError."""
    severity = cells.get("severity", "").casefold()
    if severity and severity not in SEVERITIES:
        raise _CellError("severity", f"expected {', '.join(SEVERITIES)}")
    data: dict[str, Any] = {
        "lot": cells["lot"] or name, "size": _whole("size", cells["size"]),
        "found": [_whole("found", part) for part in re.split(r"[+;/]", cells["found"])],
        "aql": terms.aql, "level": terms.level, "kind": terms.kind,
        "original": cells.get("again", "").casefold() not in _YES,
    }  # fmt: skip
    return data | ({"severity": severity} if severity else {})


def _whole(key: str, text: str) -> int:
    if not text.strip():
        raise _CellError(key, "an empty cell")
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        raise _CellError(key, "not a whole number of pieces") from None
    if not 0 <= number < _MOST or number != int(number):
        raise _CellError(key, "not a whole number of pieces")
    return int(number)
