"""Checks of GitHub through the real client stack: each row changes the organization and says what follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.collectors.scan import scan, verdicts
from tests.emulators.github.wire import GitHub
from tests.emulators.github.world import ACME, World

Change = Callable[[World], None]
REPO: Final = "github.repo."
ORG: Final = "github.org."
CHANGES: Final = "github.changes."
PULL: Final = "acme/web#12"


def as_it_is(world: World) -> None:
    """Nothing changes."""


def repo(name: str = "web", **values: Any) -> Change:
    return lambda world: world.repositories[name].update(values)


def org(**values: Any) -> Change:
    return lambda world: world.organization.update(values)


def protected(**values: Any) -> Change:
    return lambda world: world.repositories["web"]["protection"].update(values)


def pull(**values: Any) -> Change:
    return lambda world: world.repositories["web"]["pulls"][0].update(values)


def deployed(**values: Any) -> Change:
    return lambda world: world.repositories["web"]["deployments"][0].update(values)


def run(**values: Any) -> Change:
    return lambda world: world.repositories["web"]["runs"][700].update(values)


def pushed(**values: Any) -> Change:
    """What moved the default branch last."""
    return lambda world: world.repositories["web"]["activity"][0].update(values)


def denied(*permissions: str) -> Change:
    return lambda world: world.denied.update(permissions)


def checked(*rows: dict[str, Any]) -> Change:
    return lambda world: world.repositories["web"]["check_runs"].update(h12=list(rows))


def not_administrator(world: World) -> None:
    world.administers = False


def build(conclusion: str, at: str | None, **more: Any) -> dict[str, Any]:
    status = "in_progress" if at is None else "completed"
    return {"name": "build", "status": status, "conclusion": conclusion, "completed_at": at, **more}


BEFORE, LATER = "2026-11-20T09:30:00Z", "2026-11-20T10:30:00Z"
APPROVED: Final = {"user": "bob", "state": "APPROVED", "submitted_at": BEFORE, "commit_id": "h12"}
SUCCESS: Final = [{"state": "success", "log_url": "https://github.com/acme/web/actions/runs/700/job/1"}]
BYPASS: Final = {42: {"id": 42, "bypass_actors": [{"actor_id": 1, "bypass_mode": "exempt"}]}}
ONE_REVIEW: Final = {"required_approving_review_count": 0, "require_code_owner_reviews": False}

ROWS: Final[list[tuple[str, Change, str, str]]] = [
    # --- required reviews
    (REPO + "branch_protection_reviews", as_it_is, "acme/web", "pass"),
    (REPO + "branch_protection_reviews", as_it_is, "acme/ops", "pass"),
    (REPO + "branch_protection_reviews", as_it_is, "acme/attic", "not_applicable"),
    (REPO + "branch_protection_reviews", repo(disabled=True), "acme/web", "not_applicable"),
    (REPO + "branch_protection_reviews", repo(protection=None), "acme/web", "fail"),
    (REPO + "branch_protection_reviews", repo(protection=None, empty=True), "acme/web", "fail"),
    (REPO + "branch_protection_reviews", protected(required_pull_request_reviews=ONE_REVIEW), "acme/web", "fail"),
    (REPO + "branch_protection_reviews", protected(required_pull_request_reviews=None), "acme/web", "fail"),
    (REPO + "branch_protection_reviews", denied("administration:read"), "acme/web", "unknown"),
    # The ruleset suffices, whatever else was not read.
    (REPO + "branch_protection_reviews", denied("administration:read"), "acme/ops", "pass"),
    # --- required checks
    (REPO + "status_checks_required", as_it_is, "acme/web", "pass"),
    (REPO + "status_checks_required", as_it_is, "acme/ops", "pass"),
    (REPO + "status_checks_required", as_it_is, "acme/attic", "not_applicable"),
    (REPO + "status_checks_required", protected(required_status_checks=None), "acme/web", "fail"),
    (REPO + "status_checks_required", protected(required_status_checks={"contexts": []}), "acme/web", "fail"),
    (REPO + "status_checks_required", protected(required_status_checks={"contexts": ["ci"]}), "acme/web", "pass"),
    (REPO + "status_checks_required", denied("metadata:read"), "", "unknown"),
    (REPO + "status_checks_required", denied("administration:read"), "acme/web", "unknown"),
    # --- administrators
    (REPO + "protection_covers_admins", as_it_is, "acme/web", "pass"),
    (REPO + "protection_covers_admins", as_it_is, "acme/ops", "pass"),
    (REPO + "protection_covers_admins", as_it_is, "acme/attic", "not_applicable"),
    (REPO + "protection_covers_admins", protected(enforce_admins={"enabled": False}), "acme/web", "fail"),
    (REPO + "protection_covers_admins", protected(enforce_admins=None), "acme/web", "fail"),
    (REPO + "protection_covers_admins", protected(allow_force_pushes={"enabled": True}), "acme/web", "fail"),
    (REPO + "protection_covers_admins", repo("ops", rulesets=BYPASS), "acme/ops", "fail"),
    (REPO + "protection_covers_admins", not_administrator, "acme/ops", "unknown"),
    # --- code owners
    (REPO + "code_owner_reviews", as_it_is, "acme/web", "pass"),
    (REPO + "code_owner_reviews", as_it_is, "acme/ops", "pass"),
    (REPO + "code_owner_reviews", as_it_is, "acme/attic", "not_applicable"),
    (REPO + "code_owner_reviews", repo(codeowners=None), "acme/web", "fail"),
    (REPO + "code_owner_reviews", repo(codeowners=None, empty=True), "acme/web", "fail"),
    (REPO + "code_owner_reviews", repo(codeowners=[{"line": 3, "kind": "Unknown owner"}]), "acme/web", "fail"),
    (REPO + "code_owner_reviews", protected(required_pull_request_reviews=ONE_REVIEW), "acme/web", "fail"),
    (REPO + "code_owner_reviews", denied("contents:read"), "acme/web", "unknown"),
    # --- scanning
    (REPO + "secret_and_dependency_scanning", as_it_is, "acme/web", "pass"),
    (REPO + "secret_and_dependency_scanning", as_it_is, "acme/attic", "not_applicable"),
    (REPO + "secret_and_dependency_scanning", repo(vulnerability_alerts=False), "acme/web", "fail"),
    (
        REPO + "secret_and_dependency_scanning",
        repo(security_and_analysis={"secret_scanning": {"status": "disabled"}}),
        "acme/web",
        "fail",
    ),
    (REPO + "secret_and_dependency_scanning", repo(security_and_analysis={}), "acme/web", "unknown"),
    (REPO + "secret_and_dependency_scanning", repo(security_and_analysis=None), "acme/web", "unknown"),
    # --- environments
    (REPO + "environment_approval", as_it_is, "acme/web/environments/production", "pass"),
    (REPO + "environment_approval", as_it_is, "acme/web/environments/preview", "not_applicable"),
    (REPO + "environment_approval", as_it_is, "acme/attic/environments/production", "not_applicable"),
    (
        REPO + "environment_approval",
        repo(environments=[{"name": "prod", "protection_rules": [{"type": "wait_timer", "wait_timer": 30}]}]),
        "acme/web/environments/prod",
        "fail",
    ),
    (
        REPO + "environment_approval",
        repo(environments=[{"name": "prod", "protection_rules": [{"type": "required_reviewers", "reviewers": []}]}]),
        "acme/web/environments/prod",
        "fail",
    ),
    (REPO + "environment_approval", denied("actions:read"), "", "unknown"),
    # --- the organization
    (ORG + "two_factor_required", as_it_is, "acme", "pass"),
    (ORG + "two_factor_required", org(two_factor_requirement_enabled=False), "acme", "fail"),
    (ORG + "two_factor_required", org(two_factor_requirement_enabled=None), "acme", "unknown"),
    (ORG + "default_permission_restricted", as_it_is, "acme", "pass"),
    (ORG + "default_permission_restricted", org(default_repository_permission="write"), "acme", "fail"),
    (ORG + "default_permission_restricted", org(members_can_create_public_repositories=True), "acme", "fail"),
    (ORG + "default_permission_restricted", org(default_repository_permission=None), "acme", "unknown"),
    (ORG + "actions_restricted", as_it_is, "acme", "pass"),
    (ORG + "actions_restricted", org(actions={"enabled_repositories": "none"}), "acme", "pass"),
    (
        ORG + "actions_restricted",
        org(actions={"enabled_repositories": "all", "allowed_actions": "all"}),
        "acme",
        "fail",
    ),
    (ORG + "actions_restricted", org(actions={"enabled_repositories": "all"}), "acme", "unknown"),
    (ORG + "workflow_token_read_only", as_it_is, "acme", "pass"),
    (ORG + "workflow_token_read_only", org(workflow={"default_workflow_permissions": "write"}), "acme", "fail"),
    (ORG + "workflow_token_read_only", org(workflow={}), "acme", "unknown"),
    (ORG + "workflows_cannot_approve", as_it_is, "acme", "pass"),
    (ORG + "workflows_cannot_approve", org(workflow={"can_approve_pull_request_reviews": True}), "acme", "fail"),
    (ORG + "workflows_cannot_approve", denied("organization_administration:read"), "acme", "unknown"),
    # --- merged pull requests
    (CHANGES + "pull_request_approved", as_it_is, PULL, "pass"),
    (CHANGES + "pull_request_approved", pull(reviews=[]), PULL, "fail"),
    (CHANGES + "pull_request_approved", pull(reviews=[{**APPROVED, "user": "ada"}]), PULL, "fail"),
    (CHANGES + "pull_request_approved", pull(reviews=[{**APPROVED, "user": "bot"}]), PULL, "fail"),
    (CHANGES + "pull_request_approved", pull(reviews=[{**APPROVED, "user": None}]), PULL, "fail"),
    (CHANGES + "pull_request_approved", pull(reviews=[{**APPROVED, "submitted_at": LATER}]), PULL, "fail"),
    (CHANGES + "pull_request_approved", pull(reviews=[{**APPROVED, "state": "DISMISSED"}]), PULL, "fail"),
    (
        CHANGES + "pull_request_approved",
        pull(reviews=[APPROVED, {**APPROVED, "state": "CHANGES_REQUESTED", "submitted_at": "2026-11-20T09:40:00Z"}]),
        PULL,
        "fail",
    ),
    (CHANGES + "pull_request_approved", pull(reviews=[APPROVED, {**APPROVED, "state": "COMMENTED"}]), PULL, "pass"),
    (CHANGES + "pull_request_approved", pull(commits=["ada", "bob"]), PULL, "fail"),
    (CHANGES + "pull_request_approved", pull(commits=["ada", None]), PULL, "unknown"),
    (CHANGES + "pull_request_approved", pull(commits=["ada"] * 250), PULL, "unknown"),
    (CHANGES + "pull_request_approved", pull(user=None), PULL, "pass"),
    (CHANGES + "required_checks_passed", as_it_is, PULL, "pass"),
    (CHANGES + "required_checks_passed", checked(), PULL, "fail"),
    (CHANGES + "required_checks_passed", checked(build("failure", BEFORE)), PULL, "fail"),
    (CHANGES + "required_checks_passed", checked(build("success", None)), PULL, "fail"),
    # What ended after the merge decided nothing, either way.
    (CHANGES + "required_checks_passed", checked(build("success", LATER)), PULL, "fail"),
    (CHANGES + "required_checks_passed", checked(build("success", BEFORE), build("failure", LATER)), PULL, "pass"),
    # Run again: the last word before the merge counts.
    (
        CHANGES + "required_checks_passed",
        checked(build("failure", "2026-11-20T08:00:00Z"), build("success", BEFORE)),
        PULL,
        "pass",
    ),
    (
        CHANGES + "required_checks_passed",
        checked(build("success", BEFORE), build("failure", BEFORE, app={"id": 2})),
        PULL,
        "fail",
    ),
    (CHANGES + "required_checks_passed", repo(protection=None), PULL, "fail"),
    (CHANGES + "required_checks_passed", denied("statuses:read"), PULL, "unknown"),
    (CHANGES + "required_checks_passed", denied("administration:read"), PULL, "unknown"),
    (CHANGES + "ticket_linked", as_it_is, PULL, "pass"),
    (CHANGES + "ticket_linked", pull(body=None), PULL, "fail"),
    (CHANGES + "ticket_linked", pull(body=None, title="UTF-8 everywhere"), PULL, "fail"),
    (CHANGES + "ticket_linked", denied("pull_requests:read"), "", "unknown"),
    # --- pushes
    (CHANGES + "no_direct_push", as_it_is, "acme/web/activity/501", "pass"),
    (CHANGES + "no_direct_push", pushed(activity_type="merge_queue_merge"), "acme/web/activity/501", "pass"),
    (CHANGES + "no_direct_push", pushed(activity_type="push"), "acme/web/activity/501", "fail"),
    (CHANGES + "no_direct_push", pushed(activity_type="force_push", actor=None), "acme/web/activity/501", "fail"),
    (CHANGES + "no_direct_push", pushed(activity_type="branch_deletion"), "acme/web/activity/501", "fail"),
    (CHANGES + "no_direct_push", pushed(activity_type="branch_creation"), "acme/web/activity/501", "fail"),
    (CHANGES + "no_direct_push", pushed(activity_type="of a new kind"), "acme/web/activity/501", "fail"),
    (CHANGES + "no_direct_push", denied("contents:read"), "", "unknown"),
    # --- deployments
    (CHANGES + "deployment_reviewed", as_it_is, "acme/web/deployments/801", "pass"),
    (CHANGES + "deployment_reviewed", repo(commit_pulls={}), "acme/web/deployments/801", "fail"),
    (CHANGES + "deployment_reviewed", repo(commit_pulls={"m12": [11]}), "acme/web/deployments/801", "fail"),
    (CHANGES + "deployment_reviewed", deployed(environment="preview"), "acme/web/deployments/801", "not_applicable"),
    (
        CHANGES + "deployment_reviewed",
        deployed(statuses=[{"state": "error"}]),
        "acme/web/deployments/801",
        "not_applicable",
    ),
    (CHANGES + "deployment_reviewed", deployed(statuses=[]), "acme/web/deployments/801", "pass"),
    (CHANGES + "deployment_reviewed", denied("pull_requests:read"), "acme/web/deployments/801", "unknown"),
    (CHANGES + "deployment_approved", as_it_is, "acme/web/deployments/801", "pass"),
    (CHANGES + "deployment_approved", run(approvals=[]), "acme/web/deployments/801", "fail"),
    (CHANGES + "deployment_approved", run(triggering_actor="bob"), "acme/web/deployments/801", "fail"),
    (
        CHANGES + "deployment_approved",
        run(approvals=[{"state": "approved", "user": "bob", "environments": ["preview"]}]),
        "acme/web/deployments/801",
        "fail",
    ),
    (
        CHANGES + "deployment_approved",
        run(approvals=[{"state": "rejected", "user": "bob", "environments": ["production"]}]),
        "acme/web/deployments/801",
        "fail",
    ),
    (CHANGES + "deployment_approved", deployed(environment="preview"), "acme/web/deployments/801", "not_applicable"),
    (CHANGES + "deployment_approved", deployed(statuses=[]), "acme/web/deployments/801", "unknown"),
]


CHECKS: Final = tuple(dict.fromkeys(row[0] for row in ROWS))


@pytest.mark.parametrize(
    ("check", "change", "subject", "verdict"), ROWS, ids=[f"{n}-{r[0]}" for n, r in enumerate(ROWS)]
)
def test_a_check_says_what_the_organization_is(
    github: GitHub, check: str, change: Change, subject: str, verdict: str
) -> None:
    change(github.world)
    _, findings = scan([check], access=ACME)

    said = {finding.subject.id: finding.verdict for finding in findings}
    said |= verdicts_by_name(findings)
    assert said[subject or "github/acme/global"] == verdict


def verdicts_by_name(findings: Any) -> dict[str, str]:
    return {name: verdict for (_, name), verdict in verdicts(findings).items()}


@pytest.mark.parametrize(
    ("check", "parameters", "change", "subject"),
    [
        (CHANGES + "pull_request_approved", {"exempt_authors": ["ada"]}, pull(reviews=[]), PULL),
        (CHANGES + "ticket_linked", {"exempt_authors": ["ada"]}, pull(body=None), PULL),
        (CHANGES + "no_direct_push", {"exempt_actors": ["ada"]}, pushed(activity_type="push"), "a1"),
    ],
)
def test_who_is_exempt_is_not_judged(
    github: GitHub, check: str, parameters: dict[str, Any], change: Change, subject: str
) -> None:
    change(github.world)
    _, findings = scan([check], access=ACME, parameters={check: parameters})

    assert verdicts(findings)[check, subject] == "not_applicable"


def test_another_tracker_is_told_by_its_pattern(github: GitHub) -> None:
    check = CHANGES + "ticket_linked"
    github.world.repositories["web"]["pulls"][0]["head"]["ref"] = "ada/PAY-17-once"
    _, findings = scan([check], access=ACME, parameters={check: {"pattern": "^PAY-[0-9]+$"}})

    assert verdicts(findings) == {(check, PULL): "pass"}
