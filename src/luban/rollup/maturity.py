"""How mature a plant is by a model: what its books show, what people stated with a document, and what nobody knows.

Same evidence, same score: a mark comes from the books as they stood at a seq, or from a statement in them, and the
model's own rule makes the result. A requirement that nothing answers is unknown, so the result is a range.

Reads   the plant, its ledger, Fact(event) of kind `maturity`    Writes  nothing itself: `answer_row` makes an entry
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import narwhals as nw

from luban.core.errors import InputError
from luban.ledger import Ledger
from luban.norms.maturity import Dimension, Model, Sign
from luban.plant import Plant
from luban.rollup.returns.process import key_processes
from luban.understand.book import entries, row

__all__ = [
    "Answer", "Assessment", "DimensionScore", "GroupScore", "LeftOut", "Shown", "answer_row", "answers_of", "assess",
    "maturity", "scope_row",
]  # fmt: skip

_KIND: Final = "maturity"
_WINDOW: Final = 90 * 86_400_000_000
"""Facts older than so long before the newest one show nothing any more [µs]: as for key processes."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the books show of a sign.

    basis        as the model names it
    amount       share [1] or count
    count        facts, entries or rows behind it
    first, last  seq of the first and the last of them; 0 where they come from the plant's folder
    """

    basis: str
    amount: float
    count: int
    first: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of a requirement.

    mark      0 to 1; None where nobody knows: then `reason` says why
    by        "books", "stated" or ""
    shown     what the books show; None where the mark does not come from them
    stated    mark that a person stated, whichever counts; None for none
    document  what the person named, with `person` and `seq` of the entry
    """

    requirement: str
    mark: float | None
    by: str
    shown: Shown | None = None
    stated: float | None = None
    document: str = ""
    person: str = ""
    seq: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A dimension that does not apply to the plant, as a person stated with a document: it has no weight."""

    dimension: str
    document: str
    person: str
    seq: int


@dataclass(frozen=True, slots=True)
class DimensionScore:
    """A dimension: the sum of its marks, or its band; high if everything unknown were met."""

    dimension: str
    low: float
    high: float
    known: int
    asked: int


@dataclass(frozen=True, slots=True)
class GroupScore:
    """A group: the weighted mean of its dimensions; None where all of them are left out."""

    group: str
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Assessment:
    """A model's result for a plant.

    answers     by requirement, in the model's order
    low, high   total; None where the model has none
    level_low, level_high  grade or stage: 0 below the first; None where the model has none
    known, asked  requirements answered, and all that apply
    left_out    dimensions that do not apply
    seq         the books as they stood
    """

    model: str
    answers: Mapping[str, Answer]
    dimensions: tuple[DimensionScore, ...]
    groups: tuple[GroupScore, ...]
    low: float | None
    high: float | None
    level_low: int | None
    level_high: int | None
    known: int
    asked: int
    left_out: tuple[LeftOut, ...]
    seq: int


def maturity(ledger: Ledger, plant: Plant, model: Model, *, as_of: int | None = None) -> Assessment:
    """A plant by a model.

    as_of  the books as they stood at this seq; the newest ones if None

    Example  maturity(ledger, plant, maturity_model("siri")).known
    """
    seq = ledger.head if as_of is None else as_of
    stated, left_out = _stated(ledger, model, seq)
    answers = answers_of(model, _shown(ledger, plant, model.signs, seq), stated)
    return assess(model, answers, left_out, seq=seq)


def answer_row(
    model: Model, requirement: str, mark: float | None, *, person: str, document: str
) -> dict[str, list[Any]]:
    """The entry of a person's answer.

    mark    one of the model's marks; None withdraws an answer
    Raises  InputError: no such requirement, no such mark, a mark without a document
    """
    asked = model.requirement(requirement)
    if mark is not None and mark not in model.marks:
        expected = ", ".join(f"{one:g}" for one in model.marks)
        raise InputError("no such mark", came=f"{mark:g}", expected=expected, where=asked.id)
    if mark and not document.strip():
        raise InputError("an answer needs what shows it", came="no document", where=asked.id, hint="--document TEXT")
    data = {"model": model.id, "mark": mark, "document": document.strip()}
    return row(_KIND, f"{model.id}:{asked.id}", "answer" if mark is not None else "withdraw", person=person, data=data)


def scope_row(model: Model, dimension: str, *, applies: bool, person: str, document: str) -> dict[str, list[Any]]:
    """The entry by which a person leaves a dimension out, or takes it in again.

    Raises  InputError: no such dimension, left out without a document
    """
    known = [one.id for one in model.dimensions]
    if dimension not in known:
        raise InputError("no such dimension", came=dimension, expected=", ".join(known), where=model.id)
    if not applies and not document.strip():
        raise InputError("why it does not apply is not said", came="no document", where=dimension,
                         hint="--document TEXT")  # fmt: skip
    data = {"model": model.id, "applies": applies, "document": document.strip()}
    return row(_KIND, f"{model.id}:{dimension}", "take in" if applies else "leave out", person=person, data=data)


def _stated(ledger: Ledger, model: Model, seq: int) -> tuple[Mapping[str, Answer], tuple[LeftOut, ...]]:
    """The newest answer of a person to each requirement, and the dimensions left out."""
    found: dict[str, Answer] = {}
    out: dict[str, LeftOut] = {}
    for one in entries(ledger, _KIND, as_of=seq):
        model_id, _, name = one.subject.partition(":")
        if model_id != model.id:
            continue
        document = str(one.data.get("document", ""))
        if "applies" in one.data:
            out.pop(name, None)
            if not one.data["applies"]:
                out[name] = LeftOut(name, document, one.person, one.seq)
            continue
        mark = one.data.get("mark")
        found.pop(name, None)
        if mark is not None:
            found[name] = Answer(name, float(mark), "stated", None, float(mark), document, one.person, one.seq)
    return found, tuple(out.values())


def answers_of(
    model: Model, shown: Mapping[str, Shown], stated: Mapping[str, Answer] = MappingProxyType({})
) -> Mapping[str, Answer]:
    """An answer to every requirement.

    shown   by basis: what the books show
    stated  by requirement: what people stated
    What the books show counts before what is stated. What they do not show proves nothing: other programs may do it.
    """
    found = {}
    for asked in model.requirements:
        said = stated.get(asked.id)
        best: Answer | None = None
        for sign in (one for one in model.signs if one.requirement == asked.id):
            seen = shown.get(sign.basis)
            mark = _mark(model, sign, seen)
            if seen is not None and mark and (best is None or mark > (best.mark or 0)):
                best = Answer(asked.id, mark, "books", seen, said.mark if said else None,
                              said.document if said else "", said.person if said else "",
                              said.seq if said else 0)  # fmt: skip
        watched = any(one.requirement == asked.id for one in model.signs)
        reason = "the books show nothing of it" if watched else "nobody has answered it"
        found[asked.id] = best or said or Answer(asked.id, None, "", reason=reason)
    return MappingProxyType(found)


def _mark(model: Model, sign: Sign, seen: Shown | None) -> float:
    """The highest mark that the amount reaches; a part of a count is none."""
    if seen is None or seen.amount <= 0:
        return 0.0
    share = seen.amount / sign.least
    return max(mark for mark in model.marks if mark <= share + 1e-9)


# ---- the model's rule


def assess(
    model: Model, answers: Mapping[str, Answer], left_out: Iterable[LeftOut] = (), *, seq: int = 0
) -> Assessment:
    """The result of answers by the model's own rule.

    left_out  dimensions without weight
    Raises    InputError: an answer to a requirement that the model does not have, every dimension left out

    Rules     "levels added up": a level whose weighted mean reaches `passes` counts 1, otherwise as much as it has; the
              sum over levels is the total, and bounds make it a grade. "band of each dimension": the rungs from the
              lowest on that pass without a gap; no total. "stages of groups": means of groups in percent; a stage is
              reached when its group and those below pass
    """
    absent = tuple(left_out)
    used = {one.id for one in model.dimensions} - {one.dimension for one in absent}
    if not used:
        raise InputError("every dimension is left out", came=model.id, expected="one that applies")
    known_ids = {one.id for one in model.requirements}
    for name in answers.keys() - known_ids:
        model.requirement(name)
    complete = {
        one.id: answers.get(one.id) or Answer(one.id, None, "", reason="nobody has answered it")
        for one in model.requirements
        if one.dimension in used
    }
    low, high = (_Marks(model, complete, used, fill) for fill in (0.0, 1.0))
    dimensions = tuple(
        DimensionScore(
            one.id, low.of(one), high.of(one), sum(complete[key].mark is not None for key in keys), len(keys)
        )
        for one in low.dimensions
        for keys in [[f"{one.id}.{level}" for level in low.levels[one.id]]]
    )
    groups = tuple(GroupScore(name, low.group(name), high.group(name)) for name, _ in model.groups)
    known = sum(one.mark is not None for one in complete.values())
    totals = (low.total(), high.total())
    grades = (low.grade(), high.grade())
    return Assessment(model.id, MappingProxyType(complete), dimensions, groups, *totals, *grades, known, len(complete),
                      absent, seq)  # fmt: skip


class _Marks:
    """Marks with everything unknown set to one value."""

    def __init__(self, model: Model, answers: Mapping[str, Answer], used: Collection[str], fill: float) -> None:
        self.model = model
        self.dimensions = [one for one in model.dimensions if one.id in used]
        ladders = dict(model.ladders)
        self.levels = {one.id: [rung.level for rung in ladders[one.ladder]] for one in model.dimensions}
        self.marks = {name: fill if one.mark is None else one.mark for name, one in answers.items()}

    def _row(self, one: Dimension) -> list[float]:
        return [self.marks[f"{one.id}.{level}"] for level in self.levels[one.id]]

    def of(self, one: Dimension) -> float:
        """A dimension: its band, or the sum of its marks."""
        marks = self._row(one)
        if self.model.rule != "band of each dimension":
            return sum(marks)
        return float(next((at for at, mark in enumerate(marks) if mark < self.model.passes), len(marks)))

    def group(self, name: str) -> float | None:
        """The weighted mean of a group's dimensions; None where all of them are left out."""
        return _mean((one.weight, self.of(one)) for one in self.dimensions if one.group == name)

    def total(self) -> float | None:
        """The total, where the model has one."""
        if self.model.rule == "levels added up":
            return sum(self._level(level) for level, _ in self.model.bounds)
        if self.model.rule == "stages of groups":
            return 100 * (_mean((one.weight, self.of(one)) for one in self.dimensions) or 0.0)
        return None

    def _level(self, level: int) -> float:
        asked = [one for one in self.dimensions if level in self.levels[one.id]]
        mean = _mean((one.weight, self.marks[f"{one.id}.{level}"]) for one in asked) or 0.0
        return 1.0 if mean >= self.model.passes - 1e-9 else mean

    def grade(self) -> int | None:
        """Grade or stage, where the model has them; a group that is left out stops no stage."""
        if self.model.rule == "levels added up":
            total = self.total() or 0.0
            return max((level for level, least in self.model.bounds if total >= least - 1e-9), default=0)
        if self.model.rule == "stages of groups":
            reached = self.model.levels[0][0]
            for level, group in self.model.stages:
                found = self.group(group)
                if found is not None and found < self.model.passes - 1e-9:
                    break
                reached = level
            return reached
        return None


