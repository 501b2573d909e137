"""Carbon footprint of a product along its bill of materials, with the quality of the data it rests on.

Each item needs flows (material, energy, transport, waste), each with a dated factor, and other items. What a good
piece takes is what was put in over the share that came out good. Fossil emissions, biogenic emissions and removals
are kept apart, as the standard asks.

Reads   recipes and factors, in memory    Writes  nothing
Source  ISO 14067:2018, 6 (quantification), 6.3.5 (data quality); B. P. Weidema, M. S. Wesnaes, J. Cleaner Production 4
        (1996) 167-174, doi 10.1016/S0959-6526(96)00043-1 (scores); R. Frischknecht et al., ecoinvent report 1 (2007),
        table 7.1 (what a score adds to the spread)
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from luban.core.errors import InputError

__all__ = ["Factor", "Flow", "Footprint", "Line", "Recipe", "footprint"]

_SPREAD = (
    (1.00, 1.05, 1.10, 1.20, 1.50),  # how reliable
    (1.00, 1.02, 1.05, 1.10, 1.20),  # how complete
    (1.00, 1.03, 1.10, 1.20, 1.50),  # how old
    (1.00, 1.01, 1.02, 1.05, 1.10),  # how near; 4 is between its neighbours, the table has none
    (1.00, 1.10, 1.20, 1.50, 2.00),  # how alike in technology; 2 is between its neighbours, the table has none
)


@dataclass(frozen=True)
class Factor:
    """Emission per unit of a flow.

    value   [kg CO2e per unit]; `unit` of the flow; `year` it holds for; `source` where it stands
    kind    fossil, biogenic, removal (removals are negative)
    scores  1 (best) to 5: reliable, complete, recent, near, alike in technology
    """

    name: str
    value: float
    unit: str
    year: int | None
    source: str
    kind: str = "fossil"
    scores: tuple[int, int, int, int, int] = (3, 3, 3, 3, 3)

    def __post_init__(self) -> None:
        if self.year is None or not self.source:
            raise InputError("a factor without year or source is not used", came=self.name, expected="both")
        if self.kind not in {"fossil", "biogenic", "removal"} or (self.kind == "removal") != (self.value < 0):
            raise InputError("removals, and only they, are below zero", came=f"{self.kind} {self.value:g}",
                             where=self.name)  # fmt: skip
        if len(self.scores) != 5 or not all(1 <= one <= 5 for one in self.scores):
            raise InputError("scores run from 1 to 5", came=f"{self.scores}", where=self.name)

    @property
    def spread(self) -> float:
        """Standard deviation of the logarithm that its scores stand for [1]."""
        return math.sqrt(sum(math.log(row[at - 1]) ** 2 for row, at in zip(_SPREAD, self.scores, strict=True))) / 2


@dataclass(frozen=True)
class Flow:
    """What one made piece takes of a flow: amount [unit], factor, stage of life, and whether it was measured here."""

    amount: float
    unit: str
    factor: Factor
    stage: str = "production"
    measured: bool = False


@dataclass(frozen=True)
class Recipe:
    """What one made piece of an item takes.

    flows  of materials, energy, transport and waste
    parts  other items [pieces each]
    good   share of what is made that comes out good [1]
    share  of the burden that this item carries, the rest being by-products' [1]; `rule` says how it was shared
    """

    flows: tuple[Flow, ...] = ()
    parts: Mapping[str, float] | None = None
    good: float = 1.0
    share: float = 1.0
    rule: str = ""


@dataclass(frozen=True)
class Line:
    """One contribution [kg CO2e per good piece], where it comes from, and the factor."""

    path: tuple[str, ...]
    stage: str
    factor: Factor
    amount: float
    kg: float
    measured: bool


@dataclass(frozen=True)
class Footprint:
    """Footprint of a good piece [kg CO2e].

    total          fossil and biogenic emissions and removals together; each apart in `kinds`
    low, high      95 % interval that the scores of the factors stand for
    stages, items  contributions
    quality        mean score, weighted by contribution, 1 (best) to 5
    measured       share of the emissions whose amount was measured here [1]
    lines          every contribution, the largest first
    """

    item: str
    total: float
    low: float
    high: float
    kinds: Mapping[str, float]
    stages: Mapping[str, float]
    items: Mapping[str, float]
    quality: float
    measured: float
    lines: tuple[Line, ...]
    notes: tuple[str, ...]


def footprint(item: str, recipes: Mapping[str, Recipe]) -> Footprint:
    """Footprint of one good piece of an item.

    recipes  of the item and of all its parts
    Raises   InputError: an item without recipe, items that go into each other, units that differ from the factor's
    Example  footprint("pump", {"pump": Recipe((Flow(2.0, "kWh", grid),), {"body": 1}), "body": Recipe((iron,))}).total
    """
    lines: list[Line] = []
    notes: list[str] = []
    _walk(item, 1.0, (), recipes, lines, notes)
    lines.sort(key=lambda line: -abs(line.kg))
    total, size = math.fsum(line.kg for line in lines), math.fsum(abs(line.kg) for line in lines)
    kinds: dict[str, float] = defaultdict(float)
    stages: dict[str, float] = defaultdict(float)
    items: dict[str, float] = defaultdict(float)
    factors: dict[Factor, float] = defaultdict(float)
    for line in lines:
        kinds[line.factor.kind] += line.kg
        stages[line.stage] += line.kg
        items[line.path[-1]] += line.kg
        factors[line.factor] += line.kg
    low, high = _interval(total, factors)
    return Footprint(
        item=item, total=total, low=low, high=high, kinds=dict(kinds), stages=dict(stages), items=dict(items),
        quality=sum(abs(line.kg) * sum(line.factor.scores) / 5 for line in lines) / size if size else math.nan,
        measured=sum(abs(line.kg) for line in lines if line.measured) / size if size else math.nan,
        lines=tuple(lines), notes=tuple(dict.fromkeys(notes)),
    )  # fmt: skip


def _walk(
    item: str, pieces: float, path: tuple[str, ...], recipes: Mapping[str, Recipe], lines: list[Line], notes: list[str]
) -> None:
    if item in path:
        raise InputError("items go into each other", came=" → ".join((*path[path.index(item) :], item)))
    if item not in recipes:
        raise InputError("no recipe for this item", came=item, where=" → ".join(path))
    recipe, path = recipes[item], (*path, item)
    if not (0 < recipe.good <= 1 and 0 < recipe.share <= 1):
        raise InputError("a share lies between 0 and 1", came=f"good {recipe.good}, share {recipe.share}", where=item)
    if recipe.share < 1:
        notes.append(f"{item} carries {recipe.share:.0%} of its burden: {recipe.rule or 'rule not stated'}")
    made = pieces / recipe.good * recipe.share
    for flow in recipe.flows:
        if flow.unit != flow.factor.unit:
            raise InputError("amount and factor have different units", came=f"{flow.unit} and {flow.factor.unit}",
                             where=f"{item}: {flow.factor.name}")  # fmt: skip
        kg = made * flow.amount * flow.factor.value
        lines.append(Line(path, flow.stage, flow.factor, made * flow.amount, kg, flow.measured))
    for part, count in (recipe.parts or {}).items():
        _walk(part, made * count, path, recipes, lines, notes)


def _interval(total: float, factors: Mapping[Factor, float]) -> tuple[float, float]:
    """A lognormal interval of the sum; a factor that is used in several places errs in all of them alike."""
    variance = math.fsum(kg * kg * math.expm1(factor.spread**2) for factor, kg in factors.items())
    if total <= 0 or variance <= 0:
        half = 1.96 * math.sqrt(variance)
        return total - half, total + half
    wide = math.sqrt(math.log1p(variance / total**2))
    return total * math.exp(-1.96 * wide), total * math.exp(1.96 * wide)
