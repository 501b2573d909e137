"""The time ledger: every microsecond of a shift belongs to exactly one tile, unknown included.

Reads  Fact(kind="state"), Fact(kind="event", "alive")    Writes nothing: it is recomputed from the books.

A state holds until the unit's next state fact, but only while its source is known to be alive. What nobody
can account for is UNKNOWN with a reason, never idle and never production.
"""

from __future__ import annotations

from functools import reduce
from typing import Any, Final

import narwhals as nw

from luban.core.quality import Quality
from luban.norms import TimeElement
from luban.understand.kpi.coverage import islands

__all__ = [
    "ELEMENTS",
    "FAILURE",
    "SPENT",
    "element_sums",
    "elements_of",
    "evidence",
    "spent_time",
    "time_ledger",
    "unit_numbers",
    "unknown_of",
    "unknown_spans",
]

ELEMENTS: Final = tuple(TimeElement)
_PLANNED_DOWN: Final = ELEMENTS.index(TimeElement.PDOT)
_UNKNOWN: Final = ELEMENTS.index(TimeElement.UNKNOWN)

# What a unit does is one integer, so that windows and groups move 8 bytes instead of words:
# 0-5 an element, +8 in a state that is a failure; above that, why the element is unknown.
FAILURE: Final = 8
_NO_WORD: Final = 16
_NO_DATA: Final = 17
_NO_STATE: Final = 18
_NOT_SINCE: Final = 19
_QUALITY: Final = 256
_RADIX: Final = 1024  # a fact and its code share one integer: seq × 1024 + code

SPENT: Final = ("segment", "planned", "code", "start", "end", "duration")  # columns of `spent_time`, all int64

# Not evidence of a state at their time: the stamp is wrong, or another value of that time was kept.
_NO_EVIDENCE: Final = (int(Quality.FUTURE), int(Quality.DUPLICATE))


def time_ledger(
    states: nw.LazyFrame[Any], coverage: nw.LazyFrame[Any], shifts: nw.LazyFrame[Any], mapping: nw.LazyFrame[Any]
) -> nw.LazyFrame[Any]:
    """Tiles of every unit and shift: they meet exactly and fill the shift exactly.

    states    state facts: subject, time [µs UTC], seq, source, state, mapping, reason, quality; any order
    coverage  subject, start, end [µs UTC], seq: see `coverage`
    shifts    subject, shift_start, shift_end [µs UTC], shift_name, day, start, end [µs UTC], planned (1, or 0 for
              a planned break); rows of one shift meet and fill it: see `calendar`
    mapping   mapping, state, element (an abbreviation of ISO 22400 or UNKNOWN), failure (1 or 0)
    Returns   subject, shift_start, shift_end, shift_name, day, element, state, reason, note, start, end,
              duration [µs], seq, source, mapping; the last three name the fact in force, if one is
    """
    facts, scenes = evidence(states, mapping), _scenes(shifts, coverage)
    tiles = _judged(_sweep(facts, scenes, shifts), scenes).filter(nw.col("end") > nw.col("start"))
    told = facts.select("fact", "state", "reason", "seq", "source", "mapping", "quality_code")
    named = tiles.join(told, on="fact", how="left").join(_numbered(shifts), on="segment", how="inner")
    code, element = nw.col("code"), _element()
    worked = (nw.col("planned") == 0) & (code < _NO_WORD) & (code % FAILURE == ELEMENTS.index(TimeElement.APT))
    return named.select(
        "subject",
        "shift_start",
        "shift_end",
        "shift_name",
        "day",
        element=_words(element, dict(enumerate(e.value for e in ELEMENTS))),
        state=nw.when(code < _NO_DATA).then(nw.col("state")),
        reason=_reason(),
        note=nw.when(worked).then(nw.lit("producing during a planned break")),
        start="start",
        end="end",
        duration=nw.col("end") - nw.col("start"),
        seq=nw.when((code < _NO_DATA) | (code >= _QUALITY)).then(nw.col("seq")),
        source=nw.when((code < _NO_DATA) | (code >= _QUALITY)).then(nw.col("source")),
        mapping=nw.when((code < _NO_DATA) | (code >= _QUALITY)).then(nw.col("mapping")),
    )


