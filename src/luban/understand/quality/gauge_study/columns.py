"""The columns of a gauge study in a file: one reading a row, or the trials side by side."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Excluded
from luban.understand.quality.gauge_study.readings import Readings, readings
from luban.understand.quality.read import Columns
from luban.understand.quality.read.names import plain_name

__all__ = ["NAMES", "Judgements", "judgements_of", "named", "readings_of", "value_columns"]

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "part": (
        "part", "part no", "piece", "sample", "sample no", "wafer", "crystal", "serial", "item", "specimen", "teil",
        "零件", "部件", "工件", "样品", "件号", "부품", "시료", "제품",
    ),
    "operator": (
        "operator", "appraiser", "inspector", "person", "rater", "technician", "prüfer",
        "操作员", "评价人", "检验员", "测量者", "측정자", "평가자", "작업자", "검사자",
    ),
    "trial": (
        "trial", "repeat", "replicate", "repetition", "run order", "order", "no", "index",
        "试验", "次数", "重复", "반복", "회차",
    ),
    "reference": (
        "reference", "ref", "master", "standard", "true", "truth", "reference value", "attribute",
        "基准", "参考值", "标准值", "标准", "기준", "기준값", "참값",
    ),
    "value": (
        "value", "measurement", "reading", "measured", "result", "y", "x",
        "测量值", "值", "数值", "측정값", "값",
    ),
    "judgement": (
        "judgement", "judgment", "rating", "result", "decision", "assessment", "response", "value",
        "判定", "结果", "판정", "결과",
    ),
    "gauge": ("gauge", "gage", "probe", "instrument", "device", "量具", "仪器", "게이지", "계측기"),
    "run": ("run", "cycle", "轮次", "런"),
    "average": ("average", "mean", "avg", "xbar", "平均值", "均值", "평균"),
    "deviation": ("stddev", "std dev", "std", "sd", "s", "standard deviation", "标准差", "표준편차"),
}  # fmt: skip
"""Role of a column in a study → names under which it is found."""

_TRIAL = re.compile(r"(.*?)[\s_\-.#]*(\d+)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Judgements:
    """Judgements of a study of agreement, one row each; reference None where the file has none."""

    part: tuple[str, ...]
    appraiser: tuple[str, ...]
    judged: tuple[str, ...]
    reference: tuple[str, ...] | None
    excluded: tuple[Excluded, ...]
    source: str


def named(columns: Columns, role: str, given: str = "", *, needed: bool = True) -> str:
    """The column of a role; "" where there is none and none is needed.

    given   the column as asked for
    Raises  InputError: the asked column is not there, or none can be meant
    """
    if given:
        return columns.find(given)
    by_name = {plain_name(name): name for name in columns.names}
    found = next((by_name[name] for name in NAMES[role] if name in by_name), "")
    if not found and needed:
        expected = f"a column called {', '.join(NAMES[role][:4])}, or --{role} COLUMN"
        raise InputError(
            f"no column of the {role}", came=", ".join(columns.names), expected=expected, where=columns.source
        )
    return found


def value_columns(columns: Columns, given: str, taken: Sequence[str], *, text: bool = False) -> tuple[str, ...]:
    """Columns of the values: those asked for (commas between), one called value, or a row of numbered trials.

    taken  columns that have another role
    text   judgements in words count too
    """
    if given:
        return tuple(columns.find(one) for one in given.split(","))
    one = named(columns, "judgement" if text else "value", needed=False)
    if one and one not in taken:
        return (one,)
    trial = named(columns, "trial", needed=False)
    rest = [name for name in columns.names if name not in (*taken, trial) and (text or columns.numeric(name))]
    numbered = [name for name in rest if _TRIAL.match(name)]
    if len(numbered) > 1:
        return tuple(numbered)
    if len(rest) == 1:
        return (rest[0],)
    hint = "name the column of the values, or those of the trials with commas between"
    raise InputError("which column holds the values", came=", ".join(columns.names), where=columns.source, hint=hint)


def readings_of(
    columns: Columns,
    *,
    part: str = "",
    operator: str = "",
    value: str = "",
    unit: str = "",
    lower: float | None = None,
    upper: float | None = None,
    one_operator: bool = False,
) -> Readings:
    """Readings of a study: a reading a row, or a row for each part and operator with its trials side by side.

    one_operator  a file without a column of operators is one operator's
    Raises        InputError: columns that cannot be found, no reading that can be used
    Example       readings_of(read_columns("study.csv"), value="diameter").parts
    """
    piece = named(columns, "part", part)
    who = named(columns, "operator", operator, needed=not one_operator)
    own = value_columns(columns, value, [piece, who])
    numbers = [columns.numbers(name, unit) for name in own]
    pieces = columns.text(piece)
    people = columns.text(who) if who else ("1",) * len(columns)
    kept: list[tuple[str, str, float]] = []
    excluded: list[Excluded] = []
    for column in numbers:
        for row in range(len(columns)):
            bad = column.excluded.get(row)
            empty = next((key for key, cells in ((piece, pieces), (who, people)) if key and not cells[row]), "")
            if bad is None and empty:
                bad = Excluded(columns.place(row, empty), empty, "", "no value")
            if bad is not None:
                excluded.append(bad)
            else:
                kept.append((pieces[row], people[row], float(column.values[row])))
    if not kept:
        came = f"{excluded[0].where}: {excluded[0].reason}" if excluded else "no row"
        raise InputError("no reading can be used", came=came, where=columns.source)
    a, b, c = zip(*kept, strict=True)
    name = own[0] if len(own) == 1 else "value"
    return readings(
        a, b, np.array(c), characteristic=name, unit=numbers[0].unit, lower=lower, upper=upper,
        excluded=tuple(excluded), source=columns.source,
    )  # fmt: skip


def judgements_of(
    columns: Columns, *, part: str = "", operator: str = "", value: str = "", reference: str = ""
) -> Judgements:
    """Judgements of a study of agreement: one a row, or a row for each part with a column for each trial.

    Without a column of appraisers the columns of the trials name them: A-1, A-2, B-1 are two trials of A and one of B.
    """
    piece = named(columns, "part", part)
    who = named(columns, "operator", operator, needed=False)
    truth = named(columns, "reference", reference, needed=False)
    own = value_columns(columns, value, [name for name in (piece, who, truth) if name], text=True)
    pieces, truths = columns.text(piece), columns.text(truth) if truth else None
    rows: list[tuple[str, str, str, str]] = []
    excluded: list[Excluded] = []
    for name in own:
        cells = columns.text(name)
        people = columns.text(who) if who else (_appraiser(name, len(own)),) * len(columns)
        for row in range(len(columns)):
            told = (pieces[row], people[row], cells[row], truths[row] if truths else "-")
            at = next((key for key, cell in zip((piece, who, name, truth), told, strict=True) if not cell), None)
            if at is None:
                rows.append(told)
            else:
                excluded.append(Excluded(columns.place(row, at), at, "", "no value"))
    if not rows:
        raise InputError("no judgement can be used", came=f"{len(columns)} rows", where=columns.source)
    a, b, c, d = zip(*rows, strict=True)
    return Judgements(a, b, c, d if truths else None, tuple(excluded), columns.source)


def _appraiser(name: str, several: int) -> str:
    found = _TRIAL.match(name)
    return (found[1].strip(" _-.#") or name) if found and several > 1 else name
