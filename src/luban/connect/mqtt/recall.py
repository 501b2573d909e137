"""What is known of our session at the broker from before: over reconnects and over our own death."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from typing import Final

from luban.connect.mqtt.session import Message
from luban.connect.wire import Sink

__all__ = ["Recall"]

_BATCHES: Final = 50  # acknowledgements of older batches have reached the broker long ago


class Recall:
    """Notes beside the facts, durable in one write with them.

    filters   what the broker's session is subscribed to
    fleeting  topics that come with qos 0: the broker keeps nothing of them while we are away
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.filters = frozenset(sink.recall("filters") or ())
        self.fleeting = set(sink.recall("fleeting") or ())
        self._next: int = sink.recall("batch") or 0
        self._batches = [self._batch(index) for index in range(_BATCHES)]

    def _batch(self, index: int) -> dict[int, int]:
        return {int(number): mark for number, mark in (self._sink.recall(f"stored{index}") or {}).items()}

    def is_stored(self, message: Message) -> bool:
        """A repeat of what is on disk: only our acknowledgement got lost."""
        if not message.repeated:
            return False
        mark = _fingerprint(message)
        return any(batch.get(message.number) == mark for batch in self._batches)

    def keep(self, messages: Sequence[Message]) -> None:
        """These are about to be stored: the note becomes durable with them, or not at all."""
        batch = {message.number: _fingerprint(message) for message in messages if message.qos}
        if batch:
            self._batches[self._next] = batch
            self._sink.remember(f"stored{self._next}", {str(number): mark for number, mark in batch.items()})
            self._next = (self._next + 1) % _BATCHES
            self._sink.remember("batch", self._next)

    def subscribed(self, filters: Iterable[str]) -> None:
        """The broker's session has these from now on."""
        self.filters = frozenset(filters)
        self._sink.remember("filters", sorted(self.filters))

    def passed(self, topic: str) -> None:
        """A message of this topic came with qos 0."""
        if topic not in self.fleeting:
            self.fleeting.add(topic)
            self._sink.remember("fleeting", sorted(self.fleeting))


def _fingerprint(message: Message) -> int:
    return zlib.crc32(message.payload, zlib.crc32(message.topic.encode()))
