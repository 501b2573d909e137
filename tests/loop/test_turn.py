"""The turn of decisions: modes, people, the stop, and a process that dies at any step of it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from luban.core.errors import InputError, NotAllowedError
from luban.core.time import HOUR, MINUTE
from luban.loop.deciding.floor import Act, Heard, Proposal, Seen
from luban.loop.deciding.mind import Mind
from luban.loop.deciding.record import Decision, Stage, fold_decisions
from luban.loop.deciding.settle import LOST
from luban.loop.deciding.turn import BY_RULE, NEWER, NOBODY, STOPPED, Carried, Turns
from luban.plant import LeverRule
from luban.understand.book import Entry

START = 1_700_000_000_000_000


class Crash(BaseException):
    """The process dies here; nothing catches it."""


@dataclass
class World:
    """Books, machines and people that outlive a process; `left`: steps until it dies."""

    now: int = START
    entries: list[Entry] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    stopped: str | None = None
    left: int | None = None
    slow: bool = False  # what is carried out takes a turn more

    def step(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Crash

    def note(self, rows: Mapping[str, list[Any]]) -> int:
        self.step()
        first = len(self.entries)
        for place in range(len(rows["code"])):
            one = {name: own[place] for name, own in rows.items()}
            self.entries.append(
                Entry(first + place, one["time"], one["time"], "decision", one["code"], one["subject"],
                      one["person"] or "", one["text"] or "", json.loads(one["data"]))
            )  # fmt: skip
        self.step()
        return first


@dataclass
class FakeHands:
    """Carries out by name; what was carried out is remembered by the world."""

    world: World

    def prepare(self, proposal: Proposal) -> Proposal:
        return proposal

    def bound(self, proposal: Proposal) -> str:
        return f"only {proposal.act.target}"

    def begun(self, decision: Decision) -> bool:
        return decision.id in self.world.done

    async def carry(self, decision: Decision) -> Carried:
        first = not self.begun(decision)
        if first:
            self.world.step()
            self.world.done.append(decision.id)
            self.world.step()
        return Carried(Stage.TAKEN if first and self.world.slow else Stage.DONE, {"trace": decision.id})

    def undoable(self, decision: Decision) -> bool:
        return decision.id in self.world.done

    async def undo(self, decision: Decision, person: str, why: str) -> Mapping[str, Any]:
        self.world.done.remove(decision.id)
        return {"undone": person + why}


@dataclass
class Says:
    """Proposes what it was given, as often as it is asked."""

    proposals: Sequence[Proposal]
    lever: str = "dispatch"
    every: int = MINUTE
    told: list[Heard] = field(default_factory=list)

    def hear(self, told: Iterable[Heard]) -> None:
        self.told += told

    def decide(self, seen: Seen) -> Sequence[Proposal]:
        return [replace(one, lever=self.lever) for one in self.proposals]


def proposal(target: str = "lathe", value: Any = 1, **given: Any) -> Proposal:
    return Proposal("dispatch", "luban test", Act("dispatch", target, value), why="shorter queue", **given)


def process(world: World, mode: str, *deciders: Says) -> Turns:
    rules = {one.lever: LeverRule(one.lever, mode, "operator") for one in deciders}
    made = Turns(
        Mind(deciders), rules, FakeHands(world), world.note, stopped=lambda: world.stopped, clock=lambda: world.now
    )
    made.load(world.entries)
    return made


async def turn(world: World, turns: Turns, after: int = MINUTE) -> list[Decision]:
    world.now += after
    return await turns.turn(lambda: Seen(world.now, {}))


async def test_advice_is_shown_and_never_done() -> None:
    world = World()
    turns = process(world, "advise", Says([proposal()]))
    (one,) = await turn(world, turns)
    assert (one.stage, one.bound, world.done) == (Stage.ADVISED, "only lathe", [])
    assert await turn(world, turns) == [], "the same is not said twice"
    with pytest.raises(InputError, match="cannot be taken"):
        await turns.approve(one.id, "chen")
    await turn(world, turns, HOUR)
    assert (turns.decisions[one.id].stage, turns.decisions[one.id].reason) == (Stage.EXPIRED, NOBODY)


async def test_a_person_takes_it_and_takes_it_back() -> None:
    world = World()
    turns = process(world, "confirm", Says([proposal()]))
    (one,) = await turn(world, turns)
    assert (one.stage, world.done) == (Stage.PROPOSED, [])
    done = await turns.approve(one.id, "chen")
    assert (done.stage, done.person, world.done) == (Stage.DONE, "chen", [one.id])
    with pytest.raises(InputError, match="cannot be taken"):
        await turns.approve(one.id, "li")
    back = await turns.undo(one.id, "li", "wrong lot")
    assert (back.stage, back.person, back.reason, world.done) == (Stage.UNDONE, "li", "wrong lot", [])
    with pytest.raises(InputError, match="cannot be undone"):
        await turns.undo(one.id, "li")


async def test_whoever_was_given_it_says_that_he_knows_of_the_undo_and_a_restart_knows_it_too() -> None:
    world = World()
    turns = process(world, "automatic", Says([proposal()]))
    (one,) = await turn(world, turns)
    with pytest.raises(InputError, match="was not undone"):
        await turns.note(one.id, "wang")
    await turns.undo(one.id, "li", "wrong lot")
    assert turns.decisions[one.id].noted == ""
    await turns.note(one.id, "wang")
    await turns.note(one.id, "chen")
    again = process(world, "automatic", Says([])).decisions[one.id]
    assert (again.noted, again.stage, again.person) == ("wang", Stage.UNDONE, "li")
    assert turns.decisions[one.id] == again


async def test_a_rule_that_stands_is_not_said_again_until_it_is_undone() -> None:
    world, rule = World(), replace(proposal(), act=Act("rule", "standby mill", 12.0))
    turns = process(world, "automatic", Says([rule]))
    (one,) = await turn(world, turns)
    assert one.stage is Stage.DONE
    for _ in range(2):
        assert await turn(world, turns, 3 * 24 * HOUR) == []
        turns = process(world, "automatic", Says([rule]))  # a restart
    await turns.undo(one.id, "li")
    (again,) = await turn(world, turns, 2 * HOUR)
    assert again.act == one.act
    other = process(world, "automatic", Says([replace(rule, act=Act("rule", "standby mill", 8.0))]))
    assert len(await turn(world, other)) == 1


async def test_what_was_declined_is_not_proposed_again_soon() -> None:
    world, says = World(), Says([proposal()])
    turns = process(world, "confirm", says)
    (one,) = await turn(world, turns)
    assert (await turns.decline(one.id, "chen", "no lot there")).reason == "no lot there"
    assert await turn(world, turns) == []
    says.proposals = [proposal(value=2)]
    (other,) = await turn(world, turns)
    says.proposals = [proposal(value=3)]
    await turn(world, turns)
    assert (turns.decisions[other.id].stage, turns.decisions[other.id].reason) == (Stage.EXPIRED, NEWER)
    says.proposals = [proposal(value=2)]
    (again,) = await turn(world, turns, 2 * HOUR)
    assert again.act.value == 2


async def test_what_answers_one_event_is_said_once_and_again_where_nobody_decided() -> None:
    world = World()
    says = Says([proposal(facts={"once": "grease after 0"})])
    turns = process(world, "confirm", says)
    (one,) = await turn(world, turns)
    says.proposals = [proposal(value=2, facts={"once": "grease after 0"})]
    assert await turn(world, turns) == []
    assert await turn(world, turns, 40 * MINUTE) == []
    assert turns.decisions[one.id].stage is Stage.EXPIRED
    (again,) = await turn(world, turns, 2 * HOUR)
    await turns.approve(again.id, "chen")
    assert await turn(world, turns, 5 * HOUR) == []


async def test_the_dearer_one_goes_and_the_other_knows_to_whom_it_lost() -> None:
    world = World()
    span = {"lathe": (START, START + HOUR)}
    turns = process(
        world, "automatic", Says([proposal("queue", worth=5.0, takes=span)]),
        Says([proposal("service", worth=9.0, takes=span)], lever="maintenance"),
    )  # fmt: skip
    (won,) = await turn(world, turns)
    lost = next(one for one in turns.decisions.values() if one.id != won.id)
    assert (won.lever, won.stage, won.history[1].text) == ("maintenance", Stage.DONE, BY_RULE)
    assert (lost.stage, lost.reason, lost.to) == (Stage.DROPPED, LOST, (won.id,))


async def test_one_lever_that_fails_does_not_stop_the_others() -> None:
    class Broken(Says):
        def decide(self, seen: Seen) -> Sequence[Proposal]:
            raise ZeroDivisionError("no machine")

    world = World()
    turns = process(world, "automatic", Broken([], lever="energy"), Says([proposal()]))
    assert len(await turn(world, turns)) == 1
    assert turns.failed == {"energy": "no machine"}


async def test_the_stop_holds_decisions_too() -> None:
    world = World()
    says = Says([proposal()])
    turns = process(world, "confirm", says)
    (one,) = await turn(world, turns)
    world.stopped = "emergency stop"
    says.proposals = [proposal(value=2)]
    assert await turn(world, turns) == [], "nothing is thought"
    with pytest.raises(NotAllowedError, match="stopped"):
        await turns.approve(one.id, "chen")
    # one that was taken and has not left is not carried out later
    world.stopped = None
    world.left = 1  # dies between `taken` and the act
    with pytest.raises(Crash):
        await turns.approve(one.id, "chen")
    world.left, world.stopped = None, "emergency stop"
    again = process(world, "confirm", says)
    assert again.decisions[one.id].stage is Stage.TAKEN
    await turn(world, again)
    world.stopped = None
    await turn(world, again)
    assert (again.decisions[one.id].stage, again.decisions[one.id].reason) == (Stage.FAILED, STOPPED)
    assert one.id not in world.done


async def test_a_process_that_dies_at_any_step_does_everything_once() -> None:
    """A story drawn by chance, 150 times: a process that dies anywhere, again and again."""
    chance = random.Random(8)
    for _round in range(150):
        world = World(slow=chance.random() < 0.5)
        mode = chance.choice(["automatic", "confirm"])
        says = Says([proposal(f"m{n}", facts={"once": f"m{n}"}) for n in range(chance.randrange(1, 4))])
        turns = process(world, mode, says)
        for _life in range(12):
            world.left = chance.randrange(12) if _life < 8 else None
            try:
                await turn(world, turns)
                for one in list(turns.decisions.values()):
                    if one.stage is Stage.PROPOSED:
                        await turns.approve(one.id, "chen")
            except Crash:
                turns = process(world, mode, says)
        found = fold_decisions(world.entries)
        assert sorted(one.act.target for one in found.values()) == sorted(one.act.target for one in says.proposals)
        assert {one.stage for one in found.values()} == {Stage.DONE}
        assert sorted(world.done) == sorted(found), "each once"
        assert turns.decisions.keys() == found.keys()
