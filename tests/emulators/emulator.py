"""A cloud on a loopback address, over TLS, that answers all by itself: Azure, Google Cloud, GitHub.

What they have in common is here: that they are started and stopped, what they count, how they go wrong. Each has its
own APIs, and its own words for what goes wrong.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from tests.emulators.certificates import serving
from tests.emulators.faults import Dialect, Faults
from tests.emulators.identify import Call, Request
from tests.emulators.traffic import Traffic
from tests.emulators.wire import Answer, Exchange, Next, Wire

SIGN_IN: Final = "login"
"""The service of calls by which tokens are got."""
_NOWHERE: Final = ("127.0.0.1", 0)


class Emulator(Wire):
    """``traffic`` counts and keeps what is asked, ``faults`` go wrong, and :meth:`answered` answers the rest.

    ``bundle`` is the file that the authority to be trusted is added to, ``hosts`` are names that are answered for
    beside the address.
    """

    def __init__(self, bundle: Path, dialect: Dialect, hosts: tuple[str, ...] = (), tunnelled: bool = False) -> None:
        self.bundle = bundle
        self.traffic = Traffic(keep=True)
        self.faults = Faults(dialect=dialect)
        layers = (self.traffic, self._headed, self.faults, self._answered)
        super().__init__(_NOWHERE, layers, 0, serving(bundle, *hosts), self.identified, tunnelled)

    def identified(self, request: Request) -> Call:
        """The call that a request makes."""
        raise NotImplementedError

    def answered(self, exchange: Exchange) -> Answer:
        """The answer to an exchange that nothing stands in the way of."""
        raise NotImplementedError

    def headers(self, answer: Answer) -> dict[str, str]:
        """What every answer has, by lower-case names, where it does not say otherwise itself."""
        return {}

    @property
    def environment(self) -> dict[str, str]:
        """By which clients find it and trust it."""
        return {"REQUESTS_CA_BUNDLE": str(self.bundle)}

    def clear(self) -> None:
        """Nothing was asked so far, and nothing goes wrong."""
        self.traffic.reset()
        self.faults.clear()
        self.broken.clear()

    @property
    def calls(self) -> tuple[Request, ...]:
        """What was asked, in turn, sign-in apart."""
        return tuple(exchange.request for exchange in self._asked_apart())

    def operations(self) -> Counter[str]:
        """How often each operation was asked for, sign-in apart."""
        return Counter(exchange.call.name for exchange in self._asked_apart())

    def _asked_apart(self) -> list[Exchange]:
        return [exchange for exchange in self.traffic.asked if exchange.call.service != SIGN_IN]

    async def _headed(self, exchange: Exchange, forward: Next) -> Answer:
        answer = await forward(exchange)
        said = {name for name, _ in answer.headers}
        beside = ((name, value) for name, value in self.headers(answer).items() if name not in said)
        return replace(answer, headers=(*beside, *answer.headers))

    async def _answered(self, exchange: Exchange, forward: Next) -> Answer:
        return self.answered(exchange)


@dataclass(slots=True, kw_only=True)
class Granting:
    """What the caller may do in a world.

    ``denied`` holds permissions ("storage.buckets.list"), or permissions on one thing
    ("resourcemanager.folders.list@folders/2"); ``granted``, where it is set, holds all that there are. ``known`` are
    the permissions that calls took.
    """

    denied: set[str] = field(default_factory=set)
    granted: frozenset[str] | None = None
    known: set[str] = field(default_factory=set)

    def grants(self, permission: str, on: str = "") -> bool:
        """Whether a call that takes a permission is allowed, which is remembered."""
        self.known.add(permission)
        denied = self.denied & {permission, f"{permission}@{on}"}
        return not denied and (self.granted is None or not self.granted.isdisjoint(self.sufficing(permission)))

    def sufficing(self, permission: str) -> frozenset[str]:
        """The permissions each of which allows what takes this one."""
        return frozenset({permission})
