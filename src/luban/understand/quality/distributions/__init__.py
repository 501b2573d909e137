"""Families of distributions: which one measured values follow, and how sure that is."""

from luban.understand.quality.distributions.families import FAMILIES, Family, Fitted
from luban.understand.quality.distributions.fitting import Fit, anderson_darling, best, fit, fit_all, standard_fits

__all__ = ["FAMILIES", "Family", "Fit", "Fitted", "anderson_darling", "best", "fit", "fit_all", "standard_fits"]
