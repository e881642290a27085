"""Finds credentials in names and values, in memory; what leaves here are names and pattern ids, never a value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
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
    "url-password": re.compile(r"\b[a-z][a-z0-9+.-]{0,30}://[^\s:/@]+:[^\s:/@]{3,}@"),
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
_NAMED: Final = re.compile(r"""(?<![\w.-])(?P<option>--?)?(?P<name>[A-Za-z_][\w.-]{0,199})["']?""")
_SIGN: Final = re.compile(r"""\s*(?:=|:(?=[\s"']))\s*""")
_GAP: Final = re.compile(r"\s+(?!-)")
_VALUE: Final = re.compile(r"""(?P<quote>["'])(?P<quoted>.{0,500}?)(?P=quote)|["']?(?P<bare>[^\s"';&|,)}\]]{1,500})""")
"""The beginning of a value is enough: what a known kind of credential looks like is looked for in the whole line."""
_SUBSTITUTED: Final = re.compile(r"^(?:\$[({]|`|%\w+%|\{\{|<)")
"""Values that a shell or a template puts another in the place of."""
_VARIABLE: Final = re.compile(r"^\$(?:env:)?([A-Za-z_]\w*)")
_SET: Final = re.compile(r"(?<!\w)([A-Za-z_]\w*)\s*=")
_COMMENT: Final = re.compile(r"^\s*(?:#|//|;|rem\s)", re.IGNORECASE)
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
    return next(iter(_known(value)), None) or _named(name, value)


def _known(value: str) -> list[str]:
    """The known kinds of credential that a text holds."""
    return [pattern for pattern, expression in _VALUES.items() if expression.search(value)]


def _named(name: str, value: str) -> str | None:
    words = _CAMEL.sub("_", name)
    plain = value.strip()
    if _NAME.search(words) and plain.lower() not in _HARMLESS and not _REFERENCE.match(plain):
        return "named-secret"
    return None


def secrets_in_text(text: str) -> list[dict[str, str]]:
    """The credentials that a script or a configuration holds: ``[{"name", "pattern"}]``, sorted; values are not kept.

    The name is the variable, key or option that a credential is assigned to, else the line that it stands on
    ("line 12"). Values match as in :func:`secrets`; what a shell or a template puts in later is none.
    """
    found: set[tuple[str, str]] = set()
    variables = frozenset(_SET.findall(text))
    for number, line in enumerate(text.splitlines(), 1):
        known = _known(line)
        judge = _pattern if known else _named
        named = {(name, pattern) for name, value in _assigned(line, variables) if (pattern := judge(name, value))}
        assigned = {pattern for _, pattern in named}
        found |= named | {(f"line {number}", pattern) for pattern in known if pattern not in assigned}
    return [{"name": name, "pattern": pattern} for name, pattern in sorted(found)]


def _assigned(line: str, variables: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Names with what they get: ``NAME=value``, ``name: value``, ``"name": "value"``, ``--name value``."""
    prose = _COMMENT.match(line) is not None
    for match in _NAMED.finditer(line):
        sign = _SIGN.match(line, match.end()) or (match["option"] and _GAP.match(line, match.end()))
        value = _VALUE.match(line, sign.end()) if sign else None
        # In a comment, "the password: see the vault" is a sentence.
        if sign and value and not (prose and sign.group().strip() != "="):
            plain = value["bare"] or value["quoted"]
            colon = sign.group().strip() == ":"
            if not _SUBSTITUTED.match(plain) and not _is_variable(plain, value["quote"], colon, variables):
                yield match["name"], plain


def _is_variable(value: str, quote: str | None, colon: bool, variables: frozenset[str]) -> bool:
    """Whether a value that begins with a dollar sign stands for another.

    Not in a shell's single quotes. Behind a colon it may be YAML or JSON, which know no variables: there it has to be
    one that the text sets, or be written as the environment's are.
    """
    named = _VARIABLE.match(value)
    if named is None or quote == "'":
        return False
    return not colon or named.group(1).isupper() or named.group(1) in variables
