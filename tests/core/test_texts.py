import csv

import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.core.texts import decoded, delimiter_of, text_rows

CHINESE = "时间,设备,合格\n2026-03-02,数控车床一号,3\n"
KOREAN = "시간,설비,양품\n2026-03-02,선반,3\n"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_chinese_text(codec: str):
    text = f"a{CHINESE}" if codec == "utf-16-le" else CHINESE  # without a mark the first letter tells
    assert decoded(text.encode(codec)) == text


def test_words_tell_korean_from_chinese():
    assert decoded(KOREAN.encode("cp949"), words=("설비", "设备")) == KOREAN
    assert decoded(CHINESE.encode("gb18030"), words=("설비", "设备")) == CHINESE


@pytest.mark.parametrize("text", ["Fräse für Größe 3", "mesuré à 20 °C", "5 µm", "Ñandú; piñón"])
def test_western_text(text: str):
    assert decoded(text.encode("cp1252")) == text


def test_what_is_no_text_is_said():
    with pytest.raises(InputError, match="not a text table"):
        decoded(b"id,name\n\xff\x00\x00", where="a.csv")
    assert decoded(b"a,b\n1,2\n\0\0", zeros=True) == "a,b\n1,2\n\0\0"
    with pytest.raises(InputError, match="unknown encoding"):
        decoded(b"\xff\xff\x81\xff")


@pytest.mark.parametrize(
    ("lines", "sign"),
    [
        (["time;value", "08:00;12,5", "09:00;13,5"], ";"),
        (["a,b", "1,2"], ","),
        (["a\tb, c", "1\t2", "3\t4"], "\t"),
        (["id;name", "1;one, two, three", "2;four"], ";"),
        (['a,"b;c;d"', '1,"x;y;z"'], ","),
        (["one", "two"], ""),
        ([], ""),
    ],
)
def test_the_sign_that_cuts_most_lines_alike(lines: list[str], sign: str):
    assert delimiter_of(lines)[0] == sign


def test_rows_keep_the_line_on_which_they_begin():
    text = 'a,b\n\n"two\nlines",1\n , \nlast, 2\n'
    assert list(text_rows(text, ",")) == [(1, ["a", "b"]), (3, ["two\nlines", "1"]), (6, ["last", " 2"])]
    assert list(text_rows(text, ",", trim=True))[-1] == (6, ["last", "2"])
    with pytest.raises(InputError, match="not a CSV table") as caught:
        list(text_rows("a,b\n1,2\n" + "x" * (csv.field_size_limit() + 1), ",", where="big.csv"))
    assert caught.value.where == "big.csv:3"


CELL = st.text(
    st.characters(codec="utf-8", exclude_characters='"\0\r\n,;|\t', exclude_categories=["Z", "C"]), min_size=1
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=8), st.sampled_from(",;|\t"))
def test_what_is_written_is_read_again(rows: list[list[str]], sign: str):
    text = "\n".join(sign.join(row) for row in rows)
    assert delimiter_of(text.split("\n"))[0] == sign
    assert [cells for _, cells in text_rows(decoded(text.encode()), sign)] == rows
