"""Evidence: bundles, stores and what a chain is made of, altered by whoever holds no key.

An input is a list of edits in JSON, made to a genuine world that is built when the process first needs it, so that
what found something can be kept: ``[[PLACE, KIND, AT, TEXT], ...]``. PLACE chooses among the members or files, by their
order.
"""

from __future__ import annotations

import atexit
import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st

from engine.errors import AuditreelError
from engine.evidence import chain, der, entries, inclusion, standalone_verify, timestamps
from engine.evidence.archive import archive
from engine.evidence.bundle_verify import verify_bundle
from engine.evidence.trust import read_trust, write_trust
from engine.evidence.verify import verify
from tests.fuzz.fuzzing import Target, Wrong

KINDS: Final = ("flip", "cut", "drop", "insert", "copy", "rename", "gone", "value", "line")
Edit = tuple[int, str, int, str]
_LARGEST: Final = 2_000_000


def edits(data: bytes) -> list[Edit]:
    """The edits of an input. Bytes that are no list of edits are read as numbers that choose some."""
    try:
        rows = [
            (int(place) % 2**53, kind, int(at) % 2**53, str(text))
            for place, kind, at, text in json.loads(data)
            if kind in KINDS
        ]
    except (ValueError, TypeError, OverflowError, RecursionError):
        rows = [
            (part[0], KINDS[part[1] % len(KINDS)], int.from_bytes(part[2:5], "big"), part[5:].decode("latin-1"))
            for start in range(0, min(len(data), 24), 8)
            if len(part := data[start : start + 8]) > 5
        ]
    return rows[:8]


def edited(data: bytes, kind: str, at: int, text: str) -> bytes:
    """Bytes with one edit. ``at`` is a place, counted round."""
    at = at % (len(data) + 1)
    more = text.encode("utf-8", "surrogatepass")
    match kind:
        case "flip" if data:
            at = at % len(data)
            return data[:at] + bytes([data[at] ^ (1 << (len(text) % 8))]) + data[at + 1 :]
        case "cut":
            return data[:at]
        case "drop":
            return data[:at] + data[at + 1 + len(text) :]
        case "insert":
            return data[:at] + more + data[at:]
        case "line":
            lines = data.splitlines(keepends=True)
            return b"".join(reversed(lines)) if not text else b"".join([*lines, *lines[-1:]])
        case "value":
            return _value(data, at, text)
    return data


def _value(data: bytes, at: int, text: str) -> bytes:
    """JSON with one value instead of another, written as canonically as it was."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return data
    places: list[tuple[Any, Any]] = []
    waiting = [document]
    while waiting:
        value = waiting.pop()
        for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
            places.append((value, key))
            waiting.append(value[key])
    if not places:
        return data
    holder, key = places[at % len(places)]
    try:
        holder[key] = json.loads(text)
    except (ValueError, RecursionError):
        holder[key] = text
    try:
        return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
            "utf-8", "replace"
        )
    except (ValueError, RecursionError):
        return data


@cache
def world() -> Any:
    """The genuine thing (tests/tampering/world.py); removed when the process ends."""
    from tests.tampering.world import build

    folder = Path(tempfile.mkdtemp(prefix=f"auditreel-fuzz-{os.getpid()}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return build(folder)


# --- bundles ---


def bundle(data: bytes) -> str:
    """No verifier accepts a bundle of which a byte was changed, and none raises; both say so of the same ones."""
    genuine = world().bundles[0]
    made = genuine
    for place, kind, at, text in edits(data):
        made = edited(made, kind, at, text) if place % 3 == 0 else _member(made, place, kind, at, text)
        if len(made) > _LARGEST:
            return "too large"
    path = world().folder / "fuzzed.zip"
    path.write_bytes(made)
    ours = verify_bundle(path, world().auditor)
    theirs = _other(made)
    if made == genuine:
        if ours.exit_code or theirs:
            raise Wrong("what nobody touched does not verify")
        return "verified"
    if ours.exit_code == 0:
        raise Wrong("an altered bundle verifies")
    if not theirs:
        raise Wrong("an altered bundle verifies by the standalone verifier")
    if not all(str(problem).strip() for problem in ours.problems) or not (ours.problems or ours.tail):
        raise Wrong("it does not say why it does not verify")
    return "refused"


def _member(data: bytes, place: int, kind: str, at: int, text: str) -> bytes:
    """The bundle with one member changed, and put together again in its one form, as who holds no key can."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as source:
            members = {name: source.read(name) for name in source.namelist()}
    except Exception:  # an edit before this one left no archive
        return data
    name = sorted(members)[place % len(members)]
    match kind:
        case "gone":
            del members[name]
        case "copy":
            members[f"{name}{text}"[:200]] = members[name]
        case "rename":
            members[f"{name}{text}"[:200]] = members.pop(name)
        case _:
            members[name] = edited(members[name], kind, at, text)
    try:
        return archive(members)
    except (UnicodeEncodeError, AuditreelError):
        return data


