"""What cannot stand in the table of cases (``policy_documents.yaml``): actions that exist, questions that are none."""

from typing import Any

import pytest

from engine.expressions.failures import EvaluationError
from engine.expressions.functions.iam import FUNCTIONS
from engine.expressions.functions.iam_escalation import ESCALATIONS
from tests.unit.expressions.policy_table import ESCALATION_NAMES

CALLS = {function.name: function.call for function in FUNCTIONS}
escalations = CALLS["iam.escalations"]
denies_http = CALLS["iam.deniesInsecureTransport"]

ACCOUNT = "111122223333"
BUCKET = "arn:aws:s3:::records"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any = "*", resource: Any = "*", **elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **elements}


def deny(action: Any = "*", resource: Any = "*", **elements: Any) -> dict[str, Any]:
    return {**allow(action, resource), "Effect": "Deny", **elements}


# --- escalation ------------------------------------------------------------------------------------------------------


def test_no_combination_holds_another_one() -> None:
    for path in ESCALATIONS:
        assert [other for other in ESCALATIONS if set(other) <= set(path)] == [path]


@pytest.mark.parametrize("path", ESCALATIONS, ids=ESCALATION_NAMES)
def test_every_step_is_an_action_that_exists_on_its_kind_of_resource(path: Any) -> None:
    actions = pytest.importorskip("policy_sentry.querying.actions")
    for step in path:
        service, name = step.action.split(":")
        found = actions.get_action_data(service, name)
        assert found, step.action
        formats = {row["resource_arn_format"] for row in found[service]} - {"*"}
        kinds = {":".join((arn.split(":", 5)[2], arn.split(":", 5)[5])) for arn in formats}
        assert not kinds or any(kind.startswith(step.kind) for kind in kinds), (step, kinds)


@pytest.mark.parametrize(("path", "name"), list(zip(ESCALATIONS, ESCALATION_NAMES, strict=True)), ids=ESCALATION_NAMES)
def test_a_combination_is_found_by_itself_and_not_with_a_step_denied(path: Any, name: str) -> None:
    steps = [allow(step.action) for step in path]
    assert name in escalations([document(*steps)])
    for step in path:
        assert name not in escalations([document(*steps, deny(step.action))])


# --- questions that are none -----------------------------------------------------------------------------------------


def test_other_services_can_refuse_plain_http_but_have_no_key_for_the_tls_version() -> None:
    queue = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs"
    http = {"Bool": {"aws:SecureTransport": "false"}}
    old_tls = {"NumericLessThan": {"s3:TlsVersion": "1.2"}}
    assert denies_http(document(deny("sqs:*", queue, Principal="*", Condition=http)), [queue]) is True
    assert denies_http(document(deny("*", queue, Principal="*", Condition=old_tls)), [queue]) is False


@pytest.mark.parametrize("resources", [[], ["records"], [BUCKET, ""]])
def test_resources_that_are_none_are_an_error(resources: list[str]) -> None:
    with pytest.raises(EvaluationError):
        denies_http(document(), resources)


def test_no_actions_to_deny_elsewhere_are_an_error() -> None:
    with pytest.raises(EvaluationError):
        CALLS["iam.deniesOutsideRegions"](document(), [], ["eu-west-1"])


def test_no_policy_grants_nothing_and_denies_nothing() -> None:
    assert CALLS["iam.publicTrustStatements"](None) == []
    assert CALLS["iam.trustedIssuers"](None, ["gitlab.com"]) == []
    assert CALLS["iam.unpinnedSubjectStatements"](None, ["gitlab.com"]) == []
    assert CALLS["iam.administrativeStatements"](None) == []
    assert CALLS["iam.grantsUnconditionally"](None, ["kms:*"]) == []
    assert escalations([None]) == []
    assert escalations([]) == []
    assert denies_http(None, [BUCKET]) is False
    assert CALLS["iam.allowedServices"](None, "s3:GetObject", []) == []
    assert CALLS["iam.deniesOutsideRegions"](None, ["ec2:RunInstances"], []) is False
