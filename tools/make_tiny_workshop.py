"""Make one week of facts for examples/tiny_workshop, and the truth about them.

    python tools/make_tiny_workshop.py [FOLDER]

Seeded, standard library only, and knowing nothing of luban: the expected sums are counted second by second
from what the machines did, so they can judge what luban makes of the files. The traps are in the README of
the workshop. Times are whole seconds.
"""

from __future__ import annotations

import csv
import random
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path

SEED = 22400
ZONE = timezone(timedelta(hours=8))
MONDAY = datetime(2026, 11, 16, tzinfo=ZONE)
HOUR = 3600
DAY = 24 * HOUR
QUARTER = 900

SILENCE = (2 * DAY + 11 * HOUR, 2 * DAY + 12 * HOUR)  # Wednesday: nobody records
CORRECTED = ("machining/lathe01", 1 * DAY + 9 * HOUR - 1)  # Tuesday: 10 times too many, typed by hand
IMPOSSIBLE = ("finishing/wash01", 5 * DAY + 8 * HOUR)  # Saturday: 18 parts of 4 s within 18 s
WORN = (2 * DAY + 14 * HOUR + 1800, "machining/lathe01")  # Wednesday, late shift: an insert set wrong
IN_CM = 14 * HOUR  # Monday: one bore typed in centimetres
SATURDAY = 5 * DAY
SWAPPED = ("machining/lathe02", 3 * DAY + 14 * HOUR)  # Thursday: its meter is replaced by a new one
METERED_TO = 5 * DAY + 13 * HOUR
CAPACITY = 10_000  # the washing machine's register rolls over there [kWh]
LIGHT = 3.0  # [kW] from 06:00 to 23:00, Monday to Saturday
LOST = 0.004  # of what the machines and the light draw: cables
WATER = 0.3  # [m³/h] into the washing machine while it runs
POWER = {
    "machining": {"running": 7.0, "off": 0.1, "": 2.0},
    "finishing": {"running": 6.0, "off": 0.0, "": 4.0},
}  # [kW], as in twin.toml; "" every other state
BEGIN = {
    "tiny:electricity": 184_250.0,
    "tiny:light": 12_031.5,
    "machining/lathe01": 40_210.25,
    "machining/lathe02": 48_007.5,
    "machining/mill01": 22_480.75,
    "finishing/wash01": 9_785.0,
    "tiny:water": 612.0,
    "finishing/wash01:water": 88.5,
}
"""What each register stood at on Monday 00:00."""

ELEMENT = {
    "running": "APT",
    "setup": "AUST",
    "waiting": "ADET",
    "down": "ADET",
    "idle": "ADOT",
    "off": "ADOT",
    "planned_stop": "PDOT",
}
ELEMENTS = ("APT", "AUST", "ADET", "ADOT", "PDOT", "UNKNOWN")
REASONS = {
    "waiting": ("no material", "chips", "tool change", "waiting for crane"),
    "down": ("spindle alarm", "hydraulics", "door switch", "coolant pump"),
    "idle": ("no operator", "meeting"),
}


@dataclass(frozen=True)
class Shift:
    """A shift and its breaks, seconds since Monday 00:00."""

    name: str
    start: int
    end: int
    breaks: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Machine:
    """How a machine behaves: ideal cycles [s] and its orders in turn; run and interruption lengths [min]."""

    unit: str
    night: bool
    cycles: dict[str, int]
    orders: tuple[tuple[str, str, int], ...]
    setup: int
    speed: float
    run: float
    stops: Mapping[str, tuple[float, float, float]]  # state: weight, shortest, longest


@dataclass
class Record:
    """What one machine did and what its recorder wrote."""

    states: list[tuple[int, str, str, str, str]] = field(default_factory=list)
    counts: list[tuple[int, int, int, int, str]] = field(default_factory=list)


