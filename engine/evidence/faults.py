"""What is wrong with evidence: where, and what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that does not verify. ``place`` is a file of the store or a member of a bundle, and what is in it."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"
