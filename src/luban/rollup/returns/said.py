"""What a return says of its unit: cells of the register as the books hold them."""

from __future__ import annotations

from typing import Any, Final

from luban.understand.quality.read.numbers import number_of, text_of

__all__ = ["above_of", "region_path", "register_cell"]

_YES: Final = {"1", "yes", "y", "true", "是", "预", "예", "네", "1.0"}
_NO: Final = {"0", "no", "n", "false", "否", "아니오", "아니요", "0.0"}
_SIZES: Final = {
    **dict.fromkeys(("large", "大型", "大", "대기업", "대"), "large"),
    **dict.fromkeys(("medium", "中型", "中", "중기업", "중"), "medium"),
    **dict.fromkeys(("small", "小型", "小", "소기업", "소"), "small"),
    **dict.fromkeys(("micro", "微型", "微", "소상공인", "미"), "micro"),
}


def above_of(cell: Any) -> int | None:
    """1 for yes, 0 for no, None for neither.

    Example  above_of("是") == 1
    """
    said = text_of(cell).casefold()
    return 1 if said in _YES or cell is True else 0 if said in _NO or cell is False else None


def region_path(text: str) -> str:
    """A region as the register has it: a path as it is, a code of GB/T 2260 as the path of its levels.

    Example  region_path("310101") == "CN/31/3101/310101"; region_path("310000") == "CN/31"
    """
    plain = text.strip().strip("/")
    if not (plain.isdecimal() and len(plain) in (2, 4, 6)):
        return plain
    ends = [size for size in (2, 4, 6) if size <= len(plain) and plain[size - 2 : size] != "00"]
    return "/".join(["CN", *(plain[:size] for size in ends)])


def register_cell(role: str, cell: Any) -> Any:
    """A cell of the register as the books hold it; None where it says nothing, or nothing that can be read.

    Example  register_cell("above_scale", "no") == 0; register_cell("size", "大型") == "large"
    """
    said = text_of(cell)
    if not said:
        return None
    if role == "above_scale":
        return above_of(cell)
    if role == "size":
        return _SIZES.get(said.casefold())
    if role == "weight":
        number = number_of(cell)[0]
        return number if number is not None and number > 0 else None
    if role == "level":
        return said if said in ("enterprise", "region") else None
    if role == "region":
        return region_path(said.removesuffix(".0"))
    return said.removesuffix(".0") if role in ("edition", "code") else said
