r"""Findings as plain JSON values, and JSON text that is harmless everywhere and loses nothing.

The text is ASCII: other characters, lone surrogates among them, are ``\uXXXX`` escapes (RFC 8259, section 7), so that
it is valid UTF-8 whatever a name holds and a terminal that shows it obeys none of it. Keys are sorted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from engine.model import Approval, Assessment, Finding, Scope, Unread, Waiver

VERSION: Final = 1
"""Of ``schemas/report-json.schema.json``: raised when a reader of the last version could misread this one."""

MOST: Final = 2**53 - 1
"""The largest integer that every JSON reader keeps; larger ones are text."""

# What commands a build that prints it, to GitHub's runner or to Azure's agent, wherever in a line it stands.
_COMMAND: Final = re.compile(r"#(?=#(?:vso)?\[)", re.IGNORECASE)

Document = dict[str, Any]


def encoded(value: Any, indent: int | None = None) -> str:
    """``value`` (plain JSON values) as one JSON text without a final line break."""
    separators = (",", ": ") if indent else (",", ":")
    text = json.dumps(value, ensure_ascii=True, sort_keys=True, indent=indent, separators=separators, allow_nan=False)
    # DEL is ASCII, and the only control character that JSON lets stand.
    return _COMMAND.sub(r"\\u0023", text.replace("\x7f", "\\u007f"))


def plain(value: Any) -> Any:
    """An observed value as JSON: what CEL has beyond it (times, durations, doubles, bytes) as text."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if -MOST <= value <= MOST else str(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value / timedelta(seconds=1):.6f}".rstrip("0").rstrip(".") + "s"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return repr(value)


def finding(run: Assessment, index: int) -> Document:
    """The finding at ``index`` of the assessment, with the waiver that stands beside it."""
    row = run.findings[index]
    document: Document = {
        "check": row.check.id,
        "subject": {"kind": row.subject.kind, "type": row.subject.type, "id": row.subject.id, "name": row.subject.name},
        "scope": scope(row.scope),
        "verdict": row.verdict,
        "reason": row.reason,
        "message": row.message,
        "observed": [{"path": path, "value": plain(value)} for path, value in row.observed],
        "causes": [{"path": cause.path, **unread(cause.unread)} for cause in row.causes],
        "waiver": None,
        "collected_at": row.collected_at,
    }
    accepted = run.waived.get(index)
    if accepted is not None:
        document["waiver"] = {"id": accepted.id, "kind": accepted.kind, "expires": accepted.expires.isoformat()}
    return document


def joined(run: Assessment, index: int) -> Document:
    """The finding at ``index`` with what it takes to stand alone: run, time, check and its criteria."""
    row = run.findings[index]
    return {
        **finding(run, index),
        "version": VERSION,
        "check": check(row),
        "run": {
            "id": run.run_id,
            "kind": run.kind,
            "demonstration": run.kind == "demo",
            "organization": run.organization,
            "as_of": run.as_of,
            "engine_version": run.engine_version,
            "recorded": run.sealed is not None,
        },
    }


def check(row: Finding) -> Document:
    """What a finding says of its check."""
    of = row.check
    return {
        "id": of.id,
        "version": of.version,
        "digest": of.digest,
        "title": of.title,
        "severity": of.severity,
        "criteria": list(of.criteria),
    }


def scope(row: Scope) -> Document:
    """A scope."""
    return {"provider": row.provider, "account": row.account, "region": row.region}


def unread(row: Unread) -> Document:
    """Why something was not read."""
    return {"reason": row.reason, "operation": row.operation, "permission": row.permission, "detail": row.detail}


def waiver(row: Waiver) -> Document:
    """A waiver."""
    return {
        "id": row.id,
        "kind": row.kind,
        "check": row.check,
        "account": row.account,
        "resources": list(row.resources),
        "owner": row.owner,
        "reason": row.reason,
        "start": row.start.isoformat(),
        "expires": row.expires.isoformat(),
        "effective_at": row.effective_at,
        "ticket": row.ticket,
        "digest": row.digest,
        "approval": approval(row.approval),
    }


def approval(row: Approval) -> Document:
    """Who approved a waiver."""
    return {
        "approver": row.approver,
        "approved_on": row.approved_on.isoformat(),
        "standing": row.standing,
        "self_approved": row.self_approved,
    }
