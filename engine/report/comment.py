"""The one comment on a pull request that is written anew with each run: found again by how it begins.

GitHub takes 65,536 characters, GitLab and Azure DevOps take more; counted in bytes, it fits wherever they are counted.
"""

from __future__ import annotations

import hashlib
from typing import Final

from engine.report import Options
from engine.report.pull_request import page
from engine.report.results import Shown, results

LIMIT: Final = 65_536
MARKER: Final = "<!-- auditreel:"
"""How the first line begins; no other line does, whatever names hold."""


def render(shown: Shown, options: Options) -> str:
    """The comment, after a line that no reader sees and by which it is found."""
    return page(shown, options, LIMIT, f"{_marker(shown, options)}\n")


def _marker(shown: Shown, options: Options) -> str:
    """One for each configuration of a repository, since each has a plan and a comment of its own."""
    folder = options.sources.prefix if options.sources is not None else ""
    name = hashlib.sha256(folder.encode("utf-8", "backslashreplace")).hexdigest()[:12] if folder else "root"
    return f"{MARKER}{results(shown).run.kind}:{name} -->"
