"""The review of a plan and the third party's bundle: what an outsider gets from the file alone."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from luban.core.errors import InputError
from luban.rollup.bundle import recompute, tell, unpack, write_bundle
from luban.rollup.deflators import Deflators
from luban.rollup.evaluation import Policy
from luban.rollup.minutes import Change, Item, Quote
from luban.rollup.programmes import Cut, Effect, Evidence, Task, Thing, pooled_cut
from luban.rollup.review import Inputs, canonical_json, cuts_of, inputs_of, long_rows, review, rows_of
from tests.rollup.firms import PLAN, drawn, frame

PAPER = Evidence("document", "list.pdf", "a" * 64)


def inputs() -> Inputs:
    """Twenty regions over nine years, one with a policy, and a book."""
    g = np.random.default_rng(1)
    rows: list[dict[str, Any]] = []
    for at in range(20):
        course = g.normal(30, 3) + 3 * np.arange(9) + g.normal(0, 0.5, 9) + (3 if at == 2 else 0) * (np.arange(9) > 4)
        rows += [
            {"indicator": "I08", "year": 2013 + n, "region": f"CN/{at + 11}", "value": course[n]} for n in range(9)
        ]
    rows += [
        {"indicator": "I08", "year": 2013 + n, "region": "", "value": 27 + 3.1 * n + 0.3 * (n % 2)} for n in range(9)
    ]
    made = inputs_of(PLAN, 2020, date(2021, 1, 1), rows=rows, policies=[Policy("p", "zone", "I08", ("CN/13",), 2018)])
    task = Task("a", PLAN.id, PLAN.tasks[0].measures[0].id, "do it", "office", date(2020, 6, 30), date(2016, 1, 1))
    thing = Thing("T20", "works 1", date(2018, 1, 1), region="CN/31", evidence=(PAPER,))
    return Inputs(**{**{n: getattr(made, n) for n in made.__dataclass_fields__}, "tasks": (task,), "things": (thing,)})


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "review.zip"
    write_bundle(path, inputs())
    return path


def test_a_review_says_where_everything_stands() -> None:
    made = inputs()
    found = review(made)
    assert len(found.standings) == 24  # twelve indicators, two milestones each
    (act,) = found.evaluations
    assert (act.verdict, act.method, act.policy.wish) == ("helped", "synthetic", 1)
    (proposal,) = found.proposals
    assert (proposal.indicator, proposal.year, proposal.extensions[0].untreated) == ("I08", 2025, 0.95)
    # the region it was taken in is 60 % of what the whole is divided by
    sizes = {"CN/13": 57.0}
    sized = [{**one, "denominator": sizes.get(one["region"], 2.0) if one["year"] < 2020 else None} for one in made.rows]
    (weighed,) = review(replace(made, rows=long_rows(sized))).proposals
    assert weighed.extensions[0].untreated == pytest.approx(0.4)
    (late,) = found.late
    assert (late.days, late.to) == (185, "who steers the plan")
    assert next(one.value for one in found.items if one.item.id == "T20") == 1
    assert next(one for one in found.follow if one.id == PLAN.tasks[0].id).taken == 1
    document = json.loads(canonical_json(found.as_dict()))
    assert document["definitions"]["I08"] == PLAN.definition_digest("I08")
    assert document["plan"]["digest"] == PLAN.digest
    with pytest.raises(InputError, match="two values"):
        long_rows([{"indicator": "I08", "year": 2013, "value": 1.0}] * 2)


def test_the_same_inputs_give_the_same_file(tmp_path: Path) -> None:
    assert write_bundle(tmp_path / "b1.zip", inputs(), code=False).sha256 == write_bundle(
        tmp_path / "b2.zip", inputs(), code=False).sha256  # fmt: skip


def test_an_outsider_with_the_file_only_gets_the_same_numbers(bundle: Path, tmp_path: Path) -> None:
    # another process, another folder, not the luban that is installed but the code in the bundle
    probe = """import atexit, runpy, sys
