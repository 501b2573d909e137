"""Typefaces of what is printed, by language; the first one that the machine has is taken."""

from __future__ import annotations

__all__ = ["fonts_of"]

_FONTS = {
    "en": ("Noto Sans", "DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK KR"),
    "zh": ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Noto Sans", "DejaVu Sans"),
    "ko": ("Noto Sans CJK KR", "Noto Sans KR", "Source Han Sans KR", "Noto Sans", "DejaVu Sans"),
}


def fonts_of(language: str) -> tuple[str, ...]:
    """Families in order of preference; English's for a language that luban does not print."""
    return _FONTS.get(language, _FONTS["en"])
