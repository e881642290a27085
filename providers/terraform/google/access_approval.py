"""Access Approval: for which services of a project Google's staff need approval.

Whether something above the project is enrolled, a plan does not tell.

Source: provider documentation and source, google_project_access_approval_settings.
"""

from __future__ import annotations

from typing import Any, Final

from providers.base import Unread
from providers.gcp.projects import PROJECT
from providers.terraform.block import Block
from providers.terraform.mapping import Derived, Setting


def _services(block: Block) -> Any:
    rows = block.blocks("enrolled_services")
    return rows if isinstance(rows, Unread) else [{"product": row.get("cloud_product")} for row in rows]


SETTINGS: Final = (
    Setting(
        PROJECT,
        "google_project_access_approval_settings",
        {"access_approval_services": Derived(("enrolled_services.cloud_product",), _services)},
        removed={"access_approval_services": []},
        source="provider source: deleting it empties the settings",
    ),
)
