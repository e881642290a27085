"""Sends messages to where people read them, through apprise (chat, mail, pagers, webhooks). No address is ever told.

An address holds tokens and passwords. It is named by its place in the list and by its kind alone, and what apprise logs
is dropped.
"""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from engine.errors import DeliveryError, InputError, UsageError

EVERYONE: Final = "*"
Targets = Mapping[str, Sequence[str]]
"""Addresses (apprise URLs) by owner; "*" are those who get everything."""


def targets(file: Path | None, variable: str) -> dict[str, list[str]]:
    """The addresses in a file (TOML: owner = ["json://...", ...]) and in a variable (for everyone, by white space).

    Raises InputError for a file that cannot be used, UsageError where nobody gets everything: what has no owner, or one
    without an address, would be told to nobody.
    """
    found = _read(file) if file is not None else {}
    if variable.split():
        found[EVERYONE] = [*found.get(EVERYONE, []), *variable.split()]
    if not found.get(EVERYONE):
        hint = 'set AUDITREEL_NOTIFY, or "*" = ["..."] in the file of --recipients; --dry-run prints what would be sent'
        raise UsageError(f"notifying: no address is named for everyone; {hint}")
    return found


def _read(file: Path) -> dict[str, list[str]]:
    try:
        document = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"reading the targets in {file}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        # What the parser says may quote a line, and with it an address.
        raise InputError(f"reading the targets in {file}: it is not TOML") from None
    for owner, urls in document.items():
        if not isinstance(urls, list) or not all(isinstance(url, str) and url for url in urls):
            raise InputError(f'reading the targets in {file}: {owner}: must be a list of text, such as ["json://..."]')
    return document


class Courier:
    """Delivers to addresses. Raises UsageError for one that apprise does not know, and where apprise is missing."""

    def __init__(self, known: Targets) -> None:
        try:
            import apprise
        except ModuleNotFoundError as error:
            hint = "Install it with: pip install 'auditreel[notify]'"
            raise UsageError(f"notifying: the library {error.name} is not installed. {hint}") from error
        logger = logging.getLogger("apprise")
        logger.propagate = False
        logger.handlers = [logging.NullHandler()]
        self._services: dict[str, list[tuple[str, Any]]] = {}
        for owner, urls in known.items():
            for number, url in enumerate(urls, 1):
                asset = apprise.AppriseAsset(
                    app_id="auditreel", app_desc="auditreel", app_url="", async_mode=False, storage_mode="memory"
                )
                service, name = apprise.Apprise(asset=asset), f"target {number} of {owner}"
                if not service.add(url):
                    raise UsageError(f"notifying: {name} is no address that apprise knows")
                self._services.setdefault(owner, []).append((f"{name} ({service[0].service_name})", service))

    def send(self, owner: str, title: str, body: str) -> list[str]:
        """Send a message to an owner's addresses; gives those that did not take it, by place and kind."""
        failed = []
        for name, service in self._services.get(owner, ()):
            try:
                delivered = bool(service.notify(title=title, body=body, body_format="text"))
            except Exception as error:  # whatever a plugin raises: the others are told all the same
                delivered, name = False, f"{name}: {type(error).__name__}"
            if not delivered:
                failed.append(name)
        return failed


def refused(failed: Sequence[str]) -> None:
    """Raises DeliveryError where anyone was not told."""
    if failed:
        raise DeliveryError(
            f"notifying: {len(failed)} not delivered: {'; '.join(failed)}; run it again when they answer"
        )
