"""Azure Compute: virtual machines with the disk that they start from, scale sets and disks."""

from __future__ import annotations

from typing import Any, Final

from providers.azure.compute import DISK, MACHINE, SCALE_SET
from providers.base import Unread
from providers.terraform.azurerm.naming import NAME, NOT_HELD, RESOURCE, identity, refer, reference
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Constant, Derived, Given, Mapping, Part, Split, Where

ENCRYPTION_SET: Final = "azurerm_disk_encryption_set"
ALSO: Final = (ENCRYPTION_SET,)
_PLATFORM: Final = "EncryptionAtRestWithPlatformKey"
_CUSTOMER: Final = "EncryptionAtRestWithCustomerKey"
_OFF: Final = "provider documentation: off where it is not said"
_TRUSTED: Final = ("secure_boot_enabled", "vtpm_enabled")


# --- disks -----------------------------------------------------------------------------------------------------------


def _encryption(block: Block) -> Any:
    """By whose key a disk is encrypted: its encryption set says it, which this plan may hold."""
    path = "disk_encryption_set_id"
    named = block.get(path, None)
    if named in (None, ""):
        secure = block.get("secure_vm_disk_encryption_set_id", None, optional=True)
        if isinstance(secure, Unread):
            return secure
        return "ConfidentialVmEncryptedWithCustomerKey" if secure else _PLATFORM
    sets = block.named(path, ENCRYPTION_SET)
    if isinstance(sets, Unread) or len(sets) != 1:
        return sets if isinstance(sets, Unread) else NOT_HELD
    return sets[0].get("encryption_type", _CUSTOMER, optional=True)


def _guest_encryption(block: Block) -> Any:
    own = block.block("encryption_settings", optional=True)
    if own is None or isinstance(own, Unread):
        return False if own is None else own
    # Until version 3 the block said whether it is on; since, that it stands there does.
    return own.get("enabled", True, optional=True)


def _firmware(block: Block) -> Any:
    """The generation of a machine's disk: its image decides, unless the machine has what only the second has."""
    for name in _TRUSTED:
        if block.get(f"owner.{name}", None, optional=True) is True:
            return "V2"
    return NOT_HELD if _there(block) else Unread("known_after_apply", detail="its image decides")


def _there(block: Block) -> bool:
    """Whether the machine of a disk is there already."""
    return isinstance(block.get("owner.id", None, computed=False), str)


def os_disk(block: Block, where: Where) -> Any:
    """The id of the disk that a machine starts from: its own, else one that stands for it."""
    return refer(block, "id") if "owner" in block.values else None


def _os_disk(block: Block) -> Any:
    id_ = refer(block, "os_disk.id", optional=True)
    if isinstance(id_, str) or id_ is None:
        return id_ or NOT_HELD
    own = block.referring.own(DISK)
    name = block.get("os_disk.name", None, optional=True)
    return f"{own}/os_disk/{name if isinstance(name, str) and name else 'unnamed'}"


# --- machines --------------------------------------------------------------------------------------------------------


def _security(block: Block) -> Any:
    """What the provider asks for: a confidential machine where the disk says how it is encrypted as such a one's."""
    confidential = block.get("os_disk.security_encryption_type", None, optional=True)
    trusted = [block.get(name, None, optional=True) for name in _TRUSTED]
    if confidential not in (None, ""):
        return confidential if isinstance(confidential, Unread) else "ConfidentialVM"
    unread = next((value for value in trusted if isinstance(value, Unread)), None)
    return unread if unread is not None else "TrustedLaunch" if any(trusted) else None


def _zone(block: Block) -> Any:
    zone = block.get("zone", None)
    return zone if isinstance(zone, Unread) else [zone] if zone else []


def _machine(terraform: str, system: str, passwords: Given) -> tuple[Mapping, Mapping]:
    """A machine, and the disk that it starts from, which is a resource of its own."""
    made = Constant(system, f"provider documentation, {terraform}")
    machine = Mapping(
        type=MACHINE,
        terraform=terraform,
        keys=RESOURCE,
        name=NAME,
        identity=identity(MACHINE),
        properties={
            "os_type": made,
            "os_disk_id": Derived(("os_disk.id", "os_disk.name"), _os_disk),
            "password_authentication_disabled": passwords,
            "security_type": Derived((*_TRUSTED, "os_disk.security_encryption_type"), _security, "provider source"),
            "secure_boot_enabled": Attribute("secure_boot_enabled", False, _OFF, optional=True),
            "vtpm_enabled": Attribute("vtpm_enabled", False, _OFF, optional=True),
            "encryption_at_host": Attribute("encryption_at_host_enabled", False, _OFF, optional=True),
            "zones": Derived(("zone",), _zone),
            "availability_set_id": reference("availability_set_id"),
            "scale_set_id": reference("virtual_machine_scale_set_id", SCALE_SET, optional=True),
        },
    )
    disk = Mapping(
        type=DISK,
        terraform=terraform,
        each="os_disk",
        identity=os_disk,
        properties={
            "encryption_type": Derived(("disk_encryption_set_id",), _encryption),
            "azure_disk_encryption": Derived(
                (),
                lambda block: NOT_HELD if _there(block) else False,
                "Azure Disk Encryption is an extension, which runs later",
            ),
            "managed_by": Derived((), lambda block: block.referring.own(MACHINE)),
            "scale_set_id": Constant(None, "it is the machine's"),
            "hyper_v_generation": Derived(tuple(f"owner.{name}" for name in _TRUSTED), _firmware),
        },
    )
    return machine, disk


def _scale_set(terraform: str) -> Mapping:
    return Mapping(
        type=SCALE_SET,
        terraform=terraform,
        keys=RESOURCE,
        name=NAME,
        identity=identity(SCALE_SET),
        properties={
            "zones": Attribute("zones", []),
            "encryption_at_host": Attribute("encryption_at_host_enabled", False, _OFF, optional=True),
        },
    )


_ATTACHED: Final = Part(
    "azurerm_virtual_machine_data_disk_attachment",
    "managed_disk_id",
    {"managed_by": reference("virtual_machine_id", MACHINE)},
)

MAPPINGS: Final = (
    *_machine(
        "azurerm_linux_virtual_machine",
        "Linux",
        Attribute("disable_password_authentication", True, "provider documentation"),
    ),
    *_machine(
        "azurerm_windows_virtual_machine", "Windows", Constant(None, "Compute API: it is a setting of Linux machines")
    ),
    *(_scale_set(f"azurerm_{kind}_virtual_machine_scale_set") for kind in ("linux", "windows", "orchestrated")),
    Mapping(
        type=DISK,
        terraform="azurerm_managed_disk",
        keys=RESOURCE,
        name=NAME,
        identity=identity(DISK),
        parts=(_ATTACHED,),
        properties={
            "encryption_type": Derived(("disk_encryption_set_id", "secure_vm_disk_encryption_set_id"), _encryption),
            "azure_disk_encryption": Derived(("encryption_settings",), _guest_encryption),
            "managed_by": Split(None, "Compute API: a new disk is attached to nothing"),
            "scale_set_id": Split(None, "Compute API: a new disk is attached to nothing"),
            "hyper_v_generation": Attribute("hyper_v_generation", None, convert=lambda name: name or None),
        },
    ),
)
