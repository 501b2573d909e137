"""The form as an Excel workbook with drop-downs, checks and notes; and what stands in a filled one, cell by cell.

Column A is hidden and says what each row is: rows and columns may be moved, and the workbook is still read.
"""

from __future__ import annotations

import warnings
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from luban.core.errors import InputError
from luban.norms.industry import divisions
from luban.norms.plans import TargetPlan, Text
from luban.rollup.returns.batch import Batch
from luban.rollup.returns.cells import Maker, year_of
from luban.rollup.returns.form import REASONS, SIZES, Field, Form

__all__ = ["BROKEN", "filled_form", "form_workbook"]

BROKEN: Final = (zipfile.BadZipFile, zlib.error, SyntaxError, EOFError, NotImplementedError)
"""What parts of a damaged workbook raise: its zip, its compression, its XML."""
_MARK: Final = "luban-return"
_WORDS: Final[Mapping[str, Text]] = {
    "return": Text("报表", "Return", "보고서"), "checks": Text("校验", "Checks", "검증"),
    "lists": Text("选项", "Lists", "목록"), "unit": Text("单位编号", "unit id", "기업번호"),
    "name": Text("单位名称", "name", "기업명"), "code": Text("统一社会信用代码", "registered code", "사업자등록번호"),
    "region": Text("地区", "region", "지역"), "industry": Text("行业代码", "industry code", "업종코드"),
    "size": Text("单位规模", "size", "기업규모"), "above_scale": Text("规模以上", "above scale", "규모이상"),
    "element": Text("指标", "figure", "항목"), "measured_in": Text("计量单位", "unit of measure", "측정단위"),
    "reason": Text("缺失原因", "why it is not known", "미상 사유"),
    "rule": Text("规则", "rule", "규칙"), "ok": Text("通过", "ok", "통과"),
    "look": Text("请检查", "look here", "확인 필요"),
    "yes": Text("是", "yes", "예"), "no": Text("否", "no", "아니오"),
    "path": Text("路径，如 CN/31/3101", "a path, e.g. CN/31/3101", "경로, 예: CN/31/3101"),
    "gbt": Text("GB/T 4754-2017，如 C3421", "GB/T 4754-2017, e.g. C3421", "GB/T 4754-2017, 예: C3421"),
    "empty": Text("不知道的留空并注明原因；不要填 0。", "Leave empty what is not known, and say why; do not write 0.",
                  "모르는 값은 비우고 사유를 적으십시오. 0을 쓰지 마십시오."),
    "number": Text("请填数字", "a number, please", "숫자를 입력하십시오"),
}  # fmt: skip
_ABOUT: Final = ("unit", "name", "code", "region", "industry", "size", "above_scale")
_FIRST: Final = 3  # row of the first line about the unit, counted from 0
_COLUMN: Final = 4  # column of the first year


def form_workbook(
    form: Form, *, years: Sequence[int], language: str = "en", about: Mapping[str, Any] | None = None,
    values: Mapping[tuple[str, int], float | None] | None = None,
) -> bytes:  # fmt: skip
    """The form for one unit and some years as an Excel workbook.

    about   what is known of the unit: unit, name, code, region, industry, size, above_scale
    values  (element, year) → what stands already
    Raises  InputError without a year
    Example Path("return.xlsx").write_bytes(form_workbook(form_of(plan), years=[2020], language="zh"))
    """
    import xlsxwriter

    if not years:
        raise InputError("a form is for one year at least")
    out = BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    writer = _Writer(book, form, tuple(years), language, dict(about or {}), dict(values or {}))
    writer.write()
    book.close()
    return out.getvalue()


