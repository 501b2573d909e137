"""Causes named from past cases, and what happens when the cause was never seen: the Tennessee Eastman runs of Braatz.

    python -m benchmarks.diagnosis [--data DIR] [--quick] [--json]

`tep`  DIR/quality/tep: one training run a fault is the only past case of that cause; windows of 40 rows (2 h) of its
       test run after the fault are asked, 3 min a row. With every cause learned: share named rightly, wrongly, unknown.
       With one cause left out at a time, and with five left out at a time (draws): share of windows of a cause never
       seen that is named all the same, beside the rate that was stated, and what is still named rightly. The normal
       test run says how often good operation is named. Verdicts by hours since the fault began.
       Peers get the same windows, and the threshold at which they name as many windows of left-out causes as luban
       does, in hindsight. Controls: the nearest mean of plain values, which never says unknown; "unknown" always.
`twin` the process plant's twin (examples/c1_process): nine causes, each with two past cases of drawn size; new runs of
       other sizes are asked, also of a model to which their cause was never shown. Only instruments are read.
"""

from __future__ import annotations

import importlib.util
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.diagnosis_twin import on_the_twin
from benchmarks.process_faults import START, read_runs
from benchmarks.report import Reporter, arguments
from luban.understand.health.diagnosis import Baseline, Case, Signatures, learn, learn_baseline

Array = np.ndarray[Any, Any]
Score = Callable[[Array], tuple[Array, Array]]
"""Windows → cause of each, and how sure."""
STEP = 20  # rows between the windows asked
HOURS = (1, 2, 3, 5, 10, 40)


def main(argv: Sequence[str] | None = None) -> None:
    """Print one line a case."""
    options = arguments(__doc__ or "", argv)
    report = Reporter("tep", options, ["luban", "numpy", "scikit-learn"])
    folder = options.data / "quality" / "tep"
    world = World(folder if folder.is_dir() else options.data)
    begun = time.process_time()
    signatures = world.learned(world.faults)
    report.line("learn", time.process_time() - begun, "s", causes=len(world.faults), rate=signatures.rate)
    on_the_twin(Reporter("twin", options, ["luban"]), options.seed, quick=options.quick)
    every = everything_known(report, world, signatures)
    rng = np.random.default_rng(options.seed)
    draws = [tuple(rng.choice(world.faults, 5, replace=False).tolist()) for _ in range(4 if options.quick else 20)]
    single = left_out(report, world, [(fault,) for fault in world.faults], "one cause left out")
    left_out(report, world, draws, "five causes left out")
    by_hours(report, world, signatures)
    speed(report, world, signatures)
    for name, maker in peers():
        told = hindsight(world, maker, single)
        report.line("peer, as many windows of left-out causes named, in hindsight", every, "", peer=told[0],
                    peer_name=name, all_named_rightly=told[1])  # fmt: skip
    nearest = hindsight(world, _nearest_mean, 1.0)
    report.line("control", every, "", peer=nearest[1], peer_name="nearest mean of plain values, 100 % falsely named")
    report.line("control", every, "", peer=0.0, peer_name="unknown always, 0 % falsely named")


class World:
    """Runs, and their windows."""

    def __init__(self, folder: Path) -> None:
        self.names, runs = read_runs(folder)
        self.normal = runs[0, "test"]
        self.runs = {fault: rows[START:] for (fault, part), rows in runs.items() if fault and part == "test"}
        self.train = {fault: rows for (fault, part), rows in runs.items() if fault and part == "train"}
        self.faults = tuple(sorted(self.train.keys() & self.runs.keys()))
        self.baseline: Baseline = learn_baseline(runs[0, "train"], self.names)
        self.cases = {fault: Case.of(self.baseline, self.train[fault], cause(fault), name=f"train {fault}")
                      for fault in self.faults}  # fmt: skip
        self.windows = {fault: self.cut(self.runs[fault]) for fault in self.faults}

    def cut(self, rows: Array) -> Array:
        """Signatures of windows, STEP rows apart."""
        width = self.baseline.window
        ends = range(width, len(rows) + 1, STEP)
        return np.array([self.baseline.latest(rows[end - width : end]) for end in ends])

    def learned(self, faults: Sequence[int]) -> Signatures:
        """Signatures of some of the faults."""
        return learn([self.cases[fault] for fault in faults], [self.baseline])

    def told(self, signatures: Signatures, fault: int) -> list[str]:
        """What the windows of a fault are named, "" for unknown."""
        return list(signatures.named(self.windows[fault], self.baseline.names))


def cause(fault: int) -> str:
    """What people call it."""
    return f"fault {fault:02d}"


def everything_known(report: Reporter, world: World, signatures: Signatures) -> float:
    """Lines for each fault with every cause learned; the mean share named rightly."""
    shares, wrong = [], []
    for fault in world.faults:
        told = Counter(world.told(signatures, fault))
        total = sum(told.values())
        shares.append(told[cause(fault)] / total)
        wrong.append(1 - (told[cause(fault)] + told[""]) / total)
        others = {name or "unknown": count / total for name, count in told.most_common() if name != cause(fault)}
        report.line(f"{cause(fault)}, named rightly", shares[-1], "", windows=total,
                    else_=" ".join(f"{name} {share:.2f}" for name, share in others.items()))  # fmt: skip
    named = [cause != "" for cause in signatures.named(world.cut(world.normal), world.baseline.names)]
    report.line("good operation named a fault", float(np.mean(named)), "", windows=len(named))
    report.line("all causes learned: named wrongly", float(np.mean(wrong)), "")
    report.line("all causes learned: named rightly", float(np.mean(shares)), "", faults=len(shares))
    return float(np.mean(shares))


