"""Checks of further services of Google Cloud through the real client stack; see ``test_gcp_checks.py``."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.collectors.gcp import ORGANIZATION, Change, as_it_is, both, denied
from tests.collectors.scan import scan, verdicts
from tests.emulators.gcp.wire import Google
from tests.emulators.gcp.world import World

Case = tuple[str, str, Change, str]
"""A check, the name of what it judges, what is otherwise, and the verdict that follows."""
NO_INVENTORY: Final = ("cloudasset.assets.listResource", "cloudasset.assets.listIamPolicy")


def policy_above(*rows: dict[str, Any], on: str = "") -> Change:
    """The organization ("") or a folder ("11") has these organization policies."""

    def change(world: World) -> None:
        folder = next((row for row in world.folders if row["id"] == on), world.organization)
        folder["policies"] = list(rows)

    return change


def policy(constraint: str, *rules: dict[str, Any], holder: str = "organizations/123456789012", **spec: Any) -> Any:
    return {"name": f"{holder}/policies/{constraint}", "spec": {"etag": "CAE=", "rules": list(rules), **spec}}


def own_policy(constraint: str, *rules: dict[str, Any], **spec: Any) -> Change:
    """The project "web" has an organization policy of its own."""
    made = policy(constraint, *rules, holder="projects/70000000001", **spec)
    return lambda world: world.add("web", "orgpolicy.googleapis.com/Policy", made)


ABOVE: Final = "orgpolicy.policies.list@organizations/123456789012"
PREVENTED: Final = policy("storage.publicAccessPrevention", {"enforce": True})
TAGGED: Final = {"expression": "resource.matchTag('123456789012/open', 'yes')"}
ON_CONDITION: Final = policy(
    "storage.publicAccessPrevention", {"enforce": True}, {"enforce": False, "condition": TAGGED}
)
LOCATIONS: Final = "gcp.resourceLocations"
EUROPE: Final = {"values": {"allowedValues": ["in:eu-locations"]}}
KEYS: Final = "iam.disableServiceAccountKeyCreation"
DOMAINS: Final = "iam.allowedPolicyMemberDomains"

ORGANIZATION_POLICIES: Final[list[Case]] = [
    ("gcp.storage.public_access_prevention", "web-assets", as_it_is, "pass"),
    ("gcp.storage.public_access_prevention", "web-old", as_it_is, "fail"),
    ("gcp.storage.public_access_prevention", "web-old", policy_above(PREVENTED), "pass"),
    ("gcp.storage.public_access_prevention", "web-old", policy_above(PREVENTED, on="11"), "pass"),
    (
        "gcp.storage.public_access_prevention",
        "web-old",
        own_policy("storage.publicAccessPrevention", {"enforce": True}),
        "pass",
    ),
    (
        "gcp.storage.public_access_prevention",
        "web-old",
        both(policy_above(PREVENTED), own_policy("storage.publicAccessPrevention", {"enforce": False})),
        "fail",
    ),
    (
        "gcp.storage.public_access_prevention",
        "web-old",
        both(policy_above(PREVENTED), own_policy("storage.publicAccessPrevention", reset=True)),
        "fail",
    ),
    ("gcp.storage.public_access_prevention", "web-old", policy_above(ON_CONDITION), "unknown"),
    ("gcp.storage.public_access_prevention", "web-old", policy_above({**PREVENTED, "spec": None}), "unknown"),
    (
        "gcp.storage.public_access_prevention",
        "web-old",
        policy_above({"name": PREVENTED["name"], "dryRunSpec": PREVENTED["spec"]}),
        "fail",
    ),
    ("gcp.storage.public_access_prevention", "web-old", denied(ABOVE), "unknown"),
    ("gcp.storage.public_access_prevention", "web-assets", denied("orgpolicy.policies.list", *NO_INVENTORY), "pass"),
    ("gcp.storage.bucket_not_public", "web-old", policy_above(PREVENTED), "pass"),
    ("gcp.storage.bucket_not_public", "web-old", denied(ABOVE), "unknown"),
    ("gcp.orgpolicy.service_account_key_creation_disabled", "web", as_it_is, "fail"),
    (
        "gcp.orgpolicy.service_account_key_creation_disabled",
        "web",
        policy_above(policy(KEYS, {"enforce": True})),
        "pass",
    ),
    ("gcp.orgpolicy.service_account_key_creation_disabled", "web", denied(ABOVE), "unknown"),
    ("gcp.orgpolicy.resource_locations", "web", as_it_is, "fail"),
    ("gcp.orgpolicy.resource_locations", "web", policy_above(policy(LOCATIONS, EUROPE)), "pass"),
    ("gcp.orgpolicy.resource_locations", "web", policy_above(policy(LOCATIONS, {"allowAll": True})), "fail"),
    (
        "gcp.orgpolicy.resource_locations",
        "web",
        policy_above(policy(LOCATIONS, EUROPE, inheritFromParent=True)),
        "unknown",
    ),
    (
        "gcp.orgpolicy.resource_locations",
        "web",
        both(
            policy_above(policy(LOCATIONS, EUROPE)),
            policy_above(policy(LOCATIONS, EUROPE, inheritFromParent=True), on="11"),
        ),
        "pass",
    ),
    (
        "gcp.orgpolicy.resource_locations",
        "web",
        both(policy_above(policy(LOCATIONS, EUROPE)), own_policy(LOCATIONS, {"allowAll": True})),
        "fail",
    ),
    ("gcp.orgpolicy.resource_locations", "web", own_policy(LOCATIONS, {"unheard": True}), "unknown"),
    ("gcp.orgpolicy.domain_restricted_sharing", "web", as_it_is, "fail"),
    (
        "gcp.orgpolicy.domain_restricted_sharing",
        "web",
        policy_above(policy(DOMAINS, {"values": {"allowedValues": ["C01abcdef"]}})),
        "pass",
    ),
    ("gcp.orgpolicy.domain_restricted_sharing", "web", denied(ABOVE), "unknown"),
]

CASES: Final[list[Case]] = [*ORGANIZATION_POLICIES]


def ids() -> list[str]:
    told: dict[str, int] = {}
    names = []
    for check, subject, _, verdict in CASES:
        name = f"{check}-{subject}-{verdict}"
        told[name] = told.get(name, 0) + 1
        names.append(f"{name}-{told[name]}" if told[name] > 1 else name)
    return names


@pytest.mark.parametrize(("check", "subject", "change", "verdict"), CASES, ids=ids())
def test_a_verdict_follows_from_what_the_cloud_answers(
    gcp: Google, check: str, subject: str, change: Change, verdict: str
) -> None:
    change(gcp.world)
    _, findings = scan([check])
    assert verdicts(findings)[check, subject] == verdict


CHECKS: Final = sorted({case[0] for case in CASES})


def test_verdicts_are_the_same_without_the_inventory(gcp: Google) -> None:
    _, bulk = scan(CHECKS, access=ORGANIZATION)
    gcp.world.off.add("cloudasset.googleapis.com")
    _, alone = scan(CHECKS, access=ORGANIZATION)

    assert [(f.check.id, f.scope, f.subject, f.verdict, f.message) for f in bulk] == [
        (f.check.id, f.scope, f.subject, f.verdict, f.message) for f in alone
    ]
    assert {finding.check.id for finding in bulk} == set(CHECKS)
