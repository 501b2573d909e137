"""A recorded SHDR session, played again as if it happened now.

Times are moved, never invented: the distance of two lines stays what it was, divided by the speed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from luban.connect.shdr.framing import MULTILINE
from luban.core.errors import InputError
from luban.core.time import MINUTE, SECOND, iso, now, parse_time

__all__ = ["Recording", "Replay", "read_recording", "stamp"]

_HOLE = MINUTE  # a jump of a value's time by more than this begins another session


@dataclass(frozen=True, slots=True)
class Entry:
    """One recorded line: its time since the session's first value [µs] (None: carries none) and what follows it."""

    offset: int | None
    body: str


@dataclass(frozen=True, slots=True)
class Recording:
    """Sessions in the order of the file; a session is one unbroken stretch of recording."""

    sessions: Sequence[Sequence[Entry]]
    starts: Sequence[int]  # time of each session's first value [µs UTC]

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return sum(len(session) for session in self.sessions)

    def length(self, session: int) -> int:
        """Duration of a session [µs]."""
        return max((entry.offset for entry in self.sessions[session] if entry.offset is not None), default=0)


def read_recording(path: Path) -> Recording:
    """A recording from a file of SHDR lines. Raises InputError if it holds none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("cannot read the recording", came=str(error), where=str(path)) from error
    sessions: list[list[Entry]] = []
    starts: list[int] = []
    newest = 0
    for line in _joined(lines):
        head, pipe, rest = line.partition("|")
        if not pipe or line.startswith("*"):
            if sessions and line.startswith("*"):
                sessions[-1].append(Entry(None, line))
            continue
        time = parse_time(head.partition("@")[0])
        duration = head[head.index("@") :] if "@" in head else ""
        is_value = not rest.startswith("@")
        if not starts or (is_value and abs(time - newest) > _HOLE):
            sessions.append([])
            starts.append(time)
        if is_value:
            newest = time
        sessions[-1].append(Entry(time - starts[-1], f"{duration}|{rest}"))
    if not sessions:
        raise InputError("no SHDR lines", expected="time|key|value", where=str(path))
    return Recording(sessions, starts)


def _joined(lines: Sequence[str]) -> Iterator[str]:
    """Lines, with values that span several put together."""
    held: list[str] = []
    end = ""
    for line in lines:
        if end:
            held.append(line)
            if line.strip() == end:
                yield "\n".join(held)
                held, end = [], ""
        elif MULTILINE in line:
            held, end = [line], line[line.index(MULTILINE) :].strip()
        elif line.strip():
            yield line


def stamp(time: int) -> str:
    """The time as SHDR writes it, to the microsecond, e.g. 2026-11-24T06:30:00.000000Z."""
    text = iso(time).removesuffix("+00:00")
    return f"{text}Z" if "." in text else f"{text}.000000Z"


@dataclass(frozen=True)
class Replay:
    """How to play a recording.

    start  when it begins [µs UTC]; None: when it is first asked
    speed  times faster than it happened [1]
    loop   begin anew at its end, for ever
    pause  rest between two sessions and before a repetition [s], in which nothing changes
    """

    recording: Recording
    start: int | None = None
    speed: float = 1.0
    loop: bool = False
    pause: float = 2.0

    def __post_init__(self) -> None:
        if not self.speed > 0 or self.pause < 0:
            raise InputError(
                "cannot play", came=f"speed {self.speed}, pause {self.pause}", expected="speed > 0, pause >= 0"
            )

    def schedule(self, start: int) -> Iterator[tuple[int, int, str]]:
        """(when to send [µs], its time [µs], line) of every line, in the order of the file.

        A line whose time lies before an earlier line's is sent right after that one, as it was recorded.
        """
        begin = start
        while True:
            for number, session in enumerate(self.recording.sessions):
                due = begin
                for entry in session:
                    if entry.offset is None:
                        yield due, due, entry.body
                        continue
                    time = begin + round(entry.offset / self.speed)
                    due = max(due, time)
                    yield due, time, stamp(time) + entry.body
                begin += round(self.recording.length(number) / self.speed + self.pause * SECOND)
            if not self.loop:
                return

    def duration(self) -> int:
        """How long one round takes, without the rest after it [µs]."""
        count = len(self.recording.sessions)
        played = sum(round(self.recording.length(number) / self.speed) for number in range(count))
        return played + round((count - 1) * self.pause * SECOND)

    async def lines(self) -> AsyncIterator[tuple[int, str]]:
        """(time, line) of every line when it is due."""
        for due, time, line in self.schedule(now() if self.start is None else self.start):
            if (wait := due - now()) > 0:
                await asyncio.sleep(wait / SECOND)
            yield time, line

    def states(self, key: str) -> list[tuple[float, str]]:
        """(seconds since the start, value) of one key over a round, as it will be replayed."""
        found: list[tuple[float, str]] = []
        for _, time, line in Replay(self.recording, 0, self.speed, False, self.pause).schedule(0):
            fields = line.split("|")
            found += [(time / SECOND, value) for name, value in pairwise(fields[1:]) if name == key]
        return found
