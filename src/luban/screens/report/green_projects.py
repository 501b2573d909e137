"""Projects of green processes as a sheet: signs in the books, ranked projects, and the balance of each."""

from __future__ import annotations

from collections.abc import Sequence

from luban import __version__
from luban.decide.green import Appraisal, Sign
from luban.screens.i18n import Words
from luban.screens.report.green_trail import Trail
from luban.screens.report.quality_words import number
from luban.screens.report.sheet import Block, Grid, Note, Sheet

__all__ = ["projects_block", "projects_sheet", "signs_block"]

_NONE = "–"


def projects_sheet(
    found: Sequence[Appraisal], signs: Sequence[Sign], say: Words, source: str, currency: str = "CNY"
) -> Sheet:
    """Which families may apply, and the projects by their present worth."""
    trail = Trail(say)
    blocks = [*signs_block(signs, say, trail), *projects_block(found, say, currency)]
    if signs:
        blocks.append(trail.grid())
    return Sheet(say("Green processes"), source, tuple(blocks), {"luban": __version__})


def signs_block(signs: Sequence[Sign], say: Words, trail: Trail) -> list[Block]:
    """A row for each family: a sign or none, and what could be saved at most."""
    if not signs:
        return []
    rows = [
        (say(one.family), say("a sign") if one.applies else say("no sign on record"), say(one.text),
         number(one.most, 5), one.unit, trail.mark(one.facts))
        for one in signs
    ]  # fmt: skip
    heads = (say("family"), say("in the books"), say("what was seen"), say("at most"), say("unit"), say("facts"))
    tones = {at: "" if one.applies else "quiet" for at, one in enumerate(signs)}
    return [Grid(heads, rows, say("Signs of the six families"), frozenset({3}), tones)]


def projects_block(found: Sequence[Appraisal], say: Words, currency: str) -> list[Block]:
    """Ranked projects, then savings and balances of each."""
    if not found:
        return [
            Note(
                say(
                    "No project is described: write {file} beside {other}.",
                    file="green_projects.toml",
                    other="plant.toml",
                )
            )
        ]
    verdicts = {"pays": say("pays"), "may pay": say("may pay"), "does not pay": say("does not pay")}
    tones = {"pays": "good", "may pay": "doubt", "does not pay": "bad"}
    rows = [
        (one.project.name, say(one.project.process.FAMILY), number(one.yearly, 5),
         f"{number(one.low, 4)} … {number(one.high, 4)}", number(one.project.money.invest, 6), number(one.payback, 3),
         f"{number(one.payback_low, 3)} … {number(one.payback_high, 3)}", number(one.worth, 5),
         number(one.run.carbon, 5), verdicts[one.verdict])
        for one in found
    ]  # fmt: skip
    heads = (say("project"), say("family"), f"{say('saved a year')} [{currency}]", say("95 % interval"),
             f"{say('to invest')} [{currency}]", say("payback in years"), say("95 % interval"),
             f"{say('present worth')} [{currency}]", f"{say('gases saved a year')} [kgCO2e]",
             say("verdict"))  # fmt: skip
    blocks: list[Block] = [
        Grid(heads, rows, say("Projects by present worth"), frozenset({2, 4, 5, 7, 8}),
             {at: tones[one.verdict] for at, one in enumerate(found)})
    ]  # fmt: skip
    for one in found:
        blocks += [_saved(one, say, currency), _flows(one, say), *(Note(say(text)) for text in one.run.notes)]
    return blocks


def _saved(one: Appraisal, say: Words, currency: str) -> Grid:
    rows = [(say(two.what), number(two.amount, 5), two.unit, number(two.price, 5), number(two.money, 5))
            for two in one.run.savings]  # fmt: skip
    heads = (say("saved"), say("a year"), say("unit"), f"{say('price')} [{currency}]", f"{say('money')} [{currency}]")
    return Grid(heads, rows, one.project.name, frozenset({1, 3, 4}))


def _flows(one: Appraisal, say: Words) -> Grid:
    rows = [
        (say(balance.what), say("in") if into else say("out"), say(name), number(amount, 6), balance.unit,
         f"{balance.closure:.4f}")
        for balance in one.run.balances
        for into, side in ((True, balance.ins), (False, balance.outs))
        for name, amount in side.items()
    ]  # fmt: skip
    heads = (say("balance of"), say("side"), say("flow"), say("a year"), say("unit"), f"{say('closes to')} [%]")
    return Grid(heads, rows, f"{one.project.name}: {say('balances')}", frozenset({3, 5}))
