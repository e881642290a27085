"""Cloud Run: services (functions of the second generation are services), and functions of the first generation.

Sources: Cloud Run Admin API v1 reference, "services" (ObjectMeta, annotations), which is the form that the inventory
keeps; Cloud Run functions API v1 reference, "projects.locations.functions".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, Resource, ResourceType
from providers.gcp.assets import Item, own_principals, policy, resource
from providers.gcp.fields import Field, flag, labels, malformed, text
from providers.gcp.listing import Listing, by_name, listed, place

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

SERVICE: Final = "run.googleapis.com/Service"
FUNCTION: Final = "cloudfunctions.googleapis.com/CloudFunction"
TYPES: Final = (ResourceType(SERVICE, GLOBAL), ResourceType(FUNCTION, GLOBAL))
API: Final = "https://run.googleapis.com/v1"
FUNCTIONS: Final = "https://cloudfunctions.googleapis.com/v1"
LIST: Final = "run.projects.locations.services.list"
LOCATION: Final = "cloud.googleapis.com/location"

INGRESS: Final = "run.googleapis.com/ingress"
UNCHECKED: Final = "run.googleapis.com/invoker-iam-disabled"
_SYSTEM: Final = ("autoscaling.knative.dev/", "cloud.googleapis.com/", "run.googleapis.com/", "serving.knative.dev/")
"""Namespaces of labels that the system sets; version 2 of the API has fields instead of them ("Service", labels)."""
_WORDS: Final = {"true": True, "false": False}


def _service(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = item["metadata"]
    notes = labels(metadata.get("annotations", {}))
    return {
        "ingress": ingress(notes),
        "invoker_check_disabled": invoker_check_disabled(notes),
        "tags": own_labels(labels(metadata.get("labels", {}))),
        "name": metadata["name"],
        "region": place(name),
    }


def own_labels(found: Any) -> Any:
    """The labels of a service without those that the system sets."""
    if not isinstance(found, dict):
        return found
    return {name: value for name, value in found.items() if not name.startswith(_SYSTEM)}


def ingress(notes: Any) -> Any:
    """From where a service with these annotations takes requests: from everywhere where none says it."""
    return notes.get(INGRESS, "all") if isinstance(notes, dict) else notes


def invoker_check_disabled(notes: Any) -> Any:
    """Whether anybody may invoke a service with these annotations: nobody does unchecked where none says it."""
    return (
        _WORDS.get(notes.get(UNCHECKED, "false").lower(), malformed("a boolean")) if isinstance(notes, dict) else notes
    )


def _services(gcp: Caller) -> Iterator[Item]:
    url = f"{API}/projects/{gcp.account}/locations/-/services"
    items = gcp.pages(
        LIST,
        url,
        "items",
        kind="ServiceList",
        limit="limit",
        size=100,
        token=("continue", ("metadata", "continue")),
        known=frozenset({"apiVersion", "metadata"}),
    )
    for item in items:
        metadata = item["metadata"]
        parent = f"projects/{gcp.account}/locations/{metadata['labels'][LOCATION]}"
        yield f"//run.googleapis.com/{parent}/services/{metadata['name']}", item


def _service_policy(gcp: Caller, item: Resource) -> Mapping[str, Any]:
    url = f"{API}/{item.id.removeprefix('//run.googleapis.com/')}:getIamPolicy"
    version = {"options.requestedPolicyVersion": 3}
    return gcp.get("run.projects.locations.services.getIamPolicy", url, **version)


_FUNCTION: Final[Mapping[str, Field]] = {
    # Functions from before there was the setting take requests from everywhere.
    "ingress": Field("ingressSettings", text, "ALLOW_ALL"),
    "tags": Field("labels", labels, {}),
}


def _function(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    # It has one kind of trigger, which its key tells.
    return {"http_trigger": flag("httpsTrigger" in item)}


def _function_policy(gcp: Caller, item: Resource) -> Mapping[str, Any]:
    url = f"{FUNCTIONS}/{item.id.removeprefix('//cloudfunctions.googleapis.com/')}:getIamPolicy"
    version = {"options.requestedPolicyVersion": 3}
    return gcp.get("cloudfunctions.projects.locations.functions.getIamPolicy", url, **version)


READERS: Final = (
    resource(
        SERVICE,
        ("ingress", "invoker_check_disabled", "tags"),
        _service,
        operations=(LIST,),
        items=_services,
        permissions=("run.services.list",),
    ),
    policy(
        SERVICE,
        ("principals",),
        own_principals,
        _service_policy,
        operation="run.projects.locations.services.getIamPolicy",
        permission="run.services.getIamPolicy",
        unmentioned={"principals": []},
    ),
    listed(
        FUNCTION,
        _FUNCTION,
        Listing(
            "cloudfunctions.projects.locations.functions.list",
            "cloudfunctions.functions.list",
            f"{FUNCTIONS}/projects/{{project}}/locations/-/functions",
            "functions",
            by_name("cloudfunctions.googleapis.com"),
            size=1000,
        ),
        _function,
        ("http_trigger",),
    ),
    policy(
        FUNCTION,
        ("principals",),
        own_principals,
        _function_policy,
        operation="cloudfunctions.projects.locations.functions.getIamPolicy",
        permission="cloudfunctions.functions.getIamPolicy",
        unmentioned={"principals": []},
    ),
)
