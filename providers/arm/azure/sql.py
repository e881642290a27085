"""SQL servers and databases in templates, with what lies below each of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from providers.arm.azure.values import FALSE, NULL, diagnostic_settings, given, named, read
from providers.arm.declared import Declared
from providers.arm.loading import Fields
from providers.arm.mapping import UNSET, Default, Mapping, looked, shaped
from providers.arm.places import text
from providers.arm.unresolved import Unresolved, within
from providers.arm.world import World
from providers.azure.sql import (
    ADMINISTRATOR_SHAPE,
    AUDITING_SHAPE,
    CLASSIC_SHAPE,
    DATABASE,
    DATABASE_SHAPE,
    EXPRESS_SHAPE,
    PROTECTOR_SHAPE,
    SERVER,
    SERVER_SHAPE,
    ranges,
)
from providers.base import Unread

_RULES: Final = (f"{SERVER}/firewallRules", "startIpAddress", "endIpAddress")
_RULES_6: Final = (f"{SERVER}/ipv6FirewallRules", "startIPv6Address", "endIPv6Address")
_AUDITING: Final = (f"{SERVER}/auditingSettings", f"{SERVER}/extendedAuditingSettings")
_ADMINISTRATORS: Final = f"{SERVER}/administrators"
_ENTRA_ONLY: Final = f"{SERVER}/azureADOnlyAuthentications"
_PROTECTOR: Final = f"{SERVER}/encryptionProtector"
_EXPRESS: Final = f"{SERVER}/sqlVulnerabilityAssessments"
_CLASSIC: Final = f"{SERVER}/vulnerabilityAssessments"
_ENCRYPTION: Final = f"{DATABASE}/transparentDataEncryption"
_RETENTION: Final = f"{DATABASE}/backupShortTermRetentionPolicies"
_FAILOVER: Final = f"{SERVER}/failoverGroups"


def _firewall(type_: str, start: str, end: str) -> Callable[[Declared, World], Any]:
    """The ranges that the rules of a server let in; none where it has no rule."""

    def read_rules(item: Declared, world: World) -> Any:
        certain, doubt = world.parts(item.key, type_)
        found: list[Any] = []
        unknown: Unread | None = doubt
        for part in certain:
            made = given(part.unsure) or looked(partial(ranges, [named(part)], start, end))
            if isinstance(made, Unread):
                unknown = unknown or made
            else:
                found += made
        # A list with an element that is not known has no end.
        return unknown or found

    return read_rules


_AUDITING_DEFAULTS: Final = {
    "storage_endpoint": NULL,
    "retention_days": Default(0, "Server Blob Auditing Policies"),
    "azure_monitor_target": FALSE,
}


def _auditing(item: Declared, world: World) -> Any:
    # 2017-03-01-preview has all of these properties; whether there is auditing where nobody asks for it, a policy says.
    return world.one(
        item.key, _AUDITING, lambda part: read(world, part, AUDITING_SHAPE, _AUDITING_DEFAULTS, "2017-03-01"), UNSET
    )


def _master_settings(item: Declared, world: World) -> Any:
    return diagnostic_settings(f"{item.key}/databases/master", world)


def _administrators(item: Declared, world: World) -> Any:
    """The administrator that the server names, or that is a resource of its own, with whether it is the only way in."""
    inline = item.properties.get("administrators") if isinstance(item.properties, Fields) else item.properties
    only = world.one(item.key, (_ENTRA_ONLY,), _only, None)
    certain, doubt = world.parts(item.key, _ADMINISTRATORS)
    if doubt is not None or isinstance(inline, Unresolved):
        return [dict.fromkeys(ADMINISTRATOR_SHAPE, doubt or given(inline))]
    defaults = {"entra_only": Default(False, "Server Azure AD Administrators: azureADOnlyAuthentication")}
    kind = {"administrator_type": Default("ActiveDirectory", "Servers - Create Or Update: ServerExternalAdministrator")}
    rows = []
    if isinstance(inline, Fields):
        body = Fields({"properties": inline})
        rows.append(shaped(ADMINISTRATOR_SHAPE, body, item.version, {**defaults, **kind}))
    for part in certain:
        told = read(world, part, ADMINISTRATOR_SHAPE, defaults, "2014-04-01")
        rows.append(told if part.unsure is None else dict.fromkeys(ADMINISTRATOR_SHAPE, part.unsure.plain))
    if only is not None:
        rows = [{**row, "entra_only": only} for row in rows]
    return rows


def _only(part: Declared) -> Any:
    value = part.properties.get("azureADOnlyAuthentication") if isinstance(part.properties, Fields) else part.properties
    return UNSET if value is None else given(value)


def _key_type(item: Declared, world: World) -> Any:
    """Who holds the key that databases are encrypted by: the service, unless the server or its protector names one."""
    inline = item.properties.get("keyId") if isinstance(item.properties, Fields) else item.properties
    alone = (
        "ServiceManaged"
        if inline is None
        else UNSET
        if isinstance(inline, Unresolved) and not inline.text.startswith(("https://", "/"))
        else "AzureKeyVault"
    )
    return world.one(item.key, (_PROTECTOR,), lambda part: read(world, part, PROTECTOR_SHAPE)["key_type"], alone)


def _several(type_: str, shape: Any, defaults: Any) -> Callable[[Declared, World], Any]:
    """Assessments; whether there is one where the template asks for none, Defender for SQL decides."""

    def read_parts(item: Declared, world: World) -> Any:
        rows = world.many(item.key, (type_,), lambda part: read(world, part, shape, defaults), shape)
        return rows or UNSET

    return read_parts


def _database(type_: str, *names: str) -> Callable[[Declared, World], Any]:
    """A property of a database that a resource of its own gives; of master there is none."""

    def read_part(item: Declared, world: World) -> Any:
        if text(item.last) == "master":
            return None
        return world.one(item.key, (type_,), lambda part: _first(part, names), UNSET)

    return read_part


def _first(part: Declared, names: tuple[str, ...]) -> Any:
    if not isinstance(part.properties, Fields):
        return given(part.properties)
    values = [given(part.properties.get(name)) for name in names]
    return next((value for value in values if value is not None), UNSET)


def _kind(item: Declared, world: World) -> Any:
    """What a database is, as far as it is asked for: a data warehouse, or not."""
    sku = item.body.get("sku")
    if isinstance(sku, Unresolved):
        return sku.plain
    words = [sku.get(key) for key in ("name", "tier")] if isinstance(sku, Fields) else []
    edition = item.properties.get("edition") if isinstance(item.properties, Fields) else item.properties
    unknown = next(within([*words, edition]), None)
    if unknown is not None:
        return unknown.plain
    told = [word.lower() for word in (*words, edition) if isinstance(word, str)]
    if not told:
        return UNSET
    warehouse = any(word.startswith("dw") or word == "datawarehouse" for word in told)
    return "v12.0,user,datawarehouse" if warehouse else "v12.0,user"


def _links(item: Declared, world: World) -> Any:
    """A new database has no copy elsewhere, unless something of the template makes one."""
    if text(item.last) == "master":
        return None
    makers = [other for other in world.all(DATABASE) if _copies(other)]
    return UNSET if makers or world.all(_FAILOVER) else []


def _copies(item: Declared) -> bool:
    mode = item.properties.get("createMode") if isinstance(item.properties, Fields) else item.properties
    return mode is not None and not (isinstance(mode, str) and mode.lower() == "default")


MAPPINGS: Final = (
    Mapping(
        SERVER,
        SERVER_SHAPE,
        derived={
            "firewall_ranges": _firewall(*_RULES),
            "ipv6_firewall_ranges": _firewall(*_RULES_6),
            "auditing": _auditing,
            "master_diagnostic_settings": _master_settings,
            "administrators": _administrators,
            "key_type": _key_type,
            "express_assessments": _several(_EXPRESS, EXPRESS_SHAPE, {}),
            "classic_assessments": _several(_CLASSIC, CLASSIC_SHAPE, {"recurring": FALSE, "stored": FALSE}),
        },
        parts=(*(_RULES[0], _RULES_6[0], *_AUDITING, _ADMINISTRATORS, _ENTRA_ONLY, _PROTECTOR, _EXPRESS, _CLASSIC),),
    ),
    Mapping(
        DATABASE,
        DATABASE_SHAPE,
        derived={
            "kind": _kind,
            # Up to 2014-04-01 the property was called status.
            "transparent_data_encryption": _database(_ENCRYPTION, "state", "status"),
            "backup_retention_days": _database(_RETENTION, "retentionDays"),
            "replication_links": _links,
        },
        parts=(_ENCRYPTION, _RETENTION),
    ),
)
