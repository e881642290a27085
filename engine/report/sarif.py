"""Failures as SARIF 2.1.0, for code scanning (OASIS Static Analysis Results Interchange Format, errata 01).

Results are failures only. What is unknown is no result but a notification of the invocation, which then was not
successful (3.20.14): code scanning would show it as a finding. A failure that somebody accepted has a suppression with
the justification. GitHub's limits are those of its page "SARIF results exceed one or more limits"; what they cut off
is said in the run's properties and in a notification, and what stops the build is kept first.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import quote

from engine.model import SEVERITIES, Assessment, Check
from engine.report import Options, records, sentences, summary
from engine.report.layout import counted
from engine.report.records import Document
from engine.report.results import Result, Results, Shown, accepted, address, headline, line, parts, results
from engine.report.safe import safe
from engine.report.sources import Line, Sources

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LARGEST: Final = 10_000_000
"""Bytes that an upload may have when it is compressed."""
MOST_RESULTS: Final = 25_000
SHOWN_RESULTS: Final = 5_000
"""GitHub takes 25,000 results and shows the 5,000 that are the most severe."""
MOST_TAGS: Final = 10
"""Of 20 that a rule may have, 10 are shown."""
MOST_RELATED: Final = 10
MOST_NOTIFICATIONS: Final = 100
LONGEST: Final = 1_000
"""Characters of a text that GitHub shows whole (1,024)."""

_SCORE: Final = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}
"""security-severity: GitHub calls over 9.0 critical, from 7.0 high, from 4.0 medium, below low."""
_NOTIFICATIONS: Final = {
    "truncated": "Failures were left out, since the file would be too large.",
    "hidden": "Code scanning does not show all of the results.",
    "unknown": "A verdict could not be reached.",
    "incomplete": "The run is not whole.",
    "plan": "What a reader should know of the plan.",
    "unmapped": "The plan holds resources that are not judged.",
    "content": "The change touches what it is judged by.",
    "waiver": "A waiver has no effect, or names nothing that fails.",
}
_BASELINE: Final = {
    "new_failure": "new",
    "control_deleted": "new",
    "worse": "updated",
    "unchanged_failure": "unchanged",
}


def render(shown: Shown, options: Options) -> str:
    """The log file; as many results as one upload may hold."""
    found = results(shown)
    failures = found.of("fails", "stands", "waived")
    most = min(len(failures), MOST_RESULTS)
    while True:
        text = records.encoded(_log(found, failures, most, options.sources), indent=2) + "\n"
        if not most or len(gzip.compress(text.encode(), mtime=0)) <= LARGEST:
            return text
        most //= 2


def _log(found: Results, failures: Sequence[Result], most: int, sources: Sources | None) -> Document:
    known = {check.id: check for check in found.run.selection.checks} | {row.check.id: row.check for row in found.rows}
    checks = sorted(known.items())
    index = {id_: place for place, (id_, _) in enumerate(checks)}
    run = found.run
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "auditreel",
                        "semanticVersion": run.engine_version,
                        "rules": [_rule(check) for _, check in checks],
                        "notifications": [
                            {"id": id_, "shortDescription": {"text": text}} for id_, text in _NOTIFICATIONS.items()
                        ],
                    }
                },
                "automationDetails": {"id": f"auditreel/{run.kind}/"},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the repository."}}},
                "invocations": [_invocation(found, len(failures), most)],
                "results": [_result(found, row, index, sources) for row in failures[:most]],
                "properties": _properties(found, len(failures), most),
            }
        ],
    }


# --- rules -----------------------------------------------------------------------------------------------------------


def _rule(check: Check) -> Document:
    """A check. What it says is the policy's own text, and harmless as the plain text that code scanning shows."""
    fixes = [f"{how}: {text}" for how, text in check.remediation.items()]
    rule: Document = {
        "id": check.id,
        "shortDescription": {"text": _text(check.title)},
        "fullDescription": {"text": _text(check.rationale)},
        "help": {
            "text": _text("\n".join([check.rationale, *fixes, *check.references]), 4 * LONGEST),
            "markdown": _help(check),
        },
        "defaultConfiguration": {"level": _level(check)},
        "properties": {
            "tags": ["security", *check.criteria, check.resource_type, check.provider][:MOST_TAGS],
            "precision": "very-high",
            "problem.severity": _level(check).replace("note", "recommendation"),
            "security-severity": _SCORE[check.severity],
        },
    }
    pages = [page for text in check.references if (page := address(text)) is not None]
    if pages:
        rule["helpUri"] = pages[0]
    return rule


