"""Amazon EC2: instances and what launch templates make, volumes, snapshots, images, and settings of the region."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from hashlib import sha1
from typing import Any, Final

from providers.aws.ec2 import IMAGE, INSTANCE, REGION, SNAPSHOT, VOLUME
from providers.aws.user_data import secrets_of
from providers.base import Unread
from providers.terraform.block import COMPUTED, Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Part, Setting, Split, Where

LAUNCH_TEMPLATE: Final = "aws_launch_template"
_NOT_TOLD: Final = Unread("known_after_apply", detail="the image or the account's defaults decide")
_REGION_DECIDES: Final = Unread("known_after_apply", detail="the snapshot or the region's default decides")
_NEW: Final = "EC2 API: what is new is shared with nobody"
_OTHER_VERSION: Final = Unread("not_collected", detail="another version of the launch template")
_NOT_ALL: Final = Unread("not_collected", detail="a plan does not tell of every interface")
_ELSEWHERE: Final = Unread("known_after_apply", detail="a launch template, an interface or the subnet decides")
_CHOSEN: Final = "known after apply"
"""Stands for an address that is certain to be there and that EC2 will choose."""
_HASH: Final = re.compile(r"[0-9a-f]{40}", re.ASCII)
_HASHED: Final = Unread("not_collected", detail="provider versions before 6 keep only a hash of user data")

# --- instances -------------------------------------------------------------------------------------------------------


def _template(block: Block) -> Block | Unread | None:
    """The launch template of an instance; None where it has none."""
    given = block.block("launch_template", optional=True)
    if given is None or isinstance(given, Unread):
        return None if given is COMPUTED else given
    path = "id" if given.get("id", None) is not None else "name"
    found = given.named(path, LAUNCH_TEMPLATE)
    if isinstance(found, Unread) or len(found) != 1:
        return found if isinstance(found, Unread) else Unread("not_collected", detail="not in this plan")
    return found[0] if _as_planned(given, found[0]) else _OTHER_VERSION


def _as_planned(given: Block, template: Block) -> bool:
    """Whether the version that an instance takes is the one that the plan shows, which is the latest."""
    version = given.get("version", "$Default")
    default, latest = (template.get(name, None, computed=False) for name in ("default_version", "latest_version"))
    # The first version of a template is its default.
    new = default is COMPUTED
    if version == "$Default":
        return new or template.get("update_default_version", False) is True or bool(default == latest)
    if any(name.endswith(".latest_version") for name in given.references("version")):
        return given.named("version", LAUNCH_TEMPLATE) == [template]
    return bool(version == "$Latest" or version == ("1" if new else str(latest)))


def _option(name: str) -> Derived:
    """An option of the metadata service: the instance's own, else its launch template's."""
    path = f"metadata_options.{name}"

    def read(block: Block) -> Any:
        own = block.get(path, None, computed=False)
        if own not in (None, "", COMPUTED):
            return own
        options = block.get("metadata_options", None, computed=False)
        template = _template(block) if options in (None, [], COMPUTED) else None
        if isinstance(template, Unread):
            return template
        its = template.get(path, None, computed=False) if template is not None else None
        return _NOT_TOLD if its in (None, "", COMPUTED) else its

    return Derived((path, "launch_template"), read)


def _user_data(block: Block) -> Any:
    for path, encoded in (("user_data", False), ("user_data_base64", True)):
        value = block.get(path, None, computed=False)
        if value not in (None, "", COMPUTED):
            return value if isinstance(value, Unread) else _searched(block, value, encoded)
    template = _template(block)
    if template is None or isinstance(template, Unread):
        return [] if template is None else template
    return _template_user_data(template)


def _searched(block: Block, value: str, encoded: bool) -> Any:
    if not _HASH.fullmatch(value):
        return secrets_of(value if encoded else _base64(value))
    # The configuration may still show the text: where it is a constant, which the hash confirms.
    written = (block.written or {}).get("user_data")
    text = written.get("constant_value") if isinstance(written, dict) else None
    confirmed = isinstance(text, str) and sha1(text.encode(), usedforsecurity=False).hexdigest() == value
    return secrets_of(_base64(text)) if isinstance(text, str) and confirmed else _HASHED


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def _template_user_data(block: Block) -> Any:
    value = block.get("user_data", None)
    return value if isinstance(value, Unread) else secrets_of(value)


def _template_option(name: str) -> Attribute:
    return Attribute(
        f"metadata_options.{name}",
        _NOT_TOLD,
        "EC2 User Guide, 'Order of precedence for instance metadata options'",
        convert=lambda value: value or _NOT_TOLD,
    )


# --- what the internet reaches an instance by ------------------------------------------------------------------------


def _addresses(block: Block) -> Any:
    """The public addresses of an instance that is made; of one that is there only the primary one is told."""
    known = block.get("public_ip", None, computed=False)
    if known not in ("", None) and not isinstance(known, Unread):
        return [known]
    if known is not COMPUTED:
        return known if isinstance(known, Unread) else _NOT_ALL
    wanted = block.get("associate_public_ip_address", None, computed=False)
    if wanted in (None, COMPUTED):
        wanted = _by_subnet(block, "map_public_ip_on_launch")
    elif wanted is False and _interfaces_elsewhere(block):
        return _ELSEWHERE
    return wanted if isinstance(wanted, Unread) else [_CHOSEN] if wanted else []


def _interfaces(block: Block) -> Any:
    """The network interface of an instance that is made."""
    if block.get("primary_network_interface_id", None, computed=False) is not COMPUTED:
        return _NOT_ALL
    if _interfaces_elsewhere(block):
        return _ELSEWHERE
    return [
        {
            "network_interface_id": Unread("known_after_apply"),
            "subnet_id": block.get("subnet_id", computed=False),
            "group_ids": block.get("vpc_security_group_ids", computed=False),
            "ipv6_addresses": _ipv6(block),
        }
    ]


def _ipv6(block: Block) -> Any:
    own, count = (block.get(name, None, computed=False) for name in ("ipv6_addresses", "ipv6_address_count"))
    if own not in (None, COMPUTED):
        return own
    # The provider does not send 0.
    if count not in (None, 0, COMPUTED):
        return count if isinstance(count, Unread) else [_CHOSEN] * count
    assigned = _by_subnet(block, "assign_ipv6_address_on_creation")
    return assigned if isinstance(assigned, Unread) else [_CHOSEN] if assigned else []


def _by_subnet(block: Block, name: str) -> Any:
    """What the subnet of an instance says, where the plan holds it and nothing else can say otherwise."""
    if _interfaces_elsewhere(block):
        return _ELSEWHERE
    subnets = block.named("subnet_id", "aws_subnet")
    if isinstance(subnets, Unread) or len(subnets) != 1:
        return subnets if isinstance(subnets, Unread) else _ELSEWHERE
    return subnets[0].get(name, False)


def _interfaces_elsewhere(block: Block) -> bool:
    """Whether a launch template, or network interfaces of their own, may say how an instance is reached."""
    paths = ("launch_template", "network_interface", "primary_network_interface")
    return any(block.get(path, None, optional=True) not in (None, []) for path in paths)


def _each_once(addresses: Sequence[Any]) -> list[Any]:
    return sorted(set(addresses))


def _vpc_of(block: Block) -> Any:
    subnets = block.named("subnet_id", "aws_subnet")
    if isinstance(subnets, Unread) or len(subnets) != 1:
        return subnets if isinstance(subnets, Unread) else _ELSEWHERE
    return subnets[0].get("vpc_id")


def _elastic(block: Block) -> list[Any]:
    value = block.get("public_ip", None)
    return [_CHOSEN if value is None or isinstance(value, Unread) else value]


# --- volumes ---------------------------------------------------------------------------------------------------------


def _volume_id(path: str) -> Callable[[Block, Where], Any]:
    """The live adapter's id of a volume whose id is at ``path``."""

    def identity(block: Block, where: Where) -> Any:
        id_ = block.get(path, None, computed=False)
        if not isinstance(id_, str) or not id_ or not where.account or not where.region:
            return None
        return f"arn:{where.partition}:ec2:{where.region}:{where.account}:volume/{id_}"

    return identity


