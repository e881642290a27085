"""Verifies a bundle with the engine's own modules; ``standalone_verify.py`` is the other verifier. The two agree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain as chained
from pathlib import Path
from typing import Final

import msgspec

from engine.evidence import anchors, bundle, canonical, chain, dsse, regular
from engine.evidence.archive import Archive
from engine.evidence.bundle import Manifest
from engine.evidence.bundle_contents import Contents, UnreadableError
from engine.evidence.chain import Placed, Reading
from engine.evidence.entries import Seal
from engine.evidence.faults import Fault
from engine.evidence.keyring import KeyRing
from engine.evidence.layout import SEQUENCE_DIGITS
from engine.evidence.period.frames import is_frame
from engine.evidence.period.schedule import instant
from engine.evidence.storage import removals
from engine.evidence.trust import Trust
from engine.evidence.verify import Report, linked, run_states, unvouched

_ENTRY: Final = re.compile(rf"chain/[0-9]{{{SEQUENCE_DIGITS}}}\.json")
SPLIT_VIEW: Final = (
    "two packages that tell different stories each verify alone; with both at hand: auditreel verify A B"
)


def verify_bundle(path: Path, trust: Trust, allow_unanchored: bool = False) -> Report:
    """Verify a bundle against a trust file. What people read in it, and its conveniences, the signed manifest covers.

    The bundle declares its period, so that nothing can be cut off its end. ``allow_unanchored`` accepts that its chain
    ends before that where no head is pinned, and time stamps of authorities that the trust file does not pin.
    """
    faults: list[Fault] = []
    try:
        with regular.opened(path.resolve()) as file:
            return _verified(Archive(file), trust, allow_unanchored, faults)
    except UnreadableError as error:
        faults.append(Fault(error.place, f"could not be verified: {error}"))
    except Exception as error:  # whatever is in a stranger's file: that it could not be verified is never a success
        faults.append(Fault(path.name, f"could not be verified: {type(error).__name__}: {error}"))
    return Report(tuple(sorted(set(faults))), (), None, ())


def _verified(members: Archive, trust: Trust, lenient: bool, faults: list[Fault]) -> Report:
    reading, ring = _chain(members, trust)
    faults += reading.faults
    faults += _signed(members, reading, ring, trust)
    try:
        manifest = bundle.read_manifest(members)
    except ValueError as error:
        raise UnreadableError(bundle.MANIFEST, str(error)) from error
    anchoring = anchors.anchoring(reading, trust)
    notes: list[str] = []
    faults += [*linked(reading), *unvouched(anchoring, lenient, notes)]
    faults += _listed(members, manifest)
    faults += chained(_complete(manifest, reading, trust), _declared(manifest, reading))
    seals = [placed for placed, seal in reading.of_kind("seal") if seal.asked.run in manifest.runs]
    if [placed.entry.body.asked.run for placed in seals] != list(manifest.runs):
        raise UnreadableError("manifest.json", "it does not name the runs whose seals are here, in their order")
    contents = Contents(members, manifest)
    faults += contents.faults(seals, reading)
    last = seals[-1]
    anchor = anchoring.of(last.entry.sequence)
    wanting = (anchors.wanting(seal, anchoring.of(seal.entry.sequence), trust) for seal in seals)
    return Report(
        problems=tuple(sorted(set(faults))),
        notes=(*notes, *_notes(manifest, reading, contents), SPLIT_VIEW),
        head=reading.placed[-1].link,
        runs=tuple(
            state for state in run_states(reading).values() if state.state != "sealed" or state.run in manifest.runs
        ),
        demonstration=trust.purpose == "demonstration"
        or any(placed.entry.body.asked.kind == "demo" for placed in seals),
        anchored=anchors.line(anchor),
        tail=next((text for text in wanting if text is not None), _open_tail(manifest, reading, trust)),
        lenient=lenient,
    )


def _notes(manifest: Manifest, reading: Reading, contents: Contents) -> Iterator[str]:
    if contents.erased:
        yield f"{contents.erased} private objects were left out or erased: they cannot be replayed"
    if manifest.redacted:
        yield f"redacted: {', '.join(manifest.redacted)}"
    if manifest.criteria is not None:
        yield (
            f"of {', '.join(manifest.criteria)}, and all that failed or is unknown: "
            f"of {contents.left_out} other records it holds the hashes alone"
        )
    for run, why in manifest.left_out.items():
        yield f"run {run} is not in it: {why}"
    if _ends(manifest, reading) is not None:
        yield f"its chain ends with entry {manifest.chain.last}, before the period that it declares has ended"


def _open_tail(manifest: Manifest, reading: Reading, trust: Trust) -> str | None:
    """Why nothing shows where a bundle ends: its chain ends before its period, and nobody pinned a head."""
    end = _ends(manifest, reading)
    if end is None or trust.head is not None:
        return None
    return (
        f"tail not anchored: its chain ends with entry {end}, before the period that it declares has ended, and no "
        "head is pinned: what came after could have been cut off"
    )


def read_chain(members: Archive, trust: Trust) -> Reading:
    """The entries in a bundle: signed, linked; where one of them was pinned, that very one.

    Before and after those of the bundle may stand changes of keys, each in a place of its own. Raises ValueError for
    what is no entry.
    """
    return _chain(members, trust)[0]


def _chain(members: Archive, trust: Trust) -> tuple[Reading, KeyRing]:
    placed: list[Placed] = []
    faults: list[Fault] = []
    ring = KeyRing(trust)
    for name in members.names("chain/"):
        if not _ENTRY.fullmatch(name):
            raise ValueError(f"{name} is no name of an entry")
        sequence = int(name[len("chain/") :][:SEQUENCE_DIGITS])
        try:
            found = chain.opened(sequence, members.read(name), ring.keys, trust.store)
            ring.admit(found)
        except ValueError as error:
            faults.append(Fault(name, f"does not verify: {error}"))
            continue
        before = placed[-1] if placed else None
        if before is not None and not _follows(found, before, all(item.entry.kind == "key" for item in placed)):
            faults.append(Fault(name, "does not follow the entry before it"))
        if trust.head is not None and trust.head.sequence == sequence and trust.head != found.link:
            faults.append(Fault(name, "is not the entry that was pinned"))
        placed.append(found)
    faults += ring.withdrawn(placed)
    return Reading(tuple(placed), tuple(faults)), ring


def _follows(found: Placed, before: Placed, apart: bool) -> bool:
    """Whether an entry stands on the one before it. Entries may lie between before and after a change of keys."""
    if (apart or found.entry.kind == "key") and found.entry.sequence > before.entry.sequence + 1:
        return True
    return (found.entry.sequence, found.entry.previous) == (before.entry.sequence + 1, before.digest)


def _signed(members: Archive, reading: Reading, ring: KeyRing, trust: Trust) -> Iterator[Fault]:
    """The manifest must be the one that a key signed which was in force after the last entry."""
    try:
        payload, key, _ = dsse.unseal(members.read(bundle.SIGNATURE), ring.keys, bundle.PAYLOAD_TYPE)
        said = msgspec.convert(canonical.decode(payload), bundle.Signed)
        last = reading.placed[-1].entry.sequence
        ring.refuse(key, last)
    except (ValueError, KeyError, IndexError) as error:
        yield Fault(bundle.SIGNATURE, f"the signature does not verify: {error}")
        return
    if said.manifest != members.facts[bundle.MANIFEST].digest:
        yield Fault(bundle.MANIFEST, "is not the one that was signed")
    if (said.sequence, said.store) != (last, trust.store):
        yield Fault(bundle.SIGNATURE, "was given for another chain, or another part of it: an entry is missing")


def _listed(members: Archive, manifest: Manifest) -> Iterator[Fault]:
    facts = {name: fact for name, fact in members.facts.items() if name not in (bundle.MANIFEST, bundle.SIGNATURE)}
    wrong = sorted({name for name, _ in facts.items() ^ manifest.members.items()}) if facts != manifest.members else []
    if wrong:
        yield Fault(bundle.MANIFEST, "does not list the members as they are")
    yield from (Fault(name, "is not the member that the manifest lists") for name in wrong)


def _complete(manifest: Manifest, reading: Reading, trust: Trust) -> Iterator[Fault]:
    """The part of the chain that is named must be there, and reach around the period that is declared."""
    part, store = manifest.chain, {placed.entry.store for placed in reading.placed} | {manifest.store}
    numbers = {placed.entry.sequence for placed in reading.placed}
    missing = next((number for number in range(part.first, part.last + 1) if number not in numbers), None)
    if missing is not None:
        yield Fault(f"chain/{missing:0{SEQUENCE_DIGITS}d}.json", "is missing")
    others = [
        placed
        for placed in reading.placed
        if placed.entry.kind != "key" and not part.first <= placed.entry.sequence <= part.last
    ]
    yield from (Fault(anchors.place(placed), "is not in the part of the chain that is declared") for placed in others)
    if store != {trust.store}:
        yield Fault(bundle.MANIFEST, "is of another store")
    first = next((placed for placed in reading.placed if placed.entry.sequence == part.first), None)
    late = first is not None and instant(first.entry.recorded_at) > instant(manifest.period.starts)
    if part.first > 1 and late:
        yield Fault("chain", "begins after the period that is declared: runs before could have been left out")
    end = _ends(manifest, reading)
    if trust.head is not None and end is not None and trust.head.sequence > end:
        yield Fault(
            "chain", f"ends before the period that is declared, and entry {trust.head.sequence} was seen: cut off"
        )


def _ends(manifest: Manifest, reading: Reading) -> int | None:
    """The last entry of the part that is declared, where it was recorded before the end of the period."""
    last = next((placed for placed in reading.placed if placed.entry.sequence == manifest.chain.last), None)
    early = last is not None and instant(last.entry.recorded_at) < instant(manifest.period.ends)
    return manifest.chain.last if early else None


def _declared(manifest: Manifest, reading: Reading) -> Iterator[Fault]:
    """Every seal must be of a run that is here, or be named as left out, and rightly so."""
    starts, ends = instant(manifest.period.starts), instant(manifest.period.ends)
    if starts > ends:
        yield Fault(bundle.MANIFEST, "declares a period that ends before it starts")
    if manifest.nights is None and len(manifest.runs) != 1:
        yield Fault(bundle.MANIFEST, "holds several runs, and declares no nights")
    named, gone = set[str](), removals(reading)
    for placed, seal in reading.of_kind("seal"):
        run = seal.asked.run
        within = starts <= instant(seal.as_of) < ends and is_frame(seal, manifest.demonstration)
        if manifest.nights is None:
            if run in manifest.runs and not _alone(manifest, seal):
                yield Fault(bundle.MANIFEST, f"declares another period than that of its run {run}")
        elif placed.link in gone:
            if run in manifest.runs:
                yield Fault(bundle.MANIFEST, f"run {run} is held, and it is {gone[placed.link]}")
            elif within and manifest.left_out.get(run) != str(gone[placed.link]):
                yield Fault(bundle.MANIFEST, f"run {run} is left out and not named as {gone[placed.link]}")
        elif (run in manifest.runs) != within:
            wrong = "left out" if run not in manifest.runs else "held"
            yield Fault(bundle.MANIFEST, f"run {run} is {wrong}, against the period that is declared")
        if (run in manifest.runs) == (run in manifest.left_out):
            yield Fault(anchors.place(placed), f"run {run} is neither here nor named as left out")
        named.add(run)
    if named != {*manifest.runs, *manifest.left_out}:
        yield Fault(bundle.MANIFEST, "names runs that the part of the chain does not seal")
    demo = any(seal.asked.kind == "demo" for _, seal in reading.of_kind("seal") if seal.asked.run in manifest.runs)
    if demo != manifest.demonstration:
        yield Fault(bundle.MANIFEST, "does not say rightly whether it is a demonstration")


def _alone(manifest: Manifest, seal: Seal) -> bool:
    """Whether a bundle of one run declares its run as its period."""
    return (manifest.period.starts, manifest.period.ends) == (seal.asked.started_at, seal.ended_at)