LATHE_STOPS = {"waiting": (6, 1, 7), "down": (1, 8, 45), "idle": (2, 2, 10)}
MACHINES = (
    Machine(
        "machining/lathe01",
        False,
        {"shaft": 48, "bushing": 36},
        (("PO-101", "shaft", 820), ("PO-104", "bushing", 1300), ("PO-106", "shaft", 900), ("PO-109", "bushing", 99999)),
        25,
        0.93,
        42,
        LATHE_STOPS,
    ),
    Machine(
        "machining/lathe02",
        True,
        {"flange": 72, "bushing": 36},
        (
            ("PO-102", "flange", 760),
            ("PO-103", "bushing", 1500),
            ("PO-107", "flange", 900),
            ("PO-108", "bushing", 99999),
        ),
        35,
        0.90,
        35,
        LATHE_STOPS,
    ),
    Machine(
        "machining/mill01",
        False,
        {"shaft": 60, "flange": 90},
        (("PO-101", "shaft", 700), ("PO-102", "flange", 520), ("PO-106", "shaft", 99999)),
        40,
        0.95,
        38,
        LATHE_STOPS,
    ),
    Machine(
        "finishing/wash01",
        False,
        {"shaft": 4, "flange": 4, "bushing": 4},
        (
            ("PO-101", "shaft", 3200),
            ("PO-102", "flange", 3300),
            ("PO-103", "bushing", 4500),
            ("PO-106", "shaft", 99999),
        ),
        3,
        0.97,
        9,
        {"waiting": (9, 6, 26), "down": (1, 5, 20)},
    ),
)


def shifts_of(machine: Machine) -> list[Shift]:
    """Early and late Monday to Friday, night Monday to Thursday where it runs, and early on Saturday."""
    found: list[Shift] = []
    for day in range(5):
        zero = day * DAY
        found.append(_shift("early", zero + 6 * HOUR + 1800, 8, 10 * HOUR + zero))
        found.append(_shift("late", zero + 14 * HOUR + 1800, 8, 18 * HOUR + zero))
        if machine.night and day < 4:
            found.append(_shift("night", zero + 22 * HOUR + 1800, 8, 26 * HOUR + zero))
    if not machine.night:
        found.append(Shift("overtime", SATURDAY + 6 * HOUR + 1800, SATURDAY + 12 * HOUR + 1800, ()))
    return found


def _shift(name: str, start: int, hours: int, pause: int) -> Shift:
    return Shift(name, start, start + hours * HOUR, ((pause, pause + QUARTER),))


def live(machine: Machine, chance: random.Random) -> Record:
    """The week of one machine."""
    record = Record()
    orders = iter(machine.orders)
    order, item, left = next(orders)
    shifts = shifts_of(machine)
    for block in _blocks(shifts):
        if block[0].start >= SATURDAY and machine.unit != "machining/lathe01":
            _saturday(machine, record, block[0])
            continue
        clock = _working_seconds(block)
        position = _stretch(record, clock, 0, chance.randint(120, 360), ("idle", "start of shift", "", ""))
        changing = not record.counts
        while position < len(clock):
            if changing:
                minutes = machine.setup * chance.uniform(0.8, 1.3)
                position = _stretch(record, clock, position, round(minutes * 60), ("setup", "changeover", order, item))
                changing = False
                continue
            seconds = max(60, round(chance.expovariate(1 / (machine.run * 60))))
            begin = position
            position = _stretch(record, clock, position, seconds, ("running", "", order, item))
            left -= _produce(machine, record, clock[begin:position], item, chance)
            if left <= 0:
                order, item, left = next(orders)
                changing = True
                continue
            weights = [weight for weight, _, _ in machine.stops.values()]
            state = chance.choices(list(machine.stops), weights)[0]
            _, shortest, longest = machine.stops[state]
            seconds = round(chance.uniform(shortest, longest) * 60)
            reason = chance.choice(REASONS[state])
            position = _stretch(record, clock, position, seconds, (state, reason, order, item))
        record.states.append((block[-1].end, "off", "", "", ""))
    _breaks(record, shifts)
    return record


def _blocks(shifts: list[Shift]) -> Iterator[list[Shift]]:
    """Shifts that touch, together: a machine does not stop because the shift does."""
    block: list[Shift] = []
    for shift in shifts:
        if block and block[-1].end != shift.start:
            yield block
            block = []
        block.append(shift)
    yield block