def _encrypted(path: str) -> Derived:
    """Whether a volume is encrypted: where nothing is said, its snapshot or the region decides."""

    def read(block: Block) -> Any:
        value = block.get(path, None, computed=False)
        if value in (None, "", COMPUTED):
            return _REGION_DECIDES
        return value if isinstance(value, (bool, Unread)) else value == "true"

    return Derived((path,), read)


def _is_ebs(block: Block) -> Any:
    """Whether a mapping of a launch template makes a volume: not one that hides or names an instance's own store."""
    ebs = block.blocks("ebs")
    return ebs if isinstance(ebs, Unread) else bool(ebs)


def _own_root(block: Block) -> Any:
    """Whether an instance has a root volume: it has, unless its image keeps it on the instance's own store."""
    devices = block.blocks("root_block_device")
    return True if isinstance(devices, Unread) else bool(devices)


# --- whom snapshots and images are shared with -----------------------------------------------------------------------


def _shares(terraform: str, link: str, path: str) -> Part:
    """The resource that shares with everyone; one that shares with an account says nothing of the others."""

    def everyone(block: Block) -> Any:
        value = block.get(path, None)
        return value if isinstance(value, Unread) else value == "all"

    def read(block: Block) -> Any:
        value = everyone(block)
        return value if isinstance(value, Unread) else ["all"]

    return Part(terraform, link, {"public": Derived((path,), read)}, everyone)


