"""Functions of ARM templates that ask the deployment: where it is made, and what is made by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.arm.depending import Open
from providers.arm.loading import Fields
from providers.arm.places import Text, text
from providers.arm.unresolved import Unresolved, joined, quoted, unresolved

if TYPE_CHECKING:
    from providers.arm.evaluation import Evaluator

TOLD_LATER: Final[Mapping[str, str]] = {
    **dict.fromkeys(("guid", "uniquestring"), "it is made of a hash whose algorithm is not documented"),
    **dict.fromkeys(("newguid", "utcnow"), "every deployment gives another"),
    **dict.fromkeys(
        ("datetimeadd", "datetimefromepoch", "datetimetoepoch", "parsecidr", "datauritostring", "deployer"),
        "it is not evaluated here",
    ),
    **dict.fromkeys(
        (
            *("environment", "pickzones", "providers", "tologicalzone", "tologicalzones", "tophysicalzone"),
            *("tophysicalzones", "references", "getsecret", "externalinput"),
        ),
        "it is told when it is deployed",
    ),
    "format": "its pattern is not known",
    "fail": "it stops the deployment",
}
"""Functions whose results nobody knows before the deployment, or that are not evaluated here, and why."""


def _subscription(evaluator: Evaluator, arguments: list[Any]) -> Any:
    where = evaluator.where
    known = {"id": where.of_subscription, "subscriptionId": where.subscription, "tenantId": where.tenant}
    return Open(known, "subscription()")


def _resource_group(evaluator: Evaluator, arguments: list[Any]) -> Any:
    where = evaluator.where
    known = {"id": where.of_group, "name": where.group, "location": where.location}
    return Open({**known, "type": "Microsoft.Resources/resourceGroups"}, "resourceGroup()")


def _management_group(evaluator: Evaluator, arguments: list[Any]) -> Any:
    name = evaluator.where.management_group
    known = {"name": name, "id": joined(["/providers/Microsoft.Management/managementGroups/", name])}
    return Open({**known, "type": "Microsoft.Management/managementGroups"}, "managementGroup()")


def _tenant(evaluator: Evaluator, arguments: list[Any]) -> Any:
    return Open({"tenantId": evaluator.where.tenant}, "tenant()")


def _deployment(evaluator: Evaluator, arguments: list[Any]) -> Any:
    where = evaluator.where
    return Open({"name": where.deployment, "location": where.deployed_at}, "deployment()")


def _reference(evaluator: Evaluator, arguments: list[Any]) -> Any:
    """The state of a resource, which is known of nested deployments alone: their outputs."""
    named = arguments[0]
    symbol = evaluator.symbols.get(named.lower()) if isinstance(named, str) else None
    id_: Text = symbol["id"] if symbol is not None else named
    shown = f"reference({quoted(named)})"
    outputs = evaluator.shared.outputs.get(text(id_))
    found = outputs() if outputs is not None else None
    if found is None:
        return unresolved(shown, f"what {shown[:120]} gives is known when it is deployed")
    state = Open({"outputs": Fields(found)}, shown)
    whole = len(arguments) > 2 and not isinstance(arguments[2], Unresolved) and str(arguments[2]).lower() == "full"
    return Open({"properties": state}, shown) if whole else state


def _resource_info(evaluator: Evaluator, arguments: list[Any]) -> Any:
    symbol = evaluator.symbols.get(str(arguments[0]).lower()) if isinstance(arguments[0], str) else None
    return Open(symbol or {}, f"resourceInfo({quoted(arguments[0])})")


FUNCTIONS: Final[Mapping[str, Callable[[Any, list[Any]], Any]]] = {
    "subscription": _subscription,
    "resourcegroup": _resource_group,
    "managementgroup": _management_group,
    "tenant": _tenant,
    "deployment": _deployment,
    "reference": _reference,
    "resourceinfo": _resource_info,
}
"""The functions by name, in lower case, of an evaluator and arguments."""
