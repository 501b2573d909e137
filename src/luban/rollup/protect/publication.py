"""Releases: all figures of a plan that are told of one vintage, judged once, beside every release before it.

A release is one table: every indicator, year, region and industry, down to the deepest level that is offered. Whoever
may look looks into that table, in whatever cut; nothing is computed for a single question. What was told stays told: a
later release is protected together with all earlier ones, by what stood behind them, which is kept and never shown.

Reads   the canonical frame, a plan, files of earlier releases
Writes  two files of a release: what is told, what is behind it
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from luban.core.errors import InputError
from luban.ledger.reader import Ledger
from luban.ledger.wal import sync_folder
from luban.norms.plans import TargetPlan
from luban.rollup.deflators import Deflators
from luban.rollup.indicators import INDICATORS, indicators
from luban.rollup.protect.indicators import protect_indicators
from luban.rollup.protect.quantities import Held, rules_of, table_of
from luban.rollup.protect.release import COMPLEMENTARY, PUBLISHED, Release
from luban.rollup.protect.rules import Rules
from luban.rollup.protect.table import DEPTH
from luban.understand.book import entries, row

__all__ = [
    "Publication", "PutOut", "publication_row", "publish", "put_out", "read_behind", "read_told", "write_publication",
]  # fmt: skip

_BY: Final = ("region", "industry")
_KIND: Final = "return"
_CODE: Final = "release"
_ABOUT: Final = "luban"


@dataclass(frozen=True, slots=True)
class Publication:
    """What is told of a vintage.

    name   of the vintage;  seq  the books as they stood then
    depth  steps of a region's path, digits of an industry: how deep it goes
    rows   of `INDICATORS`, in every cut down to `depth`; a sampling interval is not among what is told
    held   year → what stands behind it and behind no earlier release
    """

    name: str
    seq: int
    plan: str
    definitions: Mapping[str, str]
    depth: Mapping[str, int]
    rules: Rules
    rows: pa.Table
    held: Mapping[int, tuple[Held, ...]]


@dataclass(frozen=True, slots=True)
class PutOut:
    """A release in the books.

    seq             of the books that it tells
    told, behind    digests of its files
    recorded        when it went out [µs UTC];  person  who put it out
    """

    name: str
    seq: int
    told: str
    behind: str
    recorded: int
    person: str


def publish(
    frame: nw.LazyFrame[Any], plan: TargetPlan, name: str, seq: int, *, depth: Mapping[str, int] | None = None,
    rules: Rules | None = None, deflators: Deflators | None = None,
    out: Mapping[int, Sequence[Held]] | None = None, progress: Callable[[int, int], None] | None = None,
) -> Publication:  # fmt: skip
    """Make the release of a vintage.

    frame     the returns of the vintage
    depth     region=1, industry=2 by default
    out       year → what stands behind earlier releases, in their order
    progress  told (years done, of how many)
    Raises    InputError: something cannot be withheld any more, as what is out gives it away
    """
    deep = {**DEPTH, **(depth or {})}
    own = rules or Rules()
    made = protect_indicators(frame, plan, by=_BY, depth=deep, rules=own, deflators=deflators, out=out,
                              progress=progress)  # fmt: skip
    if made.exposures:
        first = made.exposures[0]
        raise InputError("what was told before gives away what must be withheld", came=" × ".join(first.key),
                         where=f"{len(made.exposures)} cells", hint="release it less deep, or later")  # fmt: skip
    regions = (None, *range(deep["region"] + 1))
    industries = (None, 0, *(digits for digits in (2, 3, 4) if digits <= deep["industry"]))
    parts = []
    for region, industry in product(regions, industries):
        cut = {key: at for key, at in (("region", region), ("industry", industry)) if at is not None}
        found = indicators(frame, plan, tuple(cut), cut, deflators=deflators).collect("pyarrow").to_native()
        parts += [_told(one) for one in made.rows(found.to_pylist()) if all(_whole(one[at], at, cut[at]) for at in cut)]
    definitions = {one: plan.definition_digest(one) for one in plan.indicators}
    return Publication(name, seq, plan.id, definitions, deep, own, pa.Table.from_pylist(parts, INDICATORS), made.held)


def _whole(text: str, name: str, depth: int) -> bool:
    """The unit's place is known as deep as that: what is not known has no row of its own."""
    return bool(text) and (text.count("/") == depth if name == "region" else len(text) == depth + 1)


def _told(row_: Mapping[str, Any]) -> dict[str, Any]:
    """A row as it goes out. A sampling interval tells how figures spread, so of few which they are."""
    made = dict(row_)
    if made["value"] is None:
        made |= dict.fromkeys(("numerator", "denominator", "base", "level"))
    if made["low"] != made["value"] or made["high"] != made["value"]:
        made |= {"low": None, "high": None}
    return made


# ---------------------------------------------------------------- files and acts