def _help(check: Check) -> str:
    from engine.report.markdown import code, prose

    rows = [prose(check.rationale, LONGEST), "", f"Criteria: {', '.join(map(code, check.criteria))}", ""]
    rows += [f"- {how}: {prose(text, LONGEST)}" for how, text in check.remediation.items()]
    rows += [f"- <{page}>" for text in check.references if (page := address(text)) is not None]
    return "\n".join(rows)


def _level(check: Check) -> str:
    return "error" if SEVERITIES.index(check.severity) >= SEVERITIES.index("high") else "warning"


# --- results ---------------------------------------------------------------------------------------------------------


def _result(found: Results, row: Result, index: dict[str, int], sources: Sources | None) -> Document:
    result: Document = {
        "ruleId": row.check.id,
        "ruleIndex": index[row.check.id],
        "kind": "fail",
        "level": "error" if row.stops else "note" if row.standing == "waived" else "warning",
        "message": {"text": _message(row)},
        "locations": [_location(row, sources)],
        "partialFingerprints": {
            "auditreel/v1": row.fingerprint,
            # Else GitHub makes it of the line, and two instances of one block are one alert.
            "primaryLocationLineHash": f"{row.fingerprint[:16]}:1",
        },
        "suppressions": [_suppression(row)] if row.waiver is not None else [],
        "properties": {
            "stops": row.stops,
            "standing": row.word,
            "account": safe(row.scope.account),
            "region": safe(row.scope.region),
        },
    }
    if found.gate is not None:
        result["baselineState"] = _BASELINE[row.change.movement] if row.change is not None else "new"
    related = parts(row, sources)
    if related:
        result["relatedLocations"] = [
            {
                "id": number,
                "physicalLocation": _physical(where),
                "message": {"text": f"A part of it: {safe(name)}"},
            }
            for number, (name, where) in enumerate(related[:MOST_RELATED], 1)
        ]
    return result


def _message(row: Result) -> str:
    rows = [f"{safe(row.name)}: {_text(row.message)}"]
    if row.change is not None:
        rows.append(f"This is a {row.word} of this change.")
    if row.fix:
        rows.append(f"To change: {_text(row.fix)}")
    return "\n".join(rows)


def _location(row: Result, sources: Sources | None) -> Document:
    where = line(row, sources)
    # What runs has no file: the check that it does not meet has.
    physical = _physical(where or Line(f"checks/{row.check.id.replace('.', '/')}.yaml"))
    kind = "resource" if row.subject.kind == "resource" else "module"
    logical = {"fullyQualifiedName": safe(row.name, 1000), "name": safe(row.subject.name), "kind": kind}
    location: Document = {"physicalLocation": physical, "logicalLocations": [logical]}
    if where is not None and where.called:
        location["message"] = {"text": "The call of the module that it is in, whose files are not at hand."}
    return location


def _physical(where: Line) -> Document:
    # GitHub shows nothing without a line.
    region: Document = {"startLine": where.first or 1}
    if where.last > where.first > 0:
        region["endLine"] = where.last
    uri = quote(where.path.encode("utf-8", "backslashreplace"), safe="/-._~")
    return {"artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"}, "region": region}


def _suppression(row: Result) -> Document:
    # Of an accepted failure alone: the caller asks for no other.
    return (
        {"kind": "external", "status": "accepted", "justification": _text(accepted(row.waiver))} if row.waiver else {}
    )


# --- the invocation --------------------------------------------------------------------------------------------------


def _invocation(found: Results, listed: int, most: int) -> Document:
    run = found.run
    told: Document = {
        "executionSuccessful": not set(run.exit_reasons) - {0, 3} and run.exit_code in (0, 3),
        "exitCode": run.exit_code,
        "exitCodeDescription": safe(headline(found), LONGEST),
        "startTimeUtc": run.as_of,
        "toolExecutionNotifications": [*_cut(listed, most), *_unknown(run), *_unread(found)],
        "toolConfigurationNotifications": _waivers(run),
    }
    if run.snapshot.finished_at is not None:
        told["endTimeUtc"] = run.snapshot.finished_at
    return told


