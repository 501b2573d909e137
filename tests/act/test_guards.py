"""10,000 commands by chance against a device that knows its own rules: none that breaks one ever reaches it."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given, settings, strategies as st

from luban.act.command import State
from luban.act.engine import Proposal
from luban.act.reading import Reading, same, why_not
from luban.core.time import MINUTE, SECOND
from luban.plant import Interlock
from tests.act.bench import LOAD, STATE, Books, Devices, actor, actuator

OFFSET, FEED = "p/m1:offset", "p/m1:feed"


def lawful(devices: Devices, stopped: bool, modes: dict[str, str], approved: bool, name: str, value: float) -> str:
    """The device's own judge: it keeps what was written to it and shares nothing with the guards."""
    low, high, step, pause = {OFFSET: (-50, 50, 10, 30), FEED: (0.2, 1.5, 1e9, 0)}[name]
    if not low <= value <= high:
        return "outside"
    if abs(value - float(devices.values[name])) > step + 1e-6:
        return "leap"
    last = [at for at, written, _ in devices.writes if written == name]
    if last and devices.now - last[-1] < pause * SECOND:
        return "soon"
    if stopped:
        return "stopped"
    if modes[name] == "advise" or (modes[name] == "confirm" and not approved):
        return "nobody allowed it"
    if not (devices.values[LOAD] < 80 and devices.values[STATE] == "running") or devices.bad & {LOAD, STATE}:
        return "interlock"
    return ""


@pytest.mark.parametrize("seed", range(4))
def test_ten_thousand_commands_by_chance(seed: int) -> None:
    async def story() -> None:
        chance = random.Random(seed)
        devices = Devices()
        devices.values[FEED] = 1.0
        books = Books(devices)
        one = actor(
            devices, books, actuator(), actuator(FEED, lower=0.2, upper=1.5, step=None, every=0, mode="confirm")
        )
        modes = {OFFSET: "automatic", FEED: "confirm"}
        refused = written = 0
        for _ in range(2500):
            devices.now += chance.choice([SECOND, 20 * SECOND, 40 * SECOND])
            devices.values[LOAD] = chance.choice([20.0, 20.0, 20.0, 79.9, 80.0, 95.0, float("nan")])
            devices.values[STATE] = chance.choice(["running", "running", "running", "idle"])
            devices.bad = {chance.choice([LOAD, STATE])} if chance.random() < 0.1 else set()
            if chance.random() < 0.05:
                name = chance.choice([OFFSET, FEED])
                modes[name] = chance.choice(["advise", "confirm", "automatic"])
                await one.switch(name, modes[name], "li")
            if one.automation.stopped and chance.random() < 0.5:
                await one.release("li")
            elif chance.random() < 0.05:
                await one.stop("li")
            name = chance.choice([OFFSET, FEED, FEED, "p/m1:nothing", "p/m2:offset"])
            value = chance.choice(
                [chance.uniform(-80, 80), chance.uniform(0, 2), chance.uniform(0.2, 1.5), float("inf"), float("nan")]
            )
            unit = chance.choice(["", "", "µm", "mm"])
            life = chance.choice([0, SECOND, MINUTE, MINUTE, MINUTE])
            made = await one.propose(Proposal(name, value, "by chance", "drill", unit, life=life))
            approved = made.state is State.PROPOSED and chance.random() < 0.5
            if approved:
                await one.approve(made.id, "li")
            before, stopped = len(devices.writes), one.automation.stopped is not None
            fault = lawful(devices, stopped, modes, approved, name, value) if name in modes else "not listed"
            if unit == "mm" or life == 0:
                fault = fault or "unit or age"
            await one.turn()
            after = one.commands[made.id]
            if len(devices.writes) > before:
                assert not fault, (fault, after)
                assert devices.writes[-1][1:] == (name, value)
                written += 1
            elif after.state is State.REFUSED:
                assert after.reason
                refused += 1
            elif not fault:
                raise AssertionError(f"held back without a reason: {after}")
        assert written > 30
        assert refused > 1000
        for command in one.commands.values():
            assert command.state is not State.SENDING

    asyncio.run(story())


@given(
    value=st.one_of(st.none(), st.floats(), st.text(max_size=3)), limit=st.floats(-10, 10),
    relation=st.sampled_from(["<", "<=", ">", ">="]), age=st.integers(0, 200), good=st.booleans(),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_an_interlock_takes_nothing_unknown_for_a_yes(
    value: float | str | None, limit: float, relation: str, age: int, good: bool
) -> None:
    now = 1000 * SECOND
    why = why_not(Interlock("s", relation, limit), Reading(value, now - age * SECOND, good), now, MINUTE)
    number = isinstance(value, float) and value == value and abs(value) != float("inf")
    holds = number and eval(f"{value!r} {relation} {limit!r}")
    assert (why == "") == bool(holds and good and age <= 60)


def test_words_and_silence() -> None:
    assert why_not(Interlock("s", "is", "idle"), Reading("idle", 0), 0, MINUTE) == ""
    assert why_not(Interlock("s", "is", "idle"), Reading("run", 0), 0, MINUTE) == "s is run"
    assert why_not(Interlock("s", "is not", "idle"), Reading("run", 0), 0, MINUTE) == ""
    assert why_not(Interlock("s", "is not", "idle"), None, 0, MINUTE) == "s is not known"
    assert "90 s ago" in why_not(Interlock("s", "is not", "idle"), Reading("run", 0), 90 * SECOND, MINUTE)


def test_the_same_value_to_the_device() -> None:
    one = actuator(tolerance=0.0)
    assert same(one, 0.1, 0.10000000149011612)  # a 32-bit float gives this back
    assert not same(one, 0.1, 0.1001)
    assert same(actuator(tolerance=0.01), 0.1, 0.1001)
    assert not same(one, None, None)
