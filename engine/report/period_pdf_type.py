r"""The type of PDF reports: fonts that are embedded, styles of paragraphs, and text that the fonts can show.

What they cannot show, and text that runs from right to left, becomes its escape (``\u65e7``).
"""

from __future__ import annotations

import io
import unicodedata
from functools import cache
from importlib import resources
from typing import Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from engine.report.safe import safe

INK: Final = "#1f2937"
MUTED: Final = "#52606d"
ALARM: Final = "#9b1c1c"
ALARM_PAPER: Final = "#fdecec"
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL", "AN", "RLE", "RLO", "RLI"})


@cache
def _register() -> frozenset[int]:
    """Registers the fonts; the characters that both can show."""
    known: list[frozenset[int]] = []
    for name, file in (("Body", "DejaVuSansCondensed.ttf"), ("Body-Bold", "DejaVuSansCondensed-Bold.ttf")):
        font = TTFont(name, io.BytesIO(resources.files("engine.report").joinpath("fonts", file).read_bytes()))
        pdfmetrics.registerFont(font)
        known.append(frozenset(font.face.charToGlyph))
    pdfmetrics.registerFontFamily("Body", normal="Body", bold="Body-Bold", italic="Body", boldItalic="Body-Bold")
    return known[0] & known[1]


def shown(text: str, longest: int = 2_000) -> str:
    """``text`` as one line in which nothing acts and that the fonts can show, as markup of a paragraph."""
    return escape(line(text, longest))


def line(text: str, longest: int) -> str:
    """The same without markup, for what is drawn directly."""
    known = _register()
    return "".join(_glyph(character, known) for character in safe(text, longest))


def _glyph(character: str, known: frozenset[int]) -> str:
    code = ord(character)
    if code < 0x7F:
        return character
    # reportlab's map for searching is wrong beyond the basic plane.
    if code > 0xFFFF or code not in known or unicodedata.bidirectional(character) in _RIGHT_TO_LEFT:
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return character


def sheet() -> dict[str, ParagraphStyle]:
    """The styles of paragraphs, by name; the fonts are registered with them."""
    _register()
    ink, muted, alarm = HexColor(INK), HexColor(MUTED), HexColor(ALARM)
    body = ParagraphStyle("body", fontName="Body", fontSize=9, leading=12.5, textColor=ink, spaceAfter=4)
    bold = {"parent": body, "fontName": "Body-Bold", "keepWithNext": 1}
    return {
        "body": body,
        "small": ParagraphStyle("small", parent=body, fontSize=8, leading=10.5, textColor=muted),
        "cell": ParagraphStyle("cell", parent=body, fontSize=7.5, leading=9.5, spaceAfter=0),
        "cell head": ParagraphStyle("cell head", parent=body, fontName="Body-Bold", fontSize=7.5, leading=9.5,
                                    spaceAfter=0),
        "title": ParagraphStyle("title", parent=body, fontName="Body-Bold", fontSize=24, leading=30, spaceAfter=14),
        "whose": ParagraphStyle("whose", parent=body, fontSize=14, leading=19, spaceAfter=3),
        "first": ParagraphStyle("first", parent=body, fontName="Body-Bold", fontSize=9.5, leading=13),
        "alarm": ParagraphStyle("alarm", parent=body, fontName="Body-Bold", fontSize=9.5, leading=13, textColor=alarm,
                                backColor=HexColor(ALARM_PAPER), borderPadding=5, spaceBefore=6, spaceAfter=9),
        "h1": ParagraphStyle("h1", fontSize=15, leading=19, spaceBefore=8, spaceAfter=7, **bold),
        "h2": ParagraphStyle("h2", fontSize=11.5, leading=15, spaceBefore=13, spaceAfter=4, **bold),
        "h3": ParagraphStyle("h3", fontSize=9.5, leading=13, spaceBefore=9, spaceAfter=3, **bold),
        "toc": ParagraphStyle("toc", parent=body, fontSize=9.5, leading=14, fontName="Body-Bold"),
        "toc2": ParagraphStyle("toc2", parent=body, fontSize=8.5, leading=12, leftIndent=12),
    }  # fmt: skip
