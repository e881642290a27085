"""Amazon Redshift: clusters, their logging and their parameter groups."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.redshift import CLUSTER, REQUIRE_SSL
from providers.base import Unread
from providers.terraform.block import COMPUTED, Block
from providers.terraform.mapping import Attribute, Constant, Derived, Mapping, Part, Split

PARAMETERS: Final = "aws_redshift_parameter_group"
ALSO: Final = (PARAMETERS,)
_PROVIDER: Final = "provider documentation, aws_redshift_cluster"
_NEW: Final = "Redshift API: what is new has delivered nothing, and starts with its group's values"
_RESTORED: Final = Unread("known_after_apply", detail="what it is restored from decides")
_FAMILIES: Final = {"redshift-1.0": "false"}
"""``require_ssl`` by default, where it has not changed (Management Guide, "Parameter values"): others are not told."""


def _encrypted(block: Block) -> Any:
    """By its own setting, which newer provider versions write as text; what is restored may be as it was."""
    value = block.get("encrypted", computed=False)
    if isinstance(value, Unread):
        return value
    if value in (True, "true"):
        return True
    restored = [block.get(path, None, optional=True) for path in ("snapshot_identifier", "snapshot_arn")]
    return _RESTORED if any(source not in (None, "") for source in restored) else False


def _inline_logging(block: Block) -> Any:
    """Older provider versions have the logging in the cluster itself; without it, a resource beside may turn it on."""
    logging = block.block("logging", optional=True)
    return COMPUTED if logging is None else logging if isinstance(logging, Unread) else logging.get("enable")


def _require_ssl(block: Block) -> Any:
    """The parameter, where the plan holds the parameter group."""
    groups = block.named("cluster_parameter_group_name", PARAMETERS)
    if isinstance(groups, Unread) or len(groups) != 1:
        told = groups if isinstance(groups, Unread) else None
        return told or Unread("not_collected", detail="its parameter group is not in this plan")
    rows = groups[0].blocks("parameter")
    if isinstance(rows, Unread):
        return rows
    names = [row.get("name") for row in rows]
    mine = [row.get("value") for row, name in zip(rows, names, strict=True) if name == REQUIRE_SSL]
    unread = next((name for name in names if isinstance(name, Unread)), None)
    if mine or unread is not None:
        return mine[0].lower() if mine and isinstance(mine[0], str) else mine[0] if mine else unread
    family = groups[0].get("family")
    if isinstance(family, Unread):
        return family
    return _FAMILIES.get(family, Unread("not_collected", detail=f"what {REQUIRE_SSL} is by default in its family"))


MAPPINGS: Final = (
    Mapping(
        type=CLUSTER,
        terraform="aws_redshift_cluster",
        keys=("cluster_identifier", "id", "arn"),
        name=Attribute("cluster_identifier", None),
        parts=(
            Part(
                "aws_redshift_logging",
                "cluster_identifier",
                {"logging_enabled": Constant(True, "Redshift API, EnableLogging")},
            ),
        ),
        properties={
            "encrypted": Derived(("encrypted", "snapshot_identifier", "snapshot_arn"), _encrypted),
            # The provider always sends it; its own default has changed, and stands in the plan.
            "publicly_accessible": Attribute("publicly_accessible", computed=False),
            "snapshot_retention_days": Attribute("automated_snapshot_retention_period", 1, _PROVIDER, convert=int),
            "parameter_group": Attribute("cluster_parameter_group_name", computed=False),
            "require_ssl": Derived(("cluster_parameter_group_name",), _require_ssl),
            "require_ssl_apply_status": Split("in-sync", _NEW),
            "logging_enabled": Split(
                False,
                "Redshift API, EnableLogging: off until then",
                inline=Derived(("logging.enable",), _inline_logging),
                optional=True,
            ),
            "last_log_delivery_at": Split(None, _NEW),
            "last_log_failure_at": Split(None, _NEW),
        },
    ),
)
