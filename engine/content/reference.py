"""The data folders as a commit has them: what judges a pull request is not what the pull request says.

A worktree of the commit is made for as long as it is read, so that what git knows of each file (who brought it, with
which signature) is known of the commit's files too. Nothing of the working folder is changed, and no hook is run.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from engine.content.provenance import GIT, holding
from engine.errors import UsageError

_KINDS: Final[dict[str, Literal["added", "changed", "removed"]]] = {"A": "added", "D": "removed"}


@dataclass(frozen=True, slots=True)
class Reference:
    """A commit of the repository that a folder lies in: its id, the repository's root, and a folder that holds it."""

    commit: str
    repository: Path
    tree: Path

    def there(self, path: Path) -> Path:
        """The path in the commit that a path of the working folder has; another repository's path stays itself."""
        inside = self._inside(path)
        return self.tree / inside if inside is not None else path

    def file(self, path: Path, doing: str) -> Path:
        """A file as the commit has it; one that lies outside of the repository is itself.

        Raises UsageError for one of the repository that the commit does not have, committed since or not: whoever makes
        the change may have written it.
        """
        inside = self._inside(path)
        if inside is None:
            return path
        if not (self.tree / inside).is_file():
            raise UsageError(
                f"{doing}: {inside} is not in {self.commit[:12]}, by which this change is judged; what a change brings "
                "does not apply to it (what the build itself makes of the base is to lie outside of the repository)"
            )
        return self.tree / inside

    def _inside(self, path: Path) -> Path | None:
        """The path from the repository's root, where it lies in it; a link of the working folder leads nowhere else."""
        whole = Path(os.path.normpath(path.absolute()))
        above = next((folder for folder in reversed(whole.parents) if folder.resolve() == self.repository), None)
        if above is not None:
            return whole.relative_to(above)
        whole = path.resolve()
        return whole.relative_to(self.repository) if whole.is_relative_to(self.repository) else None

    def holds(self, path: Path) -> bool:
        """Whether a path lies in the repository."""
        return self._inside(path) is not None

    def changes(self, paths: Sequence[Path]) -> tuple[tuple[str, Literal["added", "changed", "removed"]], ...]:
        """What the working folder has else than the commit below these paths, by path from the repository's root."""
        names = [inside.as_posix() for path in paths if (inside := self._inside(path)) is not None]
        if not names:
            return ()
        doing = f"comparing with {self.commit[:12]}"
        rows = _git(self.repository, doing, "diff", "--name-status", "--no-renames", "-z", self.commit, "--", *names)
        fields = rows.split("\0")[:-1]
        found = {path: _KINDS.get(kind, "changed") for kind, path in zip(fields[::2], fields[1::2], strict=True)}
        others = _git(self.repository, doing, "ls-files", "--others", "--exclude-standard", "-z", "--", *names)
        found.update((path, "added") for path in others.split("\0") if path)
        return tuple(sorted(found.items()))


@contextmanager
def at(ref: str, folder: Path) -> Iterator[Reference]:
    """The commit that ``ref`` names in the repository of ``folder``. Raises UsageError where there is none."""
    doing = f"reading the policy of {ref}"
    if ref.startswith("-"):
        raise UsageError(f"{doing}: it is no commit")
    top = holding(folder.resolve())
    if top is None:
        raise UsageError(f"{doing}: {folder} lies in no git repository")
    repository = Path(_git(top, doing, "rev-parse", "--show-toplevel").strip()).resolve()
    commit = _git(top, doing, "rev-parse", "--verify", "--end-of-options", f"{ref}^{{commit}}").strip()
    with tempfile.TemporaryDirectory(prefix="auditreel-") as made:
        tree = Path(made) / "tree"
        _git(repository, doing, "worktree", "add", "--quiet", "--detach", str(tree), commit)
        try:
            yield Reference(commit, repository, tree.resolve())
        finally:
            with suppress(UsageError):
                _git(repository, doing, "worktree", "remove", "--force", str(tree))


def _git(folder: Path, doing: str, *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - fixed program, no shell; a ref is checked before it is named
            [*GIT, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=120, errors="replace"
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UsageError(f"{doing}: git could not be run: {error}") from error
    if done.returncode:
        why = done.stderr.strip().partition("\n")[0] or f"git ended with {done.returncode}"
        raise UsageError(f"{doing}: {why}; fetch that commit (a shallow clone may lack it)")
    return done.stdout
