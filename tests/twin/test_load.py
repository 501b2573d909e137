"""A twin from a plant folder: what it says is in the model, what is wrong is named with its line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from luban.core.errors import ConfigError, InputError
from luban.core.time import DAY, HOUR, MINUTE
from luban.plant import load
from luban.twin.check import check_model
from luban.twin.distribution import Distribution
from luban.twin.load import check_twin, list_settings, load_twin, read_loaded, twin_schema
from luban.twin.load.machines import residual, waiting_for_spares
from luban.twin.load.settings import TwinFile
from luban.twin.model import STATES, Model
from luban.twin.run import Run

EXAMPLES = Path(__file__).parents[2] / "examples"
TINY = EXAMPLES / "tiny_workshop"

PLANT = """\
[plant]
id = "p"
name = "Plant"
time_zone = "Europe/Berlin"
calendar = "day"
[[calendar]]
id = "day"
shifts = [{ name = "day", start = "06:00", end = "14:00", days = "Mon-Fri", breaks = [
  { start = "10:00", end = "10:30" },
] }]
[[calendar]]
id = "always"
shifts = [{ name = "all", start = "00:00", end = "00:00" }]
[[equipment]]
path = "cut"
kind = "work center"
[[equipment]]
path = "cut/a"
[[equipment]]
path = "cut/b"
[[equipment]]
path = "oven"
calendar = "always"
"""
ITEMS = "id,name,unit\nx,X,piece\ny,Y,piece\nbar,Bar,kg\n"
ROUTING = """\
item,operation,unit,ideal_cycle_s,setup_s
x,10,cut/a,60,600
x,10,cut/b,90,600
x,20,oven,30,0
y,10,cut/a,120,300
y,20,oven,30,0
"""
ORDERS = (
    "id,item,quantity,release,due,priority\nO1,x,10,2026-03-02T06:00,2026-03-03T14:00,1\nO2,y,5,2026-03-02T06:00,,0\n"
)
SIZES = "item,name,unit,nominal,lower,upper\nx,width,mm,20,19.95,20.05\n"

Folder = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Makes a plant folder; keywords replace its files."""

    def make(twin: str | None = None, **files: str) -> Path:
        texts = {"plant.toml": PLANT, "items.csv": ITEMS, "routing.csv": ROUTING, "orders.csv": ORDERS}
        texts |= {"characteristics.csv": SIZES, "bom.csv": "parent,item,quantity\nx,bar,0.5\n"}
        texts |= {name.replace("_csv", ".csv"): text for name, text in files.items()}
        if twin is not None:
            texts["twin.toml"] = twin
        for name, text in texts.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return make


def test_without_a_twin_toml_the_routing_is_enough(folder: Folder) -> None:
    loaded = read_loaded(folder())
    model = loaded.model
    assert [own.id for own in model.machines] == ["p/cut/a", "p/cut/b", "p/oven"]
    assert [own.station for own in model.machines] == ["p/cut", "p/cut", "p/oven"]
    assert check_model(model) == []
    assert any("no twin.toml" in text for text in loaded.assumptions)
    assert any("setups take the routing's planned time" in text for text in loaded.assumptions)
    # O1: setup 600 s and 10 × 60 s on a; the oven works at once. Nothing is by chance, so it can be said by hand.
    run = Run(model, seed=9).to(DAY)
    finish = {run.lot_name(int(lot["key"])): int(lot["finish"]) for lot in run.lots()}
    assert finish["O1"] == 6 * HOUR + (600 + 600 + 300) * 1_000_000
    assert finish["O2"] == 6 * HOUR + (1200 + 300 + 600 + 150) * 1_000_000


def test_start_is_the_local_day_of_the_earliest_order(folder: Folder) -> None:
    model = load_twin(folder())
    assert model.start == 1_772_406_000_000_000  # 2026-03-02T00:00+01:00
    assert load_twin(folder(), start="2026-02-28").start == model.start - 2 * DAY
    assert load_twin(folder(), start=model.start + HOUR).orders[0].arrival == 5 * HOUR
    assert load_twin(folder(), days=2).horizon == 2 * DAY


