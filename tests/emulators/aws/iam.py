"""IAM: an inline policy, a virtual MFA device, a role for a CI service that was used lately, and a certificate."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree

from tests.emulators.aws_services import client, policy
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document
from tests.emulators.moto_process import ACCOUNT

_GITHUB = "token.actions.githubusercontent.com"


def build(wire: AwsWire) -> None:
    iam = client("iam")
    iam.put_user_policy(UserName="ci-deploy", PolicyName="inline", PolicyDocument=policy("s3:GetObject", "*"))
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName="ana.lopez")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(
        UserName="ana.lopez", SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )
    trust = policy(
        "sts:AssumeRoleWithWebIdentity",
        "*",
        Principal={"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{_GITHUB}"},
        Condition={"StringLike": {f"{_GITHUB}:sub": "repo:northwind/app:*"}},
    ).replace(', "Resource": "*"', "")
    iam.create_role(RoleName="github-deploy", AssumeRolePolicyDocument=trust)
    last_used(wire, {"github-deploy": "2026-11-20T12:00:00Z"})
    iam.upload_server_certificate(ServerCertificateName="old-site", CertificateBody="-", PrivateKey="-")


def last_used(wire: AwsWire, roles: Mapping[str, str]) -> None:
    """Say when roles were last used, by name; moto never says."""

    def edit(document: Document) -> None:
        for role in document.items("RoleDetailList"):
            when = roles.get(role.findtext("RoleName"))
            if when is not None:
                for told in role.findall("RoleLastUsed"):
                    role.remove(told)
                told = ElementTree.SubElement(role, "RoleLastUsed")
                ElementTree.SubElement(told, "LastUsedDate").text = when
                ElementTree.SubElement(told, "Region").text = "eu-west-1"

    wire.overrides.edit("iam:GetAccountAuthorizationDetails", edit)
