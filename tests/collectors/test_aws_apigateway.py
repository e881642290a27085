"""REST, HTTP and WebSocket APIs: who may call them, and what their stages log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import boto3
import pytest

from engine.model import Finding
from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws.apigateway import LOG_GROUP, http_stage, rest_api, stage
from tests.emulators.aws_services import HOME, client
from tests.emulators.aws_wire import AwsWire

REGIONS = (HOME,)
METHODS = "aws.apigateway.method_authorized"
LOGS = "aws.apigateway.stage_logging"
HTTP_LOGS = "aws.apigatewayv2.access_logging"
REST = "AWS::ApiGateway::RestApi"


def by_name(findings: Iterable[Finding]) -> dict[str, str]:
    return {name: verdict for (_, name), verdict in verdicts(findings).items()}


def policy(**condition: Any) -> str:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    if condition:
        statement["Condition"] = {"IpAddress": {"aws:SourceIp": condition["source"]}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_public_apis_with_an_open_method_fail(aws_env: AwsWire) -> None:
    rest_api("closed", {"GET": "AWS_IAM", "POST": "AWS_IAM"})
    rest_api("open", {"GET": "NONE", "POST": "AWS_IAM"})
    rest_api("edge", {"ANY": "NONE"}, "EDGE")
    rest_api("browsers", {"GET": "AWS_IAM", "OPTIONS": "NONE"})
    rest_api("private", {"GET": "NONE"}, "PRIVATE")
    rest_api("empty", {})
    rest_api("offices", {"GET": "NONE"}, policy=policy(source="198.51.100.0/24"))
    rest_api("everyone", {"GET": "NONE"}, policy=policy())
    rest_api("world", {"GET": "NONE"}, policy=policy(source="0.0.0.0/0"))
    _, findings = scan((METHODS,), REGIONS)
    assert by_name(findings) == {
        "closed": "pass",
        "open": "fail",
        "edge": "fail",
        "browsers": "pass",
        "private": "not_applicable",
        "empty": "not_applicable",
        "offices": "pass",
        "everyone": "fail",
        "world": "fail",
    }
    messages = {f.subject.name: f.message for f in findings if f.message}
    assert messages["open"] == "REST API open lets everyone call GET /."


def test_an_api_key_is_no_authorization(aws_env: AwsWire) -> None:
    api = rest_api("keyed", {})
    gateway = client("apigateway")
    root = next(row["id"] for row in gateway.get_resources(restApiId=api)["items"] if row["path"] == "/")
    gateway.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE", apiKeyRequired=True)
    _, findings = scan((METHODS,), REGIONS)
    assert by_name(findings) == {"keyed": "fail"}


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (policy(source="198.51.100.0/24"), "pass"),  # as it is given back by some operations
        (json.dumps(policy(source="198.51.100.0/24"))[1:-1], "pass"),
        ('{\\"Version', "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_a_policy_is_read_with_escaped_quotation_marks_or_not_at_all(aws_env: AwsWire, text: str, verdict: str) -> None:
    rest_api("orders", {"GET": "NONE"}, policy=policy())
    aws_env.overrides.rewrite("apigateway:GetRestApis", _policies(text))
    _, findings = scan((METHODS,), REGIONS)
    assert by_name(findings) == {"orders": verdict}


def _policies(text: str) -> Callable[[bytes], bytes]:
    def rewrite(body: bytes) -> bytes:
        answer = json.loads(body)
        return json.dumps({"item": [{**api, "policy": text} for api in answer["item"]]}).encode()

    return rewrite


def test_stages_that_log_only_some_requests_fail(aws_env: AwsWire) -> None:
    api = rest_api("orders", {"GET": "NONE"})
    stage(api, "access", logs=True)
    stage(api, "info", INFO="/*/*")
    stage(api, "error", ERROR="/*/*")
    stage(api, "none")
    stage(api, "off", OFF="/*/*")
    stage(api, "one", INFO="/orders/GET")
    stage(api, "but-one", INFO="/*/*", OFF="/orders/GET")
    _, findings = scan((LOGS,), REGIONS)
    assert by_name(findings) == {
        "orders/access": "pass",
        "orders/info": "pass",
        "orders/error": "pass",
        "orders/none": "fail",
        "orders/off": "fail",
        "orders/one": "fail",
        "orders/but-one": "fail",
    }
    messages = {f.subject.name: f.message for f in findings if f.message}
    assert messages == {
        "orders/none": "Stage orders/none writes no access log, and does not log executions of all methods.",
        "orders/off": "Stage orders/off writes no access log, and does not log executions of */*.",
        "orders/one": "Stage orders/one writes no access log, and does not log executions of all methods.",
        "orders/but-one": "Stage orders/but-one writes no access log, and does not log executions of orders/GET.",
    }


def test_http_stages_without_access_logs_fail(aws_env: AwsWire) -> None:
    http_stage("hooks", "$default", logs=True)
    http_stage("forms", "live", logs=False)
    _, findings = scan((HTTP_LOGS,), REGIONS)
    assert by_name(findings) == {"hooks/$default": "pass", "forms/live": "fail"}


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize(
    ("operation", "check", "kinds"),
    [
        ("apigateway:GetRestApis", METHODS, {"scope"}),
        ("apigateway:GetRestApis", LOGS, {"scope"}),
        ("apigateway:GetStages", LOGS, {"scope"}),
        ("apigateway:GetResources", METHODS, {"resource"}),
        ("apigatewayv2:GetApis", HTTP_LOGS, {"scope"}),
        ("apigatewayv2:GetStages", HTTP_LOGS, {"scope"}),
    ],
)
def test_what_was_not_read_is_unknown(aws_env: AwsWire, kind: Any, operation: str, check: str, kinds: set[str]) -> None:
    stage(rest_api("orders", {"GET": "AWS_IAM"}), "live", logs=True)
    http_stage("hooks", "$default", logs=True)
    aws_env.faults.add(kind, operation)
    _, findings = scan((check,), REGIONS)
    unknown = [f for f in findings if f.verdict == "unknown"]
    assert {f.subject.kind for f in unknown} == kinds
    assert not [f for f in findings if f.verdict == "fail"]
    permissions = {cause.unread.permission for f in unknown for cause in f.causes}
    assert permissions == ({"apigateway:GET"} if kind == "denied" else {None})


@pytest.mark.parametrize(
    ("operation", "missing", "check"),
    [
        ("apigateway:GetRestApis", "items.endpointConfiguration", METHODS),
        ("apigateway:GetRestApis", "items.endpointConfiguration.types", METHODS),
        ("apigateway:GetStages", "item.accessLogSettings.destinationArn", LOGS),
        ("apigatewayv2:GetStages", "Items.AccessLogSettings.DestinationArn", HTTP_LOGS),
    ],
)
def test_a_member_that_is_always_there_and_is_not_is_unknown(
    aws_env: AwsWire, operation: str, missing: str, check: str
) -> None:
    stage(rest_api("orders", {"GET": "NONE"}), "live", logs=True)
    http_stage("hooks", "$default", logs=True)
    aws_env.overrides.without(operation, missing)
    _, findings = scan((check,), REGIONS)
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


@pytest.mark.parametrize(
    ("member", "operation", "check"),
    [(b'"authorizationType"', "apigateway:GetResources", METHODS), (b'"loggingLevel"', "apigateway:GetStages", LOGS)],
)
def test_a_setting_that_the_answer_lacks_is_unknown(
    aws_env: AwsWire, member: bytes, operation: str, check: str
) -> None:
    stage(rest_api("orders", {"GET": "AWS_IAM"}), "live", INFO="/*/*")
    aws_env.overrides.rewrite(operation, lambda body: body.replace(member, b'"another"'))
    _, findings = scan((check,), REGIONS)
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


def test_an_api_deleted_before_its_stages_were_listed_is_gone(aws_env: AwsWire) -> None:
    stage(rest_api("orders", {"GET": "AWS_IAM"}), "live", logs=True)
    http_stage("hooks", "$default", logs=True)
    for operation in ("apigateway:GetStages", "apigatewayv2:GetStages"):
        aws_env.faults.add("error", operation, code="NotFoundException", status=404)
    snapshot, findings = scan((METHODS, LOGS, HTTP_LOGS), REGIONS)
    assert (findings, snapshot.resources) == ((), ())
    assert {row.state for row in snapshot.collections} == {"complete"}


def test_an_api_deleted_before_its_methods_were_listed_is_gone(aws_env: AwsWire) -> None:
    rest_api("orders", {"GET": "NONE"})
    aws_env.faults.add("error", "apigateway:GetResources", code="NotFoundException", status=404)
    snapshot, findings = scan((METHODS,), REGIONS)
    assert (findings, snapshot.resources) == ((), ())


def test_pages_of_one_make_the_same_apis_with_no_call_repeated(aws_env: AwsWire) -> None:
    for name in ("orders", "returns"):
        stage(rest_api(name, {"GET": "AWS_IAM"}), "live", logs=True)
        http_stage(name, "$default", logs=True)
        http_stage(name, "live", logs=False)
    checks = (METHODS, LOGS, HTTP_LOGS)
    aws_env.traffic.reset()
    whole, _ = scan(checks, REGIONS)
    assert not [name for name in aws_env.traffic.repeats if name.startswith("apigateway")]
    assert aws_env.traffic.calls["apigateway:GetRestApis"] == 1
    aws_env.paging.size = 1
    cut, _ = scan(checks, REGIONS)
    assert _told(cut.resources) == _told(whole.resources)
    assert aws_env.paging.served["apigateway:GetResources"] == 4


def _told(resources: Iterable[Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(item.id, item.properties) for item in resources]


def test_apis_are_read_as_they_are(aws_env: AwsWire) -> None:
    api = rest_api("orders", {"POST": "AWS_IAM", "GET": "NONE"}, policy=policy())
    stage(api, "live", INFO="/*/*", logs=True)
    wanted = {
        REST: {"endpoint_types", "policy", "methods"},
        "AWS::ApiGateway::Stage": {"access_log_destination", "method_settings"},
    }
    found = {item.id: (item.name, item.properties) for item in read(wanted, REGIONS).resources}
    arn = f"arn:aws:apigateway:{HOME}::/restapis/{api}"
    assert found == {
        arn: (
            "orders",
            {
                "endpoint_types": ["REGIONAL"],
                "policy": json.loads(policy()),
                "methods": [
                    {"path": "/", "http_method": "GET", "authorization_type": "NONE"},
                    {"path": "/", "http_method": "POST", "authorization_type": "AWS_IAM"},
                ],
            },
        ),
        f"{arn}/stages/live": (
            "orders/live",
            {
                "access_log_destination": LOG_GROUP,
                "method_settings": [{"path": "*/*", "logging_level": "INFO"}],
            },
        ),
    }


def test_each_region_has_its_own_apis(aws_env: AwsWire) -> None:
    rest_api("orders", {"GET": "AWS_IAM"})
    boto3.client("apigateway", region_name="us-east-1").create_rest_api(
        name="other", endpointConfiguration={"types": ["REGIONAL"]}
    )
    _, findings = scan((METHODS,), (HOME, "us-east-1"))
    assert {(f.scope.region, f.subject.name): f.verdict for f in findings} == {
        (HOME, "orders"): "pass",
        ("us-east-1", "other"): "not_applicable",
    }
