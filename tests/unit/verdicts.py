"""Findings, checks, controls and waivers by hand, for tests of what is concluded from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from engine.content.files import read
from engine.content.policy import Policy
from engine.model import (
    Approval,
    Check,
    Collection,
    CollectionState,
    Control,
    Criterion,
    Finding,
    Organization,
    Scope,
    Selection,
    Severity,
    Snapshot,
    Subject,
    Unread,
    Verdict,
    Waiver,
)
from tests.unit.data_folders import CHECKOUT

AS_OF = "2026-11-23T02:00:00.5Z"
SCOPE = Scope("aws", "111122223333", "eu-west-1")
OTHER = Scope("aws", "444455556666", "eu-west-1")


def check(
    id_: str, severity: Severity = "high", criteria: Sequence[str] = ("CC6.1",), type_: str = "Test::Bucket"
) -> Check:
    """A check that only its headline matters of."""
    return Check(
        id=id_,
        version=1,
        title=f"About {id_}",
        resource_type=type_,
        criteria=tuple(criteria),
        severity=severity,
        rationale="",
        expression="true",
        message="",
        remediation={},
        references=(),
        path=Path(id_),
        source=b"",
        digest="",
    )


def finding(of: Check, verdict: Verdict, id_: str = "one", scope: Scope = SCOPE) -> Finding:
    """A verdict on a resource."""
    reason = "access_denied" if verdict == "unknown" else None
    return Finding(of, Subject("resource", of.resource_type, id_, id_), scope, verdict, reason)


def unlisted(of: Check, scope: Scope = SCOPE) -> Finding:
    """The unknown on a scope whose listing was not complete."""
    return Finding(of, Subject("scope", of.resource_type, str(scope), str(scope)), scope, "unknown", "throttled")


def snapshot(*types: str, state: CollectionState = "complete") -> Snapshot:
    """A snapshot in which these types were listed."""
    unread = Unread("throttled") if state == "failed" else None
    rows = tuple(Collection(type_, SCOPE, state, 0, unread) for type_ in types)
    return Snapshot(AS_OF, "recorded", {}, (SCOPE,), rows, ())


def control(id_: str, checks: Sequence[str] = (), criteria: Sequence[str] = ("CC6.1",), **fields: Any) -> Control:
    """A continuous control."""
    return Control(
        **{
            "id": id_,
            "statement": "Something is done.",
            "owner": "Head of Security",
            "criteria": tuple(criteria),
            "operation": "continuous",
            "path": Path("controls.yaml"),
            "digest": "",
            "checks": tuple(checks),
            **fields,
        }
    )


def waiver(id_: str, of: Check, *resources: str, **fields: Any) -> Waiver:
    """A waiver in force on the day of the snapshot."""
    return Waiver(
        **{
            "id": id_,
            "kind": "risk_accepted",
            "check": of.id,
            "resources": resources,
            "owner": "Dana",
            "reason": "It is known.",
            "start": date(2026, 11, 1),
            "expires": date(2026, 12, 31),
            "approval": Approval("Robin", date(2026, 11, 1), "asserted", False),
            "path": Path(f"{id_}.yaml"),
            "digest": "",
            "account": SCOPE.account,
            "effective_at": "2026-11-01T00:00:00Z",
            **fields,
        }
    )


def policy(controls: Sequence[Control] = (), waivers: Sequence[Waiver] = (), **organization: Any) -> Policy:
    """An organisation with the real criteria."""
    fields = {"name": "Example", "categories": ("security",), "path": Path("organization.yaml"), "digest": ""}
    return Policy(_criteria(), Organization(**{**fields, **organization}), tuple(controls), tuple(waivers), {})


@cache
def _criteria() -> Mapping[str, Criterion]:
    document = read(CHECKOUT / "policies" / "criteria.yaml", [])
    assert document is not None
    rows = document.value["criteria"]
    return {row["id"]: Criterion(**{**row, "typical_evidence": tuple(row["typical_evidence"])}) for row in rows}


def selection(*checks: Check, **fields: Any) -> Selection:
    """What was asked for."""
    return Selection(tuple(sorted(checks, key=lambda item: item.id)), **fields)
