"""API keys: what each may be used for and from where.

Source: provider documentation, google_apikeys_key.
"""

from __future__ import annotations

from typing import Any, Final

from providers.base import Unread
from providers.gcp.apikeys import CLIENTS, KEY
from providers.terraform.block import Block
from providers.terraform.google.naming import NOT_TOLD, exists, mapping
from providers.terraform.mapping import Derived

_CLIENTS: Final = {
    key.removesuffix("KeyRestrictions"): f"{key.removesuffix('KeyRestrictions')}_key_restrictions" for key in CLIENTS
}


def _created(block: Block) -> Any:
    # Of a key that is there, the provider does not tell; a new one is made after the plan.
    return NOT_TOLD if exists(block) else block.referring.as_of()


def _targets(block: Block) -> Any:
    held = block.block("restrictions")
    if held is None or isinstance(held, Unread):
        return [] if held is None else held
    rows = held.blocks("api_targets")
    return rows if isinstance(rows, Unread) else [{"service": row.get("service")} for row in rows]


def _clients(block: Block) -> Any:
    held = block.block("restrictions")
    if held is None or isinstance(held, Unread):
        return [] if held is None else held
    found = {kind: held.blocks(path) for kind, path in _CLIENTS.items()}
    unread = next((rows for rows in found.values() if isinstance(rows, Unread)), None)
    return unread if unread is not None else [kind for kind, rows in found.items() if rows]


MAPPINGS: Final = (
    mapping(
        "apikeys.googleapis.com",
        KEY,
        "google_apikeys_key",
        {
            "created_at": Derived((), _created),
            "api_targets": Derived(("restrictions.api_targets.service",), _targets),
            "client_restrictions": Derived(tuple(f"restrictions.{path}" for path in _CLIENTS.values()), _clients),
        },
        keys=("id", "name"),
    ),
)
