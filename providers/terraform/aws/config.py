"""AWS Config: configuration recorders, whether they are started, and delivery channels."""

from __future__ import annotations

from typing import Final

from providers.aws.config import CHANNEL, RECORDER
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Mapping, Part, Split, Where

_PROVIDER: Final = "provider documentation"
_ALL: Final = "AWS Config API, RecordingGroup: all supported types where nothing is said"
_NAME: Final = Attribute("name", "default", _PROVIDER)


def _id(block: Block, where: Where) -> str | None:
    """Recorders and channels are known by their names, which are mostly "default", in a region."""
    name = block.get("name", "default")
    return f"{where.region}|{name}" if where.region is not None and isinstance(name, str) else None


def _sorted(names: list[str]) -> list[str]:
    return sorted(names)


def _said(name: str) -> str | None:
    return name or None


MAPPINGS: Final = (
    Mapping(
        type=RECORDER,
        terraform="aws_config_configuration_recorder",
        keys=("name", "id"),
        name=_NAME,
        identity=_id,
        control=True,
        parts=(Part("aws_config_configuration_recorder_status", "name", {"recording": Attribute("is_enabled")}),),
        properties={
            "all_supported": Attribute("recording_group.all_supported", True, _ALL),
            "recording_strategy": Attribute(
                "recording_group.recording_strategy.use_only", None, optional=True, convert=_said
            ),
            "excluded_resource_types": Attribute(
                "recording_group.exclusion_by_resource_types.resource_types",
                [],
                _ALL,
                optional=True,
                convert=_sorted,
            ),
            "recording": Split(False, "AWS Config API, PutConfigurationRecorder: a new recorder is not started"),
        },
    ),
    Mapping(
        type=CHANNEL,
        terraform="aws_config_delivery_channel",
        keys=("name", "id"),
        name=_NAME,
        identity=_id,
        control=True,
        properties={"s3_bucket_name": Attribute("s3_bucket_name")},
    ),
)
