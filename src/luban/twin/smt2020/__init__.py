"""A wafer fab given as AutoSched tables: the form of the SMT2020 testbed (Kopp, Hassoun, Kalir, Mönch 2020,
doi 10.1109/TSM.2020.3001933), read from any folder of that form.

How the tables are read, and why (`reference` = the published AutoSched AP results of the testbed's two data sets
without engineering lots: cycle times by product; availability, use, breakdown, maintenance, setup by tool group):

- PTIME ± PTIME2 is uniform, PTIME2 half its width, drawn once for a lot or batch. Loading and unloading belong to the
  tool's time: with them every tool group of capacity 1 is used as the reference says, to 0.2 points, without them none.
- STNCAP 2 is a cascade. A lot enters one interval (PartInterval × pieces, or BatchInterval) after the lot before it
  entered, whether or not that one was set up for, and while fewer than STNCAP lots are inside; it is set up and loaded
  beside its predecessor, and its pieces follow that one's at the interval. If tools took their second lot at once, hot
  lots would be 4 % slower than the reference, in both data sets.
- FWLRANK gives the rule. rank_RSETUP parts no lots outside rule_LSSU: the reference has as many setups as first come
  first served (DE_BE_13: 2.38 % of the time; ranked by setup it would be 1.2 %; likewise DE_BE_66 and LithoTrack). The
  free tool that needs least setup takes an arriving lot. Exception: Implant_119 and _90 (4 tools) set up too often so.
- rule_LSSU keeps to its setup while lots for it wait, and for at least MINRUN lots even if they have yet to come.
- A batch (crit_sameroutestep) begins at BATCHMN pieces, with up to BATCHMX; a smaller one waits, hot lots included.
- Maintenance is counted from due date to due date (by pieces likewise), begins when the tool is empty, and first falls
  due at FOA·k/n on the k-th of n tools. Breakdowns interrupt work and age by the calendar from the end of the repair;
  one that comes during maintenance begins after it: so the reference's shares of maintenance and breakdown add up.
- StepPercent is the share of lots that do the step; REWORK sends a lot back once a step; STEP_CQT limits the time from
  the end of the step, and is counted, not obeyed; SVESTN/FORSTEP: the later step wants the same tool.
- Moves take the time of fromto.txt between the locations of two steps in sequence, and none where it names no pair.
- Lots of WIP.txt stand before CURSTEP at the start.
"""

from __future__ import annotations

from pathlib import Path

from luban.core.errors import InputError
from luban.twin.model import Model
from luban.twin.smt2020.fab import Fab

__all__ = ["load_smt2020"]

_MICRO = 1_000_000


def load_smt2020(folder: Path | str, rule: str | None = None, days: float = 730, *, due_spread: float = 0.0) -> Model:
    """The model of the fab whose tables lie in `folder`.

    rule        `fifo` or `cr`: the last rank of every tool group; None: as the tables rank
    days        horizon [d]
    due_spread  due dates of arriving lots vary by this share of their allowance, uniformly [1]; the published results
                under critical ratio have 0.2 (so say its users; the paper was not at hand), which
                its periodic order table leaves out
    Raises      InputError with file, line, column, what came and what was expected
    Example     >>> model = load_smt2020("SMT2020_HVLM", days=365)      # folder of the tables
                >>> Run(model).to(model.horizon).totals().finished
    """
    if rule not in {None, "fifo", "cr"}:
        raise InputError("unknown rule", came=repr(rule), expected="fifo, cr, or nothing: as the tables rank")
    if not 0 < days <= 36_500 or not 0 <= due_spread < 1:
        raise InputError("out of range", came=f"days {days}, due_spread {due_spread}", expected="above 0; 0 up to 1")
    fab = Fab(Path(folder), rule)
    start = min(row.instant("START") for row in (*fab.orders, *fab.wip))
    return Model(
        id=Path(folder).name,
        start=round(start.timestamp()) * _MICRO,
        horizon=round(days * 86_400 * _MICRO),
        stations=fab.stations(),
        machines=fab.machines(),
        routes=fab.routes(),
        arrivals=fab.arrivals(start, due_spread),
        orders=fab.lots(start),
        setups=fab.setups(),
        source="AutoSched tables of the SMT2020 form, doi 10.1109/TSM.2020.3001933",
    )
