"""Azure's network security groups, whose rules are tried by priority.

``net.nsgAdmitsInternet``, ``net.nsgOpenPorts``, ``net.nsgAdmitsInternetAnywhere``.

A rule is an object ``{direction, access, priority, protocol, source_addresses, source_ports, destination_addresses,
destination_security_groups, destination_ports}`` as the type Microsoft.Network/networkSecurityGroups has it. Of the
inbound rules the first that is about a packet allows or denies it; what no rule is about, Azure's last default rule
denies. A source is an address, a CIDR block or a service tag, of which only Internet (also spelt Any and *) is the
internet. A rule that denies for some destinations, or from some source ports, closes nothing for the others: it does
not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from engine.expressions.failures import EvaluationError, Path
from engine.expressions.functions import Function
from engine.expressions.functions.acls import EVERYWHERE, FIRST, Entry, admits, opened
from engine.expressions.functions.cidrs import Network
from engine.expressions.functions.reach import LAST_PORT, Reach, as_network, as_text
from engine.expressions.types import BOOL, DYN, INT, STRING, ListType

_INTERNET: Final = frozenset({"*", "any", "internet"})
_ALL: Final = frozenset({"*", "any", "virtualnetwork", "0.0.0.0/0"})
"""Destinations that leave none out: a subnet and an interface have no others than those of their network."""
_ALL_PORTS: Final = frozenset({"*", "0-65535", "1-65535"})
_WITH_PORTS: Final = ("tcp", "udp")
_KEYS: Final = (
    "direction",
    "access",
    "priority",
    "protocol",
    "source_addresses",
    "source_ports",
    "destination_addresses",
    "destination_security_groups",
    "destination_ports",
)
_LISTS: Final = _KEYS[4:]


def nsg_open_ports(rules: Sequence[Any], protocols: Sequence[str], ports: Sequence[int]) -> list[int]:
    """Those of ``ports`` that the inbound rules open to the whole internet, over any of ``protocols``.

    As :func:`.acls.acl_open_ports`, also in what it raises.
    """
    return opened(list(_entries(rules)), protocols, ports)


def nsg_admits_internet(rules: Sequence[Any], protocols: Sequence[str], ports: Sequence[int]) -> bool:
    """Whether :func:`nsg_open_ports` would list a port. Once one is open, missing keys of others do not matter."""
    return admits(list(_entries(rules)), protocols, ports)


def nsg_admits_anywhere(rules: Sequence[Any], protocols: Sequence[str]) -> bool:
    """Whether the inbound rules open any port at all to the whole internet, over any of ``protocols``.

    Rules are about ranges: where none begins or ends, one port is as the one before it.
    """
    entries = list(_entries(rules))
    edges = {0, *(entry.reach.first for entry in entries), *(entry.reach.last + 1 for entry in entries)}
    return admits(entries, protocols, sorted(port for port in edges if port <= LAST_PORT))


def _entries(rules: Sequence[Any]) -> Iterator[Entry]:
    for index, rule in enumerate(rules):
        if not isinstance(rule, Mapping):
            raise EvaluationError(f"a rule is an object, not {type(rule).__name__}")
        if _text(rule, "direction") == "outbound":
            continue
        missing = tuple((0, index, key) for key in _KEYS if key not in rule)
        yield from _of_rule(rule, missing)


def _of_rule(rule: Mapping[str, Any], missing: tuple[Path, ...]) -> Iterator[Entry]:
    """A rule as entries, one for each protocol with ports and each range of ports.

    Unlike elsewhere, a rule about all protocols is about its own ports alone.
    """
    access, priority = _text(rule, "access"), rule.get("priority", FIRST)
    if access not in ("allow", "deny", None):
        raise EvaluationError("a rule allows or denies")
    if not isinstance(priority, int) or isinstance(priority, bool):
        raise EvaluationError(f"a priority is a number, not {type(priority).__name__}")
    lists = {key: _texts(rule, key) for key in _LISTS}
    if access == "deny" and not _denies_all(lists):
        return
    protocol = _text(rule, "protocol")
    protocols = _WITH_PORTS if protocol in (None, "*", "any") else (protocol,)
    sources = _networks(lists["source_addresses"])
    for first, last in _ranges(lists["destination_ports"]):
        for name in protocols:
            yield Entry(priority, access, Reach.of(name, first, last), sources, missing)


def _denies_all(lists: Mapping[str, list[str] | None]) -> bool:
    """Whether a denying rule leaves no destination and no source port out; what was not read may leave none out."""
    destinations, ports = lists["destination_addresses"], lists["source_ports"]
    return (
        not lists["destination_security_groups"]
        and (destinations is None or any(name.lower() in _ALL for name in destinations))
        and (ports is None or any(name.lower() in _ALL_PORTS for name in ports))
    )


def _networks(sources: list[str] | None) -> tuple[Network, ...]:
    if sources is None or any(source.lower() in _INTERNET for source in sources):
        return EVERYWHERE
    # A service tag begins with a letter; what it stands for is no whole internet.
    return tuple(as_network(source) for source in sources if not source[:1].isalpha() or ":" in source)


def _ranges(ports: list[str] | None) -> Iterator[tuple[int | None, int | None]]:
    if ports is None:
        yield None, None
        return
    for port in ports:
        first, dash, last = port.strip().partition("-")
        if port.strip().lower() in ("*", "any"):
            yield None, None
        elif first.isdecimal() and (last.isdecimal() if dash else not last):
            yield int(first), int(last or first)
        else:
            raise EvaluationError("a port is a number, a range or *")


def _text(rule: Mapping[str, Any], key: str) -> str | None:
    value = as_text(rule.get(key))
    return None if value is None else value.lower()


def _texts(rule: Mapping[str, Any], key: str) -> list[str] | None:
    """A list of texts, None where it was not read."""
    value = rule.get(key)
    if value is None:
        return None
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise EvaluationError(f"a rule's {key} are a list of texts")
    return list(value)


_RULES: Final = ListType(DYN)
_TEXTS: Final = ListType(STRING)
_PORTS: Final = ListType(INT)

FUNCTIONS: Final[tuple[Function, ...]] = (
    Function("net.nsgOpenPorts", (_RULES, _TEXTS, _PORTS), _PORTS, nsg_open_ports),
    Function("net.nsgAdmitsInternet", (_RULES, _TEXTS, _PORTS), BOOL, nsg_admits_internet),
    Function("net.nsgAdmitsInternetAnywhere", (_RULES, _TEXTS), BOOL, nsg_admits_anywhere),
)
