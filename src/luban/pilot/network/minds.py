"""What decides in a network of shops: by queues in planned times, promises and what earlier orders took.

Reads   nothing    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

__all__ = ["WaitingLot", "best_shop", "next_lot", "promised"]

_LEAST: Final = 60  # finished orders before their errors are trusted
_KEPT: Final = 0.97  # share of promises to keep; more load than before costs some of it
_NARROW: Final = 450.0  # slack below which a lot goes by its date [min]


@dataclass(frozen=True, slots=True)
class WaitingLot:
    """A lot before a machine.

    id     of its order;  own  of the shop's own customer;  group  class of its setup
    came, due  [min];  rest  planned time until it is delivered [min]
    """

    id: int
    group: int
    came: float
    due: float
    rest: float
    own: bool = False


def best_shop(loads: Sequence[float]) -> int:
    """Number of the shop that is through soonest; loads  planned minutes until then, of each [min]."""
    return int(np.argmin(loads))


def promised(guess: float, errors: Sequence[float], usual: float) -> float:
    """Time until delivery that is promised [min].

    guess    by the queue in planned times [min];  errors  real less guessed of finished orders, newest last [min]
    usual    promise while too few are known [min]
    """
    if len(errors) < _LEAST:
        return usual
    return max(guess + float(np.quantile(np.asarray(errors), _KEPT)), 60.0)


def next_lot(lots: Sequence[WaitingLot], group: int, now: float, *, rule: str) -> int:
    """Id of the lot that the machine takes next.

    group  class that it is set up for
    rule   came: as they came; own: the same, those of own customers first; date: by promise;
           setup: lots of the class first, unless another's promise is in danger
    """
    if rule == "own":
        return min(lots, key=lambda lot: (not lot.own, lot.came, lot.id)).id
    if rule == "came":
        return min(lots, key=lambda lot: (lot.came, lot.id)).id
    if rule == "setup":
        narrow = [lot for lot in lots if lot.due - now - lot.rest < _NARROW]
        same = [lot for lot in lots if lot.group == group]
        lots = narrow or same or lots
    return min(lots, key=lambda lot: (lot.due, lot.id)).id
