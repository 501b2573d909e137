"""`luban green`: the green factory sheet of a plant, its green report, footprints, and projects of green processes."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from luban.core.errors import InputError
from luban.core.time import parse_time
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import NO, OK
from luban.screens.cli.recording import record
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    from luban.norms.emissions import Factor
    from luban.plant import Plant
    from luban.screens.cli.output import Output
    from luban.screens.i18n import Words
    from luban.screens.report.sheet import Sheet
    from luban.understand.green import GreenAccount, ScoreSheet

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban green plant` · `luban green plant --report -o green.html` · `luban green plant --item shaft` · "
    "`luban green plant --evidence water-reuse` · `luban green plant --state site-area=5200 --document 'land "
    "certificate 17'` · `luban green projects.toml`"
)


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("green", epilog=_EXAMPLES)(green)


def green(
    source: Annotated[Path, typer.Argument(metavar="DIR|FILE", help="A plant's folder, or a TOML file of projects.")],
    edition: Annotated[str, typer.Option(help="Edition of the sheet: 2018 or 2025; that of the window's end.")] = "",
    report: Annotated[bool, typer.Option("--report", help="The green report with all facts named.")] = False,
    projects: Annotated[bool, typer.Option("--projects", help="Signs of green processes, and projects.")] = False,
    item: Annotated[str, typer.Option(help="The footprint of a good piece of this item.")] = "",
    evidence: Annotated[
        str, typer.Option(metavar="NAME", help="The facts behind a line, a number, or footprint:ITEM.")
    ] = "",
    start: Annotated[str, typer.Option("--from", help="From here on, ISO 8601.")] = "",
    end: Annotated[str, typer.Option("--to", help="Up to here, ISO 8601.")] = "",
    as_of: Annotated[int | None, typer.Option(min=0, help="The books as they stood at this seq.")] = None,
    factors: Annotated[
        Path | None, typer.Option(help="A TOML file of emission factors; they go before others.")
    ] = None,
    state: Annotated[str, typer.Option(metavar="NAME=VALUE", help="Put a statement on record first.")] = "",
    document: Annotated[str, typer.Option(help="What shows the statement.")] = "",
    baseline: Annotated[float | None, typer.Option(help="Of the stated point: what the trade reaches.")] = None,
    leading: Annotated[float | None, typer.Option(help="Of the stated point: the best of the trade.")] = None,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Score by GB/T 36132 with the evidence of each point; unknown is a gap, and the score a range.

    A statement holds from --from to --to, else for the window of the readings; NAME= without a value states baseline
    and leading value only, NAME=none that the point does not apply. Exit code 1 if a basic requirement is not met.
    """
    from luban.screens.i18n import words

    say = output(as_json)
    if source.suffix == ".toml":
        return _file(say, source, out, language)
    plant, account = _account(say, source, start, end, as_of, factors, state, (document, baseline, leading))
    if evidence:
        give(say, *_evidence(source, plant, account, edition, evidence, words(language)), out, language)
        return OK
    sheet, told = _sheets(source, plant, account, edition, words(language), (report, projects, item))
    give(say, sheet, told, out, language)
    return NO if told.get("score", {}).get("basic") == "not met" else OK


def _file(say: Output, path: Path, out: Path | None, language: str) -> int:
    from luban.decide.green import ranked, read_projects
    from luban.screens.i18n import words
    from luban.screens.report.green_projects import projects_sheet

    found = ranked(read_projects(path))
    sheet = projects_sheet(found, (), words(language), path.name)
    give(say, sheet, {"projects": [one.as_dict() for one in found]}, out, language)
    return OK


def _account(
    say: Output,
    folder: Path,
    start: str,
    end: str,
    as_of: int | None,
    own: Path | None,
    state: str,
    more: tuple[Any, ...],
) -> tuple[Plant, GreenAccount]:
    from luban.ledger import Ledger
    from luban.norms.emissions import factors
    from luban.plant import load
    from luban.screens.service import places
    from luban.understand.green import green_account

    plant = load(folder)
    home = places(folder).ledger
    if not home.is_dir():
        raise InputError("the plant has no books yet", where=str(home), hint="`luban up` starts it")
    low, high = (parse_time(one, plant.zone) if one else None for one in (start, end))
    mine = _own(folder, plant, own)
    ledger = Ledger(home)
    try:
        if state:
            window = (low, high)
            if low is None or high is None:
                found = green_account(ledger, plant, (), start=low, end=high)
                window = (found.start, found.end)
            _state(say, folder, state, window, more)
            ledger.close()
            ledger = Ledger(home)
        known = tuple(factors().values())
        return plant, green_account(ledger, plant, known, own=mine, start=low, end=high, as_of=as_of)
    finally:
        ledger.close()


