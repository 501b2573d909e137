"""Industry codes: GB/T 4754 in its editions of 2011 and 2017, and ISIC Rev. 4 beside them.

Reads and writes no record. Sections B, C, D and I65 down to groups by name; classes by their digits. A code of the
edition of 2011 is told from one of 2017, because many mean something else there. The ISIC codes beside a group are
luban's own reading, marked so.
"""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from luban.core.errors import InputError

__all__ = [
    "EDITIONS",
    "Industry",
    "divisions",
    "from_older",
    "groups",
    "industries",
    "industry",
    "is_in",
    "isic_of",
    "known_prefix",
    "of_isic",
    "parent",
]

EDITIONS: Final = ("2017", "2011")
"""Editions of GB/T 4754, the newest first."""

Level: TypeAlias = Literal["section", "division", "group", "class"]
_LEVELS: Final[Mapping[int, Level]] = {1: "section", 3: "division", 4: "group", 5: "class"}
_FORM: Final = re.compile(r"[A-T](\d{2,4})?$")


@dataclass(frozen=True, slots=True)
class Industry:
    """A code with its meaning.

    code       e.g. C34, C342, C3421
    edition    of GB/T 4754
    zh, en, ko name; a class has its group's name
    isic       prefixes of ISIC Rev. 4 codes that it falls into, as luban reads them
    """

    code: str
    edition: str
    level: Level
    zh: str
    en: str
    ko: str
    isic: tuple[str, ...]

    def name(self, language: str) -> str:
        """The name in zh, en or ko; English for any other language."""
        return self.zh if language == "zh" else self.ko if language == "ko" else self.en


