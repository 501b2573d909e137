"""Disclosure control attacked, ranges of ranks counted, input-output and complexity beside other programs.

    python -m benchmarks.protect [--quick] [--json] [--seed N]

`attack`      random tables of firms (regions × trees of industries, linked with sizes, figures below zero, owners of
              several): sensitive cells that a linear program finds closer than it may, for outsiders and for who stands
              alone behind a withheld cell. Peers on the same tables: by hand (in every line with one withheld cell the
              smallest other one is withheld too), and whole levels withheld where one cell is sensitive
`vintage`     the same after firms came, went and were corrected: attacked with both vintages at hand
`ranks`       draws in which every range of ranks of a league table holds at 95 %, and among equals nobody is ranked
`multipliers` greatest relative deviation from pymrio's test system; `complexity` that from py-ecomplexity
              (--judge PYTHON: an interpreter that has pymrio and ecomplexity; both lines are left out without one)
"""

from __future__ import annotations

import argparse
import io
import subprocess
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.report import Reporter, arguments
from luban.rollup.complexity import complexity
from luban.rollup.input_output import InputOutput
from luban.rollup.league import Entry, league
from luban.rollup.protect import Release, Rules, Table, attack, changes, link, since, suppress, tabulate

BY = ("region", "industry")
_MRIO = """
import pymrio, numpy, sys, warnings
warnings.simplefilter("ignore")
s = pymrio.load_test(); s.calc_all(); e = s.emissions
own = e.F_Y.T.groupby(level="region", sort=False).sum().T.values
numpy.savez(sys.stdout.buffer, Z=s.Z.values, Y=s.Y.values, x=s.x.values.ravel(), F=e.F.values, L=s.L.values,
            M=e.M.values, cba=e.D_cba_reg.values, pba=e.D_pba_reg.values, own=own,
            regions=[str(c[0]) for c in s.Z.columns], demands=[str(c[0]) for c in s.Y.columns])
"""
_COMPLEXITY = """
import pandas, numpy, sys, warnings
warnings.simplefilter("ignore")
from ecomplexity import ecomplexity
d = pandas.read_csv(sys.argv[1], dtype={"product": str}); d["year"] = 2000
names = {"time": "year", "loc": "country", "prod": "product", "val": "value"}
o = ecomplexity(d, names, check_logsupermodularity=False, verbose=False)
p = lambda k: o.pivot(index="country", columns="product", values=k).values
numpy.savez(sys.stdout.buffer, X=numpy.nan_to_num(p("value")), rca=p("rca"), eci=p("eci")[:, 0], pci=p("pci")[0],
            density=p("density"))
"""


def main(argv: Sequence[str] | None = None) -> None:
    options, judge = _options(argv)
    report = Reporter("protect", options, ["luban", "numpy", "scipy"])
    _attack(report, options.seed, 60 if options.quick else 500)
    _vintage(report, options.seed, 15 if options.quick else 100)
    _ranks(report, options.seed, 1000)
    if judge:
        _multipliers(report, judge)
        _complexity(report, judge, options.data)


def _options(argv: Sequence[str] | None) -> tuple[argparse.Namespace, str]:
    own = argparse.ArgumentParser(add_help=False)
    own.add_argument("--judge", default="")
    judge, rest = own.parse_known_args(argv)
    return arguments(__doc__ or "", rest), judge.judge


def firms(rng: np.random.Generator, count: int, regions: int, divisions: int, spread: float) -> pa.Table:
    """Firms, log-normal in size, unevenly spread over regions and groups of industries; some belong together."""
    region = rng.choice(regions, count, p=rng.dirichlet(np.full(regions, 2.0)))
    group = rng.choice(divisions * 3, count, p=rng.dirichlet(np.full(divisions * 3, 1.0)))
    owner = np.where(rng.random(count) < 0.1, rng.integers(0, count, count), np.arange(count))
    return pa.table({
        "unit": [f"u{one}" for one in owner], "region": [f"CN/{11 + one}" for one in region],
        "industry": [f"C{25 + one // 3}{one % 3}" for one in group],
        "size": [("large", "medium", "small")[one] for one in rng.integers(0, 3, count)],
        "x": np.exp(rng.normal(3.0, spread, count)),
    })  # fmt: skip


