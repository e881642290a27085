"""An organization on the wire: every account is entered by its role, or the run says which was not and why."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest
import yaml

from engine.custody.rejudging import replay
from engine.custody.upkeep import initialise
from engine.custody.verification import verify
from engine.errors import UsageError
from engine.evidence.replay import snapshot_of
from engine.model import GLOBAL, Assessment, Clock, Scope
from engine.report import FORMATS, Options
from engine.run.pipeline import run
from engine.run.request import RunRequest
from tests.emulators.aws_wire import AwsWire
from tests.emulators.corrections import regions
from tests.emulators.moto_process import ACCOUNT
from tests.emulators.wire import Answer, Exchange

POLICIES = Path(__file__).resolve().parents[2] / "policies"
CHECKS = ("aws.s3.bucket_versioning", "aws.iam.password_policy_length", "aws.ec2.ebs_default_encryption")
BUCKETS, PASSWORDS, VOLUMES = CHECKS
HOME, SECOND = "us-east-1", "eu-west-1"
CLOCK = Clock(lambda: "2026-11-25T02:00:00Z", lambda: 0.0, lambda seconds: None)


@dataclass(frozen=True, slots=True)
class Firm:
    """An organization of four accounts: ours, ``production`` and ``staging`` in a unit each, and a suspended one."""

    wire: AwsWire
    root: str
    units: Mapping[str, str]
    production: str
    staging: str
    suspended: str

    def credentials(self, account: str) -> dict[str, str]:
        given = boto3.client("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/any", RoleSessionName="seed")
        keys = given["Credentials"]
        return {
            "aws_access_key_id": keys["AccessKeyId"],
            "aws_secret_access_key": keys["SecretAccessKey"],
            "aws_session_token": keys["SessionToken"],
        }


@pytest.fixture
def firm(aws_env: AwsWire) -> Firm:
    regions(aws_env.overrides, HOME, SECOND)
    organizations = boto3.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    units, ids = {}, {}
    for name in ("production", "staging", "old"):
        unit = organizations.create_organizational_unit(ParentId=root, Name=name)["OrganizationalUnit"]["Id"]
        status = organizations.create_account(Email=f"{name}@example.com", AccountName=name)["CreateAccountStatus"]
        organizations.move_account(AccountId=status["AccountId"], SourceParentId=root, DestinationParentId=unit)
        units[name], ids[name] = unit, status["AccountId"]
    organizations.tag_resource(ResourceId=ids["staging"], Tags=[{"Key": "env", "Value": "test"}])
    aws_env.overrides.change("organizations:ListAccounts", _suspending(ids["old"]))
    made = Firm(aws_env, root, units, ids["production"], ids["staging"], ids["old"])
    for account in (made.production, made.staging):
        s3 = boto3.client("s3", region_name=HOME, **made.credentials(account))
        s3.create_bucket(Bucket=f"records-{account}")
    s3.put_bucket_versioning(Bucket=f"records-{made.staging}", VersioningConfiguration={"Status": "Enabled"})
    aws_env.traffic.reset()
    return made


def _suspending(account: str) -> Any:
    def change(exchange: Exchange, answer: Answer) -> Answer:
        body = json.loads(answer.body)
        for row in body["Accounts"]:
            row.pop("Status")  # as AWS, which retired it
            if row["Id"] == account:
                row["State"] = "SUSPENDED"
        return answer.with_body(json.dumps(body).encode())

    return change


def policy(folder: Path, boundary: Sequence[Mapping[str, Any]] = (), **access: Any) -> Path:
    """A policy folder with this access to AWS, and this boundary."""
    place = folder / "policies"
    shutil.copytree(POLICIES, place, dirs_exist_ok=True)
    document = yaml.safe_load((POLICIES / "organization.yaml").read_text())
    document["access"] = {"aws": {"accounts": "organization", "role": "audit/read", **access}}
    if boundary:
        said = {"reason": "Nothing of customers.", "approver": "Robin", "approved_on": "2026-01-02"}
        document["boundary"] = [{**said, **rule} for rule in boundary]
    (place / "organization.yaml").write_text(json.dumps(document))
    return place


def scan(tmp_path: Path, access: Mapping[str, Any] | None = None, **asked: Any) -> Assessment:
    place = policy(tmp_path, **(access or {}))
    request = {"checks": CHECKS, "policy": place, "timeout": 60.0, **asked}
    return run(RunRequest(config=tmp_path / "config", **request), CLOCK)


def judged(assessment: Assessment) -> dict[tuple[str, str], set[str]]:
    """(check, account) -> verdicts."""
    found: dict[tuple[str, str], set[str]] = {}
    for finding in assessment.findings:
        found.setdefault((finding.check.id, finding.scope.account), set()).add(finding.verdict)
    return found


@pytest.fixture
def assumed(firm: Firm) -> list[dict[str, str]]:
    """What is asked of sts:AssumeRole."""
    asked: list[dict[str, str]] = []

    def change(exchange: Exchange, answer: Answer) -> Answer:
        asked.append({name: values[0] for name, values in parse_qs(exchange.request.body.decode()).items()})
        return answer

    firm.wire.overrides.change("sts:AssumeRole", change)
    return asked


def test_every_active_account_is_entered_by_its_role_and_the_suspended_one_is_named(
    firm: Firm, assumed: list[dict[str, str]], tmp_path: Path
) -> None:
    who = account_name()
    firm.wire.traffic.reset()

    assessment = scan(tmp_path, {"external_id": "northwind-42"})

    accounts = {ACCOUNT, firm.production, firm.staging}
    assert {scope.account for scope in assessment.snapshot.scopes} == accounts
    assert {scope.region for scope in assessment.snapshot.scopes} == {GLOBAL, HOME, SECOND}
    assert judged(assessment) == {
        **{(PASSWORDS, account): {"fail"} for account in accounts},
        **{(VOLUMES, account): {"fail"} for account in accounts},
        (BUCKETS, firm.production): {"fail"},
        (BUCKETS, firm.staging): {"pass"},
    }
    assert [
        (row.scope.account, row.name, row.why) for row in assessment.snapshot.left_out if row.scope.region == "*"
    ] == [(firm.suspended, "old", "suspended")]
    assert {(row["RoleArn"], row["RoleSessionName"], row["ExternalId"]) for row in assumed} == {
        (f"arn:aws:iam::{account}:role/audit/read", f"auditreel-{who}", "northwind-42")
        for account in (firm.production, firm.staging)
    }
    assert not firm.wire.traffic.repeats
    assert firm.wire.traffic.calls["organizations:ListAccounts"] == 1
    shown = FORMATS["text"].render(assessment, Options())
    assert f"1 account suspended, so not read: old ({firm.suspended})." in shown


def account_name() -> str:
    arn: str = boto3.client("sts").get_caller_identity()["Arn"]
    return arn.rpartition("/")[2].rpartition(":")[2]


def test_an_account_that_cannot_be_entered_is_unknown_in_every_check_and_the_others_are_judged(
    firm: Firm, tmp_path: Path
) -> None:
    firm.wire.faults.add(
        "denied", "sts:AssumeRole", where=lambda exchange: firm.production.encode() in exchange.request.body
    )

    assessment = scan(tmp_path)

    found = judged(assessment)
    assert {check: found[check, firm.production] for check in CHECKS} == {check: {"unknown"} for check in CHECKS}
    assert found[BUCKETS, firm.staging] == {"pass"}
    assert assessment.exit_code == 3
    assert set(assessment.exit_reasons) == {3, 4}
    causes = {cause.unread for f in assessment.findings if f.verdict == "unknown" for cause in f.causes}
    assert {(why.reason, why.operation, why.permission) for why in causes} == {
        ("access_denied", "sts:AssumeRole", "sts:AssumeRole")
    }
    assert not any(population.complete for population in assessment.populations)
    shown = FORMATS["text"].render(assessment, Options())
    assert f"1 account could not be read, so nothing in it was seen: {firm.production}." in shown


@pytest.mark.parametrize(("fault", "reason"), [("denied", "access_denied"), ("html", "malformed_response")])
def test_where_nobody_lists_the_accounts_the_run_is_incomplete_everywhere(
    firm: Firm, tmp_path: Path, fault: Any, reason: str
) -> None:
    firm.wire.faults.add(fault, "organizations:ListAccounts")

    assessment = scan(tmp_path)

    found = judged(assessment)
    assert {check: found[check, "*"] for check in CHECKS} == {check: {"unknown"} for check in CHECKS}
    assert found[PASSWORDS, ACCOUNT] == {"fail"}
    assert 4 in assessment.exit_reasons
    assert {cause.unread.reason for f in assessment.findings for cause in f.causes} == {reason}


@pytest.mark.parametrize(
    ("rules", "scanned"),
    [
        ({"include": {"organizational_units": ["production"]}}, {"production"}),
        ({"include": {"tags": {"env": ["test", "trial"]}}}, {"staging"}),
        ({"include": {"accounts": ["staging"], "organizational_units": ["production"]}}, {"production", "staging"}),
        ({"exclude": {"organizational_units": ["staging"]}}, {"ours", "production"}),
        ({"exclude": {"tags": {"env": "test"}}}, {"ours", "production"}),
        ({"include": {"organizational_units": ["root"]}, "exclude": {"accounts": ["ours"]}}, {"production", "staging"}),
    ],
)
def test_rules_choose_accounts_and_name_what_they_leave_out(
    firm: Firm, tmp_path: Path, rules: Mapping[str, Any], scanned: set[str]
) -> None:
    ids = {"ours": ACCOUNT, "production": firm.production, "staging": firm.staging}
    places = {"accounts": ids, "organizational_units": {**firm.units, "root": firm.root}}
    access = {
        kind: {name: [places[name][v] for v in values] if name in places else values for name, values in said.items()}
        for kind, said in rules.items()
    }

    assessment = scan(tmp_path, access)

    assert {scope.account for scope in assessment.snapshot.scopes} == {ids[name] for name in scanned}
    left = {row.scope.account: row.why for row in assessment.snapshot.left_out if row.scope.region == "*"}
    why = "not included" if "include" in rules else "excluded"
    expected = {ids[name]: why for name in ids.keys() - scanned} | {firm.suspended: "suspended"}
    if "accounts" in rules.get("exclude", {}):
        expected[ACCOUNT] = "excluded"
    assert left == expected
    assert 4 not in assessment.exit_reasons


def test_rules_that_cannot_be_followed_leave_the_run_incomplete(firm: Firm, tmp_path: Path) -> None:
    firm.wire.faults.add("denied", "organizations:ListTagsForResource")

    assessment = scan(tmp_path, {"exclude": {"tags": {"env": "test"}}})

    assert {scope.account for scope in assessment.snapshot.scopes} == {ACCOUNT}
    assert 4 in assessment.exit_reasons
    (why,) = {cause.unread for f in assessment.findings for cause in f.causes}
    assert why.permission == "organizations:ListTagsForResource"


def test_a_unit_out_of_the_boundary_is_not_entered_and_what_no_rule_names_makes_the_run_incomplete(
    firm: Firm, tmp_path: Path
) -> None:
    outside = {"id": "trials", "provider": "aws", "groups": [firm.units["staging"]]}
    ours = {"id": "ours", "state": "in", "accounts": [ACCOUNT]}
    store = str(tmp_path / "store")
    initialise(store, tmp_path / "config")

    found = scan(tmp_path, {"boundary": [outside, ours]}, store=store)

    assert {scope.account for scope in found.snapshot.scopes} == {ACCOUNT, firm.production}
    left = {row.scope.account: row.why for row in found.snapshot.left_out if row.scope.region == "*"}
    assert left == {firm.suspended: "suspended", firm.staging: "out of the boundary (trials)"}
    assert found.boundary is not None
    assert found.boundary.unnamed == (Scope("aws", firm.production, "*"),)
    assert found.exit_reasons[4].endswith("1 account that no boundary rule names")
    replayed = replay(str(found.run_id), store, tmp_path / "config")
    assert (replayed.exit_code, found.snapshot.groups) == (0, {f"aws/{outside['groups'][0]}": (firm.staging,)})
    with pytest.raises(UsageError, match=r"is not scanned: out of the boundary \(trials\)"):
        scan(tmp_path, {"boundary": [outside, ours]}, accounts=(firm.staging,))

    firm.wire.faults.add("denied", "organizations:ListAccountsForParent")
    blind = scan(tmp_path, {"boundary": [outside, ours]})
    # Who lies in the unit is not known, so that nobody is left out for it.
    assert firm.staging in {scope.account for scope in blind.snapshot.scopes}
    assert "organizations:ListAccountsForParent" in {
        cause.unread.permission for finding in blind.findings for cause in finding.causes
    }


def test_a_role_on_the_way_is_assumed_first_and_lists_and_enters_the_others(
    firm: Firm, assumed: list[dict[str, str]], tmp_path: Path
) -> None:
    hub = f"arn:aws:iam::{firm.staging}:role/hub"

    assessment = scan(tmp_path, {"accounts": [firm.production, firm.staging], "via": [hub]})

    assert {scope.account for scope in assessment.snapshot.scopes} == {firm.production, firm.staging}
    assert [row["RoleArn"] for row in assumed] == [hub, f"arn:aws:iam::{firm.production}:role/audit/read"]
    assert judged(assessment)[BUCKETS, firm.production] == {"fail"}
    assert judged(assessment)[BUCKETS, firm.staging] == {"pass"}
    assert firm.wire.traffic.calls["organizations:ListAccounts"] == 0


def test_credentials_that_expire_are_renewed_in_the_middle_of_the_run(
    firm: Firm, assumed: list[dict[str, str]], tmp_path: Path
) -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def expiring(exchange: Exchange, answer: Answer) -> Answer:
        head, _, rest = answer.body.partition(b"<Expiration>")
        return answer.with_body(head + b"<Expiration>" + soon.encode() + rest[rest.index(b"</") :])

    firm.wire.overrides.change("sts:AssumeRole", expiring)

    assessment = scan(tmp_path)

    assert len(assumed) > 6  # two accounts: renewed before each request, as they are about to expire
    assert judged(assessment)[BUCKETS, firm.production] == {"fail"}
    keys = {entry.call.key for entry in firm.wire.traffic.log if entry.call.name == "s3:ListBuckets"}
    assert len(keys) == 3


def test_credentials_that_cannot_be_renewed_make_unknown_what_they_were_for(firm: Firm, tmp_path: Path) -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def expiring(exchange: Exchange, answer: Answer) -> Answer:
        head, _, rest = answer.body.partition(b"<Expiration>")
        return answer.with_body(head + b"<Expiration>" + soon.encode() + rest[rest.index(b"</") :])

    firm.wire.overrides.change("sts:AssumeRole", expiring)
    firm.wire.faults.add("denied", "sts:AssumeRole", after=3)

    assessment = scan(tmp_path)

    assert {f.verdict for f in assessment.findings if f.scope.account == ACCOUNT} == {"fail"}
    others = [f for f in assessment.findings if f.scope.account in (firm.production, firm.staging)]
    assert {f.check.id for f in others} == set(CHECKS)
    assert {f.verdict for f in others} == {"unknown"}
    assert {cause.unread.reason for f in others for cause in f.causes} == {"access_denied"}


@pytest.mark.parametrize(("asked", "said"), [("old", "is not scanned: suspended"), ("999999999999", "is not among")])
def test_a_filter_for_an_account_that_is_not_scanned_is_refused(
    firm: Firm, tmp_path: Path, asked: str, said: str
) -> None:
    account = firm.suspended if asked == "old" else asked
    with pytest.raises(UsageError, match=said):
        scan(tmp_path, accounts=(account,))


def test_a_filter_enters_only_the_accounts_that_it_names(
    firm: Firm, assumed: list[dict[str, str]], tmp_path: Path
) -> None:
    assessment = scan(tmp_path, accounts=(firm.staging,))

    assert {scope.account for scope in assessment.snapshot.scopes} == {firm.staging}
    assert len(assumed) == 1


def test_a_region_that_no_account_has_is_refused_after_the_accounts_are_known(firm: Firm, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="mars-1"):
        scan(tmp_path, regions=("mars-1",))


def test_an_organizations_run_is_sealed_verifies_and_comes_back_whole(firm: Firm, tmp_path: Path) -> None:
    config, store = tmp_path / "config", tmp_path / "store"
    initialise(str(store), config)

    assessment = scan(tmp_path, store=str(store))

    assert assessment.sealed is not None
    assert verify(str(store), config).exit_code == 0
    again = snapshot_of(store, str(assessment.run_id), config / "trust.json")
    assert {item.account for item in again.resources} == {ACCOUNT, firm.production, firm.staging}
    assert again.left_out == assessment.snapshot.left_out
    with suppress(UsageError):
        stored = scan(tmp_path, store=str(store), snapshot=str(assessment.run_id))
        assert judged(stored) == judged(assessment)
