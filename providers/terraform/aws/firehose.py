"""Amazon Data Firehose."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.firehose import STREAM
from providers.base import Unread
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping

_PROVIDER: Final = "provider documentation, aws_kinesis_firehose_delivery_stream: false"
_SOURCES: Final = {
    "kinesis_source_configuration": "KinesisStreamAsSource",
    "msk_source_configuration": "MSKAsSource",
}
_DESTINATIONS: Final = tuple(
    f"{name}_configuration"
    for name in (
        *("elasticsearch", "extended_s3", "http_endpoint", "iceberg", "opensearch", "opensearchserverless"),
        *("redshift", "snowflake", "splunk"),
    )
)


def _type(block: Block) -> Any:
    for path, type_ in _SOURCES.items():
        source = block.block(path, optional=True)
        if source is not None:
            return source if isinstance(source, Unread) else type_
    return "DirectPut"


def _status(block: Block) -> Any:
    enabled = block.get("server_side_encryption.enabled", False)
    return enabled if isinstance(enabled, Unread) else "ENABLED" if enabled else "DISABLED"


def _logging(block: Block) -> Any:
    """Of the one destination that a stream has."""
    destination = block.only(_DESTINATIONS, optional=True)
    return (
        destination if isinstance(destination, Unread) else destination.get("cloudwatch_logging_options.enabled", False)
    )


MAPPINGS: Final = (
    Mapping(
        type=STREAM,
        terraform="aws_kinesis_firehose_delivery_stream",
        keys=("arn", "id", "name"),
        name=Attribute("name", None),
        properties={
            "delivery_stream_type": Derived(tuple(_SOURCES), _type),
            "encryption_status": Derived(("server_side_encryption.enabled",), _status, _PROVIDER),
            "cloudwatch_logging_enabled": Derived(
                tuple(f"{path}.cloudwatch_logging_options.enabled" for path in _DESTINATIONS),
                _logging,
                _PROVIDER,
            ),
        },
    ),
)
