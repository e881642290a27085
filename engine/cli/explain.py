"""``auditreel explain CHECK``: everything about one check on a page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli import options

if TYPE_CHECKING:
    from engine.model import Check, Relation
    from engine.report.layout import Page
    from engine.run.preflight import Explanation


@click.command("explain", context_settings=options.CONTEXT)
@click.argument("check")
@options.output_format("text", "json")
@options.POLICY
@options.debug
def command(check: str, policy: Path | None, format_: str) -> int:
    """Why CHECK is there, what it reads, what it asks for, and how to fix a failure."""
    from engine.cli import streams
    from engine.report import records
    from engine.report.layout import page
    from engine.run import preflight

    found = preflight.explain(check, options.policy(policy))
    if format_ == "json":
        streams.emit(records.encoded(document(found), indent=2) + "\n")
    else:
        text = lines(found, page(streams.options(), margin=16))
        streams.emit("".join(f"{line.rstrip()}\n" for line in text))
    return 0


def document(found: Explanation) -> dict[str, Any]:
    """The explanation as plain JSON values."""
    from engine.cli.plan import call
    from engine.report.records import plain

    check = found.check
    return {
        "version": 1,
        "check": {
            "id": check.id,
            "version": check.version,
            "digest": check.digest,
            "title": check.title,
            "severity": check.severity,
            "resource_type": check.resource_type,
            "rationale": check.rationale,
            "when": check.when,
            "expression": check.expression,
            "message": check.message,
            "remediation": dict(check.remediation),
            "references": list(check.references),
        },
        "criteria": [{"id": row.id, "title": row.title} for row in found.criteria],
        "controls": [{"id": row.id, "statement": row.statement, "owner": row.owner} for row in found.controls],
        "parameters": [
            {
                "name": row.name,
                "type": row.type,
                "default": plain(row.default),
                "value": plain(found.parameters.get(row.name, row.default)),
                "description": row.description,
            }
            for row in check.parameters.values()
        ],
        "related": [
            {"name": row.name, "resource_type": row.resource_type, "on": dict(row.on)} for row in check.related.values()
        ],
        "reads": {type_: list(names) for type_, names in found.reads.items()},
        "calls": [call(row) for row in found.calls],
        "examples": [
            {"name": row.name, "verdict": row.verdict, "resource": plain(row.resource)} for row in found.examples
        ],
    }


def lines(found: Explanation, page: Page) -> Iterator[str]:
    """The explanation for a reader."""
    check = found.check
    yield page.heading(check.id, f"{check.severity}, version {check.version}")
    yield from (page.paint(line, "bold") for line in _wrapped(check.title, page.width))
    yield ""
    yield from _section("Why", [check.rationale], page)
    yield from _section("Criteria", [f"{row.id} {row.title}" for row in found.criteria], page)
    controls = [f"{row.id} {row.statement} ({row.owner})" for row in found.controls]
    yield from _section("Controls", controls or ["none uses it"], page)
    yield ""
    yield from _section("Judges", [_judges(check)], page)
    yield from _section("Applies if", [check.when] if check.when else [], page)
    yield from _section("Passes if", [check.expression], page)
    yield from _section("Else says", [check.message], page)
    yield from _section("Parameters", _parameters(found), page)
    yield from _section("Examples", [f"{row.verdict.replace('_', ' '):<14} {row.name}" for row in found.examples], page)
    yield ""
    yield from _section(
        "Reads", [f"{type_}: {', '.join(names)}" for type_, names in found.reads.items() if names], page
    )
    yield from _section("Calls", list(_calls(found)), page)
    yield ""
    for way in ("cli", "terraform", "console"):
        yield from _section(f"Fix, {way}", [check.remediation[way]] if way in check.remediation else [], page)
    yield from _section("References", list(check.references), page)
    yield from _section("File", [str(check.path)], page)


def _judges(check: Check) -> str:
    joined = [f"{row.name}: {row.resource_type} where {_joined(row)}" for row in check.related.values()]
    return "; with ".join([f"each {check.resource_type}", *joined])


def _joined(relation: Relation) -> str:
    equal = [f"its {theirs} is the {ours}" for theirs, ours in relation.on.items() if theirs != "account"]
    return " and ".join(equal) or "the account is the same"


def _parameters(found: Explanation) -> list[str]:
    from engine.report.records import encoded, plain

    rows = []
    for row in found.check.parameters.values():
        value = found.parameters.get(row.name, row.default)
        changed = "" if value == row.default else f" (default {encoded(plain(row.default))})"
        rows.append(f"{row.name} = {encoded(plain(value))}{changed}: {row.description}")
    return rows


def _calls(found: Explanation) -> Iterator[str]:
    for row in found.calls:
        needs = "" if set(row.permissions) == set(row.operations) else f", needs {', '.join(row.permissions)}"
        yield f"{' '.join(row.operations)}: {row.times}{needs}"
    if not found.calls:
        yield "nothing beyond finding out which accounts and regions there are"


def _section(label: str, texts: list[str], page: Page) -> list[str]:
    """A label and its texts; a text keeps its own line breaks."""
    from engine.report.layout import left

    shown = [line for text in texts for line in _wrapped(text, page.width - page.margin)]
    labels = [label] + [""] * (len(shown) - 1)
    return [page.paint(left(name, page.margin), "bold") + line for name, line in zip(labels, shown, strict=False)]


def _wrapped(text: str, width: int) -> Iterator[str]:
    from engine.report.layout import wrapped
    from engine.report.safe import safe

    for line in text.rstrip("\n").split("\n"):
        yield from wrapped(safe(line, 4000), width, whole_words=True)
