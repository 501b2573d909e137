"""`luban returns`: forms, reviews, takings, own books, confirmations, who has returned, the returns as a table."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import NO, OK
from luban.screens.cli.recording import record
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    from luban.ledger import Ledger, Rows
    from luban.norms.plans import TargetPlan
    from luban.plant import Plant
    from luban.rollup.returns import Batch, OwnReturn
    from luban.screens.cli.output import Output

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban returns form --year 2025 --lang zh --form return.xlsx` · `luban returns check return.xlsx` · "
    "`luban returns take office return.xlsx` · `luban returns status office 2025` · `luban returns fill plant 2025`"
)
Plan = Annotated[
    str, typer.Option("--plan", help="A plan by name, or its folder; that of DIR's plant.toml by default.")
]
Dir = Annotated[Path, typer.Argument(metavar="DIR", help="Folder with the books of returns.")]
Person = Annotated[str, typer.Option("--person", help="Who does it; the account of this machine by default.")]
AsOf = Annotated[str, typer.Option("--as-of", help="The books as they stood at this seq, or at a named vintage.")]

group = typer.Typer(no_args_is_help=True, help="Returns of enterprises: form, check, take, confirm, revise.",
                    epilog=_EXAMPLES)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Hang the commands into the tree."""
    app.add_typer(group, name="returns")


# ---- before anything is taken


@group.command("form", epilog="Example: `luban returns form --year 2025 --lang zh --form return.xlsx`")
def form(
    years: Annotated[list[int] | None, typer.Option("--year", help="Year of the return; several for several.")] = None,
    file: Annotated[Path | None, typer.Option("--form", metavar="FILE", help="Write the form: an .xlsx file.")] = None,
    unit: Annotated[str, typer.Option(help="For this unit.")] = "",
    books: Annotated[Path | None, typer.Option(metavar="DIR", help="Fill in what stands in these books.")] = None,
    level: Annotated[str, typer.Option(help="Who fills it in: enterprise or region.")] = "enterprise",
    plan: Plan = "",
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """The form of a return as the plan makes it: figures, units, rules; as an Excel workbook with --form."""
    from luban.rollup.returns import form_model, form_of, form_workbook
    from luban.screens.i18n import words
    from luban.screens.report.rollup_returns import form_sheet
    from luban.screens.service.returns import prefilled

    say, chosen = output(as_json), _plan(plan, books)
    made = form_of(chosen, _level(level))
    if file is not None:
        if not years or file.suffix.lower() != ".xlsx":
            raise InputError(
                "the form is an .xlsx file for a year", came=file.name, expected="--year YEAR --form F.xlsx"
            )
        about: dict[str, Any] = {"unit": unit}
        values: dict[tuple[str, int], float | None] = {}
        if books is not None and unit:
            ledger = _ledger(books)
            for year in years:
                told, known, _ = prefilled(ledger, chosen, unit, year)
                about = about | {key: one for key, one in told.items() if one is not None}
                values |= {(element, year): one for element, one in known.items()}
        content = form_workbook(made, years=years, language=language, about=about, values=values)
        with _to(file):
            file.write_bytes(content)
        say.say(f"written: {file}")
    model = form_model(made, language=language, unit=unit, year=years[0] if years else 0)
    give(say, form_sheet(made, chosen, words(language)), model, out, language)
    return OK


@group.command(
    "check",
    epilog="Examples: `luban returns check returns.csv` · `luban returns check return.xlsx --lang ko -o review.html`",
)
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="CSV, Excel, Parquet, or a filled form.")],
    books: Annotated[Path | None, typer.Option(metavar="DIR", help="Compare with what stands in these books.")] = None,
    plan: Plan = "",
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """What is wrong, doubtful or worth a look, row by row; nothing is taken. Exit code 1 where there is an error."""
    from luban.rollup.returns import read_returns, review
    from luban.screens.i18n import words
    from luban.screens.report.rollup_returns import review_sheet
    from luban.screens.service.returns import reviewed

    say, chosen = output(as_json), _plan(plan, books)
    batch = _joined([read_returns(file, chosen) for file in files])
    there = books is not None and _there(books)
    found = reviewed(_ledger(books), chosen, batch) if there and books is not None else review(batch, chosen)
    give(say, review_sheet(found, chosen, words(language), batch.source), found.as_dict(), out, language)
    return NO if found.of("error") else OK


# ---- into the books


