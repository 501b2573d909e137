"""An engine: one way of searching, run in slices by the portfolio.

An engine never needs the clock to decide: its path depends on its seed and on what it is offered, not on how the work
is cut into slices. So the same seed gives the same answer on one worker for the same amount of work.
"""

from __future__ import annotations

from typing import Protocol

from luban.decide.schedule.schedule import Schedule

__all__ = ["Engine"]


class Engine(Protocol):
    """One search on one problem and objective, begun from a first schedule.

    name    as the log shows it
    grain   work of a usual slice: some 20 ms for a compiled search, more where a slice has a cost of its own
    bound   proven lower bound on the objective's first level; -inf where it proves nothing
    proved  True: the best it returned (or was offered) is optimal
    """

    @property
    def name(self) -> str: ...  # noqa: D102 - above

    @property
    def grain(self) -> int: ...  # noqa: D102

    @property
    def bound(self) -> float: ...  # noqa: D102

    @property
    def proved(self) -> bool: ...  # noqa: D102

    def advance(self, work: int) -> Schedule | None:
        """Searches for about `work` units and returns its best where that is new, else None.

        A unit is one look at one operation (about 10 ns compiled); a slice may overrun by a few milliseconds. Compiled
        parts release the interpreter lock, so that engines run side by side in threads.
        """
        ...

    def offer(self, schedule: Schedule) -> None:
        """A better schedule that somebody else found; taking it up is free."""
        ...

    def halt(self) -> None:
        """Asks, from another thread, that a running slice ends as soon as it can; nothing where slices are short."""
        ...
