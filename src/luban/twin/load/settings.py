"""The shape of `twin.toml`: what each key means. The JSON Schema and the reference page are made from this."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from luban.plant.settings import DateText
from luban.twin.load.fields import (
    Counted,
    Energy,
    Mass,
    Numbers,
    Power,
    Seconds,
    Share,
    Size,
    Times,
    Weekly,
)
from luban.twin.model import RULES

__all__ = [
    "ArrivalTable",
    "BatchTable",
    "BranchTable",
    "CharacteristicTable",
    "DemandTable",
    "EnergyTable",
    "FailureTable",
    "LimitTable",
    "MachineTable",
    "MaintenanceTable",
    "PoolTable",
    "PowerTable",
    "ProductTable",
    "ReleaseTable",
    "RunTable",
    "SetupTable",
    "SetupTimeTable",
    "StationTable",
    "StepTable",
    "StockTable",
    "ToolTable",
    "TransportTable",
    "TwinFile",
]

Text = Annotated[str, Field(min_length=1)]
Rule = Literal[RULES]  # type: ignore[valid-type]
Whole = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True)


class RunTable(_Table):
    """What a run begins with."""

    start: DateText | None = Field(
        None, description="Its first day, or moment (ISO 8601); the day of the earliest order if not given."
    )
    days: float = Field(28.0, gt=0, le=36_500, description="How far calendars and orders reach [d].")


class ProductTable(_Table):
    """What the twin has to know of an item."""

    item: Text = Field(description="Item of the plant.")
    weight: Mass = Field(0.0, description="Of one piece; furnaces are filled by it.")
    setup_class: str = Field("", description="Items of one class are alike for a setup.")
    share: float = Field(0.0, ge=0, description="Share of the orders that demand draws; relative to the others.")
    quantity: Numbers | None = Field(None, description="Pieces of such an order, rounded, at least 1.")


class StationTable(_Table):
    """Machines that share one queue."""

    path: Text = Field(description="A group of work units, or one of them.")
    rule: list[Rule] = Field(
        default_factory=lambda: ["fifo"],
        description="Which lot is next: keys compared in this order; first come breaks ties.",
    )
    buffer: Whole | None = Field(None, description="Lots that may wait here; any number if not given.")
    location: str = Field("", description="Where it is.")
    urgent_within: Seconds | None = Field(None, description="Key `urgent`: so long before its due date a lot is.")
    urgent_share: Share = Field(1.0, description="Key `urgent`: probability that such a lot is on the list.")


class PowerTable(_Table):
    """Power drawn by state. What is not given: setup, operator and blocked as idle; down and maintenance as standby."""

    idle: Power = Field(0.0, description="Ready and without work.")
    standby: Power | None = Field(None, description="Switched to standby; as idle if not given.")
    run: Power = Field(0.0, description="Processing.")
    setup: Power | None = Field(None, description="Being set up.")
    blocked: Power | None = Field(None, description="Waiting for room behind it.")
    operator: Power | None = Field(None, description="Waiting for somebody.")
    down: Power | None = Field(None, description="Failed.")
    maintenance: Power | None = Field(None, description="Under maintenance.")
    off: Power = Field(0.0, description="Outside its calendar.")


class MachineTable(_Table):
    """A work unit, or all below a group; a later table adds to and replaces an earlier one, key by key."""

    path: Text = Field(description="Work unit or group of them.")
    speed: Positive = Field(1.0, description="Factor on processing times [1]; 1.15 is 15 % slower.")
    cascade: int = Field(0, ge=0, description="Lots that may be inside at once; 0: one, no cascade.")
    load: Seconds = Field(0.0, description="Added to each lot.")
    unload: Seconds = Field(0.0, description="Added to each lot.")
    finishes: bool = Field(
        False, description="true: what runs at the end of a shift is finished; false: it waits for the next one."
    )
    power: PowerTable | None = Field(None, description="Power by state.")
    setups: str = Field("", description="Its [[setup]]; none: the setup times of the routing.")
    setup: str = Field("", description="What it is set up for at the start.")
    failures: list[Text] = Field(default_factory=list, description="Its [[failure]]s.")
    maintenance: list[Text] = Field(default_factory=list, description="Its [[maintenance]].")
    tool: str = Field("", description="Its [[tool]].")


class FailureTable(_Table):
    """One way in which a machine fails."""

    id: Text = Field(description="Name of it.")
    clock: Literal["calendar", "run", "piece"] = Field("run", description="What ages it: time, running time or pieces.")
    life: Counted = Field(description="Time or pieces to failure.")
    repair: Times = Field(description="Duration of the repair once somebody is there, in working time.")
    aged: bool = Field(True, description="true: in the midst of its life at the start; false: new.")
    pool: str = Field("", description="Who repairs.")
    spare_missing: Share = Field(0.0, description="Share of the repairs that wait for a spare part.")
    spare_wait: Times | None = Field(None, description="How long they wait, in working time.")


class MaintenanceTable(_Table):
    """A planned stop; it begins when the machine is empty."""

    id: Text = Field(description="Name of it.")
    clock: Literal["calendar", "run", "piece", "lot", "command"] = Field(
        "calendar", description="What makes it due; command: on order only."
    )
    every: Counted | None = Field(None, description="From one to the next.")
    first: Counted | None = Field(None, description="To the first one; as `every` if not given.")
    duration: Times = Field(description="Duration once somebody is there, in working time.")
    pool: str = Field("", description="Who does it.")
    renews: list[Text] = Field(default_factory=list, description="Failures whose age it sets back to zero.")


class ToolTable(_Table):
    """A wearing edge or wheel."""

    id: Text = Field(description="Name of it.")
    clock: Literal["cut", "piece"] = Field("cut", description="What wears it: cutting time or pieces.")
    life: Counted = Field(description="To its end; drawn anew for each edge.")
    cutting: Share = Field(1.0, description="Share of the processing time in which it cuts.")
    replace_at: Counted | None = Field(None, description="Planned change after that much; none: used until it ends.")
    change: Times = Field(description="Duration of a change.")
    breaks: int = Field(1, ge=0, description="Pieces spoilt when it ends before it is changed.")
    jump: Size | None = Field(None, description="Deviation that an early end adds until the change.")


class SetupTable(_Table):
    """Setup times of machines by what they were set up for before. The key of a step is its item if it names none."""

    id: Text = Field(description="Name that machines refer to.")
    same: Seconds = Field(0.0, description="Same key again.")
    alike: Seconds | None = Field(None, description="Another key of the same setup class; as `other` if not given.")
    other: Seconds = Field(0.0, description="Any other key, and the first one.")
    factor: Numbers | None = Field(None, description="Drawn for each setup, multiplies the time.")
    extra: Times | None = Field(None, description="Drawn for each setup, added: waiting for the first-article check.")
    pool: str = Field("", description="Who sets up.")
    min_run: dict[str, int] = Field(default_factory=dict, description="Key: lots to run before the setup may change.")
    hold: bool = Field(False, description="true: the machine waits for lots of its setup until that run is complete.")


class SetupTimeTable(_Table):
    """One setup time of a [[setup]], where classes are not enough."""

    setup: Text = Field(description="The [[setup]].")
    before: str = Field("", description="Key before; any if empty.")
    after: Text = Field(description="Key after.")
    time: Seconds = Field(description="Time of the setup.")


class BatchTable(_Table):
    """Lots processed together."""

    family: Text = Field("all", description="Lots of one family may share a batch.")
    maximum: Positive = Field(description="Most, in `measure`.")
    minimum: Positive = Field(1.0, description="Fewer wait, in `measure`.")
    measure: Literal["lot", "piece", "weight"] = Field("lot", description="Lots, pieces or kg.")
    max_wait: Seconds | None = Field(None, description="A smaller batch starts when its oldest lot waited that long.")


class BranchTable(_Table):
    """Where else a lot may go after the step."""

    probability: Share = Field(description="How often.")
    to: Text = Field(description="Operation of the same item, `finish` or `scrap`.")
    once: bool = Field(False, description="true: at most once a lot.")


class LimitTable(_Table):
    """A limit on the time to a later step."""

    to: Text = Field(description="Operation at whose start it ends.")
    within: Seconds = Field(description="At most.")
    since: Literal["start", "end"] = Field("start", description="Counted from the start or the end of this step.")
    action: Text = Field("count", description="`count`, `scrap`, or the operation to go back to.")


class StepTable(_Table):
    """What the routing does not say of steps; all that match are laid over each other, key by key, the later on top."""

    at: str = Field("", description="Only steps at this work unit or group.")
    items: list[Text] = Field(default_factory=list, description="Only of these items.")
    operations: list[Text] = Field(default_factory=list, description="Only these operations.")
    delay: Times | None = Field(
        None, description="A step without machine, added to `items` as `operations`: plating outside, drying."
    )
    time: Times | None = Field(None, description="Instead of the routing's ideal cycle, `per` lot, piece or batch.")
    per: Literal["lot", "piece", "batch"] = Field("piece", description="What `time` is for.")
    factor: Numbers | None = Field(None, description="Drawn for each lot and visit, multiplies the time.")
    setup: str = Field("", description="Setup key; the item if empty.")
    setup_time: Seconds | None = Field(None, description="Fixed time instead of the machine's [[setup]].")
    batch: BatchTable | None = Field(None, description="Lots processed together.")
    interval: Times | None = Field(None, description="A cascade begins the next lot after it.")
    per_interval: Literal["lot", "piece", "batch"] = Field("lot", description="What `interval` is for.")
    sample: Share = Field(1.0, description="Share of the lots that do the step.")
    branches: list[BranchTable] = Field(default_factory=list, description="Where else a lot may go afterwards.")
    limit: LimitTable | None = Field(None, description="Limit on the time to a later step.")
    pool: str = Field("", description="Who has to be there while the machine runs.")
    same_machine: str = Field("", description="A later operation that has to use the same machine.")
    transport: Times | None = Field(None, description="Move to this step; as [transport] if not given.")
    scrap: Share = Field(0.0, description="Probability that a piece is scrapped.")
    energy: Energy = Field(0.0, description="Extra energy of a piece.")


class CharacteristicTable(_Table):
    """How a size comes about and what the operator does about it. Limits are those of the plant's characteristics."""

    name: Text = Field(description="Name of it, as in the characteristics table.")
    at: Text = Field(description="Work unit or group that makes it.")
    items: list[Text] = Field(default_factory=list, description="Only of these items; all that have it if empty.")
    operations: list[Text] = Field(default_factory=list, description="Only at these operations.")
    unit: str = Field("", description="Unit of the limits where they stand here.")
    lower: float | None = Field(None, description="Lower limit as a deviation, where the plant has none of that name.")
    upper: float | None = Field(None, description="Upper limit likewise.")
    noise: Size = Field(description="Standard deviation from piece to piece.")
    setup_offset: Size | None = Field(None, description="Standard deviation from setup to setup.")
    wear: Size | None = Field(None, description="Deviation at the end of the tool's life.")
    heat: Size | None = Field(None, description="Deviation of a cold machine.")
    heat_tau: Seconds = Field(3600.0, description="Time constant of warming up by running.")
    cool_tau: Seconds = Field(3600.0, description="Time constant of cooling down at rest.")
    gauge: Size | None = Field(None, description="Standard deviation of a reading.")
    sample_first: int = Field(0, ge=0, description="Pieces measured at the start of a lot.")
    sample_every: int = Field(0, ge=0, description="Then every n-th piece; 0: none.")
    correct_first: bool = Field(False, description="The first piece of a lot is always corrected.")
    correct_beyond: Share | None = Field(None, description="Corrected beyond that share of the tolerance; none: never.")
    correct_gain: float = Field(1.0, description="Share of the reading that is taken back [1].")
    rework_above: bool = Field(False, description="true: pieces above the limit are reworked; false: scrapped.")
    rework_below: bool = Field(False, description="true: pieces below the limit are reworked; false: scrapped.")
    rework_time: float = Field(0.6, ge=0, description="Share of the cycle that rework takes [1].")
    cluster_lots: Share = Field(0.0, description="Share of the lots with a cause that no correction cures.")
    cluster_pieces: Share = Field(0.0, description="Share of their pieces that it spoils.")


