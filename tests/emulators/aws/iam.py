"""IAM: an inline policy, and a virtual MFA device."""

from __future__ import annotations

from tests.emulators.aws_services import client, policy
from tests.emulators.aws_wire import AwsWire


def build(wire: AwsWire) -> None:
    iam = client("iam")
    iam.put_user_policy(UserName="ci-deploy", PolicyName="inline", PolicyDocument=policy("s3:GetObject", "*"))
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName="ana.lopez")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(
        UserName="ana.lopez", SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )
