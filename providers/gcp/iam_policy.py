"""IAM policies as they have effect: who holds which role from where, and which accesses are logged.

What an allow policy grants on a folder or an organization, it grants on everything below (IAM, "Policy inheritance"),
so a project's principals are those of all policies from itself upwards. Of a policy that was not read, the list has an
element of which nothing was read: what was seen still decides, and nothing else does.

Sources: IAM API reference, "Policy", "Binding", "AuditConfig"; IAM, "Principal identifiers".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from providers.base import Unread

Policies = Iterable[tuple[str, Mapping[str, Any] | Unread]]
"""IAM policies by what they are set on ("organizations/1", a full resource name), or why one was not read."""

_ONE: Final = frozenset({"user", "serviceAccount", "principal"})
NOT_EXPANDED: Final = Unread("not_collected", detail="who is in it was not read")
"""How many a group, a domain or a set of identities is."""


_KEYS: Final = frozenset({"auditConfigs", "bindings", "etag", "kind", "resourceId", "version"})


def answered(policy: Mapping[str, Any]) -> Mapping[str, Any]:
    """A policy that a service answered with. Raises LookupError for what is none.

    What has no policy has an empty one with an etag (IAM API reference, "getIamPolicy"); without one, what looks like
    an empty policy is another answer.
    """
    if not policy.get("etag"):
        raise LookupError("etag")
    return policy


def principals(policies: Policies) -> list[dict[str, Any]]:
    """Each principal of some policies once, with all that is granted to it, in the order of their names.

    Raises TypeError, LookupError or AttributeError for a policy that is none.
    """
    grants: dict[str, list[dict[str, Any]]] = {}
    unseen: list[dict[str, Any]] = []
    for where, policy in policies:
        if isinstance(policy, Unread):
            unseen.append(dict.fromkeys(("member", "kind", "grants"), policy))
            continue
        if policy.keys() - _KEYS:
            raise TypeError("not a policy")
        for binding in policy.get("bindings", ()):
            granted = {"role": _text(binding["role"]), "granted_on": where, "condition": _condition(binding)}
            for member in binding.get("members", ()):
                grants.setdefault(_text(member), []).append(granted)
    seen = [{"member": member, "kind": member.partition(":")[0], "grants": grants[member]} for member in sorted(grants)]
    return seen + unseen


def counted(found: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Principals with how many each is: one, none while it is deleted, and nobody knows of a group or a domain."""
    return [{**row, "principal_count": _count(row["kind"])} for row in found]


def _count(kind: str | Unread) -> int | Unread:
    if isinstance(kind, Unread):
        return kind
    return 0 if kind == "deleted" else 1 if kind in _ONE else NOT_EXPANDED


def _condition(binding: Mapping[str, Any]) -> dict[str, str] | None:
    condition = binding.get("condition")
    if condition is None:
        return None
    return {"expression": _text(condition["expression"]), "title": _text(condition.get("title", ""))}


def audit_configs(policies: Policies) -> list[dict[str, Any]]:
    """Which accesses are logged, of which service, and whose are not: one for each service, type and policy.

    Configurations add up, exempted members as well (IAM API reference, "AuditConfig").
    """
    found: list[dict[str, Any]] = []
    for where, policy in policies:
        if isinstance(policy, Unread):
            found.append(dict.fromkeys(("service", "log_type", "exempted_members", "set_on"), policy))
            continue
        for config in policy.get("auditConfigs", ()):
            for logged in config["auditLogConfigs"]:
                exempted = sorted(_text(member) for member in logged.get("exemptedMembers", ()))
                found.append(
                    {
                        "service": _text(config["service"]),
                        "log_type": _text(logged["logType"]),
                        "exempted_members": exempted,
                        "set_on": where,
                    }
                )
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value