def test_calendars_are_the_plants_shifts_without_breaks_over_the_change_of_clocks(folder: Folder) -> None:
    model = load_twin(folder(), start="2026-03-27", days=4)  # Friday; clocks change on Sunday the 29th
    spans = {own.id: own.open for own in model.calendars}
    friday, monday = 0, 3 * DAY - HOUR
    assert spans["day"] == tuple(
        (day + begin, day + end)
        for day in (friday, monday)
        for begin, end in ((6 * HOUR, 10 * HOUR), (10 * HOUR + 30 * MINUTE, 14 * HOUR))
    )
    assert spans["always"] == ((0, 4 * DAY),)


def test_what_twin_toml_says_is_in_the_model(folder: Folder) -> None:
    model = load_twin(
        folder(
            """\
[run]
days = 7
[transport]
time = "exponential(5 min)"
pool = "carts"
calendar = "day"
[release]
kind = "conwip"
cap = 4
every = ["Mon 06:00", "Wed 12:30"]
[energy]
base_load = "3 kW"
[[pool]]
id = "carts"
size = 2
[[pool]]
id = "men"
size = 1
tends = 2
calendar = "day"
absence = "5 %"
[[station]]
path = "cut"
rule = ["urgent", "edd"]
urgent_within = "1 d"
urgent_share = 0.7
buffer = 3
[[machine]]
path = "cut"
power = { idle = "2 kW", standby = "0.5 kW", run = "6 kW", off = "100 W" }
failures = ["belt"]
[[machine]]
path = "cut/b"
speed = 1.15
[[machine]]
path = "oven"
finishes = true
[[failure]]
id = "belt"
life = "exponential(50 h)"
repair = "1 h"
[[step]]
at = "cut"
factor = "lognormal(1.1, cv=0.2)"
pool = "men"
[[step]]
at = "oven"
time = "2 h"
per = "batch"
batch = { measure = "weight", maximum = 100, minimum = 50, max_wait = "8 h" }
[[step]]
items = ["x"]
operations = ["15"]
delay = "1 d"
[[step]]
items = ["y"]
operations = ["20"]
branches = [{ probability = 0.1, to = "10", once = true }, { probability = 0.05, to = "scrap" }]
[[product]]
item = "x"
weight = "1.5 kg"
[[product]]
item = "y"
weight = "1 kg"
[[stock]]
item = "bar"
reorder = 10
up_to = 50
lead = "3 d"
initial = 40
[[arrival]]
id = "more"
item = "y"
interval = "1 d"
quantity = "uniform(5, 15)"
due = "5 d"
"""
        )
    )
    x, y = model.routes
    assert [step.id for step in x.steps] == ["10", "15", "20"]
    assert x.steps[1].station is None
    assert x.steps[1].time.mean == 86_400
    assert x.weight == 1.5
    assert x.material == {"bar": 0.5}
    cut = x.steps[0]
    assert cut.machines == {"p/cut/a": None, "p/cut/b": Distribution.constant(90)}
    assert cut.factor is not None
    assert cut.factor.mean == pytest.approx(1.1)
    assert (x.steps[2].per, x.steps[2].batch and x.steps[2].batch.max_wait) == ("batch", 28_800)
    assert [(one.probability, one.to, one.once) for one in y.steps[1].branches] == [(0.1, 0, True), (0.05, -1, False)]
    station = next(own for own in model.stations if own.id == "p/cut")
    assert (station.rule, station.buffer, station.urgent) == (("urgent", "edd"), 3, (86_400.0, 0.7))
    a, b, oven = model.machines
    assert (a.speed, b.speed) == (1.0, 1.15)
    assert a.power["down"] == a.power["standby"] == 500
    assert a.power["setup"] == a.power["idle"] == 2000
    assert a.power["off"] == 100
    assert a.failures[0].first == a.failures[0].life  # without memory: what is left of a life is a life
    calendars = {own.id: own for own in model.calendars}
    assert oven.calendar is not None
    assert not calendars[oven.calendar].interrupts
    assert a.calendar is not None
    assert calendars[a.calendar].interrupts
    assert (model.pools[1].tends, model.pools[1].absence) == (2, 0.05)
    assert (model.transport_pool, model.transport_calendar, model.base_load) == ("carts", "day", 3000)
    assert model.release.instants == (6 * HOUR, 2 * DAY + 12 * HOUR + 30 * MINUTE)
    assert model.arrivals[0].quantity.mean == 10
    assert model.stocks[0].lead.mean == 3 * 86_400
    assert not [own for own in check_model(model) if not own.warning]
    Run(model).to(3 * DAY)


