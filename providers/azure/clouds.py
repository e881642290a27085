"""Which of Microsoft's clouds is asked, and where its three doors are: sign-in, Resource Manager, Microsoft Graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from providers.base import NotConfigured


@dataclass(frozen=True, slots=True)
class Cloud:
    """A cloud. ``manager`` and ``graph`` are base URLs, ``audience`` whom tokens for Resource Manager are made for.

    ``authority`` is the host that signs in; ``private`` says that the authority is none of Microsoft's own, so that no
    public list knows it.
    """

    manager: str
    audience: str
    graph: str
    authority: str
    private: bool = False


PUBLIC: Final = "AZURE_PUBLIC_CLOUD"
CLOUDS: Final[Mapping[str, Cloud]] = {
    # azure.mgmt.core.tools.get_arm_endpoints, azure.identity.AzureAuthorityHosts; "Microsoft Graph national cloud
    # deployments" for the roots of Graph.
    PUBLIC: Cloud(
        "https://management.azure.com",
        "https://management.azure.com",
        "https://graph.microsoft.com",
        "login.microsoftonline.com",
    ),
    "AZURE_US_GOVERNMENT": Cloud(
        "https://management.usgovcloudapi.net",
        "https://management.core.usgovcloudapi.net",
        "https://graph.microsoft.us",
        "login.microsoftonline.us",
    ),
    "AZURE_CHINA_CLOUD": Cloud(
        "https://management.chinacloudapi.cn",
        "https://management.chinacloudapi.cn",
        "https://microsoftgraph.chinacloudapi.cn",
        "login.chinacloudapi.cn",
    ),
}
"""By the names that azure-core gives them (``AZURE_CLOUD``)."""
_ALIASES: Final = {
    "AzureCloud": PUBLIC,
    "AzureUSGovernment": "AZURE_US_GOVERNMENT",
    "AzureChinaCloud": "AZURE_CHINA_CLOUD",
}
"""What the Azure CLI calls them."""


def chosen(environment: Mapping[str, str]) -> Cloud:
    """The cloud that the environment names.

    ``AZURE_CLOUD`` is its name for azure-core or the Azure CLI; without it ``AZURE_AUTHORITY_HOST`` (azure-identity)
    tells the cloud. ``AZURE_RESOURCE_MANAGER_ENDPOINT`` and ``AZURE_MICROSOFT_GRAPH_ENDPOINT`` are base URLs for a
    cloud that is in no list (Azure Stack Hub). Raises NotConfigured for a name that no cloud has, and for a URL that
    is neither https nor on a loopback address: whoever listens on the way would get the token.
    """
    authority = _host(environment.get("AZURE_AUTHORITY_HOST", ""))
    name = environment.get("AZURE_CLOUD", "")
    if name:
        cloud = CLOUDS.get(_ALIASES.get(name, name.upper()))
        if cloud is None:
            raise NotConfigured(f"AZURE_CLOUD is {name!r}; known are {', '.join(CLOUDS)}")
    else:
        cloud = next((row for row in CLOUDS.values() if row.authority == authority), CLOUDS[PUBLIC])
    if authority and authority != cloud.authority:
        cloud = replace(cloud, authority=authority, private=all(authority != row.authority for row in CLOUDS.values()))
    manager = environment.get("AZURE_RESOURCE_MANAGER_ENDPOINT", "")
    if manager:
        cloud = replace(cloud, manager=_base(manager), audience=_base(manager))
    graph = environment.get("AZURE_MICROSOFT_GRAPH_ENDPOINT", "")
    return replace(cloud, graph=_base(graph)) if graph else cloud


def is_loopback(host: str | None) -> bool:
    """Whether a host is this machine itself."""
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


def _base(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise NotConfigured(f"the endpoint {url!r} is not https, and a token sent to it could be read on the way")
    return url.rstrip("/")


def _host(authority: str) -> str:
    """The host (and port) of an authority, which may be given as a URL."""
    return authority.rpartition("//")[2].strip("/").lower()
