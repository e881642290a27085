"""GitHub plans: they drive the checks of settings to pass, to fail and to unknown, each with its own file."""

from __future__ import annotations

from typing import Any

import pytest

from tests.planned import CONTENT, Pair, Rows, judged_alone, one, verdicts, verdicts_of
from tests.plans import UNKNOWN, PlanBuilder, Ref

REPOSITORY: Rows = {"github_repository.r": {"name": "web", "archived": False}}
ENVIRONMENT: dict[str, Any] = {"repository": Ref("github_repository.r.name"), "environment": "production"}


def scanned(status: str) -> dict[str, Any]:
    kinds = ("secret_scanning", "secret_scanning_push_protection")
    return {
        "vulnerability_alerts": True,
        "security_and_analysis": [{kind: [{"status": status}] for kind in kinds}],
    }


PAIRS: dict[str, Pair] = {
    "github.org.actions_restricted": one(
        "github_actions_organization_permissions",
        {"enabled_repositories": "all", "allowed_actions": "selected"},
        {"enabled_repositories": "all", "allowed_actions": "all"},
    ),
    "github.org.default_permission_restricted": one(
        "github_organization_settings",
        {"default_repository_permission": "none", "members_can_create_public_repositories": False},
        {"default_repository_permission": "write", "members_can_create_public_repositories": False},
        billing_email="billing@acme.example",
    ),
    "github.repo.environment_approval": (
        {**REPOSITORY, "github_repository_environment.e": {**ENVIRONMENT, "reviewers": [{"teams": [1, 2]}]}},
        {**REPOSITORY, "github_repository_environment.e": ENVIRONMENT},
    ),
    "github.repo.secret_and_dependency_scanning": one(
        "github_repository", scanned("enabled"), scanned("disabled"), name="web", archived=False
    ),
}
WHICH_BRANCH = (
    "branches and rulesets are not mapped: which branch is the default, and what the organization rules, is in no plan"
)
EVENTS = "what happened is in no plan"
NEEDS_LIVE: dict[str, str] = {
    "github.changes.deployment_approved": EVENTS,
    "github.changes.deployment_reviewed": EVENTS,
    "github.changes.no_direct_push": EVENTS,
    "github.changes.pull_request_approved": EVENTS,
    "github.changes.required_checks_passed": EVENTS,
    "github.changes.ticket_linked": EVENTS,
    "github.org.two_factor_required": "the provider has no attribute for it",
    "github.org.workflow_token_read_only": "the published provider has no resource for it",
    "github.org.workflows_cannot_approve": "the published provider has no resource for it",
    "github.repo.branch_protection_reviews": WHICH_BRANCH,
    "github.repo.code_owner_reviews": WHICH_BRANCH,
    "github.repo.protection_covers_admins": WHICH_BRANCH,
    "github.repo.status_checks_required": WHICH_BRANCH,
}
"""Checks of GitHub that no plan judges, with why."""


def test_every_check_of_github_is_driven_or_has_a_reason() -> None:
    mine = {id_ for id_ in CONTENT.checks if id_.startswith("github.")}
    assert (mine & judged_alone(), mine - judged_alone()) == (set(PAIRS), set(NEEDS_LIVE))


@pytest.mark.parametrize("id_", sorted(PAIRS))
def test_a_pair_of_plans_drives_the_check_to_pass_and_to_fail(id_: str) -> None:
    good, bad = PAIRS[id_]
    assert (verdicts(id_, good), verdicts(id_, bad)) == ({"pass"}, {"fail"})


FURTHER: dict[str, tuple[str, Rows, str]] = {
    "scanning that the organization decides": (
        "github.repo.secret_and_dependency_scanning",
        {"github_repository.r": {"name": "web", "archived": False, "vulnerability_alerts": True}},
        "unknown",
    ),
    "reviewers that nobody knows": (
        "github.repo.environment_approval",
        {**REPOSITORY, "github_repository_environment.e": {**ENVIRONMENT, "reviewers": [{"teams": UNKNOWN}]}},
        "unknown",
    ),
    "an environment of a repository of another plan": (
        "github.repo.environment_approval",
        {"github_repository_environment.e": {"repository": "api", "environment": "production"}},
        "unknown",
    ),
    "an environment of a repository that is archived": (
        "github.repo.environment_approval",
        {
            "github_repository.r": {"name": "web", "archived": True},
            "github_repository_environment.e": ENVIRONMENT,
        },
        "",
    ),
    "members who may make public repositories by default": (
        "github.org.default_permission_restricted",
        {"github_organization_settings.x": {"billing_email": "billing@acme.example"}},
        "fail",
    ),
    "workflows that nobody may run": (
        "github.org.actions_restricted",
        {"github_actions_organization_permissions.x": {"enabled_repositories": "none"}},
        "pass",
    ),
}


@pytest.mark.parametrize("name", sorted(FURTHER))
def test_a_plan_is_not_taken_for_more_or_less_than_it_tells(name: str) -> None:
    id_, rows, expected = FURTHER[name]
    assert verdicts(id_, rows) == set(expected.split())


def test_settings_that_are_deleted_are_not_known_to_stay() -> None:
    values = {"default_repository_permission": "none", "members_can_create_public_repositories": False}
    builder = PlanBuilder().delete("github_organization_settings.x", **values)
    assert verdicts_of("github.org.default_permission_restricted", builder.data()) == {"unknown"}