class _Writer:
    """Writes the sheets of one workbook."""

    def __init__(
        self, book: Any, form: Form, years: tuple[int, ...], language: str, about: Mapping[str, Any],
        values: Mapping[tuple[str, int], float | None],
    ) -> None:  # fmt: skip
        self.form, self.years, self.language, self.about, self.values = form, years, language, about, values
        self.page = book.add_worksheet(self._say("return"))
        self.checks = book.add_worksheet(self._say("checks"))
        self.lists = book.add_worksheet(self._say("lists"))
        self.head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.quiet = book.add_format({"font_color": "#59646c"})
        self.open = book.add_format({"bg_color": "#f4f1e6", "border": 1, "border_color": "#c9c2a8", "locked": False})
        self.whole = book.add_format({"bg_color": "#f4f1e6", "border": 1, "border_color": "#c9c2a8", "locked": False,
                                      "num_format": "#,##0"})  # fmt: skip
        self.wrong = book.add_format({"bg_color": "#f6d5d2", "font_color": "#8c1d18"})
        self.where: dict[tuple[str, int], str] = {}

    def _say(self, word: str) -> str:
        return _WORDS[word].of(self.language)

    def write(self) -> None:
        """All sheets."""
        page = self.page
        page.write_string(0, 0, _MARK)
        page.write_string(0, 1, self.form.title.of(self.language), self.title)
        page.write_string(1, 0, f"form:{self.form.name}:{self.form.level}")
        page.write_string(1, 1, self.form.name, self.quiet)
        page.write_string(1, 2, self._say("empty"), self.quiet)
        page.set_column(0, 0, None, None, {"hidden": True})
        page.set_column(1, 1, 46)
        page.set_column(2, 3, 18)
        page.set_column(_COLUMN, _COLUMN + len(self.years) - 1, 16)
        page.freeze_panes(_FIRST + len(_ABOUT) + 2, 2)
        self._list_pages()
        self._unit()
        self._fields()
        self._rules()

    def _list_pages(self) -> None:
        industries = [f"{one.code} {one.name(self.language)}" for one in divisions()]
        self.columns = {
            "industry": industries, "size": [one.of(self.language) for one in SIZES.values()],
            "above_scale": [self._say("yes"), self._say("no")], "reason": [one.of(self.language) for one in REASONS],
        }  # fmt: skip
        for at, (name, entries) in enumerate(self.columns.items()):
            self.lists.write_string(0, at, self._say(name), self.head)
            for row, entry in enumerate(entries, 1):
                self.lists.write_string(row, at, entry)
        self.lists.set_column(0, len(self.columns), 34)

    def _choice(self, name: str, *, strict: bool) -> dict[str, Any]:
        at = list(self.columns).index(name)
        letter = "ABCDEFGH"[at]
        source = f"='{self._say('lists')}'!${letter}$2:${letter}${len(self.columns[name]) + 1}"
        return {"validate": "list", "source": source, "error_type": "stop" if strict else "information"}

    def _unit(self) -> None:
        notes = {"region": "path", "industry": "gbt"}
        for row, name in enumerate(_ABOUT, _FIRST):
            self.page.write_string(row, 0, f"about:{name}")
            self.page.write_string(row, 1, self._say(name))
            told = self.about.get(name)
            if name == "size" and told in SIZES:
                told = SIZES[str(told)].of(self.language)
            if name == "above_scale" and told is not None:
                told = self._say("yes" if told else "no")
            self.page.write_string(row, 2, "" if told is None else str(told), self.open)
            if name in notes:
                self.page.write_string(row, 3, self._say(notes[name]), self.quiet)
            if name in self.columns:
                self.page.data_validation(row, 2, row, 2, self._choice(name, strict=name != "industry"))

    def _fields(self) -> None:
        top = _FIRST + len(_ABOUT) + 1
        last = _COLUMN + len(self.years)
        self.page.write_string(top, 0, "head")
        for at, word in ((1, "element"), (2, "measured_in"), (last, "reason")):
            self.page.write_string(top, at, self._say(word), self.head)
        self.page.write_string(top, 3, "", self.head)
        for at, year in enumerate(self.years, _COLUMN):
            self.page.write_number(top, at, year, self.head)
        for row, field in enumerate(self.form.fields, top + 1):
            self._field(row, field, last)
        self.page.set_column(last, last, 30)

    def _field(self, row: int, field: Field, last: int) -> None:
        self.page.write_string(row, 0, f"element:{field.element}")
        self.page.write_string(row, 1, field.name.of(self.language))
        names = [name.of(self.language) for name in field.units.values()]
        self.page.write_string(row, 2, "" if field.choices else names[0], self.open if len(names) > 1 else self.quiet)
        if len(names) > 1:
            self.page.data_validation(row, 2, row, 2, {"validate": "list", "source": names})
        self.page.write_string(row, 3, field.element, self.quiet)
        for at, year in enumerate(self.years, _COLUMN):
            self.where[field.element, year] = _cell(row, at)
            standing = self.values.get((field.element, year))
            look = self.whole if field.whole else self.open
            if field.choices:
                told = "" if standing is None else field.choices[0 if standing else 1].of(self.language)
                self.page.write_string(row, at, told, look)
                choices = [one.of(self.language) for one in field.choices]
                self.page.data_validation(row, at, row, at, {"validate": "list", "source": choices})
                continue
            if standing is None:
                self.page.write_blank(row, at, None, look)
            else:
                self.page.write_number(row, at, standing, look)
            self.page.data_validation(row, at, row, at, {
                "validate": "decimal", "criteria": ">=", "value": -1e300, "error_type": "warning",
                "error_message": self._say("number"),
            })  # fmt: skip
        self.page.write_string(row, last, "", self.open)
        self.page.data_validation(row, last, row, last, self._choice("reason", strict=False))

    def _rules(self) -> None:
        page = self.checks
        page.set_column(0, 0, 60)
        page.set_column(1, len(self.years) + 1, 16)
        for at, text in enumerate((self._say("rule"), *map(str, self.years))):
            page.write_string(0, at, text, self.head)
        sheet = f"'{self._say('return')}'!"
        for row, rule in enumerate(self.form.rules, 1):
            page.write_string(row, 0, rule.name.of(self.language))
            for at, year in enumerate(self.years, 1):
                cells = {element: sheet + self.where[element, year] for element in rule.elements}
                holds = f'=IF({rule.formula(cells)},"{self._say("ok")}","{self._say("look")}")'
                page.write_formula(row, at, holds, None, self._say("ok"))
        if self.form.rules:
            page.conditional_format(1, 1, len(self.form.rules), len(self.years), {
                "type": "cell", "criteria": "==", "value": f'"{self._say("look")}"', "format": self.wrong,
            })  # fmt: skip


