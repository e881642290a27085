"""The parameters by which databases of RDS and Aurora refuse connections without TLS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import MISSING, Resource, Unread, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

PARAMETERS: Final[Mapping[str, str]] = {
    "aurora-mysql": "require_secure_transport",
    "aurora-postgresql": "rds.force_ssl",
    "mariadb": "require_secure_transport",
    "mysql": "require_secure_transport",
    "postgres": "rds.force_ssl",
    "sqlserver": "rds.force_ssl",
}
"""By engine (RDS and Aurora User Guides); the editions of SQL Server share one."""
OTHERWISE: Final = ("custom", "db2", "oracle")
"""Families of engines that have no such parameter: Oracle is told by an option group, RDS Custom on its host."""


def instance_tls(aws: Caller, instance: Resource) -> Mapping[str, Any]:
    """``tls_parameter`` of an instance; null for a member of a cluster, whose parameter group has it."""
    if instance.properties["cluster_id"] is not None:
        return {"tls_parameter": None}
    return _parameter(aws, instance, "describe_db_parameters", "DBParameterGroupName")


def cluster_tls(aws: Caller, cluster: Resource) -> Mapping[str, Any]:
    """``tls_parameter`` of a cluster."""
    return _parameter(aws, cluster, "describe_db_cluster_parameters", "DBClusterParameterGroupName")


def parameter_of(engine: str) -> str | Unread | None:
    """The name of an engine's parameter; None where it has none."""
    family = engine.partition("-")[0]
    if family in OTHERWISE:
        return None
    # An engine that we do not know may have a parameter that we do not know.
    return PARAMETERS.get("sqlserver" if family == "sqlserver" else engine, MISSING)


def _parameter(aws: Caller, item: Resource, operation: str, argument: str) -> Mapping[str, Any]:
    name = parameter_of(item.properties["engine"])
    if not isinstance(name, str):
        return {"tls_parameter": name}
    group = {argument: item.properties["parameter_group"]}
    pages = aws.pages("rds", operation, "Parameters", Filters=[{"Name": "parameter-name", "Values": [name]}], **group)
    found = [row for row in pages if row["ParameterName"] == name]
    # Left out where the version of the engine has no such parameter.
    return {"tls_parameter": {"name": name, "value": _value(found[0])} if found else None}


def _value(parameter: Mapping[str, Any]) -> Any:
    """What somebody set has a value; that of a default may be left out."""
    default = parameter.get("Source") in ("engine-default", "system")
    return parameter.get("ParameterValue") if default else attribute(parameter, "ParameterValue")
