"""The turn of a running plant's decisions: think, settle, put it into the books, carry out, see what came of it.

All that it knows of decisions lies in the books, so a process that dies in the middle goes on where it stood: one that
stands at `taken` is looked for in the world before it is carried out. Machines are moved through the actor alone, and
people get dispatch lists, releases, plans and work orders.

Reads   Fact(event) of the kind `decision`    Writes  the same
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from luban.core.errors import InputError, LubanError, NotAllowedError
from luban.core.interrupts import handed_on
from luban.core.time import DAY, HOUR, MINUTE, now as clock_now
from luban.loop.deciding.floor import Proposal, Seen
from luban.loop.deciding.mind import Mind, Thought
from luban.loop.deciding.record import Decision, Stage, fold_decisions, noted_row, propose_row, stage_row
from luban.loop.deciding.settle import Settled, settle
from luban.plant import LeverRule
from luban.understand.book import Entry

__all__ = ["BY_RULE", "NEWER", "NOBODY", "STOPPED", "Carried", "Hands", "Turns"]

_log = logging.getLogger(__name__)

BY_RULE: Final = "by rule: the lever acts by itself"
NOBODY: Final = "nobody decided in time"
NEWER: Final = "a newer proposal takes its place"
STOPPED: Final = "all automation was stopped before it was carried out"

_LIFE: Final = 30 * MINUTE
_QUIET: Final = HOUR  # what was dropped, turned down or ran out is not said again before
_PAST: Final = DAY  # what ended so long ago says nothing about a proposal of today
_WAIT: Final = 10 * MINUTE  # what cannot be carried out for a fault of ours is tried so long

Note = Callable[[Mapping[str, list[Any]]], int]
"""Makes one entry durable and gives its seq; it may wait for the disk."""


@dataclass(frozen=True, slots=True)
class Carried:
    """How far a decision has been carried out: TAKEN while under way, DONE, UNVERIFIED or FAILED; what came."""

    stage: Stage
    told: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


class Hands(Protocol):
    """What carries decisions out."""

    def prepare(self, proposal: Proposal) -> Proposal:
        """The same with what it needs laid ready, before it goes into the books; in a thread."""
        ...

    def bound(self, proposal: Proposal) -> str:
        """What its act can never go beyond, in words."""
        ...

    def begun(self, decision: Decision) -> bool:
        """Something of it has left already."""
        ...

    async def carry(self, decision: Decision) -> Carried:
        """Carry it out, or see how far it is: what left its trace is not done again. Raises LubanError."""
        ...

    def undoable(self, decision: Decision) -> bool:
        """There is a way back."""
        ...

    async def undo(self, decision: Decision, person: str, why: str) -> Mapping[str, Any]:
        """Bring back what stood before; what came of it. Raises LubanError."""
        ...


class Turns:
    """Decisions of one running plant.

    mind     who is asked;  rules  what people set for each lever
    hands    carries out;  note  makes an entry durable, called in a thread
    stopped  why all automation is stopped, None while it is not
    clock    [µs UTC]
    """

    def __init__(
        self,
        mind: Mind,
        rules: Mapping[str, LeverRule],
        hands: Hands,
        note: Note,
        *,
        stopped: Callable[[], str | None] = lambda: None,
        clock: Callable[[], int] = clock_now,
    ) -> None:
        self.mind, self.rules = mind, dict(rules)
        self._hands, self._note, self._stopped, self._clock = hands, note, stopped, clock
        self._decisions: dict[str, Decision] = {}
        self._open: dict[str, None] = {}  # those that have not ended, in their order
        self._like: dict[tuple[str, str, str], dict[str, None]] = {}  # by lever and what is done, oldest first
        self._lock = asyncio.Lock()
        self.failed: dict[str, str] = {}
        self.thought = 0  # when it was last thought [µs UTC]

    @property
    def decisions(self) -> Mapping[str, Decision]:
        """Every decision of the books, in the order of their proposals."""
        return self._decisions

    def load(self, entries: Sequence[Entry]) -> None:
        """Begin with what stands in the books: all entries of the kind `decision`, oldest first."""
        self._fold(entries)

    def _fold(self, entries: Sequence[Entry]) -> None:
        fold_decisions(entries, self._decisions)
        for name in dict.fromkeys(entry.subject for entry in entries):
            one = self._decisions.get(name)
            if one is None:
                continue
            self._like.setdefault(_key(one), {})[name] = None
            if one.open:
                self._open[name] = None
            else:
                self._open.pop(name, None)

    def _still_open(self, *stages: Stage) -> list[Decision]:
        found = (self._decisions[name] for name in self._open)
        return [one for one in found if one.stage in stages]

    # ------------------------------------------------------------------ the turn

    async def turn(self, look: Callable[[], Seen], more: Sequence[Proposal] = ()) -> list[Decision]:
        """One turn: end what is too old, carry out what is taken, ask whose time has come; what was proposed.

        look  gives the picture, called in a thread;  more  proposals that were made elsewhere
        """
        async with self._lock:
            await self._end_late()
            await self._carry()
        due = self.mind.due(self._clock())
        if self._stopped() is not None or not (more or (due is not None and due <= self._clock())):
            return []
        thought = await asyncio.to_thread(handed_on(self._think), look)
        for lever in thought.asked:
            self.failed.pop(lever, None)
        self.failed |= thought.failed
        self.thought = self._clock()
        async with self._lock:
            made = await self._take_up([*more, *thought.proposals])
            await self._carry()
        return [self._decisions[one] for one in made]

    def _think(self, look: Callable[[], Seen]) -> Thought:
        due = self.mind.due(self._clock())
        return self.mind.ask(look()) if due is not None and due <= self._clock() else Thought()

    async def _take_up(self, proposals: Sequence[Proposal]) -> list[str]:
        """Settle what is new and put it into the books."""
        now = self._clock()
        fresh = [one for one in proposals if self._new(one, now)]
        if not fresh or self._stopped() is not None:
            return []
        settled = settle(fresh, self._busy(), order=self.mind.levers, now=now)
        made: dict[int, str] = {}
        for one in settled.taken:
            name = await self._propose(one, now)
            if name:
                made[id(one)] = name
        await self._drop(settled, made, now)
        return list(made.values())

    def _new(self, one: Proposal, now: int) -> bool:
        """It was not said before: nothing like it is open, was turned down lately, or answers the same event.

        A rule that stands already is none that changes anything.
        """
        once = one.facts.get("once")
        if one.act.kind == "rule" and self._stands(one):
            return False
        for name in reversed(self._like.get(_key(one), {})):
            old = self._decisions[name]
            if once is not None:
                over = old.stage is Stage.DROPPED or (old.stage is Stage.EXPIRED and now - old.since >= _QUIET)
                if old.facts.get("once") == once and not over:
                    return False
                continue
            if not old.open and now - max(old.since, old.proposed) > _PAST:
                break
            quiet = now - old.since < _QUIET and old.stage not in {Stage.DONE, Stage.FAILED}
            if (old.open or quiet) and _alike(old.act.value, one.act.value):
                return False
        return True

    def _stands(self, one: Proposal) -> bool:
        """The rule that was taken last says the same."""
        for name in reversed(self._like.get(_key(one), {})):
            old = self._decisions[name]
            if old.stage in {Stage.DONE, Stage.UNDONE}:
                return old.stage is Stage.DONE and _alike(old.act.value, one.act.value)
        return False

    def _busy(self) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        for one in self._still_open(Stage.TAKEN, Stage.UNVERIFIED):
            for name, (begin, end) in one.takes.items():
                known = found.get(name, (begin, end))
                found[name] = (min(begin, known[0]), max(end, known[1]))
        return found

    async def _propose(self, one: Proposal, now: int) -> str:
        rule = self._rule(one.lever)
        try:
            ready = one if rule.mode == "advise" else await asyncio.to_thread(self._hands.prepare, one)
        except LubanError as error:
            self.failed[one.lever] = str(error)
            return ""
        for old in self._still_open(Stage.PROPOSED, Stage.ADVISED):
            if _key(old) == _key(one):
                await self._enter(old.id, Stage.EXPIRED, reason=NEWER)
        name = f"D-{uuid.uuid4().hex[:12]}"
        stage = Stage.ADVISED if rule.mode == "advise" else Stage.PROPOSED
        expires = one.expires if one.expires is not None else now + _LIFE
        first = propose_row(name, ready, stage, at=now, expires=expires, mode=rule.mode, approver=rule.approver,
                            bound=self._hands.bound(ready))  # fmt: skip
        taken = [stage_row(name, Stage.TAKEN, at=now, reason=BY_RULE)] if rule.mode == "automatic" else []
        await self._keep(first, *taken)  # both or neither
        return name

    async def _drop(self, settled: Settled, made: Mapping[int, str], now: int) -> None:
        for lost in settled.dropped:
            rule = self._rule(lost.proposal.lever)
            to = [made[id(one)] for one in lost.to if id(one) in made]
            expires = lost.proposal.expires if lost.proposal.expires is not None else now
            await self._keep(
                propose_row(f"D-{uuid.uuid4().hex[:12]}", lost.proposal, Stage.DROPPED, at=now, expires=expires,
                            mode=rule.mode, approver=rule.approver, reason=lost.reason, to=to)
            )  # fmt: skip

    def _rule(self, lever: str) -> LeverRule:
        return self.rules.get(lever) or LeverRule(lever)

    # ------------------------------------------------------------------ carrying out

    async def _end_late(self) -> None:
        now = self._clock()
        for one in self._still_open(Stage.PROPOSED, Stage.ADVISED):
            if one.expires <= now:
                await self._enter(one.id, Stage.EXPIRED, reason=NOBODY)

    async def _carry(self) -> None:
        for one in self._still_open(Stage.TAKEN, Stage.UNVERIFIED):
            try:
                if self._stopped() is not None and not self._hands.begun(one):
                    await self._enter(one.id, Stage.FAILED, reason=STOPPED)
                    continue
                carried = await self._hands.carry(one)
            except LubanError as error:
                carried = Carried(Stage.FAILED, {}, str(error))
            except Exception as error:  # noqa: BLE001 - a full disk, a fault of ours: said, and tried again for a while
                _log.warning("%s was not carried out", one.id, exc_info=error)
                if self._clock() - one.since < _WAIT:
                    continue
                carried = Carried(Stage.FAILED, {}, f"{type(error).__name__}: {error}")
            if carried.stage is not one.stage:
                await self._enter(one.id, carried.stage, reason=carried.reason, told=carried.told)

    # ------------------------------------------------------------------ what people do

    async def approve(self, name: str, person: str) -> Decision:
        """A person takes a proposal; who may do so was looked at by the caller.

        Raises  InputError: it is not waiting, too old, or what it needs is taken; NotAllowedError while all is stopped
        """
        async with self._lock:
            one = self._known(name)
            why = self._stopped()
            if why is not None:
                raise NotAllowedError("all automation is stopped", came=why, where=name)
            if one.stage is not Stage.PROPOSED:
                raise InputError("this decision cannot be taken", came=one.stage.value, expected="proposed", where=name)
            if one.expires <= self._clock():
                await self._enter(name, Stage.EXPIRED, reason=NOBODY)
                raise InputError("this decision cannot be taken", came="too old", expected="proposed", where=name)
            own = Proposal(one.lever, one.author, one.act, takes=one.takes)
            if settle([own], self._busy()).dropped:
                raise InputError("what it needs is taken already", where=name, hint="wait until that is done")
            await self._enter(name, Stage.TAKEN, person=person)
            await self._carry()
            return self._decisions[name]

    async def decline(self, name: str, person: str, why: str = "") -> Decision:
        """A person turns a proposal down. Raises InputError."""
        async with self._lock:
            one = self._known(name)
            if one.stage not in {Stage.PROPOSED, Stage.ADVISED}:
                raise InputError("this decision cannot be declined", came=one.stage.value, where=name)
            await self._enter(name, Stage.DECLINED, person=person, reason=why)
            return self._decisions[name]

    def undoable(self, one: Decision) -> bool:
        """There is a way back from it."""
        return one.stage in {Stage.DONE, Stage.UNVERIFIED} and self._hands.undoable(one)

    async def undo(self, name: str, person: str, why: str = "") -> Decision:
        """Bring back what stood before. Raises InputError, NotAllowedError while all is stopped."""
        async with self._lock:
            one = self._known(name)
            if self._stopped() is not None:
                raise NotAllowedError("all automation is stopped", came=self._stopped() or "", where=name)
            if not self.undoable(one):
                raise InputError("this decision cannot be undone", came=one.stage.value, where=name)
            told = await self._hands.undo(one, person, why or f"undoes {name}")
            await self._enter(name, Stage.UNDONE, person=person, reason=why, told=told)
            return self._decisions[name]

    async def note(self, name: str, person: str) -> Decision:
        """A person to whom it was given knows that it was undone. Raises InputError."""
        async with self._lock:
            one = self._known(name)
            if one.stage is not Stage.UNDONE:
                raise InputError("this decision was not undone", came=one.stage.value, where=name)
            if not one.noted:
                await self._keep(noted_row(name, at=self._clock(), person=person))
            return self._decisions[name]

    def _known(self, name: str) -> Decision:
        try:
            return self._decisions[name]
        except KeyError:
            raise InputError("no such decision", came=name) from None

    # ------------------------------------------------------------------ the books

    async def _enter(
        self, name: str, stage: Stage, *, person: str = "", reason: str = "", told: Mapping[str, Any] | None = None
    ) -> None:
        await self._keep(stage_row(name, stage, at=self._clock(), person=person, reason=reason, told=told))

    async def _keep(self, *made: Mapping[str, list[Any]]) -> None:
        """Make entries durable, all of them or none, and go on from them."""
        rows = {name: [value for one in made for value in one[name]] for name in made[0]}
        first = await asyncio.to_thread(self._note, rows)
        self._fold([_entry(one, first + place) for place, one in enumerate(made)])


def _key(one: Proposal | Decision) -> tuple[str, str, str]:
    return one.lever, one.act.kind, one.act.target


def _entry(one: Mapping[str, list[Any]], seq: int) -> Entry:
    time, code, subject, person, text, data = (
        one[name][0] for name in ("time", "code", "subject", "person", "text", "data")
    )
    return Entry(seq, time, time, "decision", code, subject, person or "", text or "", json.loads(data))


def _alike(one: Any, other: Any) -> bool:
    """The same value, as the books would hold it."""
    return bool(json.dumps(one, sort_keys=True, default=list) == json.dumps(other, sort_keys=True, default=list))
