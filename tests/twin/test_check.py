"""What cannot run, or cannot keep up, is said before it runs; the offered load is that of queueing theory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from luban.core.errors import ConfigError
from luban.core.time import DAY
from luban.twin.check import check_model, require_sound
from luban.twin.distribution import Distribution
from luban.twin.model import (
    Arrival,
    Batch,
    Branch,
    Calendar,
    Demand,
    Failure,
    LotOrder,
    Machine,
    Maintenance,
    Model,
    Pool,
    QueueLimit,
    Release,
    Route,
    SetupTable,
    Station,
    Step,
    Tool,
)
from luban.twin.run import Run
from tests.twin import models
from tests.twin.shop import shop

HOUR = 3600.0
constant, exponential = Distribution.constant, Distribution.exponential
Change = Callable[[Model], Model]


def sound() -> Model:
    """A small plant without a flaw."""
    setup = SetupTable("t", {("", "k"): 600.0, ("", "l"): 900.0})
    steps = (
        Step("1", "A", constant(HOUR), setup="k"),
        Step("2", "B", constant(HOUR)),
        Step("3", "A", constant(600), setup="l"),
    )
    return Model(
        "plant", 0, 28 * DAY, (Station("A"), Station("B")),
        (Machine("a", "A", calendar="c", setups="t"), Machine("b", "B")), (Route("R", steps),),
        arrivals=(Arrival("in", "R", exponential(4 * HOUR)),),
        calendars=(Calendar("c", tuple((day * DAY, day * DAY + DAY // 2) for day in range(28))),),
        pools=(Pool("men", 2),), setups=(setup,),
    )  # fmt: skip


def steps(*changed: Step) -> Change:
    """The plant with these steps instead of its own."""
    return lambda model: replace(model, routes=(replace(model.routes[0], steps=changed),))


def step(place: int, **fields: Any) -> Change:
    """The plant with one step changed."""

    def change(model: Model) -> Model:
        own = list(model.routes[0].steps)
        own[place] = replace(own[place], **fields)
        return steps(*own)(model)

    return change


def machine(place: int, **fields: Any) -> Change:
    """The plant with one machine changed."""

    def change(model: Model) -> Model:
        own = list(model.machines)
        own[place] = replace(own[place], **fields)
        return replace(model, machines=tuple(own))

    return change


def plant(**fields: Any) -> Change:
    """The plant with some of its own fields changed."""
    return lambda model: replace(model, **fields)


_B = Step("2", "B", constant(HOUR))
_LIMITED = [
    Step("1", "B", constant(1), limit=QueueLimit(2, HOUR)), Step("2", "B", constant(1), limit=QueueLimit(3, HOUR)),
    Step("3", "B", constant(1)), Step("4", "B", constant(1)),
]  # fmt: skip

ERRORS: dict[str, tuple[Change, str, str]] = {
    "loop without end": (step(1, branches=(Branch(1.0, 0),)), "route R", "can never finish"),
    "loop of two": (
        steps(Step("1", "A", constant(1), branches=(Branch(0.5, 0), Branch(0.5, 1))),
              Step("2", "B", constant(1), branches=(Branch(0.2, 1), Branch(0.8, 0)))), "route R", "can never finish",
    ),
    "no steps": (steps(), "route R", "without steps"),
    "more than all": (step(1, branches=(Branch(0.7, 0), Branch(0.6, 2))), "route R, step 2", "0.7 + 0.6"),
    "branch to nowhere": (step(1, branches=(Branch(0.1, 9),)), "route R, step 2", "nowhere"),
    "minimum above maximum": (step(1, batch=Batch("f", 4, 5)), "route R, step 2", "5 > 4 lot"),
    "batch that takes nothing": (step(1, batch=Batch("f", 0, 0)), "route R, step 2", "takes nothing"),
    "minimum never there": (
        lambda own: replace(step(1, batch=Batch("f", 8, 5))(own), arrivals=(), orders=(LotOrder("o", "R", 1, 0),)),
        "route R, step 2", "never come together",
    ),
    "no weight": (step(1, batch=Batch("f", 8, 5, "weight")), "route R, step 2", "without weight"),
    "batch without members": (
        lambda own: step(1, batch=Batch("f", 2))(replace(own, machines=own.machines[:1])),
        "station B", "a batch station without machines",
    ),
    "no machines": (plant(machines=(Machine("a", "A"),)), "station B", "without machines"),
    "machine of no station": (machine(1, station="C"), "machine b", "unknown station"),
    "machine of another station": (step(1, machines={"a": None}), "route R, step 2", "not of the step's station"),
    "unknown machine": (step(1, machines={"bb": None}), "route R, step 2", "did you mean b?"),
    "unknown station": (step(1, station="BB"), "route R, step 2", "did you mean B?"),
    "no time": (step(1, time=constant(0)), "route R, step 2", "takes no time"),
    "no time on a machine": (step(1, machines={"b": constant(0)}), "route R, step 2", "no time on b"),
    "negative setup": (step(0, setup_time=-1.0), "route R, step 1", "-1 s"),
    "negative setup in a table": (plant(setups=(SetupTable("t", {("k", "l"): -5.0}),)), "setup table t", "k → l: -5 s"),
    "zero speed": (machine(0, speed=0.0), "machine a", "speed"),
    "negative load": (machine(0, load=-1.0), "machine a", "load -1 s"),
    "fails at once": (machine(0, failures=(Failure("f", constant(0), constant(1)),)), "machine a, f", "for ever"),
    "never due": (machine(0, maintenance=(Maintenance("m", constant(1)),)), "machine a, m", "without an interval"),
    "edge of no life": (machine(0, tool=Tool(constant(0), constant(1))), "machine a", "lasts no time"),
    "renews nothing": (
        machine(0, maintenance=(Maintenance("m", constant(1), constant(9), renews=("f",)),)),
        "machine a, m", "unknown failure",
    ),
    "endless arrivals": (plant(arrivals=(Arrival("in", "R", constant(0)),)), "arrival in", "endless"),
    "two machines": (lambda own: replace(own, machines=(*own.machines, own.machines[0])), "machine a", "two machines"),
    "two steps": (steps(_B, _B), "route R, step 2", "two steps"),
    "unknown calendar": (machine(0, calendar="cc"), "machine a", "did you mean c?"),
    "unknown pool": (step(1, pool="man"), "route R, step 2", "did you mean men?"),
    "unknown setup": (machine(0, setups="tt"), "machine a", "did you mean t?"),
    "unknown route": (plant(orders=(LotOrder("o", "Q", 1, 0),)), "order o", "unknown route"),
    "unknown route of demand": (plant(demand=Demand(1, (("Q", 1, constant(1)),), ())), "demand", "unknown route"),
    "order of nothing": (plant(orders=(LotOrder("o", "R", 0, 0),)), "order o", "an order of nothing"),
    "order beyond its route": (plant(orders=(LotOrder("o", "R", 1, 0, step=3),)), "order o", "0 to 2"),
    "limits that overlap": (steps(*_LIMITED), "route R", "1 → 3 is running when 2 begins one"),
    "limit backwards": (step(1, limit=QueueLimit(0, HOUR)), "route R, step 2", "cannot be kept"),
    "same machine elsewhere": (step(0, dedicate_to=1), "route R, step 1", "at another station"),
    "same machine before": (step(1, dedicate_to=0), "route R, step 2", "not later"),
    "calendar that never opens": (plant(calendars=(Calendar("c", ()),)), "calendar c", "never opens"),
    "calendar out of order": (plant(calendars=(Calendar("c", ((5, 9), (7, 28 * DAY))),)), "calendar c", "out of order"),
    "pool of nobody": (plant(pools=(Pool("men", 0),)), "pool men", "nobody"),
    "unknown rule": (plant(stations=(Station("A", ("edd", "fiffo")), Station("B"))), "station A", "did you mean fifo?"),
    "urgent without a time": (plant(stations=(Station("A", ("urgent",)), Station("B"))), "station A", "urgent"),
    "unknown state": (machine(0, power={"runn": 1.0}), "machine a", "did you mean run?"),
    "no cap": (plant(release=Release("conwip")), "release", "without a cap"),
}  # fmt: skip


def test_a_sound_plant_has_no_flaw() -> None:
    assert check_model(sound()) == []
    assert require_sound(sound()) == []
    for other in (models.mm1(0.9), models.jackson(0.3, 0.2, 0.1), models.tandem(0.5, [1, 1], 2)):
        assert [own for own in check_model(other) if not own.warning] == []
    assert [own for own in check_model(shop()) if not own.warning] == []


@pytest.mark.parametrize("name", ERRORS)
def test_each_flaw_is_named(name: str) -> None:
    change, where, words = ERRORS[name]
    found = check_model(change(sound()))
    own = [flaw for flaw in found if flaw.where == where and words in str(flaw)]
    assert own, [str(flaw) for flaw in found]
    assert not own[0].warning
    assert own[0].message
    with pytest.raises(ConfigError):
        require_sound(change(sound()))


def test_a_branch_taken_once_is_no_endless_loop() -> None:
    own = plant(arrivals=(Arrival("in", "R", exponential(9 * HOUR)),))(
        step(1, branches=(Branch(1.0, 0, once=True),))(sound())
    )
    assert check_model(own) == []
    totals = Run(own).to(28 * DAY).totals()
    assert totals.finished > 50


def test_limits_one_after_the_other_are_fine() -> None:
    first, second, *rest = _LIMITED
    own = steps(replace(first, limit=QueueLimit(1, HOUR)), second, *rest)(sound())
    assert check_model(plant(setups=())(machine(0, setups=None)(own))) == []


def test_setups_that_nothing_leads_to_and_keys_that_nobody_needs() -> None:
    missing = step(0, setup="m")(sound())
    assert [own.message for own in check_model(missing)] == [
        "a setup that nothing leads to",
        "a setup key that no step needs",
    ]
    assert all(own.warning for own in check_model(missing))
    assert check_model(plant(setups=(SetupTable("t", {("", "k"): 600.0}, other=60.0),))(sound())) == []


def test_a_calendar_that_ends_early_is_a_warning() -> None:
    short = plant(calendars=(Calendar("c", ((0, 20 * DAY),)),))(sound())
    assert [(own.warning, own.came) for own in check_model(short)] == [(True, "20.0 days of 28.0")]


def test_overload_is_a_warning_in_a_finite_run_and_an_error_in_a_steady_state() -> None:
    full = plant(arrivals=(Arrival("in", "R", exponential(1.2 * HOUR)),))(sound())
    found = check_model(full)
    assert [(own.where, own.warning) for own in found] == [("station A", True)]
    assert found[0].came == "229.2% (23.3 h run and 4.2 h setup a day for 12.0 h of its machines)"
    require_sound(full)
    with pytest.raises(ConfigError, match="more work than it can do"):
        require_sound(full, strict=True)
