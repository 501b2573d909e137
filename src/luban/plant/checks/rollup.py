"""What `[rollup]` names is there."""

from __future__ import annotations

from collections.abc import Iterator

from luban.core.errors import ConfigError
from luban.norms.plans import load_plan, plans
from luban.plant.complaint import Complaint, did_you_mean
from luban.plant.draft import Draft

__all__ = ["RULES"]


def _named(draft: Draft) -> Iterator[Complaint]:
    if draft.rollup is None:
        return
    folder, table = draft.files[0].parent, draft.rollup.table
    if table.plan not in plans():
        place = draft.rollup.at("plan")
        if not (folder / table.plan).is_dir():
            expected = f"{', '.join(plans())}, or a folder beside plant.toml"
            yield Complaint(place, "plan", "no such plan", table.plan, expected, did_you_mean(table.plan, plans()))
        else:
            try:
                load_plan(folder / table.plan)
            except ConfigError as wrong:
                yield Complaint(place, "plan", wrong.message, wrong.came, wrong.expected, wrong.where)
    if table.deflators and not (folder / table.deflators).is_file():
        expected = "a file beside plant.toml with columns industry, year, index"
        yield Complaint(draft.rollup.at("deflators"), "deflators", "no such file", table.deflators, expected)


RULES = (_named,)
