"""Names on a Sparkplug wire: topics, and addresses `group/node[/device]:metric`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from luban.core.errors import ConfigError

__all__ = ["NAMESPACE", "REBIRTH", "Address", "Topic", "parse_address", "parse_topic"]

NAMESPACE: Final = "spBv1.0"
REBIRTH: Final = "Node Control/Rebirth"
_NODE_KINDS: Final = frozenset({"NBIRTH", "NDEATH", "NDATA", "NCMD"})
_DEVICE_KINDS: Final = frozenset({"DBIRTH", "DDEATH", "DDATA", "DCMD"})


@dataclass(frozen=True, slots=True)
class Topic:
    """`spBv1.0/group/KIND/node[/device]`; device is '' for the edge node itself."""

    group: str
    kind: str
    node: str
    device: str = ""

    def __str__(self) -> str:
        tail = f"/{self.device}" if self.device else ""
        return f"{NAMESPACE}/{self.group}/{self.kind}/{self.node}{tail}"

    @property
    def edge(self) -> str:
        """`group/node`, the edge node's name."""
        return f"{self.group}/{self.node}"


@dataclass(frozen=True, slots=True)
class Address:
    """One metric of an edge node or device."""

    group: str
    node: str
    device: str
    metric: str

    @property
    def edge(self) -> str:
        """`group/node`, the edge node's name."""
        return f"{self.group}/{self.node}"


def parse_topic(text: str) -> Topic | None:
    """A topic taken apart; None where it is not an edge node's or device's."""
    parts = text.split("/")
    if len(parts) not in (4, 5) or parts[0] != NAMESPACE or not all(parts):
        return None
    topic = Topic(parts[1], parts[2], *parts[3:])
    kinds = _DEVICE_KINDS if topic.device else _NODE_KINDS
    return topic if topic.kind in kinds else None


def parse_address(text: str) -> Address:
    """`plant/edge1/lathe01:Spindle/Load` taken apart. Raises ConfigError."""
    owner, _, metric = text.partition(":")
    parts = owner.split("/")
    if len(parts) not in (2, 3) or not all(parts) or not metric or set(owner) & {"+", "#"}:
        raise ConfigError(
            "not a Sparkplug address",
            came=repr(text),
            expected="group/node:metric or group/node/device:metric, e.g. jinan/edge1/lathe01:Spindle/Load",
        )
    return Address(parts[0], parts[1], parts[2] if len(parts) == 3 else "", metric)
