"""Results of in-line devices (cameras, scanners, gauges with their own judgement), and people who check them.

A result carries the device's model, its version and its confidence. Below the threshold a person looks; of the
others every so many-th is looked at too, so that the confusion matrix also speaks of what the device was sure of.

Reads   Fact(event) of kind `inspection`
Writes  nothing itself; `result_row` and `review_row` make the rows
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scipy import special

from luban.core.errors import InputError
from luban.ledger import Ledger
from luban.understand.book import Entry, entries, row

__all__ = [
    "Confusion",
    "Result",
    "Share",
    "confusion",
    "exact_share",
    "queue",
    "result_row",
    "results",
    "review_row",
]

_AUDIT = 50  # of the sure results, one in so many is looked at by a person


@dataclass(frozen=True, slots=True)
class Result:
    """What a device judged of a piece, and what a person made of it.

    verdict     the device's word: good, bad, or a class of defect
    confidence  0 to 1, as the device says it
    threshold   below it a person looks
    why         queue: the device was not sure; audit: sure, but drawn for checking; "" neither
    reviewed    the person's word; "" while nobody has looked
    final       the word that counts; "" while the piece waits for a person
    """

    seq: int
    time: int
    piece: str
    item: str
    lot: str
    unit: str
    device: str
    model: str
    version: str
    verdict: str
    confidence: float
    threshold: float
    why: str
    reviewed: str
    reviewer: str
    evidence: str

    @property
    def final(self) -> str:
        """The word that counts; "" while the piece waits for a person."""
        return self.reviewed or ("" if self.why == "queue" else self.verdict)


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its exact interval; value None where there is nothing to divide by."""

    count: int
    of: int
    value: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """Device against person for one version of one model.

    words      all verdicts that occur, in order
    table      table[i][j]: pieces that the device called words[i] and the person words[j]
    agreement  share on which they agree
    escapes    of the pieces that the person calls bad (anything but good), those that the device called good
    alarms     of the pieces that the person calls good, those that the device called otherwise
    why        queue, audit or all: which results it is made of. A matrix of the queue alone speaks of hard pieces only
    """

    device: str
    model: str
    version: str
    why: str
    words: tuple[str, ...]
    table: tuple[tuple[int, ...], ...]
    agreement: Share
    escapes: Share
    alarms: Share
    waiting: int


def result_row(
    piece: str,
    verdict: str,
    confidence: float,
    *,
    device: str,
    model: str,
    version: str,
    threshold: float = 0.9,
    item: str = "",
    lot: str = "",
    unit: str = "",
    evidence: str = "",
    time: int | None = None,
) -> dict[str, list[Any]]:
    """The row of a device's result.

    piece       serial number, or lot and number
    confidence  0 to 1; a device that has none is not sure of anything: 0
    threshold   0 to 1; below it a person looks
    evidence    where the picture or the curve is, for people
    Raises      InputError: no piece, device, model, version or verdict; confidence or threshold outside 0 to 1
    Example     result_row("S-1", "scratch", 0.62, device="cam2", model="surface", version="4.1")
    """
    named = {"piece": piece, "verdict": verdict, "device": device, "model": model, "version": version}
    for name, text in named.items():
        if not text.strip():
            raise InputError(f"a device's result needs a {name}", came=repr(text))
    for name, number in (("confidence", confidence), ("threshold", threshold)):
        if not 0 <= number <= 1:
            raise InputError(f"a {name} lies between 0 and 1", came=f"{number:g}", hint="93 % is 0.93")
    data = {
        "verdict": verdict.strip(), "confidence": confidence, "threshold": threshold, "device": device, "model": model,
        "version": version, "item": item, "lot": lot, "unit": unit, "evidence": evidence,
    }  # fmt: skip
    return row("inspection", piece, "judged", person="", data=data, time=time)


def review_row(result: Result, verdict: str, *, person: str, text: str = "") -> dict[str, list[Any]]:
    """The row of a person's word on a result. Raises InputError: no word, or nobody who said it."""
    if not verdict.strip() or not person.strip():
        raise InputError("a review needs a verdict and a person", came=f"{verdict!r} by {person!r}")
    data = {"of": result.seq, "verdict": verdict.strip()}
    return row("inspection", result.piece, "reviewed", person=person, text=text, data=data)


