"""Did it help? One function a method: a series before, a series after, and the effect with its interval.

Reads   series of before and after an act    Writes  nothing
Source  IPMVP Core Concepts 2022 (regression baseline); A. K. Wagner et al., J. Clin. Pharm. Ther. 27 (2002) 299-309,
        doi 10.1046/j.1365-2710.2002.00430.x (segmented regression); M. Bertrand, E. Duflo, S. Mullainathan, Q. J. Econ.
        119 (2004) 249-275, doi 10.1162/003355304772839588 (differences, and why neighbours must be counted)
"""

from __future__ import annotations

import numpy as np

from luban.core.errors import InputError
from luban.understand.energy.enpi import Baseline as Fitted, fit_baseline
from luban.understand.quality.data import Floats, Ints
from luban.verify.estimate import Course, Estimate, of_mixture
from luban.verify.season import season_columns
from luban.verify.serial import LEAN_AHEAD, Line, Mixture, fit_line
from luban.verify.series import Series

__all__ = ["apart", "by_differences", "by_interruption", "by_regression", "drivers_fit", "explained", "sloped"]

_ROOM = 0.1


def drivers_fit(before: Series, temperature: str = "", form: str = "auto") -> Fitted:
    """The baseline of `understand.energy` through the periods before, in all their drivers.

    temperature  the driver that may bend;  form  one of its forms
    Raises       InputError as there: too few periods, a driver that never moves
    """
    lift = float(min(before.figures.min(), 0.0))  # a constant of the fit takes it up again
    # without a driver only the lengths say how many periods there are
    return fit_baseline(
        before.figures - lift, before.drivers, temperature=temperature, form=form, length=np.ones(len(before))
    )


def explained(before: Series, fitted: Fitted | None, some: Series, season: int) -> Floats:
    """Columns of the regression baseline in the periods of `some`: its terms, then the season's."""
    terms = np.ones((len(some), 1)) if fitted is None else fitted.gradient(some.drivers, np.ones(len(some)))
    return np.column_stack([terms, season_columns(some.at - before.at[0], season)])


def sloped(at: Ints, start: int, season: int) -> Floats:
    """Columns of a level, a trend and a season; the trend in rounds of a hundred periods from `start` on."""
    return np.column_stack([np.ones(len(at)), (at - start) / 100.0, season_columns(at - start, season)])


def apart(some: Series) -> Floats:
    """The figure less the mean of its controls.

    Raises  InputError without controls
    """
    if not some.controls:
        raise InputError("no controls: what would have happened without the act?", hint="name columns of others")
    gap: Floats = some.figures - np.mean(list(some.controls.values()), axis=0)
    return gap


def by_regression(
    before: Series, after: Series, *, temperature: str = "", form: str = "auto", season: int = 0, level: float = 0.95
) -> Estimate:
    """Measured after, less what the baseline of before expects of the drivers of after.

    The baseline is fitted to the periods before alone. Raises InputError as `drivers_fit`.
    """
    fitted = drivers_fit(before, temperature, form) if before.drivers else None
    x, later = (explained(before, fitted, some, season) for some in (before, after))
    line = fit_line(before.figures, x, before.at, lean=LEAN_AHEAD)
    ahead = after.at - before.at[-1]
    found = line.excess(after.figures, later, ahead)
    names = [term.name for term in fitted.terms] if fitted else ["constant"]
    figures = dict(zip(names, line.mean.tolist(), strict=False))
    course = _course(before, after, line, x, line.forecast(later, ahead), level)
    notes = _beyond(before, after)
    return _estimate(found, level, before.figures, after.figures, line, figures, notes, course)


def by_interruption(before: Series, after: Series, *, season: int = 0, level: float = 0.95) -> Estimate:
    """Segmented regression: trend of before, a change of level at the act, a change of slope after it.

    The effect is the distance of both lines, on the average of the periods after.
    """
    both = np.concatenate([before.at, after.at])
    start = int(before.at[0])
    plain = sloped(both, start, season)
    late = np.concatenate([np.zeros(len(before)), np.ones(len(after))])
    since = late * (both - after.at[0]) / 100.0
    line = fit_line(np.concatenate([before.figures, after.figures]), np.column_stack([plain, late, since]), both)
    width = plain.shape[1]
    along = np.concatenate([np.zeros(width), [1.0, since[len(before) :].mean()]])
    figures = {
        "level change": float(line.mean[width]), "slope change": float(line.mean[width + 1]) / 100.0,
        "slope before": float(line.mean[1]) / 100.0,
    }  # fmt: skip
    alone = fit_line(before.figures, plain[: len(before)], before.at)
    ahead = after.at - before.at[-1]
    expected = plain[len(before) :] @ line.mean[:width], alone.forecast(plain[len(before) :], ahead)[1]
    course = _course(before, after, line, np.column_stack([plain, late, since])[: len(before)], expected, level)
    return _estimate(line.contrast(along), level, before.figures, after.figures, line, figures, (), course)


def by_differences(before: Series, after: Series, *, season: int = 0, level: float = 0.95) -> Estimate:
    """Change of the distance to those where nobody acted, before against after.

    Raises  InputError without controls
    """
    gaps = [apart(before), apart(after)]
    both = np.concatenate([before.at, after.at])
    late = np.concatenate([np.zeros(len(before)), np.ones(len(after))])
    plain = np.column_stack([np.ones(len(both)), season_columns(both - before.at[0], season)])
    line = fit_line(np.concatenate(gaps), np.column_stack([plain, late]), both)
    width = plain.shape[1]
    found = line.contrast(np.concatenate([np.zeros(width), [1.0]]))
    others = [np.mean(list(one.controls.values()), axis=0) for one in (before, after)]
    fitted = plain @ line.mean[:width]
    spread = np.full(len(after), line.size)
    expected = others[1] + fitted[len(before) :], spread
    course = Course(
        np.concatenate([before.times, after.times]), np.concatenate([before.figures, after.figures]),
        np.concatenate([others[0] + fitted[: len(before)], expected[0]]), 1.96 * np.full(len(both), line.size),
        late > 0,
    )  # fmt: skip
    figures = {"change of the controls": float(others[1].mean() - others[0].mean())}
    return _estimate(found, level, before.figures, after.figures, line, figures, (), course)


def _estimate(
    found: Mixture, level: float, before: Floats, after: Floats, line: Line, figures: dict[str, float],
    notes: tuple[str, ...], course: Course,
) -> Estimate:  # fmt: skip
    return of_mixture(
        found, level, before=float(before.mean()), after=float(after.mean()), n_before=len(before),
        n_after=len(after), rho=line.rho, figures=figures, notes=notes, course=course,
    )  # fmt: skip


def _course(before: Series, after: Series, line: Line, x: Floats, later: tuple[Floats, Floats], level: float) -> Course:
    from scipy.special import stdtrit

    half = float(stdtrit(line.free, (1 + level) / 2))
    return Course(
        np.concatenate([before.times, after.times]), np.concatenate([before.figures, after.figures]),
        np.concatenate([x @ line.mean, later[0]]),
        half * np.concatenate([np.full(len(before), line.size), later[1]]),
        np.concatenate([np.zeros(len(before), bool), np.ones(len(after), bool)]),
    )  # fmt: skip


def _beyond(before: Series, after: Series) -> tuple[str, ...]:
    said = []
    for name, seen in before.drivers.items():
        room = _ROOM * (seen.max() - seen.min())
        far = (after.drivers[name] < seen.min() - room) | (after.drivers[name] > seen.max() + room)
        if far.any():
            said.append(f"{name}: {int(far.sum())} periods lie beyond what the baseline has seen")
    return tuple(said)
