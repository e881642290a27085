"""The closed lists of words that several of these values are made of."""

from __future__ import annotations

from typing import Literal

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
"""Rising."""

Verdict = Literal["pass", "fail", "unknown", "not_applicable"]


CollectionState = Literal["complete", "off", "failed"]
