"""Follows an MTConnect agent: one picture of now, then every observation after it, each once.

Sequence numbers make that exact. The agent keeps a ring of observations; we ask for the next one we
have not seen. A broken answer is taken up again at that number, so nothing is lost while the agent
still has it. It is lost, and said so, when the ring has moved on (OUT_OF_RANGE) or the agent started
anew (another instanceId).

Source  MTConnect Standard Part 1, Fundamentals: sequence, buffer, instanceId, streaming, heartbeat
"""

from __future__ import annotations

import asyncio
import builtins
import difflib
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import ClassVar

from luban.connect.mtconnect.client import AgentClient
from luban.connect.mtconnect.model import proposals
from luban.connect.mtconnect.observation import Addresses, Observation
from luban.connect.mtconnect.settings import MTConnectSettings
from luban.connect.mtconnect.streams import Answer
from luban.connect.wire import Capabilities, Proposal, ReadBack, Sample, Sink, Value
from luban.core.errors import InputError, LinkDownError, NotAllowedError, PayloadError
from luban.core.time import SECOND, now

__all__ = ["MTConnectDriver"]

_LATE = 60 * SECOND  # an adapter may deliver a value this much after its time: look that far behind a gap
_FIRST_FEW = 10
_TRIES = 5  # for a place in the ring before the agent overwrites it again


@dataclass
class _Place:
    """How far we have come.

    next    the sequence to ask for
    proved  when the agent last answered [µs]: everything before is with us
    bad     answers in a row that could not be read
    moved   whether anything came since the last attempt
    """

    instance: int
    next: int
    proved: int
    bad: int = 0
    moved: bool = True


class _RestartedError(Exception):
    """The agent started anew."""


class _OverwrittenError(Exception):
    """The agent no longer has what we would read next."""


