"""What an auditor's requests are answered with, and what is handed over: the list, the files, a manifest of digests."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from engine.content.load import Content, load
from engine.content.policy import Policy
from engine.content.root import find
from engine.content.written import fresh
from engine.errors import SealError, UsageError
from engine.programme.answering import answer
from engine.programme.answers import STATES, Answer, Holdings, Stated
from engine.programme.requests import PARTS, RequestList
from engine.programme.runs_seen import RunsSeen, runs_seen
from engine.programme.shown import Shown
from engine.workflows.listings import listed
from engine.workflows.requests import found, known

if TYPE_CHECKING:
    from engine.periods import Period

_YEAR: Final = timedelta(days=365)
UNREAD: Final = RunsSeen(why="sealed runs were not read")
"""What is known of runs where nobody looks at them."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A list with the answer of each of its lines on a day. ``period`` is what the sealed runs show, where it was read.

    ``runs`` says what was read of them, or why nothing was. ``sources`` are the bytes of every file that an answer may
    rest on, by path; ``base`` is the policy folder.
    """

    organization: str
    auditor: str | None
    requests: RequestList
    answers: tuple[Answer, ...]
    on: date
    runs: RunsSeen
    period: Period | None
    base: Path
    sources: Mapping[Path, bytes]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many lines have each state."""
        return {state: sum(row.state == state for row in self.answers) for state in STATES}

    @property
    def whole(self) -> bool:
        """Whether every line is answered."""
        return all(row.state == "answered" for row in self.answers)


def answered(policy: Path | None, list_: str | None, on: date, store: str | None, config: Path) -> Answered:
    """Every line of a list as it stands on a day, by the policy folder and the sealed runs of a store.

    Raises UsageError, ContentError, and VerificationError where a store is named and does not verify.
    """
    content = load(find(policy))
    requests = found(content, list_, "answering the requests")
    place = store or content.policy.organization.store
    period, runs = _runs(content.policy, place, config, on)
    held, files = holdings(content, (requests,), runs, on)
    return Answered(
        organization=content.policy.organization.name,
        auditor=content.policy.organization.programme.auditor,
        requests=requests,
        answers=tuple(answer(row, held) for row in requests.standing),
        on=on,
        runs=runs,
        period=period,
        base=content.root.policies,
        sources={**content.policy.sources, **files},
    )


def holdings(
    content: Content, lists: Iterable[RequestList], runs: RunsSeen, on: date
) -> tuple[Holdings, Mapping[Path, bytes]]:
    """Everything that lists may be answered with, and the bytes of the single files that they are tied to."""
    policy, base = content.policy, content.root.policies
    named = {tie.file for requests in lists for row in requests.standing for tie in row.ties if tie.file is not None}
    read = {name: _bytes(base / name) for name in sorted(named)}
    files = {
        name: (base / name, hashlib.sha256(data).hexdigest()) if data is not None else None
        for name, data in read.items()
    }
    held = Holdings(
        known=known(policy),
        shown=Shown(policy.records, policy.documents, on, _window(policy, on)),
        windowed=policy.organization.window is not None,
        stated=dict(_stated(policy)),
        runs=runs,
        people=policy.organization.programme.owners,
        files=files,
        listings=tuple(listed(content, on)),
    )
    handed_in = {path: path.read_bytes() for row in held.listings for path in row.files[:1]}
    return held, {**{base / name: data for name, data in read.items() if data is not None}, **handed_in}


def _runs(policy: Policy, store: str | None, config: Path, on: date) -> tuple[Period | None, RunsSeen]:
    from engine.custody import examination

    if store is None:
        return None, RunsSeen(why="no sealed run was read: no store is named (--store DIR)")
    starts, ends = _window(policy, on)
    ends = min(ends, on)
    if starts > ends:
        return None, RunsSeen(why=f"the window begins on {starts}: no run can be of it yet")
    try:
        period = examination.period(store, config, starts, ends)
    except UsageError as error:
        return None, RunsSeen(why=f"no sealed run was read: {error}")
    return period, runs_seen(period, ends)


