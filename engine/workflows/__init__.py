"""What people do between the runs, one function a command: record evidence, accept failures, see what is due.

Loads the policy folder, asks the pure parts (:mod:`engine.programme`), and writes files of the folder. Nothing here
prints, and nothing is committed: a file has its effect when somebody commits it.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Final

from engine.content.load import Content, load
from engine.content.policy import Policy
from engine.content.root import PACKAGED, find
from engine.errors import UsageError
from engine.programme.shown import Shown
from engine.programme.vendors import carved

_YEAR: Final = timedelta(days=365)


def own(policy: Path | None, doing: str) -> Content:
    """The data folders with an organisation's own policy folder, which a verb may write into.

    Raises UsageError where none is named, or it is the one that comes with auditreel; ContentError.
    """
    if policy is None:
        raise UsageError(f"{doing}: name the policy folder with --policy DIR; auditreel init writes one")
    if PACKAGED in policy.resolve().parts:
        raise UsageError(f"{doing}: {policy} is part of the installed package; auditreel init writes a folder of yours")
    return load(find(policy))


def shown(policy: Policy, on: date, ahead: timedelta = _YEAR) -> Shown:
    """People's evidence on a day, for the window that is set, else the year before; and what lies ahead."""
    window = policy.organization.window or (on - _YEAR, on)
    ends = max(window[1], on + ahead)
    return Shown(policy.records, policy.documents, on, (window[0], ends), carved(policy.organization.programme))
