"""Which value of which machine stands at which address of which wire.

From plant.toml: every source whose address is this computer is answered by the twin, under the addresses that its
signals name. Beyond that twin.toml may ask for whole wires, which get addresses of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from luban.connect.mqtt.broker import is_loopback
from luban.connect.registry import settings_for
from luban.connect.wire import SourceSettings, Value
from luban.core.errors import ConfigError, UnitError
from luban.core.units import convert, parse_unit
from luban.plant import Plant, Signal, Source
from luban.twin.model import STATES
from luban.twin.show import STATE_WORDS, Show, Shown, ShownMethod, ShownTag

__all__ = ["CONTEXT", "MARK", "NAMESPACE", "Outlet", "Point", "asked", "from_plant"]

MARK: Final = ".twin"
"""File that marks a drop folder as the twin's own."""
CONTEXT: Final = ("order", "item", "reason")
"""Roles of what later counts and states belong to."""
NAMESPACE: Final = "urn:luban:twin"
"""Of the nodes of an OPC UA server that plant.toml does not name."""
_KINDS: Final = ("opcua", "shdr", "mtconnect", "mqtt", "sparkplug", "modbus", "files")


@dataclass(frozen=True, slots=True)
class Point:
    """One address of a wire, and what stands there."""

    address: str
    tag: ShownTag
    say: Callable[[Shown], Value] = lambda value: value
    hear: Callable[[Any], Shown] = lambda value: value
    unit: str = ""
    range: tuple[float, float] | None = None

    @property
    def key(self) -> tuple[int, str]:
        """Machine and name of the tag."""
        return self.tag.machine, self.tag.name


@dataclass(frozen=True, slots=True)
class Outlet:
    """One wire as the twin serves it.

    where    file and line of its table
    methods  (place, method) that can be called there
    whole    every machine is on it, by a layout of our own
    """

    id: str
    type: str
    settings: SourceSettings
    points: list[Point]
    where: str
    methods: list[tuple[str, ShownMethod]] = field(default_factory=list)
    whole: bool = False

    @property
    def url(self) -> str:
        """Its address; '' for a folder of files."""
        return str(getattr(self.settings, "url", ""))


@dataclass(frozen=True, slots=True)
class _Asked:
    id: str
    type: str
    settings: Mapping[str, Any]
    where: str


def from_plant(plant: Plant, show: Show, folder: Path) -> tuple[list[Outlet], list[str]]:
    """What plant.toml asks for, and in words what of it the twin does not serve.

    Raises ConfigError for a source's settings
    """
    found, left = [], []
    for source in plant.sources.values():
        defaults = {"base": str(folder), "time_zone": plant.zone.key, "pki": folder / "pki"}
        settings = settings_for(source, defaults=defaults)
        why = _not_here(source, settings, folder)
        if why:
            left.append(f"source {source.id}: {why}")
            continue
        points: list[Point] = []
        for signal in (s for s in plant.signals.values() if s.source == source.id):
            try:
                points += _points(signal, source.type, show)
            except (ConfigError, UnitError) as error:
                left.append(f"{signal.id}: {error.message}")
        if source.type == "files":
            points += _rows(settings, plant, show)
        if points:
            found.append(Outlet(source.id, source.type, settings, points, source.where))
    return found, left


def _not_here(source: Source, settings: SourceSettings, folder: Path) -> str:
    """Why the twin does not answer for this source; '' where it does."""
    if source.type not in _KINDS:
        return f"the twin does not speak {source.type}"
    if source.type == "files":
        drop = folder / str(getattr(settings, "folder", ""))
        if drop.exists() and any(drop.iterdir()) and not (drop / MARK).exists():
            return f"{drop.name}/ holds files that are not the twin's"
        return ""
    host = urlsplit(str(getattr(settings, "url", ""))).hostname or ""
    return "" if is_loopback(host) else f"{host} is another computer"


def _rows(settings: Any, plant: Plant, show: Show) -> list[Point]:
    """What files of states or counts are made of: of the machine they name, else of all that no signal tells it of."""
    wanted = {
        "states": ("state", "order", "item", "alarm"),
        "counts": ("good_count", "scrap_count", "rework_count", "order", "item"),
    }.get(settings.kind, ())
    roles = {"state"} if settings.kind == "states" else {"good_count", "scrap_count", "total_count"}
    told = {signal.unit_path for signal in plant.signals.values() if signal.role in roles}
    units = [f"{plant.id}/{settings.unit.removeprefix(plant.id + '/')}"] if settings.unit else None
    return [
        Point(tag.id, tag)
        for tag in show.tags.values()
        if tag.name in wanted
        and (tag.id.rpartition(":")[0] in units if units else tag.id.rpartition(":")[0] not in told)
    ]


