"""Claims as sheets: one with its rights and proof, all of them, and what claimed lots have in common."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from luban import __version__
from luban.screens.i18n import Words
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Sheet
from luban.screens.report.trace_explorer import amount, moment
from luban.understand.trace import Claim, Suspect

__all__ = ["claims_sheet", "common_sheet", "remedy_words", "state_words"]

_NONE = "–"
_MOST = 500


def remedy_words(say: Words) -> dict[str, str]:
    """What remedies are called."""
    return {"repair": say("free repair"), "replace": say("replacement"), "refund": say("return and refund"),
            "refuse": say("refused")}  # fmt: skip


def state_words(say: Words) -> dict[str, str]:
    """What the states of a claim are called."""
    return {"registered": say("registered"), "decided": say("decided"), "closed": say("closed with proof"),
            "unproven": say("closed without proof")}  # fmt: skip


def claims_sheet(claims: Sequence[Claim], say: Words, zone: tzinfo, *, source: str = "") -> Sheet:
    """All claims: how many are open, and of those closed the share that facts prove."""
    remedies, states = remedy_words(say), state_words(say)
    closed = [one for one in claims if one.closed is not None]
    proven = sum(one.proven for one in closed)
    share = f"{100 * proven / len(closed):.1f}" if closed else _NONE
    blocks: list[Block] = [Figures((
        Figure(say("claims"), f"{len(claims):,}"), Figure(say("open"), f"{len(claims) - len(closed):,}"),
        Figure(say("closed"), f"{len(closed):,}"),
        Figure(say("of them proven"), share, "%" if closed else "",
               tone="good" if closed and proven == len(closed) else "doubt" if closed else ""),
    ))]  # fmt: skip
    heads = (say("claim"), say("state"), say("lot"), say("customer"), say("fault of the goods"), say("quantity"),
             say("sold"), say("claimed"), say("remedy asked for"), say("decision"), say("case closed"))  # fmt: skip
    rows = tuple(
        (one.id, states[one.state], one.lot, one.customer, one.fault, amount(one.quantity), moment(one.sold, zone),
         moment(one.registered, zone), remedies[one.wanted], remedies.get(one.remedy, _NONE),
         moment(one.closed, zone) if one.closed is not None else _NONE) for one in claims[:_MOST]
    )  # fmt: skip
    blocks.append(Grid(heads, rows, say("Claims"), frozenset({5})))
    if len(claims) > _MOST:
        blocks.append(Note(say("and {n} more", n=len(claims) - _MOST), "quiet"))
    return Sheet(say("Warranty claims"), "", tuple(blocks), {say("source"): source or _NONE, "luban": __version__})


def common_sheet(found: Sequence[Suspect], say: Words, *, fault: str = "", source: str = "") -> Sheet:
    """What claimed lots have in common, the least likely by chance first."""
    kinds = {"lot": say("lot"), "tool": say("tool"), "person": say("person"), "unit": say("work unit")}
    heads = (say("kind"), say("name"), say("claimed lots with it"), say("delivered lots with it"),
             say("probability by chance"), say("expected among all asked"))  # fmt: skip
    rows = tuple(
        (kinds[one.kind], one.name, f"{one.hit:,} / {one.faulty:,}", f"{one.reach:,} / {one.delivered:,}",
         f"{one.chance:.2g}", f"{one.expected:.2g}") for one in found
    )  # fmt: skip
    tones = {at: "bad" if one.expected < 0.05 else "quiet" for at, one in enumerate(found)}
    blocks: list[Block] = [Note(say(
        "At least half of the claimed lots share it. The probability is that of so many by chance (hypergeometric); "
        "where the last column is not far below 1, chance alone explains it. It is a hint where to look, not a proof."
    ))]  # fmt: skip
    if rows:
        blocks.append(Grid(heads, rows, say("In common"), frozenset({2, 3, 4, 5}), tones))
    else:
        blocks.append(Note(say("Nothing is shared by half of the claimed lots."), "quiet"))
    return Sheet(say("What claimed lots have in common"), fault, tuple(blocks),
                 {say("source"): source or _NONE, "luban": __version__})  # fmt: skip
