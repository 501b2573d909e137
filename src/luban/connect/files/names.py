"""What the columns of a file are called, in the languages of the people who wrote it."""

from typing import Final

__all__ = ["NAMES", "WORDS"]

NAMES: Final = {
    "time": ("time", "timestamp", "datetime", "date", "时间", "时刻", "시간"),
    "address": ("address", "signal", "tag", "name", "item_id", "点位", "变量"),
    "value": ("value", "值", "数值", "값"),
    "unit": ("unit", "machine", "work unit", "work_unit", "设备", "설비"),
    "state": ("state", "status", "状态", "상태"),
    "reason": ("reason", "原因", "사유"),
    "order": ("order", "工单", "订单", "작업지시"),
    "item": ("item", "product", "物料", "产品", "품목"),
    "good": ("good", "合格", "良品", "양품"),
    "scrap": ("scrap", "报废", "废品", "불량"),
    "rework": ("rework", "返工", "재작업"),
    "characteristic": ("characteristic", "feature", "dimension", "特性", "检验项目", "특성", "측정항목"),
    "designator": ("designator", "balloon", "气泡号"),
    "measured_in": ("measured_in", "unit of measure", "uom", "单位", "단위"),
    "lot": ("lot", "batch", "批次", "批号", "로트"),
    "serial": ("serial", "serial number", "序列号", "일련번호"),
    "gauge": ("gauge", "gage", "量具", "게이지"),
    "meter": ("meter", "subject", "meter id", "表计", "电表", "仪表", "계량기", "미터"),
    "register": ("register", "reading", "counter", "读数", "表底", "지침", "검침값"),
    "interval": ("interval", "consumption", "usage", "用量", "消耗", "사용량", "소비량"),
    "start": ("start", "from", "开始", "시작"),
    "medium": ("medium", "介质", "能源种类", "매체", "에너지원"),
    "person": ("person", "operator", "inspector", "检验员", "操作员", "검사자"),
}
"""Names under which a column is found if the settings say nothing."""

WORDS: Final = frozenset(name for names in NAMES.values() for name in names if not name.isascii())
"""Those that tell encodings apart."""
