"""Sentences of charts with memory, of many characteristics and of many products."""

from __future__ import annotations

__all__ = ["ADVANCED_SENTENCES"]

ADVANCED_SENTENCES: tuple[str, ...] = (
    "EWMA", "CUSUM", "Moving average", "Hotelling T²", "Multivariate EWMA", "Deviation from nominal",
    "Standardised values of several products", "Standardised mean and range of several products",
    "moving average", "upper sum", "lower sum", "T²", "MEWMA T²", "deviation", "standardised value",
    "standardised mean", "standardised range",
    "Fewer than 10 points for each characteristic: limits are uncertain",
    "Products scatter differently: z_mr fits better",
    "the weight of an EWMA is not in 0 … 1", "the weight of a MEWMA is not in 0 … 1",
    "the span of a moving average is not a whole number of points", "a head start reaches the decision interval",
    "sigma is not above zero", "no point to estimate the centre from", "an option is not a number",
    "an option is not true or false", "a chance is not in 0 … 1",
    "this chart takes several characteristics", "a multivariate chart needs two characteristics or more",
    "a multivariate chart needs rows of several characteristics", "rows do not fill whole subgroups",
    "a characteristic does not vary", "the characteristics depend on each other, so T² does not exist",
    "leave one of them out, or take more points than characteristics",
    "too few points for so many characteristics", "no such estimate of the covariance",
    "a known mean needs a known covariance, and the other way round",
    "this chart takes several products", "each subgroup needs its product",
    "a product has neither a nominal nor a value in use", "a product has no nominal in these limits",
    "no two neighbouring points of one product to take a range from", "give sigma of each product",
    "use short_xbar_r", "estimate new limits that have it", "no such way to tell sigma of a product",
    "sigma cannot grow with a nominal of zero", "take the scatter of each product, or that of all together",
)  # fmt: skip
"""All of them; a {blank} of one letter stands for a number."""
