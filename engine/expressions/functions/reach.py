"""What a firewall rule is about: its protocol and ports, and the forms that their values have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from engine.expressions.failures import EvaluationError
from engine.expressions.functions.cidrs import Network, network

LAST_PORT: Final = 65535
_ALL: Final = "all"
_PROTOCOLS: Final[Mapping[str, str]] = {
    "-1": _ALL,
    "*": _ALL,
    "any": _ALL,
    "1": "icmp",
    "6": "tcp",
    "17": "udp",
    "58": "icmpv6",
    "132": "sctp",
}
_WITH_PORTS: Final = frozenset((_ALL, "tcp", "udp", "sctp"))


@dataclass(frozen=True, slots=True)
class Reach:
    """The protocol and the ports that a rule is about."""

    protocol: str
    first: int
    last: int

    @classmethod
    def of(cls, protocol: str | None, from_port: int | None, to_port: int | None) -> Self:
        """The reach of a rule, whose null protocol is all of them, and whose null or -1 is open on that side.

        Raises EvaluationError for a range that ends before it begins.
        """
        name = _ALL if protocol is None else protocol_name(protocol)
        first = 0 if from_port is None or from_port == -1 else from_port
        last = LAST_PORT if to_port is None or to_port == -1 else to_port
        if first > last and name in _WITH_PORTS and name != _ALL:
            raise EvaluationError(f"the port range {first}-{last} ends before it begins")
        return cls(name, first, last)

    def includes(self, protocol: str, port: int) -> bool:
        """Whether it is about a port of a protocol."""
        if self.protocol not in _WITH_PORTS or protocol not in _WITH_PORTS:
            return False
        if self.protocol == _ALL:
            return True
        return protocol in (self.protocol, _ALL) and self.first <= port <= self.last


def protocol_name(protocol: str) -> str:
    """The name of a protocol that is told by its name or IANA number, "all" for all."""
    name = protocol.lower()
    return _PROTOCOLS.get(name, name)


def as_text(protocol: Any) -> str | None:
    """A rule's protocol. Raises EvaluationError for what is neither text nor null."""
    if protocol is None or isinstance(protocol, str):
        return protocol
    raise EvaluationError(f"a rule's protocol is text, not {type(protocol).__name__}")


def as_port(port: Any) -> int | None:
    """A rule's port. Raises EvaluationError for what is neither a number nor null."""
    if port is None or (isinstance(port, int) and not isinstance(port, bool)):
        return port
    raise EvaluationError(f"a rule's port is a number, not {type(port).__name__}")


def as_network(cidr: Any) -> Network:
    """A rule's CIDR block. Raises EvaluationError for what is none."""
    if isinstance(cidr, str):
        return network(cidr)
    raise EvaluationError(f"a CIDR block is text, not {type(cidr).__name__}")
