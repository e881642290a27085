"""Cloud Deploy: delivery pipelines, and the targets at the end of them.

Source: Cloud Deploy API reference, "projects.locations.deliveryPipelines", "projects.locations.targets".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, ResourceType
from providers.gcp.fields import Field, flag, labels
from providers.gcp.listing import Listing, by_name, listed

if TYPE_CHECKING:
    from providers.gcp.caller import Caller

PIPELINE: Final = "clouddeploy.googleapis.com/DeliveryPipeline"
TARGET: Final = "clouddeploy.googleapis.com/Target"
TYPES: Final = (ResourceType(PIPELINE, GLOBAL), ResourceType(TARGET, GLOBAL))
API: Final = "https://clouddeploy.googleapis.com/v1/projects/{project}/locations/-"
HOST: Final = "clouddeploy.googleapis.com"

_TARGET: Final[Mapping[str, Field]] = {
    # "Optional. Whether or not the Target requires approval"; false is left out.
    "require_approval": Field("requireApproval", flag, False),
    "tags": Field("labels", labels, {}),
}


def _pipeline(gcp: Caller, name: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    stages = item.get("serialPipeline", {}).get("stages", [])
    where = name.partition("/deliveryPipelines/")[0]
    return {"targets": [f"{where}/targets/{stage['targetId']}" for stage in stages]}


READERS: Final = (
    listed(
        PIPELINE,
        {"suspended": Field("suspended", flag, False), "tags": Field("labels", labels, {})},
        Listing(
            "clouddeploy.projects.locations.deliveryPipelines.list",
            "clouddeploy.deliveryPipelines.list",
            f"{API}/deliveryPipelines",
            "deliveryPipelines",
            by_name(HOST),
            size=1000,
        ),
        _pipeline,
        ("targets",),
    ),
    listed(
        TARGET,
        _TARGET,
        Listing(
            "clouddeploy.projects.locations.targets.list",
            "clouddeploy.targets.list",
            f"{API}/targets",
            "targets",
            by_name(HOST),
            size=1000,
        ),
    ),
)
