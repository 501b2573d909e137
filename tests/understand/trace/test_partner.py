"""What a partner sees, and what a chain of hashes shows."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from luban.core.errors import InputError
from luban.understand.trace.partner import Grant, heads, partner_view, verify_chain
from tests.understand.trace.made_up import Shop

SECRET, OTHER = b"a secret of ours", b"another's secret"


def supplier() -> Shop:
    made = Shop()
    made.receive("ore", "ore", 100, 0)
    made.use("ore", "melt", 80, 1, "H1")
    made.receive("melt", "steel", 80, 2, "H1")
    made.use("melt", "coil", 50, 3, "H2")
    made.receive("coil", "coil", 50, 4, "H2")
    made.ship("coil", 40, 5, "SO1", "customer:works")
    return made


def works(times: int = 1) -> Shop:
    made = Shop()
    made.receive("coil", "coil", 50, 6)
    made.receive("paint", "paint", 9, 6)
    made.use("coil", "door", 5 * times, 7, "M1")
    made.use("paint", "door", 1, 7, "M1")
    made.receive("door", "door", 1, 8, "M1")
    return made


def chain() -> tuple[dict[str, Any], dict[str, Any]]:
    first = partner_view(supplier().trace(), Grant(("coil",)), SECRET)
    second = partner_view(works().trace(), Grant(("door",)), OTHER, upstream=first["heads"])
    return first, second


def test_only_what_was_granted_is_in_the_document() -> None:
    view = partner_view(supplier().trace(), Grant(("coil",), steps=1, fields=("item",)), SECRET)
    told = json.dumps(view)
    assert "melt" in told
    assert not any(word in told for word in ('"ore"', "H1", "H2", "SO1", "customer", "80.0", '"quantity": {'))
    assert [sorted(row) for row in view["records"] if "lot" not in row] == [["hash", "inputs"]]
    whole = partner_view(supplier().trace(), Grant(("coil",), steps=-1, fields=("item", "order")), SECRET)
    assert {row["lot"] for row in whole["records"]} == {"ore", "melt", "coil"}
    only = partner_view(supplier().trace(), Grant(("coil",), steps=-1, items=("coil",)), SECRET)
    assert [row["lot"] for row in only["records"] if "lot" in row] == ["coil"]
    assert view["heads"] == whole["heads"] == only["heads"] == heads(supplier().trace(), ["coil"], SECRET)


def test_a_chain_over_two_firms_holds() -> None:
    first, second = chain()
    assert verify_chain([first, second], known=first["heads"] | second["heads"]) == ()
    assert verify_chain([json.loads(json.dumps(first))]) == ()


def test_a_missing_supplier_and_a_missing_record_are_shown() -> None:
    first, second = chain()
    alone = verify_chain([second])
    assert [(fault.kind, fault.lot) for fault in alone] == [("missing", "coil")]
    for at in range(len(first["records"])):
        less = copy.deepcopy(first)
        less["records"].pop(at)
        assert any(fault.kind == "missing" for fault in verify_chain([less])), at


def test_every_changed_field_is_shown() -> None:
    first, second = chain()
    for at, row in enumerate(second["records"]):
        for change in ("lot", "item", "made", "inputs", "hash"):
            forged = copy.deepcopy(second)
            target = forged["records"][at]
            if change in ("item", "made"):
                target["fields"][change]["value"] = "another"
            elif change == "inputs":
                target["inputs"] = [*target["inputs"], "0" * 64]
            else:
                target[change] = "another"
            assert verify_chain([first, forged]), (row["lot"], change)


def test_a_forger_who_makes_all_hashes_anew_is_shown_by_the_known_head() -> None:
    first, second = chain()
    forged = partner_view(works(times=2).trace(), Grant(("door",)), b"forger's own key", upstream=first["heads"])
    assert verify_chain([first, forged]) == ()
    assert [fault.kind for fault in verify_chain([first, forged], known=second["heads"])] == ["head"]


def test_hashes_cannot_be_guessed_without_the_secret_and_hold_whatever_is_granted() -> None:
    one, two = (partner_view(supplier().trace(), Grant(("coil",)), secret)["heads"] for secret in (SECRET, OTHER))
    assert one != two
    with pytest.raises(InputError, match="16 bytes"):
        partner_view(supplier().trace(), Grant(("coil",)), b"short")
    with pytest.raises(InputError, match="a grant names lots"):
        Grant(("coil",), fields=("price",))


def test_a_loop_cannot_be_put_into_a_chain() -> None:
    made = supplier()
    made.use("coil", "ore", 1, 9, "H3")
    with pytest.raises(InputError, match="cannot hold a loop"):
        partner_view(made.trace(), Grant(("coil",)), SECRET)


@pytest.mark.parametrize(
    "part",
    [
        {"records": [1]}, {"records": 3}, {"records": None}, {"heads": []}, {"records": [{"fields": []}]},
        {"records": [{"fields": {"a": 1}}]}, {"records": [{"inputs": 5}]}, {"records": [{"leaves": []}]},
    ],
)  # fmt: skip
def test_what_is_no_view_is_said(part: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="not a partner's view"):
        verify_chain([{"type": "luban-trace", **part}])


def test_the_head_of_another_lot_does_not_stand_for_this_one() -> None:
    view = partner_view(supplier().trace(), Grant(("coil",)), SECRET)
    assert verify_chain([view]) == ()
    view["heads"] = {"better coil": view["heads"]["coil"]}
    assert [(one.kind, one.lot) for one in verify_chain([view])] == [("head", "better coil")]
