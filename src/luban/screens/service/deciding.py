"""Decisions of the running plant, to the screens: what it sees, proposes, did, and what came of it.

Reads   Fact(event) of the kinds `decision` and `outcome`, through the running plant where it runs here; plans
Writes  nothing itself: what people do goes to the plant's turns, which alone write such entries
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from luban.act.engine import Actor
from luban.core.errors import InputError, MissingServiceError, NotAllowedError
from luban.core.time import now
from luban.decide.schedule.dispatch import Task, dispatch_lists
from luban.loop.deciding.record import Decision, Stage, fold_decisions
from luban.loop.deciding.turn import Turns
from luban.loop.flow import lists_given
from luban.loop.hands import TO_PEOPLE, published
from luban.loop.plans import Plans, PlanState
from luban.loop.running import Running
from luban.loop.words import LEVERS
from luban.plant import LeverRule
from luban.screens.service.acting import ActingBooks
from luban.screens.service.books import Record
from luban.screens.service.view import PlantView
from luban.screens.users import Role, User
from luban.understand.book import entries

__all__ = ["LeverNow", "LoopBooks", "Next", "Row", "TakenBack"]

_KEPT: Final = 200
_NEXT: Final = 8  # operations of a machine's list


@dataclass(frozen=True, slots=True)
class LeverNow:
    """A lever as it stands.

    name     in words;  rule  what people set;  why  why it does not decide: skipped, or it failed the last time
    """

    id: str
    name: str
    rule: LeverRule
    why: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        rule = self.rule
        return {"id": self.id, "name": self.name, "mode": rule.mode, "approver": rule.approver,
                "figure": rule.figure, "why_not": self.why}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A decision with its verdict: one of verify's words and what it says, or why it cannot be judged."""

    decision: Decision
    verdict: str
    told: str
    undoable: bool

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {**self.decision.as_dict(), "verdict": self.verdict, "verdict_told": self.told,
                "undoable": self.undoable}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Next:
    """One line of a machine's dispatch list; times [µs UTC], None where nobody planned them."""

    order: str
    operation: str
    start: int | None = None
    end: int | None = None
    setup: bool = False
    late: bool = False

    @property
    def step(self) -> str:
        """The operation without its order's name."""
        return self.operation.removeprefix(f"{self.order}/")

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Something that people were given and that was undone; of nobody yet it is known that he knows.

    whom  the work order and the skill that it asks for; '' for what is no work order;  why  it was undone
    """

    decision: Decision
    whom: str
    why: str


class LoopBooks(ActingBooks):
    """What the page of the loop works with; see `ActingBooks`.

    running  gives what decides for the plant that runs in this process, None where none does
    """

    def __init__(
        self,
        view: PlantView,
        record: Record | None = None,
        actor: Callable[[], Actor | None] = lambda: None,
        running: Callable[[], Running | None] = lambda: None,
    ) -> None:
        super().__init__(view, record, actor)
        self._running = running
        self._decided: tuple[int, dict[str, Decision]] = (-1, {})
        self._judged: tuple[int, dict[str, tuple[str, str]]] = (-1, {})
        self._whoms: dict[str, str] = {}

    # ------------------------------------------------------------------ how it stands

    def levers(self) -> tuple[LeverNow, ...]:
        """Every lever of the plant, in its order."""
        running = self._running()
        rules = running.rules if running is not None else dict(self.view.plant.levers)
        why = {**(running.turns.failed if running is not None else {}), **(running.skipped if running else {})}
        return tuple(
            LeverNow(lever, LEVERS.get(lever, lever), rule, why.get(lever, "")) for lever, rule in rules.items()
        )

    def thought(self) -> int:
        """When it was last thought [µs UTC]; 0: not yet."""
        running = self._running()
        return running.turns.thought if running is not None else 0

    def decisions(self, limit: int = _KEPT) -> tuple[Row, ...]:
        """Newest first; those that still wait for something come before all others."""
        found = sorted(self._all().values(), key=lambda one: (not one.open, -one.since))
        return tuple(self._row(one) for one in found[:limit])

    def decision(self, name: str) -> Row:
        """One decision. Raises InputError."""
        try:
            return self._row(self._all()[name])
        except KeyError:
            raise InputError("no such decision", came=name) from None

    def lists(self) -> dict[str, tuple[Next, ...]]:
        """What comes next at each machine: by the newest dispatch decision, then by the plan that the floor has."""
        plan = published(Plans(self.view.folder))
        found = self._planned(plan)
        for machine, one in lists_given(self._all().values(), plan).items():
            if machine in self.view.plant.equipment:
                own = [_told(entry) for entry in one.act.value or ()]
                done = self._ended(machine, one.since)
                own = [entry for entry in own if (entry.order, entry.operation) not in done]
                listed = {(entry.order, entry.operation) for entry in own}
                rest = [entry for entry in found.get(machine, ()) if (entry.order, entry.step) not in listed]
                found[machine] = (*own, *rest)[:_NEXT]
        return found

    def taken_back(self) -> tuple[TakenBack, ...]:
        """What was given to people and then undone, until one of them says that he knows; newest first."""
        found = [
            one for one in self._all().values()
            if one.stage is Stage.UNDONE and not one.noted and one.act.kind in {*TO_PEOPLE, "maintain"}
        ]  # fmt: skip
        return tuple(
            TakenBack(one, self._whom(one), one.reason) for one in sorted(found, key=lambda one: -one.since)
        )  # fmt: skip

    def _whom(self, one: Decision) -> str:
        if one.act.kind != "maintain":
            return ""
        if one.id not in self._whoms:
            from luban.decide.maintain import work_orders

            order = work_orders(self.view.ledger).get(str(one.told.get("workorder")))
            self._whoms[one.id] = "" if order is None else " · ".join(filter(None, (order.id, order.skill)))
        return self._whoms[one.id]

    def _ended(self, machine: str, since: int) -> set[tuple[str, str]]:
        """Operations that were begun or ended there since a list was given."""
        rows = self.view.ledger.table("operation", subjects=[machine], since=since).to_pylist()
        return {(row["order"], row["operation"]) for row in rows}

    def _planned(self, plan: PlanState | None) -> dict[str, tuple[Next, ...]]:
        if plan is None or plan.schedule.problem.tick <= 0:
            return {}
        p = plan.schedule.problem
        begin = max(0, (now() - p.start) // p.tick)
        lists = dispatch_lists(plan.schedule, begin=begin)
        return {
            machine: tuple(_next(own, p.start, p.tick) for own in tasks[:_NEXT]) for machine, tasks in lists.items()
        }

    def _all(self) -> Mapping[str, Decision]:
        running = self._running()
        if running is not None:
            return dict(running.turns.decisions)
        head, known = self._decided
        if head != self.view.ledger.head:
            last = self.view.ledger.head
            known = fold_decisions(entries(self.view.ledger, "decision", after=head, as_of=last), dict(known))
            self._decided = last, known
        return known

    def _row(self, one: Decision) -> Row:
        running = self._running()
        undoable = running is not None and running.turns.undoable(one)
        if one.stage not in {Stage.DONE, Stage.UNVERIFIED}:
            return Row(one, "", "", undoable)
        if one.stage is Stage.UNVERIFIED:
            return Row(one, "unverified", one.reason, undoable)
        act = str(one.told.get("outcome", ""))
        if not act:
            return Row(one, "not evaluable", str(one.told.get("lacks", "")), undoable)
        verdict, told = self._verdicts().get(act, ("unverified", ""))
        if act != one.id:
            told = f"judged together with {act}"
        return Row(one, verdict, told, undoable)

    def _verdicts(self) -> Mapping[str, tuple[str, str]]:
        from luban.verify import outcomes

        head, known = self._judged
        if head != self.view.ledger.head:
            head = self.view.ledger.head
            known = {
                one.outcome.decision.act: (one.outcome.verdict, "; ".join(one.outcome.reasons))
                for one in outcomes(self.view.ledger)
            }
            self._judged = head, known
        return known

    # ------------------------------------------------------------------ what people do

    def may_decide(self, user: User, act: str, name: str) -> bool:
        """Whether a person may `take`, `decline` or `undo` a decision, or say that he knows of what was undone."""
        one = self._all().get(name)
        needed = Role.OPERATOR if act in {"decline", "note"} or one is None else Role.parse(one.approver)
        return user.may(needed, self.view.plant.id)

    async def take(self, name: str, user: User) -> Decision:
        """Take a proposal. Raises NotAllowedError, InputError, MissingServiceError."""
        return await self._decide("take", name, user, lambda turns: turns.approve(name, user.name))

    async def decline(self, name: str, user: User, why: str = "") -> Decision:
        """Turn a proposal down."""
        return await self._decide("decline", name, user, lambda turns: turns.decline(name, user.name, why))

    async def undo(self, name: str, user: User, why: str = "") -> Decision:
        """Bring back what stood before."""
        return await self._decide("undo", name, user, lambda turns: turns.undo(name, user.name, why))

    async def note(self, name: str, user: User) -> Decision:
        """Say that one knows of what was undone."""
        return await self._decide("note", name, user, lambda turns: turns.note(name, user.name))

    async def _decide(self, act: str, name: str, user: User, done: Callable[[Turns], Awaitable[Decision]]) -> Decision:
        running = self._running()
        if running is None:
            raise MissingServiceError("nothing decides here", hint="luban up DIR")
        if not self.may_decide(user, act, name):
            raise NotAllowedError("your role does not permit this", came=f"{user.name} is {user.role.name.lower()}",
                                  where=name)  # fmt: skip
        return await done(running.turns)


def _next(own: Task, start: int, tick: int) -> Next:
    begin = own.setup_start if own.setup_end > own.setup_start else own.start
    return Next(own.order, own.operation_name, start + begin * tick, start + own.end * tick,
                own.setup_end > own.setup_start, own.lateness > 0)  # fmt: skip


def _told(own: Any) -> Next:
    """One entry of a dispatch decision: (order, operation) or an order."""
    if isinstance(own, str):
        order, _, operation = own.partition("/")
        return Next(order, operation)
    order, operation = (str(part) for part in list(own)[:2])
    return Next(order, operation)
