"""Cells of a return: what a header means, and what a cell says in the unit of its element or of the register."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from luban.core.errors import UnitError
from luban.norms.plans import TargetPlan
from luban.rollup.returns.amounts import amount
from luban.rollup.returns.batch import Batch
from luban.rollup.returns.findings import Finding
from luban.rollup.returns.said import above_of, register_cell
from luban.understand.quality.read.numbers import number_of, text_of

__all__ = ["EITHER", "Maker", "Named", "names_of", "plain", "year_of"]

_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "unit": ("unit", "unit id", "firm", "firm id", "enterprise", "id", "单位", "企业", "单位编号", "企业编号", "기업",
             "기업번호", "단위"),
    "year": ("year", "period", "年", "年份", "年度", "报告期", "연도", "년도"),
    "element": ("element", "item", "indicator", "data element", "指标", "指标代码", "项目", "항목", "지표"),
    "value": ("value", "amount", "数值", "值", "本年", "값", "수치"),
    "measured_in": ("measured in", "unit of measure", "measure", "计量单位", "측정단위"),
    "text": ("text", "reason", "note", "remark", "原因", "备注", "사유", "비고"),
    "name": ("name", "firm name", "名称", "单位名称", "单位详细名称", "企业名称", "기업명", "이름"),
    "level": ("level", "层级", "수준"),
    "region": ("region", "area", "地区", "行政区划", "行政区划代码", "지역"),
    "industry": ("industry", "industry code", "行业", "行业代码", "업종", "업종코드"),
    "edition": ("edition", "classification", "行业标准", "분류판"),
    "size": ("size", "size class", "规模", "单位规模", "기업규모", "규모"),
    "above_scale": ("above scale", "规模以上", "是否规模以上", "규모이상"),
    "stratum": ("stratum", "层", "抽样层", "층"),
    "weight": ("weight", "sample weight", "权重", "抽样权数", "가중치"),
    "code": ("code", "credit code", "registered code", "统一社会信用代码", "组织机构代码", "사업자등록번호"),
}  # fmt: skip
EITHER: Final = frozenset(("unit", "单位", "단위"))
"""Headers that name the firm or the unit of measure."""
_BEHIND: Final = re.compile(r"(.+?)\s*[\[(（]\s*([^\[\]()（）]+?)\s*[\])）]\Z")
_SPACES: Final = re.compile(r"[\s_\-./:]+")
_YEAR: Final = re.compile(r"(?:FY\s*)?((?:19|20)\d\d)\s*(?:年|년)?(?:\.0+)?\Z")


def plain(name: str) -> str:
    """A header as it is compared.

    Example  plain(" Unit_ID") == "unit id"
    """
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", name).casefold()).strip()


def year_of(cell: Any) -> int:
    """The year that a cell names; 0 where it names none.

    Example  year_of("2020年") == 2020
    """
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return int(cell) if cell == int(cell) and 1900 <= cell <= 2100 else 0
    found = _YEAR.match(text_of(cell))
    return int(found[1]) if found else 0


@dataclass(frozen=True, slots=True)
class Named:
    """What a column's header means.

    role  a column of the register, or a key; "" for an element
    unit  that the header names; "" for the element's own
    """

    role: str
    element: str = ""
    unit: str = ""


def names_of(plan: TargetPlan) -> Callable[[str], Named | None]:
    """A reader of headers: what a column means, or None.

    Example  names_of(load_plan("mic2025"))("revenue [亿元]") == Named("", "revenue", "亿元")
    """
    known: dict[str, Named] = {}
    bare_of: dict[str, set[str]] = {}
    for element in plan.elements.values():
        for name in (element.id, *(element.name.of(language) for language in ("zh", "en", "ko"))):
            known.setdefault(plain(name), Named("", element.id))
            if split := _BEHIND.match(name):  # people leave out what stands in brackets
                bare_of.setdefault(plain(split[1]), set()).add(element.id)
    for role, spellings in _KEYS.items():
        for spelling in spellings:
            known.setdefault(plain(spelling), Named(role))
    for name, whose in bare_of.items():
        if len(whose) == 1:
            known.setdefault(name, Named("", *whose))

    def named(header: str) -> Named | None:
        found = known.get(plain(header))
        if found is not None:
            return found
        split = _BEHIND.match(header.strip())
        bare = known.get(plain(split[1])) if split else None
        return None if bare is None or split is None else Named(bare.role, bare.element, split[2])

    return named


@dataclass(slots=True)
class Maker:
    """Collects cells into rows."""

    plan: TargetPlan
    units: list[str] = field(default_factory=list)
    years: list[int] = field(default_factory=list)
    values: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    register: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)
    reasons: dict[tuple[int, str], str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def fault(self, code: str, row: int, place: str, element: str = "", expected: str = "", **more: str) -> None:
        """A cell that cannot be used."""
        unit, year = (self.units[row], self.years[row]) if row < len(self.units) else ("", 0)
        self.findings.append(Finding(code, "error", unit, year, element, None, expected, place, "", more))

    def take(self, row: int, element: str, cell: Any, unit: str, place: str, *, comma: bool) -> None:
        """A cell of an element."""
        given, behind, why = number_of(cell, comma=comma)
        if self.plan.elements[element].kind == "flag" and above_of(cell) is not None:
            given = float(above_of(cell) or 0)
        if given is None:
            if why == "no value" or isinstance(cell, float):  # nan of Parquet and pandas
                return
            said = text_of(cell)
            if said and not any(one.isdigit() for one in said) and len(said) > 1:
                self.reasons[row, element] = said  # words in the place of a number: why it is not known
                return
            self.fault("not a number", row, place, element, f"{said}: {why}", cell=said, why=why)
            return
        own = self.plan.elements[element].unit
        unit = unit or behind
        if unit and unit not in _spellings(self.plan, own):
            try:
                given = amount(given, unit, own)
            except UnitError:
                self.fault("unit", row, place, element, f"{unit} instead of {own}", came=unit, wanted=own)
                return
        if not math.isfinite(given):
            self.fault("not a number", row, place, element, f"{text_of(cell)}: too large", cell=text_of(cell))
            return
        self.values.setdefault(element, []).append((row, given))

    def say(self, row: int, role: str, cell: Any, place: str) -> None:
        """A cell of the register."""
        told = register_cell(role, cell)
        if told is not None:
            self.register.setdefault(role, []).append((row, told))
        elif text_of(cell):
            self.fault("register", row, place, "", f"{role}: {text_of(cell)}", column=role, cell=text_of(cell))

    def batch(self, source: str, place: Callable[[int, str], str]) -> Batch:
        """All of it."""
        n = len(self.units)
        units = np.full(n, "", object)
        units[:] = self.units
        values = {}
        for element, cells in self.values.items():
            column = np.full(n, np.nan)
            for row, number in cells:
                column[row] = number
            values[element] = column
        register: dict[str, npt.NDArray[np.object_]] = {}
        for role, told in self.register.items():
            register[role] = np.full(n, None, object)
            for row, one in told:
                register[role][row] = one
        years = np.array(self.years, np.int64)
        return Batch(units, years, values, register, self.reasons, place, tuple(self.findings), source)


def _spellings(plan: TargetPlan, unit: str) -> tuple[str, ...]:
    name = plan.unit(unit)
    return (unit, name.zh, name.en, name.ko)
