"""What `luban spc` charts: a file in any sane shape, or a characteristic of a plant's books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

import numpy as np

from luban.core.errors import InputError

if TYPE_CHECKING:
    from luban.understand.quality.data import Counts, Sample
    from luban.understand.quality.read import Columns, Order
    from luban.understand.quality.spc import Limits

__all__ = ["FromFile", "FromPlant", "file_data", "pairs", "plant_data", "usual_kind"]

_COUNTED = ("p", "np", "c", "u", "laney_p", "laney_u")
_MANY = ("t2", "mewma")
_SHORT = ("dnom", "z_mr", "short_xbar_r")
_RANGE_UP_TO = 8  # from larger subgroups on, a range wastes too much: NIST/SEMATECH e-Handbook 6.3.2.1


@dataclass(frozen=True, slots=True)
class FromFile:
    """How a file is to be read; empty: found where only one thing can be meant."""

    value: tuple[str, ...] = ()
    subgroup: str = ""
    time: str = ""
    size: int = 0
    shape: str = "auto"
    sheet: str = ""
    count: str = ""
    inspected: str = ""
    product: str = ""
    nominal: Mapping[str, float] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    order: str = "check"
    unit: str = ""


def pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """name=value of an option that may be repeated. Raises InputError."""
    told = {}
    for one in given:
        name, sign, value = one.partition("=")
        if not sign or not name.strip():
            raise InputError("not name=value", came=one, expected="e.g. weight=0.2", where=option)
        told[name.strip()] = value.strip()
    return told


def file_data(path: Path, kind: str, how: FromFile) -> tuple[str, Any]:
    """The kind of chart and its data. Raises InputError."""
    from luban.understand.quality.read import read_columns

    columns = read_columns(path, how.sheet)
    if how.where:
        columns = columns.only(how.where)
    if kind in _MANY:
        return kind, _vectors(columns, how)
    if kind in _COUNTED or how.count or (not kind and not how.value and _looks_counted(columns)):
        counts = _counts(columns, kind, how)
        return kind or _counted_kind(counts), counts
    if kind in _SHORT or how.product:
        return _products(columns, kind, how)
    sample = _sample(columns, how)
    return kind or usual_kind(sample), sample


def usual_kind(sample: Sample) -> str:
    """The chart that fits the subgroups: i_mr, xbar_r up to eight values, xbar_s for more or for unequal sizes."""
    sizes = sample.sizes
    most = int(sizes.max(initial=1))
    if most == 1:
        return "i_mr"
    return "xbar_r" if most <= _RANGE_UP_TO and bool((sizes == most).all()) else "xbar_s"


@dataclass(frozen=True, slots=True)
class FromPlant:
    """What a plant's books hold of a characteristic.

    sample  the values in subgroups
    kind    of the chart whose limits people froze; "" where they froze none
    stages  the revisions of these limits, oldest first
    rules   that these limits are judged by
    out     label of a point that people left out of the limits → why
    zone    of the plant
    """

    sample: Sample
    kind: str
    stages: tuple[Limits, ...]
    rules: tuple[str, ...]
    out: Mapping[str, str]
    zone: ZoneInfo


def plant_data(folder: Path, characteristic: str, group: str, span: str, start: str, end: str) -> FromPlant:
    """The values of a characteristic of a plant's books, and what people decided about its chart.

    group  single, lot or a number; "" as the limits were frozen, else single
    """
    from luban.screens.cli.options import chosen_span, plant_folder
    from luban.screens.service import PlantView
    from luban.screens.service.quality_limits import standing
    from luban.understand.book import entries
    from luban.understand.quality.measured import characteristics_with_data, measured

    view = PlantView(plant_folder(folder))
    if not characteristic:
        known = characteristics_with_data(view.ledger, view.plant)
        listed = ", ".join(f"{name} ({one.n} values)" for name, one in list(known.items())[:20])
        raise InputError("which characteristic", came="none", expected=listed or "a plant with measured values",
                         where="--characteristic")  # fmt: skip
    begin, until = chosen_span(view, span, start, end)
    stands = standing(entries(view.ledger, "limits", characteristic))
    newest = stands.newest
    grouped: str | int = int(group) if group.isdecimal() else group
    if not group:
        grouped = newest.group if newest else "single"
    found = measured(view.ledger, view.plant, characteristic, begin, until, group=grouped)
    alike = newest is not None and newest.group == grouped
    out = {}
    for at, seq in enumerate(found.seqs.tolist()):
        if seq in stands.out:
            point = int(np.searchsorted(found.sample.starts, at, side="right")) - 1
            out[str(found.sample.labels[point])] = stands.out[seq]
    stages = tuple(one.limits for one in stands.stages) if alike else ()
    return FromPlant(
        found.sample, newest.limits.kind if alike and newest else "", stages,
        newest.rules if alike and newest else (), out, view.plant.zone,
    )  # fmt: skip


# ---------------------------------------------------------------- of a file


def _order(how: FromFile) -> Order:
    if how.order not in {"check", "file", "time"}:
        raise InputError("no such order", came=how.order, expected="check, file or time", where="--order")
    return cast("Order", how.order)


def _sample(columns: Columns, how: FromFile) -> Sample:
    from luban.understand.quality.read import read_sample

    return read_sample(
        columns, value=how.value if len(how.value) != 1 else how.value[0], subgroup=how.subgroup, time=how.time,
        size=how.size, shape=how.shape, order=_order(how), unit=how.unit,
    )  # fmt: skip


def _looks_counted(columns: Columns) -> bool:
    from luban.understand.quality.read.names import role_of

    return any(role_of(name, ("defectives", "defects")) and columns.numeric(name) for name in columns.names)


def _counts(columns: Columns, kind: str, how: FromFile) -> Counts:
    from luban.understand.quality.read import read_counts

    defective = None if not kind else kind in {"p", "np", "laney_p"}
    size: str | float = how.inspected
    try:
        size = float(how.inspected) if how.inspected else ""
    except ValueError:
        size = how.inspected
    return read_counts(columns, count=how.count, size=size, subgroup=how.subgroup, time=how.time,
                       defective=defective, order=_order(how))  # fmt: skip


def _counted_kind(counts: Counts) -> str:
    if counts.defective:
        return "p"
    return "c" if len(np.unique(counts.sizes)) == 1 else "u"


def _vectors(columns: Columns, how: FromFile) -> Any:
    """Rows of several columns, each row one part."""
    from luban.understand.quality.spc.multivariate import vectors

    names = how.value or tuple(name for name in columns.names if columns.numeric(name))
    if len(names) < 2:
        raise InputError("a multivariate chart needs two characteristics or more", came=", ".join(names) or "none",
                         expected=", ".join(columns.names), where="--value")  # fmt: skip
    usable = columns.usable(names, [how.subgroup] if how.subgroup else [])
    rows = np.column_stack([usable.numbers[name] for name in names])
    made = vectors(rows, names, units=[usable.units[name] for name in names])
    if how.subgroup:
        made = _grouped(made, usable.texts[how.subgroup])
    elif how.size > 1:
        made = _grouped(made, [str(at // how.size + 1) for at in range(len(rows))])
    return replace(made, excluded=usable.excluded, source=columns.source)


def _grouped(made: Any, labels: Sequence[str]) -> Any:
    """Neighbouring rows of one label as a subgroup."""
    from luban.understand.quality.data import NO_TIME

    begins = [at for at in range(len(labels)) if at == 0 or labels[at] != labels[at - 1]]
    starts = np.array([*begins, len(labels)], np.int64)
    return replace(made, starts=starts, labels=tuple(labels[at] for at in begins), time=np.full(len(begins), NO_TIME))


def _products(columns: Columns, kind: str, how: FromFile) -> tuple[str, Any]:
    """Values with the product of each; subgroups are neighbours of one product and one subgroup name."""
    from luban.understand.quality.data import NO_TIME, Sample
    from luban.understand.quality.spc.short_run import products

    if not how.product:
        raise InputError("which column names the product", expected=", ".join(columns.names), where="--product")
    value = how.value[0] if how.value else _only_number(columns, {how.product, how.subgroup})
    texts = [how.product, *([how.subgroup] if how.subgroup else [])]
    usable = columns.usable([value], texts)
    names = usable.texts[how.product]
    groups = usable.texts[how.subgroup] if how.subgroup else tuple(map(str, range(1, len(names) + 1)))
    begins = [at for at in range(len(names)) if at == 0 or (names[at], groups[at]) != (names[at - 1], groups[at - 1])]
    starts = np.array([*begins, len(names)], np.int64)
    sample = Sample(value, usable.units[value], usable.numbers[value], starts, tuple(groups[at] for at in begins),
                    np.full(len(begins), NO_TIME), excluded=usable.excluded, source=columns.source)  # fmt: skip
    single = len(begins) == len(names)
    return kind or ("z_mr" if single else "short_xbar_r"), products(
        sample, [names[at] for at in begins], nominal=how.nominal
    )


def _only_number(columns: Columns, taken: set[str]) -> str:
    from luban.understand.quality.read.names import role_of

    found = [name for name in columns.names if columns.numeric(name) and name not in taken]
    valued = [name for name in found if role_of(name, ("value",))] or found
    if len(valued) != 1:
        raise InputError("which column holds the values", came=", ".join(found) or "none", where="--value")
    return valued[0]
