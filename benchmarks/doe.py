"""Printed results of worked experiments: how many luban gives to the last printed digit, and why the others differ.

    python -m benchmarks.doe [--data DIR] [--quick] [--json]

Reads every JSON file of experiments below `quality/doe` of the data folder (NIST/SEMATECH e-Handbook, chapter 5). A
printed result counts as given only if all its checks agree with the printed digits, rounded. `as_printed` counts all
that a machine can check; `sound` leaves out those of which the file itself says that the source is wrong in print (a
typo, a value truncated or worked out from rounded ones, another method): each of those is listed with that cause and
our value, and `confirmed` counts those where our value is the one that the explanation gives. Where a source prints an
axial distance rounded (1.63 for √(8/3)), the experiment is tried with both; the line says which one agreed.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.doe_checks import Experiment, Outcome, outcomes
from benchmarks.report import Reporter, arguments


def experiments(folder: Path) -> list[Experiment]:
    """All experiments of all files of the folder, in order of their names."""
    found = []
    for path in sorted(folder.rglob("*.json")):
        raw = json.loads(path.read_text("utf-8"))
        found += [Experiment.read(one) for one in raw.get("experiments", ())]
    return found


def good(checks: Sequence[Outcome]) -> bool:
    return all(one.verdict == "exact" for one in checks)


def doubted(checks: Sequence[Outcome]) -> bool:
    """The file says that what is printed is not what the runs give."""
    return any(one.source_says for one in checks)


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(__doc__ or "", argv)
    report = Reporter("doe", options, ("luban", "numpy", "scipy"))
    folder = options.data / "quality" / "doe" if (options.data / "quality" / "doe").is_dir() else options.data
    begin = time.process_time()
    every, exact = [], []
    for e in experiments(folder):
        checks, other = outcomes(e), e.exact_axial()
        more = outcomes(other) if other else []
        if sum(map(good, more)) > sum(map(good, checks)):
            checks = more
            exact.append(e.name)
        every += [(e.name, one) for one in checks]
    spent = time.process_time() - begin
    for name in dict.fromkeys(name for name, _ in every):
        own = [checks for n, checks in every if n == name]
        report.line(name, sum(map(good, own)) / len(own), "share of printed results", given=sum(map(good, own)),
                    of=len(own), source_wrong=sum(map(doubted, own)),
                    axial="unrounded" if name in exact else "as printed")  # fmt: skip
    sound = [checks for _, checks in every if not doubted(checks)]
    for case, some in (("as_printed", [checks for _, checks in every]), ("sound", sound)):
        given = sum(map(good, some))
        report.line(case, given / len(some) if some else None, "share of printed results", given=given, of=len(some))
    report.line("cpu", spent, "s")
    wrong = [one for _, checks in every for one in checks if one.source_says and one.verdict != "exact"]
    report.line("confirmed", sum(one.confirmed for one in wrong) / len(wrong) if wrong else None,
                "share of misprints", given=sum(one.confirmed for one in wrong), of=len(wrong))  # fmt: skip
    misses = [one for _, checks in every for one in checks if one.verdict != "exact"]
    causes = Counter(one.cause or "ours" for one in misses)
    for cause, count in causes.most_common():
        report.line(f"miss:{cause[:60]}", float(count), "checks")
    for one in misses:
        report.line(f"{one.experiment}: {one.what} {one.term}".strip(), None, "", printed=one.printed,
                    ours_value=one.ours, verdict=one.verdict, cause=one.cause or "ours",
                    source_says=one.source_says)  # fmt: skip


if __name__ == "__main__":
    main()
