"""Compute Engine: virtual machines and the templates of machines, the project's metadata, groups of machines.

A template is judged as a machine: what it will make exists nowhere else in a plan.

Sources: provider documentation and source, google_compute_instance; Compute Engine API reference, "instances".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from providers.base import Unread
from providers.gcp.compute_instances import GROUP, INSTANCE, METADATA, PROJECT, word
from providers.terraform.block import COMPUTED, Block
from providers.terraform.google.naming import COMPUTE, LABELS, exists, last, mapping
from providers.terraform.mapping import Attribute, Constant, Derived, Setting

_DOC: Final = "provider documentation, google_compute_instance"
_IMAGE_DECIDES: Final = Unread("known_after_apply", detail="the image decides")
_GOOGLE_CHOOSES: Final = Unread("known_after_apply", detail="Compute Engine chooses")
_DEFAULT_ACCOUNT: Final = "-compute@developer.gserviceaccount.com"
"""The project's default service account, whose address begins with the project's number."""
_SCOPE: Final = "https://www.googleapis.com/auth/"


# --- metadata --------------------------------------------------------------------------------------------------------


def _entry(name: str) -> Derived:
    """An entry of a map of metadata; null where there is none."""

    def read(block: Block) -> Any:
        held = block.get("metadata", {})
        value = held if isinstance(held, Unread) else held.get(METADATA[name])
        return value if value is None or isinstance(value, Unread) else word(value)

    return Derived(("metadata",), read)


def _is(name: str) -> Callable[[Block], Any]:
    def applies(block: Block) -> Any:
        key = block.get("key")
        return True if isinstance(key, Unread) else key == METADATA[name]

    return applies


def _item(block: Block) -> Any:
    value, key = block.get("value"), block.get("key")
    unread = next((said for said in (key, value) if isinstance(said, Unread)), None)
    return word(value) if unread is None else unread


# --- machines --------------------------------------------------------------------------------------------------------


def _interfaces(block: Block) -> Any:
    rows = block.blocks("network_interface")
    return rows if isinstance(rows, Unread) else [_interface(row) for row in rows]


def _interface(row: Block) -> dict[str, Any]:
    """Without such blocks an interface has no external address (provider documentation)."""
    found = {}
    for name, path in (("external_ipv4", "access_config"), ("external_ipv6", "ipv6_access_config")):
        blocks = row.blocks(path, optional=True)
        found[name] = False if blocks is COMPUTED else blocks if isinstance(blocks, Unread) else bool(blocks)
    return found


def _accounts(block: Block) -> Any:
    rows = block.blocks("service_account")
    return rows if isinstance(rows, Unread) else [_account(row) for row in rows]


def _account(row: Block) -> dict[str, Any]:
    # "If not given, the default Google Compute Engine service account is used."
    email = row.get("email", _DEFAULT_ACCOUNT)
    scopes = row.get("scopes")
    if not isinstance(scopes, Unread):
        # The provider takes short names too, cloud-platform among them.
        scopes = [name if isinstance(name, Unread) or "/" in name else f"{_SCOPE}{name}" for name in scopes]
    return {"email": email or _DEFAULT_ACCOUNT, "scopes": scopes}


def _shielded(name: str) -> Derived:
    """An option of a shielded machine: what nobody writes, the image decides."""
    path = f"shielded_instance_config.{name}"

    def read(block: Block) -> Any:
        rows = block.blocks("shielded_instance_config")
        if rows is COMPUTED or rows == []:
            # Of a machine that is there, the provider read it back.
            return False if exists(block) and rows == [] else _IMAGE_DECIDES
        default = name != "enable_secure_boot"
        return rows if isinstance(rows, Unread) else block.get(path, default)

    return Derived((path,), read, "provider source, google_compute_instance: the block is computed by the image")


_MACHINE: Final = {
    "can_ip_forward": Attribute("can_ip_forward", False, _DOC),
    "network_interfaces": Derived(("network_interface.access_config", "network_interface"), _interfaces),
    "service_accounts": Derived(("service_account.email", "service_account.scopes"), _accounts),
    "vtpm": _shielded("enable_vtpm"),
    "integrity_monitoring": _shielded("enable_integrity_monitoring"),
    "secure_boot": _shielded("enable_secure_boot"),
    "confidential_compute": Attribute(
        "confidential_instance_config.enable_confidential_compute", False, "API reference: off by default"
    ),
    "confidential_type": Attribute(
        "confidential_instance_config.confidential_instance_type",
        None,
        convert=lambda value: value or None,
        optional=True,
    ),
    **{name: _entry(name) for name in METADATA},
    "tags": LABELS,
}


# --- groups ----------------------------------------------------------------------------------------------------------


def _zones(block: Block) -> Any:
    value = block.get("distribution_policy_zones", _GOOGLE_CHOOSES)
    return value if isinstance(value, Unread) else [zone if isinstance(zone, Unread) else last(zone) for zone in value]


def _health_checks(block: Block) -> Any:
    rows = block.blocks("auto_healing_policies")
    return rows if isinstance(rows, Unread) else [{"health_check": row.get("health_check")} for row in rows]


_HEALTH: Final = Derived(("auto_healing_policies.health_check",), _health_checks)
_KIND: Final = "API reference, instanceGroupManagers and regionInstanceGroupManagers"

MAPPINGS: Final = (
    mapping(COMPUTE, INSTANCE, "google_compute_instance", _MACHINE, "zones/{region}/instances"),
    *(
        # What it makes does not exist yet.
        mapping(COMPUTE, INSTANCE, terraform, _MACHINE, identity=lambda block, where: None)
        for terraform in ("google_compute_instance_template", "google_compute_region_instance_template")
    ),
    mapping(
        COMPUTE,
        GROUP,
        "google_compute_instance_group_manager",
        {"regional": Constant(False, _KIND), "zones": Constant([], _KIND), "health_checks": _HEALTH},
    ),
    mapping(
        COMPUTE,
        GROUP,
        "google_compute_region_instance_group_manager",
        {
            "regional": Constant(True, _KIND),
            "zones": Derived(("distribution_policy_zones",), _zones),
            "health_checks": _HEALTH,
        },
    ),
)

SETTINGS: Final = (
    Setting(
        PROJECT,
        "google_compute_project_metadata",
        {name: _entry(name) for name in METADATA},
        removed=dict.fromkeys(METADATA),
        source="provider documentation: it has all metadata of the project",
    ),
    *(
        Setting(
            PROJECT,
            "google_compute_project_metadata_item",
            {name: Derived(("key", "value"), _item)},
            removed={name: None},
            source="provider documentation: one entry, which goes with it",
            applies=_is(name),
        )
        for name in METADATA
    ),
)
