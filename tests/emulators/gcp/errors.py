"""How Google words what goes wrong: google.rpc.Status with its details, and the older form with a list of errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from tests.emulators.faults import Dialect, answering
from tests.emulators.identify import Call
from tests.emulators.wire import Answer, Layer

_OPERATION: Final = re.compile(r"[\w*?-]+:(\*|\w+ (?s:.*)|\* (?s:.*))")
_CAMEL: Final[Mapping[str, str]] = {
    "RATE_LIMIT_EXCEEDED": "rateLimitExceeded",
    "SERVICE_DISABLED": "accessNotConfigured",
    "IAM_PERMISSION_DENIED": "forbidden",
    "NOT_FOUND": "notFound",
}


class Refused(Exception):
    """Raised by a route: the answer is an error."""

    def __init__(
        self, status: int, code: str, message: str, reason: str, metadata: dict[str, str] | None = None
    ) -> None:
        self.status, self.code, self.message, self.reason, self.metadata = status, code, message, reason, metadata or {}

    def answer(self, legacy: bool = False, old: bool = False) -> Answer:
        """The answer; ``legacy``: in the form of the older APIs, a list of errors; ``old``: before ErrorInfos."""
        error: dict[str, Any] = {"code": self.status, "message": self.message}
        if legacy or old:
            reason = _CAMEL.get(self.reason, self.reason)
            error["errors"] = [{"message": self.message, "domain": "global", "reason": reason}]
        if not legacy:
            error["status"] = self.code
            error["details"] = [
                {"@type": "type.googleapis.com/google.rpc.Help", "links": []}
                if old
                else {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": self.reason,
                    "domain": "googleapis.com",
                    "metadata": self.metadata,
                }
            ]
        return Answer.of({"error": error}, self.status)


UNAUTHENTICATED: Final = (
    401,
    "UNAUTHENTICATED",
    "Request had invalid authentication credentials.",
    "ACCESS_TOKEN_EXPIRED",
)


def off(consumer: str, service: str = "") -> Refused:
    """The API is not enabled in a project."""
    message = f"API has not been used in project {consumer} before or it is disabled. Enable it by visiting ..."
    metadata = {**({"service": service} if service else {}), "consumer": f"projects/{consumer}"}
    return Refused(403, "PERMISSION_DENIED", message, "SERVICE_DISABLED", metadata)


def without(permission: str, on: str = "") -> Refused:
    """The caller has not the permission, which IAM names."""
    message = f"Permission '{permission}' denied on resource{f' {on!r}' if on else ''} (or it may not exist)."
    return Refused(403, "PERMISSION_DENIED", message, "IAM_PERMISSION_DENIED", {"permission": permission})


# --- faults ---


def denied(permission: str) -> Layer:
    """403, with the permission that IAM names."""
    return answering(without(permission).answer())


def disabled(project: str, *, old: bool = False) -> Layer:
    """The API is off in a project; ``old``: as services said so before there were ErrorInfos."""
    return answering(off(project).answer(old=old))


def limited_in_the_older_form() -> Layer:
    """403 rateLimitExceeded, where newer APIs say 429 RESOURCE_EXHAUSTED."""
    return answering(_limited(403).answer(legacy=True))


def _limited(status: int) -> Refused:
    return Refused(status, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric", "RATE_LIMIT_EXCEEDED")


def failing(status: int) -> Layer:
    """The service itself failed."""
    return answering(_failing(status).answer())


def _failing(status: int) -> Refused:
    return Refused(status, "INTERNAL", "Internal error encountered.", "backendError")


def _error(call: Call, code: str, status: int, message: str = "") -> Answer:
    return Refused(status, code, message or code, code).answer()


def _denied(call: Call, action: str | None) -> Answer:
    return Refused(403, "PERMISSION_DENIED", "Forbidden", "IAM_PERMISSION_DENIED").answer()


def _policy_denied(call: Call, action: str | None) -> Answer:
    message = "Request is prohibited by organization's policy."
    return Refused(403, "PERMISSION_DENIED", message, "SECURITY_POLICY_VIOLATED").answer()


def _existing(pattern: str) -> None:
    if pattern != "*" and not _OPERATION.fullmatch(pattern):
        raise ValueError(f"no such operation: {pattern} (storage:GET /storage/v1/b)")


GOOGLE: Final = Dialect(
    denials={"denied": _denied, "policy_denied": _policy_denied},
    errors={
        "throttled": lambda call: _limited(429).answer(),
        "server_error": lambda call: _failing(500).answer(),
        "expired_token": lambda call: Refused(*UNAUTHENTICATED).answer(),
    },
    error=_error,
    hollowed=lambda call, body: b"{}",
    existing=_existing,
    action=lambda exchange: None,
)
