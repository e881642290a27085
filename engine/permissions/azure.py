"""How Azure grants the least privilege: a custom role, and application permissions of Microsoft Graph.

An action of a role names a resource provider and has slashes ("Microsoft.KeyVault/vaults/read"); a permission of
Microsoft Graph has dots alone ("Policy.Read.All"). A role lies at a scope, here at the tenant's root management group
or any below it; permissions of Microsoft Graph are granted to the application itself, by an administrator's consent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Final

ROLE: Final = "auditreel"
SCOPE: Final = "/providers/Microsoft.Management/managementGroups/MANAGEMENT_GROUP"
"""Where the role can be assigned: to be filled in."""


def divided(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """The actions of a role, and the permissions of Microsoft Graph, each sorted."""
    found = sorted(set(names))
    return [name for name in found if "/" in name], [name for name in found if "/" not in name]


def policy(names: Iterable[str]) -> str:
    """A custom role (JSON) as ``az role definition create --role-definition`` takes it: reads only."""
    actions, _ = divided(names)
    role = {
        "Name": ROLE,
        "IsCustom": True,
        "Description": "Reads the configuration of subscriptions for auditreel.",
        "Actions": actions,
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": [SCOPE],
    }
    return json.dumps(role, indent=2)


def policy_note(names: Iterable[str]) -> str:
    """Which permissions of Microsoft Graph the application needs beside the role."""
    _, graph = divided(names)
    if not graph:
        return ""
    return f"azure: the application needs, with an administrator's consent, of Microsoft Graph: {', '.join(graph)}"


_HEAD: Final = """\
# What auditreel reads, and the role that reads it. Written by `auditreel permissions --format terraform`.

terraform {
  required_providers {
    azurerm = {
      source = "hashicorp/azurerm"
    }
    azuread = {
      source = "hashicorp/azuread"
    }
  }
}

variable "scope" {
  description = "Where the role is granted: the id of a management group (/providers/...) or of a subscription."
  type        = string
}

variable "principal_object_id" {
  description = "Object id of the service principal or managed identity that scans."
  type        = string
}
"""
_ROLE: Final = """
resource "azurerm_role_definition" "auditreel" {
  name        = "ROLE"
  scope       = var.scope
  description = "Reads the configuration of subscriptions for auditreel."

  permissions {
    actions = [
ACTIONS
    ]
    not_actions = []
  }

  assignable_scopes = [var.scope]
}

resource "azurerm_role_assignment" "auditreel" {
  scope              = var.scope
  role_definition_id = azurerm_role_definition.auditreel.role_definition_resource_id
  principal_id       = var.principal_object_id
}
"""
_GRAPH: Final = """
data "azuread_service_principal" "microsoft_graph" {
  client_id = "00000003-0000-0000-c000-000000000000"
}

resource "azuread_app_role_assignment" "auditreel" {
  for_each = toset([
PERMISSIONS
  ])

  app_role_id         = data.azuread_service_principal.microsoft_graph.app_role_ids[each.value]
  principal_object_id = var.principal_object_id
  resource_object_id  = data.azuread_service_principal.microsoft_graph.object_id
}
"""


def terraform(names: Iterable[str]) -> str:
    """A Terraform configuration (HCL): the role and its assignment, and the permissions of Microsoft Graph."""
    actions, graph = divided(names)
    parts = [_HEAD]
    if actions:
        parts.append(_ROLE.replace("ROLE", ROLE, 1).replace("ACTIONS", _lines(actions, 6)))
    if graph:
        parts.append(_GRAPH.replace("PERMISSIONS", _lines(graph, 4)))
    return "".join(parts).rstrip("\n")


def _lines(names: Sequence[str], indent: int) -> str:
    return "\n".join(f'{" " * indent}"{name}",' for name in names)