def drawn(rng: np.random.Generator, number: int) -> Table:
    """A table of one of four kinds."""
    world = firms(rng, int(rng.integers(60, 260)), int(rng.integers(3, 8)), int(rng.integers(2, 4)),
                  float(rng.uniform(0.6, 1.6)))  # fmt: skip
    deep = {"region": 1, "industry": int(rng.integers(2, 4))}
    rules = Rules(int(rng.integers(3, 6)), (2, 85.0), float(rng.choice([10.0, 15.0, 20.0])))
    if number % 4 == 1:
        return tabulate(world, "x", by=("region", "size"), rules=rules)
    if number % 4 == 2:
        one = tabulate(world, "x", by=("region", "size"), rules=rules)
        other = tabulate(world, "x", by=BY, depth={"region": 1, "industry": 2}, rules=rules)
        return link(replace(one, dimensions=("region", "what")), replace(other, dimensions=("region", "what")))
    if number % 4 == 3:
        x = world["x"].to_numpy() - float(np.quantile(world["x"].to_numpy(), 0.1))
        world = world.set_column(4, "x", [x])
        rules = replace(rules, signed=True)
    return tabulate(world, "x", by=BY, depth=deep, rules=rules)


def by_hand(table: Table) -> Release:
    """In every line with one withheld cell the smallest other one is withheld too, until there is no such line."""
    hidden = {int(one) for one in table.sensitive}
    while True:
        more = set()
        for line in table.sums:
            cells = (line.total, *line.parts)
            inside = [one for one in cells if one in hidden]
            others = [one for one in cells if one not in hidden]
            if len(inside) == 1 and others:
                more.add(min(others, key=lambda one: abs(table.values[one])))
        if not more:
            break
        hidden |= more
    return _release(table, hidden)


def whole_levels(table: Table) -> Release:
    """A level (one depth of every tree) is told only where none of its cells is sensitive."""
    sensitive = {int(one) for one in table.sensitive}
    level = [tuple(len(node) for node in key) for key in table.keys]
    bad = {level[one] for one in sensitive}
    return _release(table, {one for one in range(len(table)) if level[one] in bad})


def _release(table: Table, hidden: set[int]) -> Release:
    sensitive = {int(one) for one in table.sensitive}
    return Release(table, tuple(
        "published" if one not in hidden else "primary" if one in sensitive else "complementary"
        for one in range(len(table))
    ))  # fmt: skip


