"""The canonical frame of a roll-up: one row a unit and year, one column an element; an unknown is null, never 0.

Reads   files, or frames of `luban.rollup.returns`; writes nothing
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import narwhals as nw
import pyarrow as pa

from luban.core.errors import InputError
from luban.norms.plans import TargetPlan
from luban.rollup.read import scan

__all__ = ["FRAME", "LEVELS", "canonical", "read_frame"]

FRAME: Final = pa.schema(
    [
        ("unit", pa.string()),
        ("level", pa.string()),
        ("year", pa.int64()),
        ("region", pa.string()),
        ("industry", pa.string()),
        ("size", pa.string()),
        ("above_scale", pa.bool_()),
        ("stratum", pa.string()),
        ("weight", pa.float64()),
    ]
)
"""unit, level ("enterprise" or "region"), year, region (path, "CN/31/3101"), industry ("C3421"), size ("large",
"medium", "small", "micro" or ""), above_scale (null: unknown), stratum ("" where not sampled), weight (units that it
stands for; null: not in the sample). A column of float64 for each element of the plan follows."""
LEVELS: Final = ("enterprise", "region")
_NEEDED: Final = ("unit", "year")
_DEFAULTS: Final[dict[str, Any]] = {
    "level": "enterprise", "region": "", "industry": "", "size": "", "above_scale": None, "stratum": "", "weight": 1.0,
}  # fmt: skip
_YES: Final = ("true", "yes", "1", "1.0", "是", "예")
_NO: Final = ("false", "no", "0", "0.0", "否", "아니오")


def canonical(frame: nw.LazyFrame[Any], plan: TargetPlan) -> nw.LazyFrame[Any]:
    """The frame with every column that a roll-up needs, in the right types, and no other.

    frame  at least `unit` and `year`; what is missing takes its usual value: an enterprise in a census (weight 1),
           `above_scale` unknown, elements unknown. A region's row may leave `unit` to its path.
    Raises InputError: `unit` or `year` missing, a year that is no whole number, or a column that is nearly an
           element's name.
    Example canonical(nw.from_native(table).lazy(), load_plan("mic2025"))
    """
    schema = frame.collect_schema()
    missing = [name for name in _NEEDED if name not in schema]
    if missing:
        raise InputError(
            "a column is missing",
            came=", ".join(schema.names()),
            expected=", ".join(missing),
            hint="one row for each unit and year: unit, year, region, industry, …, and a column for each element",
        )
    _no_near_miss(schema.names(), plan)
    if not any(name in schema for name in plan.elements):
        raise InputError(
            "no element of the plan among the columns",
            came=", ".join(schema.names()),
            expected=", ".join(plan.elements),
            hint="a column for each element; a table of unit, element, year, value is read by luban returns",
        )
    keys = {name: _key(name, schema.get(name)) for name in FRAME.names}
    if "industry" in schema and not _are_plain(frame):
        keys["industry"] = keys["industry"].str.strip_chars().str.to_uppercase()
    if "level" in schema and "region" in schema:
        nameless = (keys["level"] == "region") & (keys["unit"] == "")
        keys["unit"] = nw.when(nameless).then(keys["region"]).otherwise(keys["unit"])
    for name in ("year", "weight", *plan.elements):
        if schema.get(name) == nw.String:
            _all_numbers(frame, name)
    if not schema["year"].is_integer():  # engines would round a fraction, each in its own way
        _whole_years(frame)
    elements = {name: _number(name, schema.get(name)) for name in plan.elements}
    return frame.select(**keys, **elements)


def _key(name: str, dtype: Any) -> nw.Expr:
    if dtype is None:
        kind: Any = {"above_scale": nw.Boolean, "weight": nw.Float64}.get(name, nw.String)
        return nw.lit(_DEFAULTS[name]).cast(kind)
    column = nw.col(name)
    if name == "year":
        return column.cast(nw.Int64)
    if name == "weight":
        return _number(name, dtype)
    if name == "above_scale":
        if dtype == nw.Boolean:
            return column
        text = column.cast(nw.String).str.to_lowercase()
        return nw.when(text.is_in(_YES)).then(nw.lit(True)).when(text.is_in(_NO)).then(nw.lit(False))
    return column.cast(nw.String).fill_null(_DEFAULTS.get(name) or "")


def _are_plain(frame: nw.LazyFrame[Any]) -> bool:
    """Whether codes of industries stand as they are compared: to trim them row by row costs a quarter of a roll-up."""
    found = frame.group_by("industry").agg(n=nw.len()).collect("pyarrow").to_native()["industry"].to_pylist()
    return all(str(one) == str(one).strip().upper() for one in found if one is not None)


def _number(name: str, dtype: Any) -> nw.Expr:
    """A float; a number that is none, or not finite, is unknown."""
    if dtype is None:
        return nw.lit(None).cast(nw.Float64)
    column = nw.col(name)
    if dtype == nw.Float64:
        return column
    return column.cast(nw.Float64)


def _all_numbers(frame: nw.LazyFrame[Any], name: str) -> None:
    """Texts that an engine would stumble over later are named here."""
    found = frame.filter(~nw.col(name).is_null()).select(nw.col(name)).unique().collect("pyarrow").to_native()
    bad = [text for text in found[name].to_pylist() if not _is_number(text)]
    if bad:
        rows = frame.filter(nw.col(name).is_in(bad)).select("unit", "year").head(1).collect("pyarrow").to_native()
        where = "unit {unit}, {year}".format(**rows.to_pylist()[0])
        raise InputError(f"{name} is no number", came=min(bad), expected="a number, or nothing", where=where)


def _whole_years(frame: nw.LazyFrame[Any]) -> None:
    year = nw.col("year").cast(nw.Float64)
    broken = (~year.is_null() & (~year.is_finite() | (year % 1 != 0))).fill_null(False)
    bad = frame.filter(broken).select("unit", "year").head(1).collect("pyarrow").to_native().to_pylist()
    if bad:
        raise InputError("not a year", came=str(bad[0]["year"]), expected="a whole number, e.g. 2020",
                         where=f"unit {bad[0]['unit']}")  # fmt: skip


def _is_number(text: str) -> bool:
    if not text.isascii() or "_" in text:  # Python reads these, engines do not
        return False
    try:
        float(text)
    except ValueError:
        return False
    return True


def _no_near_miss(names: Sequence[str], plan: TargetPlan) -> None:
    known = [*FRAME.names, *plan.elements]
    for name in names:
        if name in known:
            continue
        close = difflib.get_close_matches(name, [one for one in known if one not in names], 1, 0.88)
        if close:
            raise InputError(
                "a column is nearly an element of the plan", came=name, expected=close[0], hint="correct its name"
            )


def read_frame(paths: Path | Sequence[Path], plan: TargetPlan, *, backend: str = "duckdb") -> nw.LazyFrame[Any]:
    """The frame from Parquet, CSV or Excel files, or folders of Parquet files.

    paths    files with the same columns
    backend  where it computes: duckdb, polars, pyspark …
    Raises   InputError as `canonical`; no such file, unknown kind
    Example  read_frame(Path("firms.parquet"), load_plan("mic2025"))
    """
    files = [paths] if isinstance(paths, Path) else list(paths)
    if not files:
        raise InputError("no file", expected="Parquet, CSV or Excel files with one row for each unit and year")
    frames = []
    for path in files:
        try:
            frames.append(canonical(scan(path, backend), plan))
        except InputError as error:
            error.where = error.where or str(path)
            raise
    return frames[0] if len(frames) == 1 else nw.concat(frames)
