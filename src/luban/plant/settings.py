"""The shape of `plant.toml`: what each key means, and what it may be. The JSON Schema is made from this."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

__all__ = [
    "KINDS",
    "ROLES",
    "ActuatorTable",
    "BreakTable",
    "CalendarTable",
    "CostTable",
    "DateText",
    "EnergyTable",
    "EquipmentTable",
    "ExtraShiftTable",
    "KpiTable",
    "LeverTable",
    "PlantFile",
    "PlantTable",
    "RetrofitTable",
    "RollupTable",
    "ShiftTable",
    "SignalTable",
    "SourceTable",
]

Kind = Literal["site", "area", "work center", "work unit"]
Role = Literal[
    "value", "state", "good_count", "scrap_count", "rework_count", "total_count", "measurement", "meter", "order",
    "item", "reason", "lot", "serial",
]  # fmt: skip
KINDS: tuple[str, ...] = get_args(Kind)
ROLES: tuple[str, ...] = get_args(Role)


def _as_text(value: Any) -> Any:
    """TOML's own dates and times are as good as their text."""
    if isinstance(value, time):
        return value.isoformat("minutes") if not value.second else value.isoformat()
    return value.isoformat() if isinstance(value, date) else value


Text = Annotated[str, Field(min_length=1)]
DateText = Annotated[str, BeforeValidator(_as_text), Field(min_length=1)]
ClockText = Annotated[str, BeforeValidator(_as_text), Field(min_length=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PlantTable(_Table):
    """The plant as a whole."""

    id: Text = Field(description="Short name; the root of every equipment path.")
    name: Text = Field(description="Name for people.")
    time_zone: Text = Field(description="IANA time zone, e.g. Asia/Shanghai; calendars are wall clock in it.")
    enterprise: str = Field("", description="The firm the plant belongs to.")
    calendar: str = Field("", description="Calendar of all equipment that has none of its own.")


class KpiTable(_Table):
    """How indicators are made."""

    edition: Literal["ISO 22400-2:2014"] = Field("ISO 22400-2:2014", description="Edition of the catalogue.")
    mapping: str = Field("", description="State mapping of signals with role 'state' that name none.")
    coverage: float = Field(
        0.9, ge=0, le=1, description="Least known share of planned time; below it a figure made of times is withheld."
    )
    tolerance: float = Field(
        0.05, ge=0, description="How far the work of the pieces may exceed the running time before OEE is withheld."
    )


class CostTable(_Table):
    """How cost is kept."""

    currency: str = Field("CNY", pattern=r"^[A-Z]{3}$", description="ISO 4217 code of the plant's money.")
    scrap: Literal["carried", "written off"] = Field(
        "carried", description="Who bears scrap: the good pieces of its order, or a loss account."
    )
    rework: list[str] = Field(
        default_factory=lambda: ["rework"], description="Operations and states whose cost is shown as rework."
    )
    closed: DateText = Field(
        "", description="Books before this day are closed: what changes in them is posted on it, YYYY-MM-DD."
    )


class EnergyTable(_Table):
    """How energy is priced and shared."""

    tariff: list[Text] = Field(
        default_factory=list,
        description="Tariffs that follow on each other: ids of luban's, or TOML files beside plant.toml.",
    )
    factors: list[Text] = Field(
        default_factory=list, description="TOML files of emission factors beside plant.toml; they go before luban's."
    )
    region: str = Field("CN", description="Where the plant lies, for emission factors, e.g. CN-east.")
    idle: Literal["direct", "time", "apart"] = Field(
        "direct", description="How energy of no order comes to orders: by their own energy, by their time, not at all."
    )


class BreakTable(_Table):
    """A planned break within a shift."""

    start: ClockText = Field(description="Wall clock, HH:MM.")
    end: ClockText = Field(description="Wall clock, HH:MM.")


class ShiftTable(_Table):
    """A shift and the days on which it starts. A night shift belongs to the day on which it starts."""

    name: Text = Field(description="Name for people.")
    start: ClockText = Field(description="Wall clock, HH:MM.")
    end: ClockText = Field(description="Wall clock, HH:MM; not later than start means the next day.")
    days: Text = Field("Mon-Sun", description="Days on which it starts: Mon-Fri, Sat, or Mon,Wed.")
    breaks: list[BreakTable] = Field(default_factory=list, description="Planned breaks within the shift.")


class ExtraShiftTable(_Table):
    """One shift on one day, whether or not the calendar is closed on it."""

    name: Text = Field(description="Name for people.")
    date: DateText = Field(description="Day on which it starts, YYYY-MM-DD.")
    start: ClockText = Field(description="Wall clock, HH:MM.")
    end: ClockText = Field(description="Wall clock, HH:MM; not later than start means the next day.")
    breaks: list[BreakTable] = Field(default_factory=list, description="Planned breaks within the shift.")


class CalendarTable(_Table):
    """When work is planned."""

    id: Text = Field(description="Name that equipment refers to.")
    shifts: list[ShiftTable] = Field(default_factory=list, description="Shifts of a usual week.")
    closed: list[DateText] = Field(
        default_factory=list, description="Days without shifts: YYYY-MM-DD, or first/last of a range."
    )
    extra: list[ExtraShiftTable] = Field(default_factory=list, description="Shifts on single days.")


class EquipmentTable(_Table):
    """A piece of the equipment tree, by ISA-95."""

    path: Text = Field(description="Place in the tree below the plant, e.g. machining/lathe01.")
    kind: Kind = Field("work unit", description="Level of ISA-95.")
    name: str = Field("", description="Name for people; the last part of the path if empty.")
    calendar: str = Field("", description="Calendar; that of the parent if empty.")
    parent: str = Field("", description="Path of the parent where the path itself does not say it.")


class SignalTable(_Table):
    """One value of one source, and what it means."""

    id: Text = Field(description="equipment path:name below the plant, e.g. machining/lathe01:spindle_load.")
    source: Text = Field(description="Id of the source.")
    address: Text = Field(description="The source's own name of the value.")
    unit: str = Field("", description="Unit, e.g. %, kWh, mm/s; empty for text and states.")
    range: list[float] = Field(
        default_factory=list, description="Lowest and highest possible value; beyond it a value is bad.", max_length=2
    )
    role: Role = Field("value", description="What it is used for.")
    mapping: str = Field("", description="State mapping (role 'state'), e.g. packml@1.")
    characteristic: str = Field(
        "", description="What is measured (role 'measurement'): `item:name` of the characteristics table."
    )
    stuck_after: str = Field("", description="Unchanged for this long means stuck, e.g. 10min.")
    enabled: bool = Field(True, description="false: not collected.")


class SourceTable(_Table):
    """A wire. All keys beyond id and type belong to its connector."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    id: Text = Field(description="Name that signals refer to.")
    type: Text = Field(
        description="Connector: opcua, mqtt, sparkplug, mtconnect, shdr, modbus, files.",
        examples=["opcua", "mqtt", "sparkplug", "mtconnect", "shdr", "modbus", "files"],
    )


class RetrofitTable(_Table):
    """A machine without a control that speaks: states and counts are read from its power."""

    equipment: Text = Field(description="Path of the work unit, e.g. machining/press03.")
    power: Text = Field(description="Id of the signal with its power or current.")
    counter: str = Field("", description="Id of a signal that counts pieces, where there is one.")
    cycle: str = Field("", description="Time for a piece, e.g. 45s: counts pieces where the power shows no cycles.")


class ActuatorTable(_Table):
    """A signal that may also be written, and within which bounds. Nothing else is ever written."""

    signal: Text = Field(description="Id of the signal that shows what was written, e.g. machining/lathe01:offset_x.")
    address: str = Field("", description="Where it is written, if not at the signal's own address, e.g. a topic for "
                                         "commands. Its source must list it under 'writable'.")  # fmt: skip
    lower: float = Field(description="Lowest value that may be written, in the signal's unit.")
    upper: float = Field(description="Highest value that may be written.")
    step: float = Field(0.0, ge=0, description="Largest change by one command; 0: any within the bounds.")
    every: str = Field("", description="Shortest time between two writes, e.g. 30s.")
    tolerance: float = Field(0.0, ge=0, description="How far the value read back may lie from the one written.")
    settle: str = Field("5s", description="How long the device may take until it shows the value.")
    fresh: str = Field("1min", description="How long ago a source may have proved itself last, for interlocks.")
    mode: Literal["advise", "confirm", "automatic"] = Field(
        "advise", description="What holds until somebody switches: only advice, each command approved by a person, "
                              "or acting by itself."
    )  # fmt: skip
    approver: Literal["operator", "engineer"] = Field("engineer", description="Role that approves a command.")
    interlock: list[Text] = Field(
        default_factory=list,
        description='Conditions that must be seen to hold, e.g. "machining/lathe01:spindle_load < 80" or '
                    '"machining/lathe01:state is running".',
    )  # fmt: skip


class LeverTable(_Table):
    """A lever: something that luban decides about, and how far it may go by itself."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    id: Text = Field(description="Id of the lever: set-point, repair, maintenance.")
    mode: Literal["advise", "confirm", "automatic"] = Field(
        "advise", description="What becomes of a proposal: only shown, taken when a person approves it, or taken by "
                              "itself. A set-point also needs the mode of its actuator."
    )  # fmt: skip
    approver: Literal["operator", "engineer"] = Field("engineer", description="Role that approves a proposal.")
    every: str = Field("", description="How often it is asked, e.g. 15min; `shift` at the turn of each shift; empty: "
                                       "as its decider says.")  # fmt: skip
    figure: str = Field("", description="What its decisions are verified by, as the page *Loop* names figures: "
                                        "`scrap PATH`, `good PATH`, `mean SIGNAL` or `mean ITEM:NAME`.")  # fmt: skip


class RollupTable(_Table):
    """What returns are collected for: the plan, and how money is made comparable."""

    plan: Text = Field("mic2025", description="A plan of luban's by its name, or a folder of plan files beside "
                                              "plant.toml.")  # fmt: skip
    deflators: str = Field("", description="Price indices beside plant.toml (columns industry, year, index), for "
                                           "indicators at prices of one year.")  # fmt: skip


class PlantFile(_Table):
    """plant.toml: one plant."""

    plant: PlantTable
    kpi: KpiTable = Field(default_factory=lambda: KpiTable.model_validate({}))
    cost: CostTable = Field(default_factory=lambda: CostTable.model_validate({}))
    energy: EnergyTable = Field(default_factory=lambda: EnergyTable.model_validate({}))
    rollup: RollupTable = Field(default_factory=lambda: RollupTable.model_validate({}))
    calendar: list[CalendarTable] = Field(default_factory=list)
    equipment: list[EquipmentTable] = Field(default_factory=list)
    signal: list[SignalTable] = Field(default_factory=list)
    source: list[SourceTable] = Field(default_factory=list)
    retrofit: list[RetrofitTable] = Field(default_factory=list)
    actuator: list[ActuatorTable] = Field(default_factory=list)
    lever: list[LeverTable] = Field(default_factory=list)
