"""Trace from files: tables of uses, movements, steps and measured pieces, EPCIS documents, or a folder of them.

A table is known by its columns: an output and an input make uses; a lot with an origin or a destination, movements; a
work unit with an order, steps of work; a characteristic with a lot, measured pieces.

Reads   files    Writes  nothing; rows that cannot be used are listed with their place and reason
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Excluded
from luban.understand.quality.read import Columns
from luban.understand.quality.read.moments import moments_of
from luban.understand.quality.read.named import named_columns, roles_in
from luban.understand.trace.epcis import read_epcis
from luban.understand.trace.trace import Trace
from luban.understand.trace.words import BAD_TIME, NO_LOT, NO_NUMBER

__all__ = ["COLUMNS", "TraceFiles", "read_trace"]

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "output": (
        "output", "output lot", "subject", "parent", "parent lot", "parent serial", "product lot",
        "finished lot", "made", "produced lot", "into", "产出", "产出批次", "产品批次", "成品批次", "父批次",
        "산출", "산출 로트", "제품 로트", "모로트",
    ),
    "input": (
        "input", "input lot", "component", "component lot", "child", "child lot", "child serial",
        "material lot", "consumed", "consumed lot", "used lot", "source lot", "投入", "投入批次", "原料批次",
        "物料批次", "子批次", "투입", "투입 로트", "자재 로트", "원료 로트", "자로트",
    ),
    "lot": (
        "lot", "batch", "lot no", "lot number", "batch no", "batch number", "批次", "批号", "로트", "배치",
        "charge",
    ),
    "serial": ("serial", "serial no", "serial number", "sn", "序列号", "일련번호", "seriennummer"),
    "item": (
        "item", "material", "product", "article", "sku", "part number", "物料", "品名", "产品", "品目", "품목",
        "자재", "제품",
    ),
    "quantity": ("quantity", "qty", "amount", "数量", "수량", "menge"),
    "time": (
        "time", "timestamp", "date", "datetime", "when", "start", "begin", "时间", "日期", "开始", "시간",
        "일시", "시작", "zeit",
    ),
    "end": ("end", "until", "finish", "结束", "종료", "끝", "ende"),
    "order": (
        "order", "order no", "production order", "work order", "customer order", "sales order", "工单", "订单",
        "주문", "작업지시", "auftrag",
    ),
    "operation": ("operation", "op", "step", "工序", "공정", "arbeitsgang"),
    "unit": (
        "unit", "work unit", "machine", "equipment", "line", "station", "设备", "机器", "设备编号", "설비",
        "기계", "maschine",
    ),
    "origin": ("origin", "from", "source", "from place", "来源", "移出", "출발", "출고지", "von"),
    "destination": (
        "destination", "to", "customer", "to place", "ship to", "去向", "移入", "客户", "도착", "입고지",
        "고객", "nach",
    ),
    "person": ("person", "operator", "worker", "employee", "人员", "操作员", "작업자", "mitarbeiter"),
    "tool": (
        "tool", "tool no", "fixture", "mould", "mold", "刀具", "工具", "模具", "공구", "금형", "werkzeug",
    ),
    "gauge": ("gauge", "gage", "instrument", "量具", "게이지", "측정기", "messmittel"),
    "characteristic": ("characteristic", "特性", "특성", "merkmal"),
    "value": ("value", "measured value", "值", "测量值", "값", "측정값", "messwert"),
    "good": ("good", "good quantity", "合格", "양품", "gut"),
    "scrap": ("scrap", "rejected", "报废", "废品", "불량", "ausschuss"),
}  # fmt: skip
"""What a column holds → names under which it is found."""

_STREAMS: Final[Mapping[str, Mapping[str, str]]] = {
    "genealogy": {
        "time": "time", "subject": "output", "input": "input", "item": "item", "quantity": "quantity", "order": "order",
        "operation": "operation", "unit": "unit",
    },
    "movement": {
        "time": "time", "subject": "item", "lot": "lot", "origin": "origin", "destination": "destination",
        "quantity": "quantity", "order": "order",
    },
    "operation": {
        "time": "time", "end": "end", "subject": "unit", "order": "order", "operation": "operation", "item": "item",
        "person": "person", "tool": "tool", "good": "good", "scrap": "scrap",
    },
    "measurement": {
        "time": "time", "subject": "characteristic", "value": "value", "lot": "lot", "serial": "serial", "unit": "unit",
        "gauge": "gauge", "person": "person",
    },
}  # fmt: skip
_NUMBERS: Final = frozenset(("quantity", "value", "good", "scrap"))
_TIMES: Final = frozenset(("time", "end"))
_NEEDED: Final = {"genealogy": ("subject", "input"), "movement": ("lot",), "operation": ("subject",), "measurement": ()}
_BY_PIECE: Final = re.compile(r"serial|序列|일련", re.IGNORECASE)  # heads of columns that hold numbers of single pieces
_ENDINGS: Final = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".parquet", ".json", ".jsonld", ".xml")


@dataclass(slots=True)
class TraceFiles:
    """A trace and where it came from.

    rows      rows used, by file
    excluded  rows that were not
    passed    events of EPCIS documents that make no fact, by why
    """

    trace: Trace
    rows: dict[str, int] = field(default_factory=dict)
    excluded: list[Excluded] = field(default_factory=list)
    passed: dict[str, int] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """Names of the files."""
        return ", ".join(self.rows)


def read_trace(
    path: Path | str, *, zone: ZoneInfo | None = None, partners: Collection[str] = (), slack: int = 0, sheet: str = ""
) -> TraceFiles:
    """Trace from a file or a folder of files.

    zone      of times that name none; UTC by default
    partners  names of places that are customers
    slack     how much two clocks may differ before a use counts as too early [µs]
    Raises    InputError: no such file, no table among them, columns that nothing can be made of
    """
    path = Path(path)
    found = TraceFiles(Trace(partners=partners, slack=slack))
    files = [path]
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in _ENDINGS)
    if not files:
        raise InputError("no table in this folder", came=str(path), expected=", ".join(_ENDINGS))
    known = 0
    for file in files:
        known += (
            _document(file, found)
            if file.suffix.lower() in (".json", ".jsonld", ".xml")
            else _table(file, sheet, zone, found)
        )
    if not known:
        raise InputError(
            "no table of a trace", came=path.name,
            expected="an output and an input, or a lot with an origin or a destination",
            hint="name the columns output, input, quantity, time",
        )  # fmt: skip
    return found


def _document(file: Path, found: TraceFiles) -> int:
    facts = read_epcis(file)
    if facts.serials:
        found.trace.say_serial(sorted(facts.serials))
    for stream, rows in facts.rows().items():
        found.trace.add(stream, rows)
    found.rows[file.name] = len(facts.uses) + len(facts.moves)
    for why, count in facts.passed.items():
        found.passed[why] = found.passed.get(why, 0) + count
    return 1


def _table(file: Path, sheet: str, zone: ZoneInfo | tzinfo | None, found: TraceFiles) -> int:
    columns = named_columns(file, lambda names: bool(_stream(roles_in(names, COLUMNS))), sheet)
    if columns is None:
        return 0
    roles = roles_in(columns.names, COLUMNS)
    stream = _stream(roles)
    rows: dict[str, list[Any]] = {}
    bad: dict[int, Excluded] = {}
    for name, role in _STREAMS[stream].items():
        if role in roles:
            rows[name] = _cells(columns, roles[role], name, zone, bad)
    kept = _kept(columns, stream, roles, rows, bad)
    table = {name: [cells[row] for row in kept] for name, cells in rows.items()}
    if "time" not in table:
        table["time"] = list(range(len(kept)))
    if stream in ("genealogy", "movement") and "quantity" not in table:
        table["quantity"] = [1.0] * len(kept)
    if stream == "movement" and "subject" not in table:
        table["subject"] = [None] * len(kept)
    first = sum(found.rows.values())
    table["seq"] = [first + at + 1 for at in range(len(kept))]
    found.trace.add(stream, table)
    numbered = [one for name, role in _STREAMS[stream].items() if role in roles and _BY_PIECE.search(roles[role])
                for one in table[name] if one] if stream == "genealogy" else []  # fmt: skip
    if numbered:
        found.trace.say_serial(dict.fromkeys(numbered))
    found.rows[columns.source] = len(kept)
    found.excluded += [bad[row] for row in sorted(bad)]
    return 1


def _stream(roles: Mapping[str, str]) -> str:
    if "output" in roles and "input" in roles:
        return "genealogy"
    if ("lot" in roles or "serial" in roles) and ("origin" in roles or "destination" in roles):
        return "movement"
    if "unit" in roles and "order" in roles:
        return "operation"
    if "value" in roles and ("lot" in roles or "serial" in roles):
        return "measurement"
    return ""


def _cells(
    columns: Columns, column: str, name: str, zone: ZoneInfo | tzinfo | None, bad: dict[int, Excluded]
) -> list[Any]:
    if name in _TIMES:
        zoned = zone if isinstance(zone, ZoneInfo) else None
        moments = moments_of(columns.cells[column], zoned)
        if all(moment is None for moment in moments):  # ordinals
            numbers = columns.numbers(column).values
            moments = [None if np.isnan(number) else int(number) for number in numbers]
        for row, moment in enumerate(moments):
            if moment is None and (name == "time" or columns.text(column)[row]):
                bad.setdefault(row, Excluded(columns.place(row, column), column, columns.text(column)[row], BAD_TIME))
        return list(moments)
    if name in _NUMBERS:
        read = columns.numbers(column)
        for row, one in read.excluded.items():
            if name in ("quantity", "value"):
                bad.setdefault(row, Excluded(one.where, one.field, one.came, NO_NUMBER))
        return [None if np.isnan(value) else float(value) for value in read.values]
    return [text or None for text in columns.text(column)]


def _kept(
    columns: Columns, stream: str, roles: Mapping[str, str], rows: dict[str, list[Any]], bad: dict[int, Excluded]
) -> Sequence[int]:
    if stream == "movement" and "serial" in roles:
        serials = columns.text(roles["serial"])
        rows["lot"] = [
            serial or lot for serial, lot in zip(serials, rows.get("lot", [None] * len(columns)), strict=True)
        ]
    for name in _NEEDED[stream]:
        column = roles.get(_STREAMS[stream][name], "")
        for row, cell in enumerate(rows[name]):
            if cell is None:
                bad.setdefault(row, Excluded(columns.place(row, column), column or name, "", NO_LOT))
    return [row for row in range(len(columns)) if row not in bad]