def results(ledger: Ledger, *, as_of: int | None = None) -> tuple[Result, ...]:
    """Every result of a device with what a person made of it, in the ledger's order; the newest review counts."""
    found = entries(ledger, "inspection", as_of=as_of)
    reviews = {one.data.get("of"): one for one in found if one.code == "reviewed"}
    return tuple(_result(one, reviews.get(one.seq)) for one in found if one.code == "judged")


def queue(found: Iterable[Result]) -> tuple[Result, ...]:
    """What waits for a person: unsure results first, the least sure first; then those drawn for checking."""
    waiting = [one for one in found if one.why and not one.reviewed]
    return tuple(sorted(waiting, key=lambda one: (one.why != "queue", one.confidence, one.seq)))


def confusion(found: Sequence[Result], why: str = "all") -> tuple[Confusion, ...]:
    """A confusion matrix for each version of each model, from the results that a person has looked at.

    why     queue, audit, or all
    Raises  InputError for another word
    """
    if why not in {"all", "queue", "audit"}:
        raise InputError("unknown choice of results", came=repr(why), expected="all, queue or audit")
    kinds: dict[tuple[str, str, str], list[Result]] = {}
    for one in found:
        kinds.setdefault((one.device, one.model, one.version), []).append(one)
    return tuple(_matrix(*kind, why, own) for kind, own in kinds.items())


def exact_share(count: int, of: int, level: float = 0.95) -> Share:
    """A share with its interval.

    Source   Clopper and Pearson, Biometrika 26 (1934) 404, doi:10.1093/biomet/26.4.404
    Example  exact_share(0, 10).high is about 0.308
    """
    if of <= 0:
        return Share(0, 0, None, 0.0, 1.0)
    tail = (1 - level) / 2
    low = float(special.betaincinv(count, of - count + 1, tail)) if count else 0.0
    high = float(special.betaincinv(count + 1, of - count, 1 - tail)) if count < of else 1.0
    return Share(count, of, count / of, low, high)


def _result(one: Entry, review: Entry | None) -> Result:
    data: Mapping[str, Any] = one.data
    unsure = float(data.get("confidence", 0)) < float(data.get("threshold", 1))
    texts = {
        name: str(data.get(name, "")) for name in ("item", "lot", "unit", "device", "model", "version", "evidence")
    }
    return Result(
        seq=one.seq, time=one.time, piece=one.subject, verdict=str(data.get("verdict", "")),
        confidence=float(data.get("confidence", 0)), threshold=float(data.get("threshold", 1)),
        why="queue" if unsure else "audit" if _drawn(one) else "",
        reviewed=str(review.data.get("verdict", "")) if review else "", reviewer=review.person if review else "",
        **texts,
    )  # fmt: skip


def _drawn(one: Entry) -> bool:
    """Drawn by the piece and the moment: the same for whoever asks, and nobody can foresee it from the result."""
    digest = hashlib.sha256(f"{one.subject}\0{one.time}\0{one.seq}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % _AUDIT == 0


def _matrix(device: str, model: str, version: str, why: str, own: Sequence[Result]) -> Confusion:
    seen = [one for one in own if one.reviewed and why in {"all", one.why}]
    words = sorted(
        {one.verdict for one in seen} | {one.reviewed for one in seen}, key=lambda word: (word != "good", word)
    )
    table = tuple(
        tuple(sum(one.verdict == mine and one.reviewed == theirs for one in seen) for theirs in words) for mine in words
    )
    bad = [one for one in seen if one.reviewed != "good"]
    good = [one for one in seen if one.reviewed == "good"]
    return Confusion(
        device, model, version, why, tuple(words), table,
        exact_share(sum(one.verdict == one.reviewed for one in seen), len(seen)),
        exact_share(sum(one.verdict == "good" for one in bad), len(bad)),
        exact_share(sum(one.verdict != "good" for one in good), len(good)),
        sum(1 for one in own if one.why and not one.reviewed),
    )  # fmt: skip
