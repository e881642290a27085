"""Amazon ElastiCache: replication groups of Valkey and Redis OSS."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.elasticache import GROUP
from providers.base import Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping

_PROVIDER: Final = "provider documentation, aws_elasticache_replication_group"
_INHERITED: Final = Unread("known_after_apply", detail="its global replication group decides")
_UNSAID: Final = Unread("known_after_apply", detail="not set in the configuration")
_OWN: Final = Unread("not_collected", detail="whether ElastiCache encrypts it with a key of its own")


def _switch(value: Any) -> bool:
    """A boolean, which newer provider versions write as text so that it can be left open."""
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise ValueError("no switch")


def _secondary(block: Block) -> bool:
    """Whether it joins a global group, and so is as its primary is."""
    return block.get("global_replication_group_id", None, optional=True) not in (None, "")


def _at_rest(block: Block) -> Any:
    value = block.get("at_rest_encryption_enabled", None)
    if isinstance(value, Unread):
        return value
    if value not in (None, ""):
        return _switch(value)
    if _secondary(block):
        return _INHERITED
    engine = block.get("engine", "redis")
    # The documented default of Valkey is the contrary, which older versions of it may not share.
    return False if engine == "redis" else engine if isinstance(engine, Unread) else _UNSAID


def _storage(block: Block) -> Any:
    key = block.get("kms_key_id", None)
    if isinstance(key, Unread) or not key:
        return _OWN
    return "sse-kms"


def _in_transit(block: Block) -> Any:
    value = block.get("transit_encryption_enabled", None)
    if isinstance(value, Unread):
        return value
    if value not in (None, ""):
        return _switch(value)
    return _INHERITED if _secondary(block) else False


def _mode(block: Block) -> Any:
    on = _in_transit(block)
    if on is False:
        return None
    return on if isinstance(on, Unread) else block.get("transit_encryption_mode", optional=True, computed=False)


def _on(value: bool) -> str:
    return "enabled" if value else "disabled"


MAPPINGS: Final = (
    Mapping(
        type=GROUP,
        terraform="aws_elasticache_replication_group",
        keys=("replication_group_id", "id", "arn"),
        name=Attribute("replication_group_id", None),
        properties={
            "at_rest_encryption": Derived(
                ("at_rest_encryption_enabled", "engine"), _at_rest, f"{_PROVIDER}: false where the engine is redis"
            ),
            "storage_encryption_type": Derived(("kms_key_id",), _storage),
            "transit_encryption": Derived(
                ("transit_encryption_enabled",),
                _in_transit,
                "ElastiCache API, CreateReplicationGroup, TransitEncryptionEnabled: false",
            ),
            "transit_encryption_mode": Derived(("transit_encryption_enabled", "transit_encryption_mode"), _mode),
            "snapshot_retention_days": Attribute(
                "snapshot_retention_limit",
                0,
                "ElastiCache API, CreateReplicationGroup, SnapshotRetentionLimit: 0",
                convert=int,
            ),
            "automatic_failover": Attribute("automatic_failover_enabled", False, _PROVIDER, convert=_on),
            "multi_az": Attribute("multi_az_enabled", False, _PROVIDER, convert=_on),
        },
    ),
)