atexit.register(lambda: print(sys.modules["luban"].__file__))
sys.argv = [sys.argv[1]]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
    done = subprocess.run(
        [sys.executable, "-c", probe, str(bundle)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said, where = done.stdout.strip().splitlines()
    assert said.endswith("the same, byte for byte")
    assert where.endswith("/code/luban/__init__.py")
    content, manifest = unpack(bundle)
    assert set(manifest["packages"]) == {line.split(b"==")[0].decode() for line in content["lock.txt"].splitlines()}
    assert not any(name.startswith("code/luban/screens") for name in content)


def changed(bundle: Path, out: Path, change: Callable[[dict[str, bytes], dict[str, Any]], None]) -> Path:
    """A bundle changed by somebody who also corrects the manifest's digests, or does not."""
    with zipfile.ZipFile(bundle) as held:
        content = {name: held.read(name) for name in held.namelist()}
    manifest = json.loads(content.pop("manifest.json"))
    change(content, manifest)
    if manifest.pop("honest", True):
        manifest["files"] = {name: hashlib.sha256(one).hexdigest() for name, one in content.items()}
    with zipfile.ZipFile(out, "w") as held:
        for name, one in (content | {"manifest.json": json.dumps(manifest).encode()}).items():
            held.writestr(name, one)
    return out


def test_what_was_changed_is_found(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def number(content: dict[str, bytes], manifest: dict[str, Any]) -> None:
        content["inputs/points.csv"] = content["inputs/points.csv"].replace(b"I08,2021,,51.8", b"I08,2021,,53.8")

    def target(content: dict[str, bytes], manifest: dict[str, Any]) -> None:
        content["plan/indicators.toml"] = content["plan/indicators.toml"].replace(b"value = 64", b"value = 60")

    def unseen(content: dict[str, bytes], manifest: dict[str, Any]) -> None:
        number(content, manifest)
        manifest["honest"] = False

    found = recompute(changed(bundle, tmp_path / "n.zip", number))
    assert not found.same
    assert any("51.8" in was and "53.8" in now for _, was, now in found.differences)
    assert tell(tmp_path / "n.zip") == 1
    assert "DIFFERENT" in capsys.readouterr().out
    found = recompute(changed(bundle, tmp_path / "t.zip", target))
    assert {"plan.digest", "standings[15].progress.target"} <= {place for place, _, _ in found.differences}
    with pytest.raises(InputError, match=r"changed after it was made.*points\.csv"):
        recompute(changed(bundle, tmp_path / "u.zip", unseen))
    with pytest.raises(InputError, match="another format"):
        recompute(changed(bundle, tmp_path / "f.zip", lambda _, manifest: manifest.update(format=9)))
    (tmp_path / "x.zip").write_bytes(b"no zip")
    with pytest.raises(InputError, match="not a bundle"):
        recompute(tmp_path / "x.zip")
    assert tell(tmp_path / "x.zip") == 2


def test_a_bundle_that_is_damaged_or_odd_is_one_error(bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "odd.zip"

    def without(content: dict[str, bytes], manifest: dict[str, Any]) -> None:
        del content["results.json"]

    def no_json(content: dict[str, bytes], manifest: dict[str, Any]) -> None:
        content["results.json"] = b"oops"

    def listed(content: dict[str, bytes], manifest: dict[str, Any]) -> None:
        content["inputs/book.json"] = b"[]"

    def level(content: dict[str, bytes], manifest: dict[str, Any]) -> None:
        manifest["level"] = "foo"

    for change in (without, no_json, listed, level):
        with pytest.raises(InputError, match="cannot be read"):
            recompute(changed(bundle, out, change))
    raw, sound, refused = bundle.read_bytes(), unpack(bundle), 0
    for at in range(2_000, len(raw), len(raw) // 40):
        out.write_bytes(raw[:at] + bytes([raw[at] ^ 0xFF, raw[at + 1] ^ 0xFF]) + raw[at + 2 :])
        try:
            assert unpack(out) == sound, at  # a byte that holds nothing, as the hour of a file
        except InputError:
            refused += 1
    assert refused >= 35
    with zipfile.ZipFile(bundle) as held:
        at = held.getinfo("code/luban/rollup/review.py").header_offset + 200
    out.write_bytes(raw[:at] + bytes(40) + raw[at + 40 :])
    done = subprocess.run([sys.executable, str(out)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("the bundle is damaged")


def test_code_that_was_put_into_a_bundle_is_told(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def more(content: dict[str, bytes], manifest: dict[str, Any]) -> None:
        content["code/luban/more.py"] = b"1"

    assert recompute(bundle).code_same
    out = changed(bundle, tmp_path / "more.zip", more)
    assert tell(out) == 0
    assert "the code here is not that of the bundle" in capsys.readouterr().out


def test_returns_go_along_without_names(tmp_path: Path) -> None:
    returns = nw.from_native(drawn(160, (2015, 2020))).lazy()
    prices = Deflators.of([("", 2015, 1.0), ("", 2018, 1.1), ("", 2020, 1.2)])
    made = inputs_of(PLAN, 2020, date(2021, 1, 1), rows=rows_of(returns, PLAN, deflators=prices),
                     cuts=cuts_of(returns, PLAN, 2020, deflators=prices))  # fmt: skip
    units = write_bundle(tmp_path / "units.zip", made, frame=returns, deflators=prices, level="units", code=False)
    found = recompute(units.path)
    assert found.same
    assert canonical_json(found.review.as_dict()) == canonical_json(review(made).as_dict())
    held = pq.read_table(io.BytesIO(unpack(units.path)[0]["inputs/units.parquet"]))
    assert held.num_rows == 320
    assert set(held["unit"].to_pylist()) == {f"u{at:07d}" for at in range(1, 161)}
    # other names, in another order: who knows the names learns nothing from the numbers
    table = returns.collect("pyarrow").to_native()
    named = [hashlib.sha256(f"{one} & Co.".encode()).hexdigest() for one in table["unit"].to_pylist()]
    other = table.set_column(table.column_names.index("unit"), "unit", pa.array(named)).take(list(range(320))[::-1])
    again = write_bundle(tmp_path / "again.zip", made, frame=nw.from_native(other).lazy(), deflators=prices,
                         level="units", code=False)  # fmt: skip
    assert unpack(again.path)[0]["inputs/units.parquet"] == unpack(units.path)[0]["inputs/units.parquet"]


def test_a_region_of_two_firms_is_not_in_a_bundle_for_everybody(tmp_path: Path) -> None:
    emitted = {"industry": "C3421", "pollutants": 8.0, "value_added": 5.0}
    big = [{"region": f"CN/{31 + at % 3}", "revenue": 100.0 + at, "rd_spend": 2.0 + at % 4} for at in range(60)]
    big += [{"unit": f"e{at}", "region": "CN/31", "year": year, **emitted} for at in range(3) for year in (2015, 2020)]
    two = [
        {"region": "CN/44", "revenue": 977.5, "rd_spend": 3.0},
        {"region": "CN/44", "revenue": 12.5, "rd_spend": 1.0},
    ]
    returns = frame(*big, *two)
    cut = pooled_cut([("C34", 2015, 10.0, 5.0), ("C34", 2020, 8.0, 5.0)], 2015, 2020)
    made = inputs_of(PLAN, 2020, date(2021, 1, 1), rows=rows_of(returns, PLAN), cuts={"T22": cut})
    own = next(one for one in made.rows if (one["indicator"], one["region"]) == ("I01", "CN/44"))
    assert own["denominator"] == pytest.approx(990.0)
    values = {(one["indicator"], one["region"], one["year"]): one["value"] for one in made.rows}
    whole = values["I01", "", 2020]
    quotes = [Quote("I01", 2020, whole, "d", 5, PLAN.id), Quote("I01", 2020, whole + 0.25, "d", 3, PLAN.id),
              Quote("I01", 2020, own["value"], "d", 5, PLAN.id, region="CN/44")]  # fmt: skip
    decided = Item("m", "lower it", ((date(2020, 6, 1), "decision", "wu", "lowered"),), "lowered", tuple(quotes), 9,
                   change=Change(PLAN.id, "I08", 2025, 46.0), decision=9)  # fmt: skip
    made = replace(made, agenda=(decided,))
    done = write_bundle(tmp_path / "cells.zip", made, frame=returns, code=False)
    assert done.withheld > 0
    assert recompute(done.path).same
    (item,) = done.review.inputs.agenda
    assert [one.value for one in item.quotes] == [quotes[0].value, None, None]  # an older vintage would subtract
    assert [one.decided.value for one in done.review.revised] == [46.0]
    told = done.review.inputs.cuts["T22"]
    assert isinstance(told, Cut)
    assert (told.pooled.cut, told.parts) == (pytest.approx(20.0), ())  # a cut by industry is not for everybody
    text = unpack(done.path)[0]["inputs/points.csv"].decode()
    (line,) = [one for one in text.splitlines() if one.startswith("I01,2020,CN/44,")]
    assert "withheld" in line
    assert "990" not in line
    # nor can it be had by taking the others from the whole
    known = [one for one in text.splitlines() if one.startswith("I01,2020,") and "withheld" not in one]
    regions = [one for one in known if one.split(",")[2]]
    assert len(regions) < 3 or len(known) == len(regions)


def test_sums_behind_a_value_that_is_not_known_are_withheld_too(tmp_path: Path) -> None:
    elements = {"energy": 5.0, "water": 3.0, "value_added": 30.0, "output": 90.0, "staff": 10.0}
    many = [
        {"unit": f"b{at}", "year": year, "region": f"CN/{31 + at % 3}", **elements}
        for at in range(60) for year in (2015, 2020)
    ]  # fmt: skip
    # without a return of the base year there is no change, but there is its energy and its value added
    alone = {"unit": "lone", "region": "CN/44", **elements, "energy": 777.25, "value_added": 1234.5}
    returns = frame(*many, alone)
    made = inputs_of(PLAN, 2020, date(2021, 1, 1), rows=rows_of(returns, PLAN))
    open_ = [one for one in made.rows if one["region"] == "CN/44" and one["value"] is None]
    assert 777.25 in {one["numerator"] for one in open_}
    done = write_bundle(tmp_path / "cells.zip", made, frame=returns, code=False)
    text = unpack(done.path)[0]["inputs/points.csv"].decode()
    own = [line for line in text.splitlines() if ",CN/44," in line]
    assert own
    assert not [line for line in own if line.split(",")[9] or line.split(",")[10]]
    assert "777.25" not in text


def test_no_pilot_by_name_and_no_cut_of_two_firms_is_in_a_bundle_for_everybody(tmp_path: Path) -> None:
    returns = frame(
        *({"unit": f"e{at}", "year": year, "pollutants": 9.0 - at - year % 2, "value_added": 5.0}
          for at in range(2) for year in (2015, 2020)),
        {"unit": "e9", "year": 2020, "industry": "C1011", "pollutants": 1.0, "value_added": 5.0},
    )  # fmt: skip
    some = (
        Effect("Lone Motor Works", "cost", 31.4, 28.0, 35.0, "", "CN/44", "C3421", "small", 7),
        Effect("Lone Motor Works", "cycle", 11.4, 8.0, 15.0, "", "CN/44", "C3421", "small", 7),
        Effect("Another Works", "cost", 21.4, 18.0, 25.0, "", "CN/31", "C3421", "large", 5),
    )
    made = inputs_of(PLAN, 2020, date(2021, 1, 1), rows=rows_of(returns, PLAN), cuts=cuts_of(returns, PLAN, 2020))
    assert isinstance(made.cuts["T22"], Cut)
    made = Inputs(**{**{n: getattr(made, n) for n in made.__dataclass_fields__}, "effects": some})
    done = write_bundle(tmp_path / "cells.zip", made, frame=returns, code=False)
    content, _ = unpack(done.path)
    for name in ("inputs/book.json", "results.json"):
        assert not [one for one in (b"Works", b"CN/44", b"C3421", b'"small"') if one in content[name]], name
    assert done.review.inputs.cuts["T22"] == "too few units behind it"
    told = done.review.inputs.effects
    assert sorted(one.cut for one in told) == [11.4, 21.4, 31.4]
    assert len({one.pilot for one in told}) == 2
    assert next(one for one in told if one.cut == 31.4).pilot == next(one for one in told if one.cut == 11.4).pilot
    assert recompute(done.path).same
