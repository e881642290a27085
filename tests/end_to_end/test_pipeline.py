"""The steps together: what comes in, what is judged, and with which code it ends."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.collection.snapshot import read, written
from engine.content.root import find
from engine.custody.upkeep import initialise
from engine.errors import DiscoveryError, InputError, Interrupted, SealError, UsageError
from engine.model import REGIONLESS, Assessment, Clock, Collection, Scope, Snapshot, Unread
from engine.report import FORMATS, Options
from engine.run import access, observing, preflight
from engine.run.observing import DEMO
from engine.run.pipeline import run
from engine.run.request import RunRequest
from providers.aws.adapter import Aws
from tests.unit.answered import ACCOUNT, DENIED, ENABLED, KEYS, Answered, error, identity, sts_error

NOW = "2026-11-24T03:00:00Z"
CLOCK = Clock(lambda: NOW, lambda: 0.0, lambda seconds: None)
ROOT_MFA = "aws.iam.root_mfa_enabled"
VOLUMES = "aws.ec2.ebs_volume_encrypted"


def asked(folder: Path, *checks: str, **more: Any) -> RunRequest:
    return RunRequest(config=folder / "config", checks=checks, **more)


def verdicts(assessment: Assessment) -> dict[str, str]:
    return {finding.subject.id: finding.verdict for finding in assessment.findings}


# --- stored snapshots ---


@pytest.fixture
def stored(tmp_path: Path) -> Callable[..., str]:
    """Writes a snapshot file, changed from that of the demonstration; gives its name."""

    def write(change: Callable[[Snapshot], Snapshot] = lambda snapshot: snapshot) -> str:
        path = tmp_path / "snapshot.json"
        path.write_bytes(written(change(read(DEMO))))
        return str(path)

    return write


def test_the_demonstration_needs_nothing_and_is_marked_as_one(tmp_path: Path) -> None:
    assessment = run(asked(tmp_path, demo="recorded"), CLOCK)

    assert (assessment.kind, assessment.snapshot.source) == ("demo", "demo")
    assert (assessment.exit_code, assessment.sealed, assessment.run_id) == (3, None, None)
    assert assessment.as_of == read(DEMO).as_of
    assert {finding.verdict for finding in assessment.findings} == {"pass", "fail", "unknown", "not_applicable"}
    assert len(assessment.criteria) == 61
    assert {check.id for check in assessment.selection.not_chosen} >= {"aws.rds.multi_az"}
    told = " ".join(FORMATS["text"].render(assessment, Options()).split())
    assert "checks of availability, " in told
    assert "which are no category of the report: --criterion judges them." in told
    for row in assessment.populations:
        assert row.listed == row.passed + row.failed + row.unknown + row.not_applicable
    assert list(tmp_path.iterdir()) == []


def test_a_stored_snapshot_is_judged_as_of_its_own_moment(tmp_path: Path, stored: Callable[..., str]) -> None:
    first = run(asked(tmp_path, snapshot=stored()), CLOCK)
    again = run(asked(tmp_path, snapshot=stored()), replace(CLOCK, now=lambda: "2031-01-01T00:00:00Z"))

    assert (first.kind, first.snapshot.source) == ("adhoc", "recorded")
    assert first.as_of == read(DEMO).as_of
    assert first.findings == again.findings
    assert first.exit_code == again.exit_code == 3


def test_the_resources_of_a_snapshot_may_stand_in_any_order(tmp_path: Path, stored: Callable[..., str]) -> None:
    first = run(asked(tmp_path, snapshot=stored()), CLOCK)
    turned = run(
        asked(
            tmp_path,
            snapshot=stored(
                lambda s: replace(
                    s, resources=s.resources[::-1], collections=s.collections[::-1], scopes=s.scopes[::-1]
                )
            ),
        ),
        CLOCK,
    )

    assert turned.findings == first.findings
    assert turned.snapshot.resources == first.snapshot.resources


def without(type_: str, region: str | None = None) -> Callable[[Snapshot], Snapshot]:
    def change(snapshot: Snapshot) -> Snapshot:
        return replace(
            snapshot,
            collections=tuple(
                row
                for row in snapshot.collections
                if row.type != type_ or (region is not None and row.scope.region != region)
            ),
            resources=tuple(
                item
                for item in snapshot.resources
                if item.type != type_ or (region is not None and item.region != region)
            ),
        )

    return change


@pytest.mark.parametrize("region", [None, "us-east-1"])
def test_a_snapshot_that_lacks_what_a_check_judges_is_incomplete_never_clean(
    tmp_path: Path, stored: Callable[..., str], region: str | None
) -> None:
    snapshot = stored(without("AWS::EC2::Volume", region))

    assessment = run(asked(tmp_path, VOLUMES, snapshot=snapshot), CLOCK)

    gaps = [finding for finding in assessment.findings if finding.subject.kind == "scope"]
    assert {finding.scope.region for finding in gaps} == ({region} if region else {"eu-west-1", "us-east-1"})
    assert {(finding.verdict, finding.reason) for finding in gaps} == {("unknown", "not_collected")}
    assert 4 in assessment.exit_reasons
    assert not assessment.populations[0].complete


def test_a_snapshot_that_lacks_what_a_check_relates_to_is_incomplete(
    tmp_path: Path, stored: Callable[..., str]
) -> None:
    snapshot = stored(without("AWS::Backup::ProtectedResource", "us-east-1"))

    checks = ("aws.backup.buckets_protected", "aws.backup.tables_protected")
    whole = run(asked(tmp_path, *checks, demo="recorded"), CLOCK)
    assessment = run(asked(tmp_path, *checks, snapshot=snapshot), CLOCK)

    there = {finding.order: finding.verdict for finding in whole.findings}
    assert "fail" in there.values()
    assert {finding.order for finding in assessment.findings} == set(there)
    # What fails for want of a backup may have one in the region that was not read.
    assert not [finding for finding in assessment.findings if finding.verdict == "fail"]
    assert all(finding.verdict in (there[finding.order], "unknown") for finding in assessment.findings)
    assert assessment.exit_code == 4


def test_a_snapshot_of_nothing_at_all_is_incomplete(tmp_path: Path, stored: Callable[..., str]) -> None:
    snapshot = stored(lambda s: replace(s, scopes=(), collections=(), resources=(), ledger=()))

    assessment = run(asked(tmp_path, snapshot=snapshot), CLOCK)

    assert assessment.findings == ()
    assert assessment.exit_code == 4
    assert not any(row.complete for row in assessment.populations)


def test_a_value_of_another_type_in_a_snapshot_is_malformed_not_judged(
    tmp_path: Path, stored: Callable[..., str]
) -> None:
    def spoil(snapshot: Snapshot) -> Snapshot:
        return replace(
            snapshot,
            resources=tuple(
                replace(item, properties={**item.properties, "encrypted": "true"})
                if item.type == "AWS::EC2::Volume"
                else item
                for item in snapshot.resources
            ),
        )

    assessment = run(asked(tmp_path, VOLUMES, snapshot=stored(spoil)), CLOCK)

    assert {(finding.verdict, finding.reason) for finding in assessment.findings} == {("unknown", "malformed_response")}
    assert assessment.exit_code == 4


def test_resources_of_a_type_that_no_schema_describes_are_left_alone(
    tmp_path: Path, stored: Callable[..., str]
) -> None:
    first = run(asked(tmp_path, VOLUMES, snapshot=stored()), CLOCK)

    later = run(
        asked(
            tmp_path,
            VOLUMES,
            snapshot=stored(
                lambda s: replace(s, resources=(*s.resources, replace(s.resources[0], type="AWS::Later::Thing")))
            ),
        ),
        CLOCK,
    )

    assert later.findings == first.findings


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: b"\x00" * 100,
        lambda data: data.replace(b"auditreel/snapshot/v1", b"auditreel/snapshot/v9"),
        lambda data: data.replace(b'"as_of":', b'"as_of":"2026-01-01T00:00:00Z","as_of":', 1),
        lambda data: json.dumps([1, 2, 3]).encode(),
    ],
    ids=["empty", "truncated", "garbage", "another schema", "a key twice", "another document"],
)
def test_a_file_that_is_no_snapshot_is_bad_input_and_judged_by_nobody(
    tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "snapshot.json"
    path.write_bytes(spoil(DEMO.read_bytes()))

    with pytest.raises(InputError, match=str(path)) as raised:
        run(asked(tmp_path, snapshot=str(path)), CLOCK)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize("name", ["missing.json", "", "x" * 3000, "folder", "a\0b"])
def test_a_name_that_is_no_file_is_bad_input(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)

    with pytest.raises(InputError):
        run(asked(tmp_path, snapshot=name), CLOCK)


def test_a_recorded_run_without_a_store_to_find_it_in_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--store does not say which store"):
        run(asked(tmp_path, snapshot="20261123T020000Z-0123abcd"), CLOCK)


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"accounts": ("999999999999",)}, "filtering by account: 999999999999"),
        ({"regions": ("eu-west-9",)}, "filtering by region: eu-west-9"),
        ({"regions": ("eu-west-1", "nowhere")}, "nowhere"),
        ({"criteria": ("CC99",)}, "unknown criterion"),
        ({"providers": ("oracle",)}, "unknown provider"),
    ],
)
def test_a_filter_for_what_is_not_there_is_wrong_usage(tmp_path: Path, filters: Mapping[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said) as raised:
        run(RunRequest(config=tmp_path, demo="recorded", **filters), CLOCK)
    assert raised.value.exit_code == 2


def test_a_region_filter_narrows_what_is_judged_not_what_it_is_related_to(tmp_path: Path) -> None:
    whole = run(RunRequest(config=tmp_path, demo="recorded"), CLOCK)
    some = run(RunRequest(config=tmp_path, demo="recorded", regions=("us-east-1",)), CLOCK)

    assert some.findings == tuple(f for f in whole.findings if f.scope.region in ("us-east-1", *REGIONLESS))
    assert 0 < len(some.findings) < len(whole.findings)


def test_allowing_incompleteness_hides_no_reason(tmp_path: Path, stored: Callable[..., str]) -> None:
    snapshot = stored(without("AWS::EC2::Volume"))

    assessment = run(asked(tmp_path, VOLUMES, snapshot=snapshot, allow_incomplete=True), CLOCK)

    assert assessment.exit_code == 0
    assert 4 in assessment.exit_reasons


# --- live ---


def summary(mfa: int = 1) -> tuple[int, bytes]:
    counted = dict.fromkeys(("Users", "Groups", "Roles", "Policies", "ServerCertificates"), 0)
    entries = "".join(
        f"<entry><key>{key}</key><value>{value}</value></entry>"
        for key, value in {"AccountMFAEnabled": mfa, "AccountAccessKeysPresent": 0, **counted}.items()
    )
    body = (
        "<GetAccountSummaryResponse><GetAccountSummaryResult><SummaryMap>"
        f"{entries}</SummaryMap></GetAccountSummaryResult></GetAccountSummaryResponse>"
    )
    return 200, body.encode()


def volumes(*encrypted: bool) -> tuple[int, bytes]:
    items = "".join(
        f"<item><volumeId>vol-{n}</volumeId><encrypted>{str(value).lower()}</encrypted></item>"
        for n, value in enumerate(encrypted)
    )
    return 200, f"<DescribeVolumesResponse><volumeSet>{items}</volumeSet></DescribeVolumesResponse>".encode()


CLEAN = {
    "GetCallerIdentity": (200, identity()),
    "DescribeRegions": (200, ENABLED),
    "GetAccountSummary": summary(),
    "DescribeVolumes": volumes(True),
}


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Assessment]:
    """A run of two checks against an AWS that answers as it is told to."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        **KEYS,
        "HOME": str(tmp_path),
        "AWS_CONFIG_FILE": "none",
        "AWS_SHARED_CREDENTIALS_FILE": "none",
    }.items():
        monkeypatch.setenv(name, value)

    def scan(
        cancelled: threading.Event | None = None, request: Mapping[str, Any] | None = None, **answers: tuple[int, bytes]
    ) -> Assessment:
        adapter = Aws(Answered(**{**CLEAN, **answers}))
        monkeypatch.setattr(access, "opened", lambda provider, **settings: adapter)
        wanted = {"checks": (ROOT_MFA, VOLUMES), **(request or {})}
        return run(RunRequest(config=tmp_path / "config", **wanted), CLOCK, cancelled=cancelled)

    return scan


