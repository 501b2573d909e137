"""Addresses made of several nodes: one state that a machine tells in two places.

A + B   join: the words joined by '/', as the mapping opc40501-1@1 wants them: Executing/Processing
A > B   innermost: the value of the innermost state machine that is active, as PackML nests them
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from luban.connect.wire import Sample
from luban.core.quality import Quality

__all__ = ["Composite", "compose", "parts_of"]

_JOIN, _INNERMOST = " + ", " > "


def parts_of(address: str) -> list[str]:
    """The nodes that an address is made of; itself where it is a plain one."""
    for mark in (_JOIN, _INNERMOST):
        if mark in address:
            return [part.strip() for part in address.split(mark)]
    return [address]


@dataclass(slots=True)
class Composite:
    """One composed address and what was last heard of its parts."""

    address: str
    parts: Sequence[str]
    heard: dict[str, Sample] = field(default_factory=dict)
    last: int = 0

    def take(self, sample: Sample) -> None:
        """Note the newest sample of a part."""
        self.heard[sample.address] = sample

    def sample(self, time: int) -> Sample | None:
        """The composed value at `time`; None until every part was heard once."""
        if len(self.heard) < len(self.parts):
            return None
        self.last = max(time, self.last)
        samples = [self.heard[part] for part in self.parts]
        if _JOIN in self.address:
            return self._joined(samples)
        active = [s for s in samples if s.quality.is_good and s.value]
        return replace(active[-1] if active else samples[0], address=self.address, time=self.last)

    def _joined(self, samples: list[Sample]) -> Sample:
        first = samples[0]
        if first.quality.is_bad or first.value is None:
            return replace(first, address=self.address, time=self.last)
        # A second part that is not there leaves the first: the mapping says what is known without it.
        words = [str(s.value) for s in samples if not s.quality.is_bad and s.value is not None]
        worst = max((s.quality for s in samples if not s.quality.is_bad), default=Quality.GOOD)
        return Sample(self.address, self.last, "/".join(words), worst)


def compose(composites: Iterable[Composite], updates: Iterable[Sample]) -> list[Sample]:
    """Composed samples after the updates of parts, one for each moment at which something changed."""
    by_part: dict[str, list[Composite]] = {}
    for composite in composites:
        for part in composite.parts:
            by_part.setdefault(part, []).append(composite)
    found: list[Sample] = []
    ordered = sorted(updates, key=lambda sample: sample.time)
    for index, update in enumerate(ordered):
        last_of_moment = index + 1 == len(ordered) or ordered[index + 1].time != update.time
        for composite in by_part.get(update.address, ()):
            composite.take(update)
            if last_of_moment or not _again(ordered, index, composite):
                sample = composite.sample(update.time)
                if sample is not None:
                    found.append(sample)
    return found


def _again(ordered: list[Sample], index: int, composite: Composite) -> bool:
    """Another part of the same composite changes at the same moment."""
    time = ordered[index].time
    for later in ordered[index + 1 :]:
        if later.time != time:
            return False
        if later.address in composite.parts:
            return True
    return False
