"""A third party's bundle: data, definitions, code and its versions, and the results, in one file.

An outsider needs nothing else to get the same numbers: `python BUNDLE.zip` computes the review anew with the code in
the bundle, `luban evaluate BUNDLE.zip` with the code that is installed; both compare the results byte for byte.

Reads   a review's inputs, or a bundle    Writes  a bundle
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import platform
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, get_type_hints

import narwhals as nw
import pyarrow as pa
import pyarrow.parquet as pq

from luban import __version__
from luban.core.errors import InputError
from luban.norms.plans import TargetPlan, load_plan
from luban.rollup.bundle.pack import PACKAGES, code_digest, code_files, pack, packages, unpack
from luban.rollup.bundle.plain import from_plain, to_plain
from luban.rollup.deflators import Deflators
from luban.rollup.frame import canonical
from luban.rollup.minutes import Item, Quote
from luban.rollup.programmes import Cut, Effect, ways
from luban.rollup.protect import Protected, protect_indicators
from luban.rollup.protect.words import REASONS
from luban.rollup.review import COLUMNS, Inputs, Review, canonical_json, cuts_of, review, rows_of

__all__ = ["LEVELS", "Compared", "Made", "protected_inputs", "recompute", "tell", "write_bundle"]

LEVELS: Final[Mapping[str, str]] = {
    "cells": "figures of regions after disclosure control: fit for everybody",
    "units": "returns of each unit without its name: for evaluators with the right to see them",
}
"""What the data of a bundle are."""

_FORMAT: Final = 1
_BOOK: Final = ("policies", "tasks", "things", "effects", "targets", "agenda", "cuts", "notes")
_NUMBERS: Final = frozenset(COLUMNS) - {"indicator", "region", "reason"}
_WHOLE: Final = frozenset({"year", "n", "population", "excluded"})
_MOST: Final = 40
_FEWEST: Final = 3
_SAME: Final = 1e-9
_BATCH: Final = 1 << 14

_MAIN: Final = '''"""Computes the review in this bundle anew, with the code in it: python BUNDLE.zip"""

import pathlib
import sys
import tempfile
import zipfile
import zlib

bundle = pathlib.Path(sys.argv[0])
with tempfile.TemporaryDirectory() as folder:
    try:
        with zipfile.ZipFile(bundle) as held:
            held.extractall(folder, [name for name in held.namelist() if name.startswith("code/")])
    except (EOFError, OSError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        sys.exit(f"the bundle is damaged: {error}")
    sys.path.insert(0, str(pathlib.Path(folder) / "code"))
    try:
        from luban.rollup.bundle import tell
    except ImportError as error:
        sys.exit(f"{error}. Needed: Python 3.11 or later and the packages of lock.txt (pip install -r lock.txt)")
    sys.exit(tell(bundle))
'''

_READ_ME: Final = """A review of a plan with all it rests on. To compute it anew:

    unzip -p THIS.zip lock.txt > lock.txt && pip install -r lock.txt     (a clean environment)
    python THIS.zip                                                      (with the code in it)
    luban evaluate THIS.zip                                              (with luban as it is installed)

inputs/    what the review rests on      plan/   definitions and targets      results.json   what it says
code/      what computes it              lock.txt   versions it ran with      manifest.json  digests of all files

