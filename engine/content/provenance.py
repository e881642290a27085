"""Which commit brought a data file, where the policy folder is a git repository."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_FORMAT: Final = "%ct%x00%G?%x00%GS%x00%ce"
_GIT: Final = ("git", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false")


@dataclass(frozen=True, slots=True)
class Commit:
    """The commit that brought a file as it stands: when (RFC 3339 UTC), and whose good signature it carries, if any.

    ``committed_at`` is None where the file is not committed as it stands.
    """

    committed_at: str | None
    signer: tuple[str, ...] = ()


def brought(path: Path) -> Commit | None:
    """The commit that brought ``path`` as it stands, or None where no git repository holds its folder.

    The time is the committer's own clock. Read with ``git status`` and ``git log``; no git on the machine is no
    repository.
    """
    inside = _git(path, "rev-parse", "--is-inside-work-tree")
    if inside is None or inside.strip() != "true":
        return None
    changed = _git(path, "status", "--porcelain", "--ignored", "--", path.name)
    last = _git(path, "log", "-1", f"--format={_FORMAT}", "--", path.name)
    if changed is None or changed.strip() or not last:
        return Commit(None)
    seconds, verdict, *names = last.rstrip("\n").split("\0")
    committed = datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Commit(committed, tuple(filter(None, names)) if verdict == "G" else ())


def _git(path: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed program, no shell; the path is an argument after --
            [*_GIT, *arguments], cwd=path.parent, capture_output=True, text=True, check=False, timeout=30
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout if done.returncode == 0 else None
