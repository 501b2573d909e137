"""The structs of a run, and where each array stands in its directory.

Times are µs after the model's start (int64), indices too, -1 is nobody. One struct an entity, no object an event.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, cast

import numpy as np

from luban.twin.kernel.memory import accessor

__all__ = [
    "ARRAYS",
    "FAR",
    "NOBODY",
    "ONE",
    "THREE",
    "TWO",
    "ZERO",
    "Event",
    "Phase",
    "State",
    "Status",
    "Stop",
    "Where",
    "Work",
    "arrivals",
    "book",
    "branches",
    "calendar_machines",
    "calendar_pools",
    "calendars",
    "characteristics",
    "clocks",
    "corrections",
    "dedications",
    "distributions",
    "eligibles",
    "events",
    "failures",
    "family_seen",
    "family_total",
    "instants",
    "knots",
    "lots",
    "machine_power",
    "machine_time",
    "machines",
    "maintenances",
    "materials",
    "min_runs",
    "orders",
    "plans",
    "pools",
    "renewals",
    "requests",
    "routes",
    "rules",
    "scratch",
    "setup_times",
    "sizes",
    "spans",
    "stations",
    "steps",
    "stocks",
    "tables",
    "tools",
    "traces",
    "work",
]

FAR = np.int64(1) << np.int64(60)
"""Later than anything."""
NOBODY, ZERO, ONE, TWO, THREE = np.int64(-1), np.int64(0), np.int64(1), np.int64(2), np.int64(3)
"""Typed, so that a function is compiled once and not again for every literal it is called with."""


class State(IntEnum):
    """States of a machine, in the order of model.STATES."""

    IDLE = 0
    STANDBY = 1
    SETUP = 2
    RUN = 3
    BLOCKED = 4
    OPERATOR = 5
    DOWN = 6
    MAINTENANCE = 7
    OFF = 8


class Phase(IntEnum):
    """What a machine is occupied with."""

    FREE = 0
    WAIT_SETTER = 1
    SETUP = 2
    WAIT_OPERATOR = 3
    RUN = 4
    BLOCKED = 5


class Stop(IntEnum):
    """Bits that keep a machine from working."""

    OFF = 1
    DOWN = 2
    MAINTENANCE = 4
    STANDBY = 8


class Where(IntEnum):
    """Where a lot is."""

    NOWHERE = 0
    COMING = 1
    POOL = 2
    MOVING = 3
    QUEUE = 4
    MACHINE = 5
    DELAY = 6


class Event(IntEnum):
    """Kinds of events on the heap."""

    DONE = 0
    ARRIVAL = 1
    AT_STATION = 2
    SETUP_DONE = 3
    INTAKE_OPEN = 4
    FAIL_CALENDAR = 5
    FAIL_RUN = 6
    REPAIRED = 7
    MAINTENANCE_DUE = 8
    MAINTENANCE_DONE = 9
    CALENDAR = 10
    ORDER = 11
    READY = 12
    RELEASE_INSTANT = 13
    DELAY_DONE = 14
    BATCH_WAITED = 15
    DEMAND = 16
    REPLENISH = 17
    PIECE = 18


class Work(IntEnum):
    """Work that an event leaves to be done before the next one."""

    STATION = 0
    POOL = 1
    ROOM = 2
    RELEASE = 3


class Status(IntEnum):
    """Why a run came back."""

    REACHED = 0
    NEEDS_LOTS = 1
    NEEDS_EVENTS = 2
    NEEDS_TRACE = 3
    NEEDS_BOOK = 4
    DEADLOCK = 5
    BOUND = 6
    FINISHED = 7
    PAUSED = 8


def _struct(ints: str, floats: str = "", keys: str = "") -> np.dtype[np.void]:
    kinds = [(name, "f8") for name in floats.split()] + [(name, "u8") for name in keys.split()]
    return np.dtype(kinds + [(name, "i8") for name in ints.split()])


_CLOCK = _struct(
    """
    now order planned events status wip pool free_lot free_lots wanted wip_since wip_time arrived released
    finished lost good scrap reworked sojourn late traced booked work_first work_count pool_first
    pool_last cap release_kind instants instant next_order transport transport_pool transport_calendar stuck
    stamp release_rule gate force watch pause paused gates
    """,
    keys="key",
)
_EVENT = _struct("time order kind a b")
_LOT = _struct(
    """
    key arrival ready release due enter limit_at started paused run_from cycle once extra route step target
    quantity first_quantity scrap reworked made step_scrap step_rework counted_good counted_scrap counted_rework
    where machine next previous mate visits limit_step limit_from steps late hold start_step
    parked left
    """,
    floats="priority weight",
)
_MACHINE = _struct(
    """
    load unload since paused paused_since pause_mark energy pieces scrap reworked setups_done lots_done tools
    station cascade calendar state phase stop down lot inside setup table run_left next previous blocked_next
    pending failures failures_end maintenance maintenance_end tool held plan_end plan_at
    reason setup_serial waiting listed broken change gate_at gate_mark
    closed intake_mark setup_left intake_left parked piece_mark
    """,
    floats="speed tool_used tool_life",
)
_STATION = _struct(
    """
    queue_time queue_since wait starts first last length coming idle_first idle_last idle machine machine_end
    buffer rule rule_end blocked_first blocked_last woken plain mark room_woken machines holds urgent
    """,
    floats="urgent_share",
)
_STEP = _struct(
    """
    energy batch_wait within setup_time station time factor per setup family batch_measure interval interval_per
    branch branch_end limit_to limit_action limit_end pool slot dedicate transport eligible eligible_end
    characteristic characteristic_end route index
    """,
    floats="sample scrap batch_max batch_min mean mean_piece rest rest_piece",
)
_ROUTE = _struct(
    "step step_end material material_end",
    floats="weight",
)
_BRANCH = _struct(
    "to bit",
    floats="probability",
)
_ELIGIBLE = _struct("machine time")
_FAILURE = _struct(
    """
    limit machine clock life repair first pool ordinal failed armed count renewals born
    """,
)
_MAINTENANCE = _struct(
    """
    limit machine clock duration every first pool ordinal due count renew renew_end running
    """,
)
_POOL = _struct(
    "size level used calendar first last woken opened tends",
    floats="absence",
)
_CALENDAR = _struct("first end at open machine machine_end pool pool_end interrupts")
_SPAN = _struct("start end")
_TABLE = _struct("first factor extra pool min_run hold")
_ARRIVAL = _struct(
    "route interval quantity first due ready limit made",
    floats="priority",
)
_ORDER = _struct(
    "key arrival ready due route quantity step",
    floats="priority",
)
_DISTRIBUTION = _struct(
    "kind first count",
    floats="p0 p1 p2 shift",
)
_TOOL = _struct(
    "life change breaks pieces",
    floats="cutting replace_at jump",
)
_CHARACTERISTIC = _struct(
    "first every correct_first above below index",
    floats="""
    lower upper noise setup_offset wear heat heat_tau cool_tau gauge beyond gain rework_time cluster
    cluster_share
    """,
)
_CORRECTION = _struct(
    "cold_since serial",
    floats="value offset cold",
)
_STOCK = _struct(
    "since interval quantity lead demands orders",
    floats="level ordered reorder up_to on_hand_time short_time",
)
_MATERIAL = _struct(
    "stock",
    floats="quantity",
)
_BOOK = _struct(
    """
    key arrival release finish due route source ordinal quantity good scrap rework violations steps lost
    start_step
    """,
    floats="priority",
)
_TRACE = _struct(
    "time kind machine lot route step a b",
    floats="x y",
)

ARRAYS: dict[str, tuple[int, Any]] = {
    name: (slot, np.dtype(cast("Any", kind)))
    for slot, (name, kind) in enumerate(
        {
            "clock": _CLOCK,
            "events": _EVENT,
            "lots": _LOT,
            "machines": _MACHINE,
            "stations": _STATION,
            "steps": _STEP,
            "routes": _ROUTE,
            "branches": _BRANCH,
            "eligibles": _ELIGIBLE,
            "failures": _FAILURE,
            "maintenances": _MAINTENANCE,
            "pools": _POOL,
            "calendars": _CALENDAR,
            "spans": _SPAN,
            "tables": _TABLE,
            "arrivals": _ARRIVAL,
            "orders": _ORDER,
            "distributions": _DISTRIBUTION,
            "tools": _TOOL,
            "characteristics": _CHARACTERISTIC,
            "corrections": _CORRECTION,
            "stocks": _STOCK,
            "materials": _MATERIAL,
            "book": _BOOK,
            "traces": _TRACE,
            "machine_time": "i8",
            "machine_power": "i8",
            "setup_times": "i8",
            "min_runs": "i8",
            "knots": "f8",
            "instants": "i8",
            "rules": "i8",
            "work": "i8",
            "dedications": "i8",
            "family_total": "f8",
            "family_seen": "i8",
            "calendar_machines": "i8",
            "calendar_pools": "i8",
            "renewals": "i8",
            "plans": "i8",
            "requests": "i8",
            "scratch": "i8",
            "sizes": "i8",
        }.items()
    )
}
"""Name → (place in the directory, type) of every array of a run."""


def _view(name: str):  # type: ignore[no-untyped-def]
    return accessor(*ARRAYS[name])


clocks = _view("clock")
events = _view("events")
lots = _view("lots")
machines = _view("machines")
stations = _view("stations")
steps = _view("steps")
routes = _view("routes")
branches = _view("branches")
eligibles = _view("eligibles")
failures = _view("failures")
maintenances = _view("maintenances")
pools = _view("pools")
calendars = _view("calendars")
spans = _view("spans")
tables = _view("tables")
arrivals = _view("arrivals")
orders = _view("orders")
distributions = _view("distributions")
tools = _view("tools")
characteristics = _view("characteristics")
corrections = _view("corrections")
stocks = _view("stocks")
materials = _view("materials")
book = _view("book")
traces = _view("traces")
machine_time = _view("machine_time")
machine_power = _view("machine_power")
setup_times = _view("setup_times")
min_runs = _view("min_runs")
knots = _view("knots")
instants = _view("instants")
rules = _view("rules")
work = _view("work")
dedications = _view("dedications")
family_total = _view("family_total")
family_seen = _view("family_seen")
calendar_machines = _view("calendar_machines")
calendar_pools = _view("calendar_pools")
renewals = _view("renewals")
plans = _view("plans")
requests = _view("requests")
scratch = _view("scratch")
sizes = _view("sizes")
