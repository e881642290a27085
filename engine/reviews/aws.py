"""Rights in an AWS account: its root, IAM users by password, key, group and policy, and roles that others may assume.

A role that only AWS services assume is no access of people. Who is assigned to a permission set of IAM Identity Center
no reader lists: each role that it made is a line that says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.expressions.failures import EvaluationError
from engine.expressions.functions.iam_admin import administrative_statements
from engine.expressions.functions.iam_document import statements
from engine.expressions.functions.iam_escalation import escalations
from engine.reviews.model import Line
from engine.reviews.reading import Account, day, missing
from providers.base import Resource

ROOT: Final = "AWS::Account"
USER: Final = "AWS::IAM::User"
GROUP: Final = "AWS::IAM::Group"
ROLE: Final = "AWS::IAM::Role"
_MANAGED: Final = "AWS::IAM::ManagedPolicy"
_INLINE: Final = "AWS::IAM::Policy"
_ASSIGNMENT: Final = "AWS::SSO::Assignment"
_IDENTITY_CENTER: Final = "/aws-reserved/sso.amazonaws.com/"
_POWERFUL: Final = frozenset({"AdministratorAccess", "PowerUserAccess", "IAMFullAccess"})
"""Policies of AWS's own that grant everything, everything but IAM, and IAM, which gives the rest."""


def rights(account: Account) -> Iterator[Line]:
    """Every line of an account."""
    gaps: list[Line] = []
    policies = _Policies.of(account)
    yield from _root(account, account.all(ROOT, gaps), gaps)
    groups = {group.name: group for group in account.all(GROUP, gaps)}
    for user in account.all(USER, gaps):
        yield from _user(account, user, groups, policies, gaps)
    for role in account.all(ROLE, gaps):
        yield from _role(account, role, policies, gaps)
    yield from gaps


def _root(account: Account, found: list[Resource], gaps: list[Line]) -> Iterator[Line]:
    for root in found:
        if why := missing(root, "root_mfa_enabled", "root_access_keys_present", "root_last_used_at"):
            gaps.append(account.gap(ROOT, "the root user", why))
            continue
        said = root.properties
        yield Line(
            account.provider,
            account.name,
            ROOT,
            f"arn:aws:iam::{account.name}:root",
            "root user",
            name="root user",
            allows="everything; access keys" if said["root_access_keys_present"] else "everything",
            privileged=True,
            mfa=said["root_mfa_enabled"],
            last_used=day([said["root_last_used_at"]]),
        )


def _user(
    account: Account, user: Resource, groups: Mapping[str, Resource], policies: _Policies, gaps: list[Line]
) -> Iterator[Line]:
    credentials = ("password_enabled", "password_last_used_at", "mfa_active", "access_keys")
    if why := missing(user, *credentials, "groups", "attached_policies", "inline_policies"):
        gaps.append(account.gap(USER, user.name, why, user.id))
    said = user.properties
    keys = [key for key in said.get("access_keys", ()) if key.get("active") is True]
    held: dict[str, tuple[str, bool | None]] = {}
    for name in said.get("groups", ()):
        group = groups.get(name)
        held[f"group {name}"] = policies.of_principal(group) if group is not None else ("", None)
    for arn in said.get("attached_policies", ()):
        held[f"policy {arn}"] = "", policies.of_managed(arn)
    for name in said.get("inline_policies", ()):
        held[f"inline policy {name}"] = "", policies.of_inline(user.id, name)
    powers = [power for _, power in held.values()]
    whole = True if True in powers else None if None in powers else False
    used = [said.get("password_last_used_at"), *(key.get("last_used_at") for key in said.get("access_keys", ()))]
    rows: list[tuple[str, str, bool | None, str]] = []
    if said.get("password_enabled") is True:
        rows.append(("console sign-in", "", whole, day([said.get("password_last_used_at")])))
    rows += [(f"access key {key['number']}", "", whole, day([key.get("last_used_at")])) for key in keys]
    rows += [(access, allows, power, day(used)) for access, (allows, power) in held.items()]
    # A user who may do nothing is a user all the same: somebody can give it a key tomorrow.
    for access, allows, power, last in rows or [("user without credentials or rights", "", whole, day(used))]:
        yield Line(
            account.provider,
            account.name,
            USER,
            user.id,
            access,
            name=user.name,
            allows=allows,
            privileged=power,
            mfa=said.get("mfa_active"),
            last_used=last,
        )


def _role(account: Account, role: Resource, policies: _Policies, gaps: list[Line]) -> Iterator[Line]:
    if why := missing(role, "path", "trust_policy", "attached_policies", "inline_policies"):
        gaps.append(account.gap(ROLE, f"role {role.name}", why))
        return
    if role.properties["path"].startswith(_IDENTITY_CENTER):
        why = "who is assigned to it stands in IAM Identity Center, which no reader lists"
        gaps.append(account.gap(_ASSIGNMENT, f"role {role.name}", why, role.id))
        return
    try:
        trusting = [statement for statement in statements(role.properties["trust_policy"]) if statement.allows]
    except EvaluationError as error:
        gaps.append(account.gap(ROLE, f"role {role.name}", f"its trust policy cannot be read: {error}"))
        return
    allows, power = policies.of_principal(role)
    who: set[str] = set()
    for statement in trusting:
        if statement.all_principals_but:
            who.add("everybody but some")
        who.update(value for kind, value in statement.principals or () if kind != "Service")
    if not who:
        account.machines["role that only services assume"] += 1
    for principal in sorted(who):
        yield Line(
            account.provider,
            account.name,
            ROLE,
            principal,
            f"assume role {role.name}",
            name=principal,
            allows=allows,
            privileged=power,
            last_used=day([role.properties.get("last_used_at")]) if "last_used_at" in role.properties else "",
        )


@dataclass(frozen=True, slots=True)
class _Policies:
    """The policy documents of an account: what they allow, and whether that is everything or leads there."""

    managed: Mapping[str, Any]
    inline: Mapping[str, Any]

    @staticmethod
    def of(account: Account) -> _Policies:
        """Those that the run read."""

        def documents(type_: str) -> dict[str, Any]:
            found = account.resources.get(type_, [])
            return {row.id: row.properties["document"] for row in found if "document" in row.properties}

        return _Policies(documents(_MANAGED), documents(_INLINE))

    def of_managed(self, arn: str) -> bool | None:
        """Whether a managed policy gives away the account; None where its document was not read."""
        if ":iam::aws:policy/" in arn:
            return arn.rpartition("/")[2] in _POWERFUL
        return _powerful(self.managed[arn]) if arn in self.managed else None

    def of_inline(self, principal: str, name: str) -> bool | None:
        """The same of a policy that is embedded in a principal."""
        id_ = f"{principal}/inline-policy/{name}"
        return _powerful(self.inline[id_]) if id_ in self.inline else None

    def of_principal(self, principal: Resource) -> tuple[str, bool | None]:
        """The names of the policies of a group or role, and whether one of them gives away the account."""
        said = principal.properties
        if missing(principal, "attached_policies", "inline_policies"):
            return "", None
        arns, inline = said["attached_policies"], said["inline_policies"]
        powers = [self.of_managed(arn) for arn in arns] + [self.of_inline(principal.id, name) for name in inline]
        names = ", ".join(sorted([arn.rpartition("/")[2] for arn in arns] + list(inline)))
        return names, True if True in powers else None if None in powers else False


def _powerful(document: Any) -> bool | None:
    try:
        return bool(administrative_statements(document) or escalations([document]))
    except EvaluationError:
        return None
