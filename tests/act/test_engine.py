"""A command's life: approved by whom it must be, written once, read back, taken back; and what a crash leaves."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from hypothesis import given, settings, strategies as st

from luban.act.command import State, fold
from luban.act.engine import Actor, Proposal
from luban.connect.wire import ReadBack
from luban.core.errors import InputError, NotAllowedError
from luban.core.time import MINUTE, SECOND
from tests.act.bench import STATE, Books, Crash, Devices, actor, actuator

OFFSET = "p/m1:offset"


def wanted(value: float = 5.0, **changed: object) -> Proposal:
    return Proposal(**({"actuator": OFFSET, "value": value, "why": "drift", "author": "luban run-to-run"} | changed))  # type: ignore[arg-type]


def bench(**changed: object) -> tuple[Devices, Books, Actor]:
    devices = Devices()
    books = Books(devices)
    return devices, books, actor(devices, books, actuator(**changed))


def codes(books: Books, name: str) -> list[str]:
    return [entry.code for entry in books.entries if entry.subject == name]


def test_an_automatic_command_is_written_once_and_read_back() -> None:
    async def story() -> None:
        devices, books, one = bench()
        made = await one.propose(wanted())
        assert (made.state, made.approver) == (State.APPROVED, "by rule")
        await one.turn()
        await one.turn()
        assert devices.writes == [(devices.writes[0][0], OFFSET, 5.0)]
        command = one.commands[made.id]
        assert (command.state, command.before, command.told) == (State.CONFIRMED, 0.0, 5.0)
        assert codes(books, made.id) == ["propose", "approved", "sending", "confirmed"]
        assert fold(books.entries)[made.id] == command  # what it knows is what stands in the books

    asyncio.run(story())


def test_modes_decide_who_approves() -> None:
    async def story() -> None:
        devices, books, one = bench(mode="confirm")
        made = await one.propose(wanted())
        assert made.state is State.PROPOSED
        await one.turn()
        assert not devices.writes
        await one.approve(made.id, "li")
        await one.turn()
        assert (devices.values[OFFSET], one.commands[made.id].approver) == (5.0, "li")
        await one.switch(OFFSET, "advise", "li")
        devices.now += MINUTE
        made = await one.approve((await one.propose(wanted(8.0))).id, "li")
        await one.turn()
        command = one.commands[made.id]
        assert command.state is State.REFUSED
        assert "only gives advice" in command.reason
        assert devices.values[OFFSET] == 5.0
        with pytest.raises(InputError, match="cannot be approved"):
            await one.approve(made.id, "li")
        assert books.entries[-1].code == "approved"  # the attempt is on record, and changed nothing
        assert fold(books.entries)[made.id].state is State.REFUSED

    asyncio.run(story())


def test_rolled_back_to_what_stood_before() -> None:
    async def story() -> None:
        devices, _, one = bench(every=0)
        devices.values[OFFSET] = -3.0
        made = await one.propose(wanted())
        await one.turn()
        await one.roll_back(made.id, "li", "worse")
        await one.turn()
        assert devices.values[OFFSET] == -3.0
        assert one.commands[made.id].state is State.ROLLED_BACK
        with pytest.raises(InputError, match="cannot be rolled back"):
            await one.roll_back(made.id, "li", "again")

    asyncio.run(story())


@pytest.mark.parametrize(
    ("mood", "state", "said"),
    [
        ("refuses", State.UNVERIFIED, "BadNotWritable"),
        ("lies", State.UNVERIFIED, "shows 0.0"),
        ("is away", State.UNVERIFIED, "not connected"),
        ("loses the answer", State.CONFIRMED, ""),
    ],
)
def test_what_a_device_answers(mood: str, state: State, said: str) -> None:
    async def story() -> None:
        devices, _, one = bench(settle=5000)
        devices.mood = mood
        made = await one.propose(wanted())
        await one.turn()
        command = one.commands[made.id]
        assert command.state is state
        assert said in command.reason
        if state is State.UNVERIFIED:
            devices.now += MINUTE
            other = await one.propose(wanted(7.0))
            await one.turn()
            assert "another command is not known yet" in one.commands[other.id].reason
            devices.mood = "obeys"
            devices.now += MINUTE
            assert (await one.retry(made.id, "li")).state is State.CONFIRMED

    asyncio.run(story())


def test_three_attempts_at_most_and_a_person_may_give_up() -> None:
    async def story() -> None:
        devices, _, one = bench(every=0, settle=5000)
        devices.mood = "lies"
        made = await one.propose(wanted())
        await one.turn()
        await one.retry(made.id, "li")
        await one.retry(made.id, "li")
        with pytest.raises(InputError, match="not tried again"):
            await one.retry(made.id, "li")
        assert len(devices.writes) == 3
        assert (await one.withdraw(made.id, "li", "the technician looks")).state is State.WITHDRAWN
        devices.mood = "obeys"
        await one.propose(wanted())
        await one.turn()
        assert devices.values[OFFSET] == 5.0

    asyncio.run(story())


def test_the_stop_holds_until_a_person_releases_it_and_over_a_restart() -> None:
    async def story() -> None:
        devices, books, one = bench()
        waiting = await one.propose(wanted())
        await one.stop("wang", "smoke")
        await one.turn()
        assert "all automation is stopped" in one.commands[waiting.id].reason
        assert (await one.propose(wanted())).state is State.REFUSED
        again = actor(devices, books)
        assert (again.automation.stopped, again.automation.by) == ("smoke", "wang")
        assert (await again.propose(wanted())).state is State.REFUSED
        await again.release("wang")
        await again.propose(wanted())
        await again.turn()
        assert len(devices.writes) == 1

    asyncio.run(story())


def test_the_stop_wins_while_the_intent_goes_to_disk() -> None:
    async def story() -> None:
        devices, books, one = bench()
        made = await one.propose(wanted())
        loop = asyncio.get_running_loop()
        note = books.note

        def slow(rows):  # type: ignore[no-untyped-def]
            if rows["code"] == ["sending"]:
                asyncio.run_coroutine_threadsafe(one.stop("wang"), loop).result(5)
            return note(rows)

        one._note = slow
        await one.turn()
        assert not devices.writes
        assert one.commands[made.id].state is State.FAILED

    asyncio.run(story())


def test_too_old_is_never_written() -> None:
    async def story() -> None:
        devices, _, one = bench()
        made = await one.propose(wanted(life=MINUTE))
        devices.now += 2 * MINUTE
        await one.turn()
        assert one.commands[made.id].state is State.EXPIRED
        assert not devices.writes

    asyncio.run(story())


def test_a_command_needs_a_reason_and_an_author() -> None:
    async def story() -> None:
        _, books, one = bench()
        for empty in ({"why": " "}, {"author": ""}):
            with pytest.raises(InputError, match="reason and an author"):
                await one.propose(wanted(**empty))
        assert not books.entries
        with pytest.raises(InputError, match="no such command"):
            await one.approve("C-0", "li")

    asyncio.run(story())


@settings(max_examples=300, deadline=None)
@given(
    steps=st.lists(st.integers(0, 9), min_size=1, max_size=5),
    values=st.lists(st.sampled_from([3.0, -4.0, 6.0]), min_size=1, max_size=4),
    moods=st.lists(st.sampled_from(["obeys", "loses the answer", "lies", "is away"]), min_size=4, max_size=4),
)
def test_a_crash_at_any_step_never_writes_twice(steps: list[int], values: list[float], moods: list[str]) -> None:
    """The process dies after a chosen number of steps (an entry begun, an entry durable, a write begun, a write done);
    a new one goes on from the books. Nobody asks for another attempt, so each command may reach the device once.
    """

    async def story() -> None:
        devices = Devices()
        books = Books(devices)
        asked = 0
        for life in range(len(steps) + 1):
            devices.left = steps[life] if life < len(steps) else None
            devices.mood = moods[life % len(moods)] if life < len(steps) else "obeys"
            one = actor(devices, books, actuator(every=0, step=None, settle=5000))
            try:
                await one.turn()
                while asked < len(values):
                    asked += 1
                    await one.propose(wanted(values[asked - 1], life=1000 * MINUTE))
                    await one.turn()
            except Crash:
                continue
        devices.left = None
        last = actor(devices, books, actuator(every=0, step=None, settle=5000))
        await last.turn()
        sent = [entry.subject for entry in books.entries if entry.code == "sending"]
        assert max(Counter(sent).values(), default=0) <= 1
        assert len(devices.writes) <= len(sent)
        for command in last.commands.values():
            # a proposal and its approval by rule are one: none is left half way
            assert command.state in {State.CONFIRMED, State.UNVERIFIED, State.REFUSED}, command
            if command.state is State.CONFIRMED:
                assert command.told == command.value
        assert fold(books.entries) == dict(last.commands)

    asyncio.run(story())


def test_an_unknown_end_after_a_restart_is_found_on_the_device() -> None:
    async def story() -> None:
        devices, books, one = bench()
        await one.propose(wanted())
        devices.left = 3  # the intent is durable and the value written; the answer is not
        with pytest.raises(Crash):
            await one.turn()
        devices.left = None
        assert len(devices.writes) == 1
        again = actor(devices, books)
        (command,) = await again.turn()
        assert (command.state, len(devices.writes)) == (State.CONFIRMED, 1)
        devices.values[STATE] = "idle"
        devices.now += 60 * SECOND
        with pytest.raises(InputError):
            await again.retry(command.id, "li")

    asyncio.run(story())


def test_a_retry_passes_the_guards() -> None:
    async def story() -> None:
        devices, _, one = bench(settle=5000)
        devices.mood = "lies"
        made = await one.propose(wanted())
        await one.turn()
        devices.values[STATE] = "idle"
        devices.now += MINUTE
        with pytest.raises(NotAllowedError, match="interlock"):
            await one.retry(made.id, "li")
        assert len(devices.writes) == 1

    asyncio.run(story())


def test_a_device_that_answers_late_keeps_nobody_waiting() -> None:
    async def story() -> None:
        devices = Devices()
        devices.values["p/m1:feed"] = 0.0
        books = Books(devices)
        one = actor(devices, books, actuator(), actuator("p/m1:feed"))
        late, soon = await one.propose(wanted()), await one.propose(wanted(actuator="p/m1:feed"))
        write, gate = devices.write, asyncio.Event()

        async def slow(source: str, address: str, value: float) -> ReadBack:
            if address == "offset":
                await gate.wait()
            return await write(source, address, value)

        devices.write = slow  # type: ignore[method-assign]
        turn = asyncio.create_task(one.turn())
        while one.commands[soon.id].state is not State.CONFIRMED:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        assert one.commands[late.id].state is State.SENDING
        gate.set()
        await turn
        assert one.commands[late.id].state is State.CONFIRMED

    asyncio.run(story())
