"""Cloud Asset Inventory learns of changes later: a critical failure is told on what the service itself says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import pytest

from engine.model import Finding, Snapshot
from tests.collectors.gcp import Change, as_it_is, asset, both, denied
from tests.collectors.scan import scan
from tests.emulators.faults import Kind, replaced
from tests.emulators.gcp.wire import Google
from tests.emulators.gcp.world import World
from tests.emulators.wire import Layer

BUCKET: Final = "storage.googleapis.com/Bucket"
FIREWALL: Final = "compute.googleapis.com/Firewall"
INSTANCE: Final = "sqladmin.googleapis.com/Instance"
RING: Final = "cloudkms.googleapis.com/KeyRing"
PUBLIC: Final = "gcp.storage.bucket_not_public"
OPEN: Final = "gcp.sql.no_open_networks"
INVENTORY: Final = "cloudasset.googleapis.com"


def entry(world: World, type_: str, name: str) -> dict[str, Any]:
    (found,) = [row for row in world.assets("web", type_) if row["data"]["name"].rpartition("/")[2] == name]
    return found


def private(type_: str, name: str) -> Change:
    """Nobody is granted anything on it any more."""

    def change(world: World) -> None:
        entry(world, type_, name)["iam"] = {"bindings": []}

    return change


def deleted(type_: str, name: str) -> Change:
    return lambda world: world.assets("web", type_).remove(entry(world, type_, name))


def told(gcp: Google, check: str, change: Change) -> tuple[Snapshot, dict[str, Finding]]:
    """What a scan says of a world that changed after the inventory looked."""
    gcp.world.lag()
    change(gcp.world)
    snapshot, findings = scan([check])
    return snapshot, {finding.subject.name: finding for finding in findings}


def closed(world: World) -> None:
    entry(world, INSTANCE, "shop")["data"]["settings"]["ipConfiguration"]["authorizedNetworks"] = []


def ungranted(world: World) -> None:
    world.projects["web"]["iam"]["bindings"] = []


def public(world: World) -> None:
    binding = {"role": "roles/viewer", "members": ["allUsers"]}
    world.projects["web"]["iam"] = {"bindings": [binding]}


SINCE: Final[dict[str, tuple[str, str, Change, Change, str]]] = {
    # Before the inventory looked, and after.
    "a database that was closed": (OPEN, "shop", as_it_is, closed, "pass"),
    "a bucket that was made private": (PUBLIC, "web-old", as_it_is, private(BUCKET, "web-old"), "pass"),
    "a bucket that is prevented": (
        PUBLIC,
        "web-public",
        as_it_is,
        lambda world: entry(world, BUCKET, "web-public")["data"]["iamConfiguration"].update(
            publicAccessPrevention="enforced"
        ),
        "pass",
    ),
    "a rule that was disabled": (
        "gcp.compute.firewall_no_open_ssh",
        "allow-ssh",
        as_it_is,
        asset(FIREWALL, 0, disabled=True),
        "not_applicable",
    ),
    "a key ring that was made private": ("gcp.kms.key_not_public", "never", as_it_is, private(RING, "open"), "pass"),
    "a project whose grants went": ("gcp.iam.no_public_bindings", "web", public, ungranted, "pass"),
    "nothing happened": (PUBLIC, "web-public", as_it_is, as_it_is, "fail"),
}


@pytest.mark.parametrize(("check", "name", "before", "after", "verdict"), SINCE.values(), ids=SINCE.keys())
def test_a_critical_failure_is_told_by_what_the_service_says_now(
    gcp: Google, check: str, name: str, before: Change, after: Change, verdict: str
) -> None:
    before(gcp.world)
    sound = {finding.subject.name: finding.verdict for finding in scan([check])[1]}
    _, now = told(gcp, check, after)

    assert sound[name] == "fail"
    assert {key: finding.verdict for key, finding in now.items()} == {**sound, name: verdict}


def test_a_resource_that_is_gone_is_dropped_and_the_ledger_says_so(gcp: Google) -> None:
    snapshot, now = told(gcp, OPEN, deleted(INSTANCE, "shop"))

    assert "shop" not in now
    assert {row.reader: row.outcomes["gone"] for row in snapshot.ledger if "gone" in row.outcomes} == {
        "sqladmin.instances.list": 1
    }
    (listed,) = [row for row in snapshot.collections if row.type == INSTANCE]
    assert (listed.state, listed.count) == ("complete", len(now))


UNCONFIRMED: Final[dict[str, tuple[Callable[[Google], None], str]]] = {
    "denied": (lambda gcp: denied("cloudsql.instances.list")(gcp.world), "access_denied"),
    "failing": (lambda gcp: _faulty(gcp, "server_error"), "unavailable"),
    "cut short": (lambda gcp: _faulty(gcp, "truncated"), "malformed_response"),
    "another answer": (lambda gcp: _faulty(gcp, replaced(b'{"unexpected": true}')), "malformed_response"),
}


def _faulty(gcp: Google, fault: Kind | Layer) -> None:
    gcp.faults.add(fault, "sqladmin:*")


@pytest.mark.parametrize(("spoil", "reason"), UNCONFIRMED.values(), ids=UNCONFIRMED.keys())
def test_a_failure_that_cannot_be_confirmed_stays_one_and_the_ledger_says_why(
    gcp: Google, spoil: Callable[[Google], None], reason: str
) -> None:
    spoil(gcp)
    snapshot, now = told(gcp, OPEN, closed)

    assert now["shop"].verdict == "fail"
    (row,) = [row for row in snapshot.ledger if row.reader == "sqladmin.instances.list"]
    assert (row.outcomes, {failure[1] for failure in row.failures}) == ({reason: 1}, {reason})


@pytest.mark.parametrize(
    ("spoil", "verdict"), [(as_it_is, "fail"), (denied("storage.buckets.get"), "unknown")], ids=["read", "denied"]
)
def test_what_was_read_by_a_value_that_changed_is_read_again(gcp: Google, spoil: Change, verdict: str) -> None:
    """With uniform access no access list is read; it is switched off meanwhile, and the list names everybody."""
    bucket = entry(gcp.world, BUCKET, "web-old")["data"]
    bucket["iamConfiguration"] = {"uniformBucketLevelAccess": {"enabled": True}}

    def legacy(world: World) -> None:
        bucket = entry(world, BUCKET, "web-old")["data"]
        bucket["iamConfiguration"] = {"uniformBucketLevelAccess": {"enabled": False}}
        bucket["acl"].append({"entity": "allUsers", "role": "READER"})

    _, now = told(gcp, PUBLIC, both(private(BUCKET, "web-old"), legacy, spoil))
    assert now["web-old"].verdict == verdict


def test_a_resource_that_fails_no_critical_check_costs_no_further_call(gcp: Google) -> None:
    scan(["gcp.storage.uniform_access", "gcp.sql.tls_required"])
    assert {call.host for call in gcp.calls} == {INVENTORY, "cloudresourcemanager.googleapis.com"}

    gcp.clear()
    closed(gcp.world)
    scan([OPEN])
    assert {call.host for call in gcp.calls} == {INVENTORY, "cloudresourcemanager.googleapis.com"}


def test_only_what_a_critical_failure_rests_on_is_asked_for(gcp: Google) -> None:
    scan([PUBLIC])

    asked = Counter(f"{call.method} {call.path}" for call in gcp.calls if call.host == "storage.googleapis.com")
    assert asked == {
        "GET /storage/v1/b": 1,
        "GET /storage/v1/b/web-old": 1,
        "GET /storage/v1/b/web-public": 1,
        "GET /storage/v1/b/web-old/iam": 1,
        "GET /storage/v1/b/web-public/iam": 1,
    }


def test_what_the_services_themselves_told_is_not_asked_for_again(gcp: Google) -> None:
    gcp.world.off.add(INVENTORY)
    scan([PUBLIC, OPEN])

    # The inventory is asked for two contents.
    repeated = {name for name, count in gcp.operations().items() if count > 1}
    assert repeated == {"cloudasset:GET /v1/projects/70000000001/assets"}
