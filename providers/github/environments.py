"""Environments of repositories, and who must review what is deployed there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import GLOBAL, MISSING, Found, Reader, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.github.caller import Caller, Row

ENVIRONMENT: Final = "GitHub::Environment"
TYPES: Final = (ResourceType(ENVIRONMENT, GLOBAL),)
LIST: Final = "GET /repos/{owner}/{repo}/environments"


def _environments(github: Caller, scope: Scope) -> Iterator[Found]:
    def of(row: Row) -> Iterator[Found]:
        repository = row["full_name"]
        for item in github.items(LIST, key="environments", repository=repository):
            found = {"repository": repository, "archived": attribute(row, "archived"), **_reviewed(item)}
            yield Found(ENVIRONMENT, f"{repository}/environments/{item['name']}", found, item["name"])

    yield from github.every(of)


def _reviewed(item: Mapping[str, Any]) -> Mapping[str, Any]:
    rules = item.get("protection_rules")
    if rules is None:
        return {"reviewers": MISSING, "prevent_self_review": MISSING}
    required = [rule for rule in rules if rule["type"] == "required_reviewers"]
    return {
        "reviewers": sum(len(rule["reviewers"]) for rule in required),
        "prevent_self_review": any(rule.get("prevent_self_review") is True for rule in required),
    }


READERS: Final = (
    Reader(
        operations=(LIST,),
        read=_environments,
        where=GLOBAL,
        lists=(ENVIRONMENT,),
        fills={ENVIRONMENT: ("repository", "archived", "reviewers", "prevent_self_review")},
        permissions=("actions:read",),
    ),
)
