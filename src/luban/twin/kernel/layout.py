"""The structs of a run, and where each array stands in its directory.

Times are µs after the model's start (int64), indices are int32, -1 is nobody. One struct an entity, no object an event.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from luban.twin.kernel.memory import accessor

__all__ = [
    "ARRAYS",
    "FAR",
    "NOBODY",
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
NOBODY = -1


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
    INTAKE_FREE = 4
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
    now="i8", key="u8", order="i8", planned="i8", events="i8", status="i4", wip="i4", pool="i4", free_lot="i4",
    free_lots="i4", wanted="i4", wip_since="i8", wip_time="i8", arrived="i8", released="i8", finished="i8", lost="i8",
    good="i8", scrap="i8", reworked="i8", sojourn="i8", late="i8", traced="i8", booked="i8", work_first="i4",
    work_count="i4", work_room="i4", pool_first="i4", pool_last="i4", cap="i4", release_kind="i4", instants="i4",
    instant="i4", next_order="i4", transport="i4", transport_pool="i4", stuck="i4", stamp="i4", release_rule="i4",
    gate="i4", force="i4",
)  # fmt: skip
_EVENT = _struct(time="i8", order="i8", kind="i4", a="i4", b="i8")
_LOT = _struct(
    key="i8", arrival="i8", ready="i8", release="i8", due="i8", enter="i8", limit_at="i8", started="i8", paused="i8",
    run_from="i8", cycle="i8", once="i8", load="i8", extra="i8", priority="f8", weight="f8", route="i4", step="i4",
    target="i4", quantity="i4", first_quantity="i4", scrap="i4", reworked="i4", made="i4", step_scrap="i4",
    step_rework="i4", counted_good="i4", counted_scrap="i4", counted_rework="i4", where="i4", machine="i4", next="i4",
    previous="i4", mate="i4", visits="i4", limit_step="i4", limit_from="i4", steps="i4", late="i4", request="i4",
    hit="i4", hold="i4", start_step="i4", slots="i4",
)  # fmt: skip
_MACHINE = _struct(
    speed="f8", load="i8", unload="i8", since="i8", paused="i8", paused_since="i8", pause_mark="i8", energy="i8",
    pieces="i8", scrap="i8", reworked="i8", setups_done="i8", lots_done="i8", tool_used="f8", tool_life="f8",
    tools="i8", station="i4", cascade="i4", calendar="i4", state="i4",
    phase="i4", stop="i4", down="i4", lot="i4", inside="i4", setup="i4", table="i4", run_left="i4", next="i4",
    previous="i4", blocked_next="i4", pending="i4", failures="i4", failures_end="i4", maintenance="i4",
    maintenance_end="i4", tool="i4", request_next="i4", held="i4", plan="i4", plan_end="i4", plan_at="i4", reason="i4",
    setup_serial="i4", waiting="i4", listed="i4", broken="i4", change="i8", plan_step="i4",
)  # fmt: skip
_STATION = _struct(
    queue_time="i8", queue_since="i8", wait="i8", starts="i8", first="i4", last="i4", length="i4", coming="i4",
    idle_first="i4", idle_last="i4", idle="i4", machine="i4", machine_end="i4", buffer="i4", rule="i4", rule_end="i4",
    blocked_first="i4", blocked_last="i4", woken="i4", plain="i4", mark="i4", room_woken="i4",
)  # fmt: skip
_STEP = _struct(
    weight="f8", sample="f8", scrap="f8", batch_max="f8", batch_min="f8", energy="i8", batch_wait="i8", within="i8",
    setup_time="i8", mean="f8", mean_piece="f8", rest="f8", rest_piece="f8", station="i4", time="i4", factor="i4", per="i4", setup="i4", family="i4",
    batch_measure="i4", interval="i4", interval_per="i4", branch="i4", branch_end="i4", limit_to="i4",
    limit_action="i4", pool="i4", slot="i4", dedicate="i4", transport="i4", eligible="i4", eligible_end="i4",
    characteristic="i4", characteristic_end="i4", route="i4", index="i4",
)  # fmt: skip
_ROUTE = _struct(weight="f8", step="i4", step_end="i4", material="i4", material_end="i4")
_BRANCH = _struct(probability="f8", to="i4", bit="i4")
_ELIGIBLE = _struct(machine="i4", time="i4")
_FAILURE = _struct(
    limit="i8", machine="i4", clock="i4", life="i4", repair="i4", first="i4", pool="i4", ordinal="i4", failed="i4",
    armed="i4", count="i4", place="i4", renewals="i4", down_since="i8", born="i8",
)  # fmt: skip
_MAINTENANCE = _struct(
    limit="i8", machine="i4", clock="i4", duration="i4", every="i4", first="i4", pool="i4", ordinal="i4", due="i4",
    count="i4", place="i4", renew="i4", renew_end="i4", running="i4",
)  # fmt: skip
_POOL = _struct(
    size="i4", level="i4", used="i4", calendar="i4", first="i4", last="i4", woken="i4", opened="i4", absence="f8"
)
_CALENDAR = _struct(
    first="i4", end="i4", at="i4", open="i4", machine="i4", machine_end="i4", pool="i4", pool_end="i4", interrupts="i4"
)
_SPAN = _struct(start="i8", end="i8")
_TABLE = _struct(first="i4", factor="i4", extra="i4", pool="i4", min_run="i4")
_ARRIVAL = _struct(
    priority="f8", route="i4", interval="i4", quantity="i4", first="i4", due="i4", ready="i4", limit="i4",
    made="i4",
)  # fmt: skip
_ORDER = _struct(
    key="i8", arrival="i8", ready="i8", due="i8", release="i8", priority="f8", route="i4", quantity="i4", step="i4"
)
_DISTRIBUTION = _struct(p0="f8", p1="f8", p2="f8", shift="f8", kind="i4", first="i4", count="i4")
_TOOL = _struct(life="i4", change="i4", cutting="f8", replace_at="f8", jump="f8", breaks="i4")
_CHARACTERISTIC = _struct(
    lower="f8", upper="f8", noise="f8", setup_offset="f8", wear="f8", heat="f8", heat_tau="f8", cool_tau="f8",
    gauge="f8", beyond="f8", gain="f8", rework_time="f8", cluster="f8", cluster_share="f8", first="i4", every="i4",
    correct_first="i4", above="i4", below="i4", index="i4",
)  # fmt: skip
_CORRECTION = _struct(value="f8", offset="f8", cold="f8", cold_since="i8", serial="i4", readings="i4")
_STOCK = _struct(
    level="f8", ordered="f8", reorder="f8", up_to="f8", on_hand_time="f8", short_time="f8", since="i8", interval="i4",
    quantity="i4", lead="i4", demands="i4", orders="i4",
)  # fmt: skip
_MATERIAL = _struct(quantity="f8", stock="i4")
_BOOK = _struct(
    key="i8", arrival="i8", release="i8", finish="i8", due="i8", priority="f8", route="i4", source="i4", ordinal="i4",
    quantity="i4", good="i4", scrap="i4", rework="i4", violations="i4", steps="i4", lost="i4", start_step="i4",
)  # fmt: skip
_TRACE = _struct(time="i8", kind="i4", machine="i4", lot="i8", route="i4", step="i4", a="i8", b="i8", x="f8", y="f8")

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
            "min_runs": "i4",
            "knots": "f8",
            "instants": "i8",
            "rules": "i4",
            "work": "i4",
            "dedications": "i4",
            "family_total": "f8",
            "family_seen": "i8",
            "calendar_machines": "i4",
            "calendar_pools": "i4",
            "renewals": "i4",
            "plans": "i8",
            "requests": "i4",
            "scratch": "i4",
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
