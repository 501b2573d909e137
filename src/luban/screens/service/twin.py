"""The twin as the screens use it: a plant folder's model, its scenarios, what it is asked to do, and studies of it.

Reads  plant folder, twin.toml, scenarios.toml    Writes nothing
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from luban.core.errors import InputError
from luban.core.time import DAY
from luban.plant import Plant
from luban.twin.check import Flaw, check_model
from luban.twin.intervals import Interval
from luban.twin.load import read_loaded
from luban.twin.load.read import FILE as TWIN_FILE, read_twin
from luban.twin.model import Model
from luban.twin.offered import Offered, offered_load
from luban.twin.results import PLANT, Comparison, Results
from luban.twin.scenario import FILE as SCENARIO_FILE, Scenario, read_scenarios

__all__ = [
    "FRONT",
    "TIGHT",
    "Front",
    "Load",
    "Plan",
    "Study",
    "Twin",
    "difference",
    "require_scenarios",
    "run_study",
    "short_name",
    "shown",
]

TIGHT = 0.85
"""Utilisation from which on waiting grows steeply [1]: M/M/1 has 5.7 services of queue at it."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Front:
    """A figure that every study shows first.

    better  what is better: `more`, `less`, or '' where that depends
    """

    id: str
    label: str
    better: str


FRONT = (
    Front("throughput", "lots finished", "more"),
    Front("output", "good pieces", "more"),
    Front("cycle_time_mean", "cycle time, mean", "less"),
    Front("cycle_time_p90", "cycle time, 90 % below", "less"),
    Front("on_time_share", "on time", "more"),
    Front("wip", "lots on the floor", "less"),
    Front("scrap_share", "scrap", "less"),
    Front("late", "queue-time limits broken", "less"),
    Front("energy", "energy", "less"),
)


@dataclass(frozen=True, slots=True)
class Load:
    """What a station (or pool) is asked to do, before any run.

    used     utilisation expected [1]
    busiest  the machine that is used most, and how much [1]
    verdict  `idle`, `fine`, `tight` (from TIGHT on) or `too much` (1 or more: its queue grows without end)
    """

    place: str
    kind: str
    used: float
    busiest: tuple[str, float]
    verdict: str


@dataclass(frozen=True, slots=True)
class Plan:
    """How a study is run.

    days          length of each run, its warm-up included [d]; None: as far as twin.toml says
    warmup        left out at the beginning [d]; `auto`: where pilot runs settle, nothing where only known orders come
    """

    days: float | None = None
    warmup: float | Literal["auto"] = "auto"
    replications: int = 20
    seed: int = 1
    level: float = 0.95
    workers: int | None = None


@dataclass(frozen=True)
class Study:
    """Results of scenarios that met the same chances; the first is what the others are compared with."""

    names: tuple[str, ...]
    models: tuple[Model, ...]
    results: tuple[Results, ...]

    def comparison(self, place: int) -> Comparison:
        """The scenario at that place against the first."""
        return Comparison(self.results[0], self.results[place])

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON; differences are scenario less the first, pair by pair."""
        scenarios = [{"scenario": name, **own.as_dict()} for name, own in zip(self.names, self.results, strict=True)]
        compared = [
            {"scenario": self.names[place], "against": self.names[0],
             "differences": self.comparison(place).table().to_pylist()}
            for place in range(1, len(self.names))
        ]  # fmt: skip
        return {"scenarios": scenarios, "comparisons": compared}


@dataclass
class Twin:
    """The twin of one plant folder. Reading is lazy; whatever is wrong raises ConfigError."""

    folder: Path
    days: float | None = None
    _models: dict[Scenario, Model] = field(default_factory=dict, repr=False)

    @cached_property
    def loaded(self) -> Any:
        """Model, plant, assumptions."""
        return read_loaded(self.folder, days=self.days)

    @property
    def model(self) -> Model:
        """The plant as it is."""
        return self.loaded.model  # type: ignore[no-any-return]

    @property
    def plant(self) -> Plant:
        """The plant itself."""
        return self.loaded.plant  # type: ignore[no-any-return]

    @property
    def described(self) -> bool:
        """Whether there is a twin.toml; without one a run knows the routing and no chance."""
        return (self.folder / TWIN_FILE).is_file()

    @cached_property
    def scenarios(self) -> dict[str, Scenario]:
        """Scenarios of the folder by name; none where there is no file."""
        path = self.folder / SCENARIO_FILE
        return read_scenarios(path) if path.is_file() else {}

    @cached_property
    def levels(self) -> Mapping[str, float]:
        """Other levels of demand by name [orders a working day]."""
        told = read_twin(self.folder).single.get("demand")
        return dict(told.table.levels) if told is not None else {}

    def changed(self, scenario: Scenario) -> Model:
        """The model under a scenario. Raises InputError."""
        if scenario not in self._models:
            self._models[scenario] = scenario.apply(self.model, self.levels)
        return self._models[scenario]

    def flaws(self, scenario: Scenario | None = None) -> list[Flaw]:
        """What is wrong with it, errors first."""
        return check_model(self.changed(scenario) if scenario else self.model)

    def loads(self, scenario: Scenario | None = None) -> list[Load]:
        """Expected load of stations and pools, in the order of the model."""
        return list(_loads(offered_load(self.changed(scenario) if scenario else self.model)))


def _loads(offered: Offered) -> Any:
    for name, own in offered.stations.items():
        yield Load(name, "station", own.utilisation, own.busiest, _verdict(max(own.utilisation, own.busiest[1])))
    for name, used in offered.pools.items():
        yield Load(name, "pool", used, ("", used), _verdict(used))


def _verdict(used: float) -> str:
    if used <= 0:
        return "idle"
    return "too much" if used >= 1 else "tight" if used >= TIGHT else "fine"


def short_name(path: str, model: Model) -> str:
    """A name without the plant's own id in front of it."""
    return path.removeprefix(f"{model.id}/")


