"""A small machine shop with all that leaves facts: setups, failures, shifts, edges, sizes, material, a furnace."""

from __future__ import annotations

from pathlib import Path

from luban.core.time import DAY, HOUR
from luban.plant import Plant, load
from luban.twin.distribution import Distribution
from luban.twin.model import (
    Arrival,
    Batch,
    Branch,
    Calendar,
    Characteristic,
    Failure,
    Machine,
    Maintenance,
    Model,
    Pool,
    Route,
    SetupTable,
    Station,
    Step,
    Stock,
    Tool,
)

START = 1_767_225_600_000_000  # 2026-01-01T00:00Z, a Thursday
DAYS = 10

PLANT = """\
[plant]
id = "shop"
name = "Shop"
time_zone = "UTC"
calendar = "always"
[kpi]
mapping = "generic@1"
[[calendar]]
id = "always"
shifts = [{ name = "day", start = "00:00", end = "00:00" }]
[[equipment]]
path = "turning/lathe01"
[[equipment]]
path = "turning/lathe02"
[[equipment]]
path = "heat/oven"
[[equipment]]
path = "bench"
"""

_minutes = 60.0
_constant, _lognormal, _exponential = Distribution.constant, Distribution.lognormal, Distribution.exponential


def plant(folder: Path) -> Plant:
    """The plant's folder, without sources."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plant.toml").write_text(PLANT, encoding="utf-8")
    return load(folder)


def shop(*, days: int = DAYS, life: float = 20 * 3600, wear: float = 8.0, edge: float = 1800.0) -> Model:
    """Two lathes (setups, failures, edges, a size), an oven that burns batches, a bench with a person in shifts."""
    power = {"off": 100.0, "standby": 900.0, "idle": 2500.0, "setup": 2600.0, "run": 6000.0, "down": 300.0}
    failures = (
        Failure("spindle", Distribution.weibull(2.2, life), _lognormal(1800.0, sigma=0.8)),
        Failure("electrics", _exponential(2 * life), _constant(900.0)),
    )
    service = Maintenance("service", _constant(1200.0), every=_constant(30 * 3600.0))
    lathes = tuple(
        Machine(
            f"shop/turning/lathe0{n}", "turning", power=power, setups="lathe", failures=failures, calendar="two",
            maintenance=(service,), tool=Tool(Distribution.normal(edge, edge / 3), _constant(240.0), 0.6, edge * 0.7),
        )
        for n in (1, 2)
    )  # fmt: skip
    oven = Machine("shop/heat/oven", "oven", power={"idle": 8000.0, "run": 18000.0})
    bench = Machine("bench", "bench", power={"idle": 50.0, "run": 150.0})
    size = Characteristic(
        "diameter", "µm", -25.0, 25.0, 5.0, setup_offset=6.0, wear=wear, heat=10.0, gauge=3.0, sample_first=1,
        sample_every=5, correct_first=True, correct_beyond=0.6, rework_above=True, cluster=(0.05, 0.3),
    )  # fmt: skip

    def route(item: str, cycle: float, tempered: bool) -> Route:
        turn = Step(
            "turn", "turning", _constant(cycle), per="piece", factor=_lognormal(1.1, sigma=0.15), setup=item,
            characteristics=(size,), scrap=0.01, energy=50_000.0,
        )  # fmt: skip
        harden = Step("harden", "oven", _constant(3600.0), per="batch", batch=Batch("harden", 3, 2, max_wait=7200.0))
        check = Step("check", "bench", _constant(40.0), per="piece", pool="people", branches=(Branch(0.05, 0, True),))
        plate = Step("plate", None, _exponential(4 * 3600.0))
        steps = (turn, harden, check) if tempered else (turn, plate, check)
        return Route(item, steps, weight=1.0, material={"bar": 0.5})

    open_ = tuple((d * DAY + 6 * HOUR, d * DAY + 22 * HOUR) for d in range(days))
    return Model(
        "shop", START, days * DAY,
        (Station("turning", ("hot", "setup", "fifo"), location="hall"), Station("oven"), Station("bench")),
        (*lathes, oven, bench),
        (route("J01", 150.0, True), route("J02", 90.0, False)),
        arrivals=(
            Arrival("a", "J01", _exponential(100 * _minutes), Distribution.uniform(5, 30), due=_constant(2 * 86400.0)),
            Arrival("b", "J02", _exponential(100 * _minutes), Distribution.uniform(5, 30), due=_constant(3 * 86400.0)),
        ),
        calendars=(Calendar("two", open_),),
        pools=(Pool("people", 1, "two", absence=0.1),),
        setups=(SetupTable("lathe", {}, other=1500.0, factor=_lognormal(1.0, sigma=0.3)),),
        stocks=(Stock("bar", 200.0, 600.0, _constant(86400.0), 400.0),),
        transport=_exponential(900.0),
        base_load=20_000.0,
    )  # fmt: skip
