"""What GitHub's errors mean: statuses, messages and headers of the REST API.

GitHub has no error codes. What a status alone leaves open (a denial or a rate limit, absence or a denial), its
documentation tells by headers and by fixed messages. Sources: "Rate limits for the REST API", "Troubleshooting the
REST API" (404 in place of 403), "Best practices for using the REST API".
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from providers.base import Failure, Reason

SECONDARY_WAIT: Final = 60.0
"""Seconds to wait at a secondary limit that names no time ("at least one minute")."""
NOT_FOUND: Final = "404: not there, or not shown to the caller"

_SECONDARY: Final = ("secondary rate limit", "abuse detection")
_PRIMARY: Final = "api rate limit exceeded"
_UNLICENSED: Final = ("upgrade to github", "advanced security must be enabled", "not available for your plan")
_BY_POLICY: Final = ("saml enforcement", "ip allow list", "forbids access via")
_ACCEPTED: Final = re.compile(r"\b([a-z_]+)=(read|write|admin)\b")


class MalformedAnswer(Exception):
    """An answer with a success status that is not what the operation returns."""

    def __init__(self, operation: str, why: str, request_id: str | None = None, temporary: bool = True) -> None:
        self.operation, self.why, self.request_id, self.temporary = operation, why, request_id, temporary
        super().__init__(f"{operation}: {why}")


class Unreachable(Exception):
    """No answer. ``why`` is the name of what went wrong; what TLS refuses, it refuses again (not ``temporary``)."""

    def __init__(self, operation: str, why: str, temporary: bool) -> None:
        self.operation, self.why, self.temporary = operation, why, temporary
        super().__init__(f"{operation}: {why}")


class Withheld(Exception):
    """A listing without an error that leaves out what the caller may not see, or cannot show that it does not."""

    def __init__(self, operation: str, why: str, permission: str) -> None:
        self.operation, self.why, self.permission = operation, why, permission
        super().__init__(f"{operation}: {why}")


class Answered(Exception):
    """An error status. ``message`` is GitHub's, kept to be told apart and never shown.

    ``wait`` is what its headers ask for, in seconds, None where they do not; ``spent``: the primary limit is used up;
    ``accepted`` are the permissions that would do (X-Accepted-GitHub-Permissions), "administration:read"; ``date`` is
    GitHub's time.
    """

    def __init__(
        self,
        operation: str,
        status: int,
        message: str = "",
        request_id: str | None = None,
        wait: float | None = None,
        spent: bool = False,
        accepted: str | None = None,
        date: datetime | None = None,
    ) -> None:
        self.operation, self.status, self.message, self.request_id = operation, status, message, request_id
        self.wait, self.spent, self.accepted, self.date = wait, spent, accepted, date
        super().__init__(f"{operation}: {status}")


def accepted(header: str) -> str | None:
    """The permissions that X-Accepted-GitHub-Permissions names ("contents=read,pull_requests=read"), None for none."""
    return ", ".join(f"{name}:{level}" for name, level in _ACCEPTED.findall(header)) or None


def classify(error: Exception) -> Failure | None:
    """What an error of the adapter means, or None where it is not GitHub's (a bug of ours)."""
    if isinstance(error, MalformedAnswer):
        return Failure("malformed_response", error.why, error.operation, error.request_id, temporary=error.temporary)
    if isinstance(error, Withheld):
        return Failure("access_denied", error.why, error.operation, permission=error.permission)
    if isinstance(error, Answered):
        return _answered(error)
    if isinstance(error, Unreachable):
        return Failure("unavailable", error.why, error.operation, temporary=error.temporary)
    return None


def _answered(error: Answered) -> Failure:
    reason, code, temporary, wait = _meaning(error)
    return Failure(
        reason,
        code,
        error.operation,
        error.request_id,
        permission=error.accepted if reason == "access_denied" else None,
        temporary=temporary,
        refused=error.status == 401,
        retry_after=wait,
    )


def _meaning(error: Answered) -> tuple[Reason, str, bool, float]:
    status, message = error.status, error.message.lower()
    if status in (403, 429):
        if any(words in message for words in _SECONDARY):
            return _limited("secondary rate limit", error.wait if error.wait is not None else SECONDARY_WAIT)
        if error.spent or _PRIMARY in message:
            return _limited("primary rate limit", error.wait if error.wait is not None else SECONDARY_WAIT)
        if status == 429 or error.wait is not None:
            return _limited("rate limit", error.wait if error.wait is not None else SECONDARY_WAIT)
        if any(words in message for words in _UNLICENSED):
            return "not_licensed", "403: not in the plan", False, 0.0
        if any(words in message for words in _BY_POLICY):
            return "policy_denied", "403: by the organization's policy", False, 0.0
        return "access_denied", "403", False, 0.0
    if status == 401:
        return "access_denied", "401: bad credentials", False, 0.0
    if status == 404:
        # GitHub does not say of a private thing that it is there. What absence says in other words, readers know.
        return "access_denied", NOT_FOUND, False, 0.0
    return "unavailable", f"HTTP {status}", status >= 500 or status == 408, error.wait or 0.0


def _limited(which: str, wait: float) -> tuple[Reason, str, bool, float]:
    return "throttled", f"{which}, wait {wait:.0f} s", True, wait
