"""The pages that a PDF report is printed on: A4, what it is at the head and foot of each, headings as bookmarks."""

from __future__ import annotations

from datetime import date
from typing import IO, Any, Final

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

from engine.periods import Period
from engine.report import closing, period_words
from engine.report.period_pdf_type import MUTED, line, shown

_MARGIN: Final = 18 * mm
WIDTH: Final = A4[0] - 2 * _MARGIN
"""Points between the margins."""
_LEVELS: Final = {"h1": 0, "h2": 1}


class Document(BaseDocTemplate):  # type: ignore[misc]
    """A document whose headings become bookmarks and contents, and whose bytes depend on the period alone."""

    def __init__(self, target: IO[bytes], period: Period) -> None:
        self._period = period
        super().__init__(
            target,
            pagesize=A4,
            title=period_words.title(period),
            author=period.organization,
            subject=f"{period_words.span(period)}; {'; '.join(period_words.firsts(period))}",
            creator="auditreel",
            producer="auditreel",
            invariant=1,  # no clock, no random identifier
            lang="en",
        )
        frame = Frame(_MARGIN, 20 * mm, WIDTH, A4[1] - 42 * mm, leftPadding=0, rightPadding=0, id="page")
        self.addPageTemplates(PageTemplate(id="page", frames=[frame], onPage=self._head_and_foot))

    def beforeDocument(self) -> None:
        """Starts the numbering of headings again; the document is laid out twice."""
        self._headings = 0
        ends = date.fromisoformat(self._period.ends)
        # A date that readers show: that of the period's end, not reportlab's constant.
        self.canv._doc._timeStamp.YMDhms = (ends.year, ends.month, ends.day, 0, 0, 0)

    def afterFlowable(self, flowable: Any) -> None:
        """Notes a heading."""
        level = _LEVELS.get(getattr(getattr(flowable, "style", None), "name", ""))
        if level is None:
            return
        self._headings += 1
        key, text = f"h{self._headings}", flowable.getPlainText()
        self.canv.bookmarkPage(key)
        self.canv.addOutlineEntry(text, key, level, closed=level > 0)
        self.notify("TOCEntry", (level, shown(text), self.page, key))

    def _head_and_foot(self, canvas: Canvas, document: Any) -> None:
        period = self._period
        canvas.saveState()
        canvas.setFillColor(HexColor(MUTED))
        canvas.setFont("Body", 7.5)
        head, foot = A4[1] - 12 * mm, 11 * mm
        canvas.drawString(_MARGIN, head, line(f"{period.organization}, {period_words.span(period)}", 90))
        canvas.drawRightString(A4[0] - _MARGIN, head, "Prepared by management, not examined")
        first = closing.WATERMARK if period.demonstration else period.anchored
        canvas.drawString(_MARGIN, foot, line(first, 100))
        canvas.drawRightString(A4[0] - _MARGIN, foot, f"Page {document.page}")
        if period.demonstration:
            canvas.setFillColor(HexColor("#9b1c1c"), alpha=0.1)
            canvas.setFont("Body-Bold", 64)
            canvas.translate(A4[0] / 2, A4[1] / 2)
            canvas.rotate(52)
            canvas.drawCentredString(0, 0, "DEMONSTRATION")
        canvas.restoreState()