def _working_seconds(block: list[Shift]) -> list[int]:
    """The seconds of a block outside its breaks."""
    pauses = {second for shift in block for start, end in shift.breaks for second in range(start, end)}
    return [second for second in range(block[0].start, block[-1].end) if second not in pauses]


def _stretch(record: Record, clock: list[int], position: int, seconds: int, state: tuple[str, str, str, str]) -> int:
    """One state for some working seconds from a position; returns the position after it."""
    if position < len(clock):
        record.states.append((clock[position], *state))
    return min(position + seconds, len(clock))


def _produce(machine: Machine, record: Record, seconds: list[int], item: str, chance: random.Random) -> int:
    """Pieces of a running stretch, counted in the last second of each quarter hour and of the stretch.

    A count stands in the second in which its last piece fell, so it lies within its shift. Returns the good ones.
    """
    made = good_in_all = 0
    pending = [0, 0, 0]
    for number, second in enumerate(seconds, start=1):
        if int(number * machine.speed / machine.cycles[item]) > made:
            made += 1
            luck = chance.random()
            pending[1 if luck < 0.02 else 2 if luck < 0.03 else 0] += 1
        if (second + 1) % QUARTER == 0 or number == len(seconds):
            if any(pending):
                record.counts.append((second, pending[0], pending[1], pending[2], item))
                good_in_all += pending[0]
            pending = [0, 0, 0]
    return good_in_all


def _saturday(machine: Machine, record: Record, shift: Shift) -> None:
    """Nothing to do on Saturday, but the washing machine's counter claims 18 parts in 18 seconds."""
    record.states.append((shift.start, "idle", "no order", "", ""))
    if machine.unit == IMPOSSIBLE[0]:
        second = IMPOSSIBLE[1]
        record.states.append((second, "running", "", "PO-106", "shaft"))
        record.states.append((second + 18, "idle", "no order", "", ""))
        record.counts.append((second + 17, 18, 0, 0, "shaft"))
    record.states.append((shift.end, "off", "", "", ""))


def _breaks(record: Record, shifts: list[Shift]) -> None:
    """Planned stops in the breaks; a machine that is down stays down."""
    states = sorted(record.states)
    for start, end in (pause for shift in shifts for pause in shift.breaks):
        before = [state for state in states if state[0] < start][-1]
        after = [state for state in states if state[0] <= end][-1]
        if before[1] != "down":
            states.append((start, "planned_stop", "break", before[3], before[4]))
        if after[0] < end and not (before[1] == "down" and after == before):
            states.append((end, *after[1:]))
        states.sort()
    record.states = states


def written(record: Record) -> Record:
    """What the recorder wrote: its last words as it stopped, nothing in the silent hour, after it every state anew."""
    start, end = SILENCE
    states = [state for state in record.states if not start <= state[0] < end]
    states.append((start, *[state for state in states if state[0] < start][-1][1:]))
    last = [state for state in record.states if state[0] < end][-1]
    if all(state[0] != end for state in states):
        states.append((end, *last[1:]))
    counts = [count for count in record.counts if not start <= count[0] < end]
    return Record(sorted(states), sorted(counts))


def truth(machine: Machine, record: Record) -> Iterator[dict[str, object]]:
    """Sums of each shift, counted second by second."""
    states = written(record).states
    for shift in shifts_of(machine):
        pauses = {second for start, end in shift.breaks for second in range(start, end)}
        sums = dict.fromkeys(ELEMENTS, 0)
        position = 0
        failures = sum(
            1
            for before, state in pairwise(states)
            if state[1] == "down" and before[1] != "down" and shift.start <= state[0] < shift.end
        )
        for second in range(shift.start, shift.end):
            while position + 1 < len(states) and states[position + 1][0] <= second:
                position += 1
            silent = SILENCE[0] <= second < SILENCE[1]
            element = "UNKNOWN" if silent else "PDOT" if second in pauses else ELEMENT[states[position][1]]
            sums[element] += 1
        counts = [count for count in written(record).counts if shift.start <= count[0] < shift.end]
        yield {
            "unit": machine.unit,
            "day": (MONDAY + timedelta(seconds=shift.start)).date().isoformat(),
            "shift": shift.name,
            "length_s": shift.end - shift.start,
            "planned_s": shift.end - shift.start - len(pauses),
            **{f"{name}_s": seconds for name, seconds in sums.items()},
            "failures": failures,
            "good": sum(count[1] for count in counts),
            "scrap": sum(count[2] for count in counts),
            "rework": sum(count[3] for count in counts),
        }