def left_out(report: Reporter, world: World, draws: Sequence[Sequence[int]], title: str) -> float:
    """Lines for causes never seen; the share of their windows that is named all the same."""
    false, right, stated = dict[int, list[float]](), list[float](), list[float]()
    for out in draws:
        signatures = world.learned([fault for fault in world.faults if fault not in out])
        stated.append(signatures.rate or 1.0)
        for fault in world.faults:
            told = world.told(signatures, fault)
            if fault in out:
                false.setdefault(fault, []).append(float(np.mean([name != "" for name in told])))
            else:
                right.append(float(np.mean([name == cause(fault) for name in told])))
    shares = {fault: float(np.mean(own)) for fault, own in sorted(false.items())}
    worst = sorted(shares, key=lambda fault: -shares[fault])[:3]
    mean = float(np.mean([share for own in false.values() for share in own]))
    report.line(f"{title}: falsely named", mean, "", stated=float(np.mean(stated)), draws=len(draws),
                most=" ".join(f"{cause(fault)} {shares[fault]:.2f}" for fault in worst))  # fmt: skip
    report.line(f"{title}: known causes named rightly", float(np.mean(right)), "")
    return mean


def by_hours(report: Reporter, world: World, signatures: Signatures) -> None:
    """One verdict a run so many hours after the fault began, from rows since then."""
    for hours in HOURS:
        told = {fault: signatures.name(world.baseline, world.runs[fault][: 20 * hours]) for fault in world.faults}
        right = [fault for fault, verdict in told.items() if verdict.cause == cause(fault)]
        wrong = [fault for fault, verdict in told.items() if verdict.known and verdict.cause != cause(fault)]
        top = [fault for fault, verdict in told.items() if cause(fault) in [one.name for one in verdict.causes]]
        report.line(f"{hours} h after the fault began: named rightly", len(right) / len(told), "", right=right,
                    wrong=wrong, in_top_3=len(top) / len(told))  # fmt: skip


def speed(report: Reporter, world: World, signatures: Signatures) -> None:
    """A verdict with its evidence."""
    begun, count = time.process_time(), 0
    for fault in world.faults:
        signatures.name(world.baseline, world.runs[fault][:60])
        count += 1
    report.line("one verdict", 1000 * (time.process_time() - begun) / count, "ms")


# ---------------------------------------------------------------- peers


def hindsight(world: World, maker: Callable[[Mapping[int, Array]], Score], false: float) -> tuple[float, float]:
    """Named rightly at the threshold that names that share of left-out causes, and without a threshold."""
    known = {fault: world.cases[fault].signatures for fault in world.faults}
    sure = [maker({other: own for other, own in known.items() if other != fault})(world.windows[fault])[1]
            for fault in world.faults]  # fmt: skip
    limit = float(np.quantile(np.concatenate(sure), 1 - false))
    score = maker(known)
    right, all_right = [], []
    for fault in world.faults:
        named, how_sure = score(world.windows[fault])
        right.append(float(np.mean((named == fault) & (how_sure > limit))))
        all_right.append(float(np.mean(named == fault)))
    return float(np.mean(right)), float(np.mean(all_right))


def peers() -> Iterator[tuple[str, Callable[[Mapping[int, Array]], Score]]]:
    """Every peer that is installed."""
    if importlib.util.find_spec("sklearn") is None:
        print("scikit-learn: not measured: pip install scikit-learn")
        return
    yield "scikit-learn discriminant analysis, shrunk, greatest probability", _discriminant
    yield "scikit-learn random forest, greatest probability", _forest
    yield "scikit-learn nearest neighbour, distance", _neighbour


def _stacked(known: Mapping[int, Array]) -> tuple[Array, Array]:
    return np.concatenate(list(known.values())), np.concatenate([[f] * len(own) for f, own in known.items()])


def _by_probability(model: Any, known: Mapping[int, Array]) -> Score:
    model.fit(*_stacked(known))

    def score(windows: Array) -> tuple[Array, Array]:
        chances = model.predict_proba(windows)
        return model.classes_[chances.argmax(axis=1)], chances.max(axis=1)

    return score


def _discriminant(known: Mapping[int, Array]) -> Score:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    return _by_probability(LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto"), known)


def _forest(known: Mapping[int, Array]) -> Score:
    from sklearn.ensemble import RandomForestClassifier

    return _by_probability(RandomForestClassifier(100, random_state=0), known)


def _neighbour(known: Mapping[int, Array]) -> Score:
    from sklearn.neighbors import NearestNeighbors

    rows, faults = _stacked(known)
    model = NearestNeighbors(n_neighbors=1).fit(rows)

    def score(windows: Array) -> tuple[Array, Array]:
        distance, at = model.kneighbors(windows)
        return faults[at[:, 0]], -distance[:, 0]

    return score


def _nearest_mean(known: Mapping[int, Array]) -> Score:
    """Levels alone."""
    faults = np.array(list(known))
    means = np.array([own[:, : own.shape[1] // 3].mean(axis=0) for own in known.values()])

    def score(windows: Array) -> tuple[Array, Array]:
        distance = ((windows[:, None, : means.shape[1]] - means[None]) ** 2).sum(axis=2)
        return faults[distance.argmin(axis=1)], -distance.min(axis=1)

    return score


if __name__ == "__main__":
    main()