def _mean(pairs: Iterable[tuple[float, float]]) -> float | None:
    weighed = list(pairs)
    whole = sum(weight for weight, _ in weighed)
    return sum(weight * value for weight, value in weighed) / whole if whole else None


# ---- what the books show


def _shown(ledger: Ledger, plant: Plant, signs: Iterable[Sign], seq: int) -> Mapping[str, Shown]:
    """By basis: how much of it there is; none where there is nothing."""
    look = _Look(ledger, plant, seq)
    found = {basis: look.at(basis) for basis in dict.fromkeys(sign.basis for sign in signs)}
    return {basis: seen for basis, seen in found.items() if seen is not None and seen.amount > 0}


class _Look:
    """The books of a plant, looked at once for all signs."""

    def __init__(self, ledger: Ledger, plant: Plant, seq: int) -> None:
        self.ledger, self.plant, self.seq = ledger, plant, seq
        self._streams: dict[str, tuple[Shown, frozenset[str]] | None] = {}
        self._newest: dict[str, int] = {}

    def at(self, basis: str) -> Shown | None:
        word, _, name = basis.partition(":")
        if word == "facts":
            seen = self._facts(name)
            return None if seen is None else Shown(basis, seen[0].count, seen[0].count, seen[0].first, seen[0].last)
        if word == "book":
            found = entries(self.ledger, name, as_of=self.seq)
            return Shown(basis, len(found), len(found), found[0].seq, found[-1].seq) if found else None
        if word == "table":
            count = len(getattr(self.plant, name))
            return Shown(basis, count, count) if count else None
        return {"connected": self._connected, "sensed": self._sensed, "controlled": self._controlled}[word](basis)

    def _facts(self, stream: str) -> tuple[Shown, frozenset[str]] | None:
        """Facts of the last 90 days of a stream, and whom they are about."""
        if stream not in self._streams:
            frame = self.ledger.frame(stream, as_of=self.seq)
            newest = frame.select(nw.col("time").max()).collect("pyarrow").to_arrow().to_pylist()[0]["time"]
            if newest is None:
                self._streams[stream] = None
                return None
            recent = frame.filter(nw.col("time") >= newest - _WINDOW)
            rows = (
                recent.group_by("subject")
                .agg(nw.len().alias("n"), nw.col("seq").min().alias("first"), nw.col("seq").max().alias("last"))
                .collect("pyarrow").to_arrow().to_pylist()
            )  # fmt: skip
            shown = Shown(f"facts:{stream}", 0, sum(one["n"] for one in rows), min(one["first"] for one in rows),
                          max(one["last"] for one in rows))  # fmt: skip
            self._newest[stream] = newest
            self._streams[stream] = shown, frozenset(str(one["subject"]) for one in rows)
        return self._streams[stream]

    def _connected(self, basis: str) -> Shown | None:
        """Share of work units that report their state."""
        seen, units = self._facts("state"), self.plant.work_units
        if seen is None or not units:
            return None
        share = sum(unit in seen[1] for unit in units) / len(units)
        return Shown(basis, share, seen[0].count, seen[0].first, seen[0].last)

    def _controlled(self, basis: str) -> Shown | None:
        """Share of key processes whose controller was heard."""
        if self._facts("state") is None:
            return None
        found = key_processes(self.ledger, self.plant, self._newest["state"] + 1, as_of=self.seq)
        heard = [one.seq for one in found if one.controlled]
        return Shown(basis, len(heard) / len(found), len(heard), min(heard), max(heard)) if heard else None

    def _sensed(self, basis: str) -> Shown | None:
        """Share of the plant's signals that deliver: themselves, or as states and counts of their unit."""
        kinds = ("signal", "state", "count", "measurement", "meter")
        streams = [seen for seen in map(self._facts, kinds) if seen is not None]
        if not streams or not self.plant.signals:
            return None
        subjects = frozenset[str]().union(*(seen[1] for seen in streams))
        heard = [
            one.id in subjects or (one.role != "value" and one.unit_path in subjects)
            for one in self.plant.signals.values()
        ]
        count, first, last = (sum(s[0].count for s in streams), min(s[0].first for s in streams),
                              max(s[0].last for s in streams))  # fmt: skip
        return Shown(basis, sum(heard) / len(heard), count, first, last)
