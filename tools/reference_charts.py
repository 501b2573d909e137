"""docs/reference/control-charts.md from the kinds of chart and the rules."""

from __future__ import annotations

from luban.understand.quality.spc import CHARTS, RULE_SETS, RULES
from luban.understand.quality.spc.kind import DISTANCE, LOCATION, SHARE, SPREAD, SUM, WEIGHTED
from reference_plant import table

__all__ = ["charts_page"]

HEAD = """\
# Control charts and rules

What `luban spc`, the quality page, REST and `luban.understand.quality.spc` call by name. Options go to
`--set name=value` and to `control_chart(kind, data, name=value)`; they hold while limits are estimated (phase 1).

```python
from luban.understand.quality.spc import Stream, control_chart, freeze

chart = control_chart("i_mr", [49.6, 47.6, 49.9, 51.3, 47.8], rules="nelson")
limits = freeze(chart, person="q.li", reason="first trial")
print(round(limits.parameters["centre"], 2), round(limits.parameters["sigma"], 4))

stream = Stream(limits, rules="nelson")
point = stream.update(60.2)
print([violation.rule for violation in point.violations])
again = Stream.from_bytes(stream.to_bytes())
```

A stream gives to the bit what `control_chart(kind, data, limits=limits)` gives for all points at once, however they are
cut and wherever it was saved. It holds numbers and words only, about two kilobytes.
"""

RULES_HEAD = """\
A rule fires at each point that completes its pattern: a run of eleven on one side fires `nelson_2` at the ninth,
tenth and eleventh point, and the point at which *m of n* fires is one of the m. A point on a line between zones
belongs to the inner zone; a point on the centre line is on no side and ends a run; equal neighbours end a trend. No
pattern reaches across a point that was left out of the limits, a missing statistic, or a revision of the limits.
*Beyond a limit* means the line as drawn, whatever its width. Moving ranges, ranges and charts with memory are judged
by their limits alone: their points lean on each other, or are not symmetric, and runs would say nothing.

A rule of one's own is a changed one: `RULES["nelson_2"].changed(name="seven", points=7)`. `nelson_8` takes points on
either side, as most programs do; with `both=True` it asks for points on both sides of the centre.

Source: L. S. Nelson, Journal of Quality Technology 16 (1984) 237-239; Western Electric, Statistical Quality Control
Handbook (1956), pages 25-28.
"""

WORDS = {
    LOCATION: "values and means", SHARE: "shares and counts", SPREAD: "ranges", WEIGHTED: "weighted points",
    SUM: "sums", DISTANCE: "distances",
}  # fmt: skip


def charts_page() -> str:
    """docs/reference/control-charts.md."""
    lines = [HEAD, "## Charts", ""]
    for kind in CHARTS.values():
        panels = ", ".join(panel.name for panel in kind.panels)
        lines += [f"### {kind.name}", "", f"{kind.title}. Panels: {panels}.", ""]
        lines += table(("option", "meaning"), ((f"`{name}`", text) for name, text in kind.options.items()))
    sets = ", ".join(f"`{name}` ({', '.join(rules) or 'no rule'})" for name, rules in RULE_SETS.items())
    lines += ["## Rules", "", RULES_HEAD, f"Sets: {sets}.", ""]
    lines += table(
        ("rule", "mark", "fires at", "judges"),
        (
            (f"`{rule.name}`", rule.mark, rule.sentence, "everything" if len(rule.roles) == len(WORDS) else
             ", ".join(WORDS[role] for role in WORDS if role in rule.roles))
            for rule in RULES.values()
        ),
    )  # fmt: skip
    return "\n".join(lines)
