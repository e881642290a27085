"""The summary of a step: what a workflow appends to the file that ``GITHUB_STEP_SUMMARY`` names.

A summary beyond 1 MiB is not taken at all ("Workflow commands for GitHub Actions"), so this one stays below.
"""

from __future__ import annotations

from typing import Final

from engine.report import Options
from engine.report.pull_request import page
from engine.report.results import Shown

LIMIT: Final = 1_000_000


def render(shown: Shown, options: Options) -> str:
    """The summary."""
    return page(shown, options, LIMIT)
