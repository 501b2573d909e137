"""How a source stands, for pages and metrics."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["Limits", "Status"]

from luban.core.time import MILLISECOND, SECOND

StateWord = Literal["starting", "up", "down", "refused", "disk full", "stopped"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Times and sizes of one collector [µs where nothing else is said].

    flush_every      what was heard is on disk after this long
    alive_every      longest `alive` fact
    keepalive        a live driver proves its link at least this often; three times that in silence is a fault
    connect_within   a driver that has not proved its link by then hangs
    backoff_first    wait before the first new attempt, doubled each time …
    backoff_most     … up to this
    refused_every    wait after the peer refused us: a person must act
    skew             allowed difference between the source's clock and ours
    skew_window      a wrong clock must be steady for this long
    settle           wait for the first values after a reconnect before history is read
    history_margin   history is read from this long before the last evidence
    history_within   back-fill must end by then
    backlog          rows kept in memory while the disk is full; then the source is paused [1]
    """

    flush_every: int = 100 * MILLISECOND
    alive_every: int = 10 * SECOND
    keepalive: int = 5 * SECOND
    connect_within: int = 30 * SECOND
    backoff_first: int = 500 * MILLISECOND
    backoff_most: int = 5 * SECOND
    refused_every: int = 60 * SECOND
    skew: int = 5 * SECOND
    skew_window: int = 10 * SECOND
    settle: int = SECOND
    history_margin: int = 10 * SECOND
    history_within: int = 60 * SECOND
    backlog: int = 200_000


@dataclass(slots=True)
class Status:
    """How a source stands.

    since       time of the last change of state [µs UTC]
    samples     values kept
    repeated    exact repetitions left out
    unmapped    values of addresses that no signal uses
    doubtful    kept values whose quality is not good
    rejected    messages in quarantine
    reconnects  links after the first
    gaps        gap facts written
    backfilled  values recovered from history
    lag         our clock minus the newest source time, at its arrival [µs]
    last_alive  newest evidence that the link was up [µs UTC]
    backlog     rows not yet on disk
    """

    source: str
    type: str = ""
    state: StateWord = "starting"
    since: int = 0
    last_error: str = ""
    samples: int = 0
    repeated: int = 0
    unmapped: int = 0
    doubtful: int = 0
    rejected: int = 0
    reconnects: int = 0
    gaps: int = 0
    backfilled: int = 0
    lag: int | None = None
    last_alive: int | None = None
    backlog: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)
