"""Cloud SQL: instances, how they are reached, backed up and set.

Sources: provider documentation, google_sql_database_instance; Cloud SQL Admin API reference, "instances".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from providers.base import Unread
from providers.gcp.sql import INSTANCE
from providers.terraform.block import COMPUTED, REQUIRED, Block
from providers.terraform.google.naming import LATER, labels, mapping
from providers.terraform.mapping import Attribute, Derived, Where

_DOC: Final = "provider documentation, google_sql_database_instance"
_SOURCE_DECIDES: Final = Unread("known_after_apply", detail="the instance that it is cloned from decides")
_KEPT: Final = Unread("known_after_apply", detail="Cloud SQL's edition decides")
_ENCRYPTED: Final = "ALLOW_UNENCRYPTED_AND_ENCRYPTED"
_IP: Final = "settings.ip_configuration"
_BACKUP: Final = "settings.backup_configuration"


def _identity(block: Block, where: Where) -> Any:
    name, link = (block.get(key, None, computed=False) for key in ("name", "self_link"))
    if not isinstance(name, str) or not isinstance(link, str) or where.account is None:
        return None
    return f"//cloudsql.googleapis.com/projects/{where.account}/instances/{name}"


def _cloned(block: Block) -> bool:
    """Whether its settings are those of another instance, which are not in its own block."""
    return block.block("settings") in (None, COMPUTED) and block.block("clone", optional=True) not in (None, COMPUTED)


def _setting(
    path: str, default: Any = REQUIRED, source: str = "", convert: Callable[[Any], Any] | None = None, **more: Any
) -> Derived:
    plain = Attribute(path, default, source or _DOC, convert=convert, **more)
    return Derived((path,), lambda block: _SOURCE_DECIDES if _cloned(block) else plain.read(block), plain.source)


def _rows(path: str, *keys: str) -> Derived:
    """The blocks at a path below one block each, with some of their attributes; none where there are none."""
    outer, _, inner = path.rpartition(".")

    def read(block: Block) -> Any:
        if _cloned(block):
            return _SOURCE_DECIDES
        holder: Any = block
        for step in outer.split("."):
            holder = holder.block(step)
            if holder is None or isinstance(holder, Unread):
                return [] if holder in (None, COMPUTED) else holder
        rows = holder.blocks(inner)
        return rows if isinstance(rows, Unread) else [{key: row.get(key, "") for key in keys} for row in rows]

    return Derived(tuple(f"{path}.{key}" for key in keys), read)


def _type(block: Block) -> Any:
    known = block.get("instance_type", None, optional=True)
    if isinstance(known, str) and known:
        return known
    master = block.get("master_instance_name", None)
    if isinstance(master, Unread):
        return master
    return "READ_REPLICA_INSTANCE" if master else "CLOUD_SQL_INSTANCE"


def _ssl_mode(block: Block) -> Any:
    """Which connections are accepted; null where the older require_ssl says it."""
    if _cloned(block):
        return _SOURCE_DECIDES
    mode = block.get(f"{_IP}.ssl_mode", None, optional=True)
    if mode not in (None, ""):
        return mode
    required = block.get(f"{_IP}.require_ssl", None, optional=True)
    return None if required is not None else _ENCRYPTED


def _addresses(block: Block) -> Any:
    """The kinds of addresses: a public one wherever it is wanted, whatever was read before."""
    if _cloned(block):
        return _SOURCE_DECIDES
    wanted = block.get(f"{_IP}.ipv4_enabled", True)
    private = block.get(f"{_IP}.private_network", None)
    known = block.blocks("ip_address")
    if known is COMPUTED or known == []:
        kinds = [] if private in (None, "", COMPUTED) else ["PRIVATE"]
    elif isinstance(known, Unread):
        return known
    else:
        kinds = [row.get("type") for row in known]
    if isinstance(wanted, Unread):
        return wanted
    if wanted and "PRIMARY" not in kinds:
        kinds = ["PRIMARY", *kinds]
    return [{"type": kind} for kind in kinds]


MAPPINGS: Final = (
    mapping(
        "cloudsql.googleapis.com",
        INSTANCE,
        "google_sql_database_instance",
        {
            "database_version": Attribute(
                "database_version", LATER, "provider documentation: version 4 on asks for it"
            ),
            "instance_type": Derived(("instance_type", "master_instance_name"), _type, "API reference, instances"),
            "ipv4_enabled": _setting(f"{_IP}.ipv4_enabled", True),
            "addresses": Derived(("ip_address.type", f"{_IP}.ipv4_enabled", f"{_IP}.private_network"), _addresses),
            "authorized_networks": _rows(f"{_IP}.authorized_networks", "value"),
            "ssl_mode": Derived((f"{_IP}.ssl_mode",), _ssl_mode, "API reference, IpConfiguration"),
            "require_ssl": Derived((), lambda block: block.get(f"{_IP}.require_ssl", False, optional=True)),
            "backups_enabled": _setting(f"{_BACKUP}.enabled", False),
            "binary_log_enabled": _setting(f"{_BACKUP}.binary_log_enabled", False),
            "point_in_time_recovery": _setting(f"{_BACKUP}.point_in_time_recovery_enabled", False, optional=True),
            "retained_backups": _setting(f"{_BACKUP}.backup_retention_settings.retained_backups", _KEPT, optional=True),
            "availability_type": _setting("settings.availability_type", "ZONAL"),
            "flags": _rows("settings.database_flags", "name", "value"),
            "tags": labels("settings.user_labels"),
        },
        keys=("name", "id", "self_link"),
        identity=_identity,
    ),
)