def stamp(second: int) -> str:
    """ISO 8601 with the plant's offset."""
    return (MONDAY + timedelta(seconds=second)).isoformat()


def write(path: Path, header: list[str], rows: list[list[object]]) -> None:
    """One CSV file with Unix line ends, so that the same seed gives the same bytes everywhere."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


@dataclass(frozen=True)
class Size:
    """A characteristic and its process [mm]: mean and deviation; more is measured by hand, five pieces every two hours.

    shift  (seconds since Monday, machine, mm): from then on the mean is off, until the next Saturday
    """

    item: str
    name: str
    mean: float
    deviation: float
    gauge: str
    offsets: Mapping[str, float] = field(default_factory=dict)
    shift: tuple[int, str, float] | None = None


SIZES = (
    Size("shaft", "diameter", 25.0, 0.0026, "micrometer 1", shift=(WORN[0], WORN[1], 0.0065)),
    Size("flange", "bore", 40.0125, 0.0035, "bore gauge 2"),
    Size("bushing", "inner diameter", 20.0175, 0.0027, "bore gauge 1", offsets={"machining/lathe02": 0.0022}),
)


def measured(machine: Machine, record: Record) -> Iterator[list[object]]:
    """What people measured of a lathe's pieces: after the last count of two hours, a piece a minute."""
    for size in SIZES:
        chance = random.Random(f"{SEED} measured {machine.unit} {size.item}")
        windows = {count[0] // (2 * HOUR): count[0] for count in record.counts if count[4] == size.item}
        for window, second in windows.items():
            mean = size.mean + size.offsets.get(machine.unit, 0.0)
            if size.shift is not None and machine.unit == size.shift[1] and second >= size.shift[0]:
                mean += size.shift[2]
            for piece in range(5):
                value = round(chance.gauss(mean, size.deviation), 4)
                at = second + 60 * (piece + 1)
                told: tuple[object, str] = (f"{value:.4f}", "mm")
                if (machine.unit, size.item, piece) == ("machining/lathe02", "flange", 2) and window == IN_CM // (
                    2 * HOUR
                ):
                    told = (f"{value / 10:.5f}", "cm")
                lot = f"{size.item}-{(MONDAY + timedelta(seconds=second)):%m%d}"
                person = "Wang Fang" if window % 12 in {3, 4, 5, 6} else "Zhao Lei"
                yield [at, size.item, size.name, *told, lot, machine.unit, size.gauge, person]


def drawn(record: Record, unit: str) -> tuple[list[float], list[float]]:
    """Electricity [kWh] and water [m³] of a machine from Monday 00:00 up to each full hour, second by second."""
    power = POWER[unit.split("/")[0]]
    energy, water = [0.0], [0.0]
    kwh = cubic = 0.0
    position = -1
    for second in range(METERED_TO):
        while position + 1 < len(record.states) and record.states[position + 1][0] <= second:
            position += 1
        state = record.states[position][1] if position >= 0 else "off"
        kwh += power.get(state, power[""]) / HOUR
        cubic += WATER / HOUR if state == "running" and unit == "finishing/wash01" else 0.0
        if (second + 1) % HOUR == 0:
            energy.append(kwh)
            water.append(cubic)
    return energy, water


