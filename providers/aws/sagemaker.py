"""Amazon SageMaker AI: notebook instances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, Resource, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

NOTEBOOK: Final = "AWS::SageMaker::NotebookInstance"
TYPES: Final = (ResourceType(NOTEBOOK),)


def _notebooks(aws: Caller, scope: Scope) -> Iterator[Found]:
    for notebook in aws.pages("sagemaker", "list_notebook_instances", "NotebookInstances"):
        yield Found(NOTEBOOK, notebook["NotebookInstanceArn"], {}, notebook["NotebookInstanceName"])


def _notebook(aws: Caller, notebook: Resource) -> Mapping[str, Any]:
    answer = aws.call("sagemaker", "describe_notebook_instance", NotebookInstanceName=notebook.name)
    if "NotebookInstanceArn" not in answer:
        # Every instance has one; without it the answer is none, and an absent key says nothing.
        raise KeyError("NotebookInstanceArn")
    return {
        "direct_internet_access": attribute(answer, "DirectInternetAccess"),
        # Left out where no key was given and the volume has SageMaker AI's own.
        "kms_key_id": answer.get("KmsKeyId"),
    }


READERS: Final = (
    Reader(
        operations=("sagemaker:ListNotebookInstances",),
        read=_notebooks,
        lists=(NOTEBOOK,),
        fills={},
        permissions=("sagemaker:ListNotebookInstances",),
    ),
    # No gone code: the API names no error, and a deleted instance gets a ValidationException like any other mistake.
    Reader(
        operations=("sagemaker:DescribeNotebookInstance",),
        read=_notebook,
        per="resource",
        of=NOTEBOOK,
        fills={NOTEBOOK: ("direct_internet_access", "kms_key_id")},
        permissions=("sagemaker:DescribeNotebookInstance",),
    ),
)