def test_setups_by_class_and_by_pair(folder: Folder) -> None:
    twin = """\
[tables]
setup_time = "pairs.csv"
[[machine]]
path = "cut"
setups = "cutting"
[[setup]]
id = "cutting"
same = "5 min"
alike = "20 min"
other = "60 min"
[[product]]
item = "x"
setup_class = "k"
[[product]]
item = "y"
setup_class = "k"
"""
    table = load_twin(folder(twin, pairs_csv="setup,before,after,time\ncutting,x,y,7 min\n")).setups[0]
    assert table.times == {("x", "x"): 300, ("y", "y"): 300, ("x", "y"): 420, ("y", "x"): 1200}
    assert table.other == 3600
    other = twin.replace('setup_class = "k"', 'setup_class = "m"', 1).replace(
        '[tables]\nsetup_time = "pairs.csv"\n', ""
    )
    assert load_twin(folder(other)).setups[0].times == {("x", "x"): 300, ("y", "y"): 300}


def test_a_size_has_the_plants_limits_in_the_plants_unit(folder: Folder) -> None:
    twin = """\
[[characteristic]]
name = "width"
at = "cut"
noise = "5 µm"
wear = "0.02 mm"
gauge = "1 µm"
sample_every = 10
[[machine]]
path = "cut"
tool = "edge"
[[tool]]
id = "edge"
life = "normal(45 min, 10 min)"
change = "4 min"
replace_at = "30 min"
jump = "25 µm"
"""
    model = load_twin(folder(twin))
    size = model.routes[0].steps[0].characteristics[0]
    assert size.id == "x:width"
    assert (size.lower, size.upper) == (pytest.approx(-0.05), pytest.approx(0.05))
    assert (size.noise, size.wear, size.gauge) == (pytest.approx(0.005), 0.02, pytest.approx(0.001))
    assert (size.nominal, size.unit) == (20, "mm")
    assert not model.routes[1].steps[0].characteristics
    tool = model.machines[0].tool
    assert tool is not None
    assert (tool.jump, tool.replace_at) == (pytest.approx(0.025), 1800)


def test_lists_may_stand_in_a_csv_file_or_a_sheet(folder: Folder) -> None:
    rows = [
        ("item", "weight", "share", "quantity"),
        ("x", "2 kg", "0.75", "lognormal(30, sigma=0.5)"),
        ("y", "", "1", "4"),
    ]
    csv = "\n".join(",".join(f'"{cell}"' for cell in row) for row in rows)
    demand = '[demand]\nper_day = 5\ncalendar = "day"\n'
    path = folder(demand + '[tables]\nproduct = "products.csv"\n', products_csv=csv)
    book = openpyxl.Workbook()
    sheet = book.create_sheet("goods")
    for row in rows:
        sheet.append(row)
    book.save(path / "twin.xlsx")
    first = load_twin(path)
    (path / "twin.toml").write_text(demand + '[tables]\nproduct = "twin.xlsx#goods"\n')
    second = load_twin(path)
    assert first.demand is not None
    assert first.routes[0].weight == 2
    assert [(item, share, own.mean) for item, share, own in first.demand.mix] == [("x", 0.75, 30), ("y", 1, 4)]
    assert replace(second, source="") == replace(first, source="")
    assert second.source != first.source


def test_demand_is_drawn_by_the_run_unless_a_seed_is_given(folder: Folder) -> None:
    twin = """\
[run]
start = "2026-03-02"
days = 14
[demand]
per_day = 6
levels = { high = 9 }
due_days = 3
[[product]]
item = "x"
share = 1
quantity = 10
"""
    path = folder(twin)
    model = load_twin(path)
    assert model.demand is not None
    assert len(model.orders) == 2
    fixed = load_twin(path, seed=5)
    assert fixed.demand is None
    assert len(fixed.orders) > 2 + 30
    assert load_twin(path, seed=5) == fixed != load_twin(path, seed=6)
    assert load_twin(path, per_day="high").demand == replace(model.demand, per_day=9)
    assert load_twin(path, per_day=7.5).demand == replace(model.demand, per_day=7.5)
    with pytest.raises(ConfigError, match="no such level"):
        load_twin(path, per_day="low")
    Run(model, replication=3).to(14 * DAY)