def _cut(listed: int, most: int) -> Iterable[Document]:
    if most < listed:
        yield _notification(
            "truncated",
            "error",
            f"{listed - most:,} of {counted(listed, 'failure')} are not in this file, which would be too large for "
            "code scanning. What stops the build comes first; every failure is in the junit format.",
        )
    if most > SHOWN_RESULTS:
        yield _notification(
            "hidden",
            "warning",
            f"Of the {most:,} results in this file, GitHub shows the {SHOWN_RESULTS:,} most severe.",
        )


def _unknown(run: Assessment) -> list[Document]:
    found = summary.gaps(run)
    level = "error" if 4 in run.exit_reasons else "warning"
    told = [
        _notification(
            "unknown",
            level,
            f"{counted(gap.verdicts, 'verdict')} unknown: {sentences.gap(gap)}",
            gap.checks[0] if len(gap.checks) == 1 else None,
        )
        for gap in found[:MOST_NOTIFICATIONS]
    ]
    if len(found) > MOST_NOTIFICATIONS:
        rest = sum(gap.verdicts for gap in found[MOST_NOTIFICATIONS:])
        told.append(_notification("unknown", level, f"{counted(rest, 'more verdict')} unknown, for other reasons."))
    return told


def _unread(found: Results) -> Iterable[Document]:
    """What else kept the run, or the reading of the plan, from being whole."""
    for code, reason in sorted(found.run.exit_reasons.items()):
        if code not in (0, 3):
            yield _notification("incomplete", "error", f"exit {code}: {reason}")
    if found.gate is not None:
        source = found.gate.source
        for text in (*source.incomplete, *source.statements):
            yield _notification("plan", "warning", text)
        if source.unmapped:
            many = (
                f"{counted(sum(source.unmapped.values()), 'resource')} of types that no mapping reads, so not judged: "
            )
            yield _notification("unmapped", "warning", many + ", ".join(sorted(source.unmapped)))
        for file in found.gate.content_changes:
            text = f"This change has {file.path} {file.kind}: it was judged by what the base commit holds."
            yield _notification("content", "warning", text)


def _waivers(run: Assessment) -> list[Document]:
    loud = ("expired", "uncommitted", "unmatched", "not_started")
    states = sorted((state for state in run.waivers if state.state in loud), key=lambda state: state.waiver.id)
    return [
        _notification("waiver", "warning", f"Waiver {safe(state.waiver.id)}: {' '.join(sentences.waiver(state))}")
        for state in states[:MOST_NOTIFICATIONS]
    ]


def _notification(id_: str, level: str, text: str, check: str | None = None) -> Document:
    told: Document = {"descriptor": {"id": id_}, "level": level, "message": {"text": _text(text)}}
    return {**told, "associatedRule": {"id": check}} if check is not None else told


def _properties(found: Results, listed: int, most: int) -> Document:
    sums = summary.totals(found.run)
    told: Document = {
        "organization": safe(found.run.organization),
        "run": found.run.run_id,
        "recorded": found.run.sealed is not None,
        "results": {"failures": listed, "in_this_file": most, "left_out": listed - most},
        "verdicts": {"pass": sums.passed, "fail": sums.failed, "waived": sums.waived, "unknown": sums.unknown,
                     "not_applicable": sums.not_applicable},
    }  # fmt: skip
    if found.gate is not None:
        gate = found.gate
        told["gate"] = {
            "plan": {"path": safe(gate.source.path), "sha256": gate.source.digest, "resources": gate.source.resources},
            "base": safe(gate.base_name),
            "policy_ref": gate.policy_ref,
            "base_commit": gate.request.base_commit,
            "head_commit": gate.request.head_commit,
            "pull_request": gate.request.pull_request,
            "fixed": len(found.of("fixed")),
            "needs_live": [row.check.id for row in gate.needs_live],
        }
    return told


def _text(text: str, longest: int = LONGEST) -> str:
    """A text whose lines are harmless, and of which no viewer makes a link: ``[text](target)`` is one (3.11.6)."""
    return "\n".join(safe(part, longest) for part in text.split("\n")).replace("](", "] (")