def test_an_account_is_judged_in_every_enabled_region(live: Callable[..., Assessment]) -> None:
    assessment = live()

    assert verdicts(assessment) == {
        ACCOUNT: "pass",
        f"arn:aws:ec2:eu-west-1:{ACCOUNT}:volume/vol-0": "pass",
        f"arn:aws:ec2:ap-east-1:{ACCOUNT}:volume/vol-0": "pass",
    }
    assert (assessment.exit_code, assessment.exit_reasons) == (0, {})
    assert [row.scope.region for row in assessment.snapshot.left_out] == ["me-south-1"]


def test_a_failure_ends_with_3(live: Callable[..., Assessment]) -> None:
    assessment = live(DescribeVolumes=volumes(True, False))

    assert assessment.exit_code == 3
    assert sorted(verdicts(assessment).values()).count("fail") == 2


def test_regions_that_nobody_may_name_make_the_run_incomplete_and_name_the_permission(
    live: Callable[..., Assessment],
) -> None:
    assessment = live(DescribeRegions=DENIED)

    (gap,) = [finding for finding in assessment.findings if finding.subject.kind == "scope"]
    assert gap.scope == Scope("aws", ACCOUNT, "*")
    assert (gap.check.id, gap.verdict, gap.reason) == (VOLUMES, "unknown", "access_denied")
    assert gap.causes[0].unread.permission == "ec2:DescribeRegions"
    assert assessment.exit_code == 4
    assert verdicts(assessment)[ACCOUNT] == "pass"


