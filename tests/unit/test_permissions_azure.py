"""The least privilege for Azure: a custom role, and permissions of Microsoft Graph apart from it."""

from __future__ import annotations

import json

from engine.permissions import FORMS, granting, note

ROLE = ("Microsoft.Storage/storageAccounts/read", "Microsoft.KeyVault/vaults/read")
GRAPH = ("Policy.Read.All", "AuditLog.Read.All")
NAMES = (*ROLE, *GRAPH)


def test_a_role_holds_actions_and_no_permission_of_microsoft_graph() -> None:
    role = json.loads(granting("policy", "azure", NAMES))
    assert role["Actions"] == sorted(ROLE)
    assert (role["NotActions"], role["DataActions"], role["IsCustom"]) == ([], [], True)


def test_permissions_of_microsoft_graph_are_said_beside_the_role() -> None:
    assert note("policy", "azure", NAMES).endswith("of Microsoft Graph: AuditLog.Read.All, Policy.Read.All")
    assert note("policy", "azure", ROLE) == ""


def test_terraform_grants_both() -> None:
    text = granting("terraform", "azure", NAMES)
    assert '      "Microsoft.KeyVault/vaults/read",\n      "Microsoft.Storage/storageAccounts/read",\n    ]' in text
    assert '    "AuditLog.Read.All",\n    "Policy.Read.All",\n  ])' in text
    assert text.count("{") == text.count("}")
    assert "azuread_app_role_assignment" not in granting("terraform", "azure", ROLE)
    assert "azurerm_role_definition" not in granting("terraform", "azure", GRAPH)


def test_there_is_no_cloudformation_of_azure() -> None:
    assert "azure" not in FORMS["cloudformation"]
