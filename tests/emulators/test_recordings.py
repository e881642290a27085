"""The player of recordings, on recordings made here: which answer a request gets, and what JSON could not hold."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import botocore.session
import pytest
from botocore.exceptions import ClientError

from engine.collection.limiter import Limiter
from engine.model import Scope, Unread
from providers.aws.adapter import Aws
from providers.aws.caller import Caller
from providers.base import Tally
from tests.collectors.scan import types
from tests.emulators.recordings import Recorded, Scenario, readers, replay, scenarios

pytestmark = pytest.mark.usefixtures("nobody")

ACCOUNT = "444455556666"
WHEN = {"__class__": "datetime", "year": 2020, "month": 2, "day": 3, "hour": 4, "minute": 5, "second": 6}
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key"


def scenario(folder: Path, **answers: Any) -> Scenario:
    """A scenario of answers by file name ("kms_ListKeys_1"); one with an Error is an error answer."""
    home = folder / "scenario"
    home.mkdir(exist_ok=True)
    for name, data in answers.items():
        prefix, operation, number = name.rsplit("_", 2)
        status = 404 if "Error" in data else 200
        file = home / f"{prefix.replace('_', '-')}.{operation}_{number}.json"
        file.write_text(json.dumps({"status_code": status, "data": data}))
    (found,) = scenarios(folder)
    return found


def caller(recorded: Scenario) -> Caller:
    limiter = Limiter(lambda seconds: None, threading.Event())
    return Aws(Recorded(recorded)).caller(Scope("aws", ACCOUNT, "eu-west-1"), limiter, Tally())


def key(name: str, **more: Any) -> dict[str, Any]:
    return {"KeyMetadata": {"KeyId": name, "Arn": f"{KEY}/{name}", **more}}


def test_account_and_region_are_those_that_most_arns_name(tmp_path: Path) -> None:
    mine = [f"arn:aws-us-gov:sns:us-gov-west-1:{ACCOUNT}:{name}" for name in "ab"]
    topics = {"Topics": [{"TopicArn": arn} for arn in (*mine, "arn:aws:sns:us-east-1:111122223333:c")]}
    found = scenario(tmp_path, sns_ListTopics_1=topics)

    assert (found.partition, found.region, found.account) == ("aws-us-gov", "us-gov-west-1", ACCOUNT)


def test_no_folder_holds_no_scenario(tmp_path: Path) -> None:
    assert scenarios(tmp_path / "elsewhere") == ()


def test_answers_come_in_the_recordings_order_and_then_again(tmp_path: Path) -> None:
    answers = {f"iam_GetAccountSummary_{number}": {"SummaryMap": {"Users": number}} for number in (1, 2, 10)}
    ask = caller(scenario(tmp_path, **answers))

    got = [ask.call("iam", "get_account_summary")["SummaryMap"]["Users"] for _ in range(5)]
    assert got == [1, 2, 10, 1, 2]


def test_an_answer_about_one_is_for_nobody_else(tmp_path: Path) -> None:
    gone = {"Error": {"Code": "NotFoundException", "Message": "no such key"}}
    ask = caller(scenario(tmp_path, kms_DescribeKey_1=key("a"), kms_DescribeKey_2=key("b"), kms_DescribeKey_3=gone))

    got = [ask.call("kms", "describe_key", KeyId=f"{KEY}/{name}")["KeyMetadata"]["KeyId"] for name in "bab"]
    assert got == ["b", "a", "b"]
    with pytest.raises(ClientError, match="no such key"):
        ask.call("kms", "describe_key", KeyId=f"{KEY}/c")


def test_pages_follow_their_tokens_and_a_listing_starts_with_its_first(tmp_path: Path) -> None:
    def page(name: str, **more: Any) -> dict[str, Any]:
        return {"Keys": [{"KeyId": name, "KeyArn": f"{KEY}/{name}"}], **more}

    first, second = page("a", Truncated=True, NextMarker="more"), page("b", Truncated=False)
    ask = caller(scenario(tmp_path, kms_ListKeys_1=first, kms_ListKeys_2=second, kms_ListKeys_3=page("c")))

    got = [[item["KeyId"] for item in ask.pages("kms", "list_keys", "Keys")] for _ in range(3)]
    assert got == [["a", "b"], ["c"], ["a", "b"]]


@pytest.mark.parametrize(
    ("answers", "code"),
    [({}, "NotRecorded"), ({"kms_ListKeys_1": {"Keys": [], "Truncated": True, "NextMarker": "x"}}, "PageNotRecorded")],
)
def test_what_was_not_recorded_fails_by_name(tmp_path: Path, answers: Any, code: str) -> None:
    ask = caller(scenario(tmp_path, sns_ListTopics_1={"Topics": []}, **answers))

    with pytest.raises(ClientError, match=code):
        list(ask.pages("kms", "list_keys", "Keys"))


def classic_model() -> Any:
    return botocore.session.Session().get_service_model("elb").operation_model("DescribeLoadBalancers")


def test_an_answer_of_another_api_behind_the_same_prefix_is_not_taken(tmp_path: Path) -> None:
    classic = {"LoadBalancerDescriptions": [{"LoadBalancerName": "old"}], "NextMarker": "more", "ResponseMetadata": {}}
    recorded = scenario(tmp_path, elasticloadbalancing_DescribeLoadBalancers_1=classic)

    assert recorded.answers("elasticloadbalancing", classic_model()) == list(recorded.recordings)
    assert not [reader for reader in readers(recorded) if "elbv2:DescribeLoadBalancers" in reader.operations]
    with pytest.raises(ClientError, match="NotRecorded"):
        caller(recorded).call("elbv2", "describe_load_balancers")


def test_an_answer_about_another_attribute_is_not_taken(tmp_path: Path) -> None:
    answers = [{"InstanceId": "i-1", "DisableApiStop": {"Value": True}}, {"InstanceId": "i-1", "UserData": {}}]
    named = {f"ec2_DescribeInstanceAttribute_{number}": answer for number, answer in enumerate(answers, 1)}
    ask = caller(scenario(tmp_path, **named))

    def asked(attribute: str) -> dict[str, Any]:
        return ask.call("ec2", "describe_instance_attribute", InstanceId="i-1", Attribute=attribute)

    assert [asked(name) for name in ("userData", "disableApiStop", "userData")] == [answers[1], answers[0], answers[1]]
    with pytest.raises(ClientError, match="NotRecorded"):
        asked("ebsOptimized")


def test_times_bytes_and_documents_are_made_again(tmp_path: Path) -> None:
    policy = {"Version": "2012-10-17", "Statement": [{"Resource": "arn:aws:s3:::100%25/*"}]}
    role = {"RoleName": "app", "CreateDate": {**WHEN, "microsecond": 7}, "AssumeRolePolicyDocument": policy}
    roles = {"RoleDetailList": [role]}
    report = {"Content": "user,arn\n", "GeneratedTime": "2020-02-03T04:05:06+00:00"}
    ask = caller(scenario(tmp_path, iam_GetAccountAuthorizationDetails_1=roles, iam_GetCredentialReport_1=report))

    assert ask.call("iam", "get_account_authorization_details")["RoleDetailList"][0] == {
        "RoleName": "app",
        "CreateDate": datetime(2020, 2, 3, 4, 5, 6, 7, tzinfo=UTC),
        # As AWS sends it: the adapter leaves the text to the reader.
        "AssumeRolePolicyDocument": quote(json.dumps(policy)),
    }
    assert ask.call("iam", "get_credential_report") == {
        "Content": b"user,arn\n",
        "GeneratedTime": datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC),
    }


def test_a_scenario_is_read_by_whoever_reads_its_operations(tmp_path: Path) -> None:
    keys = {"Keys": [{"KeyId": name, "KeyArn": f"{KEY}/{name}"} for name in "ab"], "Truncated": False}
    whole = {"KeyManager": "CUSTOMER", "KeyState": "Enabled", "KeySpec": "SYMMETRIC_DEFAULT", "Origin": "AWS_KMS"}
    found = scenario(tmp_path, kms_ListKeys_1=keys, kms_DescribeKey_1=key("a", **whole))
    done = replay(found, types(), {})

    (snapshot,) = done.snapshots
    assert [(item.name, item.region, item.properties.get("key_state")) for item in snapshot.resources] == [
        ("a", "eu-west-1", "Enabled"),
        ("b", "eu-west-1", "Enabled"),
    ]
    assert (done.stand_ins, done.left) == ((), ())
    assert done.wanted["AWS::KMS::Key"] == {
        *("key_manager", "key_state", "key_spec", "origin", "multi_region_key_type", "deletion_date")
    }


def test_what_no_listing_holds_is_read_of_stand_ins(tmp_path: Path) -> None:
    status = {"KeyRotationEnabled": True}
    found = scenario(tmp_path, kms_GetKeyRotationStatus_1=status, kms_GetKeyRotationStatus_2={})
    rotates = {"key_manager": "CUSTOMER", "key_spec": "SYMMETRIC_DEFAULT", "origin": "AWS_KMS", "key_state": "Enabled"}
    done = replay(found, types(), {"AWS::KMS::Key": [{**rotates, "multi_region_key_type": None}]})

    assert [(row.type, row.unread.detail) for row in done.snapshots[0].collections if row.unread] == [
        ("AWS::KMS::Key", "NotRecorded")
    ]
    assert [(item.properties.get("rotation_enabled"), dict(item.unread)) for item, _ in done.stand_ins] == [
        (True, {}),
        (None, {"/rotation_enabled": Unread("missing_attribute", "kms:GetKeyRotationStatus")}),
    ]
    assert [names for _, names in done.stand_ins] == [{"rotation_enabled"}] * 2


def test_a_stand_in_that_is_gone_says_nothing(tmp_path: Path) -> None:
    gone = {"Error": {"Code": "NoSuchBucket", "Message": "The specified bucket does not exist"}}
    done = replay(scenario(tmp_path, s3_GetBucketPolicy_1=gone), types(), {})

    assert (done.stand_ins, done.left) == ((), ())


def test_rounds_go_on_until_every_recorded_listing_was_given(tmp_path: Path) -> None:
    topics = [{"Topics": [{"TopicArn": f"arn:aws:sns:eu-west-1:{ACCOUNT}:{name}"}]} for name in "ab"]
    done = replay(scenario(tmp_path, sns_ListTopics_1=topics[0], sns_ListTopics_2=topics[1]), types(), {})

    assert [[item.name for item in snapshot.resources] for snapshot in done.snapshots] == [["a"], ["b"]]


def test_a_whole_document_of_authorization_details_is_a_scenario(tmp_path: Path) -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    inline = [{"PolicyName": "all", "PolicyDocument": document}]
    user = f"arn:aws:iam::{ACCOUNT}:user/ana"
    common = {"Path": "/", "CreateDate": "2019-12-18 19:10:08+00:00", "AttachedManagedPolicies": []}
    details = {
        "UserDetailList": [{**common, "UserName": "ana", "Arn": user, "GroupList": ["g"], "UserPolicyList": inline}],
        "GroupDetailList": [],
        "RoleDetailList": [],
        "Policies": [],
    }
    (tmp_path / "example.json").write_text(json.dumps(details))
    (tmp_path / "other.json").write_text(json.dumps({"iam": "not one"}))
    (found,) = scenarios(tmp_path)
    done = replay(found, types(), {})

    resources = {item.type: item for item, _ in done.read}
    assert (found.name, found.account) == ("example", ACCOUNT)
    assert resources["AWS::IAM::Policy"].properties["document"] == document
    assert resources["AWS::IAM::User"].properties == {
        "path": "/",
        "created_at": "2019-12-18T19:10:08Z",
        "attached_policies": [],
        "inline_policies": ["all"],
        "groups": ["g"],
    }


def test_an_error_is_played_as_one(tmp_path: Path) -> None:
    none = {"Error": {"Code": "NoSuchEntity", "Message": "The Password Policy cannot be found."}}
    done = replay(scenario(tmp_path, iam_GetAccountPasswordPolicy_1=none), types(), {})

    (account,) = [item for item, _ in done.read if item.type == "AWS::Account"]
    assert account.properties == {"partition": "aws", "password_policy": None}
