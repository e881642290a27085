"""What the GitHub collector tests share, beside :mod:`tests.collectors.scan`."""

from __future__ import annotations

from typing import Final

from providers import declared

ACME: Final = {"accounts": ["acme"]}
"""What the policy says for the one organization of the emulator."""


def everything() -> dict[str, set[str]]:
    """All that the provider's readers read, by type."""
    wanted: dict[str, set[str]] = {}
    for reader in declared("github").readers:
        for type_ in reader.lists:
            wanted.setdefault(type_, set())
        for type_, names in reader.fills.items():
            wanted.setdefault(type_, set()).update(names)
    return wanted
