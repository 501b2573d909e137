"""Write docs/reference/plant.md, norms.md and units.md from what the code itself reads.

    python tools/reference_plant.py [--check]

--check  write nothing; fail if a page is not what the code says
"""

from __future__ import annotations

import itertools
import sys
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from luban.core.units import aliases_of, units
from luban.norms import elements, kpi_catalogue, mappings
from luban.plant import settings, table_columns
from luban.twin.load import list_settings
from reference_green import green_lines
from reference_plans import plan_lines

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
NOTE = "<!-- Made by tools/reference_plant.py: change the code, then run it. -->\n"

SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("[plant]", settings.PlantTable),
    ("[kpi]", settings.KpiTable),
    ("[[calendar]]", settings.CalendarTable),
    ("shifts of a calendar", settings.ShiftTable),
    ("breaks of a shift", settings.BreakTable),
    ("extra of a calendar", settings.ExtraShiftTable),
    ("[[equipment]]", settings.EquipmentTable),
    ("[[source]]", settings.SourceTable),
    ("[[signal]]", settings.SignalTable),
    ("[[retrofit]]", settings.RetrofitTable),
)

PLANT_HEAD = """\
# The plant folder

A plant is one folder: `plant.toml` and tables beside it, as CSV files or as the sheets of `plant.xlsx`.
`luban init DIR` begins one, `luban check DIR` lists everything that does not fit: file, line and column (or
sheet and cell), what came, what was expected, what to do. `plant.schema.json` beside it lets editors complete.

## plant.toml
"""

PLANT_TAIL = """\
A CSV table is UTF-8, UTF-16, GBK or Windows-1252, found by looking; fields are parted by commas, semicolons or
tabs, by the sign that cuts most lines alike; a line that begins with `#` is a note. Numbers have a decimal point.
Times are ISO 8601; without an offset they are wall clock of the plant.

## Paths

The id of a piece of equipment is its place in the tree, plant first: `jinan/machining/lathe01`. In plant.toml and
the tables the plant is left out. Parents that are not listed are filled in as work centers. Where the number of a
machine should not change with its place, give it a short path and name its `parent`. Levels go site > area > work
center > work unit; a work unit has nothing below it.

## Shifts and clocks

Shifts are wall clock. A shift belongs to the day on which it starts, so Thursday's night ends on Friday; a closed
day takes away the shifts that start on it. When clocks change, a time that happens twice is its first happening,
and a time that never happens is the first instant that does: 22:00 to 06:00 is 7 h long in the spring night and 9 h in
the autumn night, and shifts that touch keep touching. Shifts of one calendar may not overlap.

## Ideal cycle

The routing's `ideal_cycle_s` is the planned run time per item (PRI) of ISO 22400. For a work unit the nearest row
counts: its own, else its group's. Where the item is not known and the rows differ, there is no ideal cycle, and
figures that need one say so.
"""

NORMS_HEAD = """\
# Norms

Dated data with a reference on every value. What could not be checked against its source says `unverified`.

## Time and quantity elements

Every second of a work unit belongs to exactly one of APT, AUST, ADET, ADOT, PDOT and UNKNOWN. The trap in the names:
in ISO 22400 a malfunction during an order is *delay* (ADET), and *down* time (ADOT) is the time an available machine
does not execute. Whether a state is a failure is a mark of its own in the state mapping.
"""


TWIN_HEAD = """\
# twin.toml

What a plant folder does not say and a twin needs: distributions, failures, people, rules, demand. It stands beside
plant.toml; without it a plain twin is made of the routing and says what it assumed. `luban check DIR` lists what does
not fit, `luban config schema --twin` gives the JSON Schema for editors. Durations are written with their unit
(`20 min`) or as a distribution: `lognormal(20 min, cv=0.3)`, `weibull(1.3, 1530 h)`, `exponential(25 min)`,
`normal(45 min, 13.5 min)`, `uniform(5 min, 10 min)`, `triangular(1 h, 2 h, 5 h)`, `gamma(2.5, 3 min)`,
`empirical(4 min, 5 min, 9 min)`; each may have `shift=…`. Any list of tables may stand in a CSV file or a sheet
instead. How to model each block: [Model your plant](../how-to/model-your-plant.md).
"""

