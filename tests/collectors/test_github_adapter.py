"""The GitHub adapter over a real socket: who we are, whom we see, pages, limits, and answers that are none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.errors import DiscoveryError
from providers import opened
from providers.base import NotConfigured
from providers.github.session import AT_ONCE
from tests.collectors import scan
from tests.collectors.scan import scan as judged
from tests.emulators.faults import Kind, changed, redirected, replaced
from tests.emulators.github.errors import error, hidden, primary, secondary
from tests.emulators.github.wire import APP_ID, TOKEN, GitHub
from tests.emulators.github.world import ACME
from tests.emulators.wire import Answer, Exchange, Layer, Next

REVIEWS = "github.repo.branch_protection_reviews"
LISTING = "github:GET /orgs/acme/repos"
PROTECTION = "github:GET /repos/acme/web/branches/main/protection"
REPOSITORIES = {"GitHub::Repository": {"archived", "protection"}}


def app(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The credentials of an App in place of a token."""
    monkeypatch.delenv("GITHUB_TOKEN")
    monkeypatch.setenv("AUDITREEL_GITHUB_APP_ID", APP_ID)
    monkeypatch.setenv("AUDITREEL_GITHUB_APP_KEY", github.pem)


def states(snapshot: Any) -> dict[str, tuple[str, int]]:
    return {row.type.rpartition(":")[2]: (row.state, row.count) for row in snapshot.collections}


def why(snapshot: Any, type_: str = "GitHub::Repository") -> tuple[str, str | None, str | None] | None:
    """Why the listing of a type is not complete."""
    unread = next(row.unread for row in snapshot.collections if row.type == type_)
    return None if unread is None else (unread.reason, unread.permission, unread.detail)


def unread(snapshot: Any, pointer: str = "/protection") -> tuple[str, str | None]:
    """Why a property of acme/web was not read."""
    found = next(row for row in snapshot.resources if row.id == "acme/web").unread[pointer]
    return found.reason, found.permission


# --- who we are ---


def test_all_of_an_organization_is_read_with_a_token(github: GitHub) -> None:
    snapshot = scan.read(scan.everything("github"), provider="github", access=ACME)

    assert snapshot.identity == {"kind": "token", "principal": "ada"}
    assert states(snapshot) == {
        "Deployment": ("complete", 1),
        "Environment": ("complete", 3),
        "Organization": ("complete", 1),
        "PullRequest": ("complete", 1),
        "Push": ("complete", 1),
        "Repository": ("complete", 3),
    }
    assert {(row.id, pointer) for row in snapshot.resources for pointer in row.unread} == set()


