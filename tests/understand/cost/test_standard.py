"""Standard cost from level to level, worked out by hand."""

from __future__ import annotations

import tempfile
from collections import Counter
from decimal import Decimal as D
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.plant import Plant, load
from luban.understand.cost import StandardCost, roll_up, standard_of
from luban.understand.cost.facts import prices_of

_TOML = """\
[plant]
id = "works"
name = "Works"
time_zone = "Asia/Shanghai"
[[equipment]]
path = "saw"
[[equipment]]
path = "weld"
"""
_TABLES = {
    "items": "id,name,unit,lot\ntube,Tube,m,\nframe,Frame,piece,20\nlug,Lug,piece,\nbike,Bike,piece,5\nbell,Bell,,\n",
    "bom": "parent,item,quantity\nframe,tube,2.5\nframe,lug,4\nlug,tube,0.1\nbike,frame,1\nbike,bell,2\n",
    "routing": "item,operation,unit,ideal_cycle_s,setup_s\nlug,10,saw,36,0\nframe,10,saw,90,1800\n"
    "frame,20,weld,720,900\nbike,10,weld,1800,600\n",
    "prices": "kind,of,basis,price,per\nmaterial,tube,standard,8.00,m\nmaterial,tube,,9.10,m\n"
    "material,bell,,3.5,piece\nmachine,saw,,60,h\nmachine,weld,,90,h\nlabour,,,40,h\noverhead,material,,0.05,\noverhead,machine,,0.20,\n",
}


def _plant(folder: Path, **tables: str) -> Plant:
    (folder / "plant.toml").write_text(_TOML, "utf-8")
    for name, text in (_TABLES | tables).items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    return load(folder)


def _rolled(plant: Plant) -> dict[str, StandardCost]:
    return roll_up(plant, prices_of(plant), 0)


def test_levels_worked_out_by_hand(tmp_path: Path) -> None:
    plant = _plant(tmp_path)
    found = _rolled(plant)
    assert {name: one.level for name, one in found.items()} == {"tube": 0, "bell": 0, "lug": 1, "frame": 2, "bike": 3}
    # lug: 0.1 m of 8.00; 0.01 h of 60 and of 40; 5 % of 0.80 and 20 % of 0.60
    lug = found["lug"]
    assert (lug.below, lug.own) == (
        {"material": D("0.8")}, {"machine": D("0.6"), "labour": D("0.4"), "overhead": D("0.04") + D("0.12")}
    )  # fmt: skip
    assert lug.total == D("1.96")
    # frame: 2.5 m = 20.00 and 4 lugs = 7.84; saw 0.025 + 0.5/20 h = 3.00, weld 0.2 + 0.25/20 h = 19.125,
    # labour 0.2625 h = 10.50; 5 % of 27.84 = 1.392, 20 % of 22.125 = 4.425
    frame = found["frame"]
    assert frame.below == {"material": D("23.2"), "machine": D("2.4"), "labour": D("1.6"), "overhead": D("0.64")}
    assert frame.own == {"machine": D("22.125"), "labour": D("10.5"), "overhead": D("5.817")}
    assert frame.total == D("66.282")
    # bike: frame and two bells 73.282; 0.5 + 1/30 h: weld 48.00, labour 21.3333…; 5 % of 73.282, 20 % of 48.00
    bike = found["bike"]
    assert round(bike.total, 6) == D("73.282") + 48 + D("21.333333") + D("3.6641") + D("9.6")
    assert bike.elements["material"] == D("30.2")
    assert (bike.missing, bike.lot) == ((), 5)


def test_a_part_that_is_made_has_its_own_standard_in_the_standard_of_the_whole(tmp_path: Path) -> None:
    plant = _plant(tmp_path)
    lines, missing = standard_of(plant, prices_of(plant), "bike", 0)
    assert [(one.name, one.price) for one in lines if one.element == "material"] == [
        ("frame", D("66.282")),
        ("bell", D("3.5")),
    ]
    assert missing == []


def test_a_standard_price_of_its_own_stands(tmp_path: Path) -> None:
    plant = _plant(tmp_path, prices=_TABLES["prices"] + "material,frame,standard,70,piece\n")
    frame = _rolled(plant)["frame"]
    assert (frame.level, frame.total, frame.lot) == (0, 70, None)


def test_what_is_missing_is_named_up_to_the_top_and_no_lot_is_no_setup(tmp_path: Path) -> None:
    prices = _TABLES["prices"].replace("material,bell,,3.5,piece\n", "").replace("machine,saw,,60,h\n", "")
    plant = _plant(tmp_path, prices=prices, items=_TABLES["items"].replace("piece,20", "piece,"))
    found = _rolled(plant)
    assert found["bike"].missing == ("works/saw", "setting up of frame: no lot size is known", "bell")
    assert found["frame"].own["machine"] == D(18)  # 0.2 h of 90
    (tmp_path / "orders.csv").write_text("id,item,quantity\nA,frame,15\nB,frame,25\n")
    assert _rolled(load(tmp_path))["frame"].lot == 20


def test_an_item_in_itself_is_refused(tmp_path: Path) -> None:
    plant = _plant(tmp_path)
    object.__setattr__(plant, "bom", (*plant.bom, type(plant.bom[0])("lug", "bike", 1.0)))
    with pytest.raises(InputError, match="goes into itself") as told:
        _rolled(plant)
    assert told.value.came == "frame → lug → bike → frame"


_lines = st.dictionaries(
    st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda pair: pair[0] < pair[1]),
    st.integers(1, 9),
    max_size=14,
)


@settings(max_examples=25, deadline=None)
@given(_lines, st.lists(st.integers(0, 3600), min_size=7, max_size=7))
def test_rolled_up_is_what_all_parts_of_all_levels_cost_together(
    lines: dict[tuple[int, int], int], seconds: list[int]
) -> None:
    names = [f"i{number}" for number in range(7)]
    made = {parent for parent, _ in lines} | {at for at, cycle in enumerate(seconds) if cycle}
    with tempfile.TemporaryDirectory() as folder:
        plant = _plant(
            Path(folder),
            items="id,name,unit\n" + "".join(f"{name},,\n" for name in names),
            bom="parent,item,quantity\n" + "".join(f"i{a},i{b},{n}\n" for (a, b), n in lines.items()),
            routing="item,operation,unit,ideal_cycle_s\n"
            + "".join(f"{name},10,saw,{cycle}\n" for name, cycle in zip(names, seconds, strict=True) if cycle),
            prices="kind,of,price\nmachine,saw,36\nlabour,,18\noverhead,machine,0.5\n"
            + "".join(f"material,{name},{at + 1}\n" for at, name in enumerate(names)),
        )
        found = _rolled(plant)
    for top in range(7):
        # every part on every path down, counted one by one
        counts: Counter[int] = Counter()
        paths = [(top, 1)]
        while paths:
            item, number = paths.pop()
            counts[item] += number
            paths += [(part, number * each) for (parent, part), each in lines.items() if parent == item]
        # a second costs 36/3600 of the saw, half as much on top, and 18/3600 of a person
        cost = sum(
            number * (D(seconds[item]) * D("0.02") if item in made else D(item + 1)) for item, number in counts.items()
        )
        assert abs(found[names[top]].total - cost) < D("1e-9")
