"""How Google Cloud grants the least privilege: a custom role, on the organization or on a project.

A custom role of an organization can hold permissions on what is above projects; one of a project cannot (IAM, "Custom
roles"). Where a role is granted on the organization, it holds for every folder and project below.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

ROLE: Final = "auditreel"
TITLE: Final = "auditreel"
DESCRIPTION: Final = "Reads the configuration of projects for auditreel, and nothing else."
ABOVE: Final = (
    "compute.firewallPolicies.",
    "compute.organizations.",
    "resourcemanager.folders.",
    "resourcemanager.organizations.",
    "resourcemanager.projects.list",
)
"""Permissions that only a role of an organization can hold."""
WORKSPACE: Final = "workspace:"
"""Begins what Google Workspace's administrators grant, which no role of IAM can hold."""


def policy(names: Iterable[str]) -> str:
    """A custom role (YAML), as ``gcloud iam roles create auditreel --organization=ID --file=FILE`` takes it."""
    lines = [f"title: {TITLE}", f"description: {json.dumps(DESCRIPTION)}", "stage: GA", "includedPermissions:"]
    return "\n".join([*lines, *(f"- {name}" for name in _sorted(names))])


def policy_note(names: Iterable[str]) -> str:
    """What a role of a single project cannot hold, and what is enabled beside the role."""
    told = sorted(set(names))
    above = [name for name in told if name.startswith(ABOVE)]
    inventory = "Cloud Asset Inventory is used where cloudasset.googleapis.com is enabled in the project that scans"
    notes = [f"gcp: {inventory}"]
    if above:
        notes.append(f"only a role of an organization can hold {', '.join(above)}")
    roles = [role for name, role in _ROLES.items() if name in told]
    if roles:
        notes.append(f"in Google Workspace, not in IAM, whoever scans needs {' and '.join(roles)}")
    return "; ".join(notes)


_ROLES: Final = {
    "workspace:groups.read": "the administrator's role Groups Reader",
    "workspace:users.read": "an administrator's role with Users > Read, or domain-wide delegation (directory_admin)",
}


_TERRAFORM: Final = """\
# What auditreel reads, and the role that reads it. Written by `auditreel permissions --format terraform`.

terraform {
  required_providers {
    google = {
      source = "hashicorp/google"
    }
  }
}

variable "organization_id" {
  description = "Number of the organization whose projects are scanned."
  type        = string
}

variable "member" {
  description = "Who scans: serviceAccount:NAME@PROJECT.iam.gserviceaccount.com, or a principal:// of a federation."
  type        = string
}

resource "google_organization_iam_custom_role" "auditreel" {
  org_id      = var.organization_id
  role_id     = "ROLE"
  title       = "TITLE"
  description = "DESCRIPTION"

  permissions = [
PERMISSIONS
  ]
}

resource "google_organization_iam_member" "auditreel" {
  org_id = var.organization_id
  role   = google_organization_iam_custom_role.auditreel.name
  member = var.member
}"""


def terraform(names: Iterable[str]) -> str:
    """A Terraform configuration (HCL): a custom role of the organization, and who has it."""
    lines = "\n".join(f'    "{name}",' for name in _sorted(names))
    filled = {"ROLE": ROLE, "TITLE": TITLE, "DESCRIPTION": DESCRIPTION, "PERMISSIONS": lines}
    text = _TERRAFORM
    for key, value in filled.items():
        text = text.replace(f'"{key}"', f'"{value}"').replace(f"\n{key}\n", f"\n{value}\n")
    return text


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted({name for name in names if not name.startswith(WORKSPACE)})
