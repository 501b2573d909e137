"""What people call the columns, events and priorities of an alarm log, in English, Chinese and Korean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from luban.understand.quality.read.names import plain_name

__all__ = ["EVENT_OF", "PRIORITY_OF", "ROLE_OF"]

_ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "time": (
        "time", "timestamp", "date time", "datetime", "date", "raised", "raised at", "start", "start time",
        "begin", "on time", "alarm time", "event time", "time stamp", "time on", "active time", "occurred",
        "occurred at", "时间", "发生时间", "报警时间", "开始时间", "起始时间", "触发时间", "日期时间", "시간",
        "발생시간", "발생 시간", "발생시각", "발생일시", "일시", "시작시간", "시작 시간", "경보시간",
        "알람시간",
    ),
    "end": (
        "end", "end time", "cleared", "cleared at", "clear time", "returned", "returned at", "return time",
        "rtn time", "off time", "time off", "inactive time", "normal time", "恢复时间", "结束时间", "消除时间",
        "消失时间", "解除时间", "복귀시간", "복귀 시간", "종료시간", "종료 시간", "해제시간", "해제 시간",
    ),
    "seen": (
        "ack time", "acknowledged", "acknowledged at", "acked at", "acknowledge time", "ack", "time ack",
        "seen", "确认时间", "확인시간", "확인 시간",
    ),
    "duration": (
        "duration", "active duration", "持续时间", "时长", "지속시간", "지속 시간",
    ),
    "alarm": (
        "alarm", "alarm name", "alarm id", "tag", "tagname", "tag name", "tag id", "name", "source",
        "source name", "point", "point name", "alarm code", "code", "object", "module", "报警", "报警名称",
        "报警点", "位号", "标签", "名称", "报警代码", "代码", "变量", "경보", "경보명", "경보 이름", "알람",
        "알람명", "태그", "태그명", "코드",
    ),
    "condition": (
        "condition", "alarm type", "type", "identifier", "subcondition", "sub condition", "alarm condition",
        "alarm identifier", "attribute", "报警类型", "类型", "유형", "종류", "경보유형", "알람유형",
    ),
    "event": (
        "event", "state", "status", "action", "alarm state", "alarm status", "transition", "event type", "what",
        "new state", "change", "状态", "事件", "动作", "报警状态", "事件类型", "상태", "이벤트", "경보상태",
        "알람상태",
    ),
    "priority": (
        "priority", "severity", "level", "class", "prio", "alarm priority", "urgency", "优先级", "级别", "等级",
        "严重程度", "报警级别", "우선순위", "등급", "심각도",
    ),
    "message": (
        "message", "description", "text", "desc", "alarm text", "alarm message", "消息", "描述", "报警内容",
        "内容", "报警信息", "메시지", "내용", "설명",
    ),
}  # fmt: skip
"""Role of a column → names under which it is found."""

_EVENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "raise": (
        "alm", "alarm", "alarm on", "active", "raise", "raised", "on", "set", "in", "1", "true", "unack",
        "unacknowledged", "unack alm", "act", "active unack", "active unacknowledged", "new", "occurred",
        "come", "trip", "high", "low", "报警", "发生", "触发", "产生", "激活", "出现", "경보", "발생", "알람",
        "활성", "켜짐",
    ),
    "return": (
        "rtn", "return", "returned", "normal", "ok", "clear", "cleared", "off", "reset", "out", "0", "false",
        "inactive", "unack rtn", "ack rtn", "rtn unack", "return to normal", "gone", "go", "ended",
        "inactive unack", "inactive ack", "恢复", "消失", "解除", "正常", "消除", "结束", "복귀", "해제",
        "정상", "종료", "꺼짐",
    ),
    "acknowledge": (
        "ack", "acked", "acknowledge", "acknowledged", "ack alm", "alm ack", "active ack",
        "active acknowledged", "seen", "确认", "已确认", "확인", "확인됨", "인지",
    ),
    "": (
        "shelve", "shelved", "unshelve", "unshelved", "suppress", "suppressed", "unsuppress", "disable",
        "disabled", "enable", "enabled", "comment", "operator", "oos", "out of service", "in service", "搁置",
        "屏蔽", "禁用", "启用", "보류", "억제", "비활성화",
    ),
}  # fmt: skip
"""What happened → how logs say it; "" is of no account for statistics."""

_PRIORITIES: Final[Mapping[str, tuple[str, ...]]] = {
    "critical": (
        "critical", "urgent", "emergency", "highest", "very high", "fatal", "紧急", "危急", "最高", "긴급",
        "위험", "최고",
    ),
    "high": (
        "high", "major", "important", "h", "高", "重要", "严重", "높음", "상", "중요",
    ),
    "medium": (
        "medium", "mid", "minor", "warning", "m", "normal", "middle", "中", "一般", "警告", "중간", "중",
        "보통", "경고",
    ),
    "low": (
        "low", "info", "information", "advisory", "lowest", "l", "journal", "低", "提示", "轻微", "낮음", "하",
        "정보",
    ),
}  # fmt: skip
"""Priority → how logs say it."""

ROLE_OF: Final = {plain_name(name): role for role, names in _ROLES.items() for name in names}
EVENT_OF: Final = {plain_name(name): event for event, names in _EVENTS.items() for name in names}
PRIORITY_OF: Final = {plain_name(name): known for known, names in _PRIORITIES.items() for name in names}
