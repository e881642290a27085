"""Amazon OpenSearch Service: domains of OpenSearch and of Elasticsearch."""

from __future__ import annotations

from typing import Any, Final

from providers.aws.opensearch import DOMAIN
from providers.base import Unread
from providers.terraform.aws.documents import policy
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping, Part, Split

SUBNET: Final = "aws_subnet"
ALSO: Final = (SUBNET,)
_GUIDE: Final = "OpenSearch Service Developer Guide: off unless it is asked for"
_PROVIDER: Final = "provider documentation: true where there is such a block"


def _vpc(block: Block) -> Any:
    """The VPC: read back, else that of the subnets where the plan holds them; null of a public endpoint."""
    options = block.block("vpc_options")
    if options is None or isinstance(options, Unread):
        return options
    known = options.get("vpc_id", computed=False)
    if not isinstance(known, Unread):
        return known or None
    subnets = options.named("subnet_ids", SUBNET)
    found = [] if isinstance(subnets, Unread) else [subnet.id("vpc_id", "AWS::EC2::VPC") for subnet in subnets]
    return next((vpc for vpc in found if isinstance(vpc, str)), known)


def _https(block: Block) -> Any:
    options = block.block("domain_endpoint_options")
    if isinstance(options, Unread) or options is None:
        # What a domain is made with where nothing is said is left to the service.
        return options if options is not None else Unread("known_after_apply", detail="not set in the configuration")
    return options.get("enforce_https", True)


def _logs(block: Block) -> Any:
    rows = block.blocks("log_publishing_options")
    if isinstance(rows, Unread):
        return rows
    return [{"type": row.get("log_type"), "enabled": row.get("enabled", True)} for row in rows]


def _domain(kind: str) -> Mapping:
    return Mapping(
        type=DOMAIN,
        terraform=f"aws_{kind}_domain",
        keys=("domain_name", "arn", "id"),
        name=Attribute("domain_name", None),
        parts=(Part(f"aws_{kind}_domain_policy", "domain_name", {"access_policy": policy("access_policies")}),),
        properties={
            "vpc_id": Derived(("vpc_options.vpc_id", "vpc_options.subnet_ids"), _vpc),
            "access_policy": Split(
                None, "OpenSearch API, CreateDomain: none unless given", inline=policy("access_policies")
            ),
            "encrypted_at_rest": Attribute("encrypt_at_rest.enabled", False, _GUIDE),
            "node_to_node_encrypted": Attribute("node_to_node_encryption.enabled", False, _GUIDE),
            "https_enforced": Derived(("domain_endpoint_options.enforce_https",), _https, _PROVIDER),
            "tls_policy": Attribute(
                "domain_endpoint_options.tls_security_policy",
                Unread("known_after_apply", detail="not set in the configuration"),
                computed=False,
            ),
            "published_logs": Derived(
                ("log_publishing_options.log_type", "log_publishing_options.enabled"), _logs, _PROVIDER
            ),
        },
    )


MAPPINGS: Final = tuple(map(_domain, ("opensearch", "elasticsearch")))
