"""Further services of Google: what their listings answer, written from their API references.

A listing that gives the resources of a project as the world holds them is a row of a table; what answers otherwise is a
function.
"""

from __future__ import annotations

from typing import Any, Final

from tests.emulators.gcp.apis import ROUTES, Handler, apis, paged, route
from tests.emulators.gcp.wire import Asked
from tests.emulators.gcp.world import World

__all__ = ["ROUTES", "apis", "listing"]


def listing(type_: str, key: str, kind: str = "", size: str = "pageSize", most: int = 1000) -> Handler:
    """Answers with the resources of a type below ``key``; ``kind``: what the answer says it is."""

    def answer(world: World, asked: Asked, name: str) -> Any:
        rows = [entry["data"] for entry in world.assets(name, type_)]
        return {**({"kind": kind} if kind else {}), **paged(world, asked, rows, key, size, most=most)}

    return answer


# --- Organization Policy (orgpolicy.googleapis.com/v2) ---

ORG_POLICY: Final = "orgpolicy.googleapis.com/Policy"


@route("GET", "orgpolicy", "/v2/(?P<name>(?:projects|folders|organizations)/[^/]+)/policies", "orgpolicy.policies.list")
def _org_policies(world: World, asked: Asked, name: str) -> Any:
    kind, _, id_ = name.partition("/")
    if kind == "projects":
        rows = [entry["data"] for entry in world.assets(id_, ORG_POLICY)]
    elif kind == "folders":
        rows = next((row.get("policies", []) for row in world.folders if row["id"] == id_), [])
    else:
        rows = world.organization.get("policies", [])
    return paged(world, asked, rows, "policies")