@group.command("take", epilog="Example: `luban returns take office return.xlsx`")
def take_in(
    folder: Dir,
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="CSV, Excel, Parquet, or a filled form.")],
    plan: Plan = "",
    person: Person = "",
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Review returns and take them into the books: what is in error or in doubt too, marked so.

    A value that is there already is not written again; another value of the same unit, element and year is a
    revision: the old one stays, and --as-of gives it back. Exit code 1 where there is an error.
    """
    from luban.rollup.returns import read_returns, take
    from luban.screens.i18n import words
    from luban.screens.report.rollup_returns import taken_sheet

    say, chosen = output(as_json), _plan(plan, folder)
    batch = _joined([read_returns(file, chosen) for file in files])
    taken = take(_ledger(folder, make=True), chosen, batch)
    for stream, rows in taken.parts():
        _write(say, folder, person, "returns taken" if stream == "return" else "units registered", batch.source, stream,
               rows)  # fmt: skip
    give(say, taken_sheet(taken, chosen, words(language), batch.source), taken.as_dict(), out, language)
    return NO if taken.review.of("error") else OK


@group.command("fill", epilog="Examples: `luban returns fill plant 2025` · `luban returns fill plant 2025 --take`")
def fill(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The plant's folder (it holds plant.toml).")],
    year: Annotated[int, typer.Argument(help="Year of the return.")],
    state: Annotated[list[str] | None, typer.Option(metavar="ELEMENT=VALUE", help="State a figure first.")] = None,
    document: Annotated[str, typer.Option(help="What shows the stated figure.")] = "",
    unit: Annotated[str, typer.Option(help="Id under which the firm reports; the plant's by default.")] = "",
    region: Annotated[str, typer.Option(help="Its region, e.g. CN/31/3101.")] = "",
    industry: Annotated[str, typer.Option(help="Its industry, e.g. C3421.")] = "",
    into: Annotated[bool, typer.Option("--take", help="Take it into the plant's own books of returns.")] = False,
    file: Annotated[Path | None, typer.Option("--form", metavar="FILE", help="Write the filled form, .xlsx.")] = None,
    plan: Plan = "",
    person: Person = "",
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """The return of a plant from its own books: each figure with the facts it rests on, or why it is not known."""
    from luban.plant import load
    from luban.rollup.returns import own_return, state_row, take
    from luban.screens.i18n import words
    from luban.screens.report.rollup_returns import own_sheet
    from luban.screens.service.returns import own_factors

    say, chosen, plant = output(as_json), _plan(plan, folder), load(folder)
    for told in state or ():
        element, value = _stated(told, chosen)
        rows = state_row(plant.id, year, element, value, person=person or getpass.getuser(), document=document)
        _write(say, folder, person, "return statement", element, "event", rows)
    ledger: Ledger = _ledger(folder)
    found = own_return(ledger, plant, chosen, year, own_factors=own_factors(folder, plant))
    about = {key: one for key, one in (("region", region), ("industry", industry), ("name", plant.name)) if one}
    if file is not None:
        _form_of_own(file, found, unit or plant.id, about, chosen, language)
        say.say(f"written: {file}")
    if into:
        taken = take(ledger, chosen, found.batch(unit, about), method="own books", evidence=found.evidence)
        for stream, rows in taken.parts():
            _write(say, folder, person, "own return taken", unit or plant.id, stream, rows)
    give(say, own_sheet(found, chosen, words(language), plant.name), found.as_dict(), out, language)
    return OK


def _stated(told: str, plan: TargetPlan) -> tuple[str, float | None]:
    name, mark, given = told.partition("=")
    element = plan.element(name.strip()).id
    if not mark:
        raise InputError("a statement is ELEMENT=VALUE", came=told, where="--state")
    try:
        return element, float(given) if given.strip() else None
    except ValueError:
        raise InputError("not a number", came=given, where=f"--state {element}") from None


def _form_of_own(
    file: Path, found: OwnReturn, unit: str, about: dict[str, Any], plan: TargetPlan, language: str
) -> None:
    from luban.rollup.returns import form_of, form_workbook

    values = {(one.element, found.year): one.value for one in found.lines}
    made = form_workbook(form_of(plan), years=[found.year], language=language, about=about | {"unit": unit},
                         values=values)  # fmt: skip
    with _to(file):
        file.write_bytes(made)


# ---- what people say of returns


@group.command("confirm", epilog="Example: `luban returns confirm office f1 2025 --person chen`")
def confirm(
    folder: Dir,
    unit: Annotated[str, typer.Argument(help="Unit whose return it is.")],
    year: Annotated[int, typer.Argument(help="Year of the return.")],
    text: Annotated[str, typer.Option(help="In words.")] = "",
    plan: Plan = "",
    person: Person = "",
    as_json: AsJson = False,
) -> int:
    """The firm says that its return is right as it stands now; doubtful values count from then on."""
    from luban.rollup.returns import confirm_row
    from luban.screens.service.returns import has_returned

    say, ledger = output(as_json), _ledger(folder)
    has_returned(ledger, _plan(plan, folder), unit, year)
    head = ledger.head
    rows = confirm_row(unit, year, head, person=person or getpass.getuser(), text=text)
    _write(say, folder, person, "return confirmed", unit, "event", rows)
    say.answer({"unit": unit, "year": year, "seq": head}, f"confirmed: {unit} {year}, books at seq {head}")
    return OK


@group.command("query", epilog="Example: `luban returns query office f1 2025 'is the energy in tce?'`")
def query(
    folder: Dir,
    unit: Annotated[str, typer.Argument(help="Unit whose return it is.")],
    year: Annotated[int, typer.Argument(help="Year of the return.")],
    text: Annotated[str, typer.Argument(help="The question, or the answer with --answer.")],
    answer: Annotated[int, typer.Option("--answer", metavar="SEQ", help="Answer this question.")] = 0,
    element: Annotated[str, typer.Option(help="Figure that the question is about.")] = "",
    plan: Plan = "",
    person: Person = "",
    as_json: AsJson = False,
) -> int:
    """A question to a firm about its return, or with --answer the firm's answer."""
    from luban.rollup.returns import answer_row, query_row
    from luban.screens.service.returns import has_returned, open_query

    say, ledger, chosen = output(as_json), _ledger(folder), _plan(plan, folder)
    who = person or getpass.getuser()
    has_returned(ledger, chosen, unit, year)
    if answer:
        open_query(ledger, chosen, unit, year, answer)
        rows = answer_row(unit, year, answer, person=who, text=text)
    else:
        if element:
            chosen.element(element)
        rows = query_row(unit, year, person=who, text=text, element=element)
    _write(say, folder, person, "query answered" if answer else "return queried", unit, "event", rows)
    say.answer({"unit": unit, "year": year, "text": text}, f"{'answered' if answer else 'asked'}: {unit} {year}")
    return OK


