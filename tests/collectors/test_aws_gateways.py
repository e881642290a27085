"""Transit gateways and Client VPN endpoints, built to pass and to fail."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from tests.collectors.scan import read, scan, verdicts
from tests.emulators.aws.ec2 import client_vpn_endpoints
from tests.emulators.aws_wire import AwsWire

ACCOUNT = "123456789012"
ACCEPT = ("aws.ec2.transit_gateway_no_auto_accept",)
LOGGING = ("aws.ec2.client_vpn_logging",)
LISTINGS = {ACCEPT: "ec2:DescribeTransitGateways", LOGGING: "ec2:DescribeClientVpnEndpoints"}


def transit_gateway(**options: str) -> str:
    id_: str = boto3.client("ec2").create_transit_gateway(Options=options)["TransitGateway"]["TransitGatewayId"]
    return id_


def by_name(findings: Any) -> dict[str, str]:
    return {name: verdict for (_, name), verdict in verdicts(findings).items()}


def test_gateways_that_accept_every_attachment_fail(aws_env: AwsWire) -> None:
    expected = {
        transit_gateway(): "pass",
        transit_gateway(AutoAcceptSharedAttachments="disable"): "pass",
        transit_gateway(AutoAcceptSharedAttachments="enable"): "fail",
    }
    _, findings = scan(ACCEPT)
    assert by_name(findings) == expected


def test_a_gateway_of_another_account_is_left_to_that_account(aws_env: AwsWire) -> None:
    id_ = transit_gateway(AutoAcceptSharedAttachments="enable")
    owner = (b"<ownerId>123456789012</ownerId>", b"<ownerId>444455556666</ownerId>")
    aws_env.overrides.rewrite("ec2:DescribeTransitGateways", lambda body: body.replace(*owner))
    _, findings = scan(ACCEPT)
    assert by_name(findings) == {id_: "not_applicable"}


@pytest.mark.parametrize(
    "member",
    ["TransitGateways.Options", "TransitGateways.Options.AutoAcceptSharedAttachments", "TransitGateways.OwnerId"],
)
def test_a_gateway_that_does_not_say_is_unknown(aws_env: AwsWire, member: str) -> None:
    id_ = transit_gateway()
    aws_env.overrides.without("ec2:DescribeTransitGateways", member)
    _, findings = scan(ACCEPT)
    assert [(f.subject.name, f.verdict, f.reason) for f in findings] == [(id_, "unknown", "missing_attribute")]


def test_endpoints_that_log_no_connections_fail(aws_env: AwsWire) -> None:
    client_vpn_endpoints(aws_env.overrides, {"cvpn-endpoint-1": True, "cvpn-endpoint-2": False})
    _, findings = scan(LOGGING)
    assert by_name(findings) == {"cvpn-endpoint-1": "pass", "cvpn-endpoint-2": "fail"}


@pytest.mark.parametrize(
    "member", ["ClientVpnEndpoints.ConnectionLogOptions", "ClientVpnEndpoints.ConnectionLogOptions.Enabled"]
)
def test_an_endpoint_that_does_not_say_is_unknown(aws_env: AwsWire, member: str) -> None:
    client_vpn_endpoints(aws_env.overrides, {"cvpn-endpoint-1": True})
    aws_env.overrides.without("ec2:DescribeClientVpnEndpoints", member)
    _, findings = scan(LOGGING)
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "missing_attribute")]


def test_what_was_deleted_is_listed_for_a_while_and_no_subject(aws_env: AwsWire) -> None:
    transit_gateway(AutoAcceptSharedAttachments="enable")
    state = (b"<state>available</state>", b"<state>deleted</state>")
    aws_env.overrides.rewrite("ec2:DescribeTransitGateways", lambda body: body.replace(*state))
    client_vpn_endpoints(aws_env.overrides, {"cvpn-endpoint-1": False}, state="deleted")
    snapshot, findings = scan((*ACCEPT, *LOGGING))
    assert findings == ()
    assert [(row.state, row.count) for row in snapshot.collections] == [("complete", 0)] * 2


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error"])
@pytest.mark.parametrize(("checks", "operation"), LISTINGS.items())
def test_a_listing_that_failed_is_one_unknown(
    aws_env: AwsWire, checks: tuple[str, ...], operation: str, kind: Any
) -> None:
    aws_env.faults.add(kind, operation)
    _, findings = scan(checks)
    assert [(f.subject.kind, f.verdict) for f in findings] == [("scope", "unknown")]


def test_both_are_read_as_they_are_in_pages_of_one_too(aws_env: AwsWire) -> None:
    ids = sorted([transit_gateway(), transit_gateway(AutoAcceptSharedAttachments="enable")])
    client_vpn_endpoints(aws_env.overrides, {"cvpn-endpoint-1": True, "cvpn-endpoint-2": False})
    wanted = {
        "AWS::EC2::TransitGateway": {"owner_id", "auto_accept_shared_attachments"},
        "AWS::EC2::ClientVpnEndpoint": {"connection_log_enabled"},
    }
    whole = read(wanted)
    aws_env.paging.size = 1
    aws_env.traffic.reset()
    assert read(wanted).resources == whole.resources
    assert not aws_env.traffic.repeats
    arn = f"arn:aws:ec2:us-east-1:{ACCOUNT}:"
    assert {item.id for item in whole.resources} == {
        *(f"{arn}transit-gateway/{id_}" for id_ in ids),
        f"{arn}client-vpn-endpoint/cvpn-endpoint-1",
        f"{arn}client-vpn-endpoint/cvpn-endpoint-2",
    }
