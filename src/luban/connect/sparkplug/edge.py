"""What is known of one edge node: births, aliases, its sequence, and when to ask for a rebirth.

Pure bookkeeping, no wire: the rules of a host application (Sparkplug 3.0 §5, §6.4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from luban.connect.sparkplug.payload import Metric, Payload, decode
from luban.connect.sparkplug.schema import DataType

__all__ = ["Birth", "EdgeNode", "News"]


@dataclass(slots=True)
class Birth:
    """The metrics a node or device announced; aliases hold until the next birth."""

    metrics: dict[str, Metric] = field(default_factory=dict)
    types: dict[str | int, DataType] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class News:
    """What one message says.

    metrics   with full name and type
    time      the payload's own time [ms UTC], None if it has none
    birth     the metrics are all there are, with their present values
    died      devices without a living source from now on; '' is the node and means all
    rebirth   why the node must be asked for a rebirth, '' if it need not
    healed    arrival of the last message before values were lost [µs UTC]; this birth ends the doubt
    doubtful  an alias was used while a birth may have been missed
    ignored   why the message says nothing
    """

    metrics: Sequence[Metric] = ()
    time: int | None = None
    birth: bool = False
    died: tuple[str, ...] = ()
    rebirth: str = ""
    healed: int = 0
    doubtful: frozenset[str] = frozenset()
    ignored: str = ""


class EdgeNode:
    """One edge node with its devices. One sequence runs over all its messages."""

    def __init__(self) -> None:
        self.births: dict[str, Birth] = {}
        self.born = False
        self.suspect_since = 0  # arrival of the last message before a gap [µs UTC]; 0: no gap
        self._names: dict[int, tuple[str, str]] = {}  # alias → device, metric
        self._seq: int | None = None
        self._birth_number: int | None = None
        self._last = 0  # arrival of the last message [µs UTC]

    def take(self, kind: str, device: str, data: bytes, arrived: int) -> News:
        """Work one message in. Raises PayloadError."""
        birth = self.births.get(device)
        payload = decode(data, birth.types if birth and kind in ("NDATA", "DDATA") else None)
        if kind == "NDEATH":
            return self._node_death(payload)
        if kind == "NBIRTH":
            return self._node_birth(payload, arrived)
        gap = self._gap(payload, arrived)
        if not self.born:
            return News(rebirth="spoke before its birth")
        if kind == "DBIRTH":
            return replace(self._device_birth(device, payload), rebirth=gap)
        if kind == "DDEATH":
            self.births.pop(device, None)
            return News(died=(device,), rebirth=gap)
        return self._data(device, birth, payload, gap)

    @property
    def devices(self) -> tuple[str, ...]:
        """Devices alive now; '' is the node itself."""
        return tuple(self.births)

    def _gap(self, payload: Payload, arrived: int) -> str:
        """Why the sequence is broken, '' if it is whole."""
        before, self._seq = self._seq, payload.seq
        last, self._last = self._last, arrived
        if not self.born or (before is not None and payload.seq == (before + 1) % 256):
            return ""
        self.suspect_since = self.suspect_since or last
        return f"sequence {before} was followed by {payload.seq}"

    def _node_birth(self, payload: Payload, arrived: int) -> News:
        healed, self.suspect_since = self.suspect_since, 0
        self._seq, self._last = payload.seq, arrived
        self._birth_number = _birth_number(payload)
        self._names.clear()
        self.births.clear()
        self.born = True
        self._keep("", payload)
        return News(payload.metrics, payload.timestamp, birth=True, healed=healed)

    def _device_birth(self, device: str, payload: Payload) -> News:
        self._names = {alias: owner for alias, owner in self._names.items() if owner[0] != device}
        self._keep(device, payload)
        return News(payload.metrics, payload.timestamp, birth=True)

    def _keep(self, device: str, payload: Payload) -> None:
        birth = self.births[device] = Birth()
        for metric in payload.metrics:
            birth.metrics[metric.name] = metric
            birth.types[metric.name] = metric.type
            if metric.alias is not None:
                birth.types[metric.alias] = metric.type
                self._names[metric.alias] = (device, metric.name)

    def _node_death(self, payload: Payload) -> News:
        """A death with another bdSeq than the birth's is an old connection's will, come late."""
        if self.born and _birth_number(payload) != self._birth_number:
            return News(ignored="death of an earlier connection")
        self.born = False
        self.suspect_since = 0
        self.births.clear()
        self._names.clear()
        return News(died=("",))

    def _data(self, device: str, birth: Birth | None, payload: Payload, gap: str) -> News:
        if birth is None:
            return News(rebirth=f"device {device} spoke before its birth")
        metrics: list[Metric] = []
        doubtful: set[str] = set()
        rebirth = gap
        for metric in payload.metrics:
            named = metric if metric.name else self._named(device, metric)
            if named is None:
                rebirth = rebirth or f"alias {metric.alias} is in no birth"
            elif named.name not in birth.metrics:
                rebirth = rebirth or f"metric {named.name} is in no birth"
            else:
                metrics.append(named)
                if self.suspect_since and not metric.name:
                    doubtful.add(named.name)
        return News(metrics, payload.timestamp, rebirth=rebirth, doubtful=frozenset(doubtful))

    def _named(self, device: str, metric: Metric) -> Metric | None:
        if metric.alias is None:
            return None
        owner = self._names.get(metric.alias)
        return replace(metric, name=owner[1]) if owner is not None and owner[0] == device else None


def _birth_number(payload: Payload) -> int | None:
    found: Mapping[str, Metric] = {m.name: m for m in payload.metrics}
    value = found["bdSeq"].value if "bdSeq" in found else None
    return value if isinstance(value, int) else None
