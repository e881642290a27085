"""Templates into bytes. Everything that is not a template's own text is escaped."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from engine.report import closing, period_counts, period_words
from engine.report.html import texts
from engine.report.html.site import INDEX, PAGE, Site, link, up
from engine.report.layout import counted
from engine.report.safe import safe

_TEMPLATES: Final = Path(__file__).parent / "templates"
_DIGEST: Final = re.compile("[0-9a-f]{64}")
_POLICY: Final = re.compile('<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
_NOTHING: Final = "default-src 'none'; base-uri 'none'; form-action 'none'"
_DATED: Final = b"<!--as of-->"
"""Where a page that is served has room for when its store was read. Names cannot hold it: what they have is escaped."""
_HEAD: Final = 600
_FOLDED: Final = 160
"""Characters of a name beyond which the whole of it is folded away under its ends."""


@dataclass(frozen=True, slots=True)
class Served:
    """What pages say and link to beside the report where a server shows them: ``notices`` on what a reader may see."""

    notices: tuple[str, ...]


def fill(site: Site, served: Served | None = None) -> dict[str, bytes]:
    """The pages of a site by name; ``served`` links them with the pages of runs, which only a server has."""
    found = {}
    for name in site.pages():
        places = [place for place in site.places if place.page == name]
        entries = [entry for entry in site.entries if entry.page == name]
        template = "index" if name == INDEX else "criterion" if places else "failures"
        text = _environment().get_template(f"{template}.html").render(
            site=site, period=site.period, page=name, places=places, entries=entries, style=_style(site), served=served
        )  # fmt: skip
        found[name] = text.encode()
    return found


def page(
    template: str, standing: Sequence[str], says: Sequence[str] = ("It states what was observed",), **values: Any
) -> str:
    """A page of its own from a template; ``says`` and ``standing`` are words of ours on each printed sheet."""
    style = _styled((*says, *standing))
    return _environment().get_template(template).render(style=style, **values)


def policy(content: str | bytes) -> str:
    """The content security policy that a page of ours states of itself, for whoever sends it.

    It stands before anything that comes from outside.
    """
    head = content[:_HEAD].decode("utf-8", "replace") if isinstance(content, bytes) else content[:_HEAD]
    said = _POLICY.search(head)
    return f"{said[1] if said else _NOTHING}; frame-ancestors 'none'"


def dated(content: bytes, text: str, current: bool) -> bytes:
    """A page of a served store that says among its first lines when the store was read; an alarm where not ``current``.

    It is put in when the page is sent, so that a page can be kept while only its age changes.
    """
    said = Markup('<p class="anchored{}">{}</p>').format("" if current else " not", full(text)) if text else ""
    return content.replace(_DATED, said.encode(), 1)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(name=name, inline=inline, full=full, n=number, utc=utc, counted=counted)
    environment.filters.update(is_digest=is_digest, plain=plain, trusted=Markup)
    environment.globals.update(
        {"texts": texts, "words": period_words, "summed": period_counts.summed, "watermark": closing.WATERMARK}
    )
    environment.globals.update({"PAGE": PAGE, "digest": digest, "link": link, "up": up})
    return environment


def _finalized(value: object) -> object:
    """Whatever a template shows that no filter has made harmless yet."""
    return safe(value, len(value)) if isinstance(value, str) and not isinstance(value, Markup) else value


def name(text: str) -> Markup:
    """A name from outside as a block's content: apart from the text around it, and folded where it is long."""
    if len(text) <= _FOLDED:
        return inline(text)
    return Markup('<details class="long"><summary><bdi>{}</bdi></summary><bdi>{}</bdi></details>').format(
        safe(text, _FOLDED // 2), safe(text, len(text))
    )


def inline(text: str) -> Markup:
    """A name from outside within a sentence."""
    return Markup("<bdi>{}</bdi>").format(safe(text, _FOLDED))


def plain(text: str) -> str:
    """A name from outside where no element can stand."""
    return safe(text, _FOLDED)


def full(text: str) -> Markup:
    """A text from outside, all of it."""
    return Markup("<bdi>{}</bdi>").format(safe(text, len(text)))


def number(value: int) -> str:
    """1,204."""
    return f"{value:,}"


def utc(as_of: str) -> Markup:
    """A moment, UTC, to the minute; the whole of it for machines."""
    day, _, minute = texts.clock(as_of).partition(" ")
    return Markup('<time datetime="{}"><span class="day">{}</span> {}</time>').format(plain(as_of), plain(day), minute)


def is_digest(text: str) -> bool:
    """Whether a text is a SHA-256 digest in hex."""
    return _DIGEST.fullmatch(text) is not None


def digest(text: str) -> Markup:
    """A digest's beginning; the whole of it on demand."""
    if len(text) <= 20:
        return inline(text)
    return Markup('<span class="mono digest" title="{}">{}…</span>').format(plain(text), safe(text[:12]))


def _style(site: Site) -> dict[str, str]:
    """The style sheet, and the digest by which the content security policy admits it and nothing else."""
    period = site.period
    standing = ["Prepared by management, not examined"]
    standing += ["DEMONSTRATION, not evidence"] if period.demonstration else []
    standing += ["NOT ANCHORED"] if period.anchored.startswith("NOT ANCHORED") else []
    return _styled(standing)


def _styled(standing: Sequence[str]) -> dict[str, str]:
    # Words of our own: nothing from outside is ever part of a style sheet.
    css = (_TEMPLATES / "style.css").read_text().replace("%STANDING%", " · ".join(standing))
    sha256 = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return {"css": css, "sha256": sha256}
