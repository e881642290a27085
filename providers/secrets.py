"""Finds credentials in names and values, in memory; what leaves here are names and pattern ids, never a value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

VERSION: Final = 1
"""Raised when what matches changes."""

_VALUES: Final[Mapping[str, re.Pattern[str]]] = {
    "aws-access-key-id": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    "azure-storage-key": re.compile(r"AccountKey=[A-Za-z0-9+/]{80,}={0,2}"),
    "github-token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{40,}\b"),
    "gitlab-token": re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}\b"),
    "google-api-key": re.compile(r"\bAIza[A-Za-z0-9_-]{35}\b"),
    "json-web-token": re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    "private-key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "slack-token": re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    "stripe-key": re.compile(r"\b[rs]k_live_[A-Za-z0-9]{16,}\b"),
    "url-password": re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s:/@]+:[^\s:/@]{3,}@"),
}
_NAME: Final = re.compile(
    r"(?:^|_|-|\.)(?:pass(?:wd|word|phrase)?|pwd|secret(?:_?key)?|api_?key|access_?key|auth_?token|token|private_?key"
    r"|credentials?)(?:$|_?(?:value|prod|dev|live|test)$|[0-9]*$)",
    re.IGNORECASE,
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_REFERENCE: Final = re.compile(
    r"^(?:arn:|/|https?://[^@]*$|\$\{|\{\{resolve:|ssm:|secretsmanager:|projects/|@Microsoft\.KeyVault|vault:|file:)",
    re.IGNORECASE,
)
"""Values that name where a secret is kept instead of being one."""
_HARMLESS: Final = frozenset({"", "true", "false", "none", "null", "changeme", "disabled", "enabled", "0", "1"})


def secrets(variables: Mapping[str, str]) -> list[dict[str, str]]:
    """The variables that hold a credential: ``[{"name", "pattern"}]``, sorted by name; values are not kept.

    A value that looks like a known kind of credential matches whatever its name; a name that says "password" or "token"
    matches unless its value is empty, a switch or a reference to a secret store.
    """
    found = []
    for name, value in variables.items():
        pattern = _pattern(name, value)
        if pattern is not None:
            found.append({"name": name, "pattern": pattern})
    return sorted(found, key=lambda row: row["name"])


def _pattern(name: str, value: str) -> str | None:
    for pattern, expression in _VALUES.items():
        if expression.search(value):
            return pattern
    words = _CAMEL.sub("_", name)
    plain = value.strip()
    if _NAME.search(words) and plain.lower() not in _HARMLESS and not _REFERENCE.match(plain):
        return "named-secret"
    return None
