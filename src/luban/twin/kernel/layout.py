"""The structs of a run, and where each array stands in its directory.

Times are µs after the model's start (int64), indices too, -1 is nobody. One struct an entity, no object an event.
"""

from __future__ import annotations

from enum import IntEnum

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


def _struct(**fields: str) -> np.dtype[np.void]:
    return np.dtype([(name, code) for name, code in fields.items()], align=True)


_CLOCK = _struct(
    now="i8", key="u8", order="i8", planned="i8", events="i8", status="i8", wip="i8", pool="i8", free_lot="i8",
    free_lots="i8", wanted="i8", wip_since="i8", wip_time="i8", arrived="i8", released="i8", finished="i8", lost="i8",
    good="i8", scrap="i8", reworked="i8", sojourn="i8", late="i8", traced="i8", booked="i8", work_first="i8",
    work_count="i8", work_room="i8", pool_first="i8", pool_last="i8", cap="i8", release_kind="i8", instants="i8",
    instant="i8", next_order="i8", transport="i8", transport_pool="i8", transport_calendar="i8", stuck="i8", stamp="i8", release_rule="i8",
    gate="i8", force="i8",
)  # fmt: skip
_EVENT = _struct(time="i8", order="i8", kind="i8", a="i8", b="i8")
_LOT = _struct(
    key="i8", arrival="i8", ready="i8", release="i8", due="i8", enter="i8", limit_at="i8", started="i8", paused="i8",
    run_from="i8", cycle="i8", once="i8", load="i8", extra="i8", priority="f8", weight="f8", route="i8", step="i8",
    target="i8", quantity="i8", first_quantity="i8", scrap="i8", reworked="i8", made="i8", step_scrap="i8",
    step_rework="i8", counted_good="i8", counted_scrap="i8", counted_rework="i8", where="i8", machine="i8", next="i8",
    previous="i8", mate="i8", visits="i8", limit_step="i8", limit_from="i8", steps="i8", late="i8", request="i8",
    hit="i8", hold="i8", start_step="i8", slots="i8",
)  # fmt: skip
_MACHINE = _struct(
    speed="f8", load="i8", unload="i8", since="i8", paused="i8", paused_since="i8", pause_mark="i8", energy="i8",
    pieces="i8", scrap="i8", reworked="i8", setups_done="i8", lots_done="i8", tool_used="f8", tool_life="f8",
    tools="i8", station="i8", cascade="i8", calendar="i8", state="i8",
    phase="i8", stop="i8", down="i8", lot="i8", inside="i8", setup="i8", table="i8", run_left="i8", next="i8",
    previous="i8", blocked_next="i8", pending="i8", failures="i8", failures_end="i8", maintenance="i8",
    maintenance_end="i8", tool="i8", request_next="i8", held="i8", plan="i8", plan_end="i8", plan_at="i8", reason="i8",
    setup_serial="i8", waiting="i8", listed="i8", broken="i8", change="i8", plan_step="i8", gate_at="i8", gate_mark="i8",
)  # fmt: skip
_STATION = _struct(
    queue_time="i8", queue_since="i8", wait="i8", starts="i8", first="i8", last="i8", length="i8", coming="i8",
    idle_first="i8", idle_last="i8", idle="i8", machine="i8", machine_end="i8", buffer="i8", rule="i8", rule_end="i8",
    blocked_first="i8", blocked_last="i8", woken="i8", plain="i8", mark="i8", room_woken="i8", machines="i8", holds="i8", urgent="i8", urgent_share="f8",
)  # fmt: skip
_STEP = _struct(
    weight="f8", sample="f8", scrap="f8", batch_max="f8", batch_min="f8", energy="i8", batch_wait="i8", within="i8",
    setup_time="i8", mean="f8", mean_piece="f8", rest="f8", rest_piece="f8", station="i8", time="i8", factor="i8", per="i8", setup="i8", family="i8",
    batch_measure="i8", interval="i8", interval_per="i8", branch="i8", branch_end="i8", limit_to="i8",
    limit_action="i8", limit_end="i8", pool="i8", slot="i8", dedicate="i8", transport="i8", eligible="i8", eligible_end="i8",
    characteristic="i8", characteristic_end="i8", route="i8", index="i8",
)  # fmt: skip
_ROUTE = _struct(weight="f8", step="i8", step_end="i8", material="i8", material_end="i8")
_BRANCH = _struct(probability="f8", to="i8", bit="i8")
_ELIGIBLE = _struct(machine="i8", time="i8")
_FAILURE = _struct(
    limit="i8", machine="i8", clock="i8", life="i8", repair="i8", first="i8", pool="i8", ordinal="i8", failed="i8",
    armed="i8", count="i8", place="i8", renewals="i8", down_since="i8", born="i8",
)  # fmt: skip
_MAINTENANCE = _struct(
    limit="i8", machine="i8", clock="i8", duration="i8", every="i8", first="i8", pool="i8", ordinal="i8", due="i8",
    count="i8", place="i8", renew="i8", renew_end="i8", running="i8",
)  # fmt: skip
_POOL = _struct(
    size="i8",
    level="i8",
    used="i8",
    calendar="i8",
    first="i8",
    last="i8",
    woken="i8",
    opened="i8",
    absence="f8",
    tends="i8",
)
_CALENDAR = _struct(
    first="i8", end="i8", at="i8", open="i8", machine="i8", machine_end="i8", pool="i8", pool_end="i8", interrupts="i8"
)
_SPAN = _struct(start="i8", end="i8")
_TABLE = _struct(first="i8", factor="i8", extra="i8", pool="i8", min_run="i8", hold="i8")
_ARRIVAL = _struct(
    priority="f8", route="i8", interval="i8", quantity="i8", first="i8", due="i8", ready="i8", limit="i8",
    made="i8",
)  # fmt: skip
_ORDER = _struct(
    key="i8", arrival="i8", ready="i8", due="i8", release="i8", priority="f8", route="i8", quantity="i8", step="i8"
)
_DISTRIBUTION = _struct(p0="f8", p1="f8", p2="f8", shift="f8", kind="i8", first="i8", count="i8")
_TOOL = _struct(life="i8", change="i8", cutting="f8", replace_at="f8", jump="f8", breaks="i8", pieces="i8")
_CHARACTERISTIC = _struct(
    lower="f8", upper="f8", noise="f8", setup_offset="f8", wear="f8", heat="f8", heat_tau="f8", cool_tau="f8",
    gauge="f8", beyond="f8", gain="f8", rework_time="f8", cluster="f8", cluster_share="f8", first="i8", every="i8",
    correct_first="i8", above="i8", below="i8", index="i8",
)  # fmt: skip
_CORRECTION = _struct(value="f8", offset="f8", cold="f8", cold_since="i8", serial="i8", readings="i8")
_STOCK = _struct(
    level="f8", ordered="f8", reorder="f8", up_to="f8", on_hand_time="f8", short_time="f8", since="i8", interval="i8",
    quantity="i8", lead="i8", demands="i8", orders="i8",
)  # fmt: skip
_MATERIAL = _struct(quantity="f8", stock="i8")
_BOOK = _struct(
    key="i8", arrival="i8", release="i8", finish="i8", due="i8", priority="f8", route="i8", source="i8", ordinal="i8",
    quantity="i8", good="i8", scrap="i8", rework="i8", violations="i8", steps="i8", lost="i8", start_step="i8",
)  # fmt: skip
_TRACE = _struct(time="i8", kind="i8", machine="i8", lot="i8", route="i8", step="i8", a="i8", b="i8", x="f8", y="f8")

ARRAYS: dict[str, tuple[int, np.dtype[np.generic]]] = {
    name: (slot, np.dtype(kind))
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


def _view(name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
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
