"""The form of a return, generated from a plan: its elements with their units, its rules, its lists of answers.

Reads   a plan    Writes  nothing
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from luban.norms.plans import TargetPlan, Text
from luban.rollup.returns.amounts import scale_of
from luban.rollup.returns.rules import Rule, settings_of

__all__ = ["REASONS", "SIZES", "Field", "Form", "form_model", "form_of"]

SIZES: Final[Mapping[str, Text]] = {
    "large": Text("大型", "large", "대기업"), "medium": Text("中型", "medium", "중기업"),
    "small": Text("小型", "small", "소기업"), "micro": Text("微型", "micro", "소상공인"),
}  # fmt: skip

REASONS: Final = (
    Text("未统计", "not recorded", "집계하지 않음"),
    Text("不适用", "does not apply", "해당 없음"),
    Text("尚未结账", "books not closed yet", "결산 전"),
)
"""Why a value is not known, to choose from; any other words do as well."""

_CURRENCIES: Final = {"CNY": ("元", "위안"), "EUR": ("欧元", "유로"), "USD": ("美元", "달러"), "KRW": ("韩元", "원"),
                      "JPY": ("日元", "엔")}  # fmt: skip
_RAISED: Final = {3: "³", 4: "⁴", 6: "⁶", 8: "⁸"}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the form.

    element  of the plan
    unit     of its value in the books
    units    in which it may be given, with their names
    whole    a number of things: no fraction
    choices  of a flag: yes and no
    """

    element: str
    name: Text
    unit: str
    units: Mapping[str, Text]
    whole: bool
    choices: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """A form.

    version  first digits of a SHA-256 over fields, units and rules: another form has another one
    """

    plan: str
    title: Text
    version: str
    level: Literal["enterprise", "region"]
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]

    @property
    def name(self) -> str:
        """As facts say it. Example "mic2025@3f2a9c01"."""
        return f"{self.plan}@{self.version}"


def form_of(plan: TargetPlan, level: str = "enterprise") -> Form:
    """The form that units of a level fill in.

    Example  form_of(load_plan("mic2025")).fields[0].element
    """
    chosen: Literal["enterprise", "region"] = "region" if level == "region" else "enterprise"
    fields = tuple(
        Field(one.id, one.name, one.unit, _units(plan, one.unit), one.kind == "count",
              (Text("是", "yes", "예"), Text("否", "no", "아니오")) if one.kind == "flag" else ())
        for one in plan.elements.values() if one.level == chosen
    )  # fmt: skip
    known = {one.element for one in fields}
    rules = tuple(rule for rule in settings_of(plan).rules if set(rule.elements) <= known)
    told = repr([(one.element, one.unit, one.whole) for one in fields])
    told += repr([(rule.id, rule.said, rule.tolerance) for rule in rules])
    version = hashlib.sha256(f"{plan.id}:{chosen}:{told}".encode()).hexdigest()[:8]
    return Form(plan.id, plan.title, version, chosen, fields, rules)


def _units(plan: TargetPlan, unit: str) -> dict[str, Text]:
    """Units that an amount may be given in, the element's own first; money by powers of ten."""
    _, currency = scale_of(unit)
    if currency not in _CURRENCIES:
        return {unit: plan.unit(unit)}
    zh, ko = _CURRENCIES[currency]
    scales = ((0, "", ""), (3, "千", "천 "), (4, "万", "만 "), (6, "百万", "백만 "), (8, "亿", "억 "))
    chosen = {
        f"{'' if not power else f'10{_RAISED[power]} '}{currency}": Text(
            f"{in_zh}{zh}", f"{'' if not power else f'10{_RAISED[power]} '}{currency}", f"{in_ko}{ko}"
        )
        for power, in_zh, in_ko in scales
    }
    return {unit: plan.unit(unit)} | {one: name for one, name in chosen.items() if one != unit}


def form_model(
    form: Form, *, language: str = "en", unit: str = "", year: int = 0,
    values: Mapping[str, float | None] | None = None, texts: Mapping[str, str] | None = None,
    sizes: Sequence[str] = tuple(SIZES),
) -> dict[str, Any]:  # fmt: skip
    """The form as a page builds it: fields with names, units and choices, rules to be checked while one types.

    values  what stands already; texts: why it is not known
    """
    values, texts = values or {}, texts or {}
    return {
        "form": form.name, "plan": form.plan, "title": form.title.of(language), "level": form.level, "unit": unit,
        "year": year or None, "sizes": {one: SIZES[one].of(language) for one in sizes},
        "reasons": [one.of(language) for one in REASONS],
        "fields": [
            {
                "element": one.element, "name": one.name.of(language), "unit": one.unit,
                "units": {symbol: name.of(language) for symbol, name in one.units.items()}, "whole": one.whole,
                "choices": [choice.of(language) for choice in one.choices], "value": values.get(one.element),
                "reason": texts.get(one.element, ""),
            }
            for one in form.fields
        ],
        "rules": [
            {
                "id": rule.id, "name": rule.name.of(language), "operator": rule.operator, "severity": rule.severity,
                "tolerance": rule.tolerance,
                **{side: {"terms": [list(term) for term in part.terms], "number": part.number}
                   for side, part in (("left", rule.left), ("right", rule.right))},
            }
            for rule in form.rules
        ],
    }  # fmt: skip
