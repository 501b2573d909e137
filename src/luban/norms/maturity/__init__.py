"""How mature a plant is, by models of standards and others: levels, dimensions, requirements and rules as data.

Reads and writes no record. Requirements are in luban's own words: a rung of a ladder said of a dimension. What could
not be read in the model itself is not verified, with where it was read.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, TypeAlias, TypeVar

from luban.core.errors import ConfigError, InputError
from luban.norms.plans.fields import Fields
from luban.norms.plans.model import LANGUAGES, Text

__all__ = [
    "HOW",
    "RULES",
    "Dimension",
    "Model",
    "Requirement",
    "Rung",
    "Sign",
    "maturity_model",
    "maturity_models",
    "model_of",
]

_K = TypeVar("_K", str, int)
Rule: TypeAlias = Literal["levels added up", "band of each dimension", "stages of groups"]
RULES: Final[tuple[Rule, ...]] = ("levels added up", "band of each dimension", "stages of groups")
HOW: Final = ("", "second hand", "memory", "own")
"""How a figure or a name came here: read in the model; read elsewhere; from memory; luban's own."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A level of a ladder. `ask` says what it takes, with {subject} for the dimension."""

    level: int
    name: Text
    ask: Text


@dataclass(frozen=True, slots=True)
class Dimension:
    """What is looked at: its group, its ladder, its share in the group [1]."""

    id: str
    group: str
    name: Text
    ladder: str
    weight: float


@dataclass(frozen=True, slots=True)
class Sign:
    """What in a plant's books shows that a requirement is met.

    basis  `connected`, `sensed`, `controlled`, `facts:STREAM`, `book:KIND` or `table:NAME`
    least  so much of it, a share or a count
    """

    requirement: str
    basis: str
    least: float


@dataclass(frozen=True, slots=True)
class Requirement:
    """A rung of a dimension; its id is `dimension.level`."""

    id: str
    dimension: str
    level: int
    text: Text


@dataclass(frozen=True, slots=True)
class Model:
    """One model of maturity.

    rule      one of RULES: how marks become a result
    marks     what a requirement may get, from 0 to 1
    passes    a level, a band or a stage is passed from this mark on
    bounds    (level, least total): grades of rule "levels added up"
    stages    (level, group that must pass): of rule "stages of groups"
    requirements  dimension by dimension, the lowest level first
    levels    names of grades, bands or stages, the lowest first
    verified  names, marks and bounds were read in the model itself; otherwise `how` and `doubt` say what is doubtful
    """

    id: str
    title: Text
    reference: str
    start: date
    rule: Rule
    marks: tuple[float, ...]
    passes: float
    bounds: tuple[tuple[int, float], ...]
    stages: tuple[tuple[int, str], ...]
    levels: tuple[tuple[int, Text], ...]
    groups: tuple[tuple[str, Text], ...]
    dimensions: tuple[Dimension, ...]
    ladders: tuple[tuple[str, tuple[Rung, ...]], ...]
    signs: tuple[Sign, ...]
    requirements: tuple[Requirement, ...]
    verified: bool
    how: str
    doubt: Text

    def requirement(self, name: str) -> Requirement:
        """A requirement by its id. Raises InputError with the near one."""
        known = {one.id: one for one in self.requirements}
        if name not in known:
            close = difflib.get_close_matches(name, known, 1, 0.5)
            hint = f"did you mean {close[0]}?" if close else ""
            raise InputError("no such requirement", came=name, expected="dimension.level, e.g. " + next(iter(known)),
                             where=self.id, hint=hint)  # fmt: skip
        return known[name]


