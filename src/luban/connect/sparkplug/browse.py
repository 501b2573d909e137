"""Ask edge nodes to announce themselves and propose an address for every metric."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from luban.connect.mqtt.browse import role_of
from luban.connect.mqtt.session import Session
from luban.connect.sparkplug.names import NAMESPACE, Topic, parse_topic
from luban.connect.sparkplug.payload import Metric, decode
from luban.connect.sparkplug.requests import ask_rebirth
from luban.connect.sparkplug.schema import DataType
from luban.connect.sparkplug.settings import SparkplugSettings
from luban.connect.sparkplug.values import flatten, unit_of
from luban.connect.wire import Proposal, Value
from luban.core.errors import PayloadError, SecurityError
from luban.core.time import SECOND

__all__ = ["listen", "proposals"]

# the protocol's own, and definitions of templates
_HIDDEN: Final = ("bdSeq", "Node Control/", "Device Control/", "_types_/")


async def listen(settings: SparkplugSettings, edges: Sequence[str]) -> list[Proposal]:
    """What the edge nodes announce; one that is heard without a birth is asked for it.

    edges   `group/node` to ask at once: births are not repeated by a broker
    Raises  LinkDownError or SecurityError
    """
    births: dict[str, Mapping[str, Metric]] = {}
    asked = set(edges)
    filters = [f"{NAMESPACE}/{settings.group or '+'}/+/+", f"{NAMESPACE}/{settings.group or '+'}/+/+/+"]
    async with Session(settings, "luban" + secrets.token_hex(9), clean=True) as session:
        if refused := await session.subscribe(filters, 0):
            raise SecurityError("the broker refuses this filter", came=refused[0], where=settings.url)
        for edge in edges:
            await ask_rebirth(session, edge)
        try:
            async with asyncio.timeout(settings.browse_time / SECOND):
                while True:
                    for message in await session.receive():
                        topic = parse_topic(message.topic)
                        if topic is None or topic.kind in ("NCMD", "DCMD", "NDEATH", "DDEATH"):
                            continue
                        if topic.kind in ("NBIRTH", "DBIRTH"):
                            births.update(_birth(topic, message.payload))
                        elif topic.edge not in asked and settings.request_rebirth:
                            asked.add(topic.edge)
                            await ask_rebirth(session, topic.edge)
        except TimeoutError:
            pass
    return [proposal for owner in sorted(births) for proposal in proposals(owner, births[owner].values())]


def proposals(owner: str, metrics: Iterable[Metric]) -> Iterator[Proposal]:
    """One proposal for each plain value of a birth; `owner` is group/node[/device]."""
    equipment = owner.split("/", 1)[1]
    for metric in metrics:
        if metric.name.startswith(_HIDDEN):
            continue
        if metric.type is DataType.File:
            yield Proposal(
                f"{owner}:{metric.name}", metric.name, "file", equipment=equipment, note="a file is no value"
            )
            continue
        for name, value, _ in flatten(metric, metric.name, None):
            yield Proposal(
                f"{owner}:{name}",
                name.rpartition("/")[2],
                _kind(metric.type, value),
                unit_of(metric.properties),
                equipment,
                role_of(name.rpartition("/")[2]),
                note=metric.type.name,
            )


def _birth(topic: Topic, payload: bytes) -> Mapping[str, Mapping[str, Metric]]:
    try:
        metrics = decode(payload).metrics
    except PayloadError:
        return {}
    owner = f"{topic.edge}/{topic.device}" if topic.device else topic.edge
    return {owner: {metric.name: metric for metric in metrics}}


def _kind(kind: DataType, value: Value) -> str:
    if kind is DataType.Boolean or isinstance(value, bool):
        return "boolean"
    texts = (DataType.String, DataType.Text, DataType.UUID, DataType.DateTime, DataType.Bytes)
    return "text" if kind in texts or isinstance(value, str) else "number"
