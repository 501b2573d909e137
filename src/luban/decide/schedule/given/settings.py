"""The shape of schedule.toml and of the tables in CSV and Excel: what each key or column means.

One table of settings serves both: `[[pool]]` of schedule.toml is the sheet `pools`. The JSON Schema, the template
workbook and the reference page are made from this.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from luban.decide.schedule.given.fields import Alternatives, Clock, Lag, Moment, Name, Needs, Text, Work

__all__ = [
    "CalendarRow",
    "LockTable",
    "MachineTable",
    "MaintenanceTable",
    "MoveTable",
    "OperationRow",
    "OrderTable",
    "PoolTable",
    "ScheduleFile",
    "ScheduleTable",
    "SetupTable",
    "StepTable",
    "TariffTable",
]

MOST = 1_000_000_000
"""Most units of a pool, pieces of a batch, and the like."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, allow_inf_nan=False)


class ScheduleTable(_Table):
    """The schedule as a whole."""

    name: str = Field("", description="Name for people; the file's if empty.")
    start: Moment | None = Field(
        None, description="Nothing starts before; the clock's now if not given (tables: the earliest release)."
    )
    days: float | None = Field(
        None, gt=0, le=7300, description="How far calendars reach [d]; as far as the work needs if not given."
    )
    tick: Work | None = Field(None, description="Times are rounded to it; 1 s if not given.")
    time_zone: str = Field("UTC", description="IANA name, of times without an offset (tables; a plant has its own).")
    objective: str = Field("", description="What to make small, e.g. tardiness > setup_time + makespan.")
    interrupts: bool = Field(
        True, description="true: work waits over breaks and nights; false: it lies whole in one opening."
    )


class OrderTable(_Table):
    """An order: when it may start, when it is due, what delay costs."""

    id: Text = Field(description="Order number.")
    release: Moment | None = Field(None, description="Not to start before.")
    due: Moment | None = Field(None, description="To be finished by; later costs.")
    deadline: Moment | None = Field(None, description="To be finished by; later is not allowed.")
    weight: float | None = Field(None, ge=0, description="Of a tick of delay, against other orders; 1 if empty.")


class _Working(_Table):
    """What an operation needs besides a machine."""

    family: Name = Field("", description="Setup family: what the machine must be set up for.")
    needs: Needs | None = Field(None, description="Pools held while it is worked: crew = 2 | gauge.")
    size: int = Field(1, ge=1, le=MOST, description="Its share of a batch.")
    batch: Name = Field("", description="Who may share a batch: operations with the same word.")
    lag: Lag | None = Field(None, description="Least wait to the next operation: cooling, drying.")
    longest_wait: Lag | None = Field(None, description="Most wait to the next operation; 0: at once.")


class OperationRow(_Working):
    """An operation of an order, or one more machine for it where order and operation repeat."""

    order: Text = Field(description="Order number.")
    operation: Text = Field(description="Number or name of the operation, e.g. 10.")
    machine: Alternatives = Field(description="Who can do it: lathe-1 | lathe-2, a group, or lathe-1 = 2 h | lathe-2.")
    time: Work | None = Field(None, description="Time of the whole lot on each machine without a time of its own.")
    after: Name = Field("", description="Operation before it; the row before if the column is missing.")


class StepTable(_Working):
    """What the routing of a plant does not say of an operation."""

    item: Text = Field(description="Item made.")
    operation: Text = Field(description="Operation of its routing.")


class MachineTable(_Table):
    """A machine; in a plant, a work unit or all of a group."""

    id: Text = Field(description="Name of it; in a plant the path of a work unit or of a group.")
    group: Name = Field("", description="Group that operations may name instead (tables).")
    calendar: Name = Field("", description="Calendar; none: always open (a plant's own if empty).")
    interrupts: bool | None = Field(
        None, description="true: work waits over closures; false: it lies whole in one opening."
    )
    setups: Name = Field("", description="Table of setup times.")
    family: Name = Field("", description="What it is set up for at the start.")
    ready: Moment | None = Field(None, description="Free from.")
    batch: int = Field(0, ge=0, le=MOST, description="Capacity of a batch; 0: one operation at a time.")
    power: float = Field(0.0, ge=0, description="Power while it works [kW].")
    setup_pool: Name = Field("", description="Pool of those who set it up.")


