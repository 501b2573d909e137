"""Does a project fit the catalogues? The lines of dated editions that name its industry, its region and its words.

A catalogue for relocation names industries that a region takes in, a guide or a plan of key projects what is wanted,
a list of what is phased out what is not. Each edition holds from its day on until the next one does.

Reads  tables of catalogues and of projects    Writes  nothing
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from luban.core.errors import InputError
from luban.norms.industry import industry
from luban.rollup.programmes.table import day_in, read_table

__all__ = ["STANCES", "Edition", "Fit", "Line", "Project", "fit", "read_editions", "read_projects"]

STANCES: Final[Mapping[str, tuple[str, ...]]] = {
    "barred": ("barred", "禁止", "淘汰", "금지", "도태"),
    "restricted": ("restricted", "限制", "제한"),
    "encouraged": ("encouraged", "鼓励", "장려"),
    "named": ("named", "列入", "수록"),
}
"""What a line says of a project it names, the strictest first → how tables write it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an edition.

    id        as the catalogue numbers it;  stance  one of STANCES;  text  its words
    industry  code that it is about, with all below it; "" any;  region  path, likewise
    words     one of them must stand in what the project says of itself; none: no matter
    place     file and row
    """

    id: str
    stance: str
    text: str
    industry: str = ""
    region: str = ""
    words: tuple[str, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True)
class Edition:
    """A catalogue as it was issued. since  first day it holds;  digest  SHA-256 of the file it was read from."""

    catalogue: str
    name: str
    since: date
    lines: tuple[Line, ...]
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Project:
    """What somebody wants to build. day  the edition that holds then is asked;  text  what it is, in words."""

    id: str
    day: date
    industry: str
    region: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Fit:
    """What a catalogue says of a project.

    edition  the one that holds on the project's day; None where none does
    stance   the strictest of `lines`; "" where none names it
    lines    those that name it;  unclear  those that are finer than what the project says of itself
    """

    project: Project
    catalogue: str
    edition: Edition | None
    stance: str
    lines: tuple[Line, ...]
    unclear: tuple[Line, ...]


def fit(project: Project, editions: Iterable[Edition]) -> tuple[Fit, ...]:
    """What each catalogue says of a project, by the edition that holds on its day.

    Raises   InputError: two editions of a catalogue, of two files, hold from the same day on
    Example  fit(Project("p", date(2020, 1, 1), "C3921"), read_editions(path))[0].stance
    """
    held: dict[str, list[Edition]] = {}
    for one in editions:
        held.setdefault(one.catalogue, []).append(one)
    return tuple(_fit(project, name, held[name]) for name in sorted(held))


def _fit(project: Project, catalogue: str, editions: Sequence[Edition]) -> Fit:
    past = [one for one in editions if one.since <= project.day]
    own = max(past, key=lambda one: one.since, default=None)
    if own is not None and sum(one.since == own.since for one in past) > 1:
        raise InputError("two editions hold from the same day on", came=f"{catalogue}, {own.since}",
                         hint="put the lines of one edition into one file")  # fmt: skip
    lines, unclear = list[Line](), list[Line]()
    for line in own.lines if own is not None else ():
        if line.words and not any(word.casefold() in project.text.casefold() for word in line.words):
            continue
        inside = _inside(project.industry, line.industry, ""), _inside(project.region, line.region, "/")
        if all(inside):
            lines.append(line)
        elif None in inside and False not in inside:
            unclear.append(line)
    stance = next((name for name in STANCES if any(line.stance == name for line in lines)), "")
    return Fit(project, catalogue, own, stance, tuple(lines), tuple(unclear))


def _inside(own: str, asked: str, step: str) -> bool | None:
    """Whether a code or path lies in another; None where it is coarser, so that it may or may not."""
    if not asked or own == asked or own.startswith(asked + step):
        return True
    return None if not own or asked.startswith(own + step) else False


def read_editions(path: Path) -> tuple[Edition, ...]:
    """Catalogues of a CSV or Excel file: catalogue, edition, since, line, stance, text[, industry, region, words].

    Words stand with ; between. One file may hold several catalogues and editions.
    Raises  InputError with file and row: no date, no such stance or industry, a line or a first day that stands twice
    """
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    held: dict[tuple[str, str], tuple[date, dict[str, Line]]] = {}
    for place, cells in read_table(path, ("catalogue", "edition", "since", "line", "stance", "text")):
        key, since = (cells["catalogue"], cells["edition"]), day_in(cells["since"], place)
        first, lines = held.setdefault(key, (since, {}))
        stance = next((name for name, some in STANCES.items() if cells["stance"].casefold() in some), "")
        if not all((*key, cells["line"])) or not stance:
            expected = f"a catalogue, its edition, a line and one of {', '.join(STANCES)}"
            raise InputError("not a line of a catalogue", came=", ".join((*key, cells["line"], cells["stance"])),
                             expected=expected, where=place)  # fmt: skip
        if since != first or cells["line"] in lines:
            came = f"{cells['line']}, {since}"
            raise InputError("an edition has one first day, and each line once", came=came, where=place)
        words = tuple(word.strip() for word in cells.get("words", "").replace("；", ";").split(";") if word.strip())
        lines[cells["line"]] = Line(cells["line"], stance, cells["text"], _code(cells.get("industry", ""), place),
                                    cells.get("region", ""), words, place)  # fmt: skip
    found = [Edition(*key, since, tuple(lines.values()), digest) for key, (since, lines) in held.items()]
    days = [(one.catalogue, one.since) for one in found]
    if twice := [one for one in found if days.count((one.catalogue, one.since)) > 1]:
        came = ", ".join(f"{one.catalogue} {one.name}" for one in twice)
        raise InputError("two editions hold from the same day on", came=came, where=path.name)
    return tuple(found)


def read_projects(path: Path) -> tuple[Project, ...]:
    """Projects of a CSV or Excel file: id, day, industry[, region, text]. Raises InputError with file and row."""
    found: dict[str, Project] = {}
    for place, cells in read_table(path, ("id", "day", "industry")):
        if not cells["id"] or cells["id"] in found:
            raise InputError("a project needs an id of its own", came=cells["id"], where=place)
        found[cells["id"]] = Project(cells["id"], day_in(cells["day"], place), _code(cells["industry"], place),
                                     cells.get("region", ""), cells.get("text", ""))  # fmt: skip
    return tuple(found.values())


def _code(text: str, where: str) -> str:
    if not text:
        return ""
    try:
        return industry(text).code
    except InputError as error:
        raise InputError(error.message, came=text, expected=error.expected, where=where, hint=error.hint) from None
