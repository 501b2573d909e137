"""Release: an order goes to the floor as soon as its material is there.

Reads   lots in the pool    Writes  nothing
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from luban.core.time import HOUR
from luban.loop.deciding.floor import Act, Heard, Proposal, Seen, Worth

__all__ = ["ReleaseWhenReady"]

_AUTHOR: Final = "luban release 1"


class ReleaseWhenReady:
    """Lets each order go when its material is booked in, the longest-waiting one first.

    by_rule  True: whoever plans the floor has such a rule, and is told once; False: each order is let go by itself
    hour     what an hour less of waiting is worth to the plant, an order [currency]; None: `unpriced` says why not
    usual    hours that an order waits for release by the plant's own rule, on average [h]

    Example  ReleaseWhenReady(by_rule=False, hour=4.0, usual=84.0).decide(seen)
    """

    lever = "release"
    every = 0
    concerns = frozenset({"ordered", "material"})

    def __init__(
        self, *, by_rule: bool = True, hour: float | None = 0.0, usual: float = 0.0, unpriced: str = ""
    ) -> None:
        self._by_rule, self._usual = by_rule, usual
        self._worth = Worth(why=unpriced) if hour is None else Worth(hour * usual)
        self._told = False
        # a rule is given at the first question, without waiting for something to happen
        self.every = HOUR if by_rule else 0

    def hear(self, told: Iterable[Heard]) -> None:
        """Orders and material wake it; what they are stands in the picture."""

    def decide(self, seen: Seen) -> Sequence[Proposal]:
        """The rule, once; or each order whose material is there."""
        if self._by_rule:
            if self._told:
                return ()
            self._told = True
            why = f"material is there for most orders when they come, and they wait {self._usual:.0f} h for release"
            return (Proposal(self.lever, _AUTHOR, Act("rule", "release", "at once"), self._worth.value, why=why),)
        ready = [lot for lot in seen.lots if lot.place == "pool" and lot.ready is not None and lot.ready <= seen.now]
        return tuple(
            Proposal(
                self.lever, _AUTHOR, Act("release", lot.order), self._worth.value, why="its material is there",
                facts={"received": lot.received, "material": lot.ready, **self._worth.told()},
            )
            for lot in sorted(ready, key=lambda own: (own.received, own.order))
        )  # fmt: skip