def run_study(twin: Twin, scenarios: Sequence[Scenario], plan: Plan, progress: Progress | None = None) -> Study:
    """Runs every scenario under the same chances: run 3 of one meets the same draws as run 3 of another.

    progress  told (runs done, runs wanted), pilot runs for the warm-up included
    Raises    InputError, ConfigError, LubanError of a run that failed
    """
    from luban.twin.replicate import PILOTS, replicate

    models = [twin.changed(own) for own in scenarios]
    until = models[0].horizon if plan.days is None else round(plan.days * DAY)
    start: int | Literal["auto"] = "auto"
    if plan.warmup != "auto":
        start = round(plan.warmup * DAY)
    elif not (models[0].demand or models[0].arrivals):
        start = 0  # known orders only: a plan with a beginning and an end
    pilots = PILOTS if start == "auto" else 0
    wanted = pilots + len(models) * plan.replications
    before = 0

    def tell(done: int, _: int = 0) -> None:
        if progress is not None:
            progress(before + done, wanted)

    tell(0)
    results: list[Results] = []
    for model in models:
        results.append(
            replicate(
                model, until, warmup=start, replications=plan.replications, seed=plan.seed, level=plan.level,
                workers=plan.workers, progress=tell,
            )
        )  # fmt: skip
        before += plan.replications + pilots * (start == "auto")
        start = results[0].warmup
        if not results[-1].complete:
            break
    done = len(results)
    if len({len(own.samples) for own in results}) > 1:
        done -= 1  # stopped in the midst of a scenario: its runs have no partners
    return Study(tuple(own.name for own in scenarios[:done]), tuple(models[:done]), tuple(results[:done]))


def shown(study: Study) -> list[Front]:
    """The front figures that the study knows anything of: no zero for what nobody described."""
    steps = [step for model in study.models for route in model.routes for step in route.steps]
    told = {
        "late": any(step.limit for step in steps),
        "scrap_share": any(step.scrap > 0 or step.characteristics for step in steps),
        "energy": any(model.base_load or any(own.power for own in model.machines) for model in study.models),
    }
    return [
        figure
        for figure in FRONT
        if told.get(figure.id, True) and any(own.interval(figure.id).n for own in study.results)
    ]


def difference(comparison: Comparison, figure: Front) -> tuple[str, Interval]:
    """(`better`, `worse`, `other`, `none` shown, `unknown`) and the difference itself, with its interval."""
    found = comparison.interval(figure.id, PLANT)
    if not found.n >= 2 or found.low != found.low:
        return "unknown", found
    if found.low <= 0 <= found.high:
        return "none", found
    if not figure.better:
        return "other", found
    return ("better" if (found.mean > 0) == (figure.better == "more") else "worse"), found


def require_scenarios(twin: Twin, names: Sequence[str]) -> list[Scenario]:
    """The folder's scenarios of those names; `` is the plant as it is. Raises InputError."""
    found = []
    for name in names:
        if name and name not in twin.scenarios:
            expected = ", ".join(twin.scenarios) or f"a scenario of {SCENARIO_FILE}"
            raise InputError("no such scenario", came=repr(name), expected=expected)
        found.append(twin.scenarios[name] if name else Scenario("as it is"))
    return found
