"""Answers that AWS gave to somebody, read by the real adapter: see ``tests/emulators/recordings.py``.

The recordings are not part of the checkout. They lie beside it where they are; each scenario that holds an operation of
some reader is a test, so that a new scenario and a new reader find each other without a word here.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

import pytest

from engine.collection import directory, entered
from engine.collection.limiter import Limiter
from engine.content.checks import load_checks
from engine.content.examples import examples_of
from engine.content.root import find
from engine.model import Resource, Unread
from providers.aws.adapter import Aws
from tests.collectors.scan import types
from tests.emulators.recordings import (
    NOT_RECORDED,
    RECORDED,
    Recorded,
    Replayed,
    Scenario,
    named,
    readers,
    replay,
    scenarios,
)

pytestmark = pytest.mark.usefixtures("nobody")

EXPLAINED: Final[Mapping[tuple[str, str, str], str]] = {
    ("missing_attribute", "backup:ListBackupVaults", "AWS::Backup::BackupVault/locked"): (
        "recorded in 2020, a year before vaults could be locked"
    ),
    ("missing_attribute", "dynamodb:DescribeTable", "AWS::DynamoDB::Table/deletion_protection"): (
        "recorded in 2022, before tables had a deletion protection"
    ),
    ("missing_attribute", "ec2:DescribeFlowLogs", "AWS::EC2::FlowLog/delivery_status"): (
        "made by hand: five flow logs of one id, without a delivery status"
    ),
    ("missing_attribute", "ec2:DescribeNetworkAcls", "AWS::EC2::NetworkAcl/owner_id"): (
        "recorded in 2017, before VPCs became shareable"
    ),
    ("missing_attribute", "ec2:DescribeSecurityGroups", "AWS::EC2::SecurityGroup/ingress"): (
        "recorded in 2016, before rules had IPv6 ranges"
    ),
    ("missing_attribute", "ec2:DescribeSubnets", "AWS::EC2::Subnet/owner_id"): (
        "recorded in 2017, before VPCs became shareable"
    ),
    ("missing_attribute", "ec2:DescribeVpcs", "AWS::EC2::VPC/owner_id"): (
        "recorded before November 2018, when VPCs became shareable"
    ),
    **{
        (
            "missing_attribute",
            "elbv2:DescribeLoadBalancerAttributes",
            f"AWS::ElasticLoadBalancingV2::LoadBalancer/{name}",
        ): "recorded in 2017, made shorter by hand: its attributes are those of the access logs only"
        for name in ("deletion_protection_enabled", "drop_invalid_header_fields")
    },
    ("missing_attribute", "kms:DescribeKey", "AWS::KMS::Key/key_spec"): (
        "recorded before 2021; until then the member was CustomerMasterKeySpec, and before 2019 there was none"
    ),
    ("missing_attribute", "lambda:ListFunctions", "AWS::Lambda::Function/package_type"): (
        "recorded before December 2020, when functions could be images"
    ),
    ("missing_attribute", "rds:DescribeDBInstances", "AWS::RDS::DBInstance/deletion_protection"): (
        "recorded in 2017, a year before there was deletion protection"
    ),
    ("missing_attribute", "rds:DescribeDBClusters", "AWS::RDS::DBCluster/auto_minor_version_upgrade"): (
        "recorded in 2019 and 2020, before clusters said it themselves"
    ),
    **{
        ("missing_attribute", operation, f"AWS::RDS::{kind}/storage_encryption_type"): (
            "recorded before databases said which encryption they have"
        )
        for operation, kind in (
            ("rds:DescribeDBClusters", "DBCluster"),
            ("rds:DescribeDBClusterSnapshots", "DBClusterSnapshot"),
            ("rds:DescribeDBInstances", "DBInstance"),
            ("rds:DescribeDBSnapshots", "DBSnapshot"),
        )
    },
    ("malformed_response", "rds:DescribeDBSnapshots", "AWS::RDS::DBSnapshot"): (
        "recorded in 2016, when snapshots were listed without their ARN"
    ),
    ("missing_attribute", "secretsmanager:ListSecrets", "AWS::SecretsManager::Secret/created_at"): (
        "recorded in 2019, before secrets were listed with their date"
    ),
    ("missing_attribute", "sqs:GetQueueAttributes", "AWS::SQS::Queue/sqs_managed_sse_enabled"): (
        "recorded before November 2021, when SQS began to encrypt with keys of its own"
    ),
}
"""What the adapter calls malformed or missing in an answer that AWS did give, and why: (reason, operation, where).