def _points(signal: Signal, kind: str, show: Show) -> list[Point]:
    """Where a signal's value stands. Raises ConfigError, UnitError where the twin has no such value."""
    tag = _tag(signal, show)
    if tag.name == "state":
        words = STATE_WORDS.get(signal.mapping)
        if words is None:
            raise ConfigError(f"the twin does not speak {signal.mapping or 'a state without a mapping'}")
        parts = [part.strip() for part in signal.address.split(" + ")] if kind == "opcua" else [signal.address]
        return [Point(part, tag, _word(words, n if len(parts) > 1 else None)) for n, part in enumerate(parts)]
    if signal.unit and tag.unit and signal.unit != tag.unit:
        here, there = parse_unit(tag.unit), parse_unit(signal.unit)
        convert(1.0, here, there)
        reach = tag.range and (float(convert(tag.range[0], here, there)), float(convert(tag.range[1], here, there)))
        return [
            Point(
                signal.address, tag, lambda value: float(convert(float(value), here, there)),
                lambda value: float(convert(float(value), there, here)), signal.unit, reach,
            )
        ]  # fmt: skip
    return [Point(signal.address, tag, unit=signal.unit or tag.unit, range=tag.range)]


def _word(words: tuple[str, ...], part: int | None) -> Callable[[Shown], Value]:
    def say(value: Shown) -> Value:
        word = words[STATES.index(str(value))]
        return word if part is None else [*word.split("/"), ""][part]

    return say


def _tag(signal: Signal, show: Show) -> ShownTag:
    """The tag that a signal means: by its role, else by its name."""
    own = [tag for tag in show.tags.values() if tag.id.rpartition(":")[0] == signal.unit_path]
    if not own:
        raise ConfigError("the twin has no such machine")
    if signal.role != "value":
        found = [tag for tag in own if tag.role == signal.role]
    else:
        name = signal.name.casefold()
        found = sorted((t for t in own if t.name in name), key=lambda t: (t.name == name, len(t.name)), reverse=True)
    if not found:
        raise ConfigError("its machine shows no such value")
    return found[0]


# ---- wires of their own

_TOOL: Final = {  # browse names of OPC 40501-1 v1.02 where it has them, below the machine
    "order": "Production/ActiveProgram/JobIdentifier",
    "program": "Production/ActiveProgram/Name",
    "item": "Production/ActiveProgram/Item",
    "operation": "Production/ActiveProgram/Operation",
    "part_count": "Production/Statistics/PartsProducedInLifetime",
    "good_count": "Production/Statistics/PartsGoodInLifetime",
    "scrap_count": "Production/Statistics/PartsScrapInLifetime",
    "rework_count": "Production/Statistics/PartsReworkInLifetime",
    "feed_override": "Monitoring/MachineTool/FeedOverride",
    "standby": "Monitoring/MachineTool/Standby",
    "spindle_load": "Monitoring/Spindle/Load",
    "temperature": "Monitoring/Spindle/Temperature",
    "vibration": "Monitoring/Spindle/Vibration",
    "power": "Monitoring/Energy/ActivePower",
    "energy": "Monitoring/Energy/ActiveEnergy",
    "tool_time": "Equipment/Tools/Tool/CuttingTime",
    "tool_number": "Equipment/Tools/Tool/Number",
    "alarm": "Notification/ActiveAlarm",
}
_STATE: Final = "Monitoring/MachineTool/MachineryItemState/CurrentState"
_MODE: Final = "Monitoring/MachineTool/MachineryOperationMode/CurrentState"


def asked(kind: str, url: str, show: Show, where: str) -> Outlet:
    """A whole wire with every machine on it. Raises ConfigError for its address."""
    more = {"security": "none"} if kind == "opcua" else {"time_path": "time"} if kind == "mqtt" else {}
    settings = settings_for(_Asked(f"twin_{kind}", kind, {"url": url, **more}, where))
    points = [point for tag in show.tags.values() for point in _own(kind, tag, show)]
    methods = (
        [(_place(m.machine, show).removeprefix(f"{show.root}/"), m) for m in show.methods] if kind == "opcua" else []
    )
    return Outlet(f"twin_{kind}", kind, settings, points, where, methods, whole=True)


def _place(machine: int, show: Show) -> str:
    return show.machines[machine] if machine >= 0 else show.root


def _own(kind: str, tag: ShownTag, show: Show) -> Iterable[Point]:
    path = _place(tag.machine, show)
    flat = path.removeprefix(f"{show.root}/").replace("/", ".")
    state = tag.name == "state"

    def point(address: str, say: Callable[[Shown], Value] | None = None) -> Point:
        return Point(address, tag, say or (lambda value: value), unit=tag.unit, range=tag.range)

    if kind == "opcua":
        if state:
            for part, name in enumerate((_STATE, _MODE)):
                yield point(f"nsu={NAMESPACE};s={flat}/{name}", _word(STATE_WORDS["opc40501-1@1"], part))
        else:
            yield point(f"nsu={NAMESPACE};s={flat}/{_TOOL.get(tag.name, tag.name)}")
    elif kind in ("shdr", "mtconnect"):
        yield point(f"{flat}.{tag.name}", _word(STATE_WORDS["mtconnect-execution@1"], None) if state else None)
    elif kind == "mqtt":
        yield point(f"{path}/{tag.name}#value", _word(STATE_WORDS["generic@1"], None) if state else None)
    elif kind == "sparkplug":
        device = f"/{flat}" if tag.machine >= 0 else ""
        yield point(f"{show.root}/twin{device}:{tag.name}", _word(STATE_WORDS["generic@1"], None) if state else None)
    elif kind == "modbus" and tag.name in ("power", "energy"):
        base = 10 * tag.machine
        yield point(f"input:{base}:float32" if tag.name == "power" else f"input:{base + 2}:uint32*0.001")
