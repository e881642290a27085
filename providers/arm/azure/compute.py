"""Virtual machines, scale sets and disks in templates."""

from __future__ import annotations

from typing import Any, Final

from providers.arm.azure.values import FALSE, NONE, NULL
from providers.arm.declared import Declared
from providers.arm.loading import Fields
from providers.arm.mapping import UNSET, Default, Mapping, shaped
from providers.arm.places import text
from providers.arm.unresolved import Unresolved, within
from providers.arm.world import World
from providers.azure.compute import DISK, DISK_SHAPE, MACHINE, MACHINE_SHAPE, SCALE_SET, SCALE_SET_SHAPE
from providers.base import Unread

_SHAPE_ONLY_NULL: Final = {"os_type": MACHINE_SHAPE["os_type"]}


def _os_type(item: Declared, world: World) -> Any:
    """The system of a machine: of its disk where that says it, else of the profile that it is set up by."""
    properties = item.properties
    said = shaped(_SHAPE_ONLY_NULL, item.body, item.version)["os_type"]
    if said is not UNSET or not isinstance(properties, Fields):
        return said
    profile = properties.get("osProfile")
    if not isinstance(profile, Fields):
        return said
    systems = [name for key, name in _SYSTEMS if profile.get(key) is not None]
    return systems[0] if len(systems) == 1 and not isinstance(profile.get(_OTHER[systems[0]]), Unresolved) else said


_SYSTEMS: Final = (("linuxConfiguration", "Linux"), ("windowsConfiguration", "Windows"))
_OTHER: Final = {"Linux": "windowsConfiguration", "Windows": "linuxConfiguration"}


def _attached(item: Declared, world: World) -> Any:
    """The machine of the template that a disk is attached to; null where none is, as long as all disks are told."""
    unknown: list[Unread] = []
    for machine in world.all(MACHINE, SCALE_SET):
        body = world.anchored(machine.body)
        profile = body["properties"].get("storageProfile") if isinstance(body.get("properties"), Fields) else None
        if profile is None:
            unknown += [item.plain for item in within(body.get("properties"))][:1]
            continue
        disks = _disks(profile)
        if isinstance(disks, Unread):
            unknown.append(disks)
            continue
        named = [disk.get("managedDisk") for disk in disks]
        ids = [disk.get("id") if isinstance(disk, Fields) else disk for disk in named]
        if any(isinstance(id_, str) and text(id_) == item.key for id_ in ids):
            return machine.key if machine.unsure is None else machine.unsure.plain
        unknown += [id_.plain for id_ in ids if isinstance(id_, Unresolved)]
    return unknown[0] if unknown else None


def _disks(profile: Any) -> list[Fields] | Unread:
    """The disks of a storage profile, an Unread where one of them is not known."""
    if isinstance(profile, Unresolved):
        return profile.plain
    several = profile.get("dataDisks") or [] if not isinstance(profile.get("dataDisks"), Unresolved) else None
    system = profile.get("osDisk")
    rows = [
        *(several if isinstance(several, list) else [profile["dataDisks"]]),
        *([system] if system is not None else []),
    ]
    unknown = next((row for row in rows if not isinstance(row, Fields)), None)
    if unknown is not None:
        return unknown.plain if isinstance(unknown, Unresolved) else UNSET
    return rows


def _of_scale_set(item: Declared, world: World) -> Any:
    # A scale set makes the disks of its instances itself.
    return None


MAPPINGS: Final = (
    Mapping(
        MACHINE,
        MACHINE_SHAPE,
        defaults={
            # What kind of machine it is where the request does not say, the image decides.
            "secure_boot_enabled": FALSE,
            "vtpm_enabled": FALSE,
            "encryption_at_host": Default(
                False, "Virtual Machines - Create Or Update: disabled unless it is set to true"
            ),
            "zones": NONE,
            "availability_set_id": NULL,
            "scale_set_id": NULL,
        },
        derived={"os_type": _os_type},
    ),
    Mapping(
        SCALE_SET,
        SCALE_SET_SHAPE,
        defaults={
            "zones": NONE,
            "encryption_at_host": Default(
                False, "Virtual Machine Scale Sets - Create Or Update: disabled unless it is set"
            ),
        },
    ),
    Mapping(
        DISK,
        DISK_SHAPE,
        defaults={
            "encryption_type": Default("EncryptionAtRestWithPlatformKey", "Disks - Create Or Update: EncryptionType"),
            "azure_disk_encryption": FALSE,
        },
        derived={"managed_by": _attached, "scale_set_id": _of_scale_set},
    ),
)
