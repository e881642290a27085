"""Compute Engine: firewall rules of VPC networks.

Sources: provider documentation, google_compute_firewall; Compute Engine API reference, "firewalls".
"""

from __future__ import annotations

from typing import Any, Final

from providers.base import Unread
from providers.gcp.compute_firewalls import ANYWHERE, FIREWALL, protocols
from providers.gcp.compute_networks import NETWORK
from providers.terraform.block import COMPUTED, Block
from providers.terraform.google.naming import COMPUTE, link, mapping
from providers.terraform.mapping import Attribute, Derived

_DOC: Final = "provider documentation, google_compute_firewall"


def _given(block: Block, path: str) -> Any:
    return block.get(path, [], optional=True) or []


def _list(path: str) -> Derived:
    return Derived((path,), lambda block: _given(block, path))


def _direction(block: Block) -> Any:
    return block.get("direction", "INGRESS") or "INGRESS"


def _sources(block: Block) -> Any:
    """From where: without ranges, tags and service accounts a rule is about any source, as the API has it."""
    ranges = block.get("source_ranges", None, computed=False)
    if ranges is not COMPUTED and ranges not in (None, []):
        return ranges
    direction = _direction(block)
    if direction == "EGRESS" or isinstance(direction, Unread):
        return [] if direction == "EGRESS" else direction
    others = [_given(block, path) for path in ("source_tags", "source_service_accounts")]
    unread = next((value for value in others if isinstance(value, Unread)), None)
    return unread if unread is not None else [] if any(others) else [ANYWHERE]


def _rows(path: str) -> Derived:
    def read(block: Block) -> Any:
        rules, sources = block.blocks(path), _sources(block)
        return rules if isinstance(rules, Unread) else [row for rule in rules for row in ports_of(rule, sources)]

    return Derived((f"{path}.protocol", f"{path}.ports", "source_ranges"), read)


def ports_of(rule: Block, sources: Any, key: str = "protocol") -> list[dict[str, Any]]:
    """A row for each range of ports of a block, whose protocol is at ``key``, as the live adapter has them."""
    protocol, ports = rule.get(key), rule.get("ports", [])
    unread = next(
        (value for value in (ports, *(ports if isinstance(ports, list) else ())) if isinstance(value, Unread)), None
    )
    if unread is not None or isinstance(protocol, Unread):
        told = protocol if isinstance(protocol, Unread) else protocol.lower()
        hidden = unread if unread is not None else protocol
        return [{"protocol": told, "from_port": hidden, "to_port": hidden, "cidrs": sources}]
    return protocols([{"protocol": protocol, "ports": ports}], "protocol", "ports", sources)


def _logs(block: Block) -> Any:
    rows = block.blocks("log_config", optional=True)
    if isinstance(rows, Unread) or rows:
        return rows if isinstance(rows, Unread) else True
    # The older attribute.
    return block.get("enable_logging", False, optional=True)


MAPPINGS: Final = (
    mapping(
        COMPUTE,
        FIREWALL,
        "google_compute_firewall",
        collection="global/firewalls",
        properties={
            "network": link("network", NETWORK, "global/networks"),
            "direction": Derived(("direction",), _direction, _DOC),
            "disabled": Attribute("disabled", False, _DOC),
            "priority": Attribute("priority", 1000, _DOC),
            "source_ranges": Derived(("source_ranges", "source_tags", "source_service_accounts"), _sources),
            **{
                name: _list(name)
                for name in ("source_tags", "source_service_accounts", "target_tags", "target_service_accounts")
            },
            "log_enabled": Derived(("log_config", "enable_logging"), _logs, _DOC),
            "allowed": _rows("allow"),
            "denied": _rows("deny"),
        },
    ),
)