def _table(name: str) -> list[dict[str, str]]:
    text = files("luban.norms.industry").joinpath(name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def industries() -> Mapping[str, Industry]:
    """Sections, divisions and groups of GB/T 4754-2017 by code, in the order of the standard.

    Source   GB/T 4754-2017, table 1; ISIC Rev. 4 (United Nations, Statistical Papers M 4)
    """
    return MappingProxyType(
        {
            row["code"]: Industry(
                row["code"], "2017", _LEVELS[len(row["code"])], row["zh"], row["en"], row["ko"],
                tuple(row["isic"].split())
            )
            for row in _table("gbt4754_2017.csv")
        }
    )  # fmt: skip


@cache
def _classes(edition: str) -> Mapping[str, str]:
    """The last digits of the classes of each group."""
    return {row["code"]: row["classes"] for row in _table(f"gbt4754_{edition}.csv") if row["classes"]}


@cache
def _changes() -> Mapping[str, tuple[tuple[str, ...], str]]:
    return {row["old"]: (tuple(row["new"].split()), row["name"]) for row in _table("changed_2011.csv")}


def _there(code: str, edition: str) -> bool:
    """Whether an edition has the code."""
    groups = _classes(edition)
    if len(code) == 5:
        return code[:4] in groups and code[4] in groups[code[:4]]
    if len(code) == 4:
        return code in groups
    return code in industries()


def known_prefix(code: str) -> bool:
    """Whether a code is one of GB/T 4754-2017.

    Example  known_prefix("C342"), known_prefix("C3468")  # True, False: that class is of 2011
    """
    return bool(_FORM.match(code)) and _there(code, "2017")


def industry(code: str, edition: str = "2017") -> Industry:
    """A code of an edition with its meaning.

    code     section letter and digits, as C3421
    Raises   InputError: no such code; where another edition has it, with what it became

    Example  industry("C342").en  # "metal-working machinery"
    """
    code = code.strip().upper()
    if edition not in EDITIONS:
        raise InputError("no such edition of GB/T 4754", came=edition, expected=", ".join(EDITIONS))
    if not _FORM.match(code):
        raise InputError("not an industry code", came=code, expected="a letter and up to four digits, e.g. C3421")
    if not _there(code, edition):
        raise _unknown(code, edition)
    if edition != "2017":
        return _older(code, edition)
    found = industries()[code[:4]]
    if len(code) < 5:
        return found
    return Industry(code, edition, "class", found.zh, found.en, found.ko, found.isic)


def _unknown(code: str, edition: str) -> InputError:
    other = next((one for one in EDITIONS if one != edition and _there(code, one)), None)
    where = f"GB/T 4754-{edition}"
    if other == "2011":
        hint = f"a code of the edition of 2011; now {', '.join(from_older(code))}"
        return InputError("a code of an older edition", came=code, expected=f"a code of {where}", hint=hint)
    if other:
        hint = f"a code of the edition of {other}"
        return InputError("a code of another edition", came=code, expected=f"a code of {where}", hint=hint)
    close = difflib.get_close_matches(code, industries(), 1, 0.6)
    hint = f"did you mean {close[0]}?" if close else ""
    return InputError("no such industry code", came=code, expected=f"a code of {where}", hint=hint)


def _older(code: str, edition: str) -> Industry:
    new = from_older(code, edition)
    found = [industries()[one[:4]] for one in new]
    changed = next((_changes()[part][1] for part in (code, code[:4]) if part in _changes()), "")
    isic = tuple(dict.fromkeys(one for entry in found for one in entry.isic))
    zh, en, ko = (", ".join(dict.fromkeys(words)) for words in zip(*((e.zh, e.en, e.ko) for e in found), strict=True))
    return Industry(code, edition, _LEVELS[len(code)], changed or zh, en, ko, isic)


def isic_of(code: str, edition: str = "2017") -> tuple[str, ...]:
    """Prefixes of ISIC Rev. 4 that a code falls into: luban's reading. Raises InputError.

    Example  isic_of("C374")  # ("303",)
    """
    return industry(code, edition).isic


def of_isic(code: str) -> tuple[str, ...]:
    """Groups of GB/T 4754-2017 that fall into an ISIC Rev. 4 code, wholly or in part: luban's reading; () for none.

    Example  of_isic("303")  # ("C374",)
    """
    found = (one for one in industries().values() if one.level == "group")
    return tuple(one.code for one in found if any(is_in(part, code) or is_in(code, part) for part in one.isic))


def from_older(code: str, edition: str = "2011") -> tuple[str, ...]:
    """What a code of an older edition is in that of 2017.

    Several codes where it was split; a class becomes its group where the classes of the group were renumbered.
    Raises   InputError: the older edition has no such code

    Source   GB/T 4754-2017, annex on the changes against 2011
    Example  from_older("C3130"), from_older("C3467")  # ("C3391",), ("C405",)
    """
    code = code.strip().upper()
    if edition == "2017":
        return (industry(code).code,)
    if edition not in EDITIONS:
        raise InputError("no such edition of GB/T 4754", came=edition, expected=", ".join(EDITIONS))
    if not _FORM.match(code) or not _there(code, edition):
        raise InputError("no such industry code", came=code, expected=f"a code of GB/T 4754-{edition}")
    if code in _changes():
        return _changes()[code][0]
    group = code[:4]
    if group in _changes():
        return _changes()[group][0]
    if len(code) == 5 and _classes("2011")[group] != _classes("2017")[group]:
        return (group,)
    return (code,)


def parent(code: str) -> str:
    """The code one level up; "" above a section.

    Example  parent("C3421"), parent("C34")  # "C342", "C"
    """
    return code[: {5: 4, 4: 3, 3: 1}.get(len(code), 0)]


def is_in(code: str, prefix: str) -> bool:
    """Whether a code is a prefix's own or lies below it; "" holds all.

    Example  is_in("C3421", "C34"), is_in("C3421", "C")  # True, True
    """
    return code.startswith(prefix)


def divisions(section: str = "") -> tuple[Industry, ...]:
    """The divisions (two digits) of a section; of all where none is named."""
    return tuple(one for one in industries().values() if one.level == "division" and is_in(one.code, section))


def groups(prefix: str = "") -> tuple[Industry, ...]:
    """The groups (three digits) of a section or division; all where none is named."""
    return tuple(one for one in industries().values() if one.level == "group" and is_in(one.code, prefix))