class PoolTable(_Table):
    """People, vehicles, fixtures."""

    id: Text = Field(description="Name of it.")
    size: Whole = Field(description="How many there are.")
    calendar: str = Field("", description="When they are there; always if empty.")
    absence: Share = Field(0.0, description="Probability that one is missing for a whole shift.")
    tends: Whole = Field(1, description="Machines that one can look after at a time.")


class TransportTable(_Table):
    """Moves between stations."""

    time: Times | None = Field(None, description="Of one move.")
    pool: str = Field("", description="Vehicles that it needs.")
    calendar: str = Field("", description="Moves pass only while it is open; always if empty.")


class ReleaseTable(_Table):
    """How orders become lots on the floor."""

    kind: Literal["push", "conwip", "manual"] = Field(
        "push", description="When ready; when fewer than `cap` lots are on the floor; by a controller."
    )
    cap: Whole | None = Field(None, description="Most lots on the floor.")
    every: list[Weekly] = Field(default_factory=list, description="Only at these times of the week, e.g. Mon 06:00.")
    rule: list[Rule] = Field(default_factory=lambda: ["fifo"], description="Order among those that are ready.")


class EnergyTable(_Table):
    """What draws power besides the machines."""

    base_load: Power = Field(0.0, description="Always drawn: light, compressor, ventilation.")
    parts: dict[str, Power] = Field(
        default_factory=dict, description="What of the base load has a meter of its own, by name."
    )


