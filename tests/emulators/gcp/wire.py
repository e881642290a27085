"""Google's APIs on a loopback address: a proxy that answers for every host below googleapis.com, over TLS.

Clients keep their real host names (``HTTPS_PROXY``) and trust the certificate of this occasion
(``REQUESTS_CA_BUNDLE``), so that nothing of the adapter is told that this is a test. What is answered comes from an
organization that a plain data file describes (:mod:`tests.emulators.gcp.world`), by routes that were written from
Google's API references (:mod:`tests.emulators.gcp.apis`). Operations are named by service, method and path::

    gcp.faults.add("denied", "storage:GET /storage/v1/b")
    assert gcp.operations()["cloudidentity:GET /v1/groups:lookup"] == 3
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from hashlib import sha256
from pathlib import Path
from typing import Final

from tests.emulators.emulator import SIGN_IN, Emulator
from tests.emulators.gcp.errors import GOOGLE
from tests.emulators.gcp.world import World
from tests.emulators.identify import Call, Request
from tests.emulators.wire import Answer, Exchange

DOMAIN: Final = ".googleapis.com"


class Google(Emulator):
    """The server. ``answer`` is what the APIs say of ``world``.

    ``tokens`` maps the tokens that were issued to whom they were issued to, ``scopes`` to what they are for.
    """

    def __init__(self, answer: Callable[[Google, Request], Answer], bundle: Path, world: World) -> None:
        self.answer, self.world = answer, world
        self.tokens: dict[str, str] = {}
        self.scopes: dict[str, str] = {}
        super().__init__(bundle, GOOGLE, (f"*{DOMAIN}",), tunnelled=True)

    @property
    def environment(self) -> dict[str, str]:
        """See :class:`Emulator`; the proxy, and that it is asked for every host."""
        return {**super().environment, "HTTPS_PROXY": self.url, "NO_PROXY": "", "no_proxy": ""}

    def reset(self, world: World) -> None:
        """Another world, nothing asked so far, and nothing that goes wrong."""
        self.world = world
        self.clear()

    def holder(self, request: Request) -> str | None:
        """Whose token a request bears."""
        return self.tokens.get(request.bearer)

    def identified(self, request: Request) -> Call:
        """See :class:`Emulator`."""
        service = SIGN_IN if request.path.endswith("/token") else request.host.removesuffix(DOMAIN)
        return Call(service, "-", f"{request.method} {request.path}", "rest-json", request.digest)

    def answered(self, exchange: Exchange) -> Answer:
        """See :class:`Emulator`."""
        return self.answer(self, exchange.request)

    def headers(self, answer: Answer) -> dict[str, str]:
        """See :class:`Emulator`."""
        return {"date": formatdate(usegmt=True), "etag": f'"{sha256(answer.body).hexdigest()[:16]}"'}
