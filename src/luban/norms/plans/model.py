"""What a plan with targets is made of: elements, definitions, indicators, milestones, tasks, programmes, sectors."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias, TypeVar

from luban.core.errors import InputError

__all__ = [
    "ELEMENT_KINDS",
    "FORMS",
    "INDICATOR_KINDS",
    "ITEM_KINDS",
    "LANGUAGES",
    "ClosedList",
    "Definition",
    "Direction",
    "Element",
    "Indicator",
    "Item",
    "Level",
    "Measure",
    "Milestone",
    "Paragraph",
    "Part",
    "Population",
    "Prices",
    "Programme",
    "Role",
    "Sector",
    "Step",
    "TargetPlan",
    "Task",
    "Term",
    "Text",
]

ElementKind: TypeAlias = Literal["flow", "stock", "count", "rate", "flag"]
Level: TypeAlias = Literal["enterprise", "region"]
Form: TypeAlias = Literal["ratio of sums", "mean of rates", "share of units", "index"]
IndicatorKind: TypeAlias = Literal["level", "change in points", "cut", "average growth"]
ItemKind: TypeAlias = Literal["count", "share", "cut", "event", "statement"]
Direction: TypeAlias = Literal["up", "down"]
Prices: TypeAlias = Literal["current", "constant"]
Role: TypeAlias = Literal["observed", "target"]

_T = TypeVar("_T")

LANGUAGES: Final = ("zh", "en", "ko")
ELEMENT_KINDS: Final[tuple[ElementKind, ...]] = ("flow", "stock", "count", "rate", "flag")
"""flow: of a year; stock: at its end (or its average, as the name says); flag: 0 or 1."""
FORMS: Final[tuple[Form, ...]] = ("ratio of sums", "mean of rates", "share of units", "index")
INDICATOR_KINDS: Final[tuple[IndicatorKind, ...]] = ("level", "change in points", "cut", "average growth")
ITEM_KINDS: Final[tuple[ItemKind, ...]] = ("count", "share", "cut", "event", "statement")


@dataclass(frozen=True, slots=True)
class Text:
    """A term in three languages.

    Example  Text("规模以上", "above scale", "일정 규모이상").of("ko")
    """

    zh: str
    en: str
    ko: str

    def of(self, language: str) -> str:
        """The term in a language; English where the language is not one of the three."""
        return self.zh if language == "zh" else self.ko if language == "ko" else self.en


@dataclass(frozen=True, slots=True)
class Element:
    """A figure that an enterprise or a region reports for a year.

    unit       of the figure; money by its ISO 4217 code, with a power of ten: 10⁴ CNY is 万元
    kind       one of ELEMENT_KINDS
    level      who reports it: enterprise or region
    reference  where it comes from
    """

    id: str
    name: Text
    unit: str
    kind: ElementKind
    level: Level
    reference: str

    @property
    def money(self) -> bool:
        """An amount of money, which constant prices change."""
        return bool(re.search(r"\b[A-Z]{3}\b", self.unit.partition("/")[0]))


@dataclass(frozen=True, slots=True)
class Term:
    """An element in a sum, with its sign."""

    element: str
    sign: int = 1


@dataclass(frozen=True, slots=True)
class Population:
    """Whom an indicator is about.

    level        enterprise or region
    above_scale  only those above the size threshold; None: whatever their size
    industries   prefixes of GB/T 4754 codes, e.g. ("C",); () all
    sample       measured on a sample, so that n, coverage and an interval belong to the value
    """

    level: Level
    above_scale: bool | None
    industries: tuple[str, ...]
    sample: bool


@dataclass(frozen=True, slots=True)
class Definition:
    """How a value is made from elements.

    form         one of FORMS. "ratio of sums": factor · Σ numerator / Σ denominator; "mean of rates": factor · the mean
                 of every unit's own numerator / denominator; "share of units": factor · units whose numerator is not 0
                 / units; "index": weighted mean of `parts`
    numerator    terms that are added up
    denominator  likewise; (): the number of units that answered
    factor       e.g. 100 for percent
    prices       "constant": amounts of money at the prices of the base year
    parts        of form "index"
    variant      name of this reading where the text allows more than one; "" otherwise
    called       the same for people
    variants     the other readings by name: shown beside the value, never in its place
    reference    clause, or own reading with its reason
    """

    form: Form
    numerator: tuple[Term, ...]
    denominator: tuple[Term, ...]
    factor: float
    population: Population
    prices: Prices
    parts: tuple[Part, ...] = ()
    variant: str = ""
    called: Text = Text("", "", "")
    variants: Mapping[str, Definition] = field(default_factory=dict)
    reference: str = ""

    @property
    def elements(self) -> tuple[str, ...]:
        """Every element that the value, its parts and its variants are made of, each once."""
        return tuple(dict.fromkeys(_elements(self)))


@dataclass(frozen=True, slots=True)
class Part:
    """A sub-indicator of an index.

    weight     share in the index; all parts together have 1
    low, high  values that stand for the lowest and the highest mark; low > high where less is better
    verified   name and weights were read in the method itself
    """

    id: str
    name: Text
    aspect: Text
    group: Text
    unit: str
    direction: Direction
    weight: float
    low: float
    high: float
    definition: Definition
    verified: bool


@dataclass(frozen=True, slots=True)
class Milestone:
    """A value of a year, as it is printed.

    value        None where the text has no number: unknown, never 0
    printed      the words of the text
    period       first and last year of an average, both counted
    role         "observed": what the text says has been; "target": what shall be
    about        the text says "about" (左右)
    relative_to  year against which a change is counted
    """

    year: int
    value: float | None
    printed: Text
    period: tuple[int, int] | None = None
    role: Role = "target"
    about: bool = False
    relative_to: int | None = None


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator of the plan.

    unit        of a milestone's value
    level_unit  of what `definition` gives; the same for a level
    direction   which way is better for what `definition` gives
    kind        one of INDICATOR_KINDS: what a milestone's value says about it. "cut": percent below the base year;
                "change in points": points above it; "average growth": percent a year within the milestone's period
    base_year   of a cut or a change; of the first period's growth; None for a level
    footnote    of the text; empty where it has none
    note        number of the footnote, "" for none
    ceiling     natural limit of the level, e.g. 100 %
    """

    id: str
    category: Text
    name: Text
    unit: str
    direction: Direction
    kind: IndicatorKind
    base_year: int | None
    definition: Definition
    footnote: Text
    note: str
    owner: Text
    milestones: tuple[Milestone, ...]
    ceiling: float | None
    reference: str
    level_unit: str

    def milestone(self, year: int) -> Milestone | None:
        """What the text says of a year; None where it says nothing."""
        return next((one for one in self.milestones if one.year == year), None)

    @property
    def targets(self) -> tuple[Milestone, ...]:
        """Targets with a number, by year."""
        return tuple(one for one in self.milestones if one.role == "target" and one.value is not None)

    @property
    def observed(self) -> tuple[Milestone, ...]:
        """Numbers that the text gives for what has been, by year."""
        return tuple(one for one in self.milestones if one.role == "observed" and one.value is not None)


