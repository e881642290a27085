"""Compute Engine: disks, what encrypts them and uses them, and the schedules of their snapshots.

Source: provider documentation, google_compute_disk, google_compute_disk_resource_policy_attachment.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from providers.base import Unread
from providers.gcp.compute_instances import INSTANCE
from providers.gcp.compute_storage import DISK, POLICY
from providers.gcp.kms import KEY
from providers.gcp.listing import full_name
from providers.terraform.block import Block
from providers.terraform.google.naming import COMPUTE, LABELS, NOT_TOLD, linked, mapping, text
from providers.terraform.mapping import Attribute, Derived, Part, Split

_OWN_KEYS: Final = ("raw_key", "rsa_encrypted_key")


def _supplied(block: Block) -> Any:
    """The digest of the key that was supplied; null where a key of Cloud KMS or of Google encrypts the disk."""
    held = block.block("disk_encryption_key")
    if held is None or isinstance(held, Unread):
        return held
    keys = [held.get(name, None, optional=True) for name in _OWN_KEYS]
    return held.get("sha256", None, computed=False) if any(key not in (None, "") for key in keys) else None


def _schedule(block: Block) -> Any:
    """The policy that is attached: a planned one, else one by name in the region of the disk."""
    known, name = block.owner("name", POLICY), block.get("name", computed=False)
    if not isinstance(known, Unread) or not isinstance(name, str):
        return [known]
    own, place = block.referring.place()
    if own is None or place is None:
        return [NOT_TOLD]
    # A zone is its region's name with a letter more.
    region = place.rpartition("-")[0] if place.count("-") == 2 else place
    return [f"//{COMPUTE}/projects/{own}/regions/{region}/resourcePolicies/{name}"]


def _links(values: Sequence[Any]) -> Any:
    return [value if isinstance(value, Unread) else full_name(value) for value in values]


def _user(block: Block) -> Any:
    return [linked(block, "instance", INSTANCE)]


def _used(values: Sequence[Any]) -> Any:
    """Machines, each once; of one that is only planned it is certain that it uses the disk."""
    return sorted({"known after apply" if isinstance(value, Unread) else value for value in values})


def _machine(block: Block) -> Any:
    name = block.get("self_link", None, computed=False)
    return [full_name(name) if isinstance(name, str) else block.get("name")]


def _disk(terraform: str, where: str, attachment: str, key: str) -> Any:
    return mapping(
        COMPUTE,
        DISK,
        terraform,
        collection=f"{where}/disks",
        properties={
            "kms_key": Attribute(f"disk_encryption_key.{key}", None, names=KEY, convert=text),
            "supplied_key_sha256": Derived(
                tuple(f"disk_encryption_key.{name}" for name in ("sha256", "raw_key")), _supplied
            ),
            "resource_policies": Split([], "API reference, disks: none unless attached", group=_each_once),
            "users": Split(
                [],
                "API reference, disks: nobody uses a new one",
                inline=Attribute("users", computed=False, convert=_links),
                group=_used,
            ),
            "tags": LABELS,
        },
        parts=(
            Part(attachment, "disk", {"resource_policies": Derived(("name",), _schedule)}, same=("project", "zone")),
            Part("google_compute_attached_disk", "disk", {"users": Derived(("instance",), _user)}, elsewhere=True),
            *(
                Part(
                    "google_compute_instance",
                    path,
                    {"users": Derived(("name",), _machine)},
                    elsewhere=True,
                    several=True,
                )
                for path in ("attached_disk.source", "boot_disk.source")
            ),
        ),
    )


def _each_once(values: Sequence[Any]) -> list[Any]:
    known = {value for value in values if not isinstance(value, Unread)}
    return sorted(known) + [value for value in values if isinstance(value, Unread)]


def _is_schedule(block: Block) -> Any:
    rows = block.blocks("snapshot_schedule_policy")
    return rows if isinstance(rows, Unread) else bool(rows)


MAPPINGS: Final = (
    _disk(
        "google_compute_disk", "zones/{region}", "google_compute_disk_resource_policy_attachment", "kms_key_self_link"
    ),
    _disk(
        "google_compute_region_disk",
        "regions/{region}",
        "google_compute_region_disk_resource_policy_attachment",
        "kms_key_name",
    ),
    mapping(
        COMPUTE,
        POLICY,
        "google_compute_resource_policy",
        collection="regions/{region}/resourcePolicies",
        properties={"snapshot_schedule": Derived(("snapshot_schedule_policy",), _is_schedule)},
    ),
)
