"""Queues, topics and functions, built to pass and to fail."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import boto3

from tests.collectors.gaps import misled, paged
from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws_wire import AwsWire

ACCOUNT = "123456789012"
PARTNER = {"AWS": "arn:aws:iam::111122223333:root"}


def policy(principal: Any, action: str, resource: str, **more: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def queue(name: str, **attributes: str) -> str:
    boto3.client("sqs").create_queue(QueueName=name, Attributes=attributes)
    return f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"


def redrive(target: str) -> str:
    return json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": 5})


def test_queues_open_to_everyone_fail(aws_env: AwsWire) -> None:
    queue("none")
    queue("partner", Policy=policy(PARTNER, "sqs:SendMessage", "*"))
    queue("public", Policy=policy("*", "sqs:SendMessage", "*"))
    source = {"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:topic"}}
    queue("fed", Policy=policy("*", "sqs:SendMessage", "*", Condition=source))
    _, findings = scan(("aws.sqs.queue_policy_not_public",))
    assert {name: verdict for (_, name), verdict in verdicts(findings).items()} == {
        "none": "pass",
        "partner": "pass",
        "public": "fail",
        "fed": "pass",
    }


def test_dead_letters_need_a_queue_and_an_alarm_on_it(aws_env: AwsWire) -> None:
    watched, unwatched = queue("watched-dead"), queue("unwatched-dead")
    queue("orders", RedrivePolicy=redrive(watched))
    queue("mails", RedrivePolicy=redrive(unwatched))
    queue("loose")
    boto3.client("cloudwatch").put_metric_alarm(
        AlarmName="dead letters",
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": "watched-dead"}],
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Period=60,
        Threshold=0,
        Statistic="Maximum",
        AlarmActions=[f"arn:aws:sns:us-east-1:{ACCOUNT}:ops"],
    )
    checks = ("aws.sqs.dead_letter_queue", "aws.sqs.dlq_alarm")
    _, findings = scan(checks)
    found = verdicts(findings)
    names = ("orders", "mails", "loose", "watched-dead", "unwatched-dead")
    assert {name: tuple(found[check, name] for check in checks) for name in names} == {
        "orders": ("pass", "not_applicable"),
        "mails": ("pass", "not_applicable"),
        "loose": ("fail", "not_applicable"),
        "watched-dead": ("not_applicable", "pass"),
        "unwatched-dead": ("not_applicable", "fail"),
    }


def test_one_unread_queue_leaves_open_who_sends_dead_letters_where(aws_env: AwsWire) -> None:
    queue("seen")
    queue("unseen")
    aws_env.faults.add("denied", "sqs:GetQueueAttributes", where=lambda exchange: b"unseen" in exchange.request.body)
    _, findings = scan(("aws.sqs.dead_letter_queue",))
    # The unread queue may send its dead letters to the one that was read.
    assert {finding.verdict for finding in findings} == {"unknown"}


def test_topics_open_to_everyone_fail(aws_env: AwsWire) -> None:
    sns = boto3.client("sns")
    sns.create_topic(Name="default")
    public = sns.create_topic(Name="public")["TopicArn"]
    sns.set_topic_attributes(
        TopicArn=public, AttributeName="Policy", AttributeValue=policy({"AWS": "*"}, "sns:Publish", public)
    )
    _, findings = scan(("aws.sns.topic_policy_not_public",))
    assert {name: verdict for (_, name), verdict in verdicts(findings).items()} == {
        "default": "pass",
        "public": "fail",
    }


def test_queues_without_any_key_fail(aws_env: AwsWire) -> None:
    queue("default")
    queue("key", KmsMasterKeyId="alias/aws/sqs", SqsManagedSseEnabled="false")
    queue("clear", SqsManagedSseEnabled="false")
    _, findings = scan(("aws.sqs.queue_encrypted",))
    assert {name: verdict for (_, name), verdict in verdicts(findings).items()} == {
        "default": "pass",
        "key": "pass",
        "clear": "fail",
    }


def test_topics_without_a_key_fail(aws_env: AwsWire) -> None:
    sns = boto3.client("sns")
    sns.create_topic(Name="clear")
    sns.create_topic(Name="key", Attributes={"KmsMasterKeyId": "alias/aws/sns"})
    taken = sns.create_topic(Name="taken-off", Attributes={"KmsMasterKeyId": "alias/aws/sns"})["TopicArn"]
    sns.set_topic_attributes(TopicArn=taken, AttributeName="KmsMasterKeyId", AttributeValue="")
    _, findings = scan(("aws.sns.topic_encrypted",))
    assert {name: verdict for (_, name), verdict in verdicts(findings).items()} == {
        "clear": "fail",
        "key": "pass",
        "taken-off": "fail",
    }


def test_encryption_that_cannot_be_read_is_unknown(aws_env: AwsWire) -> None:
    queue("clear", SqsManagedSseEnabled="false")
    boto3.client("sns").create_topic(Name="key", Attributes={"KmsMasterKeyId": "alias/aws/sns"})
    # An object without QueueUrls is how SQS says that there are no queues.
    feeding = {
        "aws.sqs.queue_encrypted": ("sqs:GetQueueAttributes",),
        "aws.sns.topic_encrypted": ("sns:ListTopics", "sns:GetTopicAttributes"),
    }
    assert misled(aws_env, feeding) == []
    assert misled(aws_env, {"aws.sqs.queue_encrypted": ("sqs:ListQueues",)}, ("denied", "server_error")) == []


def test_a_garbled_or_missing_switch_of_a_queue_is_unknown(aws_env: AwsWire) -> None:
    queue("garbled", SqsManagedSseEnabled="false")
    queue("missing", SqsManagedSseEnabled="false")

    def garble(body: bytes) -> bytes:
        if b":missing" in body:
            return body.replace(b'"SqsManagedSseEnabled"', b'"Other"')
        return body.replace(b'"false"', b'"maybe"')

    aws_env.overrides.rewrite("sqs:GetQueueAttributes", garble)
    _, findings = scan(("aws.sqs.queue_encrypted",))
    assert {(finding.subject.name, finding.verdict, finding.reason) for finding in findings} == {
        ("garbled", "unknown", "malformed_response"),
        ("missing", "unknown", "missing_attribute"),
    }


def test_pages_of_one_give_the_same(aws_env: AwsWire) -> None:
    for name in ("one", "two"):
        queue(name)
        boto3.client("sns").create_topic(Name=name)
    assert paged(aws_env, "aws.sqs.queue_encrypted", "aws.sns.topic_encrypted") == []


def function(name: str, **variables: str) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("handler.py", "def handle(event, context): pass")
    role = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    trust = policy({"Service": "lambda.amazonaws.com"}, "sts:AssumeRole", "*")
    boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    boto3.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role,
        Handler="handler.handle",
        Code={"ZipFile": archive.getvalue()},
        Environment={"Variables": variables},
        Publish=True,
    )


def _with_account_arns(body: bytes) -> bytes:
    """Lambda turns an account into its root's ARN; moto keeps the bare number, which is no principal of a policy."""
    answer = json.loads(body)
    document = json.loads(answer["Policy"])
    for statement in document["Statement"]:
        if statement["Principal"] == "111122223333":
            statement["Principal"] = PARTNER
    return json.dumps({**answer, "Policy": json.dumps(document)}).encode()


