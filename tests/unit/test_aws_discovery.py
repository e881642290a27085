"""Who we are and which regions there are: what AWS's two answers, and their failures, make of a run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from engine.collection import directory, entered, refuse_regions
from engine.collection.limiter import Limiter
from engine.errors import DiscoveryError, Interrupted, UsageError
from providers import opened
from providers.aws.adapter import Aws
from providers.aws.organization import Organization
from providers.base import GLOBAL, Directory, Discovery, NotConfigured, Scope, Unread
from providers.boundary import Member
from tests.unit.answered import ACCOUNT, ARN, DENIED, ENABLED, KEYS, Answered, error, identity, regions, sts_error

if TYPE_CHECKING:
    from providers.aws.caller import Caller


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "HOME": str(tmp_path),
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        **KEYS,
    }.items():
        monkeypatch.setenv(name, value)


def discover(
    sts: tuple[int, bytes] = (200, identity()),
    ec2: tuple[int, bytes] = (200, ENABLED),
    accounts: tuple[str, ...] = (),
    wanted: tuple[str, ...] = (),
) -> tuple[Directory, Discovery]:
    adapter = Aws(Answered(GetCallerIdentity=sts, DescribeRegions=ec2))
    known = directory(adapter, governor(), frozenset(accounts))
    (account,) = known.accounts
    found = entered(adapter, account, governor(), frozenset(wanted))
    refuse_regions(wanted, found)
    return known, found


def governor() -> Limiter:
    return Limiter(lambda seconds: None, threading.Event())


def test_the_enabled_regions_are_scopes_and_the_others_are_facts() -> None:
    known, found = discover()

    assert known.identity == {"account": ACCOUNT, "arn": ARN, "partition": "aws"}
    assert [scope.region for scope in found.scopes] == [GLOBAL, "ap-east-1", "eu-west-1"]
    assert [row.scope.region for row in found.regions_off] == ["me-south-1"]
    assert found.failures == {}
    assert known.answered_at == "2026-11-23T02:00:00Z"
    assert {(scope.region, item.type, item.id): item.properties for scope, item in found.found} == {
        (GLOBAL, "AWS::Account", ACCOUNT): {"partition": "aws"},
        ("eu-west-1", "AWS::Region", "eu-west-1"): {"opt_in_status": "opt-in-not-required"},
        ("ap-east-1", "AWS::Region", "ap-east-1"): {"opt_in_status": "opted-in"},
    }
    assert {operation: tally.calls for operation, tally in {**known.tallies, **found.tallies}.items()} == {
        "sts:GetCallerIdentity": 1,
        "ec2:DescribeRegions": 1,
    }


@pytest.mark.parametrize(
    ("wanted", "scanned"), [((), ["eu-west-1"]), (("us-east-2", "us-west-1"), ["us-east-2", "us-west-1"])]
)
def test_regions_that_nobody_may_name_leave_the_failure_and_scan_what_is_known(
    wanted: tuple[str, ...], scanned: list[str]
) -> None:
    _, found = discover(ec2=DENIED, wanted=wanted)

    why = Unread("access_denied", "ec2:DescribeRegions", "ec2:DescribeRegions", "UnauthorizedOperation (request req-1)")
    assert [scope.region for scope in found.scopes] == [GLOBAL, *scanned]
    assert found.failures == {"ec2:DescribeRegions": why}
    assert [item.properties["opt_in_status"] for _, item in found.found[1:]] == [why] * len(scanned)


@pytest.mark.parametrize(
    ("answer", "reason", "permission"),
    [
        ((503, error("RequestLimitExceeded")), "throttled", None),
        ((500, error("InternalError")), "unavailable", None),
        ((403, error("AuthFailure")), "access_denied", None),
        ((200, b"<DescribeRegionsResponse/>"), "malformed_response", None),
        ((200, regions()), "malformed_response", None),
        ((200, b"<html/>"), "malformed_response", None),
        ((200, b"<DescribeRegionsResponse><regionInfo><item><regionName>x"), "malformed_response", None),
        (
            (
                200,
                b"<DescribeRegionsResponse><regionInfo><item><regionName>x</regionName></item></regionInfo></DescribeRegionsResponse>",
            ),
            "malformed_response",
            None,
        ),
    ],
)
def test_a_failed_naming_of_regions_names_a_permission_only_where_one_is_lacking(
    answer: tuple[int, bytes], reason: str, permission: str | None
) -> None:
    _, found = discover(ec2=answer)
    (why,) = found.failures.values()

    assert (why.reason, why.permission) == (reason, permission)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((403, sts_error("ExpiredToken")), "access_denied (ExpiredToken (request req-1))"),
        ((403, sts_error("InvalidClientTokenId")), "InvalidClientTokenId"),
        ((403, sts_error("AccessDenied")), "access_denied"),
        ((400, sts_error("Throttling")), "throttled"),
        ((500, b""), "unavailable"),
        ((200, b""), "malformed_response"),
        ((200, b"<html></html>"), "malformed_response"),
        ((200, b"<GetCallerIdentityResponse/>"), "malformed_response"),
        ((200, identity().replace(b"Account>", b"Number>")), "its answer lacks 'Account'"),
        ((200, identity(arn="nonsense")), "is malformed"),
    ],
)
def test_who_does_not_learn_who_he_is_has_read_nothing(answer: tuple[int, bytes], said: str) -> None:
    with pytest.raises(DiscoveryError, match="asking aws who we are") as raised:
        discover(sts=answer)
    assert said in str(raised.value)
    assert raised.value.exit_code == 4


def test_without_credentials_the_run_was_not_asked_rightly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(UsageError, match="no credentials were found"):
        discover()


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        (
            {"accounts": ("999999999999",)},
            f"filtering by account: 999999999999 is not among those enabled of {ACCOUNT}",
        ),
        ({"wanted": ("eu-west-9",)}, f"filtering by region: eu-west-9 is not among those enabled of {ACCOUNT}"),
        ({"wanted": ("me-south-1",)}, "me-south-1 is not among those enabled"),
        ({"wanted": ("eu-west-1", "EU-WEST-1")}, "EU-WEST-1"),
    ],
)
def test_a_filter_for_what_is_not_there_is_refused(filters: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        discover(**filters)


def test_filters_for_what_is_there_are_not() -> None:
    _, found = discover(accounts=(ACCOUNT,), wanted=("eu-west-1", "ap-east-1"))
    assert len(found.scopes) == 3


def test_a_run_that_is_stopped_before_it_knows_who_it_is_is_interrupted() -> None:
    cancelled = threading.Event()
    cancelled.set()
    clients = Answered(GetCallerIdentity=(200, identity()))

    with pytest.raises(Interrupted):
        directory(Aws(clients), Limiter(lambda seconds: None, cancelled))
    assert clients.asked == []


@pytest.mark.parametrize(
    ("partition", "home"), [("aws", "us-east-1"), ("aws-us-gov", "us-gov-west-1"), ("aws-cn", "cn-north-1")]
)
def test_global_services_are_asked_where_the_partition_keeps_them(partition: str, home: str) -> None:
    clients = Answered(
        GetCallerIdentity=(200, identity(arn=ARN.replace(":aws:", f":{partition}:"))), DescribeRegions=(200, ENABLED)
    )
    adapter = Aws(clients)

    found = directory(adapter, governor())

    assert found.identity["partition"] == partition
    assert {adapter.lane(reader, Scope("aws", ACCOUNT, GLOBAL))[1] for reader in adapter.readers} == {home}  # type: ignore[index]


def test_a_client_is_shared_until_all_are_dropped() -> None:
    clients = Answered(GetCallerIdentity=(200, identity()), DescribeRegions=(200, ENABLED))
    adapter = Aws(clients)
    first = clients.get("ec2", "eu-west-1")
    assert clients.get("ec2", "eu-west-1") is first

    adapter.close()

    assert clients.get("ec2", "eu-west-1") is not first


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"AWS_PROFILE": "nope"}, "profile (nope)"),
        ({"AWS_ENDPOINT_URL": "garbage"}, "garbage"),
        ({"AWS_DEFAULT_REGION": "not a region"}, "not a region"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "Partial credentials"),
    ],
)
def test_an_environment_that_cannot_be_used_is_said_not_a_crash(
    variables: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(NotConfigured) as raised:
        opened("aws")
    assert said in str(raised.value)


def test_a_configuration_file_that_cannot_be_parsed_is_said_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("this is = no\nconfiguration\n[")

    with pytest.raises(NotConfigured, match="config"):
        opened("aws")


# --- the accounts of an organization ---


class Listing:
    """A caller whose listings hold these rows."""

    def __init__(self, *rows: dict[str, str]) -> None:
        self.rows = rows

    def pages(self, *_: Any, **__: Any) -> Iterator[dict[str, str]]:
        return iter(self.rows)


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("ACTIVE", None),
        ("CLOSED", "closed"),
        ("PENDING_ACTIVATION", "pending activation"),
        ("PENDING_CLOSURE", "pending closure"),
        ("SUSPENDED", "suspended"),
        # What nobody has documented is no reason to leave an account out: entering it shows what it is.
        ("Active", None),
        ("RESTRICTED", None),
    ],
)
def test_only_a_state_that_is_known_to_keep_one_out_leaves_an_account_out(state: str, why: str | None) -> None:
    row = {"Id": "111122223333", "Name": "web", "State": state}
    organization = Organization(lambda operation: cast("Caller", Listing(row)))
    assert organization.members() == [Member("111122223333", "web", why)]
