"""Who we are to GitHub: a token, or an App that gets a token for each account in which it is installed.

The clock is GitHub's own, by the Date of its answers: a JSON Web Token that is signed by it is never too early or too
late, and no clock of this machine is read.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from providers.base import NotConfigured
from providers.github.errors import Answered, MalformedAnswer
from providers.github.session import Answer, Session

LIFETIME: Final = timedelta(minutes=9)
"""Of a JSON Web Token; GitHub takes ten minutes at most."""
EARLY: Final = timedelta(minutes=5)
"""How long before its end a token is replaced."""
TOKEN: Final = "POST /app/installations/{installation_id}/access_tokens"  # noqa: S105 - an operation
TOKEN_VARIABLES: Final = ("GITHUB_TOKEN", "GH_TOKEN")
APP_VARIABLES: Final = ("AUDITREEL_GITHUB_APP_ID", "AUDITREEL_GITHUB_APP_KEY", "AUDITREEL_GITHUB_APP_KEY_FILE")


class Credentials(Protocol):
    """What authorizes requests."""

    @property
    def kind(self) -> str:
        """Of a "token" or of an "app"."""
        ...

    def authorization(self, account: str | None, now: datetime | None) -> str:
        """The Authorization header for what is asked of an account (None: of no account). ``now``: GitHub's time."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """A personal access token, or that of a workflow run: one for all accounts."""

    secret: str
    kind: str = "token"

    def authorization(self, account: str | None, now: datetime | None) -> str:
        """The same for everything."""
        return f"Bearer {self.secret}"


class App:
    """A GitHub App. ``id`` is its id or its client id; ``installations`` maps an account to its installation's id."""

    kind = "app"

    def __init__(self, id_: str, key: RSAPrivateKey, session: Session) -> None:
        self._id, self._key, self._session = id_, key, session
        self.installations: dict[str, int] = {}
        self._tokens: dict[str, tuple[str, datetime]] = {}
        self._lock = threading.Lock()

    def authorization(self, account: str | None, now: datetime | None) -> str:
        """For an account the token of the installation there, got anew before it ends; else one of the App itself."""
        if account is None:
            return f"Bearer {self._signed(now or self._time())}"
        with self._lock:
            known = self._tokens.get(account)
            if known is None or (now is not None and now >= known[1] - EARLY):
                known = self._tokens[account] = self._issued(self.installations[account], now or self._time())
        return f"Bearer {known[0]}"

    def _time(self) -> datetime:
        """What time it is by GitHub: any answer has it, a refusal too."""
        operation = "GET /"
        try:
            date = self._session.send(operation, "GET", "/", None).date
        except Answered as error:
            date = error.date
            if date is None:
                raise
        if date is None:
            raise MalformedAnswer(operation, "an answer without a Date")
        return date

    def _signed(self, now: datetime) -> str:
        """A JSON Web Token (RFC 7519), RS256 (RFC 7518, section 3.3)."""
        at = int(now.timestamp())
        claims = {"iat": at - 60, "exp": at + int(LIFETIME.total_seconds()), "iss": self._id}
        head = ".".join(_encoded(json.dumps(part).encode()) for part in ({"alg": "RS256", "typ": "JWT"}, claims))
        return f"{head}.{_encoded(self._key.sign(head.encode(), PKCS1v15(), SHA256()))}"

    def _issued(self, installation: int, now: datetime) -> tuple[str, datetime]:
        path = f"/app/installations/{installation}/access_tokens"
        answer = self._session.send(TOKEN, "POST", path, f"Bearer {self._signed(now)}")
        return _token(answer)


def _token(answer: Answer) -> tuple[str, datetime]:
    body = answer.body if isinstance(answer.body, dict) else {}
    token, ends = body.get("token"), body.get("expires_at")
    if not isinstance(token, str) or not isinstance(ends, str):
        raise MalformedAnswer(TOKEN, "no token", answer.request_id)
    try:
        return token, datetime.fromisoformat(ends).astimezone(UTC)
    except ValueError:
        raise MalformedAnswer(TOKEN, "no time at which the token ends", answer.request_id) from None


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def chosen(environment: Mapping[str, str], session: Session) -> Credentials | None:
    """The credentials that the environment holds: of an App, else a token, else None.

    An App's key is PEM, in AUDITREEL_GITHUB_APP_KEY or in the file that AUDITREEL_GITHUB_APP_KEY_FILE names. Raises
    :class:`providers.base.NotConfigured` where half of an App is there, or its key is none.
    """
    id_, pem, file = (environment.get(name, "") for name in APP_VARIABLES)
    if id_ or pem or file:
        return App(*_app(id_, pem, file), session)
    token = next((environment[name].strip() for name in TOKEN_VARIABLES if environment.get(name, "").strip()), None)
    if token is None:
        return None
    if not token.isascii() or not token.isprintable() or " " in token:
        raise NotConfigured("the GitHub token holds what no token holds: spaces or control characters")
    return Token(token)


def _app(id_: str, pem: str, file: str) -> tuple[str, RSAPrivateKey]:
    if not id_ or not (pem or file):
        raise NotConfigured(
            "a GitHub App needs AUDITREEL_GITHUB_APP_ID, and its key in AUDITREEL_GITHUB_APP_KEY(_FILE)"
        )
    try:
        key: Any = load_pem_private_key(pem.encode() or Path(file).read_bytes(), None)
    except (OSError, TypeError, ValueError) as error:
        raise NotConfigured(f"the key of the GitHub App cannot be read ({type(error).__name__})") from None
    if not isinstance(key, RSAPrivateKey):
        raise NotConfigured("the key of the GitHub App is not an RSA key")
    return id_, key
