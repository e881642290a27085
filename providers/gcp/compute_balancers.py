"""Compute Engine: what load balancers accept, log and let a security policy look at.

Sources: Compute Engine API reference, "targetHttpsProxies", "sslPolicies", "backendServices"; Cloud Load Balancing,
"SSL policies" (without one, the profile COMPATIBLE and TLS 1.0 hold).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.base import GLOBAL, ResourceType
from providers.gcp.fields import Field, flag, text, texts
from providers.gcp.listing import compute, full_name, listed

PROXY: Final = "compute.googleapis.com/TargetHttpsProxy"
TLS: Final = "compute.googleapis.com/SslPolicy"
BACKEND: Final = "compute.googleapis.com/BackendService"
REGIONAL: Final = "compute.googleapis.com/RegionBackendService"
"""What the inventory calls a backend service of a region; Compute Engine's own listing has both."""
TYPES: Final = (ResourceType(PROXY, GLOBAL), ResourceType(TLS, GLOBAL), ResourceType(BACKEND, GLOBAL))

_PROXY: Final[Mapping[str, Field]] = {
    # "If not set, the TargetHttpsProxy resource has no SSL policy configured."
    "ssl_policy": Field("sslPolicy", full_name, None),
}
_TLS: Final[Mapping[str, Field]] = {
    "minimum_tls_version": Field("minTlsVersion"),
    "profile": Field("profile"),
    "enabled_features": Field("enabledFeatures", texts, []),
}
_BACKEND: Final[Mapping[str, Field]] = {
    "load_balancing_scheme": Field("loadBalancingScheme"),
    "protocol": Field("protocol"),
    "security_policy": Field("securityPolicy", text, None),
    # "By default, logging is disabled."
    "log_enabled": Field("logConfig.enable", flag, False),
}

READERS: Final = (
    listed(PROXY, _PROXY, compute("targetHttpsProxies")),
    listed(TLS, _TLS, compute("sslPolicies")),
    listed(BACKEND, _BACKEND, compute("backendServices"), also=(REGIONAL,)),
)