def element_sums(
    states: nw.LazyFrame[Any], coverage: nw.LazyFrame[Any], shifts: nw.LazyFrame[Any], mapping: nw.LazyFrame[Any]
) -> nw.LazyFrame[Any]:
    """Durations by element of every unit and shift [µs]; the same tiles as `time_ledger`, summed.

    Returns  subject, shift_start, shift_end, shift_name, day, one column for each of `ELEMENTS`, and
             BREAK (the part of PDOT that the calendar planned) and FAILURE (planned time in a state that is a
             failure); the elements add up to shift_end - shift_start
    """
    return elements_of(spent_time(states, coverage, shifts, mapping), shifts)


def unknown_spans(
    states: nw.LazyFrame[Any], coverage: nw.LazyFrame[Any], shifts: nw.LazyFrame[Any], mapping: nw.LazyFrame[Any]
) -> nw.LazyFrame[Any]:
    """Planned time that nobody can account for: subject, start, end [µs UTC], seq (0)."""
    return unknown_of(spent_time(states, coverage, shifts, mapping), shifts)


def spent_time(
    states: nw.LazyFrame[Any], coverage: nw.LazyFrame[Any], shifts: nw.LazyFrame[Any], mapping: nw.LazyFrame[Any]
) -> nw.LazyFrame[Any]:
    """Known time summed, unknown time tile by tile: one pass from which sums and unknown spans both follow.

    Returns  segment (row of the calendar), planned, code, start, end [µs UTC], duration [µs]; collect it once and
             give it to `elements_of` and `unknown_of` with the same shifts and engine
    """
    scenes = _scenes(shifts, coverage)
    code, opens = nw.col("fact") % _RADIX, nw.col("opens") == 1
    alone = opens | (code >= _NO_WORD) | (code % FAILURE == _UNKNOWN)
    tiles = (
        _sweep(evidence(states, mapping), scenes, shifts)
        .select(
            "scene",
            "opens",
            fact=nw.when(opens).then(nw.col("fact")).otherwise(code),
            start=nw.when(alone).then(nw.col("start")).otherwise(nw.lit(0)).cast(nw.Int64),
            duration=nw.col("end") - nw.col("start"),
        )
        .group_by("scene", "fact", "start")
        .agg(nw.col("opens").max(), nw.col("duration").sum().cast(nw.Int64))
    )
    # A scene without coverage is unknown as a whole, whatever was said in it.
    heard, length = nw.col("covered") == 1, nw.col("until") - nw.col("start")
    return (
        _judged(tiles, scenes)
        .filter(heard | opens)
        .with_columns(duration=nw.when(heard).then(nw.col("duration")).otherwise(length))
        .filter(nw.col("duration") > 0)
        .select("segment", "planned", "code", "start", end=nw.col("start") + nw.col("duration"), duration="duration")
    )


