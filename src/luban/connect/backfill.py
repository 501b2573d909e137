"""Closing a gap: values that the peer recorded, or re-sends, go in before those that came live.

While history is read, live values are held back, so that every signal is judged and every counter
counted in the order of time: a counter read through history gives the same increments as live.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from luban.connect.coverage import Coverage, Gap
from luban.connect.mapping import Mapper
from luban.connect.status import Limits, Status
from luban.connect.wire import Driver, Sample
from luban.core.errors import LinkDownError, LubanError
from luban.core.time import SECOND

__all__ = ["Backfill"]

_MORE_OFTEN = 60 * SECOND  # after a reconnect, repetitions are expected for this long


class Backfill:
    """Gaps that are not told yet, and the live values that wait for their history."""

    def __init__(
        self, mapper: Mapper, coverage: Coverage, limits: Limits, clock: Callable[[], int], status: Status
    ) -> None:
        self._mapper, self._coverage, self._limits, self._clock, self._status = mapper, coverage, limits, clock, status
        self._gaps: list[Gap] = []
        self._held: list[Sample] = []
        self._task: asyncio.Task[None] | None = None
        self._release = asyncio.Event()
        self._release.set()
        self._floor_until: int | None = None

    @property
    def holding(self) -> bool:
        """Live values wait."""
        return not self._release.is_set()

    @property
    def memory(self) -> list[list[Any]]:
        """Gaps that are not told yet, for a new process."""
        return [[gap.start, gap.end, gap.reason, list(gap.addresses), gap.backfilled] for gap in self._gaps]

    def recall(self, memory: Sequence[Sequence[Any]]) -> None:
        """Gaps that an earlier process did not come to tell: they are recovered with the next one."""
        self._gaps = [Gap(start, end, reason, addresses, filled) for start, end, reason, addresses, filled in memory]

    async def released(self) -> None:
        """Return when nothing is held back."""
        await self._release.wait()

    def begin(self, gap: Gap | None, driver: Driver) -> None:
        """A link begins, ending this gap if any; or a living link lost values for the time of the gap."""
        capabilities = driver.capabilities
        self._floor_until = self._clock() + _MORE_OFTEN
        if gap is not None:
            self._gaps.append(gap)
        if not self._gaps:
            return
        if not (capabilities.history or capabilities.redelivers):
            gaps, self._gaps = self._gaps, []
            for told in gaps:
                self._tell(told)
            return
        if capabilities.history:
            self._release.clear()
        if self._task is None or self._task.done():
            work = self._read(driver) if capabilities.history else self._await_redelivery(driver)
            self._task = asyncio.create_task(work, name="back-fill")

    def take(self, samples: Sequence[Sample], arrival: int) -> None:
        """Live values: map them, or hold them back."""
        if self.holding:
            self._held += samples
            if len(self._held) > self._limits.backlog:
                self.interrupt()
                self._finish([], "too many live values came before history was read")
            return
        for gap in self._gaps:
            gap.backfilled += sum(gap.start < sample.time < gap.end for sample in samples)
        self._mapper.take(samples, arrival)
        self._mapper.see_clock(samples, arrival)
        if self._floor_until is not None and arrival > self._floor_until:
            self._floor_until = None
            self._mapper.link_settled()

    def interrupt(self) -> None:
        """The link is lost: what is held waits for the next one."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def end(self) -> None:
        """The collector ends: nothing is held back any longer."""
        self.interrupt()
        if self._gaps or self._held:
            self._finish([], "the collector was stopped before history was read")

    async def _read(self, driver: Driver) -> None:
        limits = self._limits
        deadline = self._clock() + limits.history_within
        while True:
            await asyncio.sleep(limits.settle / SECOND)
            gaps = len(self._gaps)
            values: list[Sample] = []
            note = ""
            try:
                async with asyncio.timeout(limits.history_within / SECOND):
                    start = self._gaps[0].start - limits.history_margin
                    async for part in driver.history(self._mapper.addresses, start, self._clock()):
                        values += part
            except TimeoutError:
                note = f"history was not read within {limits.history_within / SECOND:.0f} s"
            except LinkDownError as error:
                note = str(error)
                if self._clock() < deadline:
                    continue  # if the link itself is down, what is held waits for the next one
            except LubanError as error:
                note = str(error)
            except Exception as error:  # noqa: BLE001  # a driver's fault must not hold values back for ever
                note = f"history failed: {type(error).__name__}: {error}"
            if len(self._gaps) == gaps:
                break
        self._task = None
        self._finish(values, note, getattr(driver, "history_since", None))

    async def _await_redelivery(self, driver: Driver) -> None:
        await asyncio.sleep(2 * self._limits.settle / SECOND)
        gaps, self._gaps = self._gaps, []
        for gap in gaps:
            if getattr(driver, "resumed", None) is True:
                gap.recovered = [(gap.start, gap.end)]
            else:
                gap.note = getattr(driver, "lapse", "")
            self._tell(gap)
        self._task = None

    def _finish(self, history: Sequence[Sample], note: str, since: int | None = None) -> None:
        gaps, self._gaps = self._gaps, []
        held, self._held = self._held, []
        merged = sorted([*((s, True) for s in history), *((s, False) for s in held)], key=lambda pair: pair[0].time)

        def place(pair: tuple[Sample, bool]) -> int | None:
            """Index of the gap that a value of history closes; None for a live value."""
            return next((i for i, gap in enumerate(gaps) if pair[0].time < gap.end), len(gaps) - 1) if pair[1] else None

        arrival = self._clock()
        for index, part in groupby(merged, place):
            kept = self._mapper.take([sample for sample, _ in part], arrival, history=index is not None)
            if index is not None and index >= 0:
                gaps[index].backfilled += kept
                self._status.backfilled += kept
        for gap in gaps:
            gap.note = note
            proved = gap.start if since is None and gap.backfilled else since
            if not note and proved is not None and proved < gap.end:
                gap.recovered = [(max(gap.start, proved), gap.end)]
            self._tell(gap)
        self._mapper.link_settled()
        self._release.set()

    def _tell(self, gap: Gap) -> None:
        self._status.gaps += 1
        self._coverage.tell(self._mapper.rows, gap)
