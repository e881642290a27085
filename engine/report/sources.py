"""Where a planned resource is written: its address in a plan, followed through modules to a file and a line.

A module that stands in the repository is entered; of one from a registry the line that calls it is given, which is what
one can change. Terraform's documentation: "Resource Addressing", "Module Sources", "Override Files".
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from engine.errors import InputError
from engine.report.hcl import Block, blocks

LARGEST: Final = 4 * 2**20
"""Bytes beyond which a file is nobody's handwriting and is not read."""
SUFFIXES: Final = (".tf", ".tofu")
FIRST: Final = "main.tf"
LOCAL: Final = ("./", "../")
"""How the source of a module that is no package begins."""

_PART: Final = re.compile(r'([^\W\d][\w-]*)(\[(?:"(?:[^"\\]|\\.)*"|\d+)\])?')
_OVERRIDE: Final = re.compile(r"(^|_)override\.(tf|tofu)$")


@dataclass(frozen=True, slots=True)
class Line:
    """A file, relative to the repository, with the first and last line of what is meant; 0: the file as a whole.

    ``called``: it is the call of a module whose files are not at hand.
    """

    path: str
    first: int = 0
    last: int = 0
    called: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a resource without its instances: the modules on the way to it, its type and its name."""

    modules: tuple[str, ...]
    kind: str
    type: str
    name: str


@dataclass(frozen=True, slots=True)
class Sources:
    """The blocks of every file of a configuration, by the file's path below its folder.

    ``prefix`` is that folder's path in the repository ("": it is the root).
    """

    files: Mapping[str, tuple[Block, ...]] = field(default_factory=dict)
    prefix: str = ""

    def place(self, name: str) -> Line:
        """Where the resource of this address is written, else the file in which one begins to read."""
        address = parsed(name)
        found = self._found(address) if address is not None else None
        return found or self._place(self._root())

    def _found(self, address: Address) -> Line | None:
        folder, call = "", None
        for module in address.modules:
            call = self._block(folder, "module", (module,))
            if call is None:
                return None
            inner = self._folder(folder, call[1].source)
            if inner is None:
                return self._place(*call, called=True)
            folder = inner
        found = self._block(folder, address.kind, (address.type, address.name))
        if found is not None:
            return self._place(*found)
        return self._place(*call, called=True) if call is not None else None

    def _folder(self, folder: str, source: str | None) -> str | None:
        """The folder of a called module, None where it is not in the repository."""
        if source is None or not source.startswith(LOCAL):
            return None
        inner = _normal(posixpath.join(folder, source))
        within = not _normal(posixpath.join(self.prefix, inner)).startswith("..")
        return inner if within and any(posixpath.dirname(path) == inner for path in self.files) else None

    def _block(self, folder: str, kind: str, labels: tuple[str, ...]) -> tuple[str, Block] | None:
        here = [path for path in self.files if posixpath.dirname(path) == folder]
        for path in sorted(here, key=lambda path: (bool(_OVERRIDE.search(path)), path)):
            for block in self.files[path]:
                if (block.kind, block.labels) == (kind, labels):
                    return path, block
        return None

    def _root(self) -> str:
        top = sorted(path for path in self.files if "/" not in path)
        return FIRST if FIRST in top or not top else top[0]

    def _place(self, path: str, block: Block | None = None, called: bool = False) -> Line:
        whole = _normal(posixpath.join(self.prefix, path))
        return Line(whole, block.first, block.last, called) if block is not None else Line(whole)


def parsed(name: str) -> Address | None:
    """``module.a["x"].aws_s3_bucket.logs[0]`` as an address; None for what is none."""
    parts, position = [], 0
    while position < len(name):
        found = _PART.match(name, position)
        if found is None:
            return None
        parts.append(found[1])
        position = found.end()
        if position < len(name):
            if name[position] != "." or position + 1 == len(name):
                return None
            position += 1
    modules: list[str] = []
    while len(parts) > 3 and parts[0] == "module":
        modules.append(parts[1])
        parts = parts[2:]
    kind = "resource"
    if len(parts) == 3 and parts[0] == "data":
        kind, parts = "data", parts[1:]
    return Address(tuple(modules), kind, *parts) if len(parts) == 2 and parts[0] != "module" else None


def read(folder: Path, prefix: str) -> Sources:
    """The configuration in a folder, with the modules beside and below it that it calls. Raises InputError."""
    if not folder.is_dir():
        raise InputError(f"reading the configuration: {folder} is no folder")
    files: dict[str, tuple[Block, ...]] = {}
    waiting, seen = [""], set()
    while waiting:
        inner = waiting.pop()
        if inner in seen:
            continue
        seen.add(inner)
        for path, found in _files(folder, inner):
            files[path] = found
            sources = [block.source or "" for block in found if block.kind == "module"]
            waiting += [_normal(posixpath.join(inner, name)) for name in sources if name.startswith(LOCAL)]
    return Sources(files, prefix)


def _files(folder: Path, inner: str) -> Iterator[tuple[str, tuple[Block, ...]]]:
    try:
        found = sorted(path for path in (folder / inner).iterdir() if path.suffix in SUFFIXES and path.is_file())
        for path in found:
            if path.stat().st_size <= LARGEST:
                text = path.read_bytes().decode("utf-8", "replace")
                yield posixpath.join(inner, path.name), blocks(text)
    except OSError:
        # Nothing depends on it but where a reader is sent.
        return


def _normal(path: str) -> str:
    found = posixpath.normpath(path)
    return "" if found == "." else found
