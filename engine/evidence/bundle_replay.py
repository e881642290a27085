"""Replays the runs of a bundle: whoever has it needs no store to judge them again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import VerificationError
from engine.evidence import bundle, personal, regular
from engine.evidence.archive import Archive
from engine.evidence.bundle_contents import Contents
from engine.evidence.bundle_verify import read_chain, verify_bundle
from engine.evidence.replay import Engine, Judge, Replay, judged_again, statements_of
from engine.evidence.trust import Trust


@dataclass(frozen=True, slots=True)
class Replays:
    """What replaying each run of a bundle gave, in their order. ``anchored`` is the first line."""

    anchored: str
    runs: tuple[Replay, ...]

    @property
    def exit_code(self) -> int:
        """0 where every record of every run came out identical, else 5."""
        return max(run.exit_code for run in self.runs)

    def lines(self) -> tuple[str, ...]:
        """For a reader: how the bundle is anchored first, then run by run."""
        return (self.anchored, *(line for run in self.runs for line in run.lines()[1:]))


def replay_bundle(path: Path, trust: Trust, judge: Judge, at_hand: Engine) -> Replays:
    """Judge every run of a bundle again. A narrowed one: the records that it carries.

    Raises VerificationError where the bundle does not verify.
    """
    report = verify_bundle(path, trust, allow_unanchored=True)
    for fault in report.problems:
        raise VerificationError(f"replaying {path}: it does not verify ({fault}); run `auditreel verify {path}`")
    with regular.opened(path.resolve()) as file:
        members = Archive(file)
        manifest, reading = bundle.read_manifest(members), read_chain(members, trust)
        contents = Contents(members, manifest)
        private = dict(_private(members))
        found = []
        for placed, seal in reading.of_kind("seal"):
            if seal.asked.run not in manifest.runs:
                continue
            run = contents.run(placed)
            whole, statements = manifest.criteria is None, [*statements_of(seal, at_hand)]
            if not whole:
                statements.append(f"of {', '.join(manifest.criteria or ())}, and of all that failed or is unknown")
            found.append(judged_again(run, contents.bodies, private, judge, (), tuple(statements), whole))
    return Replays(report.anchored, tuple(found))


def _private(members: Archive) -> Iterator[tuple[str, dict[str, object]]]:
    for name in members.names("private/"):
        digest = name.removeprefix("private/").removesuffix(".json")
        yield digest, personal.opened(digest, members.read(name))
