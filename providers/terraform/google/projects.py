"""Resource Manager and Service Usage: what a plan adds to a project's policy, and which APIs it enables.

Of who may do what in a project a plan holds some: other plans, people and the folders above have their share.

Source: provider documentation, google_project_iam, google_project_service.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from providers.base import Unread
from providers.gcp.iam_policy import audit_configs, counted
from providers.gcp.projects import PROJECT
from providers.gcp.serviceusage import SERVICE
from providers.terraform.block import Block
from providers.terraform.google.iam_policies import ELEMENT, binding, member, policy, policy_data, together
from providers.terraform.google.naming import NOT_TOLD, mapping, project
from providers.terraform.mapping import Attribute, Constant, Derived, Given, Setting, Where

_PRINCIPAL: Final = (*ELEMENT[:2], "principal_count", *ELEMENT[2:])
_AUDIT: Final = ("service", "log_type", "exempted_members", "set_on")


def _on(block: Block) -> Any:
    own = project(block)
    return NOT_TOLD if own is None else f"projects/{own}"


def _counted(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return counted(together(rows))


def _setting(terraform: str, given: Given) -> Setting:
    return Setting(PROJECT, terraform, {"principals": given}, group=_counted, element=_PRINCIPAL)


def _audits(block: Block) -> Any:
    rows = block.blocks("audit_log_config")
    if isinstance(rows, Unread):
        return rows
    return [
        {
            "service": block.get("service"),
            "log_type": row.get("log_type"),
            "exempted_members": _sorted(row.get("exempted_members", [])),
            "set_on": _on(block),
        }
        for row in rows
    ]


def _sorted(members: Any) -> Any:
    return (
        members if isinstance(members, Unread) or any(isinstance(name, Unread) for name in members) else sorted(members)
    )


def _policy_audits(block: Block) -> Any:
    document = policy_data(block)
    return document if isinstance(document, Unread) else audit_configs([(_on(block), document)])


def _service(block: Block, where: Where) -> Any:
    name = block.get("service", None)
    told = isinstance(name, str) and where.account is not None
    return f"//serviceusage.googleapis.com/projects/{where.account}/services/{name}" if told else None


MAPPINGS: Final = (
    mapping(
        "serviceusage.googleapis.com",
        SERVICE,
        "google_project_service",
        {"state": Constant("ENABLED", "provider documentation: it enables the service")},
        keys=("id", "service"),
        name=Attribute("service", None),
        identity=_service,
    ),
)

SETTINGS: Final = (
    _setting("google_project_iam_member", member(_on)),
    _setting("google_project_iam_binding", binding(_on)),
    _setting("google_project_iam_policy", policy(_on)),
    Setting(
        PROJECT,
        "google_project_iam_policy",
        {"audit_configs": Derived(("policy_data",), _policy_audits)},
        group=list,
        element=_AUDIT,
    ),
    Setting(
        PROJECT,
        "google_project_iam_audit_config",
        {
            "audit_configs": Derived(
                ("service", "audit_log_config.log_type", "audit_log_config.exempted_members"), _audits
            )
        },
        group=list,
        element=_AUDIT,
    ),
)
