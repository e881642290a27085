"""AWS Organizations: the organization whose management account the plan is for."""

from __future__ import annotations

from typing import Any, Final

from providers.terraform.block import Block
from providers.terraform.mapping import Derived, Setting


def _organization(block: Block) -> Any:
    return {
        "id": block.get("id", computed=False),
        "feature_set": block.get("feature_set", "ALL"),
        "management_account_id": block.get("master_account_id", computed=False),
    }


SETTINGS: Final = (
    Setting(
        "AWS::Account",
        "aws_organizations_organization",
        {
            "organization": Derived(
                ("id", "feature_set", "master_account_id"), _organization, "provider documentation: ALL"
            )
        },
        removed={"organization": None},
        source="Organizations API, DeleteOrganization: the management account is in none then",
    ),
)