def _other(made: bytes) -> bool:
    """Whether the standalone verifier finds something, as its command line does."""
    try:
        problems, _, _, _ = standalone_verify.verify(io.BytesIO(made), _pins(), False)
    except Exception:  # its command line says "could not be verified", and ends with 5
        return True
    return bool(problems)


@cache
def _pins() -> Any:
    path = world().folder / "fuzz-auditor.json"
    write_trust(world().auditor, path)
    return standalone_verify.Pinned(path.read_bytes())


# --- stores ---

DERIVED: Final = ("index/", "tmp/")
"""What is no evidence: derived and compared with a rebuild where it is used, or unfinished."""


def store(data: bytes) -> str:
    """A store of which a file was changed does not verify, and verifying it raises nothing.

    A private object may be erased, which is what it is apart for: every hash still verifies, and the report counts it.
    """
    genuine = world().store
    copy = world().copy()
    try:
        for place, kind, at, text in edits(data):
            _file(copy, place, kind, at, text)
        was, now = _contents(genuine), _contents(copy)
        report = verify(copy, world().owner)
    finally:
        shutil.rmtree(copy.parent)
    erased = [name for name in was.keys() - now.keys() if name.startswith("private/")]
    if now == {name: held for name, held in was.items() if name not in erased}:
        said = any(note.startswith(f"{len(erased)} private objects were erased") for note in report.notes)
        if report.exit_code or said != bool(erased):
            raise Wrong("what nobody touched does not verify, or nobody is told what was erased")
        return "erased" if erased else "verified"
    if report.exit_code == 0:
        raise Wrong("an altered store verifies")
    return "refused"


def _file(copy: Path, place: int, kind: str, at: int, text: str) -> None:
    files = sorted(path for path in copy.rglob("*") if path.is_file() and not path.is_symlink())
    if not files:
        return
    path = files[place % len(files)]
    name = "".join(c for c in text if c.isalnum() or c in "._-")[:40] or "x"
    match kind:
        case "gone":
            path.unlink()
        case "copy" if at % 4 == 3:
            link = path.parent / f"link-{name}"
            link.unlink(missing_ok=True)
            link.symlink_to(path)
        case "copy":
            shutil.copyfile(path, path.parent / f"{name}{path.suffix}")
        case "rename":
            path.rename(path.parent / f"{path.name}{name}")
        case "line" if at % 2:
            other = files[at % len(files)]
            one, two = path.read_bytes(), other.read_bytes()
            path.write_bytes(two)
            other.write_bytes(one)
        case _:
            path.write_bytes(edited(path.read_bytes(), kind, at, text))


def _contents(folder: Path) -> dict[str, bytes]:
    """Everything that is evidence, and what else lies there."""
    return {
        name: str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if (path.is_file() or path.is_symlink())
        and not (name := path.relative_to(folder).as_posix()).startswith(DERIVED)
    }


_TEXTS: Final = st.sampled_from(
    ["", "x", "0", "null", "[]", "{}", '"x"', "true", "\0", "é", " ", "-1", "9007199254740993", '{"a":1}']
)
_EDITS: Final = st.lists(
    st.tuples(st.integers(0, 400), st.sampled_from(KINDS), st.integers(0, 2**20), _TEXTS), min_size=1, max_size=3
).map(lambda rows: json.dumps(rows).encode())
_EXAMPLES: Final = (
    b"[]",
    *(
        json.dumps([[place, kind, at, "x"]]).encode()
        for kind in KINDS
        for place, at in ((0, 0), (1, 30), (2, 900), (7, 5))
    ),
)


# --- what a chain is made of ---


