"""CIDR blocks: which ones together hold the whole public internet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Final

from engine.expressions.failures import EvaluationError

Network = IPv4Network | IPv6Network

INTERNET_V4: Final = IPv4Network("0.0.0.0/0")
_RESERVED_V4: Final = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)
"""No public host has one of these (IANA IPv4 special-purpose address registry): leaving them out hides nothing."""

INTERNET_V6: Final = IPv6Network("2000::/3")
"""Global unicast is all that is assigned of IPv6 (IANA IPv6 address space registry)."""
_RESERVED_V6: Final = tuple(IPv6Network(block) for block in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))


@lru_cache(maxsize=4096)
def network(cidr: str) -> Network:
    """A CIDR block or a single address; host bits are ignored. Raises EvaluationError for anything else."""
    try:
        return ip_network(cidr, strict=False)
    except ValueError:
        raise EvaluationError(f"{cidr!r} is not an IP address or CIDR block") from None


def joined(networks: Iterable[Network]) -> tuple[Network, ...]:
    """The same addresses in as few blocks as can be: two halves become one whole."""
    blocks = list(networks)
    four = collapse_addresses(block for block in blocks if isinstance(block, IPv4Network))
    six = collapse_addresses(block for block in blocks if isinstance(block, IPv6Network))
    return (*four, *six)


def cover_internet(networks: Iterable[Network]) -> bool:
    """Whether the blocks together hold every public unicast address of IPv4, or every one of IPv6."""
    blocks = list(networks)
    four = [block for block in blocks if isinstance(block, IPv4Network)]
    six = [block for block in blocks if isinstance(block, IPv6Network)]
    return _together(four, _RESERVED_V4, INTERNET_V4) or _together(six, _RESERVED_V6, INTERNET_V6)


def cover_public(networks: Iterable[Network], block: Network) -> bool:
    """Whether the blocks together hold every public unicast address of ``block``; true where it has none."""
    internet, reserved = (INTERNET_V4, _RESERVED_V4) if block.version == 4 else (INTERNET_V6, _RESERVED_V6)
    if not block.overlaps(internet):
        return True
    public = max(block, internet, key=lambda network: network.prefixlen)
    return any(_holds(whole, public) for whole in joined((*networks, *reserved)) if whole.version == block.version)


def _together(blocks: Sequence[Network], reserved: Sequence[Network], internet: Network) -> bool:
    together = (*blocks, *reserved)
    # Counting addresses first spares the sorting of nearly every rule set.
    if sum(_weight(block) for block in together) < _weight(internet):
        return False
    return any(_holds(block, internet) for block in blocks) or any(
        _holds(block, internet) for block in joined(together)
    )


def _holds(block: Network, internet: Network) -> bool:
    return block.prefixlen <= internet.prefixlen and internet.network_address in block


def _weight(block: Network) -> int:
    """The number of addresses: in units of 2^-96 for IPv4, which matters to no comparison within a family."""
    return 1 << (128 - block.prefixlen)
