"""Amazon CloudFront, API Gateway stages and AWS Backup."""

from __future__ import annotations

from typing import Any, Final

from providers.base import MISSING, Unread
from providers.cloudformation.aws.values import DOCUMENTED, tags, truth, whole
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Constant, Derived, Mapping, Part, Split

_UNSEEN: Final = Unread("not_collected", detail="not in this template")
_NEW: Final = "AWS Backup API: what is new has none"
VAULT: Final = "AWS::Backup::BackupVault"
_CLOUDFRONT: Final = "DistributionConfig"
_VIEWER: Final = f"{_CLOUDFRONT}.ViewerCertificate"

# --- CloudFront ------------------------------------------------------------------------------------------------------


def _behaviors(block: Block) -> Any:
    """The cache behaviors in the order in which CloudFront tries them; the default one, which takes the rest, last."""
    others = block.blocks(f"{_CLOUDFRONT}.CacheBehaviors")
    default = block.block(f"{_CLOUDFRONT}.DefaultCacheBehavior")
    if isinstance(others, Unread) or isinstance(default, Unread) or default is None:
        return next((value for value in (others, default) if isinstance(value, Unread)), MISSING)
    return [*(_behavior(row.get("PathPattern"), row) for row in others), _behavior("*", default)]


def _behavior(path: Any, row: Block) -> dict[str, Any]:
    return {
        "path_pattern": path,
        "viewer_protocol_policy": row.get("ViewerProtocolPolicy"),
        "realtime_log_config_arn": row.get("RealtimeLogConfigArn", None),
    }


def _default_certificate(block: Block) -> Any:
    """Whether viewers see CloudFront's certificate: where it is said, and where none of its own is set."""
    viewer = block.block(_VIEWER)
    if viewer is None or isinstance(viewer, Unread):
        return True if viewer is None else viewer
    own = [viewer.get(name, None) for name in ("AcmCertificateArn", "IamCertificateId")]
    if any(isinstance(value, str) and value for value in own):
        return False
    default = truth(viewer.get("CloudFrontDefaultCertificate", False))
    if default is True or isinstance(default, Unread):
        return default
    # A certificate that is not known yet is one all the same, since a distribution has one of the three.
    return not any(isinstance(value, Unread) for value in own)


def _logging(block: Block) -> Any:
    config = block.block(f"{_CLOUDFRONT}.Logging")
    if config is None or isinstance(config, Unread):
        return False if config is None else config
    bucket = config.get("Bucket", "")
    if isinstance(bucket, Unread):
        # A bucket of the template is one, whatever it will be called.
        return True if config.references("Bucket") else bucket
    return bucket != ""


# --- Backup ----------------------------------------------------------------------------------------------------------


def _backup_rules(block: Block) -> Any:
    rows = block.blocks("BackupPlan.BackupPlanRule")
    return rows if isinstance(rows, Unread) else [_backup_rule(row) for row in rows]


def _backup_rule(row: Block) -> dict[str, Any]:
    copies = row.blocks("CopyActions")
    days = whole(row.get("Lifecycle.DeleteAfterDays", None))
    return {
        "name": row.get("RuleName"),
        # Recovery points are kept for good with -1 (Lifecycle).
        "delete_after_days": days if isinstance(days, Unread) or days not in (0, -1) else None,
        "delete_after_event": None,
        "copy_actions": copies if isinstance(copies, Unread) else [_copy(copy) for copy in copies],
    }


def _copy(action: Block) -> dict[str, Any]:
    arn = action.get("DestinationBackupVaultArn")
    if isinstance(arn, Unread):
        return {"destination_region": arn, "destination_account": arn}
    _, _, _, region, account, _ = arn.split(":", 5)
    return {"destination_region": region, "destination_account": account}


def _selection(block: Block) -> list[Any]:
    return [block.get("BackupSelection.SelectionName")]


def _sorted(names: Any) -> Any:
    return next((name for name in names if isinstance(name, Unread)), None) or sorted(names)


