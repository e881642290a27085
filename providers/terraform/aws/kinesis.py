"""Amazon Kinesis Data Streams."""

from __future__ import annotations

from typing import Final

from providers.aws.kinesis import STREAM
from providers.terraform.mapping import Attribute, Mapping

_PROVIDER: Final = "provider documentation, aws_kinesis_stream"

MAPPINGS: Final = (
    Mapping(
        type=STREAM,
        terraform="aws_kinesis_stream",
        keys=("arn", "id", "name"),
        properties={
            "encryption_type": Attribute("encryption_type", "NONE", _PROVIDER),
            "retention_period_hours": Attribute("retention_period", 24, _PROVIDER, convert=int),
        },
    ),
)
