"""A template of a cloud, as it was read: plain values, and where each of them stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from providers.terraform.reading import NotAPlan

Keys = tuple[str | int, ...]
V = TypeVar("V", bound=Mapping[str, Any])


class NotATemplate(NotAPlan):
    """A file is no template, or not one that can be judged; the text says where, why and what to do."""


@dataclass(frozen=True, slots=True)
class Document(Generic[V]):
    """A template as plain values, functions in their long form, and where each value stands (1-based lines)."""

    value: V
    lines: Mapping[Keys, int] = field(repr=False)

    def line(self, keys: Keys) -> int:
        """The line of a value, or of what is nearest around it; 0 where it is not known."""
        return next((self.lines[keys[:end]] for end in range(len(keys), -1, -1) if keys[:end] in self.lines), 0)

    def error(self, keys: Keys, why: str) -> NotATemplate:
        """An error about the value at ``keys``."""
        line = self.line(keys)
        place = ".".join(map(str, keys))
        return NotATemplate(
            ": ".join(part for part in (f"line {line}" if line else "", f"{place!r}"[1:-1], why) if part)
        )
