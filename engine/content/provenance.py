"""Which commit brought a data file, where the policy folder is a git repository."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_FORMAT: Final = "%ct%x00%G?%x00%GS"
_NAMED: Final = re.compile(r"(?P<name>[^<]*?) *<(?P<address>[^<>]+)>")
_GIT: Final = ("git", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false")


@dataclass(frozen=True, slots=True)
class Commit:
    """The commit that brought a file as it stands: when (RFC 3339 UTC), and whose good signature it carries, if any.

    ``committed_at`` is None where the file is not committed as it stands. ``signer`` holds the names and addresses of
    the signing key; what the commit itself says of its author and committer is nobody's proof.
    """

    committed_at: str | None
    signer: tuple[str, ...] = ()


class Unanswered(Exception):
    """A repository holds the file, and git does not say which commit brought it; the text says why not."""


def brought(path: Path) -> Commit | None:
    """The commit that brought ``path`` as it stands, or None where no git repository holds its folder.

    The time is the committer's own clock. Read with ``git status`` and ``git log``. Raises Unanswered where git cannot
    be run or refuses: what could not be looked up is not as good as no repository.
    """
    folder = path.resolve().parent
    if not any((above / ".git").exists() for above in (folder, *folder.parents)):
        return None
    changed = _git(folder, "status", "--porcelain", "--ignored", "--", path.name)
    if changed.strip():
        return Commit(None)
    last = _git(folder, "log", "-1", f"--format={_FORMAT}", "--", path.name)
    if not last:
        return Commit(None)
    seconds, verdict, signer = last.rstrip("\n").split("\0")
    committed = datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Commit(committed, _names(signer) if verdict == "G" else ())


def _names(signer: str) -> tuple[str, ...]:
    """What git calls a key's owner, "Name <address>" or an address, as the names in it."""
    match = _NAMED.fullmatch(signer)
    return tuple(filter(None, match.groups() if match else (signer,)))


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - fixed program, no shell; the path is an argument after --
            [*_GIT, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=30, errors="replace"
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Unanswered(str(error)) from error
    if done.returncode:
        raise Unanswered(done.stderr.strip().partition("\n")[0] or f"git ended with {done.returncode}")
    return done.stdout
