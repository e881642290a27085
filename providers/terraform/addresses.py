"""Terraform's resource addresses: the way through modules, the resource, and the key of an instance."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_NAME: Final = r"[^\W\d][\w-]*"
_KEY: Final = r"\[(?:\d+|\"(?:[^\"\\]|\\.)*\")\]"
_MODULE: Final = re.compile(rf"module\.(?P<name>{_NAME})(?P<key>{_KEY})?(?:\.|$)")
_RESOURCE: Final = re.compile(rf"(?P<data>data\.)?(?P<type>{_NAME})\.(?P<name>{_NAME})(?P<key>{_KEY})?")

Steps = tuple[tuple[str, str | None], ...]
"""Module calls from the root: name and instance key as written without brackets, or None."""


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """Where a resource is in a configuration. ``key`` is as written without brackets (``0``, ``"a"``), or None."""

    modules: Steps
    data: bool
    type: str
    name: str
    key: str | None

    @property
    def calls(self) -> tuple[str, ...]:
        """The names of the module calls alone: where the configuration has the resource."""
        return tuple(name for name, _ in self.modules)


def parse(text: str) -> Address:
    """The address in ``text``, which may go on behind it (".id"). Raises ValueError where it is none."""
    steps, at = _steps(text)
    match = _RESOURCE.match(text, at)
    if match is None:
        raise ValueError(f"{text!r:.120} is no address of a resource")
    return Address(steps, match["data"] is not None, match["type"], match["name"], _bare(match["key"]))


def _steps(text: str) -> tuple[Steps, int]:
    steps: list[tuple[str, str | None]] = []
    at = 0
    while match := _MODULE.match(text, at):
        steps.append((match["name"], _bare(match["key"])))
        at = match.end()
    return tuple(steps), at


def _bare(key: str | None) -> str | None:
    return key[1:-1] if key is not None else None


def parse_step(text: str) -> tuple[str, str | None, str]:
    """The first module call of a reference such as ``module.a["k"].output.x``: name, key, and what follows.

    Raises ValueError where there is none.
    """
    match = _MODULE.match(text)
    if match is None:
        raise ValueError(f"{text!r:.120} is no reference to a module")
    return match["name"], _bare(match["key"]), text[match.end() :]
