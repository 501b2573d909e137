"""Tables of variance against statsmodels and against printed pages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.decide.improve.anova import anova, compare, lack_of_fit
from luban.decide.improve.fit import fit
from luban.decide.improve.reduce import reduce_model


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_statsmodels_gives_the_same_table(kind: int) -> None:
    api = pytest.importorskip("statsmodels.api")
    smf = pytest.importorskip("statsmodels.formula.api")
    pd = pytest.importorskip("pandas")
    chance = np.random.default_rng(11)
    frame = pd.DataFrame(
        {"a": chance.normal(size=25), "b": chance.normal(size=25), "m": chance.choice(list("xyz"), 25)}
    )
    frame["y"] = frame["a"] + (frame["m"] == "x") * frame["b"] + chance.normal(size=25)
    # patsy puts words before numbers, which matters where terms come one after the other
    text = "a + b + I(a**2) + a:b" if kind == 1 else "a + b + I(a**2) + M + b:M"
    model = smf.ols("y ~ " + text.replace("M", "C(m, Sum)"), frame).fit()
    theirs = api.stats.anova_lm(model, typ=kind)
    data = {k: frame[k].to_numpy() for k in "abm"}
    ours = anova(fit(text.replace("M", "m"), data, frame["y"].to_numpy()), kind)
    keys = {"a": "a", "b": "b", "a²": "I(a ** 2)", "m": "C(m, Sum)", "b·m": "b:C(m, Sum)", "a·b": "a:b"}
    assert len(ours) == (5 if kind == 1 else 6)
    for row in ours[:-1]:
        its = theirs.loc[keys[row.source]]
        expected = (its["df"], its["sum_sq"], its["F"], its["PR(>F)"])
        assert (row.df, row.ss, row.f, row.p) == pytest.approx(expected, rel=1e-8)
    assert ours[-1].ss == pytest.approx(theirs.loc["Residual", "sum_sq"], rel=1e-10)


def chemical() -> tuple[dict[str, Any], list[float]]:
    """NIST/SEMATECH e-Handbook 5.5.3.1.1: yield at 2² corners and five centre runs."""
    x1 = [-1.0, 1, -1, 1, 0, 0, 0, 0, 0]
    x2 = [-1.0, -1, 1, 1, 0, 0, 0, 0, 0]
    return {"x1": np.array(x1), "x2": np.array(x2)}, [32.79, 24.07, 48.94, 52.49, 38.89, 48.29, 29.68, 46.50, 44.15]


def test_the_printed_analysis_of_the_chemical_process() -> None:
    """Printed on the page: 503.3035, 270.5625 = 8.2733 + 37.6382 + 224.6511, F 0.6702, p 0.4590, F 4.7972, p 0.0687."""
    data, y = chemical()
    line, bent = fit("x1 + x2", data, y), fit("x1 + x2 + I(x1**2)", data, y)
    lack = lack_of_fit(bent)
    assert line.ss_model == pytest.approx(503.3035, abs=5.1e-5)
    assert [round(v, 4) for v in (anova(bent, 1)[2].ss, lack.lack_ss, lack.pure_ss)] == [8.2733, 37.6382, 224.6511]
    assert (round(lack.f, 4), round(lack.p, 4), lack.lack_df, lack.pure_df) == (0.6702, 0.4590, 1, 4)
    whole = compare(fit("1", data, y), line, error=bent)
    assert (round(whole.f, 4), round(whole.p, 4), whole.df) == (4.7972, 0.0687, 2)


def test_no_repeats_no_pure_error() -> None:
    with pytest.raises(InputError, match="no pure error"):
        lack_of_fit(fit("x", {"x": [1.0, 2, 3]}, [1.0, 2, 4]))


def test_models_of_other_runs_are_not_compared() -> None:
    data, y = chemical()
    with pytest.raises(InputError, match="same runs"):
        compare(fit("1", data, y), fit("x1", data, y[::-1]))
    with pytest.raises(InputError, match="fewer terms"):
        compare(fit("x1", data, y), fit("x2", data, y))


def test_reduction_keeps_what_larger_terms_rest_on() -> None:
    chance = np.random.default_rng(5)
    a, b, c = chance.normal(size=(3, 40))
    y = 3 * a * b + 0.1 * chance.normal(size=40)
    small, steps = reduce_model(fit("(a + b + c)**2", {"a": a, "b": b, "c": c}, y))
    assert str(small.model) == "a + b + a·b"
    assert [s.term for s in steps][-1] == "c"
    assert all(s.p > 0.05 for s in steps)
    assert (
        reduce_model(fit("(a + b + c)**2", {"a": a, "b": b, "c": c}, y), "aic")[0].aic_step
        <= fit("(a + b + c)**2", {"a": a, "b": b, "c": c}, y).aic_step
    )
