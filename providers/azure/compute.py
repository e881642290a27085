"""Azure Compute: virtual machines, scale sets and disks, and the updates that machines lack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.azure.readers import bulk
from providers.azure.shapes import Shape, always, arm_id, shaped, since
from providers.base import GLOBAL, Found, Reader, ResourceType, Scope
from providers.times import instant

if TYPE_CHECKING:
    from providers.azure.caller import Caller

MACHINE: Final = "Microsoft.Compute/virtualMachines"
SCALE_SET: Final = "Microsoft.Compute/virtualMachineScaleSets"
DISK: Final = "Microsoft.Compute/disks"
PATCHES: Final = f"{MACHINE}/patchAssessmentResults"
TYPES: Final = (ResourceType(MACHINE, GLOBAL), ResourceType(SCALE_SET, GLOBAL), ResourceType(DISK, GLOBAL))


def _keys_only(profile: Mapping[str, Any]) -> bool | None:
    """Whether Linux refuses passwords; a machine made of a disk that was set up before has no profile to tell."""
    if profile.get("linuxConfiguration") is None and profile.get("windowsConfiguration") is not None:
        return None
    return bool((profile.get("linuxConfiguration") or {}).get("disablePasswordAuthentication", False))


MACHINE_SHAPE: Final[Shape] = {
    "os_type": always("properties.storageProfile.osDisk.osType"),
    "os_disk_id": since("2016-04-30", "properties.storageProfile.osDisk.managedDisk.id", None, arm_id),
    "password_authentication_disabled": always("properties.osProfile", _keys_only),
    "security_type": since("2020-12-01", "properties.securityProfile.securityType"),
    "secure_boot_enabled": since("2020-12-01", "properties.securityProfile.uefiSettings.secureBootEnabled", False),
    "vtpm_enabled": since("2020-12-01", "properties.securityProfile.uefiSettings.vTpmEnabled", False),
    "encryption_at_host": since("2020-06-01", "properties.securityProfile.encryptionAtHost", False),
    "zones": since("2017-03-30", "zones", []),
    "availability_set_id": since("2015-06-15", "properties.availabilitySet.id", None, arm_id),
    "scale_set_id": since("2019-07-01", "properties.virtualMachineScaleSet.id", None, arm_id),
}
SCALE_SET_SHAPE: Final[Shape] = {
    "zones": since("2017-03-30", "zones", []),
    "encryption_at_host": since(
        "2020-06-01", "properties.virtualMachineProfile.securityProfile.encryptionAtHost", False
    ),
}


def _owner(id_: str) -> str | None:
    """What a disk is attached to; Resource Graph says "" for nothing."""
    return arm_id(id_) or None


def _scale_set(id_: str) -> str | None:
    """The scale set of the instance that a disk is attached to."""
    before, found, _ = arm_id(id_).partition("/virtualmachines/")
    return before if found and "/virtualmachinescalesets/" in before else None


DISK_SHAPE: Final[Shape] = {
    "encryption_type": since("2019-11-01", "properties.encryption.type"),
    "azure_disk_encryption": since("2018-09-30", "properties.encryptionSettingsCollection.enabled", False),
    "managed_by": since("2017-03-30", "managedBy", None, _owner),
    "scale_set_id": since("2017-03-30", "managedBy", None, _scale_set),
    "hyper_v_generation": since("2019-03-01", "properties.hyperVGeneration"),
}
_PATCHES: Final[Shape] = {
    "status": always("properties.status"),
    "assessed_at": always("properties.lastModifiedDateTime", instant),
    "critical": always("properties.availablePatchCountByClassification.critical"),
    "security": always("properties.availablePatchCountByClassification.security"),
}


def _patches(azure: Caller, scope: Scope) -> Iterator[Found]:
    """The last assessment of each machine; one that was never assessed has none, and nobody knows what it lacks."""
    for row in azure.rows("patchassessmentresources", PATCHES):
        machine, _, _ = arm_id(row["id"]).rpartition("/patchassessmentresults/")
        yield Found(MACHINE, machine, {"patch_assessment": shaped(_PATCHES, row, None)})


READERS: Final = (
    bulk(MACHINE, MACHINE_SHAPE),
    bulk(SCALE_SET, SCALE_SET_SHAPE),
    bulk(DISK, DISK_SHAPE),
    Reader(
        operations=(f"resourcegraph:patchassessmentresources/{PATCHES}",),
        read=_patches,
        where="global",
        fills={MACHINE: ("patch_assessment",)},
        # Not ".../latest/read", by which Compute itself gives the same: Resource Graph asks for the type's own ("Roles
        # and permissions in Azure Update Manager"), which a custom role can only name as ".../*".
        permissions=(f"{PATCHES}/read",),
    ),
)
