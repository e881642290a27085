"""Cloud Deploy: delivery pipelines, and the targets at the end of them.

Source: provider documentation, google_clouddeploy_delivery_pipeline, google_clouddeploy_target.
"""

from __future__ import annotations

from typing import Any, Final

from providers.base import Unread
from providers.gcp.deploy import HOST, PIPELINE, TARGET
from providers.terraform.block import Block
from providers.terraform.google.naming import LABELS, NOT_TOLD, mapping
from providers.terraform.mapping import Attribute, Derived

_DOC: Final = "provider documentation"


def _targets(block: Block) -> Any:
    held = block.block("serial_pipeline")
    if held is None or isinstance(held, Unread):
        return [] if held is None else held
    stages = held.blocks("stages")
    return stages if isinstance(stages, Unread) else [_target(block, stage) for stage in stages]


def _target(block: Block, stage: Block) -> Any:
    known, name = stage.owner("target_id", TARGET), stage.get("target_id", None)
    if isinstance(known, str) or not isinstance(name, str):
        return known
    own, place = block.referring.place()
    return f"//{HOST}/projects/{own}/locations/{place}/targets/{name}" if own and place else NOT_TOLD


MAPPINGS: Final = (
    mapping(
        HOST,
        PIPELINE,
        "google_clouddeploy_delivery_pipeline",
        {
            "suspended": Attribute("suspended", False, _DOC),
            "targets": Derived(("serial_pipeline.stages.target_id",), _targets),
            "tags": LABELS,
        },
        keys=("id", "name"),
    ),
    mapping(
        HOST,
        TARGET,
        "google_clouddeploy_target",
        {"require_approval": Attribute("require_approval", False, _DOC), "tags": LABELS},
        "locations/{region}/targets",
        keys=("id", "name", "target_id"),
    ),
)
