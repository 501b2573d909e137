"""What we ask of edge nodes: to announce themselves again, and to take a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from luban.connect.mqtt.session import Session
from luban.connect.sparkplug.names import REBIRTH, Topic
from luban.connect.sparkplug.payload import Metric, Payload, encode
from luban.connect.sparkplug.schema import DataType
from luban.connect.wire import Value
from luban.core.errors import InputError, PayloadError
from luban.core.time import MILLISECOND, MINUTE, now, parse_time

__all__ = ["Rebirths", "ask_rebirth", "rebirth_payload", "write_payload"]

_LONGEST: Final = 5 * MINUTE
_FORGIVEN_AFTER: Final = 10  # intervals of peace after which the first interval holds again


@dataclass(slots=True)
class _Request:
    wanted: bool = False
    sent: int = 0
    interval: int = 0


class Rebirths:
    """Rebirth requests, each repeated until it is granted, ever more slowly.

    interval  shortest time between two to one edge node [µs]; 0 asks never
    """

    def __init__(self, interval: int) -> None:
        self._interval = interval
        self._requests: dict[str, _Request] = {}

    def want(self, edge: str) -> None:
        """This edge node's data cannot be trusted any longer."""
        if self._interval:
            self._requests.setdefault(edge, _Request()).wanted = True

    def granted(self, edge: str) -> None:
        """It has announced itself."""
        if edge in self._requests:
            self._requests[edge].wanted = False

    async def send(self, session: Session, at: int) -> None:
        """Ask those whose turn it is."""
        for edge, request in self._requests.items():
            if not request.wanted or at < request.sent + request.interval:
                continue
            rested = at > request.sent + _FORGIVEN_AFTER * request.interval
            request.interval = self._interval if rested else min(2 * request.interval, _LONGEST)
            request.sent = at
            await ask_rebirth(session, edge)


async def ask_rebirth(session: Session, edge: str) -> None:
    """Ask one edge node; only the node's own metric counts, whatever a device offers under that name."""
    group, node = edge.split("/")
    await session.publish(str(Topic(group, "NCMD", node)), rebirth_payload(), 0)


def rebirth_payload() -> bytes:
    """`Node Control/Rebirth` = true."""
    at = now() // MILLISECOND
    return encode(Payload((Metric(REBIRTH, DataType.Boolean, True, timestamp=at),), at))


def write_payload(known: Metric, value: Value, at: int | None = None) -> bytes:
    """A command that sets the metric, in the type its birth gave; `at` [ms UTC]. Raises PayloadError."""
    return encode(Payload((Metric(known.name, known.type, _fitting(known.type, value), timestamp=at),), at))


def _fitting(kind: DataType, value: Value) -> Any:
    if kind is DataType.DateTime and isinstance(value, str):
        try:
            return parse_time(value) // MILLISECOND
        except InputError as error:
            raise PayloadError(error.message) from error
    if kind in (DataType.String, DataType.Text, DataType.UUID):
        return value if isinstance(value, str) else str(value)
    if kind is DataType.Boolean and value in (0, 1):
        return bool(value)
    return value
