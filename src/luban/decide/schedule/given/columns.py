"""Sheets and columns of a planner's tables by any of their names, in English, Chinese or Korean, with units of time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from luban.core.errors import InputError
from luban.decide.schedule.given import settings
from luban.decide.schedule.given.fields import TIME_UNITS, bare_number

__all__ = ["SHEETS", "Sheet", "key_of", "sheet_of", "with_unit"]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: its name as a sheet or file, other names of it, and the shape of a row."""

    name: str
    model: type[BaseModel]
    others: tuple[str, ...] = ()


SHEETS = {
    "operation": Sheet("operations", settings.OperationRow, ("routing", "tasks", "工序", "공정")),
    "order": Sheet("orders", settings.OrderTable, ("jobs", "订单", "工单", "작업지시")),
    "machine": Sheet("machines", settings.MachineTable, ("设备", "机器", "설비")),
    "calendar": Sheet("calendars", settings.CalendarRow, ("shifts", "班次", "日历", "근무조")),
    "pool": Sheet("pools", settings.PoolTable, ("resources", "资源", "자원")),
    "setup": Sheet("setups", settings.SetupTable, ("changeovers", "换型", "준비교체")),
    "move": Sheet("moves", settings.MoveTable, ("transport", "搬运", "운반")),
    "maintenance": Sheet("maintenance", settings.MaintenanceTable, ("维护", "保养", "보전")),
    "lock": Sheet("locks", settings.LockTable, ("锁定", "고정")),
    "tariff": Sheet("tariff", settings.TariffTable, ("prices", "电价", "요금")),
    "schedule": Sheet("settings", settings.ScheduleTable, ("设置", "설정")),
}
"""By the name of the section in schedule.toml; `settings` has a row a key."""

_OTHERS = {
    "order": ("job", "order no", "work order", "订单", "订单号", "工单", "工单号", "작업지시", "작업"),
    "operation": ("op", "step", "operation no", "工序", "工序号", "공정"),
    "machine": ("machines", "resource", "work center", "work unit", "设备", "机器", "工作中心", "설비"),
    "time": ("duration", "processing time", "run time", "时间", "加工时间", "工时", "시간", "가공시간"),
    "after": ("predecessor", "before it", "前工序", "선행"),
    "id": ("name", "order", "machine", "calendar", "pool", "number", "编号", "名称", "订单", "设备", "번호", "이름"),
    "release": ("release date", "earliest start", "开工", "最早开始", "착수"),
    "due": ("due date", "delivery", "交期", "交货期", "납기"),
    "deadline": ("latest end", "最迟完成", "마감"),
    "weight": ("priority", "权重", "优先级", "가중치", "우선순위"),
    "family": ("setup family", "colour", "color", "换型族", "품종"),
    "needs": ("operators", "tools", "资源", "人员", "자원"),
    "size": ("load", "count", "数量", "크기"),
    "batch": ("batch family", "capacity", "批", "批次", "배치"),
    "lag": ("wait", "cooling", "等待", "대기"),
    "longest_wait": ("max wait", "max lag", "最长等待", "최대대기"),
    "calendar": ("shifts", "日历", "班次", "근무조"),
    "start": ("begin", "from", "开始", "시작"),
    "end": ("to", "结束", "종료"),
    "before": ("from", "换型前", "전"),
    "cost": ("price", "费用", "비용"),
    "price": ("cost", "电价", "요금"),
}
"""Other names of columns; they count where the table has such a key and no column of the very name."""

_UNIT = re.compile(r"\s*[\[(（【]\s*([^\])）】]*)\s*[\])）】]\s*$")


def sheet_of(name: str) -> str:
    """Section of a sheet or file by its name; '' for none."""
    plain = name.strip().lower()
    return next((key for key, sheet in SHEETS.items() if plain in {key, sheet.name, *sheet.others}), "")


def key_of(title: str, known: Iterable[str]) -> tuple[str, str]:
    """(key, unit of time) of a column's title; ('', '') where it has no meaning here.

    Raises   InputError where the brackets hold no unit of time though the column is one
    Example  >>> key_of("Time [min]", ["order", "time"])
             ('time', 'min')
    """
    known = list(known)
    match = _UNIT.search(title)
    plain, unit = (title[: match.start()], match[1].strip()) if match else (title, "")
    plain = re.sub(r"[\s_]+", " ", plain).strip().lower()
    if not match and (tail := plain.rpartition(" "))[0] and tail[2] in TIME_UNITS:
        key = _named(tail[0], known)
        if key:
            return key, TIME_UNITS[tail[2]]
    key = _named(plain, known)
    if key in {"time", "lag", "longest_wait"} and unit:
        if unit.lower() not in TIME_UNITS:
            raise InputError("unknown unit of time", came=repr(unit), expected="s, min, h, d")
        return key, TIME_UNITS[unit.lower()]
    return key, ""


def _named(plain: str, known: list[str]) -> str:
    if plain.replace(" ", "_") in known:
        return plain.replace(" ", "_")
    return next((key for key in known if plain in _OTHERS.get(key, ())), "")


def with_unit(cell: Any, unit: str) -> Any:
    """A cell with the unit of its header, where it is a bare number."""
    if not unit or isinstance(cell, bool):
        return cell
    if isinstance(cell, int | float) or (isinstance(cell, str) and bare_number(cell) is not None):
        return f"{float(cell):.9f} {unit}"
    return cell
