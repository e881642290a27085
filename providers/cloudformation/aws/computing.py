"""Amazon EC2 instances and volumes, EFS, Lambda's concurrency, CloudWatch log groups and Secrets Manager."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.user_data import secrets_of
from providers.base import Unread
from providers.cloudformation.aws.values import DOCUMENTED, flag, number, policy, tags, truth
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Constant, Derived, Mapping, Part, Split

_ACCOUNT_DECIDES: Final = Unread("known_after_apply", detail="not said: the image or the account's defaults decide")
_REGION_DECIDES: Final = Unread("known_after_apply", detail="not said: the snapshot or the region's default decides")


def _option(name: str) -> Derived:
    """An option of the metadata service: the instance's own, else what a launch template or the account decides."""

    def read(block: Block) -> Any:
        return block.get(f"MetadataOptions.{name}", _ACCOUNT_DECIDES)

    return Derived((f"MetadataOptions.{name}",), read, "EC2 User Guide, 'Order of precedence'")


def _user_data(block: Block) -> Any:
    value = block.get("UserData", None)
    if isinstance(value, Unread):
        return value
    if value is None and block.get("LaunchTemplate", None) is not None:
        return Unread("not_collected", detail="that of its launch template")
    return secrets_of(value)


def _encrypted(block: Block) -> Any:
    value = truth(block.get("Encrypted", None))
    # Where it is false too, default encryption of the region, or an encrypted snapshot, makes it encrypted.
    return value if value is True or isinstance(value, Unread) else _REGION_DECIDES


def _backup(block: Block) -> Any:
    if block.get("AvailabilityZoneName", None) is not None and block.get("BackupPolicy", None) is None:
        return Unread("not_collected", detail="of One Zone storage, AWS decides whether it is backed up automatically")
    return block.get("BackupPolicy.Status", "DISABLED")


MAPPINGS: Final = (
    Mapping(
        "AWS::EC2::Instance",
        "AWS::EC2::Instance",
        {
            "http_tokens": _option("HttpTokens"),
            "http_endpoint": _option("HttpEndpoint"),
            "user_data_secrets": Derived(("UserData",), _user_data),
            "image_id": Attribute("ImageId", _ACCOUNT_DECIDES, f"{DOCUMENTED}: that of its launch template"),
            "tags": tags(),
        },
        keys=("InstanceId",),
        name=Attribute("InstanceId", None),
        identity=lambda block, where: None,
    ),
    Mapping(
        "AWS::EC2::Volume",
        "AWS::EC2::Volume",
        {"encrypted": Derived(("Encrypted",), _encrypted), "tags": tags()},
        keys=("VolumeId",),
        name=Attribute("VolumeId", None),
        identity=lambda block, where: None,
    ),
    Mapping(
        "AWS::EFS::FileSystem",
        "AWS::EFS::FileSystem",
        {
            "encrypted": flag("Encrypted", False),
            "backup_policy": Derived(("BackupPolicy.Status",), _backup, f"{DOCUMENTED}: off unless it is said"),
            "tags": tags("FileSystemTags"),
        },
        keys=("FileSystemId", "Arn"),
        name=Attribute("FileSystemId", None),
        identity=lambda block, where: None,
    ),
    Mapping(
        "AWS::Lambda::Function",
        "AWS::Lambda::Function",
        {
            "package_type": Attribute("PackageType", "Zip", DOCUMENTED),
            "reserved_concurrent_executions": number("ReservedConcurrentExecutions", None),
            "tags": tags(),
        },
        keys=("FunctionName", "Arn"),
        name=Attribute("FunctionName", None),
        identity=lambda block, where: None,
    ),
    Mapping(
        "AWS::Logs::LogGroup",
        "AWS::Logs::LogGroup",
        {
            "retention_in_days": number("RetentionInDays", None),
            "log_group_class": Attribute("LogGroupClass", "STANDARD", DOCUMENTED),
            "kms_key_id": Attribute("KmsKeyId", None, names="AWS::KMS::Key"),
            "tags": tags(),
        },
        keys=("LogGroupName", "Arn"),
        name=Attribute("LogGroupName", None),
        identity=lambda block, where: None,
    ),
    Mapping(
        "AWS::SecretsManager::Secret",
        "AWS::SecretsManager::Secret",
        {
            "policy": Split(None, "Secrets Manager API: a new secret has no policy"),
            "owning_service": Constant(None, "Secrets Manager API: of secrets that another service makes"),
            "tags": tags(),
        },
        parts=(Part("AWS::SecretsManager::ResourcePolicy", "SecretId", {"policy": policy("ResourcePolicy")}),),
        keys=("Id",),
        name=Attribute("Name", None),
        identity=lambda block, where: None,
    ),
)