@group.command("vintage", epilog="Example: `luban returns vintage office 'as published in May'`")
def vintage(
    folder: Dir,
    name: Annotated[str, typer.Argument(help="Name of the vintage; without it, those that are there.")] = "",
    person: Person = "",
    as_json: AsJson = False,
) -> int:
    """Give the books of returns, as they stand now, a name under which every figure can be had again."""
    from luban.core.time import iso
    from luban.rollup.returns import vintage_row, vintages
    from luban.screens.service.returns import unnamed

    say, ledger = output(as_json), _ledger(folder)
    known = vintages(ledger)
    if name:
        name = unnamed(ledger, name)
        rows = vintage_row(name, ledger.head, person=person or getpass.getuser())
        _write(say, folder, person, "vintage named", name, "event", rows)
        known = vintages(_ledger(folder))
    rows_of = [(one.name, one.seq, iso(one.time), one.person) for one in known]
    if say.as_json:
        say.document([dict(zip(("name", "seq", "time", "person"), one, strict=True)) for one in rows_of])
    else:
        say.table(("vintage", "seq", "named", "by"), rows_of)
    return OK


# ---- what is there


@group.command(
    "status", epilog="Examples: `luban returns status office 2025` · `luban returns status office 2025 --json`"
)
def status(
    folder: Dir,
    year: Annotated[int, typer.Argument(help="Year of the returns; the newest by default.")] = 0,
    depth: Annotated[int, typer.Option(min=0, max=4, help="Parts of a region's path: 1 is CN/31.")] = 1,
    region: Annotated[str, typer.Option(help="Only this region.")] = "",
    as_of: AsOf = "",
    plan: Plan = "",
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Who has returned: reporting rate by region, and unit by unit who needs a hand."""
    from luban.rollup.returns import reporting, unit_returns, years_of
    from luban.screens.i18n import words
    from luban.screens.report.rollup_returns import status_sheet
    from luban.screens.service.returns import as_of_seq

    say, ledger, chosen = output(as_json), _ledger(folder), _plan(plan, folder)
    seq = as_of_seq(ledger, as_of)
    years = years_of(ledger, seq)
    if not year:
        if not years:
            raise InputError("the books hold no returns", where=str(folder), hint="luban returns take DIR FILE")
        year = years[-1]
    units = unit_returns(ledger, chosen, year, as_of=seq, region=region)
    regions = reporting(ledger, chosen, year, as_of=seq, depth=depth, units=units)
    told = {"year": year, "regions": [one.as_dict() for one in regions], "units": [one.as_dict() for one in units]}
    give(say, status_sheet(regions, units, chosen, words(language), year), told, out, language)
    return OK


@group.command(
    "export",
    epilog="Examples: `luban returns export office returns.parquet` · `luban returns export office long.csv --long`",
)
def export(
    folder: Dir,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .csv, .xlsx or .parquet file.")],
    as_of: AsOf = "",
    confirmed: Annotated[bool, typer.Option("--confirmed", help="Only values that firms confirmed.")] = False,
    long: Annotated[bool, typer.Option("--long", help="A row a value with its quality, reason and seq.")] = False,
    plan: Plan = "",
    as_json: AsJson = False,
) -> int:
    """The returns as a table: a row a unit and year, what is not used left empty; or with --long every value."""
    from luban.rollup.returns import returns_frame, standing
    from luban.screens.service.returns import as_of_seq

    say, ledger, chosen = output(as_json), _ledger(folder), _plan(plan, folder)
    seq = as_of_seq(ledger, as_of)
    frame = (standing(ledger, chosen, as_of=seq).sort("unit", "year", "element") if long
             else returns_frame(ledger, chosen, as_of=seq, confirmed=confirmed).sort("unit", "year"))  # fmt: skip
    table = frame.collect("pyarrow").to_native()
    with _to(file):
        _write_table(file, table)
    say.answer({"file": str(file), "rows": table.num_rows}, f"{table.num_rows:,} rows: {file}")
    return OK


@contextmanager
def _to(file: Path) -> Iterator[None]:
    """What cannot be written is the user's to know. Raises InputError."""
    try:
        yield
    except OSError as error:
        hint = "choose a folder that is there and that you may write to"
        raise InputError("the file could not be written", came=str(error), where=str(file), hint=hint) from None


def _write_table(file: Path, table: Any) -> None:
    kind = file.suffix.lower()
    if kind == ".csv":
        from pyarrow import csv

        csv.write_csv(table, file)
    elif kind == ".parquet":
        from pyarrow import parquet

        parquet.write_table(table, file)
    elif kind == ".xlsx":
        import xlsxwriter

        # a text is a text, whatever it begins with: a firm's name is no formula
        plain = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        file.touch()  # what cannot be written is known before the work
        with xlsxwriter.Workbook(file, plain) as book:
            page = book.add_worksheet("returns")
            page.write_row(0, 0, table.column_names)
            for at, row in enumerate(zip(*(column.to_pylist() for column in table.columns), strict=True), 1):
                page.write_row(at, 0, row)
    else:
        raise InputError("no table of that kind", came=file.name, expected=".csv, .xlsx or .parquet")


# ---- shared


def _level(level: str) -> str:
    if level not in ("enterprise", "region"):
        raise InputError("no such level", came=level, expected="enterprise or region", where="--level")
    return level


def _plan(name: str, folder: Path | None) -> TargetPlan:
    """The plan that is named, else the one of the folder's plant, else luban's own."""
    from luban.norms.plans import USUAL
    from luban.screens.service.returns import plan_named

    if not name and folder is not None and (folder / "plant.toml").is_file():
        from luban.plant import load

        plant: Plant = load(folder)
        name = plant.rollup.plan
    return plan_named(name or USUAL, folder)


def _there(folder: Path) -> bool:
    from luban.screens.service import places

    return places(folder).ledger.is_dir()


def _ledger(folder: Path, *, make: bool = False) -> Ledger:
    from luban.ledger import Ledger, LedgerWriter
    from luban.screens.service import places

    home = places(folder).ledger
    if not home.is_dir():
        if not make:
            raise InputError("no books here", where=str(home), hint="luban returns take DIR FILE makes them")
        if not folder.is_dir():
            raise InputError("no such folder", where=str(folder), hint=f"mkdir {folder}")
        LedgerWriter(home).close()
    return Ledger(home)


def _joined(batches: list[Batch]) -> Batch:
    from luban.rollup.returns import joined

    return joined(batches)


def _write(say: Output, folder: Path, person: str, code: str, subject: str, stream: str, rows: Rows) -> None:
    """Make facts durable with the act of the person, through the spool that a running plant takes in."""
    from luban.screens.users import Act

    record(say, folder, Act(person or getpass.getuser(), code, subject or "returns", ""), stream, rows)