本文件包含评估所依据的全部数据、定义、代码与结果；按上述命令可逐字节重算。
이 파일에는 평가의 근거가 되는 데이터, 정의, 코드, 결과가 모두 들어 있다.
위 명령으로 바이트 단위까지 다시 계산할 수 있다.
"""


@dataclass(frozen=True, slots=True)
class Made:
    """A bundle that was written.

    sha256   of the file: publish it beside the file
    review   in it;  withheld  figures that disclosure control keeps back
    """

    path: Path
    sha256: str
    review: Review
    withheld: int


@dataclass(frozen=True, slots=True)
class Compared:
    """A bundle computed anew.

    same         results are equal byte for byte
    differences  (place, in the bundle, computed anew), the first ones
    code_same    the code that computed is the code in the bundle;  code  its version
    environment  (package, version in the bundle, version here) where they differ
    review       as computed anew;  level  one of LEVELS
    """

    same: bool
    differences: tuple[tuple[str, str, str], ...]
    code_same: bool
    code: str
    environment: tuple[tuple[str, str, str], ...]
    review: Review
    level: str

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {"same": self.same, "differences": [list(one) for one in self.differences], "code": self.code,
                "code_same": self.code_same, "environment": [list(one) for one in self.environment],
                "level": self.level}  # fmt: skip


def protected_inputs(
    inputs: Inputs, frame: nw.LazyFrame[Any], deflators: Deflators | None = None
) -> tuple[Inputs, int]:
    """(inputs fit for everybody, figures withheld).

    Rows after disclosure control; cuts only over all industries, and of three units or more; pilots without a name;
    values that decisions quote only where the rows tell the same.
    """
    found: Protected = protect_indicators(
        canonical(frame, inputs.plan), inputs.plan, by=("region",), depth={"region": 1}, deflators=deflators
    )
    rows = found.rows(inputs.rows)
    hidden = sum(one["reason"] != own["reason"] for one, own in zip(rows, inputs.rows, strict=True))
    cuts = {name: _told(name, one, inputs.plan, frame) for name, one in inputs.cuts.items()}
    notes = (f"{hidden} figures are withheld by disclosure control",) if hidden else ()
    if any(isinstance(one, Cut) for one in cuts.values()):
        notes = (*notes, "a cut by industry is not in a bundle for everybody: only the pooled one")
    notes = (*inputs.notes, *notes)
    agenda, effects = _quotable(inputs.agenda, rows), _nameless(inputs.effects)
    return replace(inputs, rows=tuple(rows), cuts=cuts, effects=effects, agenda=agenda, notes=notes), hidden


def write_bundle(
    path: Path, inputs: Inputs, *, frame: nw.LazyFrame[Any] | None = None, deflators: Deflators | None = None,
    level: str = "cells", code: bool = True,
) -> Made:  # fmt: skip
    """Write a bundle.

    inputs     of the review
    frame      wide frame of units, where there is one: figures are protected (cells), or the units go along (units)
    deflators  that the figures were made with
    code       put the code in, so that nothing but Python and the packages of lock.txt is needed
    Raises     InputError: an unknown level, units asked for without a frame, it cannot be written
    """
    if level not in LEVELS:
        raise InputError("no such level", came=level, expected=", ".join(LEVELS))
    if level == "units" and frame is None:
        raise InputError("no returns of units to put into the bundle", expected="level cells")
    hidden = 0
    content: dict[str, bytes] = {}
    if level == "units" and frame is not None:
        content["inputs/units.parquet"] = _units(frame, inputs.plan)
        content["inputs/deflators.csv"] = _prices(deflators)
    else:
        if frame is not None:
            inputs, hidden = protected_inputs(inputs, frame, deflators)
        content["inputs/points.csv"] = _points(inputs.rows)
    content["inputs/book.json"] = _json({
        **{name: to_plain(getattr(inputs, name)) for name in _BOOK},
        "year": inputs.year, "today": inputs.today.isoformat(), "vintage": inputs.vintage,
    })  # fmt: skip
    content |= {
        f"plan/{one.name}": one.read_bytes() for one in inputs.plan.folder.iterdir() if one.name.endswith(".toml")
    }
    made = _computed(content, level)  # from what is in the bundle, not from what went into it
    content["results.json"] = canonical_json(made.as_dict())
    held = packages()
    content["lock.txt"] = "".join(f"{name}=={held[name]}\n" for name in PACKAGES).encode()
    own = code_files()
    if code:
        content |= own
        content["__main__.py"] = _MAIN.encode()
    content["README.txt"] = _READ_ME.encode()
    about = {
        "format": _FORMAT, "luban": __version__, "code": code_digest(own), "level": level, "withheld": hidden,
        "plan": {"id": inputs.plan.id, "digest": made.inputs.plan.digest}, "vintage": inputs.vintage,
        "python": platform.python_version(), "packages": held,
    }  # fmt: skip
    return Made(path, pack(path, content, about), made, hidden)


def recompute(path: Path) -> Compared:
    """Compute the review of a bundle anew, and compare.

    Raises   InputError: no bundle, changed after it was made, of a later format
    """
    content, manifest = unpack(path)
    if manifest.get("format") != _FORMAT:
        raise InputError("a bundle of another format", came=str(manifest.get("format")), expected=str(_FORMAT),
                         hint="take the luban of its manifest", where=path.name)  # fmt: skip
    level = str(manifest.get("level"))
    if level not in LEVELS:
        raise InputError("the bundle cannot be read", came=f"level {level}", expected=", ".join(LEVELS),
                         where=path.name)  # fmt: skip
    try:
        made, stated = _computed(content, level), content["results.json"]
        told = json.loads(stated)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError("the bundle cannot be read", came=repr(error), where=path.name) from None
    found = canonical_json(made.as_dict())
    differences = () if found == stated else tuple(_differences(told, json.loads(found)))
    here, there = packages() | {"python": platform.python_version()}, dict(manifest.get("packages", {}))
    there["python"] = str(manifest.get("python"))
    apart = tuple((name, there[name], here.get(name, "")) for name in sorted(there) if there[name] != here.get(name))
    same_code = code_digest(code_files()) == (code_digest(content) or manifest.get("code"))
    return Compared(found == stated, differences[:_MOST], same_code, f"luban {__version__}", apart, made, level)


def tell(path: Path) -> int:
    """Compute a bundle anew and say on the terminal what came out; 0 where the results are the same."""
    try:
        found = recompute(path)
    except InputError as error:
        print(error)
        return 2
    own = found.review.inputs
    said = "the same, byte for byte" if found.same else f"DIFFERENT in {len(found.differences)} places"
    print(f"{own.plan.title.en}, {own.year}: {len(own.rows)} figures, {len(found.review.standings)} milestones, "
          f"{len(found.review.evaluations)} acts judged: {said}")  # fmt: skip
    for place, was, now in found.differences:
        print(f"  {place}: {was} → {now}")
    if not found.code_same:
        print("  the code here is not that of the bundle")
    for name, was, now in found.environment:
        print(f"  {name}: {was} in the bundle, {now} here")
    return 0 if found.same else 1


def _computed(content: Mapping[str, bytes], level: str) -> Review:
    """The review of what is in a bundle; the plan's folder is there only as long."""
    with tempfile.TemporaryDirectory() as folder:
        for name, held in content.items():
            if name.startswith("plan/") and "/" not in name[5:] and ".." not in name:
                Path(folder, name[5:]).write_bytes(held)
        plan = load_plan(folder)
        book = json.loads(content["inputs/book.json"])
        hints = get_type_hints(Inputs)
        known = {one.name for one in fields(Inputs)}
        given = {name: from_plain(hints[name], own) for name, own in book.items() if name in known}
        made = Inputs(plan=plan, **given)
        if level != "units":
            return review(replace(made, rows=_rows(content["inputs/points.csv"])))
        frame: nw.LazyFrame[Any] = nw.from_native(pq.read_table(io.BytesIO(content["inputs/units.parquet"]))).lazy()
        prices = _deflators(content["inputs/deflators.csv"])
        rows, cuts = rows_of(frame, plan, deflators=prices), cuts_of(frame, plan, made.year, deflators=prices)
        return review(replace(made, rows=rows, cuts=cuts))


