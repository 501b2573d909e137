"""Files and forms: shapes, languages, units, bad cells with their places; a form goes out and comes back."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from luban.core.errors import ConfigError, InputError, UnitError
from luban.norms.plans import TargetPlan, Text
from luban.rollup.returns import (
    Rule,
    amount,
    batch_of,
    form_model,
    form_of,
    form_workbook,
    linear,
    read_returns,
    review,
    settings_of,
)
from luban.rollup.returns.cells import Named, names_of


@pytest.mark.parametrize(
    ("value", "unit", "target", "expected"),
    [
        (2.0, "亿元", "10⁴ CNY", 20000.0),
        (50000.0, "元", "10⁴ CNY", 5.0),
        (3.5, "万元", "10⁴ CNY", 3.5),
        (7.0, "千元", "10⁴ CNY", 0.7),
        (1.2, "만 위안", "10⁴ CNY", 1.2),
        (5.0, "万吨", "t", 50000.0),
        (1.0, "tce", "kgce", 1000.0),
        (4.0, "million CNY", "10⁴ CNY", 400.0),
        (2500.0, "L", "m³", 2.5),
    ],
)
def test_amounts_as_statistics_write_them(value: float, unit: str, target: str, expected: float) -> None:
    assert amount(value, unit, target) == pytest.approx(expected, rel=1e-15)


def test_what_does_not_convert_is_refused() -> None:
    with pytest.raises(UnitError):
        amount(1.0, "万元", "tce")


def test_a_wide_table_in_chinese_with_units_in_its_header(tmp_path: Path, plan: TargetPlan) -> None:
    path = tmp_path / "报表.csv"
    path.write_text(
        "统计报表\n单位编号,年份,地区,行业代码,单位规模,规模以上,主营业务收入（亿元）,全部职工平均人数,应用数字化研发设计工具,能耗\n"
        'f1,2020年,CN/31,3421,大型,是,"1.25","1,200",是,未统计\n'
        "f2,2020,CN/32,C2614,小型,否,x3,80,否,12.5\n",
        "utf-8",
    )
    batch = read_returns(path, plan)
    assert batch.units.tolist() == ["f1", "f2"]
    assert batch.years.tolist() == [2020, 2020]
    assert batch.values["revenue"][0] == 12500.0
    assert batch.values["staff"].tolist() == [1200.0, 80.0]
    assert batch.values["design_tools"].tolist() == [1.0, 0.0]
    assert [batch.said(name, 0) for name in ("region", "industry", "size", "above_scale")] == [
        "CN/31",
        "3421",
        "large",
        1,
    ]
    assert batch.reasons == {(0, "energy"): "未统计"}
    (bad,) = batch.findings
    assert (bad.code, bad.unit, bad.element, bad.place) == ("not a number", "f2", "revenue", "报表.csv:4")
    assert np.isnan(batch.values["revenue"][1])


def test_a_long_table_with_a_unit_a_row(tmp_path: Path, plan: TargetPlan) -> None:
    path = tmp_path / "long.csv"
    path.write_text(
        "unit;year;element;value;measured in;region\n"
        "f1;2019;revenue;2,5;亿元;CN/31\nf1;2019;energy;900,25;tce;CN/31\nf1;2020;revenue;30000;万元;CN/31\n"
        "f1;2020;nonsense;1;t;CN/31\nf1;2020;energy;3;万元;CN/31\nf1;2020;revenue;31000;万元;CN/31\n",
        "utf-8",
    )
    batch = read_returns(path, plan)
    assert batch.years.tolist() == [2019, 2020, 2020]  # the second revenue of 2020 begins a row of its own
    assert batch.values["revenue"].tolist() == [25000.0, 30000.0, 31000.0]
    assert batch.values["energy"][0] == 900.25
    assert [(one.code, one.place) for one in batch.findings] == [("unknown name", "long.csv:5"), ("unit", "long.csv:6")]
    assert next(one.place for one in review(batch, plan).findings if one.code == "twice") == "long.csv:7"


def test_a_file_without_returns_says_what_was_expected(tmp_path: Path, plan: TargetPlan) -> None:
    path = tmp_path / "else.csv"
    for text, expected in (("a,b\n1,2\n", "unit, year"), ("unit,year,revenue\n", "rows below the header")):
        path.write_text(text, "utf-8")
        with pytest.raises(InputError) as caught:
            read_returns(path, plan)
        assert expected in caught.value.expected


@pytest.mark.parametrize("language", ["en", "zh", "ko"])
def test_a_form_goes_out_is_filled_and_comes_back_cell_by_cell(tmp_path: Path, plan: TargetPlan, language: str) -> None:
    form = form_of(plan)
    path = tmp_path / "form.xlsx"
    path.write_bytes(form_workbook(form, years=[2019, 2020], language=language, about={"unit": "f1", "size": "large"},
                                   values={("revenue", 2019): 100.0}))  # fmt: skip
    book = openpyxl.load_workbook(path)
    page = book.worksheets[0]
    rows = {page.cell(row, 1).value: row for row in range(1, page.max_row + 1)}
    assert page.title == {"en": "Return", "zh": "报表", "ko": "보고서"}[language]
    for name in ("revenue", "energy", "design_tools"):
        assert page.cell(rows[f"element:{name}"], 2).value == plan.elements[name].name.of(language)
    money = next(one for one in form.fields if one.element == "revenue").units["10⁸ CNY"].of(language)
    page.cell(rows["element:revenue"], 3).value = money
    page.cell(rows["element:revenue"], 5).value = None
    page.cell(rows["element:revenue"], 6).value = 1.5
    page.cell(rows["element:design_tools"], 6).value = {"en": "yes", "zh": "是", "ko": "예"}[language]
    page.cell(rows["element:energy"], 6).value = "abc9"
    page.cell(rows["element:water"], 7).value = "books not closed yet"
    page.insert_rows(2)  # whoever fills it in may move rows
    book.save(path)
    batch = read_returns(path, plan)
    assert batch.units.tolist() == ["f1"]
    assert batch.years.tolist() == [2020]
    assert {name: column[0] for name, column in batch.values.items()} == {"revenue": 15000.0, "design_tools": 1.0}
    assert batch.said("size", 0) == "large"
    assert batch.reasons == {(0, "water"): "books not closed yet"}
    (bad,) = batch.findings
    assert bad.place == f"form.xlsx!{page.title}!F{rows['element:energy'] + 1}"
    assert page.data_validations.count > len(form.fields)


def test_the_checks_of_the_form_are_the_rules_of_the_plan(tmp_path: Path, plan: TargetPlan) -> None:
    """Each formula is worked out by hand here and compared with what the rule says."""
    form = form_of(plan)
    path = tmp_path / "form.xlsx"
    path.write_bytes(form_workbook(form, years=[2020]))
    page = openpyxl.load_workbook(path).worksheets[1]
    formulas = [page.cell(row, 2).value for row in range(2, len(form.rules) + 2)]
    assert all(one.startswith("=IF(") for one in formulas)
    where = {one.id: at for at, one in enumerate(form.rules)}
    told = formulas[where["waste-utilised-within"]]
    assert "0.001*MAX(" in told
    assert told.count("Return") >= 6
    for rule in form.rules:
        cells = {element: f"v[{element!r}]" for element in rule.elements}
        text = rule.formula(cells)
        for numbers in ((1.0, 2.0, 3.0), (3.0, 2.0, 1.0), (0.0, 0.0, 0.0), (-1.0, 5.0, 2.0)):
            v = dict(zip(rule.elements, numbers, strict=False))
            holds = eval(
                text.replace("<=", "≤").replace(">=", "≥").replace("=", "==").replace("≤", "<=").replace("≥", ">="),
                {"OR": lambda *one: any(one), "AND": lambda *one: all(one), "NOT": lambda one: not one, "MAX": max,
                 "ABS": abs, "COUNT": lambda *one: len(one), "v": v},
            )  # fmt: skip
            arrays = {element: np.array([number]) for element, number in v.items()}
            assert holds == (not rule.fails(arrays, 1)[0]), (rule.id, v, text)


def test_the_form_of_a_page_and_its_version(plan: TargetPlan) -> None:
    model = form_model(form_of(plan), language="zh", unit="f1", year=2020, values={"revenue": 5.0})
    assert model["fields"][0]["value"] == 5.0
    assert model["fields"][0]["units"]["10⁸ CNY"] == "亿元"
    assert {side for rule in model["rules"] for side in rule} >= {"left", "right", "operator", "tolerance", "name"}
    assert form_of(plan).version != form_of(plan, "region").version
    assert [one.element for one in form_of(plan, "region").fields][:2] == ["broadband_households", "households"]


def test_a_side_of_a_rule() -> None:
    assert linear("a + 2*b - 3.5").terms == ((1.0, "a"), (2.0, "b"))
    assert linear("a + 2*b - 3.5").number == -3.5
    assert linear("-x").terms == ((-1.0, "x"),)
    for bad in ("a b", "a +", "2 * ", "a ** b", "import os", ""):
        with pytest.raises(ConfigError):
            linear(bad)


@pytest.mark.parametrize(
    ("operator", "left", "right", "tolerance", "holds"),
    [
        ("==", 100.0, 100.9, 0.01, True), ("==", 100.0, 102.0, 0.01, False), ("<=", 100.5, 100.0, 0.01, True),
        ("<", 1.0, 1.0, 0.0, False), (">", 0.0, 0.0, 0.0, False), ("!=", 1.0, 1.0, 0.0, False),
        ("both", 1.0, np.nan, 0.0, False), ("both", np.nan, np.nan, 0.0, True), ("either", 1.0, 1.0, 0.0, False),
        ("either", 1.0, np.nan, 0.0, True), ("<=", np.nan, 1.0, 0.0, True),
    ],
)  # fmt: skip
def test_operators(operator: str, left: float, right: float, tolerance: float, holds: bool) -> None:
    rule = Rule("r", linear("a"), operator, linear("b"), tolerance, "error", ("a",), Text("", "", ""))
    assert rule.fails({"a": np.array([left]), "b": np.array([right])}, 1)[0] == (not holds)


def test_a_rule_of_a_plan_that_does_not_load_names_file_and_rule(tmp_path: Path, plan: TargetPlan) -> None:
    from dataclasses import replace

    head = '[[check]]\nid = "r"\nname = ["a", "b", "c"]\n'
    for body, message in (
        ('left = "revenu"\noperator = "<="\nright = "output"', "no such element"),
        ('left = "revenue"\noperator = "=<"\nright = "output"', "unknown word"),
        ('left = "revenue output"\noperator = "<="\nright = "1"', "cannot be read"),
        ('left = "revenue"\nright = "1"', "not whole"),
        ('left = "revenue"\noperator = "<="\nright = "1"\ntolerance = 2.0', "tolerance"),
    ):
        (tmp_path / "checks.toml").write_text(head + body, "utf-8")
        with pytest.raises(ConfigError, match=message) as caught:
            settings_of(replace(plan, folder=tmp_path))
        assert "mic2025/checks.toml" in caught.value.where


def test_rows_that_are_no_rows() -> None:
    with pytest.raises(InputError):
        batch_of([{"unit": "f1"}], ["revenue"])
    with pytest.raises(InputError, match=r"2020\.5"):
        batch_of([{"unit": "f1", "year": 2020.5, "revenue": 1.0}], ["revenue"])
    for infinite in (float("inf"), "-inf", 1e999):
        with pytest.raises(InputError) as caught:
            batch_of([{"unit": "f1", "year": 2020, "revenue": infinite}], ["revenue"])
        assert "not finite" in caught.value.came


def test_what_rows_say_of_their_unit_is_read_as_in_a_file(tmp_path: Path, plan: TargetPlan) -> None:
    columns = ("unit", "year", "above_scale", "weight", "size", "level", "region", "revenue")
    said = [("f1", 2020, "0", -5, "huge", "x", "310101", 5.0), ("f2", 2020, "no", 2, "大型", "region", "CN/31", 6.0),
            ("f3", 2020, True, 0, "", "enterprise", None, 7.0)]  # fmt: skip
    path = tmp_path / "r.csv"
    path.write_text("\n".join(",".join("" if one is None else str(one) for one in row) for row in (columns, *said)))
    rows, file = batch_of([dict(zip(columns, row, strict=True)) for row in said], ["revenue"]), read_returns(path, plan)
    for batch in (rows, file):
        told = {name: batch.column(name).tolist() for name in columns[2:-1]}
        assert told == {
            "above_scale": [0, 0, 1], "weight": [None, 2.0, None], "size": [None, "large", None],
            "level": [None, "region", "enterprise"], "region": ["CN/31/3101/310101", "CN/31", None],
        }  # fmt: skip
        named = {
            (one.severity, one.unit, one.expected) for one in review(batch, plan).findings if one.code == "register"
        }
        wrong = {("f1", "weight: -5"), ("f1", "size: huge"), ("f1", "level: x"), ("f3", "weight: 0")}
        assert named == {("error", *one) for one in wrong}


def test_an_amount_beyond_all_numbers_is_named(tmp_path: Path, plan: TargetPlan) -> None:
    path = tmp_path / "r.csv"
    path.write_text("unit,year,revenue [亿元],energy\nf1,2020,1e307,1e307\n", "utf-8")
    batch = read_returns(path, plan)
    assert [(one.code, one.element) for one in batch.findings] == [("not a number", "revenue")]
    assert [(row, element) for row, element, _ in batch.cells()] == [(0, "energy")]


def _other(content: bytes, name: str, told: bytes) -> bytes:
    """The same workbook with another part of that name."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            new.writestr(part, told if part == name else old.read(part))
    return out.getvalue()


