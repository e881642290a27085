"""The GCP adapter over TLS: who we are, which projects there are, two ways to read them, what is not believed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.errors import DiscoveryError, UsageError
from engine.model import LedgerRow, Snapshot
from providers import opened
from providers.base import LeftOut, NotConfigured, Scope, Unread
from tests.collectors import scan
from tests.collectors.gcp import ORGANIZATION
from tests.emulators.faults import changed, redirected, replaced
from tests.emulators.gcp import credentials
from tests.emulators.gcp.errors import denied, disabled, failing, limited_in_the_older_form
from tests.emulators.gcp.wire import Google

ASSETS = "cloudasset.googleapis.com"
BUCKET = "storage.googleapis.com/Bucket"
DATASET = "bigquery.googleapis.com/Dataset"
BUCKETS = "storage:GET /storage/v1/b"


def read(wanted: Mapping[str, Iterable[str]], access: Mapping[str, Any] | None = None) -> Snapshot:
    return scan.read(wanted, provider="gcp", access=access)


def rows(snapshot: Snapshot, project: str = "web") -> dict[str, LedgerRow]:
    return {row.reader: row for row in snapshot.ledger if row.scope.account == project}


def bodies(snapshot: Snapshot) -> list[Any]:
    """Everything about resources but which reader is blamed for what was not read."""
    return [
        (item.type, item.id, item.name, item.scope, item.tags, item.properties, sorted(item.unread))
        for item in snapshot.resources
    ]


def state(snapshot: Snapshot, type_: str, project: str = "web") -> tuple[str, Unread | None]:
    (row,) = [row for row in snapshot.collections if row.type == type_ and row.scope.account == project]
    return row.state, row.unread


# --- projects ---


def test_the_project_of_the_credentials_is_scanned_without_a_word_of_the_policy(gcp: Google) -> None:
    known = scan.accounts("gcp")

    assert known.accounts == {"web": "Web shop"}
    assert known.identity == {"kind": "service_account", "principal": credentials.EMAIL}
    assert known.answered_at is not None
    assert known.failures == {}


def test_projects_are_found_folder_by_folder(gcp: Google) -> None:
    gcp.world.page = 1

    known = scan.accounts("gcp", ORGANIZATION)

    assert known.accounts == {"audit": "Audit logs", "trial": "Trial", "web": "Web shop"}
    assert known.left_out == (LeftOut(Scope("gcp", "gone", "*"), "Gone", "being deleted"),)
    assert known.failures == {}


@pytest.mark.parametrize("state", ["", "STATE_UNSPECIFIED", "FROZEN"])
def test_a_project_of_which_no_state_is_told_is_not_left_out(gcp: Google, state: str) -> None:
    gcp.world.projects["trial"]["state"] = state

    known = scan.accounts("gcp", ORGANIZATION)

    assert sorted(known.accounts) == ["audit", "trial", "web"]
    assert [row.name for row in known.left_out] == ["Gone"]


@pytest.mark.parametrize(
    ("access", "accounts"),
    [
        ({"accounts": ["folders/12"]}, ["trial"]),
        ({"accounts": ["organizations/123456789012"]}, ["audit", "trial", "web"]),
        ({"accounts": ["audit", "web"]}, ["audit", "web"]),
        ({**ORGANIZATION, "exclude": {"accounts": ["audit"]}}, ["trial", "web"]),
        ({**ORGANIZATION, "include": {"folders": ["12"]}}, ["trial"]),
        ({**ORGANIZATION, "exclude": {"tags": {"tier": "prod"}}}, ["audit", "trial"]),
    ],
)
def test_the_policy_says_which_projects(gcp: Google, access: dict[str, Any], accounts: list[str]) -> None:
    assert sorted(scan.accounts("gcp", access).accounts) == accounts


@pytest.mark.parametrize("operation", ["folders", "projects"])
def test_a_denied_folder_is_a_failure_and_the_others_are_read(gcp: Google, operation: str) -> None:
    gcp.world.denied.add(f"resourcemanager.{operation}.list@folders/12")

    known = scan.accounts("gcp", ORGANIZATION)

    name, permission = f"cloudresourcemanager.{operation}.list", f"resourcemanager.{operation}.list"
    assert known.failures == {name: Unread("access_denied", name, permission, "IAM_PERMISSION_DENIED")}
    assert {"audit", "web"} <= set(known.accounts)


def test_an_organization_that_is_not_visible_is_a_failure(gcp: Google) -> None:
    gcp.world.organization["hidden"] = True

    known = scan.accounts("gcp", ORGANIZATION)

    assert known.accounts == {}
    assert set(known.failures) == {"cloudresourcemanager.organizations.search"}


def test_what_stands_above_a_denied_folder_is_unread(gcp: Google) -> None:
    gcp.world.denied.add("resourcemanager.folders.get@folders/11")

    snapshot = read({"cloudresourcemanager.googleapis.com/Project": {"ancestors", "principals"}})

    (project,) = snapshot.resources
    assert "ancestors" not in project.properties
    assert project.unread["/ancestors"].permission == "resourcemanager.folders.get"
    # What the project itself grants is known; who else there may be is not.
    *seen, unseen = project.properties["principals"]
    assert [row["member"] for row in seen][:1] == ["group:staff@example.com"]
    assert unseen == {}


# --- credentials ---


@pytest.mark.parametrize(
    ("made", "kind", "who"),
    [
        (credentials.service_account, "service_account", credentials.EMAIL),
        (credentials.impersonation, "impersonated_credentials", credentials.EMAIL),
        (credentials.federation, "identity_pool", "principal:"),
    ],
)
def test_every_kind_of_default_credentials_is_used(
    gcp: Google,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    made: Callable[[Path], Path],
    kind: str,
    who: str,
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(made(tmp_path)))
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "web")

    known = scan.accounts("gcp")

    assert known.identity["kind"] == kind
    assert known.accounts == {"web": "Web shop"}
    assert all((gcp.holder(call) or "").startswith(who) for call in gcp.calls if ":generate" not in call.path)


def test_credentials_that_are_refused_stop_the_run(
    gcp: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(credentials.federation(tmp_path, "stolen")))
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "web")

    with pytest.raises(DiscoveryError, match="asking gcp who we are: access_denied"):
        scan.accounts("gcp")


def test_without_credentials_one_is_told_to_sign_in(
    gcp: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")

    with pytest.raises(UsageError, match="no credentials were found; sign in first"):
        scan.accounts("gcp", {"accounts": ["web"]})


@pytest.mark.parametrize("content", ["no JSON", "{}", '{"type": "unheard_of"}'])
def test_a_credentials_file_that_is_none_is_a_mistake_of_the_configuration(
    gcp: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    file = tmp_path / "bad.json"
    file.write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))

    with pytest.raises(NotConfigured, match=r"bad\.json"):
        opened("gcp")


def test_no_token_is_asked_for_without_tls(gcp: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = credentials.service_account(tmp_path, token_uri="http://tokens.example.com/token")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))

    known = scan.accounts("gcp")

    assert known.accounts == {}
    assert {why.reason for why in known.failures.values()} == {"unavailable"}
    assert gcp.calls == ()


def test_credentials_appear_nowhere(gcp: Google) -> None:
    gcp.world.denied.add("storage.buckets.getIamPolicy")
    gcp.world.off.add(ASSETS)

    told = repr((scan.accounts("gcp", ORGANIZATION), read(scan.everything("gcp"), ORGANIZATION)))

    secrets = [*gcp.tokens, credentials.private_key().splitlines()[1], "ya29."]
    assert [secret for secret in secrets if secret in told] == []


# --- two ways to read ---


def test_the_inventory_and_the_services_own_apis_tell_the_same(gcp: Google) -> None:
    bulk = read(scan.everything("gcp"), ORGANIZATION)
    by_inventory = len(gcp.calls)
    gcp.world.off.add(ASSETS)
    alone = read(scan.everything("gcp"), ORGANIZATION)

    assert bodies(bulk) == bodies(alone)
    assert {row.state for row in (*bulk.collections, *alone.collections)} == {"complete"}
    assert len(gcp.calls) - by_inventory > by_inventory
    # The ledger says which was used.
    assert "storage.buckets.list" not in rows(bulk)
    assert rows(bulk)["cloudasset.assets.list RESOURCE"].outcomes == {"value": 1}
    assert rows(alone)["cloudasset.assets.list RESOURCE"].outcomes == {"service_disabled": 1}
    assert rows(alone)["storage.buckets.list"].outcomes == {"value": 1}


def test_pages_of_one_hold_what_whole_ones_do(gcp: Google) -> None:
    whole = read(scan.everything("gcp"), ORGANIZATION)
    gcp.world.page = 1
    assert bodies(read(scan.everything("gcp"), ORGANIZATION)) == bodies(whole)


def test_only_the_types_that_are_asked_for_are_listed_and_by_one_call(gcp: Google) -> None:
    read({BUCKET: {"versioning_enabled"}, "cloudkms.googleapis.com/CryptoKey": {"purpose"}})

    (call,) = [call for call in gcp.calls if call.host == ASSETS]
    assert call.values("assetTypes") == ["cloudkms.googleapis.com/CryptoKey", BUCKET]
    assert call.values("contentType") == ["RESOURCE"]


def test_what_stands_above_projects_is_read_once(gcp: Google) -> None:
    read(scan.everything("gcp"), ORGANIZATION)

    asked = [(call.method, call.host, call.target, call.body) for call in gcp.calls]
    assert len(asked) == len(set(asked)), "an identical call was made twice"


# --- errors ---


@pytest.mark.parametrize("fault", ["throttled", limited_in_the_older_form(), failing(503), "cut_body", "truncated"])
def test_what_passes_is_asked_again(gcp: Google, fault: Any) -> None:
    gcp.faults.add(fault, "cloudasset:*", times=2)

    snapshot = read({BUCKET: {"versioning_enabled"}})

    row = rows(snapshot)["cloudasset.assets.list RESOURCE"]
    assert (dict(row.outcomes), row.retries) == ({"value": 1}, 2)
    assert state(snapshot, BUCKET) == ("complete", None)


@pytest.mark.parametrize("old", [False, True])
def test_an_api_that_the_project_has_not_enabled_has_no_resources(gcp: Google, old: bool) -> None:
    gcp.world.off.add(ASSETS)
    gcp.faults.add(disabled("70000000001", old=old), BUCKETS)

    snapshot = read({BUCKET: {"versioning_enabled"}})

    assert state(snapshot, BUCKET) == ("off", None)
    assert rows(snapshot)["storage.buckets.list"].retries == 0


def test_an_api_that_another_project_has_not_enabled_says_nothing(gcp: Google) -> None:
    gcp.world.off.add(ASSETS)
    gcp.faults.add(disabled("70000000002"), BUCKETS)

    snapshot = read({BUCKET: {"versioning_enabled"}})

    code = "SERVICE_DISABLED in the caller's project"
    assert state(snapshot, BUCKET) == ("failed", Unread("service_disabled", "storage.buckets.list", None, code))


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (denied("storage.buckets.list"), ("access_denied", "storage.buckets.list", "IAM_PERMISSION_DENIED")),
        ("denied", ("access_denied", "storage.buckets.list", "IAM_PERMISSION_DENIED")),
        ("throttled", ("throttled", None, "RATE_LIMIT_EXCEEDED")),
        (limited_in_the_older_form(), ("throttled", None, "rateLimitExceeded")),
        ("server_error", ("unavailable", None, "backendError")),
        ("cut_body", ("unavailable", None, None)),
        ("truncated", ("malformed_response", None, "unparsable")),
        (replaced(b"[]"), ("malformed_response", None, "not the answer of a success")),
        (replaced(b'{"error": {"code": 403}}'), ("malformed_response", None, "not the answer of a success")),
        (replaced(b"{}"), ("malformed_response", None, "not the listing that was asked for")),
        (replaced(b'{"kind": "storage#buckets", "items": "none"}'), ("malformed_response", None, None)),
        (redirected("https://evil.example.com/"), ("unavailable", None, "HTTP 302")),
        (redirected("https://compute.googleapis.com/"), ("unavailable", None, "HTTP 302")),
        (
            changed(lambda value: {**value, "nextPageToken": "MA=="}),
            ("malformed_response", None, "pages without an end"),
        ),
        (changed(lambda value: {**value, "unreachable": ["eu"]}), ("unavailable", None, "unreachable locations")),
        (
            changed(lambda value: {**value, "warning": {"code": "UNREACHABLE", "message": "A zone is down."}}),
            ("unavailable", None, "unreachable locations"),
        ),
    ],
)
def test_a_listing_that_fails_is_never_complete(
    gcp: Google, fault: Any, why: tuple[str, str | None, str | None]
) -> None:
    gcp.world.off.add(ASSETS)
    gcp.faults.add(fault, BUCKETS)

    word, unread = state(read({BUCKET: {"versioning_enabled"}}), BUCKET)

    assert word == "failed"
    assert unread is not None
    assert (unread.reason, unread.permission) == why[:2]
    if why[2] is not None:
        assert unread.detail == why[2]
    assert {call.host for call in gcp.calls} <= {
        "cloudresourcemanager.googleapis.com",
        ASSETS,
        "storage.googleapis.com",
    }


def test_datasets_that_are_withheld_are_not_an_empty_listing(gcp: Google) -> None:
    gcp.world.off.add(ASSETS)
    assert state(read({DATASET: {"kms_key"}}), DATASET) == ("complete", None)

    gcp.world.denied.add("bigquery.datasets.get")

    why = Unread("access_denied", "bigquery.datasets.list", "bigquery.datasets.get", "NotGranted")
    assert state(read({DATASET: {"kms_key"}}), DATASET) == ("failed", why)


@pytest.mark.parametrize(
    ("path", "value", "unread"),
    [
        (("versioning", "enabled"), "true", "/versioning_enabled"),
        (("softDeletePolicy", "retentionDurationSeconds"), "a week", "/soft_delete_seconds"),
        (("softDeletePolicy",), [], "/soft_delete_seconds"),
        (("labels",), {"data": 1}, "/tags"),
        (("location",), None, None),
    ],
)
def test_a_value_of_another_type_is_unread(gcp: Google, path: tuple[str, ...], value: Any, unread: str | None) -> None:
    place = gcp.world.assets("web", BUCKET)[0]["data"]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value

    snapshot = read({BUCKET: {"versioning_enabled", "soft_delete_seconds", "tags"}})

    item = next(
        item for item in snapshot.resources if item.name in ("web-assets", "//storage.googleapis.com/web-assets")
    )
    expected = {unread} if unread else {"/versioning_enabled", "/soft_delete_seconds", "/tags"}
    assert {pointer for pointer, why in item.unread.items() if why.reason == "malformed_response"} >= expected


# --- without the SDK ---


def test_declarations_need_no_sdk() -> None:
    script = "import json, sys; from providers import declared; declared('gcp'); print(json.dumps(list(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert {"google.auth", "google.cloud", "google.protobuf", "requests"} & set(json.loads(told.stdout)) == set()
