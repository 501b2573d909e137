"""A plan from its folder of TOML files. What does not load is one `ConfigError` with file, table and key."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from luban.core.errors import ConfigError
from luban.norms.industry import known_prefix
from luban.norms.plans.fields import Fields, text_of
from luban.norms.plans.model import (
    ELEMENT_KINDS,
    FORMS,
    INDICATOR_KINDS,
    ITEM_KINDS,
    ClosedList,
    Definition,
    Direction,
    Element,
    Indicator,
    Item,
    Level,
    Measure,
    Milestone,
    Paragraph,
    Part,
    Population,
    Prices,
    Programme,
    Role,
    Sector,
    Step,
    TargetPlan,
    Task,
    Term,
    Text,
)

__all__ = ["USUAL", "load_plan", "plans", "read_file"]

USUAL: Final = "mic2025"
"""The plan that is meant where nobody names one."""

_NONE: Final = Text("", "", "")
_LEVELS: Final[tuple[Level, ...]] = ("enterprise", "region")
_WAYS: Final[tuple[Direction, ...]] = ("up", "down")
_PRICES: Final[tuple[Prices, ...]] = ("current", "constant")
_ROLES: Final[tuple[Role, ...]] = ("observed", "target")
_TOP: Final = ("reference", "owner", "mapping", "level")  # may stand once at the top of a file
_FILES: Final = ("plan.toml", "elements.toml", "indicators.toml")


@cache
def plans() -> tuple[str, ...]:
    """Names of the plans that luban brings along."""
    folders = (one for one in files("luban.norms.plans").iterdir() if one.is_dir())
    return tuple(sorted(one.name for one in folders if one.joinpath("plan.toml").is_file()))


def load_plan(name_or_folder: str | Path = USUAL) -> TargetPlan:
    """A plan by its name, or from a folder of its own.

    name_or_folder  one of `plans()`, or a folder with plan.toml, elements.toml and indicators.toml
    Raises          ConfigError: no such plan, or file, table and key of what does not load

    Example  load_plan("mic2025").indicator("I08").milestone(2025).value  # 64.0
    """
    if str(name_or_folder) in plans():
        return _own(str(name_or_folder))
    folder = Path(name_or_folder)
    if not folder.is_dir():
        raise ConfigError("no such plan", came=str(name_or_folder), expected=f"a folder, or {', '.join(plans())}")
    return _loaded(folder, folder.resolve().name)


@cache
def _own(name: str) -> TargetPlan:
    return _loaded(files("luban.norms.plans").joinpath(name), name)


def read_file(plan: TargetPlan, name: str) -> dict[str, Any]:
    """A further file of a plan's folder, such as its checks; {} where it has none. Raises ConfigError."""
    return _read(plan.folder, plan.folder.name, name)


def _read(folder: Traversable, label: str, name: str) -> dict[str, Any]:
    file = folder.joinpath(name)
    if not file.is_file():
        if name in _FILES:
            expected = ", ".join(_FILES)
            raise ConfigError("a file of the plan is missing", came=label, expected=expected, where=f"{label}/{name}")
        return {}
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError("not a TOML file", came=str(error), where=f"{label}/{name}") from None


def _loaded(folder: Traversable, label: str) -> TargetPlan:
    def open_(name: str) -> Fields:
        data = _read(folder, label, name)
        top: dict[str, Any] = {key: data.pop(key) for key in _TOP if key in data}
        return Fields(data, f"{label}/{name}", top)

    head = open_("plan.toml")
    reference = head.string("reference")
    elements = _elements(open_("elements.toml"))
    lists = {f"Z{one.number:02d}": one for one in _lists(open_("lists.toml"))}
    tasks_file = open_("tasks.toml")
    tasks, supports = (_tasks(tasks_file, kind) for kind in ("task", "support"))
    tasks_file.done()
    plan = TargetPlan(
        id=head.string("id"),
        title=head.text("title"),
        issued=head.day("issued"),
        first=head.year("first"),
        last=head.year("last"),
        reference=reference,
        columns=head.years("columns"),
        elements=MappingProxyType(elements),
        indicators=MappingProxyType(_indicators(open_("indicators.toml"), elements)),
        steps=_steps(head),
        tasks=tasks,
        supports=supports,
        programmes=_programmes(open_("programmes.toml"), {one.id for one in tasks}, lists),
        sectors=_sectors(open_("sectors.toml")),
        lists=MappingProxyType(lists),
        statements=tuple(_item(one) for one in head.tables("statement")),
        units=MappingProxyType(_units(head)),
        folder=folder,
        digest=_digest(folder),
    )
    head.done()
    _unique(plan, f"{label}/plan.toml")
    return plan


