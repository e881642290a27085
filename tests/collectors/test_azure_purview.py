"""Whether a subscription has a data catalogue."""

from __future__ import annotations

from tests.collectors.scan import scan
from tests.emulators.azure.wire import AzureWire

ACCOUNT = "Microsoft.Purview/accounts"
CHECK = ("azure.purview.account_present",)


def test_a_subscription_has_a_catalogue_or_not(azure: AzureWire) -> None:
    assert [f.verdict for f in scan(CHECK)[1]] == ["fail"]
    azure.tenant.add(ACCOUNT, "making", {"provisioningState": "Creating"})
    assert [f.verdict for f in scan(CHECK)[1]] == ["fail"]
    azure.tenant.add(ACCOUNT, "made", {"provisioningState": "Succeeded"})
    assert [f.verdict for f in scan(CHECK)[1]] == ["pass"]


def test_accounts_that_are_withheld_are_not_none(azure: AzureWire) -> None:
    azure.tenant.data["applications"][0]["notActions"] = [f"{ACCOUNT}/read"]
    _, findings = scan(CHECK)
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "access_denied")]
