"""AWS CodePipeline: pipelines, in which order they act. What their actions are configured with is not kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, Resource, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

PIPELINE: Final = "AWS::CodePipeline::Pipeline"
TYPES: Final = (ResourceType(PIPELINE),)


def _pipelines(aws: Caller, scope: Scope) -> Iterator[Found]:
    for pipeline in aws.pages("codepipeline", "list_pipelines", "pipelines"):
        name = pipeline["name"]
        yield Found(PIPELINE, f"arn:{aws.partition}:codepipeline:{aws.region}:{aws.account}:{name}", {}, name)


def _structure(aws: Caller, pipeline: Resource) -> Mapping[str, Any]:
    answer = aws.call("codepipeline", "get_pipeline", name=pipeline.name)["pipeline"]
    stages = [_stage(position, stage) for position, stage in enumerate(answer["stages"], 1)]
    if not stages:
        raise ValueError("every pipeline has a stage")
    return {"stages": stages}


def _stage(position: int, stage: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "position": position,
        "name": attribute(stage, "name"),
        "entry_conditions": len((stage.get("beforeEntry") or {}).get("conditions") or []),
        "actions": [_action(action) for action in stage["actions"]],
    }


def _action(action: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "name": attribute(action, "name"),
        "category": attribute(action.get("actionTypeId") or {}, "category"),
        # "The default runOrder value for an action is 1" (User Guide, pipeline structure reference).
        "run_order": action.get("runOrder", 1),
    }


def _tags(aws: Caller, pipeline: Resource) -> Mapping[str, Any]:
    tags = aws.pages("codepipeline", "list_tags_for_resource", "tags", resourceArn=pipeline.id)
    return {"tags": {tag["key"]: tag["value"] for tag in tags}}


READERS: Final = (
    Reader(
        operations=("codepipeline:ListPipelines",),
        read=_pipelines,
        lists=(PIPELINE,),
        fills={},
        permissions=("codepipeline:ListPipelines",),
    ),
    Reader(
        operations=("codepipeline:GetPipeline",),
        read=_structure,
        per="resource",
        of=PIPELINE,
        fills={PIPELINE: ("stages",)},
        permissions=("codepipeline:GetPipeline",),
        gone_codes=frozenset({"PipelineNotFoundException"}),
    ),
    Reader(
        operations=("codepipeline:ListTagsForResource",),
        read=_tags,
        per="resource",
        of=PIPELINE,
        fills={PIPELINE: ("tags",)},
        permissions=("codepipeline:ListTagsForResource",),
        gone_codes=frozenset({"ResourceNotFoundException"}),
    ),
)
