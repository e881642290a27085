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
    from engine.report import Options
    from engine.report.html.templating import Served

LIMIT: Final = 1_500_000
"""Bytes up to which a period is one page."""
MOST: Final = 1_000
"""Failures beyond which one page is not tried."""


def render(period: Period, options: Options) -> bytes:
    """The whole of ``period`` as one page, however large."""
    del options
    from engine.report.html.site import INDEX, Site
    from engine.report.html.templating import fill

    return fill(Site(period, split=False))[INDEX]


def files(period: Period, options: Options) -> dict[str, bytes]:
    """The pages of ``period`` as a bundle holds them: see :func:`pages`."""
    del options
    return pages(period)


def pages(period: Period, limit: int = LIMIT, served: Served | None = None) -> dict[str, bytes]:
    """The pages of ``period`` by name, "index.html" first; a page alone where it has no more than ``limit`` bytes.

    ``served`` is what a server says beside it. The same period gives the same bytes. The pages beside the index are
    named with their folder; links are relative.
    Raises InputError where a control shows a failure that the period does not hold.
    """
    from engine.report.html.site import Site
    from engine.report.html.templating import fill

    if len(period.failures) <= MOST:
        whole = fill(Site(period, split=False), served)
        if sum(map(len, whole.values())) <= limit:
            return whole
    return fill(Site(period, split=True), served)
