"""Who holds which role by a resource's own policy: the three kinds of resources that every service has for it.

``_iam_member`` adds one member of a role, ``_iam_binding`` all of a role, ``_iam_policy`` is the whole policy, as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from providers.base import Unread
from providers.gcp.iam_policy import principals as principals_of
from providers.terraform.block import Block
from providers.terraform.google.naming import NOT_TOLD
from providers.terraform.mapping import Derived, Part, Split

ELEMENT: Final = ("member", "kind", "grants")
On = Callable[[Block], Any]
"""On what a resource sets a policy, as the live adapter names it."""


def member(on: On) -> Derived:
    """The one principal of a member."""

    def read(block: Block) -> Any:
        return [_principal(block.get("member"), _grant(block, on))]

    return Derived(("member", "role", "condition"), read)


def binding(on: On) -> Derived:
    """The principals of a binding."""

    def read(block: Block) -> Any:
        members = block.get("members")
        if isinstance(members, Unread):
            return members
        grant = _grant(block, on)
        return [_principal(name, grant) for name in members]

    return Derived(("members", "role", "condition"), read)


def policy(on: On) -> Derived:
    """The principals of a whole policy."""

    def read(block: Block) -> Any:
        document = policy_data(block)
        return document if isinstance(document, Unread) else principals_of([(on(block), document)])

    return Derived(("policy_data",), read)


def policy_data(block: Block) -> Any:
    """The policy of a resource that holds it as JSON. Raises ValueError for what is none."""
    value = block.get("policy_data")
    document = value if isinstance(value, Unread) else json.loads(value)
    if not isinstance(document, (dict, Unread)):
        raise ValueError("no policy")
    return document


def _grant(block: Block, on: On) -> dict[str, Any]:
    condition: Any = block.block("condition", optional=True)
    if isinstance(condition, Block):
        condition = {"expression": condition.get("expression"), "title": condition.get("title")}
    return {"role": block.get("role"), "granted_on": on(block), "condition": condition}


def _principal(name: Any, grant: dict[str, Any]) -> dict[str, Any]:
    kind = name if isinstance(name, Unread) else name.partition(":")[0]
    return {"member": name, "kind": kind, "grants": [grant]}


def together(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Principals, each once with all that is granted to it; of whom nobody knows who it is, by itself."""
    found: dict[str, list[Any]] = {}
    for row in rows:
        if not isinstance(row["member"], Unread):
            grants = found.setdefault(row["member"], [])
            grants += [grant for grant in row["grants"] if grant not in grants]
    known = [{"member": name, "kind": name.partition(":")[0], "grants": found[name]} for name in sorted(found)]
    return known + [row for row in rows if isinstance(row["member"], Unread)]


def parts(
    prefix: str, link: str, host: str, same: tuple[str, ...] = ("project",), collection: str | None = None
) -> tuple[Part, ...]:
    """The resources that set the policy of a type, by what their names begin with ("google_pubsub_topic").

    ``collection`` is where the resource lies in its project that a policy may name by its name alone, as of
    :func:`providers.terraform.google.naming.identity`.
    """

    def on(block: Block) -> Any:
        value = block.get(link, computed=False)
        if not isinstance(value, str):
            return value
        start = value.find("projects/")
        if start >= 0:
            # Some have the version of the API before it.
            return f"//{host}/{value[start:]}"
        own, region = block.referring.place()
        if collection is None or own is None or region is None or "/" in value:
            return NOT_TOLD
        return f"//{host}/projects/{own}/{collection.format(region=region)}/{value}"

    return policies(prefix, link, on, same)


def policies(prefix: str, link: str, on: On, same: tuple[str, ...] = ()) -> tuple[Part, ...]:
    """As :func:`parts`, with what says on what the policy is set."""
    return (
        Part(f"{prefix}_iam_member", link, {"principals": member(on)}, same=same),
        Part(f"{prefix}_iam_binding", link, {"principals": binding(on)}, same=same),
        Part(f"{prefix}_iam_policy", link, {"principals": policy(on)}, same=same, whole=True),
    )


PRINCIPALS: Final = Split(
    [],
    "IAM, 'Allow policies': what is new has none, or one for its project's own owners, editors and viewers",
    group=together,
    element=ELEMENT,
)
"""The principals of what has :func:`parts`."""
