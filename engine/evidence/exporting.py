"""Writes bundles (:mod:`engine.evidence.bundle`): of one run, or of the runs of a period.

Whatever does not verify stops it, and nothing half-written is left. In memory is one run at a time; what the bundle
will hold of it goes to a folder beside the output, which is removed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from engine.errors import SealError
from engine.evidence import (
    anchors,
    archive,
    bundle,
    bundle_part,
    canonical,
    chain,
    durable,
    merkle,
    narrowing,
    people,
    personal,
    regular,
    tables,
)
from engine.evidence.archive import Member
from engine.evidence.body_file import BodyFile
from engine.evidence.bundle import Exported, Manifest, Window
from engine.evidence.catalogue import Catalogue
from engine.evidence.chain import Placed, Reading
from engine.evidence.dsse import Signer
from engine.evidence.entries import Span
from engine.evidence.layout import Layout
from engine.evidence.period import failures
from engine.evidence.period.film import Film
from engine.evidence.period.frames import is_frame
from engine.evidence.period.schedule import instant, text_of
from engine.evidence.runs import Reader, StoredRun
from engine.evidence.samples import samples
from engine.evidence.storage import removals
from engine.evidence.trust import Trust
from engine.evidence.verify import linked

REDACTIONS: Final = ("addresses", "people")
"""What can be left out: both stand in private objects; people are named in the policy folder and the controls too."""

Pages = Callable[[Sequence[str]], Mapping[str, bytes]]
"""The pages of a bundle by name, told the names of all other members."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be exported: the runs (ids), their period, and why a sealed run (by its seal) is not among them.

    ``failures`` are the digests of those that it shows. ``criteria`` narrow which records are carried, to those of the
    ``checks`` of each run; None carries all. ``redacted`` are some of :data:`REDACTIONS`.
    """

    runs: tuple[str, ...]
    period: Window
    why: Callable[[Placed], str]
    pages: Pages
    nights: Span | None = None
    failures: frozenset[str] = frozenset()
    criteria: tuple[str, ...] | None = None
    checks: Callable[[StoredRun], Collection[str]] | None = None
    redacted: tuple[str, ...] = ()


def export_run(
    store: Path, trust: Trust, signer: Signer, run: str, output: Path, redacted: tuple[str, ...] = ()
) -> Manifest:
    """Write one run as a bundle that declares it as its period.

    Raises SealError where anything of the run is missing or altered, or ``output`` cannot be written.
    """
    doing = f"exporting run {run}"
    with durable.doing(doing):
        reading = _sound(Layout(store), trust, doing)
        found = [placed for placed, seal in reading.of_kind("seal") if seal.asked.run == run]
        if not found:
            raise SealError(f"{doing}: the store {store} holds no such sealed run")
        gone = removals(reading).get(found[0].link)
        if gone is not None:
            raise SealError(f"{doing}: it is {gone}")
        seal = found[0].entry.body
        asked = Asked(
            (run,),
            Window(starts=seal.asked.started_at, ends=seal.ended_at),
            lambda _: "another run",
            lambda _: {"README.txt": bundle.README.encode()},
            redacted=redacted,
        )
        return _export(Layout(store), trust, signer, reading, asked, output, doing)


def export_period(
    store: Path,
    trust: Trust,
    signer: Signer,
    film: Film,
    pages: Pages,
    output: Path,
    criteria: tuple[str, ...] | None = None,
    redacted: tuple[str, ...] = (),
) -> Manifest:
    """Write the frames of a period as a bundle, with its report and the other ``pages``. Raises as :func:`export_run`.

    What is no frame, or not of the period, is named with the reason.
    """
    calendar, window = film.calendar, film.window
    first, last = calendar.dates[window.first_night], calendar.dates[-1]
    starts, ends = calendar.due[window.first_night], film.after_end
    doing = f"exporting the period {first} to {last}"
    gone = {frame.placed.link: str(removal) for frame, removal in film.gone}

    def why(placed: Placed) -> str:
        seal = placed.entry.body
        if instant(seal.as_of) < starts:
            return "began before the period"
        if instant(seal.as_of) >= ends:
            return "began after the period"
        if not is_frame(seal, trust.purpose == "demonstration"):
            return f"no frame: kind {seal.asked.kind}, source {seal.source}"
        if placed.link in gone:
            return gone[placed.link]
        raise SealError(f"{doing}: run {seal.asked.run} was sealed meanwhile; export again")

    frames = sorted(film.frames[window.begin : window.count], key=lambda frame: frame.placed.entry.sequence)
    asked = Asked(
        runs=tuple(frame.seal.asked.run for frame in frames),
        period=Window(starts=text_of(starts), ends=text_of(ends)),
        why=why,
        pages=pages,
        nights=Span(starts=first, ends=last, timezone=calendar.schedule.timezone),
        failures=frozenset(row.failure.digest for row in failures.found(film)),
        criteria=criteria,
        checks=None if criteria is None else partial(_checks_of, film, criteria),
        redacted=redacted,
    )
    with durable.doing(doing):
        reading = _sound(Layout(store), trust, doing)
        if not frames:
            said = {why(placed) for placed, _ in reading.of_kind("seal")}
            lost = next((text for text in gone.values() if text in said), "`auditreel report type2` shows its nights")
            raise SealError(f"{doing}: it has no run: {lost}")
        return _export(Layout(store), trust, signer, reading, asked, output, doing)


def _checks_of(film: Film, criteria: Collection[str], run: StoredRun) -> frozenset[str]:
    """The checks of criteria by the policy that was in force in a run."""
    number = next(number for number, frame in enumerate(film.frames) if frame.placed == run.placed)
    return narrowing.checks_of(film.bases[number].policy, criteria)


def _sound(layout: Layout, trust: Trust, doing: str) -> Reading:
    if not layout.chain.is_dir():
        raise SealError(f"{doing}: {layout.root} is no evidence store")
    reading = chain.read(layout, trust)
    _refuse([*reading.faults, *linked(reading), *anchors.anchoring(reading, trust).faults], doing)
    return reading


def _refuse(faults: Sequence[object], doing: str) -> None:
    if faults:
        named = "; ".join(map(str, faults[:5]))
        raise SealError(f"{doing}: it does not verify, so nothing is exported: {named}")


def _export(
    layout: Layout, trust: Trust, signer: Signer, reading: Reading, asked: Asked, output: Path, doing: str
) -> Manifest:
    part = bundle_part.around(reading, frozenset(asked.runs), asked.period, asked.nights is not None, asked.failures)
    entries = bundle.part_of(reading, part)
    seals = [placed for placed in entries if placed.entry.kind == "seal"]
    sealed = [placed for placed in seals if placed.entry.body.asked.run in asked.runs]
    left_out = {placed.entry.body.asked.run: asked.why(placed) for placed in seals if placed not in sealed}
    with _folder(output) as work:
        members = _Gathered(layout, work, asked, doing).members(reading, entries)
        members["keys.json"] = Member((canonical.encode(bundle.claims(trust.keys)),))
        members["verify_bundle.py"] = Member((bundle.VERIFIER.read_bytes(),))
        pages = asked.pages(sorted([*members, bundle.MANIFEST, bundle.SIGNATURE]))
        for twice in sorted(pages.keys() & members.keys()):
            raise SealError(f"{doing}: {twice} would stand in it twice")
        members |= {name: Member((data,)) for name, data in pages.items()}
        manifest = Manifest(
            schema=2,
            store=trust.store,
            runs=asked.runs,
            left_out=left_out,
            period=asked.period,
            nights=asked.nights,
            chain=part,
            criteria=asked.criteria,
            redacted=asked.redacted,
            demonstration=any(placed.entry.body.asked.kind == "demo" for placed in sealed),
            members={name: member.fact() for name, member in sorted(members.items())},
        )
        said = manifest.encode()
        last = entries[-1].entry.sequence
        members[bundle.MANIFEST] = Member((said,))
        members[bundle.SIGNATURE] = Member((bundle.signature(said, last, trust.store, signer),))
        archive.write(work / "archive.zip", members)
        durable.move(work / "archive.zip", output)
    return manifest


@contextmanager
def _folder(output: Path) -> Iterator[Path]:
    work = Path(tempfile.mkdtemp(prefix=f".{output.name}-", dir=output.parent))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


@dataclass
class _Gathered:
    """What the bundle holds of a store, gathered run by run."""

    layout: Layout
    work: Path
    asked: Asked
    doing: str
    _members: dict[str, Member] = field(default_factory=dict)
    _bodies: set[str] = field(default_factory=set)
    _private: set[str] = field(default_factory=set)

    def members(self, reading: Reading, entries: Sequence[Placed]) -> dict[str, Member]:
        """All members but pages and manifest. Raises SealError where anything that they hold does not verify."""
        found = self._members
        for placed in entries:
            path = self.layout.entry(placed.entry.sequence)
            found[self.layout.relative(path)] = Member((self._kept(path, placed.digest),))
        content: Catalogue | None = None
        exported = Exported()
        bodies = BodyFile(self.work / "bodies")
        try:
            with (
                tables.connection() as database,
                (self.work / "records").open("wb") as records,
                (self.work / "evidence").open("wb") as evidence,
            ):
                reader = Reader(self.layout, database, reading, bodies=bodies)
                left = set(self.asked.runs)
                for placed, seal in reading.of_kind("seal"):
                    if not left:
                        break
                    if seal.asked.run not in left:
                        reader.read_bodies(placed)
                        continue
                    left.remove(seal.asked.run)
                    run = reader.read(placed)
                    _refuse(reader.faults, self.doing)
                    if run is None:
                        why = reader.storage.removed.get(placed.link, "cannot be read; run `auditreel verify`")
                        raise SealError(f"{self.doing}: run {seal.asked.run}: {why}")
                    content = run.content
                    new, said = self._run(run, bodies, exported)
                    records.write(archive.lines(new))
                    evidence.write(archive.lines(said))
                _refuse(reader.faults, self.doing)
            with (self.work / "needed").open("wb") as file:
                for digest in sorted(self._bodies):
                    file.write(bodies.line(digest) + b"\n")
        finally:
            bodies.close()
        found["records.jsonl"] = Member((self.work / "records",))
        found["evidence.jsonl"] = Member((self.work / "evidence",))
        found["bodies.jsonl"] = Member((self.work / "needed",))
        for check, digest in content.members["checks"].items() if content is not None else ():
            found[bundle.check_file(check)] = Member((content.files[digest] if content is not None else b"",))
        self._private |= set(people.named(entries))
        self._add_private()
        self._said_of_populations(entries)
        self._add_summaries(entries)
        return found

    def _run(self, run: StoredRun, bodies: BodyFile, exported: Exported) -> tuple[list[bytes], list[bytes]]:
        name = run.seal.asked.run
        hashes = merkle.split(run.hashes)
        places = {code: place for place, code in enumerate(hashes)}
        self._members[bundle.leaves_of(name)] = self._file(f"{name}.leaves", [code.hex().encode() for code in hashes])
        self._members[bundle.ledger_of(name)] = self._file(f"{name}.ledger", run.rows)
        if self.asked.checks is not None:
            run = narrowing.narrowed(run, bodies, self.asked.checks(run))
        needed = bundle.needed_bodies(run, bodies)
        self._bodies |= needed
        self._private |= bundle.commitments(run, needed, bodies)
        content = bundle.without_people(run.content) if "people" in self.asked.redacted else run.content
        self._members |= {f"content/{digest}": Member((data,)) for digest, data in content.files.items()}
        return exported.add(run, places)

    def _file(self, name: str, lines: Sequence[bytes]) -> Member:
        path = self.work / name
        path.write_bytes(archive.lines(lines))
        return Member((path,))

    def _said_of_populations(self, entries: Sequence[Placed]) -> None:
        """The lists of the populations that were frozen, and what was drawn from them."""
        listed = dict[str, bytes]()
        for placed in entries:
            if placed.entry.kind == "population":
                digest = placed.entry.body.digest
                listed[digest] = self._kept(self.layout.content(digest), digest)
                self._members[f"content/{digest}"] = Member((listed[digest],))
        replacements = [placed for placed in entries if placed.entry.kind == "replacement"]
        private = {} if self.asked.redacted else people.known(replacements, self.layout)
        for name, data in samples(entries, listed, private).items():
            self._members[name] = Member((data,))

    def _add_summaries(self, entries: Sequence[Placed]) -> None:
        """What stays of runs that are kept no longer."""
        for placed in entries:
            if placed.entry.kind == "tombstone":
                digest = placed.entry.body.summaries
                self._members[f"content/{digest}"] = Member((self._kept(self.layout.content(digest), digest),))

    def _add_private(self) -> None:
        if self.asked.redacted:
            return
        for digest in sorted(self._private):
            path = self.layout.private(digest)
            if not path.exists():
                continue  # it was erased
            data = regular.read(path)
            try:
                personal.opened(digest, data)
            except ValueError as error:
                said = f"{path} is not the private object of its name ({error})"
                raise SealError(f"{self.doing}: {said}; run `auditreel verify`") from error
            self._members[self.layout.relative(path)] = Member((data,))

    def _kept(self, path: Path, digest: str) -> bytes:
        try:
            data = regular.read(path)
        except OSError as error:
            raise SealError(f"{self.doing}: {path} cannot be read: {error.strerror}") from error
        if canonical.digest(data) != digest:
            raise SealError(f"{self.doing}: {path} was altered; run `auditreel verify`")
        return data
