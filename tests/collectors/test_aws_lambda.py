"""Functions and what feeds them, built to pass and to fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
import pytest

from tests.collectors.gaps import misled, paged
from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws.lambda_ import archive, url
from tests.emulators.aws_services import policy
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document
from tests.emulators.identify import Request
from tests.emulators.moto_process import ACCOUNT

URLS = "aws.lambda.url_requires_auth"
RUNTIME = "aws.lambda.runtime_supported"
ASYNC = "aws.lambda.async_failure_destination"
CONCURRENCY = "aws.lambda.concurrency_managed"
KEPT = "aws.lambda.stream_failure_handling"
BOUNDED = "aws.lambda.stream_retries_bounded"

QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:failed"


def arn(name: str, qualifier: str = "") -> str:
    return f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}" + (f":{qualifier}" if qualifier else "")


@pytest.fixture
def functions(aws_env: AwsWire) -> Any:
    trust = policy("sts:AssumeRole", "*", Principal={"Service": "lambda.amazonaws.com"})
    boto3.client("iam").create_role(RoleName="app", AssumeRolePolicyDocument=trust)
    return boto3.client("lambda")


def create(client: Any, *names: str, **more: Any) -> None:
    for name in names:
        client.create_function(
            FunctionName=name,
            Role=f"arn:aws:iam::{ACCOUNT}:role/app",
            **{"Runtime": "python3.13", "Handler": "handler.handle", "Code": {"ZipFile": archive()}, **more},
        )


def of(check: str, findings: Any) -> dict[str, str]:
    return {name: verdict for (id_, name), verdict in verdicts(findings).items() if id_ == check}


# --- URLs ------------------------------------------------------------------------------------------------------------


def urls(wire: AwsWire, found: Mapping[str, list[dict[str, Any]]]) -> None:
    def answer(request: Request) -> dict[str, Any]:
        name = request.path.split("/functions/")[1].split("/")[0]
        return {"FunctionUrlConfigs": found.get(name, [])}

    wire.overrides.answer("lambda:ListFunctionUrlConfigs", answer)


def test_urls_without_authentication_fail_on_aliases_too(aws_env: AwsWire, functions: Any) -> None:
    create(functions, "signed", "open", "alias-open", "none", "odd")
    region = "us-east-1"
    urls(
        aws_env,
        {
            "signed": [url("signed", "AWS_IAM", region=region)],
            "open": [url("open", "NONE", region=region)],
            "alias-open": [
                url("alias-open", "AWS_IAM", region=region),
                url("alias-open", "NONE", "live", region=region),
            ],
            "odd": [url("odd", "SOMETHING", region=region)],
        },
    )
    _, findings = scan((URLS,))
    assert of(URLS, findings) == {
        "signed": "pass",
        "open": "fail",
        "alias-open": "fail",
        "none": "not_applicable",
        "odd": "fail",
    }
    [message] = [finding.message for finding in findings if finding.subject.name == "alias-open"]
    assert message == "Function alias-open has URLs without IAM authentication: of alias live."


def test_urls_of_another_function_are_no_answer(aws_env: AwsWire, functions: Any) -> None:
    create(functions, "f")
    urls(aws_env, {"f": [url("f-two", "AWS_IAM", region="us-east-1")]})
    _, findings = scan((URLS,))
    assert [(finding.verdict, finding.reason) for finding in findings] == [("unknown", "malformed_response")]


# --- runtimes --------------------------------------------------------------------------------------------------------


def test_deprecated_runtimes_fail_and_unheard_ones_are_unknown(aws_env: AwsWire, functions: Any) -> None:
    create(functions, "current")
    create(functions, "old", Runtime="python3.7")
    create(functions, "unheard", Runtime="nodejs22.x")
    create(functions, "image", PackageType="Image", Code={"ImageUri": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/f:1"})

    def edit(document: Document) -> None:
        for row in document.items("Functions"):
            if row["FunctionName"] == "unheard":
                row["Runtime"] = "python9.9"
            if row["FunctionName"] == "image":
                row.pop("Runtime", None)

    aws_env.overrides.edit("lambda:ListFunctions", edit)
    _, findings = scan((RUNTIME,))
    assert of(RUNTIME, findings) == {"current": "pass", "old": "fail", "unheard": "unknown", "image": "not_applicable"}


def test_the_day_of_its_deprecation_a_runtime_is_not_supported_any_more(aws_env: AwsWire, functions: Any) -> None:
    create(functions, "f", Runtime="nodejs22.x")
    said = {now: of(RUNTIME, scan((RUNTIME,), now=now)[1]) for now in ("2027-04-29T23:59:59Z", "2027-04-30T00:00:00Z")}
    assert said == {"2027-04-29T23:59:59Z": {"f": "pass"}, "2027-04-30T00:00:00Z": {"f": "fail"}}


def test_an_old_version_fails_only_where_an_alias_runs_it(aws_env: AwsWire, functions: Any) -> None:
    create(functions, "aliased", "shifted", "left", Runtime="python3.7", Publish=True)
    for name in ("aliased", "shifted", "left"):
        functions.update_function_configuration(FunctionName=name, Runtime="python3.13")
        functions.publish_version(FunctionName=name)
    functions.create_alias(FunctionName="aliased", Name="live", FunctionVersion="1")
    functions.create_alias(
        FunctionName="shifted",
        Name="live",
        FunctionVersion="2",
        RoutingConfig={"AdditionalVersionWeights": {"1": 0.1}},
    )
    _, findings = scan((RUNTIME,))
    assert of(RUNTIME, findings) == {"aliased": "fail", "shifted": "fail", "left": "pass"}


# --- asynchronous invocation -----------------------------------------------------------------------------------------


def invoked(wire: AwsWire, services: Mapping[str, Mapping[str, str]]) -> None:
    """Let services invoke functions: function -> qualifier -> service. moto gives every qualifier the same policy."""

    def answer(request: Request) -> dict[str, Any]:
        name = request.path.split("/functions/")[1].split("/")[0]
        qualifier = request.query.get("Qualifier", "")
        service = services.get(name, {}).get(qualifier)
        statement = policy("lambda:InvokeFunction", arn(name, qualifier), Principal={"Service": service or "none"})
        return {"Policy": statement if service else '{"Version": "2012-10-17", "Statement": []}', "RevisionId": "1"}

    wire.overrides.answer("lambda:GetPolicy", answer)


def handled(wire: AwsWire, destinations: Mapping[str, Mapping[str, str | None]]) -> None:
    """Set what takes failed events: function -> qualifier ($LATEST for the function itself) -> destination."""

    def answer(request: Request) -> dict[str, Any]:
        name = request.path.split("/functions/")[1].split("/")[0]
        configs = [
            {
                "FunctionArn": arn(name, qualifier),
                "DestinationConfig": {"OnFailure": {"Destination": target} if target else {}, "OnSuccess": {}},
            }
            for qualifier, target in destinations.get(name, {}).items()
        ]
        return {"FunctionEventInvokeConfigs": configs}

    wire.overrides.answer("lambda:ListFunctionEventInvokeConfigs", answer)


def test_events_that_fail_are_kept_by_what_is_invoked_or_by_the_version_that_runs(
    aws_env: AwsWire, functions: Any
) -> None:
    names = ("lost", "kept", "no-destination", "synchronous", "alias-lost", "alias-kept", "alias-queue")
    create(functions, *names, "queue", Publish=True)
    for name in names:
        functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    invoked(
        aws_env,
        {
            "lost": {"": "s3.amazonaws.com"},
            "kept": {"": "sns.amazonaws.com"},
            "no-destination": {"": "events.amazonaws.com"},
            "queue": {"": "logs.us-east-1.amazonaws.com"},
            "synchronous": {"": "apigateway.amazonaws.com"},
            "alias-lost": {"live": "s3.amazonaws.com"},
            "alias-kept": {"live": "s3.amazonaws.com"},
            "alias-queue": {"live": "s3.amazonaws.com"},
        },
    )
    handled(
        aws_env,
        {
            "kept": {"$LATEST": QUEUE},
            "no-destination": {"$LATEST": None},
            "alias-lost": {"$LATEST": QUEUE, "1": QUEUE},
            "alias-kept": {"live": QUEUE},
        },
    )

    def edit(document: Document) -> None:
        # moto tells of no dead-letter queue.
        for row in document.items("Functions"):
            if (row["FunctionName"], row["Version"]) in {("queue", "$LATEST"), ("alias-queue", "1")}:
                row["DeadLetterConfig"] = {"TargetArn": QUEUE}

    aws_env.overrides.edit("lambda:ListFunctions", edit)
    _, findings = scan((ASYNC,))
    assert of(ASYNC, findings) == {
        "lost": "fail",
        "kept": "pass",
        "no-destination": "fail",
        "queue": "pass",
        "synchronous": "not_applicable",
        "alias-lost": "fail",
        "alias-kept": "pass",
        "alias-queue": "pass",
    }


def test_a_rule_that_targets_a_function_invokes_it_whatever_the_policy_says(aws_env: AwsWire, functions: Any) -> None:
    create(functions, "targeted", "other")
    events = boto3.client("events")
    events.put_rule(Name="r", EventPattern='{"source": ["aws.s3"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn("targeted")}])
    _, findings = scan((ASYNC,))
    assert of(ASYNC, findings) == {"targeted": "fail", "other": "not_applicable"}


def test_a_function_that_polls_a_queue_is_judged_by_the_queue(aws_env: AwsWire, functions: Any) -> None:
    create(functions, "worker")
    queues = boto3.client("sqs")
    for name in ("jobs", "jobs-dead"):
        queues.create_queue(QueueName=name)
    redrive = f'{{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:{ACCOUNT}:jobs-dead", "maxReceiveCount": 3}}'
    queues.set_queue_attributes(
        QueueUrl=queues.get_queue_url(QueueName="jobs")["QueueUrl"], Attributes={"RedrivePolicy": redrive}
    )
    functions.create_event_source_mapping(FunctionName="worker", EventSourceArn=f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs")
    _, findings = scan((ASYNC, KEPT, BOUNDED, "aws.sqs.dead_letter_queue"))
    assert sorted((finding.check.id, finding.verdict) for finding in findings) == [
        (ASYNC, "not_applicable"),
        (KEPT, "not_applicable"),
        (BOUNDED, "not_applicable"),
        ("aws.sqs.dead_letter_queue", "not_applicable"),
        ("aws.sqs.dead_letter_queue", "pass"),
    ]


# --- streams ---------------------------------------------------------------------------------------------------------


def mappings(client: Any) -> dict[str, str]:
    """Consumers by their ids."""
    create(client, "consumer")
    kinesis, failed = boto3.client("kinesis"), {"OnFailure": {"Destination": QUEUE}}
    built = {
        "safe": {"DestinationConfig": failed, "MaximumRetryAttempts": 3},
        "by-age": {"DestinationConfig": failed, "MaximumRecordAgeInSeconds": 3600},
        "endless": {"DestinationConfig": failed},
        "dropping": {"MaximumRetryAttempts": 0},
    }
    names = {}
    for name, settings in built.items():
        kinesis.create_stream(StreamName=name, ShardCount=1)
        mapping = client.create_event_source_mapping(
            FunctionName="consumer",
            EventSourceArn=f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/{name}",
            StartingPosition="LATEST",
            **settings,
        )
        names[mapping["UUID"]] = name
    return names


def test_consumers_of_streams_need_a_bound_and_a_destination(aws_env: AwsWire, functions: Any) -> None:
    names = mappings(functions)

    def edit(document: Document) -> None:
        for mapping in document.items("EventSourceMappings"):
            if names[mapping["UUID"]] == "by-age":
                mapping["MaximumRecordAgeInSeconds"] = 3600

    aws_env.overrides.edit("lambda:ListEventSourceMappings", edit)
    _, findings = scan((KEPT, BOUNDED))
    found = {(check, names[name]): verdict for (check, name), verdict in verdicts(findings).items()}
    assert {name: (found[KEPT, name], found[BOUNDED, name]) for name in names.values()} == {
        "safe": ("pass", "pass"),
        "by-age": ("pass", "pass"),
        "endless": ("pass", "fail"),
        "dropping": ("fail", "pass"),
    }


def test_a_bound_that_is_not_told_is_unknown(aws_env: AwsWire, functions: Any) -> None:
    mappings(functions)
    for name in ("MaximumRetryAttempts", "MaximumRecordAgeInSeconds"):
        aws_env.overrides.without("lambda:ListEventSourceMappings", f"EventSourceMappings.{name}")
    _, findings = scan((BOUNDED,))
    assert {(finding.verdict, finding.reason) for finding in findings} == {("unknown", "missing_attribute")}


# --- concurrency -----------------------------------------------------------------------------------------------------


def test_critical_functions_need_a_reservation(aws_env: AwsWire, functions: Any) -> None:
    create(functions, "reserved", "shared", "off", Tags={"criticality": "high"})
    create(functions, "ordinary", Tags={"criticality": "low"})
    create(functions, "untagged")
    for name, number in {"reserved": 10, "off": 0}.items():
        functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=number)
    _, findings = scan((CONCURRENCY,))
    assert of(CONCURRENCY, findings) == {
        "reserved": "pass",
        "shared": "fail",
        "off": "fail",
        "ordinary": "not_applicable",
        "untagged": "not_applicable",
    }


# --- gaps ------------------------------------------------------------------------------------------------------------


def test_what_cannot_be_read_is_unknown(aws_env: AwsWire, functions: Any) -> None:
    create(functions, "f", "g", Publish=True, Tags={"criticality": "high"})
    invoked(aws_env, {"g": {"": "s3.amazonaws.com"}})
    functions.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=5)
    urls(aws_env, {"f": [url("f", "AWS_IAM", region="us-east-1")]})
    handled(aws_env, {"f": {"$LATEST": QUEUE}})
    boto3.client("events").put_rule(Name="r", EventPattern='{"source": ["aws.s3"]}')
    boto3.client("events").put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn("f")}])
    boto3.client("kinesis").create_stream(StreamName="s", ShardCount=1)
    functions.create_event_source_mapping(
        FunctionName="f",
        EventSourceArn=f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/s",
        StartingPosition="LATEST",
        DestinationConfig={"OnFailure": {"Destination": QUEUE}},
        MaximumRetryAttempts=1,
    )
    listed, events = "lambda:ListFunctions", ("events:ListEventBuses", "events:ListRules", "events:ListTargetsByRule")
    told = (listed, "lambda:ListAliases", "lambda:GetPolicy", "lambda:ListFunctionEventInvokeConfigs", *events)
    feeding = {
        URLS: (listed, "lambda:ListFunctionUrlConfigs"),
        RUNTIME: (listed, "lambda:ListAliases"),
        ASYNC: told,
        CONCURRENCY: (listed, "lambda:ListTags"),
        KEPT: ("lambda:ListEventSourceMappings",),
        BOUNDED: ("lambda:ListEventSourceMappings",),
    }
    assert misled(aws_env, feeding) == []
    # An empty object is how Lambda says that nothing is reserved.
    assert misled(aws_env, {CONCURRENCY: ("lambda:GetFunctionConcurrency",)}, ("denied", "server_error")) == []


def test_pages_of_one_give_the_same(aws_env: AwsWire, functions: Any) -> None:
    create(functions, "f", "g", Publish=True, Tags={"criticality": "high"})
    for alias in ("blue", "green"):
        functions.create_alias(FunctionName="f", Name=alias, FunctionVersion="1")
    both = [url("f", "AWS_IAM", region="us-east-1"), url("f", "NONE", "blue", region="us-east-1")]
    urls(aws_env, {"f": both})
    handled(aws_env, {"f": {"$LATEST": QUEUE, "blue": QUEUE}})
    mappings(functions)
    assert paged(aws_env, URLS, RUNTIME, ASYNC, CONCURRENCY, KEPT, BOUNDED) == []


@pytest.mark.parametrize(
    "operation",
    [
        "lambda:ListAliases",
        "lambda:ListFunctionUrlConfigs",
        "lambda:ListFunctionEventInvokeConfigs",
        "lambda:GetFunctionConcurrency",
        "lambda:ListTags",
    ],
)
def test_a_function_that_is_gone_is_no_function(aws_env: AwsWire, functions: Any, operation: str) -> None:
    create(functions, "f")
    aws_env.faults.add("error", operation, code="ResourceNotFoundException", status=404)
    snapshot = read(
        {"AWS::Lambda::Function": ["qualifiers", "urls", "invoke_configs", "reserved_concurrent_executions", "tags"]}
    )
    assert snapshot.resources == ()


def test_two_rows_of_one_version_that_differ_are_no_listing(aws_env: AwsWire, functions: Any) -> None:
    create(functions, "f", Publish=True)

    def edit(document: Document) -> None:
        rows = document.items("Functions")
        document.keep("Functions", [*rows, {**rows[-1], "Runtime": "python3.7"}])

    aws_env.overrides.edit("lambda:ListFunctions", edit)
    _, findings = scan((RUNTIME,))
    assert [(finding.verdict, finding.subject.kind) for finding in findings] == [("unknown", "scope")]
