"""Listen to a broker for a while and propose an address for every value heard."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from typing import Any, Final

from luban.connect.mqtt.payload import document, leaves, parse_path, records
from luban.connect.mqtt.session import Message, Session
from luban.connect.mqtt.settings import MqttSettings
from luban.connect.wire import Proposal
from luban.core.errors import PayloadError, SecurityError
from luban.core.time import SECOND

__all__ = ["captured", "listen", "proposals", "role_of"]

_MOST: Final = 5_000  # proposals of one browse; beyond it a narrower filter helps more than a longer list
_TIMES: Final = frozenset({"t", "ts", "time", "timestamp", "datetime", "date_time", "time_stamp", "sourcetimestamp"})
_NAMELESS: Final = frozenset({"", "value", "val", "v"})  # the topic says more
_ROLES: Final = {
    "state": ("state", "status", "execution", "machine_state", "machinestate", "状态"),
    "good_count": ("good", "good_count", "goodcount", "ok_count", "良品"),
    "scrap_count": ("scrap", "scrap_count", "scrapcount", "ng_count", "reject_count", "废品"),
    "total_count": ("count", "parts", "part_count", "partcount", "total", "total_count", "产量"),
    "order": ("order", "order_id", "work_order", "工单"),
    "item": ("item", "part_number", "program", "product"),
}
_ROLE_OF: Final = {word: role for role, words in _ROLES.items() for word in words}


async def listen(settings: MqttSettings) -> list[Proposal]:
    """What a broker's topics carry. Raises LinkDownError or SecurityError."""
    heard: dict[str, Message] = {}
    async with Session(settings, "luban" + secrets.token_hex(6), clean=True) as session:
        if await session.subscribe([settings.browse_filter], 0):
            raise SecurityError("the broker refuses this filter", came=settings.browse_filter, where=settings.url)
        try:
            async with asyncio.timeout(settings.browse_time / SECOND):
                while len(heard) < _MOST:
                    for message in await session.receive():
                        heard[message.topic] = message
        except TimeoutError:
            pass
    found = [p for topic in sorted(heard) for p in proposals(heard[topic], settings)]
    return found[:_MOST]


def proposals(message: Message, settings: MqttSettings) -> list[Proposal]:
    """One proposal for each value in a message."""
    if message.topic.startswith("spBv1.0/"):
        return [Proposal(message.topic, message.topic, note="Sparkplug B: browse it with the type sparkplug")]
    equipment = captured(settings.browse_filter, message.topic)
    last = message.topic.rpartition("/")[2]
    try:
        root = document(message.payload, settings.encoding, settings.max_bytes)
    except PayloadError as error:
        return [Proposal(message.topic, last, equipment=equipment, note=f"not readable: {error.message}")]
    if isinstance(root, list) and root and isinstance(root[0], dict):
        root = records(root, ("",))[-1]
    found = []
    for path, value in leaves(root):
        name = _last_name(path)
        if name.lower() in _NAMELESS:
            name = last
        found.append(
            Proposal(
                f"{message.topic}#{path}" if path else message.topic,
                name,
                type=_type(value),
                equipment=equipment,
                role=role_of(name),
                note=_note(path, message),
            )
        )
    return found


def role_of(name: str) -> str:
    """The role that a value of this name usually has."""
    return _ROLE_OF.get(name.lower(), "value")


def captured(pattern: str, topic: str) -> str:
    """The part of a topic that names the equipment: what `+` stands for, else all but the last segment.

    Example  captured("factory/+/+/data", "factory/line1/lathe01/data") == "line1/lathe01"
    """
    segments = topic.split("/")
    under: Sequence[str] = pattern.split("/")
    if "+" in under:
        return "/".join(segment for mark, segment in zip(under, segments, strict=False) if mark == "+")
    return "/".join(segments[:-1])


def _last_name(path: str) -> str:
    names = [step for step in parse_path(path) if isinstance(step, str)]
    return names[-1] if names else ""


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if value is None:
        return ""
    return "text" if isinstance(value, str) else "number"


def _note(path: str, message: Message) -> str:
    if _last_name(path).lower() in _TIMES:
        return f'looks like the time of the message: time_path = "{path}"'
    return "retained: of unknown age" if message.retained else ""
