"""How GitHub words what goes wrong, by its REST reference ("Troubleshooting the REST API", "Rate limits")."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from tests.emulators.faults import Dialect, answering
from tests.emulators.github.world import NOW
from tests.emulators.identify import Call
from tests.emulators.wire import Answer, Layer

_OPERATION: Final = re.compile(r"(github|\*):(\*|\w+ (?s:.*)|\* (?s:.*))")
_DOCUMENTATION: Final = "https://docs.github.com/rest"


class Refused(Exception):
    """Raised by a route: the answer is an error."""

    def __init__(self, status: int, message: str, *headers: tuple[str, str]) -> None:
        self.status, self.message, self.headers = status, message, headers

    def answer(self) -> Answer:
        """The answer, as GitHub words it."""
        said = {"message": self.message, "status": str(self.status), "documentation_url": _DOCUMENTATION}
        return Answer.of(said, self.status, *self.headers)


INACCESSIBLE: Final = "Resource not accessible by integration"


# --- faults ---


def error(status: int, message: str, *headers: tuple[str, str]) -> Layer:
    """An error as GitHub words it."""
    return answering(Refused(status, message, *headers).answer())


def hidden() -> Layer:
    """404 in place of 403, as GitHub answers whoever may not know."""
    return error(404, "Not Found")


def primary(reset: int = 3600) -> Layer:
    """The primary rate limit, which is full again in so many seconds of the emulator's clock."""
    at = int(datetime.fromisoformat(NOW).timestamp()) + reset
    told = (("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", str(at)))
    return error(403, "API rate limit exceeded for user ID 1.", *told)


def secondary(after: str | None = "1", status: int = 403) -> Layer:
    """A secondary rate limit."""
    return answering(_limited(after, status))


def _limited(after: str | None, status: int) -> Answer:
    told = () if after is None else (("retry-after", after),)
    return Refused(status, "You have exceeded a secondary rate limit. Please wait a few minutes.", *told).answer()


def _denied(call: Call, action: str | None) -> Answer:
    return Refused(403, INACCESSIBLE).answer()


def _policy_denied(call: Call, action: str | None) -> Answer:
    return Refused(403, "Resource protected by organization SAML enforcement.").answer()


def _existing(pattern: str) -> None:
    if pattern != "*" and not _OPERATION.fullmatch(pattern):
        raise ValueError(f"no such operation: {pattern} (github:GET /repos/acme/web)")


GITHUB: Final = Dialect(
    denials={"denied": _denied, "policy_denied": _policy_denied},
    errors={
        "throttled": lambda call: _limited("900", 403),
        "server_error": lambda call: Refused(502, "Server Error").answer(),
        "expired_token": lambda call: Refused(401, "Bad credentials").answer(),
    },
    error=lambda call, code, status, message: Refused(status, message or code).answer(),
    hollowed=lambda call, body: b"{}",
    existing=_existing,
    action=lambda exchange: None,
)
