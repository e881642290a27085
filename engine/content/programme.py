"""The scope of the report, as ``organization.yaml`` states it, and what does not fit together in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any, Final

from engine.content.files import Document, Key
from engine.content.wording import suggestion
from engine.errors import ExpressionError, Problem
from engine.expressions import compile as compile_expression
from engine.expressions.types import BOOL, STRING, MapType, ObjectType
from engine.model import Control
from engine.programme.model import BoundaryRule, EntityControl, Programme, Promise, Subservice, VendorReport

_IDENTITY: Final = ("id", "name", "type", "account", "region")
OUTLINE: Final = ObjectType("resource", {**dict.fromkeys(_IDENTITY, STRING), "tags": MapType(STRING, STRING)})
"""What a boundary rule's expression may read of a resource: its identity and its tags."""


def programme_of(value: Mapping[str, Any]) -> Programme:
    """What the value of a file that its schema accepts says of the report's scope."""
    return Programme(
        commitments=_promises(value, "commitments"),
        requirements=_promises(value, "requirements"),
        system=value.get("system", {}),
        boundary=tuple(_rule(said) for said in value.get("boundary", ())),
        subservices=tuple(_subservice(said) for said in value.get("subservices", ())),
        entity_controls=tuple(
            EntityControl(said["id"], said["text"], tuple(said["criteria"]), said["control"])
            for said in value.get("user_entity_controls", ())
        ),
        owners={role: tuple(people) for role, people in value.get("owners", {}).items()},
        reviewers=value.get("reviewers", {}),
        auditor=value.get("auditor"),
    )


def _promises(value: Mapping[str, Any], key: str) -> tuple[Promise, ...]:
    return tuple(
        Promise(said["id"], said["text"], said["source"], tuple(said["criteria"])) for said in value.get(key, ())
    )


def _rule(said: Mapping[str, Any]) -> BoundaryRule:
    return BoundaryRule(
        id=said["id"],
        reason=said["reason"],
        approver=said["approver"],
        approved_on=date.fromisoformat(said["approved_on"]),
        state=said.get("state", "out_of_boundary"),
        provider=said.get("provider"),
        accounts=frozenset(said.get("accounts", ())),
        groups=frozenset(said.get("groups", ())),
        regions=frozenset(said.get("regions", ())),
        types=frozenset(said.get("types", ())),
        tags={name: frozenset(values) for name, values in said.get("tags", {}).items()},
        when=said.get("when"),
    )


def _subservice(said: Mapping[str, Any]) -> Subservice:
    report = said.get("report")
    return Subservice(
        id=said["id"],
        name=said["name"],
        method=said["method"],
        services=said["services"],
        monitored_by=said["monitored_by"],
        assumed=tuple((row["text"], tuple(row["criteria"])) for row in said.get("assumed", ())),
        duties=tuple((row["text"], row["control"]) for row in said.get("user_entity_controls", ())),
        report=None if report is None else _report(report),
    )


def _report(said: Mapping[str, Any]) -> VendorReport:
    def day(key: str) -> date | None:
        return date.fromisoformat(said[key]) if key in said else None

    return VendorReport(
        type=said["type"],
        starts=date.fromisoformat(said["from"]),
        ends=date.fromisoformat(said["to"]),
        opinion=said["opinion"],
        deviations=tuple(said.get("deviations", ())),
        bridge_until=day("bridge_until"),
        reviewed_on=day("reviewed_on"),
        reviewed_by=said.get("reviewed_by"),
    )


def programme_problems(
    programme: Programme, document: Document, controls: Collection[Control], criteria: Collection[str]
) -> Iterator[Problem]:
    """What the scope refers to that is not there, and rules that cannot be evaluated."""
    known = {control.id for control in controls}
    value = document.value
    named: list[tuple[tuple[Key, ...], str, Collection[str], str]] = []
    for key in ("commitments", "requirements", "user_entity_controls"):
        rows = value.get(key, ())
        yield from _twice(document, key, rows)
        named += [
            ((key, index, "criteria", place), id_, criteria, "criterion")
            for index, row in enumerate(rows)
            for place, id_ in enumerate(row["criteria"])
        ]
    for index, row in enumerate(value.get("user_entity_controls", ())):
        named.append((("user_entity_controls", index, "control"), row["control"], known, "control"))
    yield from _twice(document, "subservices", value.get("subservices", ()))
    for index, row in enumerate(value.get("subservices", ())):
        at: tuple[Key, ...] = ("subservices", index)
        named.append(((*at, "monitored_by"), row["monitored_by"], known, "control"))
        for place, assumed in enumerate(row.get("assumed", ())):
            named += [
                ((*at, "assumed", place, "criteria", number), id_, criteria, "criterion")
                for number, id_ in enumerate(assumed["criteria"])
            ]
        for place, duty in enumerate(row.get("user_entity_controls", ())):
            named.append(((*at, "user_entity_controls", place, "control"), duty["control"], known, "control"))
    for keys, id_, there, noun in named:
        if id_ not in there:
            yield document.problem(keys, f"there is no {noun} {id_}{suggestion(id_, there)}")
    for subservice, row in enumerate(programme.subservices):
        if row.report and row.report.ends < row.report.starts:
            yield document.problem(("subservices", subservice, "report", "to"), "is before its from")
    yield from _twice(document, "boundary", value.get("boundary", ()))
    for index, rule in enumerate(programme.boundary):
        if rule.groups and rule.provider is None:
            yield document.problem(("boundary", index, "groups"), "say of which provider they are: provider")
        if rule.when is not None:
            try:
                compile_expression(rule.when, {"resource": OUTLINE}, BOOL)
            except ExpressionError as error:
                yield document.spot_problem(("boundary", index, "when"), error.line, error.column, error.message)
    window = value.get("window")
    if window and window["to"] < window["from"]:
        yield document.problem(("window", "to"), "is before its from")


def _twice(document: Document, key: str, rows: Collection[Mapping[str, Any]]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, row in enumerate(rows):
        if row["id"] in seen:
            yield document.problem((key, index, "id"), f"{row['id']} is there already")
        seen.add(row["id"])
