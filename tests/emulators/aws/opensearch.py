"""Amazon OpenSearch Service: a domain that everyone may search."""

from __future__ import annotations

from typing import Any, Final

from tests.emulators.aws_services import CANARY, HOME, client, policy
from tests.emulators.aws_wire import AwsWire
from tests.emulators.bodies import Document
from tests.emulators.moto_process import ACCOUNT
from tests.emulators.overrides import Overrides

_DEFAULTS: Final[dict[str, Any]] = {
    "AccessPolicies": "",
    "EncryptionAtRestOptions": {"Enabled": False},
    "NodeToNodeEncryptionOptions": {"Enabled": False},
    "DomainEndpointOptions": {"EnforceHTTPS": False, "TLSSecurityPolicy": "Policy-Min-TLS-1-2-2019-07"},
}
"""What AWS answers for a domain of which nothing was said; moto leaves it out."""


def correct(layer: Overrides) -> None:
    layer.edit("opensearch:DescribeDomains", _defaults)


def build(wire: AwsWire) -> None:
    domain = f"arn:aws:es:{HOME}:{ACCOUNT}:domain/catalogue/*"
    group = f"arn:aws:logs:{HOME}:{ACCOUNT}:log-group:/search"
    client("opensearch").create_domain(
        DomainName="catalogue",
        EngineVersion="OpenSearch_2.17",
        AccessPolicies=policy("es:ESHttpGet", domain, Principal={"AWS": "*"}),
        EncryptionAtRestOptions={"Enabled": True},
        NodeToNodeEncryptionOptions={"Enabled": True},
        LogPublishingOptions={"ES_APPLICATION_LOGS": {"CloudWatchLogsLogGroupArn": group, "Enabled": True}},
        AdvancedSecurityOptions={
            "Enabled": True,
            "InternalUserDatabaseEnabled": True,
            "MasterUserOptions": {"MasterUserName": "master", "MasterUserPassword": CANARY},
        },
    )


def _defaults(document: Document) -> None:
    for domain in document.items("DomainStatusList"):
        for name, value in _DEFAULTS.items():
            held = domain.get(name)
            domain[name] = {**value, **(held or {})} if isinstance(value, dict) else held or value
