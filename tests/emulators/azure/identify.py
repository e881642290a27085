"""Which operation of Azure a request calls, by its path: as "arm:TYPE", "resourcegraph:TABLE", "graph:PATH"."""

from __future__ import annotations

import json
import re
from typing import Final

from tests.emulators.azure.facts import versions
from tests.emulators.identify import Call, Request

GRAPH: Final = "/graph/v1.0/"
"""Below which Microsoft Graph is served: another audience than Resource Manager's."""
RESOURCE_GRAPH: Final = "/providers/microsoft.resourcegraph/resources"
_GUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_SUBSCRIPTION: Final = re.compile(r"^/subscriptions/([^/]+)", re.IGNORECASE)


def identify(request: Request) -> Call:
    """The call that a request makes. Its region is the subscription, where the path or the body names one."""
    service, operation, subscription = _asked(request)
    return Call(service, subscription, operation, "rest-json", request.digest)


def _asked(request: Request) -> tuple[str, str, str]:
    path = request.path
    if path.startswith(GRAPH):
        operation = _GUID.sub("{id}", path.removeprefix(GRAPH).partition("/microsoft.graph.")[0])
        # Counted apart from other requests for users ("Microsoft Graph service-specific throttling limits").
        dear = "signInActivity" in request.query.get("$select", "").split(",")
        return "graph", f"{operation}/signInActivity" if dear else operation, "-"
    if path.endswith("/token") or path.endswith("/openid-configuration"):
        return "login", path.rpartition("/")[2], "-"
    if path.lower() == RESOURCE_GRAPH:
        return "resourcegraph", *_query(request.body)
    found = _SUBSCRIPTION.match(path)
    return "arm", canonical(type_of(path)), found.group(1) if found else "-"


def _query(body: bytes) -> tuple[str, str]:
    try:
        asked = json.loads(body)
        return str(asked["query"]).split()[0], str(asked["subscriptions"][0])
    except (LookupError, TypeError, ValueError):
        return "?", "-"


def canonical(type_: str) -> str:
    """A type as its resource provider spells it, whatever case the path was in."""
    return next((name for name in versions() if name.lower() == type_.lower()), type_)


def type_of(path: str) -> str:
    """The type of resource that a path of Resource Manager is about."""
    parts = [part for part in path.split("/") if part]
    lower = [part.lower() for part in parts]
    if "providers" not in lower:
        return "Microsoft.Resources/" + "/".join(parts[::2])
    last = len(lower) - 1 - lower[::-1].index("providers")
    namespace, *rest = parts[last + 1 :] or [""]
    return "/".join([namespace, *rest[::2]])