def elements_of(spent: nw.LazyFrame[Any], shifts: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """`element_sums` from what `spent_time` gives."""
    shift = ("subject", "shift_start", "shift_end", "shift_name", "day")
    named = spent.join(_numbered(shifts).drop("planned"), on="segment", how="inner").with_columns(element=_element())
    in_break = nw.col("planned") == 0
    failed = (nw.col("code") >= FAILURE) & (nw.col("code") < _NO_WORD) & ~in_break
    return named.group_by(*shift).agg(
        **{e.value: _sum_where(nw.col("element") == i) for i, e in enumerate(ELEMENTS)},
        BREAK=_sum_where(in_break),
        FAILURE=_sum_where(failed),
    )


def unknown_of(spent: nw.LazyFrame[Any], shifts: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """`unknown_spans` from what `spent_time` gives."""
    unknown = spent.filter(_element() == _UNKNOWN)
    units = _numbered(shifts).select("segment", "subject")
    return unknown.join(units, on="segment", how="inner").select("subject", "start", "end", seq=_int(0))


def _sum_where(condition: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(nw.col("duration")).otherwise(nw.lit(0)).sum().cast(nw.Int64)


def evidence(states: nw.LazyFrame[Any], mapping: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """State facts that are evidence, each with its code packed beside its seq."""
    words = mapping.select(
        nw.col("mapping").cast(nw.String),
        nw.col("state").cast(nw.String),
        meaning=(
            reduce(
                lambda found, pair: nw.when(nw.col("element") == pair[1].value).then(nw.lit(pair[0])).otherwise(found),
                enumerate(ELEMENTS),
                nw.lit(_UNKNOWN),
            )
            + nw.col("failure") * FAILURE
        ).cast(nw.Int64),
    )
    quality = nw.col("quality").cast(nw.Int64)
    code = nw.when(quality == 0).then(nw.col("meaning").fill_null(_NO_WORD)).otherwise(quality + _QUALITY)
    return (
        states.filter(~nw.col("quality").is_in(list(_NO_EVIDENCE)))
        .with_columns(*(nw.col(name).cast(nw.String) for name in ("subject", "source", "state", "mapping", "reason")))
        .join(words, on=["mapping", "state"], how="left")
        .with_columns(fact=nw.col("seq") * _RADIX + code, quality_code=quality)
    )


def _numbered(shifts: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """The rows of the calendar with a number each, from 1."""
    return (
        shifts.with_columns(nw.col("subject").cast(nw.String))
        .filter(nw.col("end") > nw.col("start"))
        .with_row_index("segment", order_by=["subject", "start"])
        .select(
            "subject",
            "shift_start",
            "shift_end",
            "shift_name",
            "day",
            "planned",
            segment=nw.col("segment").cast(nw.Int64) + 1,
            opens="start",
            closes="end",
        )
    )


def unit_numbers(shifts: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """subject, unit: a number for each unit, so that windows sort 2 bytes and not paths; 32,767 units at most."""
    return (
        shifts.select(nw.col("subject").cast(nw.String))
        .unique()
        .with_row_index("unit", order_by="subject")
        .select("subject", nw.col("unit").cast(nw.Int16))
    )


def _sweep(facts: nw.LazyFrame[Any], scenes: nw.LazyFrame[Any], shifts: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """What holds from each fact and each edge on, by one window over all facts.

    Returns  scene, opens (1 where the scene begins here), fact (in force, or null), start, end [µs UTC]
    """
    none = nw.lit(None).cast(nw.Int64)
    told = facts.join(unit_numbers(shifts), on="subject", how="inner").select("unit", "time", "fact", scene=none)
    changed = scenes.select("unit", "time", fact=none, scene="scene")
    sweep = {"order_by": ["time", "fact"]}
    opens, until = ~nw.col("scene").is_null(), nw.col("until").fill_null(nw.col("time"))
    return (
        nw.concat([told, changed])
        .with_columns(
            *(nw.col(n).fill_null(strategy="forward").over("unit", **sweep).alias(f"{n}_") for n in ("fact", "scene")),
            until=nw.col("time").shift(-1).over("unit", **sweep),
        )
        .filter((nw.col("until") > nw.col("time")) | opens)
        .select(
            scene="scene_",
            opens=nw.when(opens).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64),
            fact="fact_",
            start="time",
            end=until,
        )
    )


def _judged(tiles: nw.LazyFrame[Any], scenes: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Tiles inside shifts with the columns of their scene and their code: the fact's, unless nobody could have told.

    After a gap the old state counts again only once the source has said it again: by a fact stamped in or
    after the gap, or recorded after it (a source may send its last change again with the old stamp).
    """
    last, opens = nw.col("fact"), nw.col("opens") == 1
    lost = nw.when((nw.col("loses") == 1) & opens).then(last.fill_null(-1)).fill_null(strategy="forward")
    silent = opens & (last == nw.col("lost")) & (last < (nw.col("lost_seq") + 1) * _RADIX)
    heard = nw.when(silent).then(nw.lit(_NOT_SINCE)).otherwise(last % _RADIX)
    told = nw.when(last.is_null()).then(nw.lit(_NO_STATE)).otherwise(heard)
    return (
        tiles.join(scenes.drop("time"), on="scene", how="inner")
        .with_columns(lost=lost.over("unit", order_by="scene"))
        .filter(nw.col("segment") > 0)
        .with_columns(code=nw.when(nw.col("covered") == 0).then(nw.lit(_NO_DATA)).otherwise(told).cast(nw.Int64))
    )


def _scenes(shifts: nw.LazyFrame[Any], coverage: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """What the calendar and the coverage say from each edge on, by unit.

    Returns  unit, time, until [µs UTC], scene (a number), segment (0 outside shifts), planned, covered (1 or 0),
             loses (1 where coverage ends here), lost_seq: the fact that ended it last (null before)
    """
    none = nw.lit(None).cast(nw.Int64)
    units = unit_numbers(shifts)
    rows = _numbered(shifts).join(units, on="subject", how="inner")
    opens = rows.select("unit", time="opens", segment="segment", planned="planned")
    closes = rows.select("unit", time="closes").join(opens.select("unit", "time"), on=["unit", "time"], how="anti")
    edges = [
        opens.select(
            "unit",
            "time",
            "segment",
            planned=nw.col("planned").cast(nw.Int64),
            covered=none,
            lost_at=none,
            lost_seq=none,
        ),
        closes.select("unit", "time", segment=_int(0), planned=_int(0), covered=none, lost_at=none, lost_seq=none),
    ]
    alive = islands(
        coverage.with_columns(nw.col("subject").cast(nw.String)).join(units, on="subject", how="inner"), "unit"
    ).filter(nw.col("end") > nw.col("start"))
    edges += [
        alive.select("unit", time="start", segment=none, planned=none, covered=_int(1), lost_at=none, lost_seq=none),
        alive.select("unit", time="end", segment=none, planned=none, covered=_int(0), lost_at="end", lost_seq="seq"),
    ]
    order = {"order_by": ["time", "covered", "segment"]}
    known = ("segment", "planned", "covered", "lost_at", "lost_seq")
    return (
        nw.concat(edges)
        .with_columns(
            *(nw.col(name).fill_null(strategy="forward").over("unit", **order).alias(f"{name}_") for name in known),
            until=nw.col("time").shift(-1).over("unit", **order),
        )
        .filter(nw.col("until").is_null() | (nw.col("until") > nw.col("time")))
        .with_row_index("scene", order_by=["unit", "time"])
        .select(
            "unit",
            "time",
            "until",
            scene=nw.col("scene").cast(nw.Int64),
            segment=nw.col("segment_").fill_null(0),
            planned=nw.col("planned_").fill_null(0),
            covered=nw.col("covered_").fill_null(0),
            loses=nw.when(nw.col("time") == nw.col("lost_at_")).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64),
            lost_seq="lost_seq_",
        )
    )


def _int(value: int) -> nw.Expr:
    return nw.lit(value).cast(nw.Int64)


def _element() -> nw.Expr:
    """Number of the element that a tile counts as: a planned break is planned down, whatever the unit does."""
    code = nw.col("code")
    own = nw.when(code < _NO_WORD).then(code % FAILURE).otherwise(nw.lit(_UNKNOWN))
    return nw.when(nw.col("planned") == 0).then(nw.lit(_PLANNED_DOWN)).otherwise(own).cast(nw.Int64)


def _words(number: nw.Expr, words: dict[int, str], other: nw.Expr | None = None) -> nw.Expr:
    """Words for numbers, as a chain of cases that every engine has."""
    found = other if other is not None else nw.lit(None).cast(nw.String)
    for value, word in words.items():
        found = nw.when(number == value).then(nw.lit(word)).otherwise(found)
    return found


def _reason() -> nw.Expr:
    """Why the tile is what it is, in words; the fact's own reason where the state is known."""
    code = nw.col("code")
    label = _words(nw.col("quality_code"), {int(q): q.label for q in Quality if q}).fill_null("unknown quality")
    doubt = nw.concat_str(nw.lit("state is not good: "), label)
    said = nw.when(nw.col("reason") != label).then(nw.col("reason"))  # a collector may give the label as the reason
    unknown = _words(
        code,
        {_NO_DATA: "no data", _NO_STATE: "no state yet", _NOT_SINCE: "no state since the data came back"},
        nw.when(said.is_null()).then(doubt).otherwise(nw.concat_str(doubt, nw.lit(", "), said)),
    )
    told = (
        nw.when(code == _NO_WORD)
        .then(
            nw.concat_str(nw.lit("no time element for the word "), nw.col("state"), nw.lit(" in "), nw.col("mapping"))
        )
        .otherwise(
            nw.when((code == _UNKNOWN) & nw.col("reason").is_null())
            .then(nw.concat_str(nw.lit("the source says "), nw.col("state")))
            .otherwise(nw.col("reason"))
        )
    )
    own = nw.when(code < _NO_DATA).then(told).otherwise(unknown)
    return nw.when(nw.col("planned") == 0).then(nw.lit("planned break")).otherwise(own)
