"""Programmes for the screens: tables that are taken in, quotes that are made and computed anew.

Reads   tables, documents, books    Writes  nothing itself: rows for the act log
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from luban.core.errors import InputError
from luban.ledger import Ledger
from luban.norms.plans import TargetPlan, load_plan, plans
from luban.rollup.minutes import Change, Quote, change_of, check_quote, minutes, quote
from luban.rollup.programmes import (
    Evidence,
    count_row,
    document,
    part_row,
    pilot_row,
    read_pilot,
    read_targets,
    read_tasks,
    source_row,
    target_row,
)
from luban.rollup.programmes.table import day_in, read_table
from luban.screens.service.returns import as_of_seq
from luban.screens.service.review import inputs_from

__all__ = ["asked_change", "quoted", "quotes_checked", "rows_of_file", "together"]

Row = dict[str, list[Any]]
_YES = frozenset({"1", "yes", "true", "是", "예"})
_NO = frozenset({"0", "no", "false", "否", "아니오", ""})


def rows_of_file(
    path: Path, plan: TargetPlan, *, person: str, region: str = "", papers: Mapping[str, Evidence] | None = None
) -> tuple[str, list[Row]]:
    """(what the file holds, its entries); the columns say what it is.

    region   of a pilot, where the file is a pilot's proof
    papers   documents that the file names, by name; by default they lie beside it
    Raises   InputError with file and row
    """
    if path.suffix.lower() == ".json":
        name, found, enrolled, baseline = read_pilot(path, region=region)
        proof = document(path, "proof of the pilot")
        return "pilot", [
            pilot_row(name, found, person=person, enrolled=enrolled, baseline=baseline, evidence=[proof.as_dict()])
        ]
    names = set(next(iter(read_table(path, ())), ("", {}))[1])
    if {"id", "name", "owner", "due"} <= names:
        return "tasks", read_tasks(path, plan, person=person)
    if {"region", "id", "year", "value"} <= names:
        return "targets", [target_row(plan, one, person=person) for one in read_targets(path, plan)]
    if {"item", "part"} <= names:
        return "parts", _parts(path, plan, person, papers)
    if {"item", "thing", "day", "document"} <= names:
        return "things", _things(path, plan, person, papers)
    raise InputError(
        "what does the table hold?",
        came=", ".join(sorted(names)) or "nothing",
        where=path.name,
        expected="tasks, things, parts or targets by their columns (luban programme take --help)",
    )


def asked_change(plan: TargetPlan, told: str) -> Change:
    """A change of a target, `ID:YEAR=VALUE`. Raises InputError."""
    name, _, rest = told.partition(":")
    year, _, value = rest.partition("=")
    try:
        return change_of(plan, name.strip(), int(year), float(value))
    except ValueError:
        raise InputError("which target is to be which?", came=told, expected="I08:2025=60", where="--target") from None


def quoted(folder: Path, ledger: Ledger, plan: TargetPlan, asked: Sequence[str], as_of: str) -> list[Quote]:
    """Quotes of values of the whole, `INDICATOR:YEAR`, as the books stand or stood at `as_of`.

    Raises   InputError: not so written, no such indicator, no value known
    """
    seq = as_of_seq(ledger, as_of)
    vintage = ledger.head if seq is None else seq
    found = []
    for one in asked:
        name, _, year = one.partition(":")
        if not year.isdecimal():
            raise InputError("which value is quoted?", came=one, expected="I08:2020", where="--quote")
        plan.indicator(name)
        value = _value(folder, _named(plan), vintage).get((name, int(year)))
        if value is None:
            raise InputError("no value is known to quote", came=one, where="--quote")
        found.append(quote(plan, ledger, name, int(year), value, vintage=vintage))
    return found


def quotes_checked(folder: Path, ledger: Ledger, plan: TargetPlan) -> list[tuple[str, Quote, str]]:
    """(item, quote, why it does not stand: "" if it does) of everything that was quoted."""
    return [
        (
            item.id,
            one,
            check_quote(
                plan, one, lambda own: _value(folder, _named(plan), own.vintage).get((own.indicator, own.year))
            ),
        )
        for item in minutes(ledger)
        for one in item.quotes
    ]


def together(rows: Sequence[Row]) -> Row:
    """Entries as one table."""
    names = dict.fromkeys(name for one in rows for name in one)
    return {name: [cell for one in rows for cell in one.get(name, [None])] for name in names}


def _named(plan: TargetPlan) -> str:
    """A plan as it can be asked for again: by its name, else by its folder."""
    known = plan.id in plans() and load_plan(plan.id).digest == plan.digest
    return plan.id if known else str(Path(str(plan.folder)).resolve())


@lru_cache(maxsize=1024)
def _value(folder: Path, plan: str, vintage: int) -> Mapping[tuple[str, int], float | None]:
    """Values of the whole by a plan, which need not be that of plant.toml."""
    loaded = inputs_from(folder, plan=plan, as_of=str(vintage))
    return {(one["indicator"], one["year"]): one["value"] for one in loaded.inputs.rows if not one["region"]}


def _things(path: Path, plan: TargetPlan, person: str, papers: Mapping[str, Evidence] | None) -> list[Row]:
    made = []
    for place, cells in read_table(path, ("item", "thing", "day", "document")):
        day = day_in(cells["day"], place)
        try:
            made.append(count_row(plan, cells["item"], cells["thing"], person=person, day=day,
                                  evidence=_papers(path, cells["document"], papers), region=cells.get("region", ""),
                                  industry=cells.get("industry", "")))  # fmt: skip
        except InputError as error:
            raise InputError(error.message, came=error.came, expected=error.expected, where=place) from None
    return made


def _parts(path: Path, plan: TargetPlan, person: str, papers: Mapping[str, Evidence] | None) -> list[Row]:
    made: list[Row] = []
    seen: set[tuple[str, str]] = set()
    for place, cells in read_table(path, ("item", "part", "day")):
        day, key = day_in(cells["day"], place), (cells["item"], cells["part"])
        try:
            if key not in seen:
                made.append(part_row(plan, *key, person=person, day=day, industry=cells.get("industry", "")))
                seen.add(key)
            if cells.get("source"):
                until = cells.get("until", "")
                made.append(source_row(plan, *key, cells["source"], person=person,
                                       qualified=_flag(cells.get("qualified", ""), place),
                                       domestic=_flag(cells.get("domestic", ""), place),
                                       until=day_in(until, place) if until else None,
                                       evidence=_papers(path, cells.get("document", ""), papers)))  # fmt: skip
        except InputError as error:
            raise InputError(error.message, came=error.came, expected=error.expected, where=place) from None
    return made


def _papers(table: Path, names: str, papers: Mapping[str, Evidence] | None) -> list[Evidence]:
    """Documents beside the table, or sent with it; several with ; between."""
    wanted = [one.strip() for one in names.replace("；", ";").split(";") if one.strip()]
    if papers is None:
        return [document(table.parent / one) for one in wanted]
    if missing := [one for one in wanted if one not in papers]:
        raise InputError("the table names a document that was not sent", came=", ".join(missing)[:200],
                         expected=", ".join(papers)[:200] or "documents sent with the table")  # fmt: skip
    return [papers[one] for one in wanted]


def _flag(text: str, place: str) -> bool:
    if text.casefold() in _YES | _NO:
        return text.casefold() in _YES
    raise InputError("yes or no", came=text, where=place)
