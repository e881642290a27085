"""A period as HTML: pages that open from a disk, without a network and without a script.

:func:`pages` gives them by name. While the whole is small it is one page; else one a criterion, and the register of
failures has pages of its own. The charts are SVG made here; each has its words beside it. Names from outside stay
text: everything is escaped, what acts on a screen becomes its escape (:mod:`engine.report.safe`), and a content
security policy lets nothing load and nothing run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from engine.periods import Period

LIMIT: Final = 1_500_000
"""Bytes up to which a period is one page."""
MOST: Final = 1_000
"""Failures beyond which one page is not tried."""


def pages(period: Period, limit: int = LIMIT) -> dict[str, bytes]:
    """The pages of ``period`` by name, "index.html" first; a page alone where it has no more than ``limit`` bytes.

    The same period gives the same bytes. Links are relative: all pages belong into one folder.
    """
    from engine.report.html.render import render
    from engine.report.html.site import Site

    if len(period.failures) <= MOST:
        whole = render(Site(period, split=False))
        if sum(map(len, whole.values())) <= limit:
            return whole
    return render(Site(period, split=True))