@dataclass(frozen=True, slots=True)
class Item:
    """A target beside the indicators.

    kind         one of ITEM_KINDS
    direction    which way is better
    scope        whom it binds
    qualitative  no milestone has a number: shown, never scored
    """

    id: str
    name: Text
    unit: str
    kind: ItemKind
    direction: Direction
    scope: Text
    milestones: tuple[Milestone, ...]
    qualitative: bool
    reference: str

    def milestone(self, year: int) -> Milestone | None:
        """What the text says of a year; None where it says nothing."""
        return next((one for one in self.milestones if one.year == year), None)


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that can be followed up; its id is chapter.section.paragraph.number, or programme.number."""

    id: str
    name: Text
    reference: str


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme with its items and measures, the task it belongs to, and the closed lists that it names."""

    id: str
    number: int
    name: Text
    task: str
    items: tuple[Item, ...]
    measures: tuple[Measure, ...]
    lists: tuple[str, ...]
    reference: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of a task with its measures; the name is its leading words."""

    id: str
    name: Text
    measures: tuple[Measure, ...]
    reference: str


@dataclass(frozen=True, slots=True)
class Task:
    """A task, or a support, of the plan."""

    id: str
    number: int
    name: Text
    paragraphs: tuple[Paragraph, ...]
    reference: str

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The measures of all paragraphs, in the order of the text."""
        return tuple(measure for paragraph in self.paragraphs for measure in paragraph.measures)


@dataclass(frozen=True, slots=True)
class Step:
    """A stage of the plan, up to and with a year."""

    id: str
    number: int
    name: Text
    until: int
    items: tuple[Item, ...]
    reference: str