def test_an_app_reads_the_same_with_a_token_of_its_installation(
    github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_token = scan.read(scan.everything("github"), provider="github", access=ACME)
    app(github, monkeypatch)
    by_app = scan.read(scan.everything("github"), provider="github", access=ACME)

    assert by_app.identity == {"kind": "app", "principal": "auditreel"}
    assert [(row.id, row.properties) for row in by_app.resources] == [
        (row.id, row.properties) for row in by_token.resources
    ]
    assert sum(call.path.endswith("/access_tokens") for call in github.calls) == 1


def test_an_app_scans_where_it_is_installed_without_a_word_of_the_policy(
    github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    app(github, monkeypatch)
    snapshot = scan.read(REPOSITORIES, provider="github")

    assert {scope.account for scope in snapshot.scopes} == {"acme", "ada"}


def test_an_installation_that_is_not_among_the_accounts_is_left_out_and_said(
    github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    app(github, monkeypatch)
    found = scan.accounts("github", ACME)

    assert dict(found.accounts) == {"acme": "acme"}
    assert [(row.scope.account, row.why) for row in found.left_out] == [("ada", "not among the accounts")]
    assert found.answered_at == "2026-11-23T12:00:00Z"


def test_a_token_of_an_app_is_got_anew_before_it_ends(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    async def later(exchange: Exchange, forward: Next) -> Answer:
        github.now += timedelta(minutes=56)
        return await forward(exchange)

    app(github, monkeypatch)
    github.faults.add(later, "github:GET /installation/repositories", times=1)
    snapshot = scan.read(REPOSITORIES, provider="github", access=ACME)

    assert why(snapshot) is None
    assert sum(call.path.endswith("/access_tokens") for call in github.calls) == 2


@pytest.mark.parametrize("access", [ACME, None])
def test_a_suspended_installation_is_a_denial_and_no_account_that_is_gone(
    github: GitHub, monkeypatch: pytest.MonkeyPatch, access: dict[str, Any] | None
) -> None:
    app(github, monkeypatch)
    github.world.suspended = True
    assert "suspended" not in {row.why for row in scan.accounts("github", access).left_out}

    snapshot = scan.read(REPOSITORIES, provider="github", access=access)

    listed = {row.scope.account: row.unread and row.unread.reason for row in snapshot.collections}
    assert listed["acme"] == "access_denied"


def test_an_account_without_the_app_is_a_gap(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    app(github, monkeypatch)
    _, findings = judged([REVIEWS], access={"accounts": ["elsewhere"]})

    assert [(finding.scope.account, finding.verdict) for finding in findings] == [("elsewhere", "unknown")]


def test_an_account_that_is_not_there_is_a_gap(github: GitHub) -> None:
    _, findings = judged([REVIEWS], access={"accounts": ["acme", "elsewhere"]})

    assert {(f.scope.account, f.verdict) for f in findings if f.verdict == "unknown"} == {("elsewhere", "unknown")}


def test_a_token_of_a_workflow_run_belongs_to_nobody(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    github.tokens["ghs_of_a_run"] = "installation"
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_of_a_run")
    monkeypatch.setenv("GITHUB_REPOSITORY_OWNER", "acme")
    snapshot = scan.read(REPOSITORIES, provider="github")

    assert snapshot.identity == {"kind": "token of an installation"}
    assert states(snapshot)["Repository"] == ("complete", 3)


@pytest.mark.parametrize(
    ("set_", "told"),
    [
        ({"GITHUB_TOKEN": ""}, "no credentials"),
        ({}, "names no organization"),
        ({"GITHUB_TOKEN": "two words"}, "spaces"),
        ({"GITHUB_TOKEN": "", "AUDITREEL_GITHUB_APP_ID": "1"}, "its key"),
        ({"AUDITREEL_GITHUB_APP_ID": "1", "AUDITREEL_GITHUB_APP_KEY": "swordfish"}, "cannot be read"),
        ({"AUDITREEL_GITHUB_APP_ID": "1", "AUDITREEL_GITHUB_APP_KEY_FILE": "/nowhere/swordfish"}, "cannot be read"),
        ({"GITHUB_API_URL": "http://ghe.example.com/api/v3"}, "no TLS"),
        ({"GITHUB_API_URL": "https://ada:swordfish@ghe.example.com/api/v3"}, "no address"),
        ({"GITHUB_API_URL": "ghe.example.com"}, "no address"),
    ],
)
def test_what_cannot_be_used_is_said_without_its_value(
    github: GitHub, monkeypatch: pytest.MonkeyPatch, set_: dict[str, str], told: str
) -> None:
    for name, value in set_.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(NotConfigured) as raised:
        opened("github", access=None)

    assert told in str(raised.value)
    assert "swordfish" not in str(raised.value)


def test_bad_credentials_are_nobody(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_of_nobody")
    with pytest.raises(DiscoveryError) as raised:
        scan.read(REPOSITORIES, provider="github", access=ACME)

    assert "ghp_of_nobody" not in str(raised.value)


# --- whom we see ---


def test_a_repository_that_the_listing_leaves_out_makes_it_incomplete(github: GitHub) -> None:
    github.world.hidden.add("ops")
    snapshot, findings = judged([REVIEWS, "github.changes.no_direct_push"], access=ACME)

    assert why(snapshot) == ("access_denied", "metadata:read", "2 of 3 repositories are shown")
    # What was seen is judged, and beside it stands that it is not all: of the events too.
    assert {(f.check.id, f.verdict) for f in findings if not f.subject.type} | {
        (f.check.id, f.verdict) for f in findings if f.verdict == "unknown"
    } == {(REVIEWS, "unknown"), ("github.changes.no_direct_push", "unknown")}


def test_private_repositories_of_which_nobody_tells_are_a_gap(github: GitHub) -> None:
    del github.world.organization["total_private_repos"]
    told = why(scan.read(REPOSITORIES, provider="github", access=ACME))

    assert told is not None
    assert told[:2] == ("access_denied", "organization_administration:read")


def test_an_app_on_selected_repositories_does_not_see_all(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    app(github, monkeypatch)
    github.world.selection = "selected"
    github.world.hidden.add("ops")
    assert why(scan.read(REPOSITORIES, provider="github", access=ACME)) == (
        "access_denied",
        "metadata:read",
        "2 of 3 repositories are shown",
    )


def test_repositories_of_another_user_are_never_all(github: GitHub) -> None:
    told = why(scan.read(REPOSITORIES, provider="github", access={"accounts": ["bob"]}))

    assert told is not None
    assert told[0] == "access_denied"


# --- pages ---


@pytest.mark.parametrize("by_app", [False, True])
def test_pages_are_followed_to_their_end(github: GitHub, monkeypatch: pytest.MonkeyPatch, by_app: bool) -> None:
    whole = scan.read(scan.everything("github"), provider="github", access=ACME)
    if by_app:
        app(github, monkeypatch)
    github.world.page = 1
    paged = scan.read(scan.everything("github"), provider="github", access=ACME)

    assert [(row.id, row.properties) for row in paged.resources] == [
        (row.id, row.properties) for row in whole.resources
    ]


def linked(target: str) -> Layer:
    """The next page is somewhere else."""

    async def fault(exchange: Exchange, forward: Next) -> Answer:
        whole = await forward(exchange)
        return replace(whole, headers=(*whole.headers, ("link", f'<{target}>; rel="next"')))

    return fault


@pytest.mark.parametrize("target", ["https://example.com/repos?page=2", "http://127.0.0.1/repos", "same"])
def test_a_next_page_elsewhere_or_without_end_is_refused(github: GitHub, target: str) -> None:
    own = f"{github.url}/orgs/acme/repos?per_page=100&type=all"
    github.faults.add(linked(own if target == "same" else target), LISTING)
    told = why(scan.read(REPOSITORIES, provider="github", access=ACME))

    assert told is not None
    assert told[0] == "malformed_response"


def test_fewer_items_than_are_counted_are_no_listing(github: GitHub) -> None:
    github.faults.add(changed(lambda body: {**body, "total_count": 9}), "github:GET /repos/acme/web/environments")
    told = why(scan.read({"GitHub::Environment": {"reviewers"}}, provider="github", access=ACME), "GitHub::Environment")

    assert told == ("malformed_response", None, "2 of 9 items")


# --- what answers mean ---


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("denied", ("access_denied", "administration:read")),
        (hidden(), ("access_denied", "administration:read")),
        (
            error(403, "Upgrade to GitHub Pro or make this repository public to enable this feature."),
            ("not_licensed", None),
        ),
        (error(403, "Resource protected by organization SAML enforcement."), ("policy_denied", "administration:read")),
        (error(401, "Bad credentials"), ("access_denied", None)),
        (primary(), ("throttled", None)),
        (secondary(after="3600"), ("throttled", None)),
        (secondary(after="3600", status=429), ("throttled", None)),
        (error(404, "Branch not found"), ("access_denied", "administration:read")),
        (error(301, "Moved Permanently"), ("unavailable", None)),
        (error(502, "Server Error"), ("unavailable", None)),
        ("cut_body", ("unavailable", None)),
        ("truncated", ("malformed_response", None)),
        (replaced(b"[]"), ("malformed_response", None)),
        (replaced(b'{"unexpected": true}'), ("malformed_response", None)),
        (replaced(b"null"), ("malformed_response", None)),
        (replaced(b'{"enforce_admins": {"enabled": NaN}}'), ("malformed_response", None)),
        (replaced(b""), ("malformed_response", None)),
        (redirected("https://example.com/"), ("unavailable", None)),
    ],
)
def test_protection_that_was_not_read_is_never_none(
    github: GitHub, fault: Kind | Layer, expected: tuple[str, str | None]
) -> None:
    github.faults.add(fault, PROTECTION)
    snapshot, findings = judged([REVIEWS], access=ACME)

    assert unread(snapshot) == expected
    assert {f.verdict for f in findings if f.subject.name == "acme/web"} == {"unknown"}


@pytest.mark.parametrize(
    "change",
    [
        {"enforce_admins": {"enabled": "true"}},
        {"required_pull_request_reviews": {"required_approving_review_count": "1", "require_code_owner_reviews": True}},
        {"required_pull_request_reviews": {"require_code_owner_reviews": True}},
        {"required_status_checks": {"checks": "all"}},
        {"allow_force_pushes": {}},
    ],
)
def test_a_value_of_another_type_is_no_verdict(github: GitHub, change: dict[str, Any]) -> None:
    github.world.repositories["web"]["protection"] |= change
    checks = [REVIEWS, "github.repo.status_checks_required", "github.repo.protection_covers_admins"]
    _, findings = judged(checks, access=ACME)

    assert "unknown" in {f.verdict for f in findings if f.subject.name == "acme/web"}
    assert "fail" not in {f.verdict for f in findings if f.subject.name == "acme/web"}


def test_limits_that_pass_are_waited_for(github: GitHub) -> None:
    github.faults.add(primary(reset=30), PROTECTION, times=1)
    github.faults.add(secondary(after="2"), LISTING, times=2)
    github.faults.add(secondary(after=None), "github:GET */rules/branches/main", times=1)
    snapshot, findings = judged([REVIEWS], access=ACME)

    assert {f.verdict for f in findings if f.subject.name == "acme/web"} == {"pass"}
    assert sum(row.retries for row in snapshot.ledger) == 4


def test_once_the_primary_limit_is_spent_nothing_more_is_sent(github: GitHub) -> None:
    github.faults.add(primary(), PROTECTION)
    snapshot, findings = judged([REVIEWS, "github.changes.deployment_reviewed"], access=ACME)
    spent = next(n for n, call in enumerate(github.calls) if call.path.endswith("/web/branches/main/protection"))

    assert {f.verdict for f in findings if f.subject.name == "acme/web"} == {"unknown"}
    assert "throttled" in {reason for row in snapshot.ledger for _, reason, _, _ in row.failures}
    # What was on its way when it was refused may still arrive, and what each other thread began before it was known.
    assert len(github.calls) - spent <= 2 * AT_ONCE


def test_a_repository_that_fails_does_not_hide_the_others(github: GitHub) -> None:
    github.faults.add("denied", "github:GET /repos/acme/ops/activity")
    snapshot, findings = judged(["github.changes.no_direct_push"], access=ACME)

    assert {(f.subject.name, f.verdict) for f in findings} >= {("a1", "pass")}
    assert "unknown" in {f.verdict for f in findings}
    assert states(snapshot)["Push"] == ("failed", 1)


def test_an_organization_without_rulesets_that_may_be_read_is_half_known(github: GitHub) -> None:
    github.faults.add(hidden(), "github:GET /repos/acme/ops/rulesets/42")
    _, findings = judged(["github.repo.protection_covers_admins"], access=ACME)

    assert {f.subject.name: f.verdict for f in findings}["acme/ops"] == "unknown"


def test_a_code_owners_file_that_is_hidden_is_not_absent(github: GitHub) -> None:
    github.faults.add(hidden(), "github:GET /repos/acme/web/codeowners/errors")
    snapshot, findings = judged(["github.repo.code_owner_reviews"], access=ACME)

    assert unread(snapshot, "/code_owners_file") == ("access_denied", "contents:read")
    assert {f.verdict for f in findings if f.subject.name == "acme/web"} == {"unknown"}


# --- the window ---


def test_the_window_is_what_the_policy_says(github: GitHub) -> None:
    wanted = {"GitHub::Push": {"kind"}, "GitHub::PullRequest": {"author"}, "GitHub::Deployment": {"sha"}}
    month = scan.read(wanted, provider="github", access=ACME)
    year = scan.read(wanted, provider="github", access={**ACME, "window_days": 365})

    assert states(month) == {"Deployment": ("complete", 1), "PullRequest": ("complete", 1), "Push": ("complete", 1)}
    assert states(year) == {"Deployment": ("complete", 2), "PullRequest": ("complete", 2), "Push": ("complete", 2)}


# --- secrets ---


def test_neither_tokens_nor_texts_stay(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    for by_app in (False, True):
        if by_app:
            app(github, monkeypatch)
        snapshot = scan.read(scan.everything("github"), provider="github", access=ACME)
        text = repr(snapshot)
        assert "swordfish" not in text
        assert TOKEN not in text
        assert "PRIVATE" not in text


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Fixes #7, see acme/ops#12.", ["#7", "acme/ops#12"]),
        ("https://linear.app/acme/issue/ENG-12/title (PAY-3)", ["ENG-12", "PAY-3"]),
        ("https://hooks.example.com/services/T00/B00/swordfish", []),
        ("a." * 40_000 + "/" + "a." * 40_000 + " #1", ["#1"]),
        ("", []),
    ],
)
def test_of_a_text_its_references_are_kept(github: GitHub, said: str, kept: list[str]) -> None:
    github.world.repositories["web"]["pulls"][0]["body"] = said
    snapshot = scan.read({"GitHub::PullRequest": {"references"}}, provider="github", access=ACME)

    assert [row.properties["references"] for row in snapshot.resources] == [kept]


def test_every_call_names_the_version_of_the_api_and_who_asks(github: GitHub) -> None:
    scan.read(REPOSITORIES, provider="github", access=ACME)

    told = {(call.headers["x-github-api-version"], call.headers["accept"]) for call in github.calls}
    assert told == {("2022-11-28", "application/vnd.github+json")}


def test_what_is_declared_imports_no_client() -> None:
    code = "import sys, json, providers; providers.declared('github'); print(json.dumps(sorted(sys.modules)))"
    path = str(Path(__file__).resolve().parents[2])
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert {"requests", "cryptography", "urllib3"} & set(json.loads(run.stdout)) == set()
