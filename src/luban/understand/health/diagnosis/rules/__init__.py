"""Rules that engineers write: thresholds, durations and trends of a machine's signals that name a cause.

Reads   a TOML file beside plant.toml; values of signals in order of time
Writes  nothing: which rules hold since when, with the values that fulfil them
"""

from luban.understand.health.diagnosis.rules.book import Rule, RuleBook, RuleWatch, read_rules, rules_of
from luban.understand.health.diagnosis.rules.parse import FIGURES, parse

__all__ = ["FIGURES", "Rule", "RuleBook", "RuleWatch", "parse", "read_rules", "rules_of"]
