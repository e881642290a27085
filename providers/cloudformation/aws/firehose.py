"""Amazon Data Firehose."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.firehose import STREAM
from providers.base import Unread
from providers.cloudformation.aws.values import arn, tags, truth
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping

_API: Final = (
    "Firehose API, CreateDeliveryStream: programs write to it unless another source is set; encryption is optional"
)
_DESTINATIONS: Final = tuple(
    f"{name}DestinationConfiguration"
    for name in (
        *("AmazonOpenSearchServerless", "Amazonopensearchservice", "Elasticsearch", "ExtendedS3", "HttpEndpoint"),
        *("Iceberg", "Redshift", "S3", "Snowflake", "Splunk"),
    )
)


def _status(block: Block) -> Any:
    asked = block.block("DeliveryStreamEncryptionConfigurationInput")
    return asked if isinstance(asked, Unread) else "DISABLED" if asked is None else "ENABLED"


def _logging(block: Block) -> Any:
    """Of the one destination that a stream has. What holds where a template does not say it is documented nowhere."""
    destination = block.only(_DESTINATIONS)
    return (
        destination if isinstance(destination, Unread) else truth(destination.get("CloudWatchLoggingOptions.Enabled"))
    )


MAPPINGS: Final = (
    Mapping(
        STREAM,
        STREAM,
        {
            "delivery_stream_type": Attribute("DeliveryStreamType", "DirectPut", _API),
            "encryption_status": Derived(("DeliveryStreamEncryptionConfigurationInput",), _status, _API),
            "cloudwatch_logging_enabled": Derived(
                tuple(f"{path}.CloudWatchLoggingOptions.Enabled" for path in _DESTINATIONS), _logging
            ),
            "tags": tags(),
        },
        keys=("DeliveryStreamName", "Arn"),
        identity=arn(STREAM),
        name=Attribute("DeliveryStreamName", None),
    ),
)
