"""Logs of alarms from files, in the shapes in which systems and people write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from luban.core.errors import InputError
from luban.core.time import MINUTE, SECOND, parse_time
from luban.understand.health.alarms import AlarmLog, read_alarm_log
from luban.understand.quality.data import NO_TIME

BEGIN = parse_time("2026-03-02T06:00:00Z")


def read(folder: Path, text: str, **named: str) -> AlarmLog:
    path = folder / "log.csv"
    path.write_text(text, "utf-8")
    return read_alarm_log(path, **named)


def test_one_row_an_alarm(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        "Start time,End time,Ack time,Alarm,Severity\n"
        "2026-03-02 06:00:00,2026-03-02 06:05:00,2026-03-02 06:01:00,TI-1 high,critical\n"
        "2026-03-02 06:10:00,,,LI-2 low,low\n",
    )
    assert log.names == ("TI-1 high", "LI-2 low")
    assert (log.raised - BEGIN).tolist() == [0, 10 * MINUTE]
    assert log.returned.tolist() == [BEGIN + 5 * MINUTE, NO_TIME]
    assert log.seen.tolist() == [BEGIN + MINUTE, NO_TIME]
    assert log.priority.tolist() == [0, 3]
    assert (log.returns, log.sees, log.excluded) == (True, True, ())


def test_one_row_an_event_with_tag_and_condition(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        "Alarm journal of unit 3\n\ntime;tag;identifier;state;priority\n"
        "2026-03-02 06:00:00;TI-1;PVHIGH;ALM;2\n2026-03-02 06:00:30;TI-1;PVHIGH;ACK;2\n"
        "2026-03-02 06:01:00;TI-1;PVHIGH;RTN;2\n2026-03-02 06:02:00;TI-1;PVLOW;ALM;4\n"
        "2026-03-02 06:03:00;TI-1;PVLOW;Shelved;4\n2026-03-02 06:04:00;XV-9;FAIL;RTN;1\n"
        "2026-03-02 06:05:00;TI-1;PVLOW;blue;1\n",
    )
    assert log.names[:2] == ("TI-1 PVHIGH", "TI-1 PVLOW")
    assert log.raised.tolist() == [BEGIN, BEGIN + 2 * MINUTE]
    assert log.returned.tolist() == [BEGIN + MINUTE, NO_TIME]
    assert log.seen.tolist() == [BEGIN + 30 * SECOND, NO_TIME]
    assert log.priority.tolist() == [1, 3]
    assert [(one.where, one.reason) for one in log.excluded] == [("log.csv:10", "unknown event")]
    assert any("had not come before" in note for note in log.notes)


def test_chinese_and_korean_columns_and_words(tmp_path: Path) -> None:
    for text in (
        "发生时间,报警点,状态,级别\n2026-03-02 06:00:00,温度,报警,高\n2026-03-02 06:01:00,温度,恢复,高\n",
        "발생시간,경보명,상태,등급\n2026-03-02 06:00:00,온도,발생,높음\n2026-03-02 06:01:00,온도,복귀,높음\n",
    ):
        log = read(tmp_path, text)
        assert (len(log), log.returned.tolist(), log.priority.tolist()) == (1, [BEGIN + MINUTE], [1])


def test_only_comings_and_a_message(tmp_path: Path) -> None:
    log = read(tmp_path, "timestamp,message\n2026-03-02 06:01:00,door open\n2026-03-02 06:00:00,door open\n")
    assert (log.names, len(log), log.returns) == (("door open",), 2, False)
    assert any("sorted" in note for note in log.notes)


def test_durations_and_severities(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        "time,alarm,duration [min],severity\n2026-03-02 06:00:00,a,2,900\n2026-03-02 06:01:00,b,0.5,100\n"
        "2026-03-02 06:02:00,b,-1,500\n",
    )
    assert log.returned.tolist() == [BEGIN + 2 * MINUTE, BEGIN + 90 * SECOND]
    assert log.priority.tolist() == [0, 3]
    assert [one.reason for one in log.excluded] == ["it goes before it comes"]


def test_columns_may_be_named(tmp_path: Path) -> None:
    log = read(tmp_path, "when,what,x\n2026-03-02 06:00:00,a,1\n", time="when", alarm="what")
    assert log.names == ("a",)


def test_rows_that_cannot_be_used_are_listed(tmp_path: Path) -> None:
    log = read(tmp_path, "time,alarm\nsoon,a\n2026-03-02 06:00:00,\n2026-03-02 06:00:00,b\n")
    assert [(one.where, one.reason) for one in log.excluded] == [
        ("log.csv:2", "no time that can be read"),
        ("log.csv:3", "no alarm is named"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "no header that names times and alarms"),
        ("time,size,state\n2026-03-02 06:00:00,3,on\n", "no column of alarms"),
        ("alarm,state\na,on\n", "no column of times"),
        ("time,alarm\n", "a header without rows"),
        ("time,alarm\nsoon,a\n", "no row can be used"),
        ("", "empty"),
    ],
)
def test_what_is_no_log_says_why(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, text)