def metered(week: Mapping[str, Record]) -> tuple[list[list[object]], list[list[object]]]:
    """What the meters showed each hour, and the truth: how much flowed through each in the week."""
    flows: dict[str, tuple[str, list[float]]] = {}
    for unit, record in week.items():
        energy, water = drawn(record, unit)
        flows[unit] = ("kWh", energy)
        if unit == "finishing/wash01":
            flows["finishing/wash01:water"] = flows["tiny:water"] = ("m³", water)
    hours = range(METERED_TO // HOUR + 1)
    light = [LIGHT * sum(6 <= hour % 24 < 23 for hour in range(until)) for until in hours]
    flows["tiny:light"] = ("kWh", light)
    below = [sum(flows[name][1][hour] for name in (*week, "tiny:light")) for hour in hours]
    flows["tiny:electricity"] = ("kWh", [amount * (1 + LOST) for amount in below])
    rows: list[list[object]] = []
    for name, (unit, amounts) in flows.items():
        named = name if ":" in name else f"{name}:electricity"
        for hour in hours:
            register = BEGIN[name] + amounts[hour]
            if name == SWAPPED[0] and hour * HOUR > SWAPPED[1]:
                register = amounts[hour] - amounts[SWAPPED[1] // HOUR]
            if name == "finishing/wash01":
                register %= CAPACITY
            told: tuple[object, str] = (f"{register:.2f}", unit)
            if name == "tiny:electricity" and hour == 2 * 24 + 9:
                told = (f"{register / 1000:.5f}", "MWh")
            rows.append([hour * HOUR, named, *told])
    rows.sort(key=lambda row: (row[0], row[1]))
    truth_of = [
        [name if ":" in name else f"{name}:electricity", unit, f"{amounts[-1]:.4f}"]
        for name, (unit, amounts) in sorted(flows.items())
    ]
    return [[stamp(int(str(row[0]))), *row[1:]] for row in rows], truth_of


def make(folder: Path) -> None:
    """Write all files of the week into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    states: list[list[object]] = []
    counts: list[list[object]] = []
    corrections: list[list[object]] = []
    measurements: list[list[object]] = []
    sums: list[dict[str, object]] = []
    week: dict[str, Record] = {}
    for machine in MACHINES:
        record = live(machine, random.Random(f"{SEED} {machine.unit}"))
        week[machine.unit] = record
        told = written(record)
        if "lathe" in machine.unit:
            measurements += measured(machine, record)
        states += [
            [second, machine.unit, state, reason, order, item] for second, state, reason, order, item in told.states
        ]
        sums += truth(machine, record)
        for second, good, scrap, rework, item in told.counts:
            typed = good
            if (machine.unit, second) == CORRECTED:
                typed = good * 10
                corrections.append(
                    [
                        "count",
                        stamp(second),
                        machine.unit,
                        "good",
                        typed,
                        good,
                        stamp(second + 2 * HOUR),
                        "Li Na",
                        "one zero too many",
                    ]
                )
            counts.append([second, machine.unit, typed, scrap, rework, item])
    for rows in (states, counts, measurements):
        rows.sort(key=lambda row: (row[0], row[1]))
        rows[:] = [[stamp(int(str(row[0]))), *row[1:]] for row in rows]
    split = sum(str(row[0]) <= stamp(SILENCE[0]) for row in states)
    header = ["time", "unit", "state", "reason", "order", "item"]
    halves = {"states_1.csv": states[:split], "states_2.csv": states[split:]}
    for name, half in halves.items():
        write(folder / name, header, half)
    heads = ["time", "item", "characteristic", "value", "measured_in", "lot", "unit", "gauge", "person"]
    write(folder / "measurements.csv", heads, measurements)
    write(folder / "counts.csv", ["time", "unit", "good", "scrap", "rework", "item"], counts)
    write(folder / "coverage.csv", ["start", "end"], [[half[0][0], half[-1][0]] for half in halves.values()])
    write(
        folder / "corrections.csv",
        ["stream", "time", "unit", "column", "wrong", "right", "recorded", "person", "reason"],
        corrections,
    )
    readings, amounts = metered(week)
    write(folder / "meters.csv", ["time", "meter", "register", "measured_in"], readings)
    write(folder / "expected_meters.csv", ["meter", "unit", "amount"], amounts)
    write(folder / "expected.csv", list(sums[0]), [list(row.values()) for row in sums])


if __name__ == "__main__":
    here = Path(__file__).parents[1] / "examples" / "tiny_workshop" / "facts"
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else here)
