"""Who we are: azure-identity's default chain, one token a time, and what a token says of its holder."""

from __future__ import annotations

import base64
import binascii
import json
import logging
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from providers.azure.clouds import Cloud
from providers.azure.errors import MalformedAnswer

if TYPE_CHECKING:
    from azure.core.credentials import AccessTokenInfo, TokenRequestOptions

_EXCLUDED: Final = ("shared_token_cache", "visual_studio_code", "powershell", "developer_cli", "broker")
"""Of the chain: what only a developer's desk has. A scan is a service, a workload, a machine, or the Azure CLI."""
_WHO: Final = ("oid", "tid")


class Tokens:
    """A credential (azure.core.credentials.SupportsTokenInfo) that many threads may ask; one asks at a time."""

    def __init__(self, cloud: Cloud, timeout: float) -> None:
        # Here, for it takes longest of all to import. Its warnings quote what the sign-in answered.
        from azure.identity import DefaultAzureCredential

        for name in ("azure", "msal"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._lock = threading.Lock()
        self._credential = DefaultAzureCredential(
            authority=cloud.authority,
            # No public list knows an authority of one's own, so that asking for it would lead elsewhere.
            disable_instance_discovery=True if cloud.private else None,
            connection_timeout=timeout,
            read_timeout=timeout,
            process_timeout=timeout,
            retry_total=0,
            **{f"exclude_{name}_credential": True for name in _EXCLUDED},
        )

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """A token for ``scopes``, from the cache while it is good. Raises ClientAuthenticationError."""
        with self._lock:
            return self._credential.get_token_info(*scopes, options=options)

    def close(self) -> None:
        """Drop its connections."""
        self._credential.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def holder(token: str) -> dict[str, str]:
    """Whom a token of Entra ID was made for: ``principal`` (object id), ``tenant``, and maybe ``application``.

    Read from its payload (RFC 7519); nothing of it is verified, which is for whoever the token is shown to. Raises
    MalformedAnswer for a token that does not say so.
    """
    claims = _payload(token)
    if not all(isinstance(claims.get(name), str) for name in _WHO):
        raise MalformedAnswer("login:token", "a token that names no holder", temporary=False)
    found = {"principal": claims["oid"], "tenant": claims["tid"]}
    application = claims.get("appid") or claims.get("azp")
    return found | ({"application": application} if isinstance(application, str) else {})


def _payload(token: str) -> Mapping[str, Any]:
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, binascii.Error):
        claims = None
    return claims if isinstance(claims, Mapping) else {}
