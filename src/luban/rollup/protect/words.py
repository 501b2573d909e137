"""Sentences of disclosure control."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["REASONS", "SENTENCES"]

REASONS: Mapping[str, str] = MappingProxyType({
    "minimum": "too few units behind it",
    "dominance": "a few units make up most of it",
    "p %": "one unit could be estimated too closely",
    "differencing": "its difference from another figure would tell on a unit",
    "complementary": "it would give away another figure",
    "weights": "the weights of a sample would tell who said yes",
    "not judged": "not judged",
})  # fmt: skip
"""Why a figure is withheld, by the name of the rule that it breaks."""

SENTENCES = (*REASONS.values(), "is told", "size")