class FlowTable(_Table):
    """What machines use of a medium besides electricity; later tables of one medium and place replace earlier ones."""

    medium: Text = Field(description="E.g. compressed air, water.")
    unit: Text = Field(description="Unit of its amounts, e.g. m³.")
    path: Text = Field(description="Work unit or group of them; . for what is used always.")
    run: float = Field(0.0, ge=0, description="Used while processing [unit/h]; of the path . always: leaks.")
    idle: float = Field(0.0, ge=0, description="Used in any other state but off [unit/h].")


class DemandTable(_Table):
    """Orders that come by chance; what of and how large stands with the products."""

    per_day: Positive = Field(description="Mean number a working day.")
    levels: dict[str, float] = Field(default_factory=dict, description="Other levels of it by name, to choose from.")
    week: Numbers | None = Field(None, description="Factor of each week on it.")
    lowest: float = Field(0.0, ge=0, description="Least factor of a week [1].")
    highest: float | None = Field(None, ge=0, description="Greatest factor of a week [1].")
    due_days: int | None = Field(None, ge=0, description="Due at the end of that many working days later [d].")
    delayed: Share = Field(0.0, description="Share of the orders whose material is not at hand.")
    delay: Times | None = Field(None, description="How long those wait for it.")
    calendar: str = Field("", description="Its days are the working days; the plant's if empty.")


