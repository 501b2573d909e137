"""Plants made up by chance, and the slow way to every answer: sets, dictionaries, dense equations over plain facts."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from luban.understand.trace import Trace


@dataclass
class Shop:
    """Facts of a plant, as they were said, and the stock as it is."""

    uses: list[dict[str, Any]] = field(default_factory=list)
    moves: list[dict[str, Any]] = field(default_factory=list)
    made: dict[str, float] = field(default_factory=dict)
    stock: dict[str, float] = field(default_factory=dict)
    item: dict[str, str] = field(default_factory=dict)
    seq: int = 0

    def _seq(self) -> int:
        self.seq += 1
        return self.seq

    def receive(self, lot: str, item: str, quantity: float, time: int, order: str | None = None) -> None:
        row = {"time": time, "seq": self._seq(), "subject": item, "lot": lot, "origin": None, "destination": "store"}
        self.moves.append(row | {"quantity": float(quantity), "order": order})
        self.made[lot] = self.made.get(lot, 0.0) + quantity
        self.stock[lot] = self.stock.get(lot, 0.0) + quantity
        self.item[lot] = item

    def use(self, lot: str, output: str, quantity: float, time: int, order: str) -> None:
        row = {"time": time, "seq": self._seq(), "subject": output, "input": lot, "item": self.item.get(lot)}
        self.uses.append(row | {"quantity": float(quantity), "order": order})
        self.stock[lot] = self.stock.get(lot, 0.0) - quantity

    def ship(self, lot: str, quantity: float, time: int, order: str | None, to: str | None = None) -> None:
        row = {"time": time, "seq": self._seq(), "subject": self.item[lot], "lot": lot, "origin": "store"}
        self.moves.append(row | {"destination": to, "quantity": float(quantity), "order": order})
        self.stock[lot] -= quantity

    def trace(self) -> Trace:
        trace = Trace()
        for stream, rows in (("movement", self.moves), ("genealogy", self.uses)):
            if rows:
                trace.add(stream, {name: [row[name] for row in rows] for name in rows[0]})
        return trace


def shop(seed: int, orders: int = 12) -> Shop:
    """A plant without a wrong fact: bought lots, orders that mix and take parts, rework, regrind, deliveries."""
    chance, made = random.Random(seed), Shop()
    time = 0
    for number in range(chance.randint(2, 6)):
        made.receive(f"B{number}", f"bought{number % 3}", chance.randint(5, 60), time := time + 1)
    for number in range(chance.randint(1, orders)):
        left = [lot for lot, stock in made.stock.items() if stock > 0]
        if not left:
            break
        lots = [f"L{number}.{part}" for part in range(chance.randint(1, 3))]
        time += 1
        _take(chance, made, left, lots, time, f"M{number}")
        time += 1
        for lot in lots:
            if any(use["subject"] == lot for use in made.uses):
                for _ in range(chance.randint(1, 2)):  # in parts
                    made.receive(lot, f"item{number % 4}", chance.randint(1, 30), time, f"M{number}")
        time += 1
        if chance.random() < 0.25:
            _regrind(chance, made, time, f"M{number}")
        if chance.random() < 0.6:
            lot = chance.choice([lot for lot, stock in made.stock.items() if stock > 0] or [""])
            if lot:
                customer = chance.choice([None, "customer:north", "customer:south"])
                made.ship(lot, chance.randint(1, int(made.stock[lot])), time, f"SO{chance.randint(1, 4)}", customer)
    return made


def _take(chance: random.Random, made: Shop, left: list[str], lots: list[str], time: int, order: str) -> None:
    for lot in lots:
        for taken in chance.sample(left, min(len(left), chance.randint(1, 3))):
            if made.stock[taken] > 0:
                made.use(taken, lot, chance.randint(1, int(made.stock[taken])), time, order)


def _regrind(chance: random.Random, made: Shop, time: int, order: str) -> None:
    """Part of a made lot goes back into a lot that was there before it."""
    back = [lot for lot in made.made if lot.startswith("L") and made.stock[lot] > 0]
    older = [lot for lot in made.made if lot.startswith("B")]
    if back and older:
        lot, old = chance.choice(back), chance.choice(older)
        quantity = chance.randint(1, int(made.stock[lot]))
        made.use(lot, old, quantity, time, order)
        made.receive(old, made.item[old], quantity, time, order)


def affected(made: Shop, suspects: list[str], without: set[int] = frozenset()) -> set[str]:  # type: ignore[assignment]
    """Lots that the suspects went into, by going through all facts until nothing is new."""
    found, before = set(suspects), -1
    while len(found) != before:
        before = len(found)
        found |= {use["subject"] for use in made.uses if use["input"] in found and use["seq"] not in without}
    return found


def origins(made: Shop, lot: str) -> set[str]:
    found, before = {lot}, -1
    while len(found) != before:
        before = len(found)
        found |= {use["input"] for use in made.uses if use["subject"] in found}
    return found


def amounts(made: Shop, lot: str) -> dict[str, float]:
    """How much of a lot came into each, from one dense system of equations."""
    names = sorted(affected(made, [lot]))
    at = {name: k for k, name in enumerate(names)}
    matrix, right = np.eye(len(names)), np.zeros(len(names))
    right[at[lot]] = made.made[lot]
    for use in made.uses:
        if use["input"] in at:
            matrix[at[use["subject"]], at[use["input"]]] -= use["quantity"] / made.made[use["input"]]
    return dict(zip(names, np.linalg.solve(matrix, right).tolist(), strict=True))
