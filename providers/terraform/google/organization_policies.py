"""Organization policies that are set on a project; those of folders and organizations are no project's own.

Sources: provider documentation, google_org_policy_policy, google_project_organization_policy; Organization Policy API
reference, "Policy".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from providers.base import Unread
from providers.gcp.organization_policies import ON_CONDITION, POLICY
from providers.terraform.block import Block
from providers.terraform.google.naming import last, mapping
from providers.terraform.mapping import Attribute, Constant, Derived, Where

_HOST: Final = "//orgpolicy.googleapis.com/"
_DOC: Final = "provider documentation"


def _of_project(block: Block) -> Any:
    parent = block.get("parent")
    return parent if isinstance(parent, Unread) else parent.startswith("projects/")


def _identity(path: str) -> Any:
    def read(block: Block, where: Where) -> Any:
        name = block.get(path, None, computed=False)
        told = isinstance(name, str) and where.account is not None
        return f"{_HOST}projects/{where.account}/policies/{last(name)}" if told else None

    return read


def _live(block: Block) -> Any:
    # Without a spec there is a dry run only.
    rows = block.blocks("spec")
    return rows if isinstance(rows, Unread) else bool(rows)


def _rules(block: Block) -> list[Block] | Unread:
    spec = block.block("spec")
    return [] if spec is None else spec if isinstance(spec, Unread) else spec.blocks("rules")


def _flag(name: str, absent: Any) -> Derived:
    """What the rules say of a kind, which is text ("TRUE"); ``absent`` where none does."""

    def read(block: Block) -> Any:
        rules = _judged(_rules(block))
        if isinstance(rules, Unread):
            return rules
        said = [value for value in (rule.get(name, None) for rule in rules) if value not in (None, "")]
        unread = next((value for value in said if isinstance(value, Unread)), None)
        if unread is not None:
            return unread
        true = [value.upper() == "TRUE" for value in said]
        return (true[0] if true else None) if absent is None else any(true)

    return Derived((f"spec.rules.{name}",), read)


def _judged(rules: list[Block] | Unread) -> list[Block] | Unread:
    """The rules of a policy, if none holds on a condition."""
    if isinstance(rules, Unread):
        return rules
    conditions = [rule.blocks("condition") for rule in rules]
    unread = next((rows for rows in conditions if isinstance(rows, Unread)), None)
    return unread if unread is not None else ON_CONDITION if any(conditions) else rules


def _values(name: str) -> Derived:
    def read(block: Block) -> Any:
        rules = _judged(_rules(block))
        if isinstance(rules, Unread):
            return rules
        return _joined([rule.get(f"values.{name}", []) for rule in rules])

    return Derived((f"spec.rules.values.{name}",), read)


def _joined(lists: Sequence[Any]) -> Any:
    unread = next((values for values in lists if isinstance(values, Unread)), None)
    return unread if unread is not None else [value for values in lists for value in values]


# --- the older resource ----------------------------------------------------------------------------------------------


def _listed(path: str) -> Derived:
    return Derived((path,), lambda block: block.get(path, []))


MAPPINGS: Final = (
    mapping(
        "orgpolicy.googleapis.com",
        POLICY,
        "google_org_policy_policy",
        {
            "constraint": Attribute("name", convert=last),
            "live": Derived(("spec",), _live),
            "inherit_from_parent": Attribute("spec.inherit_from_parent", False, _DOC),
            "enforced": _flag("enforce", None),
            "allow_all": _flag("allow_all", False),
            "deny_all": _flag("deny_all", False),
            "allowed_values": _values("allowed_values"),
            "denied_values": _values("denied_values"),
        },
        keys=("id", "name"),
        name=Attribute("name", None, convert=last),
        identity=_identity("name"),
        applies=_of_project,
        control=True,
    ),
    mapping(
        "orgpolicy.googleapis.com",
        POLICY,
        "google_project_organization_policy",
        {
            "constraint": Attribute("constraint", convert=last),
            "live": Constant(True, "provider documentation: it has no dry run"),
            "inherit_from_parent": Attribute("list_policy.inherit_from_parent", False, _DOC),
            "enforced": Attribute("boolean_policy.enforced", None),
            "allow_all": Attribute("list_policy.allow.all", False, _DOC),
            "deny_all": Attribute("list_policy.deny.all", False, _DOC),
            "allowed_values": _listed("list_policy.allow.values"),
            "denied_values": _listed("list_policy.deny.values"),
        },
        keys=("id",),
        name=Attribute("constraint", None, convert=last),
        identity=_identity("constraint"),
        control=True,
    ),
)