@dataclass(frozen=True, slots=True)
class Sector:
    """A sector that the plan names.

    parts    its sub-items, in the words of the text
    gbt      prefixes of GB/T 4754-2017 codes
    isic     prefixes of ISIC Rev. 4 codes
    mapping  "own" where the codes are luban's reading: the text has none
    """

    id: str
    number: int
    name: Text
    parts: tuple[Text, ...]
    gbt: tuple[str, ...]
    isic: tuple[str, ...]
    mapping: str
    reference: str


@dataclass(frozen=True, slots=True)
class ClosedList:
    """A closed list of terms."""

    id: str
    number: int
    name: Text
    entries: tuple[Text, ...]
    reference: str


@dataclass(frozen=True, slots=True)
class TargetPlan:
    """A plan with targets: what is measured, what shall be, who does what.

    first, last  years the plan runs
    columns      years of its printed table
    statements   numbers and targets that stand outside steps and programmes
    units        names of units by symbol
    folder       where its files lie
    digest       SHA-256 over the files: which plan it was
    """

    id: str
    title: Text
    issued: date
    first: int
    last: int
    reference: str
    columns: tuple[int, ...]
    elements: Mapping[str, Element]
    indicators: Mapping[str, Indicator]
    steps: tuple[Step, ...]
    tasks: tuple[Task, ...]
    supports: tuple[Task, ...]
    programmes: tuple[Programme, ...]
    sectors: tuple[Sector, ...]
    lists: Mapping[str, ClosedList]
    statements: tuple[Item, ...]
    units: Mapping[str, Text]
    folder: Traversable
    digest: str

    @property
    def items(self) -> Mapping[str, Item]:
        """Every target beside the indicators by id: of programmes, of steps, and the plan's own."""
        groups = (*(one.items for one in self.programmes), *(one.items for one in self.steps), self.statements)
        return MappingProxyType({item.id: item for group in groups for item in group})

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The measures of all tasks, supports and programmes."""
        groups: tuple[Task | Programme, ...] = (*self.tasks, *self.supports, *self.programmes)
        return tuple(measure for group in groups for measure in group.measures)

    def element(self, name: str) -> Element:
        """An element by its id. Raises InputError."""
        return _pick(self.elements, name, "element", self.id)

    def indicator(self, name: str) -> Indicator:
        """An indicator by its id. Raises InputError."""
        return _pick(self.indicators, name, "indicator", self.id)

    def item(self, name: str) -> Item:
        """A target beside the indicators by its id. Raises InputError."""
        return _pick(self.items, name, "item", self.id)

    def unit(self, symbol: str) -> Text:
        """A unit as people read it; the symbol itself where the plan has no name for it."""
        return self.units.get(symbol) or Text(symbol, symbol, symbol)

    def definition_digest(self, indicator: str) -> str:
        """SHA-256 of an indicator's definition with its elements: which definition a number was made by.

        Raises InputError. Words do not count: a corrected translation does not make another definition.
        """
        definition = self.indicator(indicator).definition
        used = {name: (self.element(name).unit, self.element(name).kind) for name in definition.elements}
        data = {"definition": _bare(asdict(_plain(definition))), "elements": used}
        text = json.dumps(data, sort_keys=True, ensure_ascii=False, default=dict)
        return hashlib.sha256(text.encode()).hexdigest()


def _pick(known: Mapping[str, _T], name: str, what: str, plan: str) -> _T:
    try:
        return known[name]
    except KeyError:
        close = difflib.get_close_matches(name, known, 1, 0.5)
        raise InputError(
            f"no such {what} in the plan",
            came=name,
            expected=f"one of {', '.join(known)}" if len(known) < 20 else f"one of {len(known)} ids",
            where=plan,
            hint=f"did you mean {close[0]}?" if close else "",
        ) from None


def _elements(definition: Definition) -> Iterator[str]:
    yield from (term.element for term in (*definition.numerator, *definition.denominator))
    for part in definition.parts:
        yield from _elements(part.definition)
    for other in definition.variants.values():
        yield from _elements(other)


def _plain(definition: Definition) -> Definition:
    """`asdict` copies mappings by their type, which a read-only one does not take."""
    parts = tuple(replace(part, definition=_plain(part.definition)) for part in definition.parts)
    return replace(definition, parts=parts, variants={k: _plain(v) for k, v in definition.variants.items()})


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        words = {"name", "aspect", "group", "called", "reference"}
        return {key: _bare(one) for key, one in value.items() if key not in words}
    return [_bare(one) for one in value] if isinstance(value, (list, tuple)) else value
