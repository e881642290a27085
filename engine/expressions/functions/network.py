"""The network extension (Kubernetes; cel-spec, tests/simple/testdata/network_ext.textproto): IP addresses and CIDRs.

An IPv4 address that is written as IPv6 (``::ffff:c0a8:1``) is that IPv4 address; with dots in it, it is refused, as
are zones.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_address, ip_interface
from typing import Final

from engine.expressions.failures import EvaluationError
from engine.expressions.functions import Function
from engine.expressions.types import BOOL, CIDR, INT, IP, STRING

Address = IPv4Address | IPv6Address
Interface = IPv4Interface | IPv6Interface

_CIDR: Final = re.compile(r"[0-9A-Fa-f:.]{2,45}/[0-9]{1,3}\Z")
_BROADCAST: Final = IPv4Address("255.255.255.255")
_LOCAL_GROUPS: Final = (ip_interface("224.0.0.0/24").network, ip_interface("ff02::/16").network)


@lru_cache(maxsize=4096)
def _ip(text: str) -> Address:
    try:
        address = ip_address(text if len(text) <= 45 and "%" not in text and not (":" in text and "." in text) else "")
    except ValueError:
        raise EvaluationError(f"{text[:60]!r} is not an IP address") from None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


@lru_cache(maxsize=4096)
def _cidr(text: str) -> Interface:
    try:
        return ip_interface(text if _CIDR.match(text) and not (":" in text and "." in text) else "")
    except ValueError:
        raise EvaluationError(f"{text[:60]!r} is not a CIDR range") from None


def _is_ip(text: str) -> bool:
    try:
        _ip(text)
    except EvaluationError:
        return False
    return True


def _is_cidr(text: str) -> bool:
    try:
        _cidr(text)
    except EvaluationError:
        return False
    return True


def _is_canonical(text: str) -> bool:
    return str(_ip(text)) == text


def _is_global_unicast(address: Address) -> bool:
    special = address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local
    return not special and address != _BROADCAST


def _is_link_local_multicast(address: Address) -> bool:
    return any(address in network for network in _LOCAL_GROUPS)


def _contains_ip(range_: Interface, address: Address) -> bool:
    return address in range_.network


def _contains_cidr(range_: Interface, other: Interface) -> bool:
    inside = range_.version == other.version and range_.network.prefixlen <= other.network.prefixlen
    return inside and other.network.network_address in range_.network


def _masked(range_: Interface) -> Interface:
    return ip_interface(range_.network)


FUNCTIONS: Final = (
    Function("ip", (STRING,), IP, _ip),
    Function("isIP", (STRING,), BOOL, _is_ip),
    Function("ip.isCanonical", (STRING,), BOOL, _is_canonical),
    Function("string", (IP,), STRING, str),
    Function("family", (IP,), INT, lambda address: address.version, member=True),
    Function("isUnspecified", (IP,), BOOL, lambda address: address.is_unspecified, member=True),
    Function("isLoopback", (IP,), BOOL, lambda address: address.is_loopback, member=True),
    Function("isGlobalUnicast", (IP,), BOOL, _is_global_unicast, member=True),
    Function("isLinkLocalMulticast", (IP,), BOOL, _is_link_local_multicast, member=True),
    Function("isLinkLocalUnicast", (IP,), BOOL, lambda address: address.is_link_local, member=True),
    Function("cidr", (STRING,), CIDR, _cidr),
    Function("isCIDR", (STRING,), BOOL, _is_cidr),
    Function("string", (CIDR,), STRING, str),
    Function("containsIP", (CIDR, IP), BOOL, _contains_ip, member=True),
    Function("containsIP", (CIDR, STRING), BOOL, lambda range_, text: _contains_ip(range_, _ip(text)), member=True),
    Function("containsCIDR", (CIDR, CIDR), BOOL, _contains_cidr, member=True),
    Function(
        "containsCIDR", (CIDR, STRING), BOOL, lambda range_, text: _contains_cidr(range_, _cidr(text)), member=True
    ),
    Function("ip", (CIDR,), IP, lambda range_: range_.ip, member=True),
    Function("masked", (CIDR,), CIDR, _masked, member=True),
    Function("prefixLength", (CIDR,), INT, lambda range_: range_.network.prefixlen, member=True),
)
