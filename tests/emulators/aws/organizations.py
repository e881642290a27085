"""AWS Organizations: what an account sees of its organization. moto knows neither paths nor effective policies."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.emulators.aws_wire import AwsWire
from tests.emulators.identify import Request
from tests.emulators.moto_process import ACCOUNT
from tests.emulators.overrides import Overrides

ORGANIZATION: Final = "o-a1b2c3d4e5"
ROOT: Final = "r-ab12"
UNIT: Final = "ou-ab12-prodprod"
MEMBER: Final = "222233334444"
OPT_OUT: Final = {"services": {"default": {"opt_out_policy": "optOut"}}}

FULL_ACCESS: Final = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
REGION_DENY: Final = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "NotAction": ["iam:*", "organizations:*", "route53:*", "cloudfront:*", "support:*", "sts:*"],
            "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}},
        }
    ],
}


def correct(layer: Overrides) -> None:
    refuse(layer, "organizations:DescribeEffectivePolicy", "AWSOrganizationsNotInUseException")


def refuse(layer: Overrides, operation: str, code: str) -> None:
    """Answer an operation with an error of Organizations."""
    layer.answer(operation, {"__type": code, "message": code}, status=400)


def build(wire: AwsWire) -> None:
    organization(
        wire,
        members=[member(MEMBER, UNIT)],
        policies=[policy("FullAWSAccess", [ROOT], FULL_ACCESS), policy("regions", [ROOT], REGION_DENY)],
        opt_out=OPT_OUT,
    )


def member(id_: str, *units: str, state: str = "ACTIVE") -> dict[str, Any]:
    """An account as ListAccounts shows it, below these organizational units, the topmost first."""
    path = "/".join((ORGANIZATION, ROOT, *units, id_, ""))
    arn = f"arn:aws:organizations::{ACCOUNT}:account/{ORGANIZATION}/{id_}"
    return {"Id": id_, "Arn": arn, "Name": id_, "Email": f"{id_}@example.com", "State": state, "Paths": [path]}


def policy(name: str, targets: Sequence[str], document: Any) -> dict[str, Any]:
    """A service control policy, and what it is attached to."""
    return {"name": name, "targets": list(targets), "document": document}


def organization(
    wire: AwsWire,
    members: Sequence[Mapping[str, Any]] = (),
    policies: Sequence[Mapping[str, Any]] = (),
    opt_out: Any = None,
    manager: str = ACCOUNT,
    feature_set: str = "ALL",
) -> None:
    """Let the account be in an organization that the account ``manager`` manages, with these other accounts."""
    answer = wire.overrides.answer
    about = {"Id": ORGANIZATION, "FeatureSet": feature_set, "MasterAccountId": manager}
    answer("organizations:DescribeOrganization", {"Organization": about})
    by_id = {f"p-{number:08}": given for number, given in enumerate(policies)}
    listed = [
        {"Id": id_, "Name": given["name"], "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": False}
        for id_, given in by_id.items()
    ]

    def asked(request: Request) -> Mapping[str, Any]:
        return by_id[json.loads(request.body)["PolicyId"]]

    def targets(request: Request) -> dict[str, Any]:
        return {"Targets": [{"TargetId": target} for target in asked(request)["targets"]]}

    def described(request: Request) -> dict[str, Any]:
        return {"Policy": {"Content": json.dumps(asked(request)["document"])}}

    answer("organizations:ListPolicies", {"Policies": listed})
    answer("organizations:ListTargetsForPolicy", targets)
    answer("organizations:DescribePolicy", described)
    answer("organizations:ListAccounts", {"Accounts": [member(manager), *members]})
    if opt_out is None:
        refuse(wire.overrides, "organizations:DescribeEffectivePolicy", "EffectivePolicyNotFoundException")
    else:
        content = {"PolicyType": "AISERVICES_OPT_OUT_POLICY", "PolicyContent": json.dumps(opt_out)}
        answer("organizations:DescribeEffectivePolicy", {"EffectivePolicy": content})