def _told(name: str, cut: Cut | str, plan: TargetPlan, frame: nw.LazyFrame[Any]) -> Cut | str:
    """A cut over all industries, without them; why it is withheld where a year of it is of fewer than _FEWEST units."""
    if isinstance(cut, str):
        return cut
    way = ways(plan)[name]
    taken = (str(way["numerator"]), str(way["denominator"]))
    known = canonical(frame, plan).select("unit", "year", "industry", *taken)
    rows = known.filter(nw.col("year").is_in([cut.base, cut.year])).drop_nulls(list(taken)).collect("pyarrow")
    parts = tuple(one.key for one in cut.parts)
    behind: dict[int, set[str]] = {cut.base: set(), cut.year: set()}
    for one in rows.to_native().to_pylist():
        if str(one["industry"]).startswith(parts):
            behind[one["year"]].add(one["unit"])
    if min(map(len, behind.values())) < _FEWEST:
        return REASONS["minimum"]
    return replace(cut, parts=(), left_out=())


def _quotable(agenda: Iterable[Item], rows: Iterable[Mapping[str, Any]]) -> tuple[Item, ...]:
    """Items whose quotes tell no more than the rows: a value that is withheld, or of another vintage, is left out."""
    told = {(one["indicator"], one["region"], one["year"]): one["value"] for one in rows}

    def open_(one: Quote) -> Quote:
        value = None if one.industry else told.get((one.indicator, one.region, one.year))
        same = value is not None and one.value is not None and math.isclose(value, one.value, rel_tol=_SAME)
        return one if same else replace(one, value=None)

    return tuple(replace(one, quotes=tuple(map(open_, one.quotes))) for one in agenda)


