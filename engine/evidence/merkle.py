"""The Merkle tree of RFC 6962, section 2.1: one digest that stands for a list of records and their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

SIZE: Final = 32
"""Bytes of a hash."""


def root(leaves: Iterable[bytes]) -> str:
    """The root over the leaves, in hexadecimal."""
    return root_of(b"".join(map(leaf_digest, leaves)))


def root_of(hashes: bytes) -> str:
    """The root over leaves of which only the hashes are at hand, one after another."""
    if not hashes:
        return sha256().hexdigest()
    level, pair = hashes, 2 * SIZE
    while len(level) > SIZE:
        whole = len(level) - len(level) % pair
        nodes = [sha256(b"\1" + level[start : start + pair]).digest() for start in range(0, whole, pair)]
        level = b"".join(nodes) + level[whole:]
    return level.hex()


def split(hashes: bytes) -> list[bytes]:
    """Hashes that stand one after another, one by one."""
    return [hashes[start : start + SIZE] for start in range(0, len(hashes), SIZE)]


def leaf_digest(leaf: bytes) -> bytes:
    """The hash of one leaf. Leaves and nodes are hashed apart, so that neither passes for the other."""
    return sha256(b"\0" + leaf).digest()


def leaf_hash(leaf: bytes) -> str:
    """The hash of one leaf, in hexadecimal."""
    return leaf_digest(leaf).hex()


def path(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of a leaf (RFC 6962, section 2.1.1): the hashes beside its way to the root, from below."""
    level, found = list(hashes), []
    while len(level) > 1:
        if index ^ 1 < len(level):
            found.append(level[index ^ 1])
        odd = level[-1:] if len(level) % 2 else []
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [sha256(b"\1" + left + right).digest() for left, right in pairs] + odd
        index //= 2
    return found


def root_by(leaf: bytes, index: int, count: int, path: Sequence[bytes]) -> str | None:
    """The root that a leaf's hash leads to by its audit path, in hexadecimal; None for a path of another length."""
    if not 0 <= index < count:
        return None
    beside, found = iter(path), leaf
    while count > 1:
        if index ^ 1 < count:
            other = next(beside, None)
            if other is None or len(other) != SIZE:
                return None
            found = sha256(b"\1" + (other + found if index % 2 else found + other)).digest()
        index, count = index // 2, (count + 1) // 2
    return found.hex() if next(beside, None) is None else None