class CalendarRow(_Table):
    """A shift of a calendar; a calendar has a row for each."""

    id: Text = Field(description="Name that machines and pools refer to.")
    days: str = Field("Mon-Sun", description="Days on which the shift starts: Mon-Fri, Sat, or Mon,Wed.")
    start: Clock = Field(description="Wall clock, HH:MM.")
    end: Clock = Field(description="Wall clock, HH:MM; not later than start means the next day.")
    breaks: str = Field("", description="Breaks within it: 10:00-10:15 | 12:00-12:30.")
    closed: str = Field("", description="Days without the shift: 2026-10-01/2026-10-07 | 2026-12-25.")


class PoolTable(_Table):
    """People or tools of which there are several; rows of one name add up."""

    id: Text = Field(description="Name of it.")
    size: int = Field(ge=0, le=MOST, description="How many.")
    calendar: Name = Field("", description="When they are there; always if empty.")


class SetupTable(_Table):
    """A setup time from one family to another."""

    setups: Name = Field("setups", description="Table that machines refer to.")
    before: Name = Field("", description="Family before; * for any other, empty for none.")
    after: Text = Field(description="Family after; * for any other.")
    time: Lag = Field(description="How long the setup takes.")
    cost: float = Field(0.0, ge=0, description="Money it costs besides.")


class MoveTable(_Table):
    """Transport from machine to machine."""

    before: Text = Field(description="Machine or group.")
    after: Text = Field(description="Machine or group; * for any other.")
    time: Lag = Field(description="How long it takes.")


class MaintenanceTable(_Table):
    """A stop of a machine, at a given time or to be placed."""

    machine: Text = Field(description="Machine.")
    id: Name = Field("", description="Name of it.")
    time: Work = Field(description="How long: on the clock where start is given, else in working time.")
    start: Moment | None = Field(None, description="Given start; if empty it is placed.")
    earliest: Moment | None = Field(None, description="To be placed not before.")
    latest: Moment | None = Field(None, description="To be finished by.")


class LockTable(_Table):
    """An operation that is bound: running already, promised, or kept by hand."""

    order: Text = Field(description="Order number.")
    operation: Text = Field(description="Operation.")
    machine: Name = Field("", description="Machine it stays on.")
    start: Moment | None = Field(None, description="Start it keeps; before the schedule's start: it is in progress.")


class TariffTable(_Table):
    """A price of electricity from a time of day on."""

    days: str = Field("Mon-Sun", description="Days: Mon-Fri, Sat, or Mon,Wed.")
    start: Clock = Field(description="Holds from then until the next row, HH:MM.")
    price: float = Field(ge=0, description="Money per kWh.")


class ScheduleFile(_Table):
    """schedule.toml: what plant.toml lacks for a schedule."""

    schedule: ScheduleTable = Field(default_factory=lambda: ScheduleTable.model_validate({}))
    order: list[OrderTable] = Field(default_factory=list, description="What orders.csv lacks of an order.")
    step: list[StepTable] = Field(default_factory=list)
    machine: list[MachineTable] = Field(default_factory=list)
    pool: list[PoolTable] = Field(default_factory=list)
    setup: list[SetupTable] = Field(default_factory=list)
    move: list[MoveTable] = Field(default_factory=list)
    maintenance: list[MaintenanceTable] = Field(default_factory=list)
    lock: list[LockTable] = Field(default_factory=list)
    tariff: list[TariffTable] = Field(default_factory=list)
    tables: dict[str, str] = Field(
        default_factory=dict, description="Lists of tables kept in a CSV file or a sheet: setup = 'setups.csv'."
    )
