"""The primary host's STATE message: tells edge nodes whether we listen (Sparkplug 3.0 §6.4.23)."""

from __future__ import annotations

import asyncio
import contextlib
import json

from luban.connect.mqtt.session import Message, Session, Will
from luban.connect.sparkplug.names import NAMESPACE
from luban.core.errors import ConnectError
from luban.core.time import MILLISECOND

__all__ = ["HostState", "says_online"]


class HostState:
    """Our state under a host id. Birth and will of one connection carry the same timestamp."""

    def __init__(self, host_id: str) -> None:
        self.topic = f"{NAMESPACE}/STATE/{host_id}"
        self._timestamp = 0  # [ms UTC]

    def will(self, at: int) -> Will:
        """What the broker says for us when we vanish; `at` [µs UTC]."""
        self._timestamp = at // MILLISECOND
        return Will(self.topic, self._payload(online=False), 1, retain=True)

    async def arrive(self, session: Session) -> None:
        """Say that we listen."""
        await session.publish(self.topic, self._payload(online=True), 1, retain=True)

    async def leave(self, session: Session) -> None:
        """Say that we go; a broken link says it by our will."""
        with contextlib.suppress(ConnectError, TimeoutError):
            async with asyncio.timeout(1.0):
                await session.publish(self.topic, self._payload(online=False), 1, retain=True)

    def contradicts(self, message: Message) -> bool:
        """True where somebody says that we are away: the will of our earlier connection, come late."""
        return message.topic == self.topic and not says_online(message)

    def _payload(self, *, online: bool) -> bytes:
        return json.dumps({"online": online, "timestamp": self._timestamp}).encode()


def says_online(message: Message) -> bool:
    """Whether a STATE message says that its host listens; what is no STATE says no."""
    try:
        return bool(json.loads(message.payload)["online"])
    except (ValueError, TypeError, LookupError):
        return False
