"""Plans judged by the file of a check: by themselves, or over what a run read of the account."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.collection.conformance import conforming
from engine.content.checks import CompiledCheck, compile_checks
from engine.content.load import load
from engine.content.root import find
from engine.gate.judgeable import needs_live
from engine.gate.planned import laid_over, planned
from engine.judging.evaluate import evaluate
from engine.model import Collection, Resource, Scope, Snapshot
from providers.terraform import fills, folded, partial
from tests.plans import UNKNOWN, PlanBuilder

AT: Final = "2026-11-26T00:00:00Z"
ACCOUNT: Final = "123456789012"
REGION: Final = "eu-central-1"
PROJECT: Final = "acme-prod"
SUBSCRIPTION: Final = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
GCP_PROJECT: Final = "cloudresourcemanager.googleapis.com/Project"
OF_AZURE: Final = "Microsoft.Resources/subscriptions"
CONTEXT: Final = ("AWS::Account", "AWS::Region", GCP_PROJECT, OF_AZURE, "GitHub::Organization")
CONTENT: Final = load(find())
CONFORM: Final = conforming({name: schema.type for name, schema in CONTENT.types.items()})

OPEN: Final = dict.fromkeys(
    ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets"), False
)
"""A block of public access that blocks nothing."""

Rows = Mapping[str, dict[str, Any]]
"""The resources of a plan by address, with "keep" or "delete" before it for what is not made."""
Pair = tuple[Rows, Rows]
"""Plans that a check passes and fails."""


def statement(**more: Any) -> str:
    """A policy document of one statement that allows."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **more}]})


def one(kind: str, good: dict[str, Any], bad: dict[str, Any], **both: Any) -> Pair:
    """A pair of plans with one resource of a kind."""
    return {f"{kind}.x": {**both, **good}}, {f"{kind}.x": {**both, **bad}}


def plan(rows: Rows) -> PlanBuilder:
    """The plan of these resources."""
    builder = PlanBuilder(subscription=SUBSCRIPTION)
    for key, values in rows.items():
        verb, _, address = key.rpartition(" ")
        getattr(builder, verb or "create")(address, **values)
    return builder


def verdicts(id_: str, rows: Rows) -> set[str]:
    """What a check concludes of what a plan makes, but for what it is not about."""
    return verdicts_of(id_, plan(rows).data())


def verdicts_of(id_: str, data: bytes) -> set[str]:
    """What a check concludes of the plan in a file's bytes."""
    found = tuple(map(CONFORM, folded(data, AT).after))
    places = sorted({(item.type, item.scope) for item in found if item.type in CONTEXT})
    collections = tuple(Collection(type_, scope, "complete", 1) for type_, scope in places)
    return _concluded(id_, Snapshot(AT, "planned", {}, (), collections, found))


def held(type_: str, id_: str, name: str = "", region: str = REGION, **properties: Any) -> Resource:
    """A resource that a run read."""
    return Resource(type_, id_, name or id_, "aws", ACCOUNT, region, {}, AT, properties)


def held_in_project(type_: str, id_: str, name: str = "", region: str = "global", **properties: Any) -> Resource:
    """A resource that a run read of a project of Google Cloud."""
    return Resource(type_, id_, name or id_, "gcp", PROJECT, region, {}, AT, properties)


def held_by_azure(
    type_: str, id_: str, region: str = "westeurope", tags: Mapping[str, str] | None = None, **properties: Any
) -> Resource:
    """A resource that a run read in a subscription of Azure."""
    return Resource(type_, id_, id_, "azure", SUBSCRIPTION, region, dict(tags or {}), AT, properties)


@dataclass(frozen=True, slots=True)
class Whole:
    """An account that a run read whole: its scopes, and the resources that stand for it and its regions."""

    scopes: tuple[Scope, ...]
    context: tuple[Resource, ...]


AWS: Final = Whole(
    (Scope("aws", ACCOUNT, REGION), Scope("aws", ACCOUNT, "global")),
    (held("AWS::Account", ACCOUNT, region="global", s3_public_access_block=OPEN), held("AWS::Region", REGION)),
)
AZURE: Final = Whole(
    (Scope("azure", SUBSCRIPTION, "global"),),
    (held_by_azure(OF_AZURE, f"/subscriptions/{SUBSCRIPTION}", "global", management_groups=[]),),
)
GCP: Final = Whole(
    (Scope("gcp", PROJECT, "global"),),
    (
        held_in_project(
            GCP_PROJECT,
            "//cloudresourcemanager.googleapis.com/projects/123456789",
            PROJECT,
            **{
                name: []
                for name in (
                    *("principals", "audit_configs", "inherited_log_sinks", "firewall_policies"),
                    *("inherited_organization_policies", "inherited_contacts", "group_members"),
                )
            },
        ),
    ),
)


def verdicts_over(id_: str, live: Iterable[Resource], rows: Rows, folder: Path, whole: Whole = AWS) -> set[str]:
    """What a check concludes of an account that a run read whole, with a plan of these resources laid over it."""
    return over(id_, live, plan(rows), folder, whole)


def over(id_: str, live: Iterable[Resource], builder: PlanBuilder, folder: Path, whole: Whole = AWS) -> set[str]:
    """What a check concludes of an account that a run read whole, with a plan laid over it."""
    return _concluded(id_, seen_over(live, builder, folder, whole))


def seen_over(live: Iterable[Resource], builder: PlanBuilder, folder: Path, whole: Whole = AWS) -> Snapshot:
    """What stands after a plan that is laid over an account that a run read whole."""
    path = builder.write(folder / "plan.json")
    rows = tuple(live)
    context = tuple(item for item in whole.context if item.type not in {row.type for row in rows})
    collections = tuple(Collection(type_, scope, "complete", 1) for type_ in CONTENT.types for scope in whole.scopes)
    there = Snapshot(AT, "live", {}, whole.scopes, collections, (*context, *rows))
    return laid_over(there, planned(path, AT, CONFORM), CONTENT.types).after


def unknown(pair: Pair) -> Rows | None:
    """The plans of a pair as one in which all is unknown that they set otherwise; None where they are of others."""
    good, bad = pair
    if good.keys() != bad.keys():
        return None
    both = {address: {**bad[address], **values} for address, values in good.items()}
    return {
        address: {
            name: value if good[address].get(name) == bad[address].get(name) else UNKNOWN
            for name, value in values.items()
        }
        for address, values in both.items()
    }


def compiled() -> tuple[CompiledCheck, ...]:
    """Every check, ready to run."""
    return tuple(compile_checks(CONTENT.checks.values(), CONTENT.types))


def judged_alone() -> frozenset[str]:
    """The checks that a plan can judge by itself, as the gate selects them, where it sets all that it can."""
    known = fills()
    whole = [Resource(type_, "x", "x", "aws", "1", "r", {}, AT, dict.fromkeys(names)) for type_, names in known.items()]
    checks = compiled()
    left = {row.check.id for row in needs_live(checks, known, CONTEXT, whole, partial())}
    return frozenset(check.check.id for check in checks) - left


def _concluded(id_: str, snapshot: Snapshot) -> set[str]:
    checks = compile_checks([CONTENT.checks[id_]], CONTENT.types)
    return {str(finding.verdict) for finding in evaluate(snapshot, checks)} - {"not_applicable"}
