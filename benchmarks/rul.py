"""Remaining life and risk of failure: errors, coverage of intervals, time to learn, with naive controls beside.

    python -m benchmarks.rul [--data DIR] [--quick] [--json]

Reads `health/cmapss` (every train_NAME.parquet with its test_NAME.parquet and RUL_NAME.csv), `health/nasa_battery` and
`health/ai4i2020` of the data folder. All figures are of one default setting.

Turbofans (claims fd001, …): RMSE against the true remaining life (uncapped), and with truth and prediction both cut at
125 cycles (capped), as papers do one or the other; the NASA score (an engine called too late costs more); the share of
true lives in the 90 % intervals; CPU seconds to learn. Controls, given the cap of 125 that luban finds no use for:
ridge regression and boosted trees of scikit-learn on the readings as they come, and the mean life less the age.
Batteries (claim battery): life to 1.4 Ah from the first 30 % of a cell's history, alone and with the other cells known.
Cases (claim ai4i): F1 in five folds of the natural balance, without the columns of failure modes; controls: boosted
trees on the columns as they come, and "never fails". `--quick` takes the first turbofans and one of the five folds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.report import Reporter, arguments
from luban.understand.health.life import Histories, LifeEstimate, gather, learn_life
from luban.understand.health.life.risk import learn_risk
from luban.understand.health.life.trend import trend_life

Floats = NDArray[np.float64]

CAP = 125.0
SHARE = 0.90
END_OF_LIFE = 1.4  # Ah
MODES = ("TWF", "HDF", "PWF", "OSF", "RNF")


def rmse(error: Floats) -> float:
    """Root of the mean squared error."""
    return float(np.sqrt(np.mean(error**2)))


def nasa_score(error: Floats) -> float:
    """Sum of exp(−e/13) − 1 for an early call and exp(e/10) − 1 for a late one; e is predicted less true [cycles]."""
    return float(np.sum(np.where(error < 0, np.exp(-error / 13) - 1, np.exp(error / 10) - 1)))


def fleet(path: Path, *, ended: bool) -> Histories:
    """Histories of one file of turbofans."""
    table = pq.read_table(path)
    channels = {name: table[name].to_numpy() for name in table.schema.names if name not in ("unit", "cycle")}
    return gather(table["unit"].to_pylist(), table["cycle"].to_numpy(), channels, ended=ended)


def controls(train: Histories, test: Histories) -> dict[str, Callable[[], Floats]]:
    """Naive ways to the life at the last reading, told the cap."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

    ends = test.starts[1:] - 1
    x, y = np.column_stack([train.values, train.time]), np.minimum(train.remaining(), CAP)
    asked = np.column_stack([test.values, test.time])[ends]

    def boosted() -> Floats:
        with threadpool_limits(1):  # as luban's own: threads wait for each other longer than they work
            return np.asarray(HistGradientBoostingRegressor(random_state=1).fit(x, y).predict(asked))

    return {
        "ridge": lambda: np.asarray(make_pipeline(StandardScaler(), Ridge(1.0)).fit(x, y).predict(asked)),
        "boosted trees": boosted,
        "mean life less age": lambda: np.maximum(train.lives().mean() - test.lives(), 0.0),
    }


def turbofans(say: Reporter, folder: Path, name: str) -> None:
    """All figures of one set."""
    claim = name.lower()
    train, test = (fleet(folder / f"{kind}_{name}.parquet", ended=kind == "train") for kind in ("train", "test"))
    truth = np.loadtxt(folder / f"RUL_{name}.csv", delimiter=",", skiprows=1)[:, 1]
    begun = time.process_time()
    model = learn_life(train)
    learned = time.process_time() - begun
    told = model.at(test, share=SHARE)
    life = np.array([np.nan if one.life is None else one.life for one in told])
    rivals = {rival: predict() for rival, predict in controls(train, test).items()}
    capped = np.minimum(truth, CAP)
    measures: dict[str, Callable[[Floats], float]] = {
        "RMSE uncapped": lambda p: rmse(p - truth),
        "RMSE capped at 125": lambda p: rmse(np.minimum(p, CAP) - capped),
        "NASA score": lambda p: nasa_score(p - truth),
        "NASA score capped at 125": lambda p: nasa_score(np.minimum(p, CAP) - capped),
    }
    for case, measure in measures.items():
        unit = "" if "score" in case else "cycles"
        for rival, predicted in rivals.items():
            say.line(case, measure(life), unit, peer=measure(predicted), peer_name=rival, claim=claim)
    inside, open_ends, width = coverage(told, truth)
    say.line("coverage of 90 % intervals", 100 * inside, "%", claim=claim, open=f"{100 * open_ends:.0f} %", width=width)
    regimes = len(model.sight.regimes) if model.sight else 0
    say.line("CPU time to learn", learned, "s", claim=claim, horizon=round(model.horizon, 1), states=regimes)