def test_a_damaged_workbook_is_refused_in_one_sentence(tmp_path: Path, plan: TargetPlan) -> None:
    sound = form_workbook(form_of(plan), years=[2020], about={"unit": "f1"}, values={("revenue", 2020): 5.0})
    packed = sound.index(b"xl/workbook.xml") + 40
    damaged = {
        "sheet": _other(sound, "xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row>"),
        "book": _other(sound, "xl/workbook.xml", b"<workbook"),
        "types": _other(sound, "[Content_Types].xml", b"no xml"),
        "bits": sound[:packed] + bytes(200) + sound[packed + 200 :],
        "half": sound[: len(sound) // 2],
        "text": b"PK\x03\x04 and nothing behind it",
    }
    for name, content in damaged.items():
        for suffix in ("xlsx", "ods", "csv"):
            path = tmp_path / f"{name}.{suffix}"
            path.write_bytes(content)
            with pytest.raises(InputError) as caught:
                read_returns(path, plan)
            assert caught.value.where == path.name
    path = tmp_path / "form.csv"
    path.write_bytes(sound)  # what a file is called does not matter
    assert read_returns(path, plan).values["revenue"].tolist() == [5.0]


@pytest.mark.parametrize(
    "head", ["企业编号,年份,指标,数值,单位", "기업번호,연도,지표,값,단위", "firm,year,element,value,unit"]
)
def test_of_a_row_a_value_the_unit_beside_the_firm_is_that_of_measure(
    tmp_path: Path, plan: TargetPlan, head: str
) -> None:
    path = tmp_path / "long.csv"
    path.write_text(f"{head}\nf1,2020,revenue,2,亿元\nf2,2020,revenue,3,万元\n", "utf-8")
    batch = read_returns(path, plan)
    assert batch.units.tolist() == ["f1", "f2"]
    assert batch.values["revenue"].tolist() == [20000.0, 3.0]


@pytest.mark.parametrize(
    ("head", "twice"),
    [
        ("unit,year,revenue,主营业务收入", "revenue, 主营业务收入"),
        ("unit,year,revenue [亿元],revenue [万元]", "revenue [亿元], revenue [万元]"),
        ("企业编号,年份,单位,revenue", "企业编号, 单位"),
        ("unit,year,region,地区,revenue", "region, 地区"),
        ("企业,年份,指标,数值,单位,计量单位", "单位, 计量单位"),
    ],
)
def test_two_columns_of_one_meaning_are_refused(tmp_path: Path, plan: TargetPlan, head: str, twice: str) -> None:
    path = tmp_path / "r.csv"
    path.write_text(f"{head}\n{','.join(['f1', '2020', *'123456'][: head.count(',') + 1])}\n", "utf-8")
    with pytest.raises(InputError, match="two columns") as caught:
        read_returns(path, plan)
    assert (caught.value.came, caught.value.where) == (twice, "r.csv")


@pytest.mark.parametrize(
    ("head", "element", "unit"),
    [("二氧化碳排放量", "co2", ""), ("二氧化碳排放量（直接排放，范围一）[kg]", "co2", "kg"),
     ("Fresh water taken [L]", "water", "L"), ("用水量（取新水量，重复利用不计）", "water", "")],
)  # fmt: skip
def test_what_stands_in_brackets_behind_a_name_may_be_left_out(
    plan: TargetPlan, head: str, element: str, unit: str
) -> None:
    assert names_of(plan)(head) == Named("", element, unit)
