"""Keys and secrets in vaults: which of them end, or are renewed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.scan import read, scan
from tests.emulators.azure.wire import AzureWire

VAULT = "Microsoft.KeyVault/vaults"
KEY, SECRET = f"{VAULT}/keys", f"{VAULT}/secrets"
KEYS = "azure.keyvault.key_rotation_or_expiry"
SECRETS = "azure.keyvault.secret_expiry_set"
END = 1893456000
ROTATE = {"lifetimeActions": [{"trigger": {"timeAfterCreate": "P90D"}, "action": {"type": "rotate"}}]}
NOTIFY = {"lifetimeActions": [{"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "notify"}}]}


def vault(azure: AzureWire, name: str) -> str:
    return azure.tenant.add(VAULT, name, {"enableSoftDelete": True})


def content(azure: AzureWire, type_: str, below: str, name: str, end: int | None = None, **more: Any) -> None:
    attributes = {"enabled": more.pop("enabled", True), "created": 1596493796, "updated": 1596493796}
    if end is not None:
        attributes["exp"] = end
    azure.tenant.add(type_, name, {"attributes": attributes, **more}, below=below)


def listings_lack_the_rotation_policy(azure: AzureWire) -> None:
    """The documentation's example of a listing has none: only the key itself tells it."""

    def drop(body: Any) -> None:
        for item in body.get("value", []):
            item["properties"].pop("rotationPolicy", None)

    azure.edit(f"arm:{KEY}", drop)


def test_keys_end_or_are_renewed(azure: AzureWire) -> None:
    first, second = vault(azure, "first"), vault(azure, "second")
    listings_lack_the_rotation_policy(azure)
    content(azure, KEY, first, "ends", END)
    content(azure, KEY, first, "renewed", rotationPolicy=ROTATE)
    content(azure, KEY, second, "told", rotationPolicy=NOTIFY)
    content(azure, KEY, second, "neither")
    content(azure, KEY, second, "off", enabled=False)
    azure.manager.page_size = 1
    snapshot, findings = scan((KEYS,))
    assert {f.subject.name: f.verdict for f in findings} == {
        "ends": "pass",
        "renewed": "pass",
        "told": "fail",
        "neither": "fail",
        "off": "not_applicable",
    }
    assert [(row.type, row.state, row.count) for row in snapshot.collections] == [(KEY, "complete", 5)]


def test_secrets_end_or_do_not(azure: AzureWire) -> None:
    vault_id = vault(azure, "vault")
    content(azure, SECRET, vault_id, "ends", END)
    content(azure, SECRET, vault_id, "never")
    content(azure, SECRET, vault_id, "off", enabled=False)
    snapshot, findings = scan((SECRETS,))
    assert {f.subject.name: f.verdict for f in findings} == {"ends": "pass", "never": "fail", "off": "not_applicable"}
    (ends,) = [item for item in snapshot.resources if item.name == "ends"]
    assert ends.properties == {"enabled": True, "expires_at": "2030-01-01T00:00:00Z"}


def test_a_vault_whose_keys_are_denied_leaves_those_of_the_others_and_an_unknown(azure: AzureWire) -> None:
    content(azure, KEY, vault(azure, "closed"), "unseen", END)
    content(azure, KEY, vault(azure, "open"), "seen", END)
    azure.faults.add("denied", f"arm:{KEY}", where=lambda exchange: "/closed/keys" in exchange.request.target)
    _, findings = scan((KEYS,))
    assert sorted((f.verdict, f.reason or "") for f in findings) == [("pass", ""), ("unknown", "access_denied")]


@pytest.mark.parametrize(("type_", "check"), [(KEY, KEYS), (SECRET, SECRETS)])
def test_what_cannot_be_listed_is_unknown(azure: AzureWire, type_: str, check: str) -> None:
    content(azure, type_, vault(azure, "vault"), "unseen", END)
    azure.faults.add("denied", f"arm:{type_}")
    _, findings = scan((check,))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "access_denied")]
    assert {cause.unread.permission for f in findings for cause in f.causes} == {f"{type_}/read"}


def test_vaults_that_may_not_be_listed_are_not_vaults_without_secrets(azure: AzureWire) -> None:
    content(azure, SECRET, vault(azure, "vault"), "unseen", END)
    azure.tenant.data["applications"][0]["notActions"] = [f"{VAULT}/read"]
    _, findings = scan((SECRETS,))
    assert [(f.verdict, f.reason) for f in findings] == [("unknown", "access_denied")]


def test_a_vault_that_was_deleted_meanwhile_took_its_keys_along(azure: AzureWire) -> None:
    content(azure, KEY, vault(azure, "gone"), "gone", END)
    content(azure, KEY, vault(azure, "there"), "there", END)
    azure.faults.add(
        "error",
        f"arm:{KEY}",
        code="ResourceNotFound",
        status=404,
        message="The Resource 'Microsoft.KeyVault/vaults/gone' under resource group 'rg' was not found.",
        where=lambda exchange: "/gone/keys" in exchange.request.target,
    )
    (row,) = read({KEY: {"enabled"}}, provider="azure").collections
    assert (row.state, row.count) == ("complete", 1)


def test_no_value_of_a_secret_is_asked_for_or_kept(azure: AzureWire) -> None:
    content(azure, SECRET, vault(azure, "vault"), "password", END, value="planted~value")
    snapshot = read({SECRET: {"enabled", "expires_at"}}, provider="azure")
    assert "planted~value" not in repr(snapshot)
