"""AWS IAM Identity Center: no instance (moto has one in each region), or the organization's in one region."""

from __future__ import annotations

from typing import Any, Final

from tests.emulators.aws_services import HOME, client
from tests.emulators.aws_wire import AwsWire
from tests.emulators.identify import Request, identify
from tests.emulators.moto_process import ACCOUNT
from tests.emulators.overrides import Overrides

INSTANCE: Final = "arn:aws:sso:::instance/ssoins-0123456789abcdef"


def correct(layer: Overrides) -> None:
    layer.answer("sso-admin:ListInstances", {"Instances": []})


def build(wire: AwsWire) -> None:
    instance(wire)
    permission_set("Administrator", "PT4H")


def instance(wire: AwsWire, owner: str = ACCOUNT, regions: tuple[str, ...] = (HOME,)) -> None:
    """Let there be an instance of this owner, in these regions, the primary one first."""
    shown = {
        "InstanceArn": INSTANCE,
        "IdentityStoreId": "d-0123456789",
        "OwnerAccountId": owner,
        "Status": "ACTIVE",
        "PrimaryRegion": regions[0],
    }

    def listed(request: Request) -> dict[str, Any]:
        return {"Instances": [shown] if identify(request).region in regions else []}

    wire.overrides.answer("sso-admin:ListInstances", listed)


def permission_set(name: str, duration: str, region: str = HOME) -> str:
    """Make a permission set of the instance; its ARN."""
    made = client("sso-admin", region).create_permission_set(Name=name, InstanceArn=INSTANCE, SessionDuration=duration)
    return str(made["PermissionSet"]["PermissionSetArn"])
