"""Compute Engine: what load balancers accept, log and let a security policy look at.

Sources: provider documentation, google_compute_target_https_proxy, google_compute_ssl_policy,
google_compute_backend_service and their regional kinds.
"""

from __future__ import annotations

from typing import Any, Final

from providers.base import Unread
from providers.gcp.compute_balancers import BACKEND, PROXY, TLS
from providers.terraform.block import Block
from providers.terraform.google.naming import COMPUTE, LATER, link, mapping
from providers.terraform.mapping import Attribute, Derived

_DOC: Final = "provider documentation"
_ARMOR: Final = ("google_compute_security_policy", "google_compute_region_security_policy")
ALSO: Final = _ARMOR


def _features(block: Block) -> Any:
    """Ciphers that are on: of a custom policy those that are written, of another what the profile has."""
    if block.get("profile", "COMPATIBLE") == "CUSTOM":
        return block.get("custom_features", [])
    return block.get("enabled_features", computed=False)


def _security_policy(block: Block) -> Any:
    """The policy of Cloud Armor; of one that is only planned, its name."""
    value = block.get("security_policy", None, optional=True)
    if not isinstance(value, Unread):
        return value or None
    found = block.named("security_policy", *_ARMOR)
    return value if isinstance(found, Unread) or len(found) != 1 else found[0].get("name")


def _policy(terraform: str, where: str) -> Any:
    return mapping(
        COMPUTE,
        TLS,
        terraform,
        collection=f"{where}/sslPolicies",
        properties={
            "minimum_tls_version": Attribute("min_tls_version", "TLS_1_0", _DOC),
            "profile": Attribute("profile", "COMPATIBLE", _DOC),
            "enabled_features": Derived(("custom_features", "enabled_features", "profile"), _features),
        },
    )


def _backend(terraform: str, scheme: str, protocol: Any, paths: tuple[str, ...] = ()) -> Any:
    return mapping(
        COMPUTE,
        BACKEND,
        terraform,
        {
            "load_balancing_scheme": Attribute("load_balancing_scheme", scheme, _DOC),
            "protocol": Attribute("protocol", protocol, _DOC),
            "security_policy": Derived(paths, _security_policy),
            "log_enabled": Attribute("log_config.enable", False, "API reference: logging is off by default"),
        },
    )


MAPPINGS: Final = (
    mapping(
        COMPUTE,
        PROXY,
        "google_compute_target_https_proxy",
        {"ssl_policy": link("ssl_policy", TLS, "global/sslPolicies", None)},
    ),
    mapping(
        COMPUTE, PROXY, "google_compute_region_target_https_proxy", {"ssl_policy": link("ssl_policy", TLS, absent=None)}
    ),
    _policy("google_compute_ssl_policy", "global"),
    _policy("google_compute_region_ssl_policy", "regions/{region}"),
    _backend("google_compute_backend_service", "EXTERNAL", "HTTP", ("security_policy",)),
    # Only google-beta has their security_policy. By which protocol they speak where nothing is said is not documented.
    _backend("google_compute_region_backend_service", "INTERNAL", LATER),
)
