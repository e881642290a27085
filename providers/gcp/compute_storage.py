"""Compute Engine: disks, the schedules of their snapshots, and the snapshots.

Sources: Compute Engine API reference, "disks", "resourcePolicies", "snapshots"; Cloud Asset Inventory, "Asset types".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, ResourceType
from providers.gcp.fields import Field, instant, labels, malformed, text
from providers.gcp.listing import compute, compute_global, full_name, listed

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

DISK: Final = "compute.googleapis.com/Disk"
REGIONAL: Final = "compute.googleapis.com/RegionDisk"
"""What the inventory calls a disk with a replica in another zone; Compute Engine's own listing has both."""
POLICY: Final = "compute.googleapis.com/ResourcePolicy"
SNAPSHOT: Final = "compute.googleapis.com/Snapshot"
TYPES: Final = (ResourceType(DISK, GLOBAL), ResourceType(POLICY, GLOBAL), ResourceType(SNAPSHOT, GLOBAL))


def _links(value: Any) -> Any:
    return [full_name(link) for link in value] if isinstance(value, list) else malformed("a list of links")


_DISK: Final[Mapping[str, Field]] = {
    # Without a key of one's own there is no diskEncryptionKey, or one with neither.
    "kms_key": Field("diskEncryptionKey.kmsKeyName", text, None),
    "supplied_key_sha256": Field("diskEncryptionKey.sha256", text, None),
    "resource_policies": Field("resourcePolicies", _links, []),
    # Who uses it; a disk that nobody uses is attached to nothing.
    "users": Field("users", _links, []),
    "tags": Field("labels", labels, {}),
}
_SNAPSHOT: Final[Mapping[str, Field]] = {
    "status": Field("status"),
    "source_disk": Field("sourceDisk", full_name, None),
    "created_at": Field("creationTimestamp", instant),
}


def _policy(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    # One of several kinds of policy, which its key tells.
    return {"snapshot_schedule": "snapshotSchedulePolicy" in item}


READERS: Final = (
    listed(DISK, _DISK, compute("disks"), also=(REGIONAL,)),
    listed(POLICY, {"status": Field("status")}, compute("resourcePolicies"), _policy, ("snapshot_schedule",)),
    listed(SNAPSHOT, _SNAPSHOT, compute_global("snapshots", "compute#snapshotList")),
)