def piece(data: bytes) -> str:
    """An entry, a payload, a time stamp, a proof, a trust file: what was changed of it is refused, in its own words.

    The first byte says which; the rest is the bytes.
    """
    kinds: dict[bytes, Callable[[bytes], str]] = {
        b"E": _entry, b"P": _payload, b"T": _stamp, b"D": _der, b"I": _proof, b"R": _trusted,
    }  # fmt: skip
    read = kinds.get(data[:1])
    return "no kind" if read is None else read(data[1:])


def _entry(data: bytes) -> str:
    genuine = _entries()
    try:
        found = chain.opened(1, data, world().auditor.keys and _keys(), world().owner.store)
    except ValueError as error:
        return _said(error)
    if data not in genuine:
        raise Wrong("an altered entry verifies")
    return "read" if found.entry.sequence == 1 else "refused"


def _payload(data: bytes) -> str:
    try:
        entry = entries.decode(data)
    except ValueError as error:
        return _said(error)
    if entries.encode(entry) != data:
        raise Wrong("a payload is read that is not written so")
    return "read"


def _stamp(data: bytes) -> str:
    response, digest, certificates = _answer()
    try:
        found = timestamps.checked(data, digest, certificates)
    except timestamps.TimeStampError as error:
        return _said(error)
    # What surrounds the signed part (versions, names of algorithms, certificates sent along, unsigned attributes) no
    # authority signs. It may differ as long as the time does not; the entry that holds the answer is signed whole.
    if found != timestamps.checked(response, digest, certificates):
        raise Wrong("an altered time stamp says something else")
    return "verified" if data == response else "verified, of other bytes"


def _der(data: bytes) -> str:
    waiting = []
    try:
        waiting = [der.read(data)]
        while waiting:
            element = waiting.pop()
            if element.tag & 0x20:
                waiting += element.inside()
            elif element.tag == der.OBJECT:
                der.oid(element.content)
    except ValueError as error:
        return _said(error)
    return "read"


def _proof(data: bytes) -> str:
    report = inclusion.verify_proof(data, world().owner)
    if report.exit_code:
        if not report.problems:
            raise Wrong("it does not say why it does not verify")
        return "refused"
    if data.removesuffix(b"\n") != _proofs()[0].removesuffix(b"\n"):
        raise Wrong("an altered proof verifies")
    return "verified"


def _trusted(data: bytes) -> str:
    path = world().folder / "fuzzed-trust.json"
    path.write_bytes(data)
    try:
        read_trust(path)
    except AuditreelError as error:
        return _said(error)
    return "read"


def _said(error: Exception) -> str:
    if not str(error):
        raise Wrong("it is refused without a word") from error
    return "refused"


def _keys() -> Any:
    from engine.evidence.keyring import KeyRing

    return KeyRing(world().owner).keys


@cache
def _entries() -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in sorted((world().store / "chain").iterdir()))


@cache
def _answer() -> tuple[bytes, str, tuple[bytes, ...]]:
    """An authority's answer, over which digest, and the certificates that are pinned."""
    import base64

    body = next(entry.body for entry in map(_opened, _entries()) if isinstance(entry.body, entries.TimeStamp))
    return (
        base64.b64decode(body.response),
        body.of.digest,
        tuple(one for listed in world().owner.authorities.values() for one in listed),
    )


def _opened(data: bytes) -> Any:
    import base64

    return entries.decode(base64.b64decode(json.loads(data)["payload"]))


@cache
def _proofs() -> tuple[bytes, ...]:
    key = world().word
    return (inclusion.prove(world().store, world().owner, key, world().runs[2], 0),)


@cache
def _pieces() -> tuple[bytes, ...]:
    import base64

    payloads = [base64.b64decode(json.loads(data)["payload"]) for data in _entries()]
    path = world().folder / "fuzz-trust.json"
    write_trust(world().owner, path)
    return (
        *(b"E" + data for data in _entries()[:3] * 3),
        *(b"P" + data for data in payloads),
        *[b"T" + _answer()[0], b"D" + _answer()[0], b"I" + _proofs()[0], b"R" + path.read_bytes()] * 4,
    )


TARGETS: Final = (
    Target("bundle", lambda: _EXAMPLES, bundle, _EDITS, seconds=20.0),
    Target("store", lambda: _EXAMPLES, store, _EDITS, seconds=20.0),
    Target("chain", _pieces, piece),
)
