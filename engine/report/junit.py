"""Verdicts as JUnit XML, for whatever shows tests: a suite a check, a case a subject.

A case is a failure where it stops the build, an error where nobody can tell and that stops it, skipped with its reason
where it does not apply, was accepted, or fails as it did before the change. The first suite is the run itself, so that
a run that is not whole is an error even where no case is. The form is that of Jenkins' xUnit plugin (junit-10.xsd),
with ``error`` as Ant writes it, which is what GitLab, GitHub actions, Azure Pipelines and Jenkins read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree

from engine.model import Assessment
from engine.report import Options, closing
from engine.report.results import Result, Results, Shown, accepted, headline, line, results
from engine.report.safe import safe
from engine.report.sources import Sources

LONGEST: Final = 1_000
MOST_QUIET: Final = 20_000
"""Cases that pass or do not apply, beyond which a suite counts its others: readers take some tens of megabytes."""
_QUIET: Final = ("passes", "not_applicable")


@dataclass(frozen=True, slots=True)
class _Case:
    """A case, and how it ended: ("failure", "error" or "skipped", a type, a message, and more text), None: well."""

    name: str
    suite: str
    ended: tuple[str, str, str, str] | None = None


def render(shown: Shown, options: Options) -> str:
    """The document, in UTF-8 by its own word."""
    found = results(shown, whole=True)
    cases: dict[str, list[_Case]] = {}
    rows = sorted(found.rows, key=lambda row: (row.check.id, row.name, str(row.scope)))
    shown_, counted_ = _split(rows)
    for row in shown_:
        name = safe(row.name, LONGEST)
        name = name if row.place is not None else f"{name} ({safe(str(row.scope))})"
        cases.setdefault(row.check.id, []).append(_Case(name, row.check.id, _ended(row, options.sources)))
    for (id_, standing), many in counted_.items():
        name = f"{many:,} more that {'pass' if standing == 'passes' else 'the check does not apply to'}"
        ended = None if standing == "passes" else ("skipped", "not_applicable", name, "")
        cases.setdefault(id_, []).append(_Case(name, id_, ended))
    suites = [_suite("auditreel", list(_whole(found)), found.run)]
    suites += [_suite(id_, rows, found.run) for id_, rows in cases.items()]
    root = ElementTree.Element("testsuites", {"name": "auditreel", **_sums([row for suite in suites for row in suite])})
    root.extend(suites)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, "unicode")}\n'


def _split(rows: Sequence[Result]) -> tuple[list[Result], Counter[tuple[str, str]]]:
    """The rows that get a case each, and how many others pass, or do not apply, of each check."""
    shown, counts, quiet = [], Counter[tuple[str, str]](), 0
    for row in rows:
        quiet += row.standing in _QUIET
        if row.standing in _QUIET and quiet > MOST_QUIET:
            counts[row.check.id, row.standing] += 1
        else:
            shown.append(row)
    return shown, counts


def _whole(found: Results) -> Iterator[_Case]:
    """The run itself: an error for each reason but failures (exit code 3) for which it does not pass."""
    bad = {code: reason for code, reason in sorted(found.run.exit_reasons.items()) if code not in (0, 3)}
    if not bad and found.run.exit_code not in (0, 3):
        bad = {found.run.exit_code: headline(found)}
    for code, reason in bad.items():
        yield _Case(f"exit {code}", "auditreel", ("error", f"exit-{code}", safe(reason, LONGEST), ""))
    if not bad:
        yield _Case("the run is whole", "auditreel")
    if found.run.kind == "demo":
        yield _Case("demonstration", "auditreel", ("skipped", "demonstration", closing.WATERMARK, ""))


def _ended(row: Result, sources: Sources | None) -> tuple[str, str, str, str] | None:
    message = safe(row.message, LONGEST)
    if row.standing in ("passes", "fixed"):
        return None
    if row.standing == "not_applicable":
        return "skipped", "not_applicable", "The check does not apply to it.", ""
    if row.waiver is not None:
        return "skipped", "waived", f"waived: {safe(accepted(row.waiver), LONGEST)}", message
    if row.standing == "unknown":
        reason = row.finding.reason if row.finding is not None else None
        return "error" if row.stops else "skipped", str(reason or "unknown"), message, _more(row, sources)
    if row.stops:
        return "failure", row.word.replace(" ", "_"), message, _more(row, sources)
    return "skipped", row.word.replace(" ", "_"), f"{row.word}, does not stop the build: {message}", _more(row, sources)


def _more(row: Result, sources: Sources | None) -> str:
    """What, why, where and how to change it, a line each."""
    where = line(row, sources)
    told = [
        ("check", f"{row.check.id}: {row.check.title}"),
        ("severity", row.check.severity),
        ("criteria", ", ".join(row.check.criteria)),
        ("resource", row.name),
        ("where", f"{where.path}:{where.first}" if where is not None and where.first else where.path if where else ""),
        ("why", row.message),
        ("change", row.fix if row.standing != "unknown" else ""),
    ]
    return "\n" + "".join(f"{label}: {safe(text, LONGEST)}\n" for label, text in told if text)


def _suite(name: str, cases: Sequence[_Case], run: Assessment) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", {"name": name, "timestamp": run.as_of})
    for case in cases:
        element = ElementTree.SubElement(suite, "testcase", {"name": case.name, "classname": case.suite})
        if case.ended is not None:
            tag, type_, message, text = case.ended
            ElementTree.SubElement(element, tag, {"type": type_, "message": message}).text = text or None
    suite.attrib.update(_sums(list(suite)), skipped=str(len(suite.findall("testcase/skipped"))))
    return suite


def _sums(cases: Sequence[ElementTree.Element]) -> dict[str, str]:
    ends = [end.tag for case in cases for end in case]
    return {"tests": str(len(cases)), "failures": str(ends.count("failure")), "errors": str(ends.count("error"))}