def _nameless(some: Sequence[Effect]) -> tuple[Effect, ...]:
    """Results of pilots without who and where; in an order that follows from the results alone."""
    own: dict[str, list[Effect]] = {}
    for one in some:
        own.setdefault(one.pilot, []).append(replace(one, pilot="", region="", industry="", category="", seq=0))
    order = sorted(own.values(), key=lambda few: hashlib.sha256(repr(few).encode()).hexdigest())
    return tuple(replace(one, pilot=f"#{at}") for at, few in enumerate(order, 1) for one in few)


def _units(frame: nw.LazyFrame[Any], plan: TargetPlan) -> bytes:
    """Returns of units without names, as Parquet."""
    table: pa.Table = canonical(frame, plan).collect("pyarrow").to_native()
    names = table["unit"].to_pylist()
    own: dict[Any, list[bytes]] = {}
    digests = (
        hashlib.sha256(repr(row).encode()).digest()
        for batch in table.drop_columns(["unit"]).to_batches(max_chunksize=_BATCH)
        for row in batch.to_pylist()
    )
    for name, digest in zip(names, digests, strict=True):
        own.setdefault(name, []).append(digest)
    # in an order that follows from the figures alone: a list of names does not bring the names back
    order = sorted(own, key=lambda one: sorted(own[one]))
    number = {name: f"u{at:07d}" for at, name in enumerate(order, 1)}
    table = table.set_column(table.column_names.index("unit"), "unit", pa.array([number[one] for one in names]))
    table = table.sort_by([("unit", "ascending"), ("year", "ascending")]).replace_schema_metadata(None)
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd", store_schema=False)
    return out.getvalue()


def _points(rows: Iterable[Mapping[str, Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(
        ["" if one[name] is None else repr(one[name]) if name in _NUMBERS else one[name] for name in COLUMNS]
        for one in rows
    )
    return out.getvalue().encode()


def _rows(held: bytes) -> tuple[dict[str, Any], ...]:
    return tuple(
        {name: _cell(name, cell) for name, cell in one.items()} for one in csv.DictReader(io.StringIO(held.decode()))
    )


def _cell(name: str, cell: str) -> Any:
    if name not in _NUMBERS:
        return cell
    if not cell:
        return None
    return int(cell) if name in _WHOLE and "." not in cell and "e" not in cell else float(cell)


def _prices(deflators: Deflators | None) -> bytes:
    rows: Sequence[tuple[tuple[str, int], float]] = sorted(deflators.index.items()) if deflators else []
    return ("industry,year,index\n" + "".join(f"{key[0]},{key[1]},{value!r}\n" for key, value in rows)).encode()


def _deflators(held: bytes) -> Deflators | None:
    rows = list(csv.DictReader(io.StringIO(held.decode())))
    return Deflators.of((one["industry"], int(one["year"]), float(one["index"])) for one in rows) if rows else None


def _json(document: Any) -> bytes:
    return json.dumps(document, sort_keys=True, ensure_ascii=False, allow_nan=False, indent=1).encode() + b"\n"


def _differences(was: Any, now: Any, place: str = "") -> Iterable[tuple[str, str, str]]:
    if isinstance(was, dict) and isinstance(now, dict):
        for name in sorted({*was, *now}):
            yield from _differences(was.get(name), now.get(name), f"{place}.{name}" if place else name)
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for at, (one, other) in enumerate(zip(was, now, strict=True)):
            yield from _differences(one, other, f"{place}[{at}]")
    elif was != now:
        yield place, json.dumps(was, ensure_ascii=False)[:60], json.dumps(now, ensure_ascii=False)[:60]