def _digest(folder: Traversable) -> str:
    total = hashlib.sha256()
    for file in sorted((one for one in folder.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name):
        total.update(f"{file.name}\n".encode() + hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _unique(plan: TargetPlan, where: str) -> None:
    groups = (*(one.items for one in plan.programmes), *(one.items for one in plan.steps), plan.statements)
    ids = [*plan.indicators, *(item.id for group in groups for item in group)]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise ConfigError("an id stands twice", came=", ".join(twice), where=where)


def _units(head: Fields) -> dict[str, Text]:
    table = head.raw("units", {})
    if not isinstance(table, Mapping):
        head.fail("units", "not a table", table)
    return {
        symbol: _NONE if value == ["", "", ""] else text_of(value, f"{head.where} [units] {symbol}")
        for symbol, value in table.items()
    }


def _named(file: Fields, kind: str) -> list[tuple[str, Fields]]:
    table = file.raw(kind, {})
    if not isinstance(table, Mapping):
        file.fail(f"[{kind}]", "not a table", table)
    return [(name, Fields(entry, f"{file.where} [{kind}.{name}]", file.top)) for name, entry in table.items()]


def _elements(file: Fields) -> dict[str, Element]:
    found = {}
    for name, one in _named(file, "element"):
        found[name] = Element(
            name,
            one.text("name"),
            one.string("unit"),
            one.word("kind", ELEMENT_KINDS),
            one.word("level", _LEVELS, "enterprise"),
            one.string("reference"),
        )
        one.done()
    if not found:
        file.fail("[element]", "a plan without elements", "nothing", "[element.ID]")
    file.done()
    return found


# ---- indicators


def _indicators(file: Fields, elements: Mapping[str, Element]) -> dict[str, Indicator]:
    found = {}
    for name, one in _named(file, "indicator"):
        kind, unit = one.word("kind", INDICATOR_KINDS), one.string("unit")
        base = one.year("base_year", 0) if one.has("base_year") else None
        if (kind == "level") != (base is None):
            expected = "none for a level, a year for anything else"
            one.fail("base_year", f"{kind!r} and its base year do not go together", base, expected)
        found[name] = Indicator(
            id=name,
            level_unit=one.string("level_unit", unit),
            category=one.text("category"),
            name=one.text("name"),
            unit=unit,
            direction=one.word("direction", _WAYS),
            kind=kind,
            base_year=base,
            definition=_definition(one.table("definition"), elements),
            footnote=one.text("footnote", _NONE),
            note=one.string("note", ""),
            owner=one.text("owner"),
            milestones=_milestones(one, kind, base),
            ceiling=one.number("ceiling") if one.has("ceiling") else None,
            reference=one.string("reference"),
        )
        one.done()
    if not found:
        file.fail("[indicator]", "a plan without indicators", "nothing", "[indicator.ID]")
    file.done()
    return found


def _definition(one: Fields, elements: Mapping[str, Element], outer: Definition | None = None) -> Definition:
    population = Population(
        one.word("level", _LEVELS, outer.population.level if outer else "enterprise"),
        one.flag("above_scale") if one.has("above_scale") else outer.population.above_scale if outer else None,
        one.strings("industries", outer.population.industries if outer else ()),
        one.flag("sample", outer.population.sample if outer else False),
    )
    for code in population.industries:
        if not known_prefix(code):
            one.fail("industries", "no such industry code", code, "GB/T 4754-2017, e.g. C or C34")
    form = one.word("form", FORMS, outer.form if outer and outer.form != "index" else "ratio of sums")
    numerator, denominator = (_terms(one, key, elements) for key in ("numerator", "denominator"))
    prices = one.word("prices", _PRICES, outer.prices if outer else "current")
    factor = one.number("factor", outer.factor if outer else 1)
    if factor <= 0:
        one.fail("factor", "a factor that is not positive", factor)
    made = Definition(
        form,
        numerator,
        denominator,
        factor,
        population,
        prices,
        variant=one.string("variant", ""),
        called=one.text("called", _NONE),
        reference=one.string("reference"),
    )
    parts = _parts(one, elements, made) if form == "index" else ()
    if form != "index" and not numerator:
        one.fail("numerator", "a definition without a numerator", "nothing", "a list of elements")
    if form == "mean of rates" and not denominator:
        one.fail("denominator", "a rate without a denominator", "nothing", "a list of elements")
    levels = {elements[term.element].level for term in (*numerator, *denominator)}
    if levels - {population.level}:
        one.fail("level", "elements of another level", ", ".join(sorted(levels)), population.level)
    variants = {}
    for name, other in _named(one, "variants"):
        variants[name] = _definition(other, elements, made)
    if variants and not made.variant:
        one.fail("variant", "other readings, but this one has no name", "nothing", 'variant = "…"')
    one.done()
    return replace(made, parts=parts, variants=MappingProxyType(variants))


def _terms(one: Fields, key: str, elements: Mapping[str, Element]) -> tuple[Term, ...]:
    terms = []
    for name in one.strings(key, ()):
        term = Term(name.removeprefix("-").strip(), -1 if name.startswith("-") else 1)
        if term.element not in elements:
            one.fail(key, "no such element", name, ", ".join(elements))
        terms.append(term)
    return tuple(terms)


def _parts(one: Fields, elements: Mapping[str, Element], outer: Definition) -> tuple[Part, ...]:
    parts = []
    for entry in one.tables("part"):
        low, high = entry.number("low"), entry.number("high")
        direction = entry.word("direction", _WAYS)
        if low == high or (direction == "up") != (low < high):
            entry.fail("low, high", "anchors that do not fit the direction", f"{low:g}, {high:g}", direction)
        parts.append(
            Part(
                id=entry.string("id"),
                name=entry.text("name"),
                aspect=entry.text("aspect"),
                group=entry.text("group"),
                unit=entry.string("unit"),
                direction=direction,
                weight=entry.number("weight"),
                low=low,
                high=high,
                definition=_definition(entry.table("definition"), elements, outer),
                verified=entry.flag("verified", False),
            )
        )
        entry.done()
    if not parts or any(part.weight <= 0 for part in parts):
        one.fail("[[part]] weight", "an index without parts, or a part without weight", len(parts))
    total = sum(part.weight for part in parts)
    return tuple(replace(part, weight=part.weight / total) for part in parts)


def _milestones(one: Fields, kind: str, base: int | None) -> tuple[Milestone, ...]:
    found = []
    for entry in one.tables("milestone"):
        year = entry.year("year")
        value = entry.number("value") if entry.has("value") else None
        period: tuple[int, int] | None = None
        if entry.has("period"):
            years = entry.years("period")
            if len(years) != 2 or years[1] != year:
                entry.fail("period", "not a period that ends in the milestone's year", list(years), f"[first, {year}]")
            period = years[0], years[1]
        role = entry.word("role", _ROLES, "target")
        if kind == "average growth" and value is not None and period is None:
            entry.fail("period", "an average without its period", "nothing", f"[first, {year}]")
        relative = base if value is not None and kind in {"cut", "change in points"} else None
        found.append(
            Milestone(year, value, entry.text("printed"), period, role,
                      entry.flag("about", False), entry.year("relative_to", relative) if relative else None)
        )  # fmt: skip
        entry.done()
    order = [milestone.year for milestone in found]
    if order != sorted(set(order)):
        one.fail("[[milestone]] year", "milestones are not in order of their years", order)
    return tuple(found)


# ---- targets beside the indicators, tasks, sectors, lists


def _item(one: Fields) -> Item:
    kind = one.word("kind", ITEM_KINDS)
    milestones = _milestones(one, "level", None)
    item = Item(
        id=one.string("id"),
        name=one.text("name"),
        unit=one.string("unit", "1"),
        kind=kind,
        direction=one.word("direction", _WAYS, "up"),
        scope=one.text("scope", _NONE),
        milestones=milestones,
        qualitative=all(milestone.value is None for milestone in milestones),
        reference=one.string("reference"),
    )
    one.done()
    return item


def _steps(head: Fields) -> tuple[Step, ...]:
    found = []
    for number, one in enumerate(head.tables("step"), 1):
        items = tuple(_item(entry) for entry in one.tables("item"))
        found.append(
            Step(f"step-{number}", number, one.text("name"), one.year("until"), items, one.string("reference"))
        )
        one.done()
    return tuple(found)


def _programmes(file: Fields, tasks: Collection[str], lists: Collection[str]) -> tuple[Programme, ...]:
    found = []
    for number, one in enumerate(file.tables("programme"), 1):
        task = one.string("task")
        if task not in tasks:
            one.fail("task", "no such task", task, ", ".join(sorted(tasks)))
        named = one.strings("lists", ())
        for name in named:
            if name not in lists:
                one.fail("lists", "no such list", name, ", ".join(lists))
        items = tuple(_item(entry) for entry in one.tables("item"))
        key, place = f"column-{number}", one.string("reference")
        texts = enumerate(one.texts("measures", ()), 1)
        measures = tuple(Measure(f"{key}.{line}", text, place) for line, text in texts)
        found.append(Programme(key, number, one.text("name"), task, items, measures, named, place))
        one.done()
    file.done()
    return tuple(found)


def _tasks(file: Fields, kind: str) -> tuple[Task, ...]:
    found = []
    for number, one in enumerate(file.tables(kind), 1):
        section, key = one.string("reference"), one.string("key", f"{kind[0].upper()}{number}")
        paragraphs = []
        for order, entry in enumerate(one.tables("paragraph"), 1):
            at = entry.whole("at", order)
            place = f"{section}, ¶{at}"
            measures = tuple(
                Measure(f"{key}.{at}.{line}", text, place) for line, text in enumerate(entry.texts("measures", ()), 1)
            )
            paragraphs.append(Paragraph(f"{key}.{at}", entry.text("name"), measures, place))
            entry.done()
        found.append(Task(f"{kind}-{number}", number, one.text("name"), tuple(paragraphs), section))
        one.done()
    return tuple(found)


def _sectors(file: Fields) -> tuple[Sector, ...]:
    found = []
    for number, one in enumerate(file.tables("sector"), 1):
        gbt = one.strings("gbt", ())
        for code in gbt:
            if not known_prefix(code):
                one.fail("gbt", "no such industry code", code, "GB/T 4754-2017, e.g. C39")
        found.append(
            Sector(f"S{number:02d}", number, one.text("name"), one.texts("parts", ()), gbt, one.strings("isic", ()),
                   one.string("mapping", ""), one.string("reference"))
        )  # fmt: skip
        one.done()
    file.done()
    return tuple(found)


def _lists(file: Fields) -> tuple[ClosedList, ...]:
    found = []
    for number, one in enumerate(file.tables("list"), 1):
        entries = one.texts("entries")
        found.append(ClosedList(f"Z{number:02d}", number, one.text("name"), entries, one.string("reference")))
        one.done()
    file.done()
    return tuple(found)
