"""What an order, a lot, a piece or a work unit took of each medium, and by which rules it came to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from luban.core.errors import InputError
from luban.understand.energy.allocate import of_lots
from luban.understand.energy.books import EnergyAccount
from luban.understand.energy.meters import in_unit

__all__ = ["LotShare", "Taken", "Whose", "lot_shares", "of_lot", "of_order", "of_work_unit"]

_ZERO: Final = Decimal(0)
_IDLE_TEXT: Final = {
    "direct": "energy of no order came to the orders of its work unit by their own energy",
    "time": "energy of no order came to the orders of its work unit by their time",
    "apart": "energy of no order came to no order",
}
_STATES: Final = "a reading over several states was shared by time and power of each"
_WIDE: Final = "a meter over several work units was shared by their time at work"
_LOT: Final = "{quantity} of {whole} of the lots of order {order}"
_ONLY: Final = "the only lot of order {order}: all of it"
_EQUAL: Final = "one of {count} lots of order {order} without quantities: equal parts"


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken of a medium.

    direct  drawn while a work unit was given to it [unit]
    idle    its share of what was drawn for no order [unit]
    shared  how much of `direct` came by a rule and not by a reading of its own [unit]
    gas     [kgCO2e], by the factors of the window; None where the medium has none
    """

    medium: str
    unit: str
    direct: Decimal
    idle: Decimal
    shared: Decimal
    gas: Decimal | None

    @property
    def total(self) -> Decimal:
        """Direct and idle [unit]."""
        return self.direct + self.idle


@dataclass(frozen=True, slots=True)
class LotShare:
    """A lot's part of an order: its weight among all lots of the order, and the rule in words."""

    order: str
    lots: Mapping[str, Decimal]
    rule: str


