"""Carbon footprints of what a plant made in a window, along its own bill of materials and facts.

What a piece takes of material is what genealogy facts say went in, else the bill of materials; energy is that of the
orders, by the meters; energy and waste that no meter gives to an order are shared over the items, and say so. What has
no factor is named with its amount and in no sum: the footprint is then at least what is shown.

Reads   genealogy, count, meter, movement and state facts    Writes  nothing
Source  ISO 14067:2018, 6.3 (boundary), 6.3.5 (data quality), 6.4.6 (allocation); Weidema and Wesnaes (1996), table 2
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from luban.norms.emissions import Factor
from luban.understand.energy.carbon import Emission, Use, carbon
from luban.understand.energy.footprint import Factor as Share, Flow, Footprint, Recipe, footprint
from luban.understand.energy.meters import exact
from luban.understand.green.facts import Facts, facts_of, together

__all__ = ["MATERIAL", "Made", "Metered", "ProductFootprint", "Shared", "made_of", "product_footprints"]

MATERIAL: Final = "material"
_ZERO = Decimal(0)
_AGES = (3, 6, 10, 15)  # [years] at most, of a factor with score 1 to 4


@dataclass(slots=True)
class Made:
    """What was made of an item in a window.

    good, scrap  pieces; scrap of all operations, for each piece of it took its material
    energy       medium → amount that its orders took, by the meters [unit of `Metered`]
    inputs       item that went in → quantity, by genealogy facts
    facts        seqs by stream
    """

    good: Decimal = _ZERO
    scrap: Decimal = _ZERO
    energy: dict[str, Decimal] = field(default_factory=dict)
    inputs: dict[str, Decimal] = field(default_factory=dict)
    facts: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    @property
    def pieces(self) -> Decimal:
        """All that was made, good or not."""
        return self.good + self.scrap


@dataclass(frozen=True, slots=True)
class Metered:
    """A medium that meters give to orders.

    orders  order → amount [unit]
    heat    GJ per unit; None where not known
    """

    medium: str
    unit: str
    orders: Mapping[str, Decimal]
    heat: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Shared:
    """Something used that no meter gives to an order: a medium of the whole plant, a waste stream.

    heat   GJ per unit; None where not known
    facts  what its amount rests on
    """

    medium: str
    amount: Decimal
    unit: str
    stage: str
    heat: Decimal | None = None
    facts: tuple[Facts, ...] = ()


@dataclass(frozen=True, slots=True)
class ProductFootprint:
    """The footprint of a good piece of an item, with what it rests on.

    missing  what has no factor, with its amount: in no sum
    """

    item: str
    good: Decimal
    scrap: Decimal
    footprint: Footprint
    facts: tuple[Facts, ...]
    missing: tuple[str, ...]


def made_of(
    counts: Iterable[Mapping[str, Any]],
    genealogy: Iterable[Mapping[str, Any]],
    items: Mapping[str, str],
    energy: Iterable[Metered],
) -> dict[str, Made]:
    """What was made, by item, from facts of a window.

    items   order → item
    energy  what orders took, by medium
    Good pieces are those of an order's last unit, since each operation counts them anew.
    """
    found: dict[str, Made] = {}
    last: dict[str, tuple[int, str]] = {}
    rows = [row for row in counts if row["order"]]
    for row in rows:
        last[row["order"]] = max(last.get(row["order"], (0, "")), (row["time"], row["subject"]))
    for row in rows:
        item = items.get(row["order"]) or row["item"]
        if not item:
            continue
        made = found.setdefault(item, Made())
        made.scrap += exact(row["scrap"])
        if row["subject"] == last[row["order"]][1]:
            made.good += exact(row["good"])
        made.facts["count"].add(row["seq"])
    for use in energy:
        for order, amount in use.orders.items():
            if made_one := found.get(items.get(order, "")):
                made_one.energy[use.medium] = made_one.energy.get(use.medium, _ZERO) + amount
    for row in genealogy:
        made_one = found.get(items.get(row["order"] or "", ""))
        if made_one is not None and row["item"]:
            made_one.inputs[row["item"]] = made_one.inputs.get(row["item"], _ZERO) + exact(row["quantity"])
            made_one.facts["genealogy"].add(row["seq"])
    return found


def product_footprints(
    made: Mapping[str, Made],
    bom: Mapping[str, Mapping[str, float]],
    units: Mapping[str, str],
    factors: Sequence[Factor],
    *,
    year: int,
    region: str = "CN",
    own: Sequence[Factor] = (),
    energy: Sequence[Metered] = (),
    shared: Sequence[Shared] = (),
    metered: tuple[Facts, ...] = (),
) -> tuple[ProductFootprint, ...]:
    """The footprint of a good piece of each item of which a good piece was made.

    bom      parent → item → quantity per piece
    units    item → unit; piece where none is given
    year     of use: newer factors do not count
    own      factors of the plant itself: they go before the others
    energy   what `made` took of media: their units
    metered  the readings that energy of orders rests on
    A factor is an item's if its `medium` is the item's id; `ID transport` is that of bringing it here.
    """
    maker = _Maker(made, bom, units, tuple(factors), tuple(own), year, region, tuple(energy), tuple(shared))
    whole = {item: one for item, one in made.items() if one.good > 0}
    out = []
    for item in sorted(whole):
        recipes, missing, facts = maker.recipes(item, metered)
        if recipes is not None:
            one = whole[item]
            result = footprint(item, recipes)
            out.append(ProductFootprint(item, one.good, one.scrap, result, facts, tuple(dict.fromkeys(missing))))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class _Maker:
    made: Mapping[str, Made]
    bom: Mapping[str, Mapping[str, float]]
    units: Mapping[str, str]
    factors: tuple[Factor, ...]
    own: tuple[Factor, ...]
    year: int
    region: str
    energy: tuple[Metered, ...]
    shared: tuple[Shared, ...]

    def recipes(self, item: str, metered: tuple[Facts, ...]) -> tuple[dict[str, Recipe], list[str], tuple[Facts, ...]]:
        found: dict[str, Recipe] = {}
        missing: list[str] = []
        facts: tuple[Facts, ...] = ()
        todo = [item]
        while todo:
            one = todo.pop()
            if one in found:
                continue
            recipe, parts, rests = self._recipe(one, missing)
            found[one] = recipe
            todo += parts
            facts = together(facts, rests)
        if any(one.energy for name, one in self.made.items() if name in found):
            facts = together(facts, metered)
        return found, missing, facts

    def _recipe(self, item: str, missing: list[str]) -> tuple[Recipe, list[str], tuple[Facts, ...]]:
        one = self.made.get(item)
        flows: list[Flow] = []
        parts: dict[str, float] = {}
        for part, (amount, measured) in self._inputs(item, one).items():
            unit = self.units.get(part, "piece")
            flows += self._flows(f"{part} transport", amount, unit, "transport", measured=measured)
            own = self._flows(part, amount, unit, MATERIAL, measured=measured)
            if own:
                flows += own
            elif part in self.bom or (part in self.made and self.made[part].good > 0):
                parts[part] = float(amount)
            else:
                missing.append(_lacking(part, amount, unit))
        rests = () if one is None else together(*(facts_of(name, seqs) for name, seqs in one.facts.items()))
        if one is None or not one.pieces:
            missing.append(f"{item}: nothing of it was counted in the window; energy not known")
            return Recipe(tuple(flows), parts), list(parts), rests
        if "electricity" not in one.energy:
            missing.append(f"{item}: no meter gives energy to its orders")
        for medium in self.energy:
            if taken := one.energy.get(medium.medium):
                each = taken / one.pieces
                own = self._flows(medium.medium, each, medium.unit, "energy", measured=True, heat=medium.heat)
                flows += own
                if not own:
                    missing.append(_lacking(medium.medium, each, medium.unit))
        for use, share in self._portions(item):
            each = use.amount * share / one.pieces
            own = self._flows(use.medium, each, use.unit, use.stage, measured=True, heat=use.heat)
            flows += own
            rests = together(rests, use.facts) if own else rests
            if not own:
                missing.append(_lacking(use.medium, each, use.unit))
        return Recipe(tuple(flows), parts, good=float(one.good / one.pieces)), list(parts), rests

    def _inputs(self, item: str, one: Made | None) -> dict[str, tuple[Decimal, bool]]:
        """What a made piece takes: by facts where there are any, else by the bill of materials."""
        found = {part: (exact(quantity), False) for part, quantity in self.bom.get(item, {}).items()}
        if one is not None and one.pieces:
            found |= {part: (quantity / one.pieces, True) for part, quantity in one.inputs.items()}
        return found

    def _portions(self, item: str) -> list[tuple[Shared, Decimal]]:
        """What is shared, with the item's share: by the energy of all items, else by their pieces."""
        if all("electricity" in one.energy for one in self.made.values()):
            weights = {name: one.energy["electricity"] for name, one in self.made.items()}
        else:
            weights = {name: one.pieces for name, one in self.made.items()}
        whole = sum(weights.values(), _ZERO)
        if not whole:
            weights = {name: one.pieces for name, one in self.made.items()}
            whole = sum(weights.values(), _ZERO)
        return [(use, weights.get(item, _ZERO) / whole) for use in self.shared] if whole else []

    def _flows(
        self, medium: str, amount: Decimal, unit: str, stage: str, measured: bool = False, heat: Decimal | None = None
    ) -> list[Flow]:
        """A flow for each scope that has a factor; none where there is no factor."""
        lines = carbon(
            [Use(medium, Decimal(1), unit, self.year, heat)], self.factors, region=self.region, own=self.own
        ).lines
        return [Flow(float(amount), unit, self._share(line, unit), stage, measured) for line in lines]

    def _share(self, line: Emission, unit: str) -> Share:
        factor = line.factor
        recent = next((score for score, age in enumerate(_AGES, 1) if line.age < age), 5)
        near = 1 if factor.region == self.region else 2 if factor.region else 3
        kind = "removal" if line.mass < 0 else "fossil"
        source = factor.provenance.reference
        scores = (2 if factor.verified else 4, 3, recent, near, 3)
        return Share(factor.id, float(line.mass), unit, factor.year, source, kind, scores)


def _lacking(name: str, amount: Decimal, unit: str) -> str:
    return f"{name}: {float(amount):.6g} {unit} per piece, no factor"
