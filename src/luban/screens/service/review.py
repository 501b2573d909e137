"""What a review is made of, from a folder with books, a file of returns, or a file of values.

Reads   books, `evaluation.toml`, `deflators.csv`, tables    Writes  nothing
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import narwhals as nw

from luban.core.errors import InputError
from luban.core.time import now, to_datetime
from luban.ledger import Ledger
from luban.norms.plans import USUAL, TargetPlan
from luban.rollup.deflators import Deflators, read_deflators
from luban.rollup.evaluation import Policy, read_policies, usable_policies
from luban.rollup.frame import read_frame
from luban.rollup.programmes.table import read_table
from luban.rollup.read import whole
from luban.rollup.returns import returns_frame, years_of
from luban.rollup.review import Inputs, cuts_of, inputs_of, rows_of
from luban.screens.service import places
from luban.screens.service.returns import as_of_seq, plan_named

__all__ = ["ACTS", "Loaded", "acts_of", "inputs_from", "plan_of", "read_values", "today_of"]

ACTS: Final = "evaluation.toml"
"""File of a folder that names the acts to be judged."""

_NAMES: Final = {
    "indicator": ("indicator", "id", "指标", "지표"),
    "region": ("region", "unit", "economy", "地区", "单位", "지역"),
    "year": ("year", "period", "年份", "时期", "연도"),
    "value": ("value", "值", "数值", "값"),
    "low": ("low", "下限", "하한"),
    "high": ("high", "上限", "상한"),
    "n": ("n",),
    "reason": ("reason",),
}
_NUMBERS: Final = ("value", "low", "high", "n")


@dataclass(frozen=True)
class Loaded:
    """What was loaded.

    inputs   of the review;  source  where from
    frame    wide frame of units, None where only values came;  deflators  that belong to it
    """

    inputs: Inputs
    source: str
    frame: nw.LazyFrame[Any] | None = None
    deflators: Deflators | None = None


def inputs_from(
    source: Path, *, plan: str = "", year: int = 0, today: date | None = None, policies: Path | None = None,
    deflators: Path | None = None, as_of: str = "", acts: tuple[Policy, ...] = (), indicator: str = "",
) -> Loaded:  # fmt: skip
    """Inputs of a review.

    source     folder with books; file of returns, a row a unit and year; file of values (region, year, value, …)
    plan       by name or folder; that of the folder's plant.toml by default
    year       programmes at its end; the newest year that is known by default
    policies   acts to be judged; `evaluation.toml` beside the source by default, where one that cannot be read is
               named in the notes;  acts  further ones
    as_of      a vintage by its name, or a seq
    indicator  of a file of values that does not name one
    Raises     InputError, ConfigError: not there, not readable, no such plan or vintage
    """
    folder = source if source.is_dir() else source.parent
    named, prices, zone = _settings(folder)
    chosen = plan_named(plan or named or USUAL, folder)
    told, odd = acts_of(folder) if policies is None else (read_policies(policies), ())
    given = deflators or (folder / prices if prices else None)
    price = read_deflators(given) if given is not None else None
    when = today or to_datetime(now(), zone).date()
    if source.is_dir():
        made = _books(source, chosen, year, when, (*told, *acts), price, as_of)
    elif (values := read_values(source, indicator=indicator)) is not None:
        known = [int(one["year"]) for one in values if one["value"] is not None]
        last = year or max(known, default=when.year)
        made = Loaded(inputs_of(chosen, last, when, rows=values, policies=(*told, *acts)), source.name)
    else:
        frame = read_frame(source, chosen)
        made = _framed(frame, chosen, year, when, (*told, *acts), price, source.name, None, None)
    return replace(made, inputs=replace(made.inputs, notes=(*odd, *made.inputs.notes))) if odd else made


def _has_values(path: Path) -> bool:
    """Whether a text table has a column of values; returns of many units are not read to find out."""
    if path.suffix.lower() != ".csv":
        return True
    with path.open("rb") as file:
        head = file.read(4096).decode("utf-8-sig", "ignore").splitlines()
    names = {one.strip(" \"'").casefold() for line in head[:8] for one in re.split(r"[,;\t|]", line)}
    return not head or bool(names & set(_NAMES["value"]))


def acts_of(folder: Path) -> tuple[tuple[Policy, ...], tuple[str, ...]]:
    """(acts of a folder's `evaluation.toml` that can be read, what is wrong with the others)."""
    beside = folder / ACTS
    if not beside.is_file():
        return (), ()
    found, faults = usable_policies(beside)
    return found, tuple(f"{one.where} is not judged: {one.message}: {one.came}".removesuffix(": ") for one in faults)


def plan_of(folder: Path, name: str = "") -> TargetPlan:
    """The plan that is named, else the one of the folder's plant.toml, else luban's own. Raises ConfigError."""
    return plan_named(name or _settings(folder)[0] or USUAL, folder)


def today_of(folder: Path) -> date:
    """The day that it is where a folder's plant is; in UTC without a plant.toml."""
    return to_datetime(now(), _settings(folder)[2]).date()


def read_values(path: Path, *, indicator: str = "") -> list[dict[str, Any]] | None:
    """Rows of a file of values: region (or economy, unit; "" the whole), year, value, perhaps indicator, low, high, n.

    None where the file is none: it has no column of values.
    Raises  InputError with file and row
    """
    if path.suffix.lower() == ".parquet" or not path.is_file() or not _has_values(path):
        return None
    rows = read_table(path, ())
    if not rows:
        raise InputError("the table has no row", where=path.name)
    names = list(rows[0][1])
    own = {key: next((one for one in known if one in names), "") for key, known in _NAMES.items()}
    if not own["value"] or not own["year"]:
        return None
    if not own["indicator"] and not indicator:
        raise InputError(
            "which indicator are the values of?", where=path.name, expected="a column indicator, or --indicator"
        )
    found = []
    for place, cells in rows:
        told: dict[str, Any] = {key: cells.get(name, "") if name else "" for key, name in own.items()}
        told["indicator"] = told["indicator"] or indicator
        if indicator and told["indicator"] != indicator:
            continue
        try:
            told["year"] = whole(told["year"])
            for key in _NUMBERS:
                text = str(told[key])
                told[key] = None if text in ("", "-", "–") else float(text)
        except ValueError:
            raise InputError("not a year or not a number", came=", ".join(cells.values()), where=place) from None
        found.append(told)
    return found


def _settings(folder: Path) -> tuple[str, str, ZoneInfo | None]:
    """(plan, file of deflators, time zone) that the folder's plant.toml names."""
    if not (folder / "plant.toml").is_file():
        return "", "", None
    from luban.plant import load

    plant = load(folder)
    return plant.rollup.plan, plant.rollup.deflators, plant.zone


def _books(
    folder: Path,
    plan: TargetPlan,
    year: int,
    today: date,
    acts: tuple[Policy, ...],
    price: Deflators | None,
    as_of: str,
) -> Loaded:
    home = places(folder)
    if not home.ledger.is_dir():
        raise InputError("no books here", where=str(home.ledger), hint="luban returns take DIR FILE makes them")
    ledger = Ledger(home.ledger)
    seq = as_of_seq(ledger, as_of)
    known = years_of(ledger, seq)
    if not known:
        made = inputs_of(plan, year or today.year, today, ledger=ledger, policies=acts, as_of=seq)
        return Loaded(made, folder.resolve().name)
    frame = returns_frame(ledger, plan, as_of=seq)
    return _framed(frame, plan, year or known[-1], today, acts, price, folder.resolve().name, ledger, seq)


def _framed(
    frame: nw.LazyFrame[Any], plan: TargetPlan, year: int, today: date, acts: tuple[Policy, ...],
    price: Deflators | None, source: str, ledger: Ledger | None, seq: int | None,
) -> Loaded:  # fmt: skip
    rows = rows_of(frame, plan, deflators=price)
    last = year or max((int(one["year"]) for one in rows), default=today.year)
    cuts: Mapping[str, Any] = cuts_of(frame, plan, last, deflators=price)
    made = inputs_of(plan, last, today, rows=rows, ledger=ledger, policies=acts, cuts=cuts, as_of=seq)
    return Loaded(made, source, frame, price)
