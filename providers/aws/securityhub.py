"""AWS Security Hub CSPM: the standards that a region is checked against."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from providers.aws.codes import off_code
from providers.base import Found, Reader, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

STANDARD: Final = "AWS::SecurityHub::Standard"
TYPES: Final = (ResourceType(STANDARD),)


def _standards(aws: Caller, scope: Scope) -> Iterator[Found]:
    # Standards for other clouds say nothing of the region.
    pages = aws.pages("securityhub", "get_enabled_standards", "StandardsSubscriptions", Providers=["AWS"])
    for standard in pages:
        properties = {"status": attribute(standard, "StandardsStatus")}
        arn = standard["StandardsSubscriptionArn"]
        yield Found(STANDARD, arn, properties, arn.partition("subscription/")[2])


READERS: Final = (
    Reader(
        operations=("securityhub:GetEnabledStandards",),
        read=_standards,
        lists=(STANDARD,),
        fills={STANDARD: ("status",)},
        permissions=("securityhub:GetEnabledStandards",),
        off_codes=frozenset({off_code("InvalidAccessException")}),
    ),
)
