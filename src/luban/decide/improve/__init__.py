"""Improve: experiments that cost as few runs as they can, and projects whose gain is verified, not typed.

Reads tables of runs, or Fact(event) of the kinds `experiment` and `project` and the measured facts they speak of; makes
designs, findings of an analysis and proposals of settings. The names below are what most callers need; the rest lies
in the modules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from luban.decide.improve.analysis import Analysis, analyse
    from luban.decide.improve.bayes import Proposal, propose
    from luban.decide.improve.design import Design, Factor
    from luban.decide.improve.fit import Fit, fit
    from luban.decide.improve.plans import plan_design
    from luban.decide.improve.trials import Trials, read_trials

__all__ = [
    "Analysis",
    "Design",
    "Factor",
    "Fit",
    "Proposal",
    "Trials",
    "analyse",
    "fit",
    "plan_design",
    "propose",
    "read_trials",
]

_HOMES = {
    "analysis": ("Analysis", "analyse"),
    "bayes": ("Proposal", "propose"),
    "design": ("Design", "Factor"),
    "fit": ("Fit", "fit"),
    "plans": ("plan_design",),
    "trials": ("Trials", "read_trials"),
}


def __getattr__(name: str) -> Any:
    """Nothing is imported before it is asked for: scipy takes a moment."""
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(name)
