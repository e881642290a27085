"""Renders an assessment. One module a format, each with one ``render(assessment, options) -> str``.

A renderer takes what the assessment says: it neither decides, counts nor prints. Adding a format is a module and a row
in :data:`FORMATS`. A period (:mod:`engine.periods`) has formats of its own, in :data:`PERIOD_FORMATS`; each module is
``render(period, options) -> bytes``, and what they count is counted once, in :mod:`engine.report.period_counts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Final

from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.gate.model import Gate
    from engine.model import Assessment
    from engine.periods import Period
    from engine.programme.gap import Gap
    from engine.report.sources import Sources


@dataclass(frozen=True, slots=True)
class Options:
    """How a reader will see it: ``width`` in terminal columns, and whether colours are understood.

    ``sources`` is the configuration that was planned, for files and lines; None: it is not at hand.
    """

    width: int = 100
    color: bool = False
    sources: Sources | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """A format: the module that renders it, imported when it is used, and the suffix of its files.

    ``gated``: it renders a gate as well as a run; ``gate`` is the module that does where it is another one.
    """

    module: str
    suffix: str
    gated: bool = False
    gate: str | None = None

    @property
    def gates(self) -> bool:
        """Whether there is a gate in this format."""
        return self.gated or self.gate is not None

    def render(self, shown: Assessment | Gate, options: Options) -> str:
        """The run (or the gate, where ``gates``) in this format, ending in a line break."""
        from engine.gate.model import Gate

        module = self.gate if self.gate is not None and isinstance(shown, Gate) else self.module
        text: str = import_module(module).render(shown, options)
        return text


FORMATS: Final[Mapping[str, Format]] = {
    "text": Format("engine.report.text", ".txt", gate="engine.report.gate_text"),
    "json": Format("engine.report.json", ".json", gate="engine.report.gate_json"),
    "jsonl": Format("engine.report.jsonl", ".jsonl"),
    "csv": Format("engine.report.csv", ".csv"),
    "markdown": Format("engine.report.markdown", ".md"),
    "html": Format("engine.report.html.run", ".html"),
    "sarif": Format("engine.report.sarif", ".sarif", gated=True),
    "junit": Format("engine.report.junit", ".xml", gated=True),
    "github": Format("engine.report.github", ".github.txt", gated=True),
    "summary": Format("engine.report.step_summary", ".summary.md", gated=True),
    "comment": Format("engine.report.comment", ".comment.md", gated=True),
    "gitlab": Format("engine.report.gitlab", ".gitlab.json", gated=True),
    "azure": Format("engine.report.azure", ".azure.txt", gated=True),
}


def by_suffix(name: str) -> str | None:
    """The format of a file of this name: the one with the longest suffix that it ends in; None where it has none."""
    fitting = [form for form, row in FORMATS.items() if name.endswith(row.suffix)]
    return max(fitting, key=lambda form: len(FORMATS[form].suffix), default=None)


@dataclass(frozen=True, slots=True)
class PeriodFormat:
    """A format of a period: the module that renders it, and its file's name in a bundle.

    ``folder``: the module also gives several files, ``files(period, options)``, which stand in this folder of a bundle
    ("": beside everything else).
    ``extra`` is the extra of this distribution that brings the library it needs.
    """

    module: str
    name: str
    folder: str | None = None
    extra: str | None = None

    @property
    def suffix(self) -> str:
        """The suffix of its files."""
        return f".{self.name.rpartition('.')[2]}"

    def render(self, period: Period, options: Options) -> bytes:
        """The period in this format. Raises UsageError where the library that it needs is not installed."""
        text: bytes = self._module().render(period, options)
        return text

    def files(self, period: Period, options: Options) -> Mapping[str, bytes]:
        """The files that a bundle holds in this format, by name. Raises UsageError as :meth:`render`."""
        if self.folder is None:
            return {self.name: self.render(period, options)}
        found: Mapping[str, bytes] = self._module().files(period, options)
        folder = f"{self.folder}/" if self.folder else ""
        return {f"{folder}{name}": data for name, data in found.items()}

    def _module(self) -> ModuleType:
        try:
            return import_module(self.module)
        except ModuleNotFoundError as error:
            if self.extra is None or (error.name or "").startswith("engine"):
                raise
            raise UsageError(
                f"writing {self.name}: the library {error.name} is not installed. "
                f"Install it with: pip install 'auditreel[{self.extra}]'"
            ) from error


PERIOD_FORMATS: Final[Mapping[str, PeriodFormat]] = {
    "text": PeriodFormat("engine.report.period_text", "report.txt"),
    "markdown": PeriodFormat("engine.report.period_markdown", "report.md"),
    "html": PeriodFormat("engine.report.html", "index.html", folder=""),
    "csv": PeriodFormat("engine.report.period_csv", "workpaper.csv", folder="csv"),
    "xlsx": PeriodFormat("engine.report.period_xlsx", "workpaper.xlsx", extra="xlsx"),
    "pdf": PeriodFormat("engine.report.period_pdf", "report.pdf", extra="pdf"),
    "oscal": PeriodFormat("engine.report.period_oscal", "oscal.json"),
    "ocsf": PeriodFormat("engine.report.period_ocsf", "ocsf.jsonl"),
}

GAP_FORMATS: Final[Mapping[str, str]] = {
    "text": "engine.report.gap_text",
    "json": "engine.report.gap_json",
    "markdown": "engine.report.gap_markdown",
    "html": "engine.report.html.gap",
}
"""The formats of a gap (:mod:`engine.programme.gap`): the module of each, with ``render(gap, options) -> str``."""


def render_gap(gap: Gap, form: str, options: Options) -> str:
    """A gap in one of :data:`GAP_FORMATS`, ending in a line break."""
    text: str = import_module(GAP_FORMATS[form]).render(gap, options)
    return text
