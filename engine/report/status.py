"""What customers may know before there is a report: scope, window, who examines, what is planned. No verdicts.

Nothing of runs, failures, people, accounts or vendors' reports is on it: it can be sent as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from engine.model import CLOUDS, Organization
from engine.report import Options, layout
from engine.report.html.templating import page as html_page
from engine.report.layout import counted
from engine.report.markdown import prose
from engine.report.safe import safe

FORMATS: Final = ("text", "markdown", "html")
OPINION: Final = "There is no auditor's opinion yet."
NOTE: Final = (
    "Prepared by management. It states what is planned, and says nothing of how controls operate; it is no SOC 2 "
    "report and no part of one."
)
_LONGEST: Final = 4000


class Section(NamedTuple):
    """A heading, and what is said below it: each line a label (or none) and a text."""

    title: str
    lines: tuple[tuple[str, str], ...]


def render(organization: Organization, on: date, form: str, options: Options) -> str:
    """The status on a day as "text", "markdown" or "html"."""
    title = f"SOC 2: where {organization.name} stands on {on}"
    sections = tuple(_sections(organization, on))
    if form == "html":
        standing = ("Prepared by management", OPINION)
        return html_page("status.html", (), standing, title=title, opinion=OPINION, note=NOTE, sections=sections)
    if form == "markdown":
        return _markdown(title, sections)
    page = layout.page(options, margin=16)
    lines = [page.heading(safe(title)), "", *page.labelled("Opinion", OPINION)]
    for section in sections:
        lines += ["", page.heading(section.title)]
        for label, text in section.lines:
            lines += page.labelled(safe(label, 14), safe(text, _LONGEST))
    lines += ["", *page.labelled("Note", NOTE)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _markdown(title: str, sections: tuple[Section, ...]) -> str:
    lines = [f"# {prose(title)}", "", f"**{OPINION}**"]
    for section in sections:
        lines += ["", f"## {section.title}", ""]
        for label, text in section.lines:
            shown = prose(text, _LONGEST)
            lines.append(f"- **{prose(label)}**: {shown}" if label else f"- {shown}")
    return "\n".join([*lines, "", prose(NOTE, _LONGEST)]) + "\n"


def _sections(organization: Organization, on: date) -> Iterator[Section]:
    programme = organization.programme
    names = ", ".join(name.replace("_", " ") for name in organization.categories)
    scope = [
        ("Categories", names),
        ("Clouds", ", ".join(CLOUDS[name] for name in organization.providers if name in CLOUDS)),
    ]
    scope += [(key.capitalize(), programme.system[key]) for key in _SYSTEM if key in programme.system]
    out = sum(rule.state == "out_of_boundary" for rule in programme.boundary)
    if out:
        scope.append(("Boundary", f"{counted(out, 'rule')} leave parts out of the system"))
    scope += [(id_, f"{_STATED[state]}: {reason}") for id_, (state, reason) in sorted(organization.stated.items())]
    yield Section("Scope", tuple(scope))
    yield Section("Plan", tuple(_plan(organization, on)))
    if programme.commitments:
        yield Section("What is promised", tuple((row.id, row.text) for row in programme.commitments))
    told = [
        (row.name, f"{row.services} ({'carved out' if row.method == 'carve_out' else 'included'})")
        for row in programme.subservices
    ]
    yield Section("Subservice organisations", tuple(told) or (("", "none is named yet"),))
    if programme.entity_controls:
        yield Section("What customers do", tuple((row.id, row.text) for row in programme.entity_controls))


_SYSTEM: Final = ("services", "infrastructure", "software", "data")
_STATED: Final = {"subservice": "addressed by a subservice organisation", "not_relevant": "not relevant"}


def _plan(organization: Organization, on: date) -> Iterator[tuple[str, str]]:
    window = organization.window
    if window is None:
        yield "Window", "no period is set yet"
    else:
        starts, ends = window
        when = f"begins on {starts}" if on < starts else f"ended on {ends}" if ends < on else f"runs until {ends}"
        yield "Window", f"{starts} to {ends}; it {when}"
    auditor = organization.programme.auditor
    yield "Auditor", auditor if auditor is not None else "not engaged yet"
    if window is not None:
        yield "Planned", "a SOC 2 Type II report on the window, after it has ended and was examined"
    else:
        yield "Planned", "a SOC 2 report; its type and window are not set"
