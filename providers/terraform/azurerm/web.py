"""Azure App Service: web and function apps, and what their configuration says."""

from __future__ import annotations

from typing import Any, Final

from providers.azure.web import SITE
from providers.base import Unread
from providers.terraform.azurerm.diagnostics import SPLIT, settings
from providers.terraform.azurerm.naming import NAME, NOT_HELD, PROVIDER, RESOURCE, identity
from providers.terraform.block import Block
from providers.terraform.mapping import Attribute, Derived, Mapping

_KINDS: Final = {
    "azurerm_linux_web_app": "app,linux",
    "azurerm_windows_web_app": "app",
    "azurerm_linux_function_app": "functionapp,linux",
    "azurerm_windows_function_app": "functionapp",
}
"""What the provider makes each of ("kind" of its requests)."""
_SETTINGS: Final = settings(SITE, (*_KINDS, "azurerm_app_service"))


def _kind(made_as: str) -> Derived:
    def read(block: Block) -> Any:
        told = block.get("kind", made_as, optional=True)
        return told.lower() if isinstance(told, str) else made_as

    return Derived(("kind",), read, "provider source: kind")


def _principals(block: Block) -> Any:
    """Object ids of its managed identities. Those that it was given have theirs elsewhere."""
    identity_ = block.block("identity")
    if identity_ is None or isinstance(identity_, Unread):
        return [] if identity_ is None else identity_
    kind = identity_.get("type")
    if isinstance(kind, Unread) or "UserAssigned" in kind:
        return kind if isinstance(kind, Unread) else NOT_HELD
    return [identity_.get("principal_id", computed=False)]


def _configuration(tls: str) -> Derived:
    paths = {"minimum_tls_version": tls, "ftps_state": "ftps_state"}

    def read(block: Block) -> Any:
        own = block.block("site_config")
        if own is None or isinstance(own, Unread):
            return dict.fromkeys((*paths, "remote_debugging_enabled"), own)
        # What holds where these are not set differs by version of the provider, which writes it into the plan.
        found = {name: own.get(path) for name, path in paths.items()}
        return {**found, "remote_debugging_enabled": own.get("remote_debugging_enabled", False)}

    return Derived(
        tuple(f"site_config.{path}" for path in (*paths.values(), "remote_debugging_enabled")), read, PROVIDER
    )


def _site(terraform: str, kind: Derived, tls: str = "minimum_tls_version") -> Mapping:
    return Mapping(
        type=SITE,
        terraform=terraform,
        keys=RESOURCE,
        name=NAME,
        identity=identity(SITE),
        parts=(_SETTINGS,),
        properties={
            "kind": kind,
            "https_only": Attribute("https_only", False, PROVIDER),
            "identity_principal_ids": Derived(("identity.type", "identity.principal_id"), _principals),
            "configuration": _configuration(tls),
            "diagnostic_settings": SPLIT,
        },
    )


MAPPINGS: Final = (
    *(_site(terraform, _kind(kind)) for terraform, kind in _KINDS.items()),
    _site("azurerm_app_service", Derived((), lambda block: "app", "provider source: kind"), "min_tls_version"),
)
