"""What a driver owes and what it gets: the contract between a wire and its collector.

A driver speaks one protocol and nothing else. It hands over samples under the source's own
addresses; its collector does the rest: mapping to signals, quality checks, gaps, disk, reconnect.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, Field

from luban.core.quality import Quality

__all__ = [
    "Capabilities",
    "Driver",
    "Proposal",
    "ReadBack",
    "Sample",
    "SettingsModel",
    "Sink",
    "SourceSettings",
    "Value",
]

Value = float | int | bool | str | None


@dataclass(frozen=True, slots=True)
class Sample:
    """One value as it came off a wire.

    address  the source's own name of it: node id, topic and path, data item id, column
    time     source time [µs UTC]; the arrival time only where the wire carries none
    value    the value; None where the source has none
    quality  the wire's status, mapped
    unit     engineering unit as the wire gives it, '' if it gives none
    """

    address: str
    time: int
    value: Value
    quality: Quality = Quality.GOOD
    unit: str = ""


class Sink(Protocol):
    """Where a driver puts what it hears. Safe to call from the driver's event loop only."""

    def samples(self, samples: Sequence[Sample]) -> None:
        """Take values; they are on disk after the next `flush`, or within 100 ms."""

    def alive(self, time: int | None = None) -> None:
        """The link has just proved itself (first connect, keep-alive, publish answer, ping).

        Coverage is made of these: the time between two of them is covered if no `down` lies between.
        """

    def lost(self, start: int, end: int, reason: str, addresses: Sequence[str] = ()) -> None:
        """The driver knows that values were lost within a living link (sequence gap, buffer overflow)."""

    def reject(self, address: str, payload: bytes | str, reason: str) -> None:
        """One message is bad: count it and keep it in quarantine with the reason."""

    def covered(self, start: int, end: int) -> None:
        """An interval that is proved by something else than the running link: an imported file, a peer's buffer."""

    def facts(self, stream: str, rows: Mapping[str, Sequence[Any]]) -> None:
        """Rows that are state, count or measurement facts already (files of them); a work unit may be relative."""

    def remember(self, key: str, value: Any) -> None:
        """Keep a JSON value for the next attempt or process: durable together with what was taken before it.

        For a place in a stream or a file: where to go on without loss or doubling.
        """

    def recall(self, key: str) -> Any:
        """What was remembered under the key, None if nothing."""

    async def flush(self) -> None:
        """Return once everything taken so far is on disk. Acknowledge to the peer only after this.

        Raises DiskFullError: do not acknowledge; wait and call again.
        """


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a wire can do; the contract suite tests each one that is claimed."""

    browse: bool = False
    history: bool = False  # values of a past interval can be read: gaps are back-filled
    write: bool = False
    redelivers: bool = False  # the peer keeps and re-sends what was not acknowledged
    live: bool = True  # False: reads the past (files); then only `covered` makes coverage and silence is no fault


@dataclass(frozen=True, slots=True)
class Proposal:
    """One value that a browse found, with the mapping it proposes (empty where it has none)."""

    address: str
    name: str
    type: str = ""  # number, text, boolean, structure …
    unit: str = ""
    equipment: str = ""  # proposed equipment, the peer's own name
    role: str = "value"  # value, state, good_count, scrap_count, rework_count, total_count, order, item, reason
    mapping: str = ""  # proposed state mapping, e.g. packml@1
    companion: str = ""  # recognised companion type, e.g. MachineTool
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What came back after a write."""

    accepted: bool
    value: Value = None
    time: int = 0
    reason: str = ""


class SourceSettings(BaseModel):
    """Settings every source has; each connector adds its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    writable: tuple[str, ...] = Field((), description="Addresses that may be written; none by default.")


SettingsModel = type[SourceSettings]


class Driver(Protocol):
    """One wire. Built once per connection attempt: `Driver(settings, addresses)`, then `run`.

    A driver may also have these attributes; where it has none the collector assumes the least:
    keepalive      longest time between two signs of life [µs], where the user may set it beyond a few seconds
    history_since  earliest time [µs UTC] from which the peer's record has no hole until now (it started then)
    resumed        True if the peer kept the session, so that it re-sends all that was missed meanwhile
    lapse          why it did not, for the gap fact
    """

    type: ClassVar[str]  # as in plant.toml: opcua, mqtt, sparkplug, mtconnect, shdr, files
    settings: ClassVar[SettingsModel]
    capabilities: ClassVar[Capabilities]

    def __init__(self, settings: Any, addresses: Sequence[str]) -> None: ...

    async def run(self, sink: Sink) -> None:
        """Connect, subscribe to the addresses and deliver until the link fails or the task is cancelled.

        Raises LinkDownError when the peer is away (the collector tries again),
        SecurityError when trying again is no use until a person acts.
        """

    async def history(self, addresses: Sequence[str], start: int, end: int) -> AsyncIterator[Sequence[Sample]]:  # noqa: ARG002
        """Values with start < time < end, in time order per address; called while `run` is live."""
        yield ()

    async def browse(self) -> list[Proposal]:
        """What the peer offers. Opens and closes its own connection."""

    async def write(self, address: str, value: Value) -> ReadBack:
        """Write one allow-listed address and read it back; called while `run` is live."""