@dataclass(frozen=True, slots=True)
class Whose:
    """What something took.

    kind    order, lot or work unit
    good    good pieces of the order, or pieces of the lot; None where nobody counted
    states  (medium, state, amount, shared), where it is a work unit's
    rules   how it came to it, in sentences
    """

    kind: str
    name: str
    start: int
    end: int
    orders: tuple[str, ...]
    good: Decimal | None
    rows: tuple[Taken, ...]
    states: tuple[tuple[str, str, Decimal, Decimal], ...]
    rules: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values; amounts as decimal texts."""
        return {
            "kind": self.kind, "name": self.name, "start": self.start, "end": self.end, "orders": list(self.orders),
            "good": None if self.good is None else str(self.good),
            "rows": [
                {"medium": one.medium, "unit": one.unit, "direct": str(one.direct), "idle": str(one.idle),
                 "shared": str(one.shared), "total": str(one.total),
                 "each": str(one.total / self.good) if self.good else None,
                 "kgCO2e": None if one.gas is None else str(one.gas)}
                for one in self.rows
            ],
            "states": [
                {"medium": medium, "state": state, "amount": str(amount), "shared": str(shared)}
                for medium, state, amount, shared in self.states
            ],
            "rules": list(self.rules),
        }  # fmt: skip


def of_order(account: EnergyAccount, order: str) -> Whose:
    """What an order took. Raises InputError where nothing in the window was its."""
    rows, rules = _of_order(account, order)
    if not rows:
        raise InputError("no work unit with a meter worked on it in this time", came=order, where="order")
    return Whose("order", order, account.start, account.end, (order,), account.good.get(order), rows, (), rules)


def lot_shares(
    lot: str, genealogy: Iterable[Mapping[str, Any]], movements: Iterable[Mapping[str, Any]]
) -> tuple[LotShare, ...]:
    """The orders that made a lot, and its weight among the lots of each.

    genealogy, movements  facts of those orders; a lot's quantity is what was received of it, else its largest move
    """
    orders: dict[str, dict[str, None]] = {}
    for row in genealogy:
        if row["order"] and row["subject"]:
            orders.setdefault(row["order"], {})[row["subject"]] = None
    received: dict[tuple[str, str], Decimal] = {}
    moved: dict[tuple[str, str], Decimal] = {}
    for row in movements:
        if row["order"] and row["lot"] and not str(row["destination"] or "").startswith("customer:"):
            key, quantity = (row["order"], row["lot"]), Decimal(str(row["quantity"]))
            orders.setdefault(row["order"], {})[row["lot"]] = None
            moved[key] = max(moved.get(key, _ZERO), quantity)
            if not row["origin"]:
                received[key] = received.get(key, _ZERO) + quantity
    return tuple(
        _share(order, lot, {name: received.get((order, name)) or moved.get((order, name)) for name in lots})
        for order, lots in sorted(orders.items())
        if lot in lots
    )


def _share(order: str, lot: str, lots: Mapping[str, Decimal | None]) -> LotShare:
    if len(lots) == 1:
        return LotShare(order, {lot: lots[lot] or Decimal(1)}, _ONLY.format(order=order))
    if all(lots.values()):
        known = {name: quantity or _ZERO for name, quantity in lots.items()}
        whole = sum(known.values(), _ZERO)
        return LotShare(
            order,
            known,
            _LOT.format(quantity=f"{known[lot].normalize():f}", whole=f"{whole.normalize():f}", order=order),
        )
    return LotShare(order, dict.fromkeys(lots, Decimal(1)), _EQUAL.format(count=len(lots), order=order))


def of_lot(account: EnergyAccount, lot: str, shares: Iterable[LotShare]) -> Whose:
    """What a lot, or a piece by its serial number, took: its part of each order that made it.

    Raises  InputError where no order made it, or none of them drew anything in the window
    """
    found: dict[tuple[str, str], list[Decimal]] = {}
    gases: dict[tuple[str, str], Decimal | None] = {}
    rules: dict[str, None] = {}
    good, orders = _ZERO, []
    for share in shares:
        rows, said = _of_order(account, share.order)
        if not rows:
            continue
        orders.append(share.order)
        good = max(good, share.lots[lot])
        rules |= dict.fromkeys((*said, share.rule))
        for row in rows:
            key = row.medium, row.unit
            sums = found.setdefault(key, [_ZERO] * 3)
            for at, amount in enumerate((row.direct, row.idle, row.shared)):
                sums[at] += of_lots(amount, share.lots)[lot]
            part = share.lots[lot] / sum(share.lots.values(), _ZERO)
            gases[key] = None if row.gas is None else (gases.get(key) or _ZERO) + row.gas * part
    if not found:
        raise InputError("no order with metered work made this lot", came=lot, where="lot")
    taken = tuple(
        Taken(medium, unit, direct, idle, shared, gases[medium, unit])
        for (medium, unit), (direct, idle, shared) in found.items()
    )
    return Whose("lot", lot, account.start, account.end, tuple(orders), good or None, taken, (), tuple(rules))


def of_work_unit(account: EnergyAccount, unit: str) -> Whose:
    """What a work unit took, by state. Raises InputError where it has no meter and no share of one."""
    rows, states, rules, orders = [], [], dict[str, None](), dict[str, None]()
    for medium, shares in account.shares.items():
        for one in shares:
            if one.unit != unit:
                continue
            direct = sum((part.amount for part in one.parts if part.stay.order), _ZERO)
            shared = sum((part.shared for part in one.parts), _ZERO)
            gas = _gas(account, medium, one.total, one.measured_in)
            rows.append(Taken(medium, one.measured_in, direct, one.total - direct, shared, gas))
            states += [(medium, state, *sums) for state, sums in sorted(one.by("state").items())]
            orders |= dict.fromkeys(part.stay.order for part in one.parts if part.stay.order)
            if shared:
                rules[_STATES if one.meter else _WIDE] = None
    if not rows:
        raise InputError("this work unit has no meter", came=unit, where="unit", hint="place of a meter in meters.csv")
    return Whose("work unit", unit, account.start, account.end, tuple(orders), None, tuple(rows), tuple(states),
                 tuple(rules))  # fmt: skip


def _of_order(account: EnergyAccount, order: str) -> tuple[tuple[Taken, ...], tuple[str, ...]]:
    rows, rules = [], dict[str, None]()
    for medium, shares in account.shares.items():
        own = next((one for one in account.orders_of(medium)[0] if one.order == order), None)
        if own is None:
            continue
        unit = shares[0].measured_in
        rows.append(Taken(medium, unit, own.direct, own.idle, own.shared, _gas(account, medium, own.total, unit)))
        of_it = [one for one in shares if any(part.stay.order == order and part.shared for part in one.parts)]
        if any(one.meter for one in of_it):
            rules[_STATES] = None
        if any(not one.meter for one in of_it):
            rules[_WIDE] = None
    rules[_IDLE_TEXT[account.rule]] = None
    return tuple(rows), tuple(rules)


def _gas(account: EnergyAccount, medium: str, amount: Decimal, unit: str) -> Decimal | None:
    """By the mean factor of the medium over the window."""
    lines = [line for line in account.carbon.lines if line.use.medium == medium]
    uses = {(line.use.year, line.use.unit): line.use.amount for line in lines}
    whole = sum((in_unit(used, own, unit) for (_, own), used in uses.items()), _ZERO)
    return sum((line.mass for line in lines), _ZERO) * amount / whole if whole > 0 else None
