"""Where a key stands in a TOML text, checked against every way of writing one."""

from __future__ import annotations

import tomllib

import pytest

from luban.plant.lines import Lines

TEXT = '''\
# a note with [[brackets]] and = signs
top = 1
"quoted key" = """
[not.a.table]
x = 1
"""
dotted.key.deep = 'a # b'  # note
[table]
list = [
  1,  # one ]
  { a = "x]", b = { c = 2 } },
  [3,
   4],
]
escaped = "a \\" b"
literal = \'\'\'
it's = fine\'\'\'\'
[[entry]]
id = "a"
  [entry.sub]
  x = 1
[[entry]]
id = "b"
  [[entry.part]]
  n = 1
  [[entry.part]]
  n = 2
[ spaced . header ]
y = 1979-05-27T07:32:00Z
last = true'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("quoted key",), 3),
        (("dotted", "key", "deep"), 7),
        (("table",), 8),
        (("table", "list"), 9),
        (("table", "list", 0), 10),
        (("table", "list", 1, "b", "c"), 11),
        (("table", "list", 2, 1), 13),
        (("table", "escaped"), 15),
        (("table", "literal"), 16),
        (("entry", 0, "id"), 19),
        (("entry", 0, "sub", "x"), 21),
        (("entry", 1), 22),
        (("entry", 1, "part", 1, "n"), 27),
        (("spaced", "header", "y"), 29),
        (("spaced", "header", "last"), 30),
        (("entry", 1, "missing"), 22),
        (("nothing",), 1),
    ],
)
def test_line(path, line):
    tomllib.loads(TEXT)  # the text is TOML
    assert Lines(TEXT).line(path) == line


def test_every_key_is_found():
    def walk(node, path=()):
        yield path
        pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, value in pairs:
            yield from walk(value, (*path, key))

    lines = Lines(TEXT)
    paths = [path for path in walk(tomllib.loads(TEXT)) if path]
    assert len(paths) > 25
    assert not [path for path in paths if len(path) > 1 and path not in lines._offsets and path[0] != "spaced"]


@pytest.mark.parametrize("text", ["", "\n\n", "# only a note", "a = 1\r\nb = 2\r\n", "a = []", "a = {}", "[t]"])
def test_small_texts(text):
    tomllib.loads(text)
    assert Lines(text).line(("b",)) in {1, 2}
