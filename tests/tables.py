"""The listings of docs/tables.md: the example that people copy is the one that tests run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.documents import ROOT, blocks

PAGE = ROOT / "docs" / "tables.md"
FOLDER = "policies/tables/"
NOW = "2026-11-24T03:00:00Z"


def example(folder: Path) -> Path:
    """The files of the page's example, in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for block in blocks(PAGE):
        if block.file is not None and block.file.startswith(FOLDER):
            (folder / block.file.removeprefix(FOLDER)).write_text(block.text)
    return folder


def organization() -> dict[str, Any]:
    """What the page says to add to organization.yaml."""
    told: dict[str, Any] = yaml.safe_load(next(block.text for block in blocks(PAGE) if block.file is None))
    return told


def access(folder: Path) -> dict[str, Any]:
    """What the adapter is opened with."""
    said = {path.stem: yaml.safe_load(path.read_text()) for path in folder.glob("*.yaml")}
    return {"folder": str(folder), "tables": said, "as_of": NOW}


def edit(file: Path, *pairs: str) -> None:
    """Replace each first text of a pair by the second, which must have stood there."""
    text = file.read_text()
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        assert old in text, old
        text = text.replace(old, new)
    file.write_text(text)