def coverage(told: tuple[LifeEstimate, ...], truth: Floats) -> tuple[float, float, float]:
    """Share of true lives within, share of intervals without an upper end, mean width of the others [cycles]."""
    low = np.array([np.nan if one.low is None else one.low for one in told])
    high = np.array([np.inf if one.high is None else one.high for one in told])
    closed = np.isfinite(high)
    width = round(float(np.mean((high - low)[closed])), 1) if closed.any() else np.nan
    return float(np.mean((low <= truth) & (truth <= high))), float(np.mean(~closed)), width


def batteries(say: Reporter, folder: Path) -> None:
    """Life of each cell to 1.4 Ah from 30 % of its history."""
    cells = {}
    for path in sorted(folder.glob("*_discharge_cycles.csv")):
        table = np.genfromtxt(path, delimiter=",", names=True, dtype=None, encoding="utf-8")
        cells[path.name.partition("_")[0]] = (table["cycle"].astype(float), table["capacity_ah"].astype(float))
    for name, (cycle, capacity) in cells.items():
        worn = np.flatnonzero(capacity < END_OF_LIFE)
        if not len(worn):
            say.say(f"{name}: never reaches {END_OF_LIFE} Ah; no truth to compare with")
            continue
        n = int(0.3 * len(cycle))
        true = float(cycle[worn[0]] - cycle[n - 1])
        naive = np.polyfit(cycle[:n], capacity[:n], 1)
        line = float((END_OF_LIFE - naive[1]) / naive[0] - cycle[n - 1])
        rest = [values for other, values in cells.items() if other != name]
        for case, others in (("alone", []), ("with others", rest)):
            told = trend_life(cycle[:n], capacity[:n], END_OF_LIFE, others=others, share=SHARE)
            inside = told.low is not None and told.low <= true <= (told.high or np.inf)
            say.line(
                f"{name} {case}", told.life, "cycles", peer=line, peer_name="straight line", claim="battery",
                true=true, low=told.low, high=told.high, inside=inside, withheld=told.reason,
            )  # fmt: skip


def cases(say: Reporter, path: Path, *, seed: int, quick: bool) -> None:
    """F1 of the risk of failure in five folds."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import f1_score
    from sklearn.model_selection import StratifiedKFold
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

    raw = pq.read_table(path)
    failed = raw["Machine failure"].to_numpy() == 1
    table: dict[str, Any] = {
        n: np.array(raw[n].to_pylist()) for n in raw.schema.names if n not in (*MODES, "Machine failure")
    }
    plain = np.column_stack(
        [c if c.dtype.kind in "if" else np.unique(c, return_inverse=True)[1] for c in table.values()]
    )
    ours, boosted, asked = np.zeros(len(failed), bool), np.zeros(len(failed), bool), np.zeros(len(failed), bool)
    folds = list(StratifiedKFold(5, shuffle=True, random_state=seed).split(plain, failed))[: 1 if quick else 5]
    begun = time.process_time()
    for train, test in folds:
        model = learn_risk({name: column[train] for name, column in table.items()}, failed[train])
        ours[test] = model.fails({name: column[test] for name, column in table.items()})
        asked[test] = True
    spent = time.process_time() - begun
    for train, test in folds:
        with threadpool_limits(1):
            rival = HistGradientBoostingClassifier(random_state=1).fit(plain[train], failed[train])
        boosted[test] = rival.predict(plain[test])
    truth = failed[asked]
    score = float(f1_score(truth, ours[asked]))
    for name, guess in (("boosted trees", boosted[asked]), ("never fails", np.zeros(len(truth), bool))):
        peer = float(f1_score(truth, guess))
        say.line(
            f"F1 in {len(folds)} of 5 folds" if quick else "F1 in 5 folds",
            score,
            "",
            peer=peer,
            peer_name=name,
            claim="ai4i",
            cases=len(truth),
        )
    false = 1000 * float((ours[asked] & ~truth).sum()) / len(truth)
    say.line("false alarms", false, "in 1,000 cases", claim="ai4i", found=f"{100 * ours[asked][truth].mean():.1f} %")
    say.line("CPU time", spent, "s", claim="ai4i")


def main() -> None:
    """Prints all figures."""
    options = arguments(__doc__ or "")
    say = Reporter("rul", options, ("numpy", "scipy", "scikit-learn"))
    health = options.data / "health"
    names = sorted(path.stem.removeprefix("train_") for path in (health / "cmapss").glob("train_*.parquet"))
    for name in names[:1] if options.quick else names:
        turbofans(say, health / "cmapss", name)
    batteries(say, health / "nasa_battery")
    tables = sorted((health / "ai4i2020").glob("*.parquet"))
    if tables:
        cases(say, tables[0], seed=options.seed, quick=options.quick)
    if not (names or tables):
        say.say(f"nothing to measure below {health}")


if __name__ == "__main__":
    main()
