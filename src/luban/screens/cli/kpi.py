"""`luban kpi`: ISO 22400 figures of a plant's books, or straight from a file of states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, output, plant_folder
from luban.screens.cli.output import NO, OK, Output

if TYPE_CHECKING:
    from luban.screens.service import PlantView, Range
    from luban.understand.kpi import Figure

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban kpi plant --range 8h` · `luban kpi plant --unit jinan/lathe01 --explain oee` · "
    "`luban kpi states.csv --cycle 42 --json` · `luban kpi plant --as-of 12000`"
)


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("kpi", epilog=_EXAMPLES)(kpi)


def kpi(
    what: Annotated[
        Path, typer.Argument(metavar="DIR|FILE", help="A plant's folder, or a CSV, Excel or Parquet file.")
    ],
    start: Annotated[str, typer.Option("--from", help="Start, ISO 8601 in the plant's zone.")] = "",
    end: Annotated[str, typer.Option("--to", help="End, ISO 8601 in the plant's zone; now by default.")] = "",
    span: Annotated[
        str,
        typer.Option("--range", help="shift, last (newest shift with data), today, or a length such as 30min, 8h, 7d."),
    ] = "",
    unit: Annotated[list[str] | None, typer.Option(help="Place in the tree; may be repeated; every unit.")] = None,
    figure: Annotated[list[str] | None, typer.Option(help="Indicator id, e.g. oee; may be repeated.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every indicator that luban works out.")] = False,
    explain: Annotated[str, typer.Option(help="Take this indicator apart down to its facts.")] = "",
    as_of: Annotated[int | None, typer.Option(min=0, help="The books as they stood at this seq.")] = None,
    counts: Annotated[Path | None, typer.Option(help="With FILE: a second file with the pieces.")] = None,
    mapping: Annotated[str, typer.Option(help="With FILE: what its states mean.")] = "generic@1",
    cycle: Annotated[float | None, typer.Option(min=0, help="With FILE: planned run time [s/piece].")] = None,
    zone: Annotated[str, typer.Option(help="With FILE: time zone of times without an offset.")] = "UTC",
    as_json: AsJson = False,
) -> int:
    """Figures with coverage and range, or the reason why there is none.

    A file needs the columns unit, time, state; good, scrap, rework, item and reason are taken where they are.
    Exit code 1 if every figure is withheld.
    """
    say = output(as_json)
    with _opened(what, counts=counts, mapping=mapping, cycle=cycle, zone=zone) as (view, whole):
        window = view.range(span, start, end) if span or start or end or whole is None else whole
        places = [_full(view, path) for path in unit] if unit else list(view.plant.work_units)
        if explain:
            return _explain(say, view, window, places, explain, as_of)
        found = _figures(view, window, places, figure or (), every=every, as_of=as_of)
    if as_json:
        say.document([made.as_dict() for made in found])
    else:
        _table(say, found, view, window)
    return OK if any(made.value is not None for made in found) else NO


@contextmanager
def _opened(
    what: Path, *, counts: Path | None, mapping: str, cycle: float | None, zone: str
) -> Iterator[tuple[PlantView, Range | None]]:
    """A view of the plant in a folder, or of one made for a file, with the file's own window."""
    from luban.screens.service import PlantView

    if what.is_file():
        from luban.screens.cli.kpi_file import plant_of_file

        with plant_of_file(what, counts=counts, mapping=mapping, cycle=cycle, zone=zone) as (folder, window):
            yield PlantView(folder), window
    else:
        yield PlantView(plant_folder(what)), None


def _full(view: PlantView, path: str) -> str:
    """The path as the tree has it; the plant's id may be left out."""
    for wanted in (path, f"{view.plant.id}/{path}"):
        if wanted in view.plant.equipment:
            return wanted
    return view.plant.place(path).path


def _figures(
    view: PlantView, window: Range, places: Sequence[str], names: Sequence[str], *, every: bool, as_of: int | None
) -> list[Figure]:
    from luban.screens.service.figures import FRONT, check_name
    from luban.understand import kpi as understood

    wanted = understood.NAMES if every else tuple(check_name(name) for name in names) or FRONT
    return understood.read(view.ledger, view.plant, window.start, window.end, places, as_of, names=wanted)


def _explain(say: Output, view: PlantView, window: Range, places: Sequence[str], name: str, as_of: int | None) -> int:
    trees = [view.explain(name, place, window, as_of=as_of) for place in places]
    if say.as_json:
        say.document([tree.as_dict() for tree in trees])
    else:
        for tree in trees:
            say.line(tree.text())
    return OK


def _table(say: Output, found: Sequence[Figure], view: PlantView, window: Range) -> None:
    from luban.core.time import iso

    if not found:
        raise InputError("this plant has no work unit", hint="add [[equipment]] with kind = 'work unit' to plant.toml")
    zone = view.plant.zone
    say.say(f"{iso(window.start, zone)} – {iso(window.end, zone)}, books at seq {found[0].seq}, {found[0].edition}")
    rows = []
    for made in found:
        value = "withheld" if made.value is None else _amount(made.value, made.unit)
        open_range = made.low is not None and made.high is not None and made.high - made.low > 5e-4
        between = f"{_amount(made.low or 0, made.unit)} … {_amount(made.high or 0, made.unit)}" if open_range else ""
        coverage = "" if made.coverage is None else f"{100 * made.coverage:.1f} %"
        rows.append((made.subject, made.label, value, between, coverage, made.withheld or "; ".join(made.notes)))
    say.table(("unit", "figure", "value", "between", "known time", "note"), rows)


def _amount(value: float, unit: str) -> str:
    return f"{100 * value:.1f} %" if unit == "1" else f"{value:,.4g} {unit}"