def _attack(report: Reporter, seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    exposed, tables, cells, sensitive, more, value, used = 0, 0, 0, 0, 0, 0.0, time.process_time()
    hand = {"exposed": 0, "tables": 0, "more": 0}
    levels, attacked = 0, 0.0
    for number in range(count):
        table = drawn(rng, number)
        release = suppress(table)
        start = time.process_time()
        found = attack(release)
        attacked += time.process_time() - start
        exposed, tables = exposed + len(found), tables + bool(found)
        loss = release.loss
        cells, sensitive, more = cells + loss.cells, sensitive + loss.primary, more + loss.complementary
        value += loss.value or 0.0
        peer = by_hand(table)
        seen = attack(peer)
        hand["exposed"] += len({one.key for one in seen})
        hand["tables"] += bool(seen)
        hand["more"] += peer.loss.complementary
        levels += whole_levels(table).loss.complementary
    used = time.process_time() - used
    report.line("exposed cells", exposed, "cells", peer=hand["exposed"], peer_name="by hand", claim="attack",
                sensitive=sensitive, tables=count)  # fmt: skip
    report.line("tables undone", tables, "tables", peer=hand["tables"], peer_name="by hand", claim="attack")
    report.line("withheld besides, of all cells", more / cells, "share", peer=levels / cells, peer_name="whole levels",
                claim="attack", by_hand=round(hand["more"] / cells, 4))  # fmt: skip
    report.line("finest value not told", value / count, "share", claim="attack")
    report.line(
        "CPU a table, attack and peers too", used / count, "s", claim="attack", attack=round(attacked / count, 3)
    )


def _vintage(report: Reporter, seed: int, count: int) -> None:
    rng = np.random.default_rng(seed + 1)
    exposed, naive, more = 0, 0, 0
    for _ in range(count):
        world = firms(rng, 150, 4, 2, 1.0)
        x = world["x"].to_numpy().copy()
        x[rng.integers(0, x.size, 4)] *= rng.uniform(0.9, 1.2, 4)
        later = world.set_column(4, "x", [x]).filter(pa.array(rng.random(x.size) > 0.01))
        later = pa.concat_tables([later, firms(rng, 2, 4, 2, 1.0).set_column(0, "unit", [["new a", "new b"]])])
        first, second = suppress(tabulate(world, "x")), tabulate(later, "x")
        changed = changes(world, later, "x")
        made = since([(first, changed)], second)
        exposed += len(attack(made.joint))
        alone = suppress(second)
        more += made.release.loss.complementary - alone.loss.complementary
        joint = made.joint
        states = [
            ("published" if alone.value(key[1:]) is not None else "primary") if key[0] == "now" else state
            for key, state in zip(joint.table.keys, joint.states, strict=True)
        ]
        naive += bool(attack(Release(joint.table, tuple(states))))
    report.line("exposed cells", exposed, "cells", peer=naive, peer_name="tables undone where each is by itself",
                claim="vintage", tables=count, more_withheld=round(more / count, 2))  # fmt: skip


def _ranks(report: Reporter, seed: int, count: int) -> None:
    for case, spread in (("nobody told apart among 31 equals", 0.0), ("all ranges of 31 regions hold", 12.0)):
        _ranks_of(report, case, spread, np.random.default_rng(seed + 2), count)


def _ranks_of(report: Reporter, case: str, spread: float, rng: np.random.Generator, count: int) -> None:
    held, wide = 0, 0.0
    for _ in range(count):
        truth, errors = np.round(rng.normal(50, spread, 31), 0), rng.uniform(0.5, 3, 31)
        seen = rng.normal(truth, errors)
        rows = [Entry(str(at), float(v), float(v - 1.96 * e), float(v + 1.96 * e))
                for at, (v, e) in enumerate(zip(seen, errors, strict=True))]  # fmt: skip
        made = league(rows)
        found = made.rows
        if spread == 0:
            held += made.told_apart == 0
            continue
        at = [int(row.entry.name) for row in found]
        held += all(row.first <= 1 + (truth > truth[one]).sum() and row.last >= (truth >= truth[one]).sum()
                    for row, one in zip(found, at, strict=True))  # fmt: skip
        wide += float(np.mean([row.last - row.first for row in found]))
    report.line(case, held / count, "share", claim="ranks", draws=count, width=round(wide / count, 1))


def _run(judge: str, script: str, *more: str) -> dict[str, np.ndarray]:
    made = subprocess.run([judge, "-c", script, *more], capture_output=True, check=True, timeout=300)
    return dict(np.load(io.BytesIO(made.stdout)))


def _multipliers(report: Reporter, judge: str) -> None:
    known = _run(judge, _MRIO)
    factors = {str(at): one for at, one in enumerate(known["F"])}
    table = InputOutput(known["Z"], known["Y"], (), tuple(known["regions"]), tuple(known["demands"]), factors,
                        known["x"])  # fmt: skip
    worst = {"inverse": float(np.abs(table.leontief - known["L"]).max()), "multipliers": 0.0, "footprints": 0.0}
    for at, name in enumerate(factors):
        _, account = table.account(name)
        worst["multipliers"] = max(worst["multipliers"], _far(table.multipliers(name), known["M"][at]))
        for own, key in ((account.consumption, "cba"), (account.production, "pba")):
            worst["footprints"] = max(worst["footprints"], _far(own, known[key][at] - known["own"][at]))
    for case, off in worst.items():
        report.line(f"{case}, deviation from pymrio", off, "relative", claim="multipliers")


def _complexity(report: Reporter, judge: str, data: Path) -> None:
    file = data / "nation" / "complexity" / "world_trade_avg_1998_to_2000.csv"
    if not file.exists():
        report.say(f"no {file}: complexity left out")
        return
    known = _run(judge, _COMPLEXITY, str(file))
    found = complexity(known["X"])
    for name, own in (
        ("rca", found.advantage),
        ("eci", found.places),
        ("pci", found.products),
        ("density", found.density),
    ):
        report.line(f"{name}, deviation from py-ecomplexity", float(np.nanmax(np.abs(own - known[name]))), "absolute",
                    claim="complexity")  # fmt: skip


def _far(own: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(own - other).max() / np.abs(other).max())


if __name__ == "__main__":
    main()