@cache
def maturity_models() -> tuple[str, ...]:
    """Names of the models that luban brings along."""
    found = (one.name for one in files("luban.norms.maturity").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


@cache
def maturity_model(name: str) -> Model:
    """A model by its name. Raises InputError with the known ones.

    Example  maturity_model("gbt_39116").levels[0][1].en  # "planning"
    """
    if name not in maturity_models():
        raise InputError("no such model of maturity", came=name, expected=", ".join(maturity_models()))
    text = files("luban.norms.maturity").joinpath(f"{name}.toml").read_text("utf-8")
    return model_of(name, text, f"maturity/{name}.toml")


def model_of(name: str, text: str, where: str) -> Model:
    """A model from its TOML. Raises ConfigError with file, table and key."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError("not a TOML file", came=str(error), where=where) from None
    head = Fields(data, where)
    groups = tuple(_named(one, one.string("id")) for one in head.tables("group"))
    ladders = tuple(_ladder(one) for one in head.tables("ladder"))
    if not ladders:
        head.fail("[[ladder]]", "a model without a ladder", "nothing")
    dimensions = tuple(
        _dimension(one, [group for group, _ in groups], [ladder for ladder, _ in ladders])
        for one in head.tables("dimension")
    )
    verified = head.flag("verified")
    model = Model(
        id=name,
        title=head.text("title"),
        reference=head.string("reference"),
        start=head.day("start"),
        rule=head.word("rule", RULES),
        marks=_marks(head),
        passes=head.number("passes"),
        bounds=tuple((level, float(least)) for level, least in _pairs(head, "bounds", (int, float))),
        stages=tuple((level, str(group)) for level, group in _pairs(head, "stages", (str,))),
        levels=tuple(_named(one, one.whole("level")) for one in head.tables("level")),
        groups=groups,
        dimensions=_shared(dimensions),
        ladders=ladders,
        signs=tuple(_signs(head, dimensions, dict(ladders))),
        requirements=tuple(_requirements(dimensions, dict(ladders))),
        verified=verified,
        how=head.word("how", HOW, "" if verified else None),
        doubt=head.text("doubt", Text("", "", "")),
    )
    head.done()
    return model


def _named(one: Fields, key: _K) -> tuple[_K, Text]:
    name = one.text("name")
    one.done()
    return key, name


def _pairs(head: Fields, key: str, second: tuple[type, ...]) -> list[tuple[int, Any]]:
    """Pairs of a level and something."""
    rows = head.many(key, ())
    for row in rows:
        if not (isinstance(row, list) and len(row) == 2 and type(row[0]) is int and type(row[1]) in second):
            head.fail(key, "not a level with its bound or group", row)
    return [(row[0], row[1]) for row in rows]


def _marks(head: Fields) -> tuple[float, ...]:
    marks = head.many("marks")
    numbers = all(type(one) in {int, float} for one in marks)
    if not numbers or len(marks) < 2 or marks != sorted(set(marks)) or marks[0] != 0 or marks[-1] != 1:
        head.fail("marks", "marks do not rise from 0 to 1", marks)
    return tuple(map(float, marks))


def _ladder(one: Fields) -> tuple[str, tuple[Rung, ...]]:
    rungs = []
    for entry in one.tables("rung"):
        ask = entry.text("ask")
        if any("{" in getattr(ask, language).replace("{subject}", "") for language in LANGUAGES):
            entry.fail("ask", "a blank that nobody fills", ask.en, "{subject} only")
        rungs.append(Rung(entry.whole("level"), entry.text("name"), ask))
        entry.done()
    name = one.string("id")
    one.done()
    return name, tuple(rungs)


def _dimension(one: Fields, groups: list[str], ladders: list[str]) -> Dimension:
    made = Dimension(
        one.string("id"), one.word("group", groups), one.text("name"), one.word("ladder", ladders, ladders[0]),
        one.number("weight", 1),
    )  # fmt: skip
    one.done()
    return made


def _shared(dimensions: tuple[Dimension, ...]) -> tuple[Dimension, ...]:
    """Weights as shares of all."""
    total = sum(one.weight for one in dimensions)
    return tuple(Dimension(one.id, one.group, one.name, one.ladder, one.weight / total) for one in dimensions)


def _requirements(dimensions: tuple[Dimension, ...], ladders: dict[str, tuple[Rung, ...]]) -> Iterator[Requirement]:
    for one in dimensions:
        for rung in ladders[one.ladder]:
            ask, name = rung.ask, one.name
            text = Text(*(getattr(ask, language).format(subject=getattr(name, language)) for language in LANGUAGES))
            yield Requirement(f"{one.id}.{rung.level}", one.id, rung.level, text)


def _signs(head: Fields, dimensions: tuple[Dimension, ...], ladders: dict[str, tuple[Rung, ...]]) -> Iterator[Sign]:
    known = {f"{one.id}.{rung.level}" for one in dimensions for rung in ladders[one.ladder]}
    for number, row in enumerate(head.many("signs", ()), 1):
        least = row[2] if isinstance(row, list) and len(row) == 3 else 1
        fits = isinstance(row, list) and len(row) in {2, 3} and all(isinstance(one, str) for one in row[:2])
        if not fits or row[0] not in known or type(least) not in {int, float} or not least > 0:
            head.fail(f"signs[{number}]", "not a sign", row, '["dimension.level", "basis"] or with the least of it')
        yield Sign(row[0], row[1], float(least))
