"""What people call the columns of a table of measurements, in English, Chinese, Korean and a little German."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from luban.core.errors import UnitError
from luban.core.units import parse_unit

__all__ = ["ROLES", "plain_name", "role_of", "series", "split_unit"]

ROLES: Final[dict[str, tuple[str, ...]]] = {
    "subgroup": (
        "subgroup", "sub group", "group", "sample", "batch", "lot", "day", "cassette", "shift",
        "子组", "子组号", "组", "组号", "批", "批次", "批号",
        "样本", "样本号", "부분군", "군", "배치", "로트", "시료", "stichprobe", "charge",
    ),
    "time": (
        "time", "timestamp", "date", "datetime", "date time", "t", "measured at", "时间", "日期", "时刻", "测量时间",
        "시간", "시각", "일시", "날짜", "측정일시", "zeit", "datum", "zeitpunkt",
    ),
    "index": (
        "no", "nr", "#", "index", "id", "i", "k", "obs", "observation", "seq", "sequence", "row", "run", "run order",
        "piece", "part", "part no", "serial", "serial no", "serial number", "trial", "wafer", "hour",
        "序号", "编号", "序列号", "件号", "번호", "순번", "일련번호", "lfd nr", "teil",
    ),
    "value": (
        "value", "values", "x", "y", "measurement", "measured", "measured value", "reading", "result", "actual",
        "值", "数值", "测量值", "实测值", "测值", "값", "측정값", "측정치", "messwert", "istwert", "wert",
    ),
    "unit": ("unit", "units", "uom", "measured in", "unit of measure", "单位", "단위", "einheit"),
    "lower": (
        "lsl", "lower", "lower limit", "lower spec", "lower specification limit", "min tol", "下限", "规格下限",
        "下规格限", "하한", "규격하한", "usg", "utg",
    ),
    "upper": (
        "usl", "upper", "upper limit", "upper spec", "upper specification limit", "max tol", "上限", "规格上限",
        "上规格限", "상한", "규격상한", "osg", "otg",
    ),
    "target": (
        "target", "nominal", "目标", "目标值", "名义值", "公称值", "목표", "목표값", "기준값", "nennwert", "sollwert",
    ),
    "summary": (
        "mean", "average", "avg", "ave", "xbar", "x bar", "x̄", "range", "r", "s", "sd", "std", "stdev", "std dev",
        "standard deviation", "sigma", "sum", "total", "min", "max", "minimum", "maximum", "median", "cl", "ucl", "lcl",
        "mr", "moving range", "n", "平均", "平均值", "均值", "极差", "标准差", "合计", "最大值", "最小值",
        "평균", "범위", "표준편차", "합계", "최대", "최소", "mittelwert", "spannweite", "standardabweichung",
    ),
    "defectives": (
        "defective", "defectives", "n defective", "defective pieces", "nonconforming", "non conforming",
        "n nonconforming", "rejects", "rejected", "scrap", "bad",
        "不合格品数", "不合格数", "不良数", "不良品数", "不良品",
        "废品数", "불량", "불량수", "부적합품수", "ausschuss",
    ),
    "defects": (
        "defects", "n defects", "nonconformities", "non conformities", "flaws", "count", "counts", "errors",
        "缺陷", "缺陷数", "不合格", "疵点数", "결점", "결점수", "부적합수", "fehler", "fehlerzahl",
    ),
    "size": (
        "size", "n", "n total", "total", "inspected", "n inspected", "sample size", "subgroup size", "area", "units",
        "pieces", "checked", "tested",
        "样本量", "样本容量", "检验数", "检查数", "抽检数", "总数", "시료수", "시료크기", "검사수",
        "표본크기", "prüfmenge", "stichprobenumfang",
    ),
}  # fmt: skip
"""Role of a column → names under which it is found."""

_FOLDED: Final = {role: frozenset(names) for role, names in ROLES.items()}
_SIGNS = re.compile(r"[\s_\-./:]+")
_UNIT = re.compile(r"(.+?)\s*[\[(（]\s*([^\[\]()（）]+?)\s*[\])）]\Z")
_NUMBER_OF = re.compile(r"\s*(?:\b(?:no|nr|number|num|id|name|code)\b|#|号|编号|번호)\.?\Z")
_NUMBERED = re.compile(r"(.*?)\s*[_\-#.]?\s*(\d+)\Z", re.DOTALL)


def plain_name(name: str) -> str:
    """A column's name as it is compared: without unit and case, signs as blanks.

    Example  plain_name("Sub_Group [1]") == "sub group"
    """
    bare = split_unit(name)[0]
    return _SIGNS.sub(" ", unicodedata.normalize("NFKC", bare).casefold()).strip()


def role_of(name: str, among: Sequence[str] = ()) -> str:
    """The role that a column's name gives it, or "".

    among    only these roles, in this order; all by default, in the order of ROLES
    Example  role_of("Subgroup No.") == "subgroup"
    """
    plain = plain_name(name)
    bare = _NUMBER_OF.sub("", plain).strip()
    return next((role for role in among or ROLES if {plain, bare} & _FOLDED[role]), "")


def split_unit(name: str) -> tuple[str, str]:
    """Name and unit of a header such as "length [mm]"; unit "" where it names none that is known.

    Example  split_unit("length (mm)") == ("length", "mm")
    """
    found = _UNIT.match(name.strip())
    if not found:
        return name.strip(), ""
    try:
        return found[1], parse_unit(found[2]).symbol
    except UnitError:
        return name.strip(), ""


def series(names: Sequence[str]) -> bool:
    """Whether the names count up: X1, X2, X3, or 1, 2, 3.

    Example  series(["x1", "x2", "x3"]) and not series(["x1", "y2"])
    """
    found = [_NUMBERED.match(split_unit(name)[0]) for name in names]
    if len(names) < 2 or not all(found):
        return False
    stems = {one[1].casefold().strip() for one in found if one}
    numbers = [int(one[2]) for one in found if one]
    return len(stems) == 1 and all(b > a for a, b in pairwise(numbers))
