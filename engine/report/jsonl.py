"""One finding a line, each with the run, the check and the waiver joined to it."""

from __future__ import annotations

from engine.model import Assessment
from engine.report import Options, records


def render(assessment: Assessment, options: Options) -> str:
    """The findings as JSON lines, in the order of the evidence records: scope, check, subject."""
    del options
    return "".join(
        f"{records.encoded(records.joined(assessment, index))}\n" for index in range(len(assessment.findings))
    )