def test_a_region_filter_does_not_hide_that_nobody_may_name_the_regions(live: Callable[..., Assessment]) -> None:
    assessment = live(DescribeRegions=DENIED, request={"regions": ("eu-west-1",)})

    assert Scope("aws", ACCOUNT, "*") in {finding.scope for finding in assessment.findings}
    assert assessment.exit_code == 4


def test_a_denied_listing_makes_the_run_incomplete_and_names_the_permission(live: Callable[..., Assessment]) -> None:
    assessment = live(DescribeVolumes=(403, error("UnauthorizedOperation")))

    gaps = [finding for finding in assessment.findings if finding.verdict == "unknown"]
    assert {finding.scope.region for finding in gaps} == {"eu-west-1", "ap-east-1"}
    assert {finding.causes[0].unread.permission for finding in gaps} == {"ec2:DescribeVolumes"}
    assert assessment.exit_code == 4


def test_a_denied_property_makes_the_run_incomplete_and_names_the_permission(live: Callable[..., Assessment]) -> None:
    assessment = live(GetAccountSummary=(403, sts_error("AccessDenied")))

    (finding,) = [finding for finding in assessment.findings if finding.check.id == ROOT_MFA]
    assert (finding.verdict, finding.reason) == ("unknown", "access_denied")
    assert finding.causes[0].unread.permission == "iam:GetAccountSummary"
    assert assessment.exit_code == 4


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId", "AccessDenied"])
def test_an_identity_that_is_refused_ends_with_4(live: Callable[..., Assessment], code: str) -> None:
    with pytest.raises(DiscoveryError, match=code) as raised:
        live(GetCallerIdentity=(403, sts_error(code)))
    assert raised.value.exit_code == 4


