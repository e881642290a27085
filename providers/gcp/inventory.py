"""Cloud Asset Inventory, a folder at a time: what its projects share of ListAssets, kept for each until it is read.

A listing of every project costs a page each, however little is in it. Where all projects below one of the topmost
folders are scanned, that folder is listed once instead. Where a folder cannot be listed as a whole (denied, cut short,
not as documented), nothing of it is believed, and each of its projects is listed by itself.

Source: Cloud Asset API reference, "assets.list" (parent) and "Asset" (ancestors).
"""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

LEVEL: Final = 1
"""Of zlib: assets are alike, and each is read once."""

Pages = Callable[[str], Iterable[dict[str, Any]]]
"""The assets of a parent ("folders/12", "projects/7000")."""


class Held:
    """Assets of the projects of a folder, compressed, by the project's number."""

    def __init__(self, assets: Iterable[dict[str, Any]], wanted: frozenset[str]) -> None:
        packers = {number: zlib.compressobj(LEVEL) for number in wanted}
        packed: dict[str, list[bytes]] = {number: [] for number in wanted}
        for asset in assets:
            kind, _, number = asset["ancestors"][0].partition("/")
            # What lies in a folder itself, or in a project that is not scanned, is nobody's.
            if kind == "projects" and number in wanted:
                packed[number].append(packers[number].compress(json.dumps(asset).encode() + b"\n"))
        self._packed = {number: b"".join((*packed[number], packers[number].flush())) for number in wanted}

    def __contains__(self, number: str) -> bool:
        return number in self._packed

    def take(self, number: str) -> Iterator[dict[str, Any]]:
        """The assets of a project, which are not kept any longer."""
        for line in zlib.decompress(self._packed.pop(number)).splitlines():
            yield json.loads(line)


class Folders:
    """Which folder stands for which project: ``below`` maps a folder's name to the numbers of all that is scanned."""

    def __init__(self, below: Mapping[str, frozenset[str]]) -> None:
        self._of = {number: folder for folder, numbers in below.items() for number in numbers}
        self._below = below
        self._lock = threading.Lock()
        self._locks: dict[tuple[str, ...], threading.Lock] = {}
        self._held: dict[tuple[str, ...], Held | None] = {}

    def assets(
        self, number: str, key: tuple[str, ...], pages: Pages, broken: Callable[[Exception], bool]
    ) -> Iterator[dict[str, Any]]:
        """The assets of a project. ``key``: what else is asked for; ``broken``: whether an error is the provider's."""
        held = self._listed(number, key, pages, broken)
        if held is None or number not in held:
            yield from pages(f"projects/{number}")
        else:
            yield from held.take(number)

    def _listed(
        self, number: str, key: tuple[str, ...], pages: Pages, broken: Callable[[Exception], bool]
    ) -> Held | None:
        folder = self._of.get(number)
        if folder is None:
            return None
        place = (folder, *key)
        with self._lock:
            lock = self._locks.setdefault(place, threading.Lock())
        with lock:
            if place not in self._held:
                try:
                    self._held[place] = Held(pages(folder), self._below[folder])
                except Exception as error:
                    if not broken(error):
                        raise
                    self._held[place] = None
            return self._held[place]