UNITS_HEAD = """\
# Units

Units may be joined by `·` (or `*`, a point, a space), divided by `/` and raised to powers: `kWh/piece`, `kg·m/s²`,
`m3`, `kg/(m·s^2)`. After a slash a product needs brackets, because `kWh/piece·h` has two readings. °C and °F have
a zero point when they stand alone; within a compound, and as `K` or `Δ°F`, a degree is a difference. Money of one
currency does not convert to another, and apparent (VA) and reactive power (var) do not convert to power (W).
Codes are those of UNECE recommendation 20, as OPC UA servers give them.
"""


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Lines of a Markdown table."""
    titles = list(head)
    yield "| " + " | ".join(titles) + " |"
    yield "|" + "---|" * len(titles)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
    yield ""


def type_of(field: FieldInfo) -> str:
    """What a key may be, in words."""
    return _words(field.annotation)


def _words(annotation: Any) -> str:
    if typing.get_origin(annotation) is typing.Literal:
        return ", ".join(f"`{value}`" for value in typing.get_args(annotation))
    if typing.get_origin(annotation) is list:
        return f"list of {_words(typing.get_args(annotation)[0])}"
    if typing.get_origin(annotation) is typing.Annotated:
        return _words(typing.get_args(annotation)[0])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "tables"
    return {str: "text", float: "number", bool: "true or false"}.get(annotation, str(annotation))


def default_of(field: FieldInfo) -> str:
    """The default, or that the key is needed."""
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True, validated_data={})
    return "" if value in ("", []) else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def twin_page() -> str:
    """docs/reference/twin.md."""
    lines = [NOTE + TWIN_HEAD]
    for section, found in itertools.groupby(list_settings(), key=lambda own: own.section):
        own = list(found)
        lines += [f"### {section or 'At the top'}", "", own[0].about, ""]
        lines += table(
            ("key", "type", "unit", "default", "meaning"),
            ((f"`{each.key}`", each.type, each.unit, each.default, each.description) for each in own),
        )
    return "\n".join(lines)


def plant_page() -> str:
    """docs/reference/plant.md."""
    lines = [NOTE + PLANT_HEAD]
    for title, model in SECTIONS:
        lines += [f"### {title}", "", (model.__doc__ or "").strip(), ""]
        fields = model.model_fields.items()
        lines += table(
            ("key", "type", "default", "meaning"),
            ((f"`{name}`", type_of(field), default_of(field), field.description or "") for name, field in fields),
        )
    lines += ["## Tables", ""]
    for name, columns in table_columns().items():
        lines += [f"### {name}", ""]
        lines += table(
            ("column", "type", "unit", "needed", "meaning"),
            ((f"`{c.name}`", c.type, c.unit, "yes" if c.required else "", c.description) for c in columns.values()),
        )
    return "\n".join([*lines, PLANT_TAIL])


def norms_page() -> str:
    """docs/reference/norms.md."""
    lines = [NOTE + NORMS_HEAD]
    lines += table(
        ("id", "name", "unit", "meaning"),
        ((e.id, " · ".join(e.names.values()), e.provenance.unit, e.meaning) for e in elements().values()),
    )
    lines += ["## Indicators of ISO 22400-2:2014", ""]
    lines += table(
        ("id", "name", "formula", "unit", "better", "computed", "reference"),
        (
            (
                f"`{k.id}`",
                " · ".join(k.names.values()),
                k.formula + (f" ({k.note})" if k.note else ""),
                k.unit,
                k.good,
                "yes" if k.computed else "",
                k.provenance.reference,
            )
            for k in kpi_catalogue().values()
        ),
    )
    lines += ["## State mappings", ""]
    for mapping in mappings().values():
        lines += [f"### {mapping.id}", "", f"{mapping.title}. Reference: {mapping.reference}.", ""]
        lines += table(
            ("state", "element", "failure", "why"),
            ((f"`{w}`", m.element.value, "yes" if m.failure else "", m.why) for w, m in mapping.meanings.items()),
        )
    return "\n".join(lines + green_lines(table) + plan_lines(table))


def units_page() -> str:
    """docs/reference/units.md."""
    lines = [NOTE + UNITS_HEAD]
    lines += table(
        ("unit", "also written", "UNECE", "name", "dimension", "factor to SI", "zero point [K]"),
        (
            (
                f"`{unit.symbol}`",
                " ".join(f"`{alias}`" for alias in aliases),
                unit.code,
                " · ".join(unit.names.values()),
                "·".join(base if power == 1 else f"{base}^{power}" for base, power in unit.dimension) or "1",
                f"{float(unit.factor):.12g}",
                f"{float(unit.offset):.12g}" if unit.offset else "",
            )
            for unit, aliases in ((unit, aliases_of(unit)) for unit in units().values())
        ),
    )
    return "\n".join(lines)


def main(check: bool) -> int:
    """Write the pages, or say which are stale."""
    stale = 0
    for name, page in (("plant.md", plant_page()), ("norms.md", norms_page()), ("units.md", units_page())):
        path = FOLDER / name
        text = page.rstrip("\n") + "\n"
        if check and (not path.exists() or path.read_text("utf-8") != text):
            sys.stderr.write(f"{name} is not what the code says; run python tools/reference_plant.py\n")
            stale += 1
        elif not check:
            path.write_text(text, "utf-8")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
