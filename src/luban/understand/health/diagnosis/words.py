"""Sentences of diagnosis, with {blanks}; screens translate them."""

from __future__ import annotations

__all__ = [
    "ALL_MISSING", "BY_BOTH", "BY_CASE", "BY_RULE", "CASE_LACKS", "CONSTANT", "DISAGREE", "EVIDENCE",
    "FEW_CAUSES", "MOSTLY_MISSING", "NOT_EVERYWHERE", "NO_BASELINE", "NO_CASES", "NO_CAUSE", "NO_ROWS",
    "NO_WINDOW", "ONE_CAUSE", "REFUSALS", "REGIME_SHORT", "SENTENCES", "SHORT", "STANDS_OUT", "TOO_FEW_ROWS",
    "TWO_ALIKE", "UNKNOWN", "USUAL",
]  # fmt: skip

REGIME_SHORT = "good operation in this regime is shorter than a window"
MOSTLY_MISSING = "missing in more than half of the rows"
CONSTANT = "does not vary in good operation: watch it by a rule"
NOT_EVERYWHERE = "not measured on every machine"
NO_WINDOW = "the case is too short to be compared"
CASE_LACKS = "the case lacks this signal; it counts as usual there"
NO_CAUSE = "the case has no cause yet"

EVIDENCE = {
    "level": "{signal}: its level is {now} standard deviations off, {then} in the past case",
    "spread": "{signal}: its spread is {now} standard deviations off, {then} in the past case",
    "roughness": "{signal}: its roughness is {now} standard deviations off, {then} in the past case",
}
STANDS_OUT = {
    "level": "{signal}: its level is {now} standard deviations off",
    "spread": "{signal}: its spread is {now} standard deviations off",
    "roughness": "{signal}: its roughness is {now} standard deviations off",
}
BY_RULE = "{cause}: named by the rule {rule}"
BY_CASE = "{cause}: {share} % of what is unusual looks like case {case}"
BY_BOTH = "{cause}: {share} % of what is unusual looks like case {case}, and the rule {rule} holds"

USUAL = "nothing stands out from good operation"
TOO_FEW_ROWS = "not enough data: fewer than {least} rows"
UNKNOWN = "unknown: no past case is near enough; the nearest is {cause} with {share} %"
NO_CASES = "unknown: no case with a cause has been learned yet"
ALL_MISSING = "unknown: none of the signals of the past cases has values now"

ONE_CAUSE = "one cause only has been learned: how often another is taken for it cannot be told"
FEW_CAUSES = "{n} causes have been learned: an unknown one may be taken for them in {share} % of cases, not less"
TWO_ALIKE = "{first} and {second} look nearly alike here"
SHORT = "only {n} rows so far, a full window has {width}"

NO_ROWS = "no values of this time"
NO_BASELINE = "no good operation of this machine to compare with"
DISAGREE = "the rule names {first}, the past cases {second}"

REFUSALS = (
    "there are not enough rows of good operation", "good operation is broken up too much",
    "no signal varies in good operation", "machines cannot be compared", "no machine has enough good operation",
    "no signal of this name: {signal}", "these units do not convert: {unit}",
    "a unit beside a number whose unit is not known: {signals}",
    "a case is named by a cause", "a reason is needed", "no such case", "this case is in the book already",
    "nothing is unusual now", "say what was seen", "no case has been named yet",
    "say what it was, of something unusual",
)  # fmt: skip

SENTENCES = (
    REGIME_SHORT, MOSTLY_MISSING, CONSTANT, NOT_EVERYWHERE, NO_WINDOW, CASE_LACKS, NO_CAUSE, *EVIDENCE.values(),
    *STANDS_OUT.values(), BY_RULE, BY_CASE, BY_BOTH, USUAL, TOO_FEW_ROWS, UNKNOWN, NO_CASES, ALL_MISSING, ONE_CAUSE,
    FEW_CAUSES, TWO_ALIKE, SHORT, NO_ROWS, NO_BASELINE, DISAGREE, *REFUSALS,
)  # fmt: skip
"""All of them, for the catalogues of the screens."""
