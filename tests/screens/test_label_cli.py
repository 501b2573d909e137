"""`luban label`."""

from pathlib import Path

import pytest

from luban.screens.cli.main import run
from luban.screens.cli.output import OK, WRONG


def test_labels_as_pdf_and_svg(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    pdf, svg = tmp_path / "a.pdf", tmp_path / "a.svg"
    assert run(None, ["label", "L-1", "L-2", "--copies", "2", "--line", "axle <12>", "-o", str(pdf)]) == OK  # type: ignore[arg-type]
    assert pdf.read_bytes().startswith(b"%PDF")
    assert pdf.read_bytes().count(b"/Type /Page\n") + pdf.read_bytes().count(b"/Type/Page\n") in (0, 4)
    code = ["label", "(01)09521141012345(21)2017", "--kind", "code128", "--size", "80 x 25", "-o", str(svg)]
    assert run(None, code) == OK  # type: ignore[arg-type]
    text = svg.read_text("utf-8")
    assert "(01)09521141012345(21)2017" in text
    assert 'width="76mm"' in text
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["(01)09521141012346(21)1"], "wrong check digit"), (["L", "--size", "big"], "not a size"),
        (["L", "--kind", "qr"], "no such symbol"), (["L", "--size", "4x4"], "too small"),
        (["L", "--lang", "xx"], "no such language"),
    ],
)  # fmt: skip
def test_wrong_labels_are_one_sentence(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(None, ["label", *arguments, "-o", str(tmp_path / "x.pdf")]) == WRONG  # type: ignore[arg-type]
    assert said in capsys.readouterr().err
    assert not (tmp_path / "x.pdf").exists()


def test_other_endings_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(None, ["label", "L", "-o", str(tmp_path / "x.png")]) == WRONG  # type: ignore[arg-type]
    assert run(None, ["label", "L", "M", "-o", str(tmp_path / "x.svg")]) == WRONG  # type: ignore[arg-type]
