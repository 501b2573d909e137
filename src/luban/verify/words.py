"""Sentences of verifying."""

from __future__ import annotations

__all__ = ["SENTENCES"]

SENTENCES = (
    "regression baseline",
    "interrupted series",
    "difference in differences",
    "shares before and after",
    "rates before and after",
    "matched replications of the twin",
    "helped",
    "no effect",
    "made worse",
    "unverified",
    "not evaluable",
    "the figure never moves before the act: stuck or made up?",
    "the trend bends before the act (p = {p})",
    "the figure drifts before the act: {rise} a period (p = {p})",
    "the figure and its controls drift apart before the act: {rise} a period (p = {p})",
    "the level shifts by {size} within the baseline, about {when}",
    (
        "neighbouring periods go together too much (autocorrelation about {rho}): "
        "{count} periods are too few to tell its level"
    ),
    "{count} of {all} periods before the act are out of control",
    "{when}: far off the baseline, and in it all the same",
    "only {known} of the periods before the act are known, {least} are needed",
    "no event at all before the act: nothing to be better than",
    "{count} known periods before the act, {least} are needed",
    "{count} known periods after the act, {least} are needed",
    "two columns of the fit say the same, or one never moves: {came}",
    "the drivers say the same, or one of them never moves: {came}",
    "too few periods for this fit: {came}",
    "too few periods for this baseline: {came}",
    "no controls: what would have happened without the act?",
    "facts of the baseline were corrected after it was fixed: it was fitted anew, as it was fixed",
    "the baseline was fixed after the act",
    "the baseline was changed after it was fixed",
    "the entry of the baseline does not fit its seal",
    "of the baseline's {count} periods only {left} are left",
    "the act was not confirmed: nobody knows whether it was carried out",
    "in {share} of the periods after the act a driver lies beyond what the baseline has seen",
    "no effect shown; it is smaller than {bound}, if there is one",
    "smaller than {bound}: less than is worth having",
    "no effect shown, but one worth having is not ruled out: it is smaller than {bound}",
    "{name}: {count} periods lie beyond what the baseline has seen",
    "{count} pairs of runs without the figure were left out",
)