A row is added only for an answer that AWS no longer gives so; else the reader is wrong.
"""


@cache
def concerned() -> tuple[Scenario, ...]:
    """The scenarios that hold an operation of some reader."""
    return tuple(scenario for scenario in scenarios() if readers(scenario))


def each(*operations: str) -> Any:
    """A parameter for each scenario that holds one of ``operations`` ("ec2.DescribeRegions"), or one of some reader's.

    One that is skipped where there are none.
    """
    found = [scenario for scenario in scenarios() if holds(scenario, operations)] if operations else concerned()
    if not found:
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"the recordings are not there: {RECORDED}"))]
    return [pytest.param(scenario, id=scenario.name) for scenario in found]


def holds(scenario: Scenario, operations: Sequence[str]) -> bool:
    return any(f"{recording.prefix}.{recording.operation}" in operations for recording in scenario.recordings)


@cache
def examples() -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """The resources of the checks' examples, by type."""
    found: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for check in load_checks(find(), []).values():
        found[check.resource_type] += (example.resource for example in examples_of(check))
    return found


def said_of(item: Resource) -> set[str]:
    """The properties that a resource has, or says why not."""
    known = {*item.properties, *(pointer.split("/")[1] for pointer in item.unread)}
    return known | {"tags"} if item.tags is not None else known


_DONE: Final[dict[str, Replayed]] = {}


def replayed(scenario: Scenario) -> Replayed:
    """The replay of a scenario; made once, since it is always the same."""
    if scenario.name not in _DONE:
        _DONE[scenario.name] = replay(scenario, types(), examples())
    return _DONE[scenario.name]


def all_unread(done: Replayed) -> Iterator[tuple[str, Unread]]:
    """Everything that was not read: where ("AWS::EC2::VPC/owner_id"; a listing by its type alone), and why."""
    for item, _ in done.read:
        for pointer, why in item.unread.items():
            yield f"{item.type}/{pointer.split('/')[1]}", why
    for row in (row for snapshot in done.snapshots for row in snapshot.collections):
        if row.unread is not None:
            yield row.type, row.unread


@pytest.mark.parametrize("scenario", each())
def test_a_recorded_account_is_read_to_the_last_property(scenario: Scenario) -> None:
    done = replayed(scenario)
    recorded = {(recording.prefix, recording.operation) for recording in done.given}
    garbled, lacking = set(), set()
    for where, why in all_unread(done):
        if why.reason in ("malformed_response", "missing_attribute"):
            garbled.add((why.reason, why.operation, where))
        if str(why.detail).startswith(NOT_RECORDED):
            lacking.add(why.operation)

    assert {f"{item.id}: {name}" for item, names in done.read for name in names - said_of(item)} == set()
    assert {row.type for snapshot in done.snapshots for row in snapshot.collections} == done.wanted.keys()
    assert garbled - EXPLAINED.keys() == set()
    assert {operation for operation in lacking if named(operation) in recorded} == set()


@pytest.mark.skipif(not concerned(), reason=f"the recordings are not there: {RECORDED}")
def test_nearly_everything_that_was_recorded_reaches_a_reader() -> None:
    replays = [replayed(scenario) for scenario in concerned()]
    given = {id(recording) for done in replays for recording in done.given}
    left = [(recording.prefix, recording.operation) for done in replays for recording in done.left]

    assert len(given) > 20 * len(left), left


@pytest.mark.parametrize("scenario", each("sts.GetCallerIdentity", "ec2.DescribeRegions"))
def test_recorded_accounts_and_regions_are_discovered(scenario: Scenario) -> None:
    adapter = Aws(Recorded(scenario, discovers=True))
    limiter = Limiter(lambda seconds: None, threading.Event())
    known = directory(adapter, limiter)
    (account,) = known.accounts
    found = entered(adapter, account, limiter)

    assert re.fullmatch(r"[0-9]{12}", account)
    assert account == known.identity["account"]
    assert {scope.account for scope in found.scopes} == {account}
    assert found.failures.keys() <= {"ec2:DescribeRegions"}