class MTConnectDriver:
    """The mtconnect connector; see the module."""

    type: ClassVar[str] = "mtconnect"
    settings: ClassVar[builtins.type[MTConnectSettings]] = MTConnectSettings
    capabilities: ClassVar[Capabilities] = Capabilities(browse=True, history=True)

    def __init__(self, settings: MTConnectSettings, addresses: Sequence[str]) -> None:
        self._settings = settings
        self._wanted = tuple(addresses)
        self._addresses = Addresses(addresses)
        self._streaming = settings.streaming
        self.keepalive = max(settings.heartbeat, settings.interval, settings.timeout)
        self.history_since: int | None = None  # from when on the last history read is complete [µs UTC]

    async def run(self, sink: Sink) -> None:
        """Follow the agent until it is away. Raises LinkDownError, SecurityError."""
        async with AgentClient(self._settings) as agent:
            await self._probe(agent, sink)
            place = await self._start(agent, sink)
            while True:
                try:
                    await self._follow(agent, sink, place)
                except _RestartedError:
                    await self._probe(agent, sink)
                    place = await self._start(agent, sink, place.proved, "the agent started anew")
                except _OverwrittenError:
                    await self._skip_overwritten(agent, sink, place)
                except PayloadError as error:
                    place = await self._refuse(agent, sink, place, error)
                except LinkDownError:
                    # The agent's ring bridges a short break. Only a second failure in a row is an absence.
                    if not place.moved:
                        raise
                    place.moved = False

    async def _probe(self, agent: AgentClient, sink: Sink) -> None:
        """Read the device model and say which addresses it does not have."""
        try:
            model = await agent.probe()
        except InputError as error:
            raise LinkDownError(error.message, came=error.came, expected=error.expected, where=error.where) from error
        offered = [key for key in model.by_key if ":" not in key]
        for address in self._addresses.unknown(model.items):
            close = difflib.get_close_matches(address, offered, 1, 0.6)
            sink.reject(address, f"did you mean {close[0]}?" if close else "", "the agent has no such data item")

    async def _start(self, agent: AgentClient, sink: Sink, since: int = 0, reason: str = "") -> _Place:
        """Take the picture of now; its header says where the stream goes on. What came after `since` is lost."""
        try:
            answer = await agent.current()
        except PayloadError as error:
            raise LinkDownError(error.message, came=error.came, expected=error.expected, where=error.where) from error
        if answer.refusals:
            raise _refusal(answer, self._settings.url)
        place = _Place(answer.header.instance, answer.header.next, now())
        if reason:
            sink.lost(since, place.proved, reason)
        self._deliver(answer.observations, sink)
        _reject_bad(answer, sink)
        sink.alive()
        return place

    async def _follow(self, agent: AgentClient, sink: Sink, place: _Place) -> None:
        """Read on from the place until the answer ends."""
        if not self._streaming:
            await self._poll(agent, sink, place)
        answers = 0
        async with aclosing(agent.stream(place.next)) as stream:
            async for answer in stream:
                if isinstance(answer, PayloadError):
                    raise answer
                self._take(answer, sink, place)
                answers += 1
        if answers <= 1 and not place.bad:
            # One plain document: this agent does not stream, or something between us cuts the answer short.
            self._streaming = False
        await asyncio.sleep(self._settings.interval / SECOND)  # an agent that ends its answers is not to be hammered

    async def _poll(self, agent: AgentClient, sink: Sink, place: _Place) -> None:
        while True:
            answer = await agent.sample(place.next, self._settings.count)
            behind = answer.header.last >= answer.header.next
            self._take(answer, sink, place)
            if not behind:
                await asyncio.sleep(self._settings.interval / SECOND)

    def _take(self, answer: Answer, sink: Sink, place: _Place) -> None:
        """Deliver what is new in an answer and move on."""
        header = answer.header
        if header.instance != place.instance:
            raise _RestartedError
        if answer.refusals:
            if answer.refused("OUT_OF_RANGE"):
                raise _OverwrittenError
            raise _refusal(answer, self._settings.url)
        fresh = [seen for seen in answer.observations if seen.sequence >= place.next]
        if header.first > place.next:  # an agent that skips ahead without a word
            end = fresh[0].time if fresh else now()
            sink.lost(min(place.proved, end), end, "the agent's buffer overflowed")
        self._deliver(fresh, sink)
        _reject_bad(answer, sink)
        place.next = max(place.next, header.next, fresh[-1].sequence + 1 if fresh else 0)
        place.proved, place.bad, place.moved = now(), 0, True
        sink.alive()

    async def _skip_overwritten(self, agent: AgentClient, sink: Sink, place: _Place) -> None:
        """Go on at the oldest observation the agent still has, and say what is lost."""
        for _ in range(_TRIES):
            header = (await agent.current()).header
            if header.instance != place.instance or place.next > header.next:
                place.instance = -1  # the next answer says that it started anew
                return
            if place.next >= header.first:
                return
            oldest = await agent.sample(header.first, 1)
            if oldest.refusals:
                continue
            end = min((seen.time for seen in oldest.observations), default=now())
            sink.lost(min(place.proved, end), end, "the agent's buffer overflowed")
            place.next, place.proved, place.moved = header.first, end, True
            return
        raise LinkDownError(
            "the agent overwrites its buffer faster than it can be read", where=self._settings.url,
            hint="give the agent a larger buffer",
        )  # fmt: skip

    async def _refuse(self, agent: AgentClient, sink: Sink, place: _Place, error: PayloadError) -> _Place:
        """Quarantine an unreadable answer; read the same place again, and if that fails too go on after it."""
        sink.reject("", error.came, error.message)
        place.bad += 1
        if place.bad < 2:
            return place
        return await self._start(agent, sink, place.proved, f"unreadable answers: {error.message}")

    def _deliver(self, observations: Sequence[Observation], sink: Sink) -> None:
        samples = [sample for seen in observations for sample in self._addresses.samples(seen)]
        if samples:
            sink.samples(samples)

    async def history(self, addresses: Sequence[str], start: int, end: int) -> AsyncIterator[Sequence[Sample]]:
        """What the agent's buffer still has with start < time < end, in time order per address.

        Reads backwards from now, so a short gap costs one request however large the buffer is.
        """
        wanted = Addresses(addresses)
        held: list[Sample] = []
        async with AgentClient(self._settings) as agent:
            await agent.probe()
            header = (await agent.current()).header
            stop, newest, first = header.next, end, end
            while stop > header.first and newest > start - _LATE:
                begin = max(header.first, stop - self._settings.count)
                answer = await agent.sample(begin, stop - begin)
                if answer.header.instance != header.instance or answer.refusals:
                    break  # the buffer has moved on: what is gone cannot be had
                seen = [one for one in answer.observations if begin <= one.sequence < stop]
                held += [s for one in seen for s in wanted.samples(one) if start < s.time < end]
                newest = max((one.time for one in seen), default=newest)
                # Complete from where the window begins; some adapters stamp single values long before they send them.
                first = max((one.time for one in seen[:_FIRST_FEW]), default=first)
                stop = begin
            self.history_since = start if newest <= start - _LATE else first
        held.sort(key=lambda sample: sample.time)
        for first in range(0, len(held), self._settings.count):
            yield held[first : first + self._settings.count]

    async def browse(self) -> list[Proposal]:
        """Every data item of the agent with a proposed mapping."""
        async with AgentClient(self._settings) as agent:
            return proposals(await agent.probe())

    async def write(self, address: str, value: Value) -> ReadBack:
        """MTConnect is read-only. Raises NotAllowedError."""
        raise NotAllowedError("MTConnect is read-only", came=f"{address} = {value!r}", where=self._settings.url)


def _refusal(answer: Answer, url: str) -> LinkDownError:
    said = "; ".join(f"{refusal.code} {refusal.text}".strip() for refusal in answer.refusals)
    return LinkDownError("the agent refuses", came=said, where=url)


def _reject_bad(answer: Answer, sink: Sink) -> None:
    for name, reason in answer.bad:
        sink.reject(name, "", reason)
