"""Sentences that this package says and that a screen translates."""

from __future__ import annotations

from typing import Final

from luban.decide.improve.plans import DESIGNS, PURPOSES

__all__ = ["SENTENCES"]

SENTENCES: Final = (
    *DESIGNS.values(),
    *PURPOSES.values(),
    # what an analysis notes
    "some terms cannot be told from others in these runs and were left out",
    "no setting was run twice, so the fit cannot be judged against pure scatter",
    "no degrees of freedom are left: there are no standard errors, only Lenth's margin",
    "no degrees of freedom are left, so terms were kept by Lenth's margin",
    "no effect stands out from the others by Lenth's margin; no term was dropped",
    "no best setting: the model rests on no factor, on blocks, or on factors with more than two levels",
    "the fit does not bend in every direction, so no point is flat",
    "only a quadratic of factors with a scale has a surface",
    # checks of residuals
    "a run lies far from the others",
    "no run lies far off",
    "a run decides the fit",
    "no run decides the fit",
    "too few runs to judge normality",
    "residuals look normal",
    "residuals are not normal",
    "too few runs to judge drift in time",
    "no drift in the order of running",
    "residuals depend on the order of running",
    "no degrees of freedom left to check residuals",
    # designs
    "main effects are clear of two-factor interactions",
    "main effects are mixed with parts of two-factor interactions",
    "resolution {r}",
    "for the model {model}",
    "all combinations: every effect stands alone",
    "main effects with the fewest runs",
    "a quadratic model without extreme corners",
    "a quadratic model within the ranges",
    "a quadratic model with the fewest runs",
    "a factor without a scale",
    "a factor has more than two levels",
    "a factor has more than two levels, and all combinations are affordable",
    "shares of a mixture sum to one",
    "no result yet",
    # before and after
    "the interval of the change allows none at all",
    "no interval can be given",
    "the values do not scatter",
    "fewer than five values in one lot",
    "Welch's test of the means",
    "Welch's test of the mean distance from target",
    "test of the ratio of standard deviations, robust to tails",
    "Fisher's exact test; Newcombe's interval",
    # what may be wrong
    "nothing was changed yet, so there is nothing to verify",
    "too few facts to compare",
    "the gain is not verified: say why the project ends without one",
    "no run has a result yet",
    "too few runs with a result",
    "the response is the same in every run",
    "a factor has the same setting in every run",
    "too few runs for this purpose",
    "a factor's range is empty or reversed",
    "two factors have the same name",
    "every response needs a name of its own",
    "a result is not a finite number",
    "there is no such fraction",
    "a factor needs two levels at least",
    "the time before is empty or reversed",
    "the time before or after the change is empty",
    "the characteristic has no specification to lie outside of",
    "a project needs a title and something that is measured",
    "of counted pieces only a share can be compared",
    "two trials with all their results are needed to begin with",
    "an experiment has one factor at least",
)
"""English sentence → what zh and ko files translate."""