# --- API Gateway -----------------------------------------------------------------------------------------------------


def _method_settings(block: Block) -> Any:
    rows = block.blocks("MethodSettings")
    if isinstance(rows, Unread):
        return rows
    return [{"path": _path(row), "logging_level": row.get("LoggingLevel", "OFF")} for row in rows]


def _path(row: Block) -> Any:
    path, method = row.get("ResourcePath", "/*"), row.get("HttpMethod", "*")
    unread = next((value for value in (path, method) if isinstance(value, Unread)), None)
    # As the API's keys of method settings are: the resource's path without its first slash, and the method.
    return unread if unread is not None else f"{path.removeprefix('/')}/{method}"


MAPPINGS: Final = (
    Mapping(
        "AWS::CloudFront::Distribution",
        "AWS::CloudFront::Distribution",
        {
            "cache_behaviors": Derived(
                (f"{_CLOUDFRONT}.DefaultCacheBehavior", f"{_CLOUDFRONT}.CacheBehaviors"), _behaviors
            ),
            "default_certificate": Derived((_VIEWER,), _default_certificate, DOCUMENTED),
            "minimum_protocol_version": Attribute(f"{_VIEWER}.MinimumProtocolVersion", "TLSv1", DOCUMENTED),
            "web_acl_id": Attribute(f"{_CLOUDFRONT}.WebACLId", None, convert=lambda id_: id_ or None),
            "connection_mode": Attribute(f"{_CLOUDFRONT}.ConnectionMode", "direct", DOCUMENTED),
            "tenants": Constant([], "CloudFront API: only a multi-tenant distribution has tenants"),
            "standard_logging_enabled": Derived((f"{_CLOUDFRONT}.Logging",), _logging),
            "tags": tags(),
        },
        keys=("Id",),
        where="global",
        name=Attribute("Id", None),
        identity=lambda block, where: None,
        applies=lambda block: block.get(f"{_CLOUDFRONT}.ConnectionMode", "direct") != "tenant-only",
    ),
    Mapping(
        "AWS::ApiGateway::Stage",
        "AWS::ApiGateway::Stage",
        {
            "access_log_destination": Attribute("AccessLogSetting.DestinationArn", None, names="AWS::Logs::LogGroup"),
            "method_settings": Derived(("MethodSettings",), _method_settings),
            "tags": tags(),
        },
        keys=(),
        name=Attribute("StageName", None),
        identity=lambda block, where: None,
    ),
    Mapping(
        "AWS::Backup::BackupPlan",
        "AWS::Backup::BackupPlan",
        {
            "rules": Derived(("BackupPlan.BackupPlanRule",), _backup_rules),
            "selections": Split([], _NEW, group=_sorted),
            "tags": tags("BackupPlanTags"),
        },
        parts=(
            Part(
                "AWS::Backup::BackupSelection",
                "BackupPlanId",
                {"selections": Derived(("BackupSelection.SelectionName",), _selection)},
            ),
        ),
        keys=("BackupPlanId", "BackupPlanArn"),
        name=Attribute("BackupPlan.BackupPlanName", None),
        identity=lambda block, where: None,
        control=True,
    ),
    Mapping(
        VAULT,
        VAULT,
        {
            "number_of_recovery_points": Constant(0, _NEW),
            "locked": Derived(
                ("LockConfiguration",),
                lambda block: (
                    found if isinstance(found := block.block("LockConfiguration"), Unread) else found is not None
                ),
                f"{DOCUMENTED}: not locked without it",
            ),
            "encryption_key": Attribute("EncryptionKeyArn", _UNSEEN, DOCUMENTED, names="AWS::KMS::Key"),
            "tags": tags("BackupVaultTags"),
        },
        keys=("BackupVaultName", "BackupVaultArn"),
        name=Attribute("BackupVaultName", None),
        identity=lambda block, where: None,
    ),
)