def _window(policy: Policy, on: date) -> tuple[date, date]:
    """The window of the report, else the year before a day."""
    return policy.organization.window or (on - _YEAR, on)


def _stated(policy: Policy) -> Iterator[tuple[str, Stated]]:
    organization, programme = policy.organization, policy.organization.programme
    for part in PARTS:
        if part == "controls":
            rows = known(policy).controls
            yield part, _of_files(len(rows), {row.path: row.digest for row in rows})
        elif part == "waivers":
            yield part, _of_files(len(policy.waivers), {row.path: row.digest for row in policy.waivers})
        elif part == "user_entity_controls":
            yield part, Stated(len(programme.entity_controls), organization.digest, (organization.path,))
        else:
            said = getattr(programme, part)
            lacking = tuple(name for name in _SYSTEM if name not in said) if part == "system" else ()
            yield part, Stated(len(said), organization.digest, (organization.path,), lacking)


_SYSTEM = ("services", "infrastructure", "software", "people", "procedures", "data", "incidents", "changes")
"""The fields of the system description."""


def _of_files(entries: int, digests: Mapping[Path, str]) -> Stated:
    """What stands in several files, with one digest of theirs in the order of their names."""
    whole = "\n".join(digests[path] for path in sorted(digests))
    return Stated(entries, hashlib.sha256(whole.encode()).hexdigest(), tuple(sorted(digests)))


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


# --- handing over -----------------------------------------------------------------------------------------------------


def places(of: Answered) -> Mapping[Path, str]:
    """The files that answers rest on, by the name that each has in what is handed over.

    The names hold ASCII letters, digits and ``._-/`` alone, so that every archive and file system keeps them apart.
    """
    paths = dict.fromkeys(path for row in of.answers for reference in row.references for path in reference.files)
    return {path: f"evidence/{quote(_within(path, of.base), safe='/')}" for path in paths}


def _within(path: Path, base: Path) -> str:
    # Criteria and controls may come with auditreel instead of the policy folder.
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else f"{path.parent.name}/{path.name}"


def handed(of: Answered, pages: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Everything that is handed over, by name: ``pages``, the files behind the answers, and ``manifest.json``.

    The files are the bytes that were judged. Raises UsageError where two would have one name.
    """
    members = dict(pages)
    for path, name in places(of).items():
        if name in members or path not in of.sources:
            raise UsageError(
                f"handing over {path}: {'its name stands for another file' if name in members else 'it was not read'}"
            )
        members[name] = of.sources[path]
    origins = {name: _within(path, of.base) for path, name in places(of).items()}
    document = {
        "organization": of.organization,
        "list": of.requests.id,
        "source": {"name": of.requests.source, "sha256": of.requests.sha256},
        "on": of.on.isoformat(),
        "requests": dict(of.counts),
        "runs": {"digest": of.runs.digest, "shows": of.runs.said} if of.runs.why is None else {"not_read": of.runs.why},
        "files": [
            {
                "name": name,
                **({"from": origins[name]} if name in origins else {}),
                "sha256": hashlib.sha256(data).hexdigest(),
                "size": len(data),
            }
            for name, data in sorted(members.items())
        ],
    }
    members["manifest.json"] = (json.dumps(document, indent=2, ensure_ascii=True) + "\n").encode()
    return dict(sorted(members.items()))


def archived(members: Mapping[str, bytes], target: Path) -> bytes:
    """Files as one archive, in the form that bundles have. Raises UsageError where they are too large for it."""
    from engine.evidence.archive import archive

    try:
        return archive(members)
    except SealError as error:
        raise UsageError(f"writing {target}: {error}") from error


def lay_out(members: Mapping[str, bytes], folder: Path) -> None:
    """Write files below a new folder (0700, the files 0600): whole or not at all. Raises UsageError."""
    hidden = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    try:
        hidden.mkdir(mode=0o700)
        for name, data in members.items():
            (hidden / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh(hidden / name, data)
        # A folder that holds anything is not replaced (POSIX rename).
        hidden.rename(folder)
    except OSError as error:
        raise UsageError(f"writing {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
