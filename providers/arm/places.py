"""Where a template is deployed to, and the ids that resources have there.

"Template functions for ARM scopes" and "resourceId" (Microsoft Learn). What is not known of an id is written in braces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from providers.arm.unresolved import Unresolved, joined, unresolved, worded

GROUPS: Final = "microsoft.resources/resourcegroups"
GIVEN: Final = (
    "subscription().subscriptionId",
    "subscription().tenantId",
    "resourceGroup().name",
    "resourceGroup().location",
    "managementGroup().name",
    "deployment().name",
    "deployment().location",
)
"""What may be given of the place by the name that templates have for it, like a parameter."""

Text = str | Unresolved
_PARTS: Final = ("subscription", "group", "management_group", "location")


@dataclass(frozen=True, slots=True)
class Where:
    """A scope: the parts of its id. ``level`` is group, subscription, management_group, tenant or unknown.

    ``locations`` are the location of the resource group and of the deployment.
    """

    level: str
    subscription: Text
    group: Text
    management_group: Text
    tenant: Text
    location: Text
    deployment: Text
    deployed_at: Text
    other: Text = ""

    @property
    def id(self) -> Text:
        """The scope's id, "" for the tenant."""
        if self.level == "tenant":
            return ""
        if self.level == "management_group":
            return joined(["/providers/Microsoft.Management/managementGroups/", self.management_group])
        if self.level == "subscription":
            return self.of_subscription
        return self.other if self.level == "unknown" else self.of_group

    @property
    def of_subscription(self) -> Text:
        """The id of the subscription."""
        return joined(["/subscriptions/", self.subscription])

    @property
    def of_group(self) -> Text:
        """The id of the resource group."""
        return joined([self.of_subscription, "/resourceGroups/", self.group])

    def at(self, scope: Text) -> Where:
        """The scope that an id names ("/subscriptions/...", "Microsoft.Management/managementGroups/x", "/")."""
        if isinstance(scope, str):
            parts = scope.strip("/").split("/")
            lower = [part.lower() for part in parts]
            if scope == "/":
                return replace(self, level="tenant")
            if lower[0] == "subscriptions" and len(parts) == 2:
                return replace(self, level="subscription", subscription=parts[1])
            if lower[0] == "subscriptions" and len(parts) == 4 and lower[2] == "resourcegroups":
                return replace(self, level="group", subscription=parts[1], **self._group(parts[3]))
            if lower[-2:-1] == ["managementgroups"]:
                return replace(self, level="management_group", management_group=parts[-1])
        for known in (replace(self, level="subscription"), replace(self, level="group")):
            if isinstance(scope, Unresolved) and isinstance(known.id, Unresolved) and scope.text == known.id.text:
                return known
        other = scope if isinstance(scope, Unresolved) else unresolved(f"scope({scope})", "a scope that is not known")
        # Whatever is told of that place is not told of this one.
        unknown = {name: unresolved(f"{name} of {other.text}", other.detail or "") for name in _PARTS}
        return replace(self, level="unknown", other=other, **unknown)

    def inside(self, subscription: Text | None, group: Text | None) -> Where:
        """The scope of a nested deployment that names its subscription, its resource group, both or neither."""
        found = self if subscription is None else replace(self, level="subscription", subscription=subscription)
        return found if group is None else replace(found, level="group", **found._group(group))

    def _group(self, group: Text) -> Mapping[str, Any]:
        same = joined([group])
        mine = joined([self.group])
        equal = (
            same.text == mine.text
            if isinstance(same, Unresolved) and isinstance(mine, Unresolved)
            else isinstance(same, str) and isinstance(mine, str) and same.lower() == mine.lower()
        )
        location = self.location if equal else unresolved("location of a resource group", "a group's own location")
        return {"group": group, "location": location}


def root(level: str, chosen: Mapping[str, str]) -> Where:
    """Where a template of a level is deployed to, by what is given of it."""
    given = {name.lower(): value for name, value in chosen.items()}

    def of(name: str) -> Text:
        return given.get(name.lower()) or unresolved(name, f"{name} is not given here", "not_collected")

    subscription, tenant, group, location, management, deployment, deployed_at = map(of, GIVEN)
    return Where(level, subscription, group, management, tenant, location, deployment, deployed_at)


def below(scope: Text, type_: str, names: Sequence[Any]) -> Text:
    """The id of a resource of a type below a scope; ``names`` are one for each part of its type."""
    space, *types = type_.split("/")
    if not types or len(types) != len(names):
        raise ValueError(f"{type_} takes {len(types)} names")
    if type_.lower() == GROUPS:
        return joined([scope, "/resourceGroups/", *names])
    parts: list[Any] = [scope, "/providers/", space]
    for kind, name in zip(types, names, strict=True):
        parts += ["/", kind, "/", name]
    return joined(parts)


def resource_id(where: Where, arguments: Sequence[Any], level: str) -> Text:
    """What resourceId and its kin give: optional ids of subscription and group, a type, names. Raises ValueError."""
    at = next((index for index, item in enumerate(arguments) if isinstance(item, str) and "/" in item), None)
    if at is None:
        unknown = next((item for item in arguments if isinstance(item, Unresolved)), None)
        if unknown is None:
            raise ValueError("no type of a resource is named")
        return joined(["{resourceId(", *arguments, ")}"])
    before, type_, names = arguments[:at], arguments[at].strip("/"), [*arguments[at + 1 :]]
    if level == "extension":
        return below(before[0], type_, names)
    if level == "tenant" or where.level == "tenant":
        return below("", type_, names)
    if level == "management_group" or (level == "" and where.level == "management_group"):
        named = before[0] if before else where.management_group
        return below(joined(["/providers/Microsoft.Management/managementGroups/", named]), type_, names)
    if level == "subscription" or (where.level == "subscription" and not before):
        return below(where.inside(before[0] if before else None, None).of_subscription, type_, names)
    place = where.inside(before[0] if len(before) > 1 else None, before[-1] if before else None)
    return below(place.of_group, type_, names)


def text(value: Any) -> str:
    """An id or a part of it as it is written, in the form in which ids are compared."""
    return (value.text if isinstance(value, Unresolved) else worded(value)).lower().rstrip("/")
