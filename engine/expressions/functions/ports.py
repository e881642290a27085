"""Port ranges and address blocks of firewall rules: ``net.coversInternet``, ``net.portsOverlap``, ``net.openPorts``...

A rule is an object ``{protocol, from_port, to_port, cidrs}``: the protocol's name or IANA number ("tcp", "6"; "-1" for
all), the first and last port (null for all), and the source blocks. Sources that are no addresses (another security
group) are not in ``cidrs``; a prefix list stands there as its entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.expressions.failures import EvaluationError, Path
from engine.expressions.functions import Function
from engine.expressions.functions.cidrs import INTERNET_V4, Network, cover_internet
from engine.expressions.functions.reach import Reach, as_network, as_port, as_text, protocol_name
from engine.expressions.types import BOOL, DYN, INT, STRING, ListType, Nullable

_KEYS: Final = ("protocol", "from_port", "to_port", "cidrs")


def covers_internet(cidrs: Sequence[Any]) -> bool:
    """Whether CIDR blocks together hold every public unicast address of IPv4, or of IPv6 (2000::/3).

    0.0.0.0/0 and ::/0 do, two halves or four quarters do, with or without the private and reserved ranges. A part of
    the internet, however large, does not. Raises EvaluationError for a text that is no address or CIDR block.
    """
    return cover_internet([as_network(cidr) for cidr in cidrs])


def ports_overlap(
    protocol: str | None, from_port: int | None, to_port: int | None, wanted_protocol: str, ports: Sequence[int]
) -> list[int]:
    """Those of ``ports`` that a rule is about, as far as it is about ``wanted_protocol``.

    ``protocol``: name or number; "-1", "all", "any", "*" and null are all protocols, on all ports whatever the range
    says. ``from_port``, ``to_port``: both included; null or -1 is open on that side. A protocol without ports (ICMP,
    whose range holds types) has none of them. Raises EvaluationError for a range that ends before it begins.
    """
    reach = Reach.of(protocol, from_port, to_port)
    wanted = protocol_name(wanted_protocol)
    return [port for port in ports if reach.includes(wanted, port)]


def open_ports(rules: Sequence[Any], protocols: Sequence[str], ports: Sequence[int]) -> list[int]:
    """Those of ``ports`` that the rules together open to the whole internet, over any of ``protocols``.

    The sources of all rules that are about one port over one protocol are taken together, as in
    :func:`covers_internet`. Raises EvaluationError, with the paths of the missing keys, if one of ``ports`` is not open
    by what is there and could be by what is missing; also for a malformed rule.
    """
    answers = _answers(rules, protocols, ports)
    _raise_unseen(answers)
    return [port for port, answer in zip(ports, answers, strict=True) if answer.is_open]


def internet_reaches(rules: Sequence[Any], protocols: Sequence[str], ports: Sequence[int]) -> bool:
    """Whether :func:`open_ports` would list a port. Once one is open, missing keys of others do not matter."""
    answers = _answers(rules, protocols, ports)
    if any(answer.is_open for answer in answers):
        return True
    _raise_unseen(answers)
    return False


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule as far as it was read. A missing key is any value that it could have: all protocols, ports, addresses."""

    reach: Reach
    sources: tuple[Network, ...]
    missing: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    """Whether a port is open by what was read, and the missing keys by which it might be."""

    is_open: bool
    unseen: tuple[Path, ...] = ()


_CLOSED: Final = _Answer(False)


def _answers(rules: Sequence[Any], protocols: Sequence[str], ports: Sequence[int]) -> list[_Answer]:
    """The answer for each port."""
    parsed = [_rule(index, rule) for index, rule in enumerate(rules)]
    if not cover_internet(source for rule in parsed for source in rule.sources):
        return [_CLOSED] * len(ports)
    wanted = [protocol_name(protocol) for protocol in protocols]
    return [_opened(parsed, wanted, port) for port in ports]


def _opened(rules: list[_Rule], protocols: list[str], port: int) -> _Answer:
    unseen: list[Path] = []
    for protocol in protocols:
        about = [rule for rule in rules if rule.reach.includes(protocol, port)]
        if cover_internet(source for rule in about if not rule.missing for source in rule.sources):
            return _Answer(True)
        if cover_internet(source for rule in about for source in rule.sources):
            unseen += (path for rule in about for path in rule.missing)
    return _Answer(False, tuple(unseen))


def _raise_unseen(answers: Iterable[_Answer]) -> None:
    unseen = sorted({path for answer in answers for path in answer.unseen})
    if unseen:
        raise EvaluationError("a rule could not be read that may open a port to the internet", unseen)


def _rule(index: int, source: Any) -> _Rule:
    if not isinstance(source, Mapping):
        raise EvaluationError(f"a rule is an object, not {type(source).__name__}")
    reach = Reach.of(as_text(source.get("protocol")), as_port(source.get("from_port")), as_port(source.get("to_port")))
    cidrs = source.get("cidrs", (str(INTERNET_V4),))
    if not isinstance(cidrs, (list, tuple)):
        raise EvaluationError(f"a rule's cidrs are a list, not {type(cidrs).__name__}")
    missing = tuple((0, index, key) for key in _KEYS if key not in source)
    return _Rule(reach, tuple(as_network(cidr) for cidr in cidrs), missing)


_PORTS: Final = ListType(INT)
_TEXTS: Final = ListType(STRING)
_RULES: Final = ListType(DYN)

FUNCTIONS: Final[tuple[Function, ...]] = (
    Function("net.coversInternet", (_TEXTS,), BOOL, covers_internet),
    Function(
        "net.portsOverlap", (Nullable(STRING), Nullable(INT), Nullable(INT), STRING, _PORTS), _PORTS, ports_overlap
    ),
    Function("net.openPorts", (_RULES, _TEXTS, _PORTS), _PORTS, open_ports),
    Function("net.internetReaches", (_RULES, _TEXTS, _PORTS), BOOL, internet_reaches),
)
