"""Which commit brought a data file, who wrote it and who approved it, where the policy folder is a git repository."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

_FORMAT: Final = "%ct%x00%G?%x00%GS"
_TRAILERS: Final = ("Co-authored-by", "Reviewed-by", "Approved-by")
_WHOLE: Final = "%x00".join(
    (
        "%H",
        "%P",
        "%ct",
        "%an <%ae>",
        "%G?",
        "%GS",
        *(f"%(trailers:key={key},valueonly,separator=%x01)" for key in _TRAILERS),
    )
)
_NAMED: Final = re.compile(r"(?P<name>[^<]*?) *<(?P<address>[^<>]+)>")
GIT: Final = (
    "git", "--literal-pathspecs", "-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false",
    "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false", "-c", "log.showSignature=false",
)  # fmt: skip
"""Git as it is asked: nothing that a folder holds is run, nor taken for the repository that holds the folder."""


@dataclass(frozen=True, slots=True)
class Commit:
    """The commit that brought a file as it stands: when (RFC 3339 UTC), and whose good signature it carries, if any.

    ``committed_at`` is None where the file is not committed as it stands. ``signer`` holds the names and addresses of
    the signing key; what the commit itself says of its author and committer is nobody's proof.
    """

    committed_at: str | None
    signer: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Approved:
    """Somebody who approved a commit, as a name, an address or both ("Name <address>").

    "signature": a good signature on the commit or on the merge of it. "trailer": a line "Reviewed-by" or "Approved-by",
    which whoever wrote the commit could write.
    """

    who: str
    how: Literal["signature", "trailer"]


@dataclass(frozen=True, slots=True)
class Written:
    """Who wrote a file as it stands and who approved that, as far as git tells.

    ``commit`` is None where the file is not committed as it stands. ``authors`` are the author of the commit and those
    that it names beside; ``at`` is when it came to the branch (RFC 3339 UTC, by the committer's clock). ``doubts`` say
    why the history is not what happened: it is shallow, or was replaced or dated back. It shows nothing then.
    """

    commit: str | None
    authors: tuple[str, ...] = ()
    at: str | None = None
    approvals: tuple[Approved, ...] = ()
    doubts: tuple[str, ...] = ()


class Unanswered(Exception):
    """A repository holds the file, and git does not say which commit brought it; the text says why not."""


class Brought:
    """Which commits brought files, one question a file; what is not committed as it stands is asked once a folder."""

    def __init__(self) -> None:
        self._changed: dict[Path, frozenset[str]] = {}

    def __call__(self, path: Path) -> Commit | None:
        """The commit that brought ``path`` as it stands, or None where no git repository holds its folder.

        The time is the committer's own clock. Read with ``git status`` and ``git log``. Raises Unanswered where git
        cannot be run or refuses: what could not be looked up is not as good as no repository.
        """
        folder = path.resolve().parent
        top = holding(folder)
        if top is None:
            return None
        if folder not in self._changed:
            self._changed[folder] = _all_changed(top, folder)
        return Commit(None) if path.name in self._changed[folder] else _last(top, folder / path.name)


def brought(path: Path) -> Commit | None:
    """What :class:`Brought` answers of a single file."""
    return Brought()(path)


def _last(top: Path, path: Path) -> Commit:
    """The last commit that changed a file; none where no commit ever held it."""
    last = _git(top, "log", "-1", f"--format={_FORMAT}", "--", _inside(top, path))
    if not last:
        return Commit(None)
    seconds, verdict, signer = last.rstrip("\n").split("\0")
    return Commit(_instant(seconds), _names(signer) if verdict == "G" else ())


def written(path: Path) -> Written | None:
    """Who wrote ``path`` as it stands and who approved it, or None where no git repository holds its folder.

    What counts as an approval is said by :class:`Approved`: of the commit that changed the file last, and of the merge
    by which that came to the branch. Raises Unanswered as :func:`brought` does.
    """
    folder = path.resolve().parent
    top = holding(folder)
    if top is None:
        return None
    name = _inside(top, folder / path.name)
    if _changed(top, name):
        return Written(None)
    change = _said(_git(top, "log", "-1", f"--format={_WHOLE}", "--", name))
    if change is None:
        return Written(None)
    merge = _said(_git(top, "log", "-1", "--first-parent", f"--format={_WHOLE}", "--", name)) or change
    told = [change] if merge.commit == change.commit else [change, merge]
    doubts = [*_doubts(top), *(text for said in told for text in _dated_back(top, said))]
    return Written(
        commit=change.commit,
        authors=tuple(dict.fromkeys((change.author, *change.beside))),
        at=_instant(merge.seconds),
        approvals=tuple(dict.fromkeys(approval for said in told for approval in said.approvals())),
        doubts=tuple(doubts),
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """What a commit says of itself."""

    commit: str
    parents: tuple[str, ...]
    seconds: str
    author: str
    verdict: str
    signer: str
    beside: tuple[str, ...]
    trailers: tuple[str, ...]

    def approvals(self) -> Iterator[Approved]:
        if self.verdict == "G" and self.signer:
            yield Approved(self.signer, "signature")
        for who in self.trailers:
            yield Approved(who, "trailer")


def _said(answer: str) -> _Said | None:
    if not answer.strip():
        return None
    commit, parents, seconds, author, verdict, signer, *trailers = answer.rstrip("\n").split("\0")
    beside, *approving = [tuple(filter(None, map(str.strip, text.split("\x01")))) for text in trailers]
    named = tuple(who for texts in approving for who in texts)
    return _Said(commit, tuple(parents.split()), seconds, author, verdict, signer, beside, named)


def holding(folder: Path) -> Path | None:
    """The nearest folder, at or above ``folder``, that has a ``.git``; None where none has.

    Git is asked there and not in ``folder``: it would take a folder that looks like a bare repository for one, with
    the programs that its ``config`` names and the history that its ``objects`` make up, and a change can bring such
    files. It cannot bring a ``.git``.
    """
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), None)


def _inside(top: Path, path: Path) -> str:
    return path.relative_to(top).as_posix()


def _doubts(top: Path) -> Iterator[str]:
    if _git(top, "rev-parse", "--is-shallow-repository").strip() != "false":
        yield "the history is shallow: it does not reach back to who wrote what"
    grafts = top / _git(top, "rev-parse", "--git-path", "info/grafts").strip()
    if _git(top, "for-each-ref", "--count=1", "refs/replace").strip() or grafts.exists():
        yield "commits were replaced by others: the history is not what happened"


def _dated_back(top: Path, said: _Said) -> Iterator[str]:
    if said.parents:
        times = _git(top, "log", "--no-walk", "--format=%ct", *said.parents).split()
        if any(int(time) > int(said.seconds) for time in times):
            yield f"commit {said.commit[:12]} is dated before what it was built on"


def _changed(top: Path, name: str) -> bool:
    """Whether a file is not committed as it stands."""
    return bool(_git(top, "status", "--porcelain", "--ignored", "--", name).strip())


def _all_changed(top: Path, folder: Path) -> frozenset[str]:
    """The names of the files in a folder, or below it, that are not committed as they stand."""
    # With every untracked file named, so are those of a folder that is ignored as a whole.
    asked = ("status", "--porcelain", "--ignored", "--untracked-files=all", "-z", "--", _inside(top, folder))
    fields = _git(top, *asked).split("\0")
    # Of a renamed file the name before stands by itself, without the two letters and the blank.
    return frozenset(text.rpartition("/")[2] for field in fields for text in (field, field[3:]))


def _instant(seconds: str) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _names(signer: str) -> tuple[str, ...]:
    """What git calls a key's owner, "Name <address>" or an address, as the names in it."""
    match = _NAMED.fullmatch(signer)
    return tuple(filter(None, match.groups() if match else (signer,)))


def _git(top: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - fixed program, no shell; the path is an argument after --
            [*GIT, *arguments], cwd=top, capture_output=True, text=True, check=False, timeout=30, errors="replace"
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Unanswered(str(error)) from error
    if done.returncode:
        raise Unanswered(done.stderr.strip().partition("\n")[0] or f"git ended with {done.returncode}")
    return done.stdout
