"""Amazon OpenSearch Service: domains of OpenSearch and of Elasticsearch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from providers.aws.documents import document
from providers.base import MISSING, Found, Reader, ResourceType, Scope, Unread, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

DOMAIN: Final = "AWS::OpenSearchService::Domain"
TYPES: Final = (ResourceType(DOMAIN),)

AT_ONCE: Final = 5
"""Domains that DescribeDomains takes in one request; with more it answers a ValidationException."""

Item = Mapping[str, Any]
_PROPERTIES: Final = (
    "vpc_id",
    "access_policy",
    "encrypted_at_rest",
    "node_to_node_encrypted",
    "https_enforced",
    "tls_policy",
    "published_logs",
)


def _domains(aws: Caller, scope: Scope) -> Iterator[Found]:
    names = [domain["DomainName"] for domain in aws.call("opensearch", "list_domain_names")["DomainNames"]]
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        described = aws.part("opensearch:DescribeDomains", partial(_describe, aws, some), "es:DescribeDomains")
        for name in some:
            arn = f"arn:{aws.partition}:es:{aws.region}:{aws.account}:domain/{name}"
            if isinstance(described, Unread):
                yield Found(DOMAIN, arn, dict.fromkeys(_PROPERTIES, described), name)
            else:
                # What was listed and is not described says nothing of itself.
                yield Found(DOMAIN, arn, _properties(described.get(name, {})), name)


def _describe(aws: Caller, names: list[str]) -> Mapping[str, Item]:
    answer = aws.call("opensearch", "describe_domains", DomainNames=names)
    return {domain["DomainName"]: domain for domain in answer["DomainStatusList"]}


def _properties(domain: Item) -> dict[str, Any]:
    if "ARN" not in domain:
        return dict.fromkeys(_PROPERTIES, MISSING)
    vpc, logs = domain.get("VPCOptions"), domain.get("LogPublishingOptions") or {}
    endpoint = domain.get("DomainEndpointOptions") or {}
    return {
        # Left out of a domain with a public endpoint.
        "vpc_id": attribute(vpc, "VPCId") if vpc else None,
        "access_policy": _policy(domain.get("AccessPolicies")),
        "encrypted_at_rest": attribute(domain.get("EncryptionAtRestOptions") or {}, "Enabled"),
        "node_to_node_encrypted": attribute(domain.get("NodeToNodeEncryptionOptions") or {}, "Enabled"),
        "https_enforced": attribute(endpoint, "EnforceHTTPS"),
        "tls_policy": attribute(endpoint, "TLSSecurityPolicy"),
        # Holds the kinds of logs that someone configured, published or not.
        "published_logs": [
            {"type": kind, "enabled": attribute(option, "Enabled")} for kind, option in sorted(logs.items())
        ],
    }


def _policy(text: str | None) -> Any:
    """The access policy; a domain without one answers an empty text."""
    if text is None:
        return MISSING
    return document(text) if text.strip() else None


READERS: Final = (
    Reader(
        operations=("opensearch:ListDomainNames", "opensearch:DescribeDomains"),
        read=_domains,
        lists=(DOMAIN,),
        fills={DOMAIN: _PROPERTIES},
        permissions=("es:ListDomainNames", "es:DescribeDomains"),
    ),
)
