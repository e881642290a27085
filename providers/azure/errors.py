"""What Azure's errors mean: HTTP statuses and error codes of Resource Manager, Resource Graph, Graph and sign-in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from azure.core import exceptions as azure

from providers.azure.readers import OFF
from providers.base import Failure, Reason

_POLICY: Final = frozenset({"RequestDisallowedByPolicy", "RequestDisallowedByAzure"})
_UNLICENSED: Final = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
"""Microsoft Graph: the tenant has not the licence (Microsoft Entra ID P1 or P2) that a report takes."""
_UNLICENSED_WORDS: Final = ("premium license", "not licensed")
"""The same, where the code is that of any denial."""
_REFUSED: Final = frozenset(
    {
        "AuthenticationFailed",
        "AuthenticationFailedInvalidHeader",
        "AuthenticationFailedMissingToken",
        "ExpiredAuthenticationToken",
        "InvalidAuthenticationToken",
        "InvalidAuthenticationTokenAudience",
        "InvalidAuthenticationTokenTenant",
    }
)
"""The identity itself was refused: no permission would have helped."""
_SIGN_IN: Final = re.compile(r"AADSTS\d+")


class MalformedAnswer(Exception):
    """An answer with a success status that is not what the operation returns. ``operation`` as "arm:TYPE"."""

    def __init__(self, operation: str, why: str, request_id: str | None = None, temporary: bool = True) -> None:
        self.operation, self.why, self.request_id, self.temporary = operation, why, request_id, temporary
        super().__init__(f"{operation}: {why}")


class Withheld(Exception):
    """Resource Graph answers without an error, and without the resources of a type that the caller may not read."""

    def __init__(self, operation: str, permission: str) -> None:
        self.operation, self.permission = operation, permission
        super().__init__(f"{operation}: {permission} is not granted at the subscription")


class Answered(Exception):
    """An error status. ``code`` is the provider's own word; ``retry_after`` is what it asks for, in seconds."""

    def __init__(
        self,
        operation: str,
        status: int,
        code: str,
        message: str,
        request_id: str | None = None,
        retry_after: float = 0.0,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.operation, self.status, self.code, self.message = operation, status, code, message
        self.request_id, self.retry_after, self.headers = request_id, retry_after, headers
        # Without the message: it may quote what was asked, and a traceback would print it.
        super().__init__(f"{operation}: {status} {code}")


def error_code(body: Any) -> tuple[str, str]:
    """Code and message of an error's body: below ``error`` as ARM and OData have it, or at the top as some do."""
    error = body.get("error", body) if isinstance(body, Mapping) else {}
    if isinstance(error, str):  # OAuth 2.0, section 5.2
        error = {"code": error, "message": body.get("error_description")}
    if not isinstance(error, Mapping):
        return "", ""
    code, message = error.get("code"), error.get("message")
    if isinstance(message, Mapping):  # OData 3
        message = message.get("value")
    return (code if isinstance(code, str) else ""), (message if isinstance(message, str) else "")


def classify(error: Exception) -> Failure | None:
    """What an error of azure-core, azure-identity or ours means, or None where it is not Azure's (a bug of ours)."""
    if isinstance(error, MalformedAnswer):
        return Failure("malformed_response", error.why, error.operation, error.request_id, temporary=error.temporary)
    if isinstance(error, Withheld):
        return Failure("access_denied", "NotGranted", error.operation, permission=error.permission)
    if isinstance(error, Answered):
        return _answered(error)
    if isinstance(error, azure.ClientAuthenticationError):
        return _not_signed_in(error)
    if isinstance(error, azure.DecodeError) and not isinstance(error, azure.IncompleteReadError):
        return Failure("malformed_response", "undecodable", temporary=True)
    if isinstance(error, azure.AzureError):
        # Connection refused, reset, cut in the middle of a body, timed out, TLS.
        return Failure("unavailable", type(error).__name__, temporary=True)
    return None


def _answered(error: Answered) -> Failure:
    reason, temporary, refused = _meaning(error)
    code = error.code or f"HTTP {error.status}"
    if error.retry_after:
        code = f"{code}, Retry-After {error.retry_after:.0f}"
    return Failure(
        reason,
        code,
        error.operation,
        error.request_id,
        temporary=temporary,
        refused=refused,
        retry_after=error.retry_after,
    )


def _meaning(error: Answered) -> tuple[Reason, bool, bool]:
    if error.status == 429:
        return "throttled", True, False
    if error.code in _POLICY:
        return "policy_denied", False, False
    if error.status == 403 and (error.code == _UNLICENSED or _unlicensed(error.message)):
        return "not_licensed", False, False
    if error.status == 401 or error.code in _REFUSED:
        return "access_denied", False, True
    if error.status == 403:
        return "access_denied", False, False
    if error.code in OFF:
        return "service_disabled", False, False
    if error.status >= 500 or error.status == 408:
        return "unavailable", True, False
    return "unavailable", False, False


def _unlicensed(message: str) -> bool:
    return any(words in message.lower() for words in _UNLICENSED_WORDS)


def _not_signed_in(error: azure.ClientAuthenticationError) -> Failure:
    """Whoever should have given a token did not. The message may hold addresses and names: only its code is kept."""
    status = getattr(getattr(error, "response", None), "status_code", None) or 0
    if status == 429:
        return Failure("throttled", "HTTP 429", temporary=True)
    if status >= 500:
        return Failure("unavailable", f"HTTP {status}", temporary=True)
    code = _SIGN_IN.search(error.message or "")
    if code is not None:
        return Failure("access_denied", code.group(), refused=True)
    unavailable = "CredentialUnavailableError" in {kind.__name__ for kind in type(error).__mro__}
    nobody = unavailable or "failed to retrieve a token from the included credentials" in (error.message or "")
    return Failure("access_denied", "NoCredentials" if nobody else type(error).__name__, refused=True)