FAULTS = {
    "typo in a section": ("[[machnie]]\npath = 'cut'\n", 1, "machnie", "did you mean machine?"),
    "typo in a key": ("[run]\n\n[[machine]]\npath = 'cut'\nspeeed = 1.1\n", 5, "speeed", "did you mean speed?"),
    "typo within": ("[[machine]]\npath = 'cut'\npower = { idel = '2 kW' }\n", 3, "idel", "did you mean idle?"),
    "unknown machine": ("[[machine]]\npath = 'cut/aa'\n", 2, "cut/aa", "did you mean cut/a?"),
    "path with the plant": ("[[machine]]\npath = 'p/cut'\n", 2, "p/cut", "leave out p/"),
    "unknown failure": ("[[machine]]\npath = 'cut'\nfailures = ['belt']\n", 3, "belt", ""),
    "unknown rule": ("[[station]]\npath = 'cut'\nrule = ['eddd']\n", 3, "eddd", "did you mean edd?"),
    "no distribution": ("[transport]\ntime = 'lognormall(3 min, cv=1)'\n", 2, "lognormall", ""),
    "wrong unit": ("[transport]\ntime = '3 kg'\n", 2, "kg", ""),
    "chance where one number is meant": (
        "[[machine]]\npath = 'cut'\nload = 'exponential(3 s)'\n", 3, "exponential", "",
    ),
    "wrong unit of a power": ("[energy]\nbase_load = '3 kg'\n", 2, "kg", ""),
    "no share": ("[[pool]]\nid = 'men'\nsize = 1\nabsence = 3.5\n", 4, "3.5", ""),
    "unknown operation": ("[[step]]\nitems = ['x']\noperations = ['11']\n", 3, "11", ""),
    "unknown item": ("[[step]]\nitems = ['xx']\npool = ''\n", 2, "xx", ""),
    "branch to nowhere": (
        "[[step]]\nat = 'oven'\nitems = ['x']\nbranches = [{ probability = 0.1, to = '11' }]\n", 4, "'11'", "",
    ),
    "delay where there is a machine": ("[[step]]\nitems = ['x']\noperations = ['10']\ndelay = '1 d'\n", 3, "10", ""),
    "size without limits": (
        "[[characteristic]]\nname = 'widht'\nat = 'cut'\nnoise = '1 µm'\n", 2, "widht", "did you mean width",
    ),
    "size of another kind": ("[[characteristic]]\nname = 'width'\nat = 'cut'\nnoise = '1 kg'\n", 4, "kg", ""),
    "two of one name": (
        "[[pool]]\nid = 'm'\nsize = 1\n[[pool]]\nid = 'm'\nsize = 2\n", 5, "'m'", "the first is at twin.toml:2",
    ),
    "conwip without cap": ("[release]\nkind = 'conwip'\n", 2, "conwip", ""),
    "no time of the week": ("[release]\nevery = ['Mondey 06:00', 'Xyz 06:00']\n", 2, "Xyz", ""),
    "unknown calendar": ("[[pool]]\nid = 'm'\nsize = 1\ncalendar = 'dya'\n", 4, "dya", "did you mean day?"),
    "demand for nothing": ("[demand]\nper_day = 3\n", 2, "", ""),
    "urgent without a time": ("[[station]]\npath = 'cut'\nrule = ['urgent']\n", 3, "urgent", ""),
    "no start": ("[run]\nstart = 'soon'\n", 2, "soon", ""),
    "broken": ("[run\n", 1, "[run", ""),
    "no list": ("[machine]\npath = 'cut'\n", 1, "[machine]", ""),
    "no such file": ("[tables]\nproduct = 'goods.csv'\n", 2, "goods.csv", ""),
    "no such list": ("[tables]\nproducts = 'goods.csv'\n", 2, "products", "did you mean product?"),
    "stations that cannot be apart": (
        "[[station]]\npath = 'cut/a'\n[[station]]\npath = 'cut/b'\n", 4, "p/cut/a", "name their common group",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_named_with_its_line(name: str, folder: Folder) -> None:
    text, line, came, hint = FAULTS[name]
    path = folder(text)
    found = check_twin(path)
    assert found, "nothing was found"
    first = next(own for own in found if own.file == "twin.toml")
    assert first.line == line, str(first)
    assert came in f"{first.came} {first.field} {first.message}", str(first)
    assert hint in first.hint, str(first)
    with pytest.raises(ConfigError, match="twin\\.toml"):
        load_twin(path)


def test_a_fault_in_a_table_names_its_cell(folder: Folder) -> None:
    path = folder("[tables]\nproduct = 'goods.csv'\n", goods_csv="# a note\nitem,weight,shar\nx,2 kg,1\ny,2 kgg,1\n")
    assert [str(own.place) for own in check_twin(path)] == ["goods.csv:2:3", "goods.csv:4:2"]


def test_an_order_of_something_that_nobody_makes_is_named(folder: Folder) -> None:
    path = folder(orders_csv="id,item,quantity\nO1,bar,3\n")
    assert "without a routing" in str(check_twin(path)[0])
    with pytest.raises(InputError, match="nobody says when the run begins"):
        load_twin(folder(orders_csv="id,item,quantity\nO1,x,3\n"))


def test_orders_before_the_start_and_after_the_end_are_said(folder: Folder) -> None:
    loaded = read_loaded(folder(), start="2026-03-02T07:00", days=1)
    assert any("begin at the start" in text for text in loaded.assumptions)
    late = read_loaded(folder(), start="2026-02-01", days=1)
    assert late.model.orders == ()
    assert any("left out" in text for text in late.assumptions)


def test_what_is_left_of_a_life() -> None:
    # a Weibull life found under way: mean m2/(2 m1), by renewal theory; uniform(0, 1): density 2(1-x)
    life = Distribution.weibull(2.2, 4400)
    assert residual(life).mean == pytest.approx((life.variance + life.mean**2) / (2 * life.mean), rel=2e-3)
    left = residual(Distribution.uniform(0, 1))
    assert [float(left.quantile(p)) for p in (0.25, 0.5, 0.75)] == pytest.approx(
        [1 - np.sqrt(1 - p) for p in (0.25, 0.5, 0.75)], abs=2e-3
    )


def test_repairs_that_wait_for_spares() -> None:
    repair, wait = Distribution.lognormal(4, sigma=0.8), Distribution.exponential(15)
    both = waiting_for_spares(repair, 0.15, wait)
    assert both.mean == pytest.approx(repair.mean + 0.15 * wait.mean, rel=0.01)
    # the law of total variance
    exact = repair.variance + 0.15 * (wait.variance + wait.mean**2) - (0.15 * wait.mean) ** 2
    assert both.variance == pytest.approx(exact, rel=0.08)
    assert waiting_for_spares(repair, 1.0, Distribution.constant(15)).mean == pytest.approx(19, rel=0.01)


def test_every_setting_is_listed_with_its_meaning() -> None:
    listed = list_settings()
    assert all(own.description for own in listed)
    sections = {own.section for own in listed}
    for name in set(TwinFile.model_fields) - {"tables", "serve"}:
        assert {f"[{name}]", f"[[{name}]]"} & sections, name
    life = next(own for own in listed if (own.section, own.key) == ("[[failure]]", "life"))
    assert (life.type, life.unit, life.default) == ("distribution", "s, piece or lot", "needed")


def test_the_schema_beside_the_examples_is_that_of_the_code() -> None:
    made = json.dumps(twin_schema(), indent=2, ensure_ascii=False) + "\n"
    for name in ("tiny_workshop", "c2_machining"):
        assert (EXAMPLES / name / "twin.schema.json").read_text("utf-8") == made, name


def test_the_tiny_workshop_runs_and_keeps_its_names() -> None:
    model = load_twin(TINY)
    plant = load(TINY)
    assert [own.id for own in model.machines] == list(plant.work_units)
    assert not check_model(model)
    run = Run(model, seed=2).to(model.horizon)
    totals = run.totals()
    assert totals.finished == len(plant.orders)
    assert totals.good + totals.scrap == sum(own.quantity for own in plant.orders.values())
    off = totals.machine_time[:, STATES.index("off")]
    shifts = {path: sum(own.planned for own in plant.shifts(path, model.start, model.start + model.horizon))
              for path in plant.work_units}  # fmt: skip
    assert [model.horizon - int(own) for own in off] == list(shifts.values())


def test_a_changed_folder_is_another_model(folder: Folder, tmp_path: Path) -> None:
    path = folder("[run]\ndays = 7\n")
    other = tmp_path / "other"
    shutil.copytree(path, other)
    same: Model = load_twin(other)
    assert same == load_twin(path)
    (other / "twin.toml").write_text("[run]\ndays = 7 \n")
    assert load_twin(other).source != same.source
