"""GitHub's REST API on a loopback address, over TLS, at the path that an Enterprise Server has (/api/v3).

Nothing of the adapter is told that this is a test: it is given GITHUB_API_URL, and the authority of this occasion's
certificate. What is answered comes from a data file (:mod:`tests.emulators.github.world`), by routes that were written
from GitHub's REST reference (:mod:`tests.emulators.github.routes`). The clock stands still. Operations are named by
method and path::

    github.faults.add("denied", "github:GET /repos/acme/ops/activity")
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.emulators.emulator import Emulator
from tests.emulators.github.errors import GITHUB
from tests.emulators.github.world import NOW, World
from tests.emulators.identify import Call, Request
from tests.emulators.wire import Answer, Exchange

TOKEN: Final = "ghp_swordfishswordfishswordfishswordfish"
"""The token of a person, which is to be found nowhere."""
APP_ID: Final = "4711"


class GitHub(Emulator):
    """The server. ``answer`` is what the API says of ``world``; ``tokens`` maps tokens to whose they are."""

    base = "/api/v3"

    def __init__(self, answer: Callable[[GitHub, Request], Answer], bundle: Path, world: World) -> None:
        self.answer, self.world = answer, world
        self.now = datetime.fromisoformat(NOW)
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.tokens: dict[str, str] = {TOKEN: "ada"}
        self.issued = 0
        super().__init__(bundle, GITHUB)

    @property
    def environment(self) -> dict[str, str]:
        """See :class:`Emulator`; with the token of a person."""
        return {**super().environment, "GITHUB_API_URL": self.url, "GITHUB_TOKEN": TOKEN}

    @property
    def pem(self) -> str:
        """The App's private key."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()

    def reset(self, world: World) -> None:
        """Another world, nothing asked so far, and nothing that goes wrong."""
        self.world = world
        self.now = datetime.fromisoformat(NOW)
        self.tokens = {TOKEN: "ada"}
        self.clear()

    def holder(self, request: Request) -> str | None:
        """Whose token a request bears."""
        return self.tokens.get(request.bearer)

    def identified(self, request: Request) -> Call:
        """See :class:`Emulator`."""
        return Call("github", "-", f"{request.method} {request.path}", "rest-json", request.digest)

    def answered(self, exchange: Exchange) -> Answer:
        """See :class:`Emulator`."""
        return self.answer(self, exchange.request)

    def headers(self, answer: Answer) -> dict[str, str]:
        """See :class:`Emulator`."""
        return {
            "date": format_datetime(self.now, usegmt=True),
            "x-github-request-id": f"A{self.traffic.total:05}",
            "x-ratelimit-limit": "5000",
            "x-ratelimit-remaining": "4999",
            "x-ratelimit-reset": str(int(self.now.timestamp()) + 3600),
        }
