"""Renders an assessment. One module a format, each with one ``render(assessment, options) -> str``.

A renderer takes what the assessment says: it neither decides, counts nor prints. Adding a format is a module and a row
in :data:`FORMATS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from engine.model import Assessment


@dataclass(frozen=True, slots=True)
class Options:
    """How a reader will see it: ``width`` in terminal columns, and whether colours are understood."""

    width: int = 100
    color: bool = False


@dataclass(frozen=True, slots=True)
class Format:
    """A format: the module that renders it, imported when it is used, and the suffix of its files."""

    module: str
    suffix: str

    def render(self, assessment: Assessment, options: Options) -> str:
        """The assessment in this format, ending in a line break."""
        text: str = import_module(self.module).render(assessment, options)
        return text


FORMATS: Final[Mapping[str, Format]] = {
    "text": Format("engine.report.text", ".txt"),
    "json": Format("engine.report.json", ".json"),
    "jsonl": Format("engine.report.jsonl", ".jsonl"),
    "csv": Format("engine.report.csv", ".csv"),
    "markdown": Format("engine.report.markdown", ".md"),
}