def write_publication(folder: Path, made: Publication) -> tuple[str, str]:
    """Write the two files of a release, called by their digests: (of what is told, of what is behind it)."""
    held = [(year, one) for year, some in sorted(made.held.items()) for one in some]
    tables = [one.rows.append_column("at", pa.array([at] * len(one.rows), pa.int64()))
              for at, (_, one) in enumerate(held)]  # fmt: skip
    behind = {"rules": asdict(made.rules), "held": [
        {"year": year, "name": one.name, "depth": dict(one.depth), "told": [
            key for key, state in zip(one.release.table.keys, one.release.states, strict=True) if state == PUBLISHED
        ]} for year, one in held
    ]}  # fmt: skip
    about = {"name": made.name, "seq": made.seq, "plan": made.plan, "depth": dict(made.depth),
             "definitions": dict(made.definitions)}  # fmt: skip
    return (
        _written(folder, made.rows, about),
        _written(folder, pa.concat_tables(tables) if tables else pa.table({"at": pa.array([], pa.int64())}), behind),
    )


def publication_row(
    made: Publication, digests: tuple[str, str], *, after: str, person: str
) -> dict[str, list[Any]]:  # fmt: skip
    """The entry that puts a release out: from here on what it tells stays told.

    digests  of its files
    after    `told` of the release before it, "" for the first
    """
    data = {"seq": made.seq, "told": digests[0], "behind": digests[1], "after": after}
    return row(_KIND, made.name, _CODE, person=person, data=data)


def put_out(ledger: Ledger) -> tuple[PutOut, ...]:
    """The releases in the books, in their order. One that does not know of the release before it is none."""
    found: list[PutOut] = []
    for one in entries(ledger, _KIND):
        data = one.data
        if one.code == _CODE and data.get("after") == (found[-1].told if found else ""):
            found.append(PutOut(one.subject, int(data["seq"]), data["told"], data["behind"], one.recorded, one.person))
    return tuple(found)


def read_told(folder: Path, one: PutOut, plan: TargetPlan) -> tuple[pa.Table, dict[str, int]]:
    """(rows that a release tells, how deep it goes). Raises InputError: its file is gone or is another one.

    plan  indicators that were defined otherwise when it went out are not shown under the names of today
    """
    rows, about = _read(folder, one, one.told)
    same = [name for name, digest in about["definitions"].items()
            if name in plan.indicators and plan.definition_digest(name) == digest]  # fmt: skip
    return rows.filter(pc.is_in(rows["indicator"], pa.array(same, pa.string()))), about["depth"]


def read_behind(folder: Path, some: Sequence[PutOut]) -> dict[int, tuple[Held, ...]]:
    """Year → what stands behind releases, in their order. Raises InputError as `read_told`."""
    found: dict[int, tuple[Held, ...]] = {}
    for one in some:
        rows, about = _read(folder, one, one.behind)
        rules = _rules(about["rules"])
        at = rows["at"].to_numpy()
        for number, held in enumerate(about["held"]):
            own = rows.filter(pa.array(at == number)).drop_columns("at")
            table = table_of(held["name"], own, _BY, held["depth"], rules_of(held["name"], rules))
            told = {tuple(key) for key in held["told"]}
            states = tuple(PUBLISHED if key in told else COMPLEMENTARY for key in table.keys)
            made = Held(held["name"], own, held["depth"], Release(table, states))
            found[held["year"]] = (*found.get(held["year"], ()), made)
    return found


def _rules(told: Mapping[str, Any]) -> Rules:
    return Rules(**{**told, "dominance": tuple(told["dominance"]) if told["dominance"] else None})


def _written(folder: Path, rows: pa.Table, about: Mapping[str, Any]) -> str:
    sink = io.BytesIO()
    pq.write_table(rows.replace_schema_metadata({_ABOUT: json.dumps(about, ensure_ascii=False)}), sink)
    content = sink.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("wb", dir=folder, suffix=".part", delete=False) as part:  # nobody else reads it
        part.write(content)
        part.flush()
        os.fsync(part.fileno())
    Path(part.name).replace(folder / f"{digest}.parquet")
    sync_folder(folder)  # the act that names it is durable, too
    return digest


def _read(folder: Path, one: PutOut, digest: str) -> tuple[pa.Table, dict[str, Any]]:
    path = folder / f"{digest}.parquet"
    try:
        content = path.read_bytes()
    except OSError:
        raise InputError("a file of a release is not there", came=path.name, where=one.name,
                         hint="put it back: what was told stays told") from None  # fmt: skip
    if hashlib.sha256(content).hexdigest() != digest:
        raise InputError("a file of a release is not what was put out", came=path.name, where=one.name,
                         hint="put it back: what was told stays told")  # fmt: skip
    rows = pq.read_table(io.BytesIO(content))
    about: dict[str, Any] = json.loads(rows.schema.metadata[_ABOUT.encode()])
    return rows.replace_schema_metadata(None), about