class ArrivalTable(_Table):
    """A steady stream of lots of one item."""

    id: Text = Field(description="Name of it; lots are called after it.")
    item: Text = Field(description="What is made.")
    interval: Times = Field(description="Between two of them.")
    first: Times | None = Field(None, description="To the first one; one interval if not given.")
    quantity: Numbers = Field(default=1, validate_default=True, description="Pieces of a lot.")
    due: Times | None = Field(None, description="Due so long after arrival.")
    ready: Times | None = Field(None, description="Material is there so long after arrival.")
    priority: float = Field(0.0, description="Higher goes first [1].")
    limit: Whole | None = Field(None, description="Number of lots; endless if not given.")


class StockTable(_Table):
    """A stock of a material that the bill of material names: ordered up to S when it falls to s."""

    item: Text = Field(description="Item held.")
    reorder: float = Field(description="s: ordered when on hand and on order fall to it [unit of the item].")
    up_to: float = Field(description="S: ordered up to it [unit of the item].")
    lead: Times = Field(description="Lead time of the supplier.")
    initial: float = Field(ge=0, description="On hand at the start [unit of the item].")
    interval: Times | None = Field(None, description="Between two demands besides those of orders.")
    quantity: Numbers = Field(default=1, validate_default=True, description="Size of such a demand.")


class TwinFile(_Table):
    """twin.toml: what a plant does not say and a simulation has to know."""

    tables: dict[str, str] = Field(
        default_factory=dict,
        description="A list below may stand in a table: its name = a CSV file, or book.xlsx#sheet.",
    )
    serve: dict[str, object] = Field(
        default_factory=dict, description="How its devices answer: read by `luban twin serve`."
    )
    run: RunTable = Field(default_factory=lambda: RunTable.model_validate({}))
    energy: EnergyTable = Field(default_factory=lambda: EnergyTable.model_validate({}))
    transport: TransportTable = Field(default_factory=lambda: TransportTable.model_validate({}))
    release: ReleaseTable = Field(default_factory=lambda: ReleaseTable.model_validate({}))
    demand: DemandTable | None = None
    flow: list[FlowTable] = Field(default_factory=list)
    product: list[ProductTable] = Field(default_factory=list)
    station: list[StationTable] = Field(default_factory=list)
    machine: list[MachineTable] = Field(default_factory=list)
    step: list[StepTable] = Field(default_factory=list)
    setup: list[SetupTable] = Field(default_factory=list)
    setup_time: list[SetupTimeTable] = Field(default_factory=list)
    characteristic: list[CharacteristicTable] = Field(default_factory=list)
    tool: list[ToolTable] = Field(default_factory=list)
    failure: list[FailureTable] = Field(default_factory=list)
    maintenance: list[MaintenanceTable] = Field(default_factory=list)
    pool: list[PoolTable] = Field(default_factory=list)
    arrival: list[ArrivalTable] = Field(default_factory=list)
    stock: list[StockTable] = Field(default_factory=list)