def _public(grants: Sequence[Any]) -> bool:
    return "all" in grants


def _granted(public: bool) -> list[str]:
    return ["all"] if public else []


def _snapshot(terraform: str) -> Mapping:
    return Mapping(
        type=SNAPSHOT,
        terraform=terraform,
        name=Attribute("id", None, computed=False),
        parts=(_shares("aws_snapshot_create_volume_permission", "snapshot_id", "account_id"),),
        properties={"public": Split(False, _NEW, group=_public)},
    )


def _image(terraform: str) -> Mapping:
    return Mapping(
        type=IMAGE,
        terraform=terraform,
        parts=(_shares("aws_ami_launch_permission", "image_id", "group"),),
        properties={
            "public": Split(
                False, _NEW, inline=Attribute("public", computed=False, convert=_granted), group=_public, optional=True
            )
        },
    )


MAPPINGS: Final = (
    Mapping(
        type=INSTANCE,
        terraform="aws_instance",
        name=Attribute("id", None, computed=False),
        parts=tuple(
            Part(terraform, link, {"public_ipv4_addresses": Derived(("public_ip",), _elastic)}, elsewhere=True)
            for terraform, link in (("aws_eip", "instance"), ("aws_eip_association", "instance_id"))
        ),
        properties={
            "public_ipv4_addresses": Split(
                [],
                "provider documentation, aws_instance",
                inline=Derived(
                    ("public_ip", "associate_public_ip_address", "subnet_id", "launch_template"), _addresses
                ),
                group=_each_once,
            ),
            "network_interfaces": Derived(
                ("primary_network_interface_id", "subnet_id", "vpc_security_group_ids", "ipv6_addresses"), _interfaces
            ),
            "vpc_id": Derived(("subnet_id",), _vpc_of),
            "http_tokens": _option("http_tokens"),
            "http_endpoint": _option("http_endpoint"),
            "image_id": Attribute("ami", computed=False),
            "state": Attribute("instance_state", computed=False),
            "user_data_secrets": Derived(("user_data", "user_data_base64", "launch_template"), _user_data),
        },
    ),
    Mapping(
        type=INSTANCE,
        terraform=LAUNCH_TEMPLATE,
        # What it launches does not exist yet: its own name stands for that.
        keys=("id", "arn", "name"),
        identity=lambda block, where: None,
        properties={
            "http_tokens": _template_option("http_tokens"),
            "http_endpoint": _template_option("http_endpoint"),
            "user_data_secrets": Derived(("user_data",), _template_user_data),
        },
    ),
    Mapping(
        type=VOLUME,
        terraform="aws_ebs_volume",
        name=Attribute("id", None, computed=False),
        properties={"encrypted": _encrypted("encrypted")},
    ),
    Mapping(
        type=VOLUME,
        terraform="aws_instance",
        keys=(),
        name=Attribute("root_block_device.volume_id", None, computed=False),
        identity=_volume_id("root_block_device.volume_id"),
        applies=_own_root,
        properties={"encrypted": _encrypted("root_block_device.encrypted")},
    ),
    Mapping(
        type=VOLUME,
        terraform="aws_instance",
        each="ebs_block_device",
        name=Attribute("device_name", None),
        identity=_volume_id("volume_id"),
        properties={"encrypted": _encrypted("encrypted")},
    ),
    Mapping(
        type=VOLUME,
        terraform=LAUNCH_TEMPLATE,
        each="block_device_mappings",
        name=Attribute("device_name", None),
        applies=_is_ebs,
        properties={"encrypted": _encrypted("ebs.encrypted")},
    ),
    _snapshot("aws_ebs_snapshot"),
    _snapshot("aws_ebs_snapshot_copy"),
    _snapshot("aws_ebs_snapshot_import"),
    _image("aws_ami"),
    _image("aws_ami_copy"),
    _image("aws_ami_from_instance"),
)

SETTINGS: Final = (
    Setting(
        REGION,
        "aws_ebs_encryption_by_default",
        {"ebs_encryption_by_default": Attribute("enabled", True, "provider documentation")},
        removed={"ebs_encryption_by_default": False},
        source="provider source, aws_ebs_encryption_by_default: removing it disables default encryption",
    ),
    Setting(
        REGION,
        "aws_ebs_snapshot_block_public_access",
        {"snapshot_block_public_access": Attribute("state")},
        removed={"snapshot_block_public_access": "unblocked"},
        source="provider source, aws_ebs_snapshot_block_public_access: removing it disables the block",
    ),
)