def _cell(row: int, column: int) -> str:
    from xlsxwriter.utility import xl_rowcol_to_cell

    return str(xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True))


# ---- a filled form


def filled_form(path: Path | str, plan: TargetPlan) -> Batch | None:
    """What stands in a filled form; None where the file is no form of luban's.

    Raises   InputError: a form of another plan, or without the unit's id
    Example  filled_form("return.xlsx", plan).units
    """
    pages = _pages(Path(path))
    for sheet, rows in pages:
        if rows and rows[0][1] and rows[0][1][0] == _MARK:
            return _filled(Path(path).name, sheet, rows, plan)
    return None


def _pages(path: Path) -> list[tuple[str, list[tuple[int, tuple[Any, ...]]]]]:
    import openpyxl

    try:
        with path.open("rb") as file:
            if file.read(4) != b"PK\x03\x04":
                return []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(BytesIO(path.read_bytes()), read_only=True, data_only=True)
            try:
                found = []
                for page in book.worksheets:
                    first = next(page.iter_rows(max_row=1, values_only=True), ())
                    if first and first[0] == _MARK:
                        found.append((page.title, list(enumerate(page.iter_rows(values_only=True), 1))))
                return found
            finally:
                book.close()
    except (OSError, KeyError, TypeError, ValueError, *BROKEN):
        return []  # not a workbook: whoever reads tables says so


def _filled(name: str, sheet: str, rows: Iterable[tuple[int, tuple[Any, ...]]], plan: TargetPlan) -> Batch:
    rows = list(rows)
    marks = {str(cells[0]): (line, cells) for line, cells in rows if cells and cells[0]}
    form = next((mark.split(":") for mark in marks if mark.startswith("form:")), ["", "?", ""])
    if form[1].partition("@")[0] != plan.id:
        raise InputError("the form is of another plan", came=form[1], expected=plan.id, where=name)

    def place(line: int, column: int) -> str:
        return f"{name}!{sheet}!{_cell(line - 1, column).replace('$', '')}"

    line, head = marks.get("head", (0, ()))
    years = {at: year for at, one in enumerate(head[_COLUMN - 1 :], _COLUMN - 1) if (year := year_of(one))}
    last = max((at for at, one in enumerate(head) if one not in (None, "")), default=0)
    about = {mark.removeprefix("about:"): (at, cells[2] if len(cells) > 2 else None)
             for mark, (at, cells) in marks.items() if mark.startswith("about:")}  # fmt: skip
    unit = str(about.get("unit", (0, ""))[1] or "").strip()
    if not unit:
        where = place(about.get("unit", (line or 1, ""))[0], 2)
        raise InputError("the form does not say which unit it is about", where=where, expected="the unit's id")
    where_of: dict[tuple[int, str], str] = {}
    used = [at for at in years if any(_given(cells, at) for mark, (_, cells) in marks.items()
                                      if mark.startswith("element:"))]  # fmt: skip
    maker = Maker(plan)
    for row, at in enumerate(used):
        maker.units.append(unit)
        maker.years.append(years[at])
        where_of[row, ""] = place(line, at)
        for role, (there, cell) in about.items():
            if role != "unit":
                code = str(cell or "").partition(" ")[0] if role == "industry" else cell
                maker.say(row, role, code, place(there, 2))
        for mark, (there, cells) in marks.items():
            element = mark.removeprefix("element:")
            if element == mark or element not in plan.elements:
                continue
            where_of[row, element] = place(there, at)
            measured = str(cells[2] or "") if len(cells) > 2 else ""
            maker.take(row, element, cells[at] if at < len(cells) else None, measured, place(there, at), comma=False)
            if not _given(cells, at) and last < len(cells) and last not in years and cells[last]:
                maker.reasons[row, element] = str(cells[last]).strip()
    return maker.batch(f"{name}!{sheet}", lambda row, element: where_of.get((row, element), where_of[row, ""]))


def _given(cells: Sequence[Any], at: int) -> bool:
    return at < len(cells) and cells[at] not in (None, "")