def test_functions_that_everyone_may_invoke_fail(aws_env: AwsWire) -> None:
    client = boto3.client("lambda")
    for name in ("private", "partner", "public"):
        function(name)
    permission = {"StatementId": "invoke", "Action": "lambda:InvokeFunction"}
    client.add_permission(FunctionName="partner", Principal="111122223333", **permission)
    client.add_permission(FunctionName="public", Principal="*", **permission)
    aws_env.overrides.rewrite("lambda:GetPolicy", _with_account_arns)
    _, findings = scan(("aws.lambda.policy_not_public",))
    assert {name: verdict for (_, name), verdict in verdicts(findings).items()} == {
        "private": "pass",
        "partner": "pass",
        "public": "fail",
    }


def test_a_public_alias_fails_its_function(aws_env: AwsWire) -> None:
    function("f")
    boto3.client("lambda").create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    document = policy("*", "lambda:InvokeFunction", "*")

    def answer(request: Any) -> dict[str, Any]:
        return {
            "Policy": document if "Qualifier=live" in request.target else policy(PARTNER, "lambda:InvokeFunction", "*")
        }

    aws_env.overrides.answer("lambda:GetPolicy", answer)
    _, findings = scan(("aws.lambda.policy_not_public",))
    assert [finding.verdict for finding in findings] == ["fail"]


PLANTED = "hunter2-planted-value"


def test_credentials_in_an_environment_fail_and_are_not_kept(aws_env: AwsWire) -> None:
    function("clean", STAGE="prod", SECRET_ARN="arn:aws:secretsmanager:us-east-1:123456789012:secret:x")
    function("leaky", DB_PASSWORD=PLANTED)
    snapshot, findings = scan(("aws.lambda.no_secrets_in_environment",))
    assert {name: verdict for (_, name), verdict in verdicts(findings).items()} == {"clean": "pass", "leaky": "fail"}
    assert PLANTED not in repr(snapshot)
    assert PLANTED not in repr(findings)


def test_an_environment_that_cannot_be_decrypted_is_unknown(aws_env: AwsWire) -> None:
    row = {
        "FunctionName": "f",
        "FunctionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f:$LATEST",
        "Version": "$LATEST",
        "Environment": {"Error": {"ErrorCode": "AccessDeniedException", "Message": "kms"}},
    }
    aws_env.overrides.answer("lambda:ListFunctions", {"Functions": [row]})
    _, findings = scan(("aws.lambda.no_secrets_in_environment",))
    assert [(finding.verdict, finding.reason) for finding in findings] == [("unknown", "access_denied")]
    assert findings[0].causes[0].unread.permission == "kms:Decrypt"


def test_every_version_of_a_function_comes_with_one_listing(aws_env: AwsWire) -> None:
    function("f")
    snapshot = read({"AWS::Lambda::Function": ["published_versions"]})
    assert [item.properties["published_versions"] for item in snapshot.resources] == [["1"]]
    assert aws_env.traffic.calls["lambda:ListFunctions"] == 1