def _own(folder: Path, plant: Plant, path: Path | None) -> tuple[Factor, ...]:
    from luban.norms.emissions import read_factors

    paths = [path] if path else [folder / name for name in plant.energy.factors]
    return tuple(one for each in paths for one in read_factors(each).values())


def _state(say: Output, folder: Path, text: str, window: tuple[int | None, int | None], more: tuple[Any, ...]) -> None:
    from luban.screens.users import Act
    from luban.understand.green import statement_row

    name, mark, given = text.partition("=")
    document, baseline, leading = more
    value: float | None = None
    if given.strip() not in {"", "none"}:
        try:
            value = float(given)
        except ValueError:
            raise InputError("not a number", came=given, where=f"--state {name}") from None
    if not mark:
        raise InputError("a statement is NAME=VALUE", came=text, where="--state")
    person = getpass.getuser()
    rows = statement_row(name.strip(), value, window[0] or 0, window[1] or 0, person=person, document=document,
                         baseline=baseline, leading=leading, applies=given.strip() != "none")  # fmt: skip
    record(say, folder, Act(person, "green statement", name, document), "event", rows)


def _sheets(
    folder: Path, plant: Plant, account: GreenAccount, year: str, say: Words, asked: tuple[bool, bool, str]
) -> tuple[Sheet, dict[str, Any]]:
    from luban.decide.green import screen
    from luban.screens.report.green import green_document, green_sheet
    from luban.screens.report.green_projects import projects_sheet
    from luban.screens.report.green_report import report_sheet
    from luban.screens.service.green import projects_in

    report, projects, item = asked
    scored = _scored(plant, account, year)
    document = green_document(account, scored)
    signs = screen(account, [(one.id, one.name) for one in plant.items.values()])
    if item:
        return _footprint(plant, account, item, say), document
    if projects:
        found = projects_in(folder)
        told = {"signs": [one.as_dict() for one in signs], "projects": [one.as_dict() for one in found]}
        return projects_sheet(found, signs, say, plant.name, plant.cost.currency), told
    if report:
        found = projects_in(folder)
        document |= {"signs": [one.as_dict() for one in signs], "projects": [one.as_dict() for one in found]}
        sheet = report_sheet(account, scored, say, plant.zone, plant.name, signs, found, plant.cost.currency)
        return sheet, document
    return green_sheet(account, scored, say, plant.zone, plant.name), document


def _scored(plant: Plant, account: GreenAccount, year: str) -> ScoreSheet:
    from luban.core.time import to_datetime
    from luban.norms.green_factory import edition, edition_on
    from luban.understand.green import score

    chosen = edition(year) if year else edition_on(to_datetime(account.end - 1, plant.zone).date())
    return score(chosen, account.found, account.stated)


def _evidence(
    folder: Path, plant: Plant, account: GreenAccount, year: str, name: str, say: Words
) -> tuple[Sheet, dict[str, Any]]:
    from luban.ledger import Ledger
    from luban.screens.report.green_trail import facts_sheet
    from luban.screens.service import places
    from luban.screens.service.green import fact_rows, facts_behind

    ledger = Ledger(places(folder).ledger)
    try:
        rows = fact_rows(ledger, facts_behind(account, _scored(plant, account, year), name), account.as_of)
    finally:
        ledger.close()
    return facts_sheet(name, rows, say, plant.zone, plant.name), {"name": name, "as_of": account.as_of, "facts": rows}


def _footprint(plant: Plant, account: GreenAccount, item: str, say: Words) -> Sheet:
    from luban.screens.report.green import footprint_sheet

    chosen = next((one for one in account.footprints if one.item == item), None)
    if chosen is None:
        known = ", ".join(one.item for one in account.footprints)
        raise InputError(
            "no good piece of this item was counted in the window", came=item, expected=known or "none was"
        )
    name = plant.items[item].name if item in plant.items else item
    return footprint_sheet(chosen, account, say, plant.zone, plant.name, name)
