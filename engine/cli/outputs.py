"""What a verb that judges shows: a format on the screen, others in files by their suffix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.gate.model import Gate
    from engine.model import Assessment
    from engine.report.sources import Sources


def formats(paths: Sequence[Path], gated: bool = False) -> dict[Path, str]:
    """The format of each file, by its suffix; whatever would fail after the run is refused before it.

    ``gated``: it is for a gate, which not every format shows. Raises UsageError.
    """
    from engine.cli.streams import check_target
    from engine.report import FORMATS, GATED, by_suffix

    known = GATED if gated else FORMATS
    found = {}
    for path in paths:
        name = by_suffix(path.name)
        if name is None or name not in known:
            suffixes = ", ".join(row.suffix for row in known.values())
            raise UsageError(f"writing {path}: no format ends in {path.suffix!r}; use {suffixes}")
        check_target(path)
        found[path] = name
    return found


def form(given: str | None, output: Path | None, suffixes: Mapping[str, str]) -> str:
    """The format of a verb's one output: the one named, else the one whose suffix the file has, else the first.

    Raises UsageError for a file that ends in none of them.
    """
    if given is not None or output is None:
        return given or next(iter(suffixes))
    found = next((name for name, suffix in suffixes.items() if output.name.endswith(suffix)), None)
    if found is None:
        known = ", ".join(suffixes.values())
        raise UsageError(f"writing {output}: no format ends in {output.suffix!r}; use {known}, or --format")
    return found


def sources(folder: Path | None) -> Sources | None:
    """The configuration in a folder, whose place in the repository is its path below the working folder.

    A folder that is not below it keeps no place, and its files are named from there. Raises InputError.
    """
    from engine.report.sources import read

    if folder is None:
        return None
    here, whole = Path.cwd().resolve(), folder.resolve()
    prefix = whole.relative_to(here).as_posix() if whole.is_relative_to(here) else ""
    return read(folder, "" if prefix == "." else prefix)


def show(
    shown: Assessment | Gate,
    form: str,
    files: Mapping[Path, str],
    configuration: Sources | None = None,
    further: Mapping[Path, bytes] = MappingProxyType({}),
    said: str = "",
) -> None:
    """Write every file and the screen, then raise what went wrong with a file.

    ``further`` are files that are no report, by path; ``said`` is a line beside the reason of the exit code.
    """
    from engine.cli import streams
    from engine.gate.model import Gate
    from engine.report import FORMATS, Options

    problems: list[UsageError] = []
    reports: dict[Path, str | bytes] = {
        path: FORMATS[name].render(shown, Options(sources=configuration)) for path, name in files.items()
    }
    for path, content in {**reports, **further}.items():
        try:
            streams.write(path, content)
        except UsageError as error:
            problems.append(error)
    streams.emit(FORMATS[form].render(shown, replace(streams.options(), sources=configuration)))
    if said:
        streams.say(said)
    run = shown.assessment if isinstance(shown, Gate) else shown
    if run.exit_code:
        streams.say(why(run))
    if problems:
        raise problems[0]


def why(assessment: Assessment) -> str:
    """One line: the exit code, why, and which others applied."""
    code = assessment.exit_code
    reasons = dict(assessment.exit_reasons)
    line = f"exit {code}: {reasons.pop(code, 'see above')}"
    others = "; ".join(f"{other}: {reason}" for other, reason in sorted(reasons.items()))
    return f"{line} (also {others})" if others else line