def test_no_credentials_end_with_2(live: Callable[..., Assessment], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(UsageError, match="no credentials") as raised:
        live()
    assert raised.value.exit_code == 2


def test_a_profile_that_does_not_exist_ends_with_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nope")

    with pytest.raises(UsageError, match=r"opening aws: .*nope"):
        run(asked(tmp_path, ROOT_MFA), CLOCK)


def test_a_run_that_is_stopped_reaches_no_verdict(live: Callable[..., Assessment]) -> None:
    cancelled = threading.Event()
    cancelled.set()

    with pytest.raises(Interrupted):
        live(cancelled=cancelled)


def test_the_clients_are_closed_with_the_run(live: Callable[..., Assessment], monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(Aws, "leave", lambda self, account: told.append(f"left {account}"))
    monkeypatch.setattr(Aws, "close", lambda self: told.append("closed"))

    live()

    assert told == [f"left {ACCOUNT}", "closed"]


# --- before a run ---


def test_doctor_tries_each_read_once_and_names_what_is_denied(
    live: Callable[..., Assessment], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = Aws(Answered(**{**CLEAN, "DescribeVolumes": (403, error("UnauthorizedOperation"))}))
    monkeypatch.setattr(access, "opened", lambda provider, **settings: adapter)
    times = iter(["2026-11-23T01:59:30Z"])

    (found,) = preflight.diagnose(
        asked(tmp_path, ROOT_MFA, VOLUMES), replace(CLOCK, now=lambda: next(times, "2026-11-23T05:00:00Z"))
    )

    assert found.identity["account"] == ACCOUNT
    assert (found.regions, found.regions_off) == (("ap-east-1", "eu-west-1"), ("me-south-1",))
    assert [(denied.operations, denied.permission) for denied in found.denied] == [
        ("ec2:DescribeVolumes", "ec2:DescribeVolumes")
    ]
    # Our clock when the identity was answered, not when the trial was over.
    assert found.skew == 30.0
    assert found.untried == ()
    assert adapter._clients.asked.count("DescribeVolumes") == 1  # type: ignore[attr-defined]
    assert {"auditreel", "python", "botocore"} <= set(found.versions)


def test_doctor_stops_when_it_is_told_to(
    live: Callable[..., Assessment], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = Aws(Answered(**CLEAN))
    monkeypatch.setattr(access, "opened", lambda provider, **settings: adapter)
    cancelled = threading.Event()
    cancelled.set()

    with pytest.raises(Interrupted):
        preflight.diagnose(asked(tmp_path, ROOT_MFA), CLOCK, cancelled)


# --- the policy folder ---


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A policy folder of one's own."""
    folder = tmp_path / "policy"
    shutil.copytree(find().policies, folder)
    return folder


def test_a_store_that_the_organisation_names_is_used_before_anything_is_collected(
    tmp_path: Path, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    organization = policy / "organization.yaml"
    organization.write_text(f"{organization.read_text()}\nstore: {tmp_path / 'evidence'}\n")
    monkeypatch.setattr(observing, "Survey", lambda *_, **__: pytest.fail("nothing may be collected"))

    with pytest.raises(SealError, match="auditreel init") as raised:
        run(asked(tmp_path, ROOT_MFA, policy=policy), CLOCK)
    assert raised.value.exit_code == 5


def test_an_address_that_nothing_is_kept_at_is_no_store(tmp_path: Path) -> None:
    initialise(str(tmp_path / "store"), tmp_path / "config")
    with pytest.raises(UsageError, match="ftp:// is no store; use a folder, or s3://"):
        run(asked(tmp_path, ROOT_MFA, store="ftp://bucket/evidence"), CLOCK)


def test_unread_rows_of_a_snapshot_keep_their_own_reason(tmp_path: Path, stored: Callable[..., str]) -> None:
    def deny(snapshot: Snapshot) -> Snapshot:
        why = Unread("throttled", "ec2:DescribeVolumes")
        rows = (
            Collection(row.type, row.scope, "failed", row.count, why) if row.type == "AWS::EC2::Volume" else row
            for row in snapshot.collections
        )
        return replace(snapshot, collections=tuple(rows))

    assessment = run(asked(tmp_path, VOLUMES, snapshot=stored(deny)), CLOCK)

    gaps = [finding for finding in assessment.findings if finding.subject.kind == "scope"]
    assert {finding.reason for finding in gaps} == {"throttled"}
    assert not assessment.populations[0].complete
