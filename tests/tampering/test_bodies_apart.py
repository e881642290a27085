"""Entries whose body stands beside what is signed say what any others say, and nothing of them can be changed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from engine.errors import SealError
from engine.evidence import canonical, chain, dsse, entries, kms
from engine.evidence.archive import archive
from engine.evidence.bundle_verify import verify_bundle
from engine.evidence.dsse import Signer
from engine.evidence.entries import (
    Close,
    Compact,
    FileFact,
    Link,
    Removed,
    Span,
    Tombstone,
    Tree,
    Verdicts,
)
from engine.evidence.exporting import export_run
from engine.evidence.keys import Keys, SigningKey
from engine.evidence.seal import Recorder
from engine.evidence.trust import Trust, read_trust, write_trust
from engine.evidence.verify import verify
from tests.tampering.found import other
from tests.tampering.stranger import faults
from tests.tampering.test_period_bundles import opened
from tests.tampering.world import signed
from tests.unit.evidence.synthetic_runs import START, begun, content, judged, plan, sealed, store_in

Document = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Short:
    """A key that signs no long message."""

    key: SigningKey
    longest: int | None

    @property
    def public(self) -> bytes:
        return self.key.public

    @property
    def key_id(self) -> str:
        return self.key.key_id

    def sign(self, message: bytes) -> bytes:
        assert self.longest is None or len(message) <= self.longest
        return self.key.sign(message)


@dataclass(frozen=True)
class Made:
    data: bytes
    trust: Trust
    key: SigningKey


def recorded(folder: Path, longest: int | None) -> tuple[Recorder, str]:
    """A run, signed by a key that takes so many bytes."""
    recorder = store_in(folder)
    key = recorder.keys.signing
    assert isinstance(key, SigningKey)
    short = replace(recorder, keys=Keys(Short(key, longest), recorder.keys.secret))
    return short, sealed(begun(short, plan(), content(), START), judged(), START).run


def said(recorder: Recorder) -> list[tuple[int, str]]:
    """What entries are made of, but for what is drawn by lot: their versions and kinds."""
    placed = chain.read(recorder.layout, recorder.trust).placed
    return [(found.entry.schema, type(found.entry.body).__name__) for found in placed]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("apart")
    recorder, run = recorded(folder, 600)
    trust = read_trust(recorder.trust_file)
    assert said(recorder) == [(2, "Intent"), (2, "Seal")]
    assert verify(recorder.layout.root, trust).exit_code == 0
    export_run(recorder.layout.root, trust, recorder.keys.signing, run, folder / "run.zip")
    key = recorder.keys.signing
    assert isinstance(key, Short)
    return Made((folder / "run.zip").read_bytes(), trust, key.key)


def refusals(data: bytes, trust: Trust, folder: Path) -> list[bool]:
    """Whether ours, the one inside of a bundle and a stranger's verifier refuse a bundle."""
    (folder / "run.zip").write_bytes(data)
    write_trust(trust, folder / "trust.json")
    pinned = json.loads((folder / "trust.json").read_bytes())
    ours = verify_bundle(folder / "run.zip", trust).exit_code == 5
    return [ours, bool(other(data, trust, folder)), bool(faults(data, pinned))]


def test_only_what_is_too_long_stands_apart_and_all_three_accept_it(made: Made, tmp_path: Path) -> None:
    for trust in (made.trust, replace(made.trust, head=None)):
        assert refusals(made.data, trust, tmp_path) == [False, False, False]
    for longest, versions in ((None, [1, 1]), (100_000, [1, 1]), (1_500, [1, 2])):
        recorder, _ = recorded(tmp_path / str(longest), longest)
        assert [version for version, _ in said(recorder)] == versions
        assert verify(recorder.layout.root, read_trust(recorder.trust_file)).exit_code == 0


LINK = Link(sequence=100_000, digest="0" * 64)
FACT = FileFact(digest="0" * 64, size=10**9)
SPAN = Span(starts="2026-01-01", ends="2026-12-31", timezone="Europe/Berlin")
SUMS = Verdicts(passed=10**5, failed=10**5, unknown=10**5, not_applicable=10**5, waived=10**5)
TREE = Tree(count=10**6, root="0" * 64)
REMOVED = Removed(seal=LINK, run="20260101T000000Z-00000000", verdicts=SUMS, records=TREE, ledger=TREE)
LONG: dict[str, tuple[int, str, Callable[[int], Any]]] = {
    "close": (
        37,
        "closing a period or freezing a population of more than 37",
        lambda count: Close(period=SPAN, seals=(LINK,) * count, inputs="0" * 64, open_failures="0" * 64),
    ),
    "compact": (
        36,
        "merging more than 36",
        lambda count: Compact(runs=(LINK,) * count, findings=FACT, ledger=FACT, bodies=FACT),
    ),
    "tombstone": (
        8,
        "removing more than 8",
        lambda count: Tombstone(rule="days", runs=(REMOVED,) * count, summaries="0" * 64, bodies=FACT),
    ),
}


@pytest.mark.parametrize("kind", LONG)
def test_what_a_message_of_kms_holds_is_what_the_documentation_says(tmp_path: Path, kind: str) -> None:
    recorder = store_in(tmp_path)
    key = recorder.keys.signing
    assert isinstance(key, SigningKey)
    appending = chain.Chain(recorder.layout, recorder.trust, Short(key, kms.LONGEST))
    most, documented, body = LONG[kind]
    for count in (most, most + 1):
        appending.append(kind, body(count), "2026-11-24T03:00:00.123456Z")
    assert said(recorder) == [(1, type(body(1)).__name__), (2, type(body(1)).__name__)]
    assert documented in " ".join((ROOT / "docs" / "object-store.md").read_text().split())


def test_what_the_key_still_does_not_take_is_an_error_and_nothing_is_written(tmp_path: Path) -> None:
    class Refusing(Short):
        def sign(self, message: bytes) -> bytes:
            raise SealError(f"{len(message)} bytes are too many")

    recorder = store_in(tmp_path)
    key = recorder.keys.signing
    assert isinstance(key, SigningKey)
    short = replace(recorder, keys=Keys(Refusing(key, 10), recorder.keys.secret))
    with pytest.raises(SealError, match="bytes are too many"):
        begun(short, plan(), content(), START)
    assert list(recorder.layout.chain.iterdir()) == []


def envelope(members: dict[str, bytes], sequence: int) -> Document:
    found: Document = json.loads(members[f"chain/{sequence:020d}.json"])
    return found


def signed_anew(found: Document, key: Signer, **changes: Any) -> Document:
    """An envelope whose entry says something else, signed by the key; its body stays as it is."""
    payload = json.loads(base64.b64decode(found["payload"])) | changes
    again: Document = json.loads(dsse.seal(canonical.encode(payload), key))
    return again | {name: found[name] for name in ("body",) if name in found}


def body_of(found: Document) -> Document:
    body: Document = json.loads(base64.b64decode(found["body"]))
    return body


def without(found: Document, made: Made) -> Document:
    return {name: value for name, value in found.items() if name != "body"}


def longer(found: Document, made: Made) -> Document:
    body = canonical.encode(body_of(found) | {"trigger": "another"})
    return found | {"body": base64.b64encode(body).decode()}


def spaced(found: Document, made: Made) -> Document:
    """Bytes that are named rightly, and are no canonical JSON."""
    body = json.dumps(body_of(found)).encode()
    again = signed_anew(found, made.key, body={"digest": canonical.digest(body), "size": len(body)})
    return again | {"body": base64.b64encode(body).decode()}


CHANGES: dict[str, Callable[[Document, Made], Document]] = {
    "it is taken away": without,
    "it is another": longer,
    "it is null": lambda found, made: found | {"body": None},
    "it is empty": lambda found, made: found | {"body": ""},
    "it is no base64": lambda found, made: found | {"body": found["body"] + "="},
    "it is an object": lambda found, made: found | {"body": body_of(found)},
    "it is not canonical": spaced,
    "its size is another": lambda found, made: signed_anew(
        found, made.key, body={"digest": canonical.digest(canonical.encode(body_of(found))), "size": 1}
    ),
    "what names it says more": lambda found, made: signed_anew(
        found,
        made.key,
        body=json.loads(base64.b64decode(found["payload"]))["body"] | {"note": ""},
    ),
    "the entry is of version 1": lambda found, made: signed_anew(found, made.key, schema=1),
    "the entry is of version 3": lambda found, made: signed_anew(found, made.key, schema=3),
    "the entry has it within as well": lambda found, made: signed_anew(found, made.key, schema=1, body=body_of(found)),
    "the entry has it within, in version 2": lambda found, made: without(
        signed_anew(found, made.key, body=body_of(found)), made
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_body_in_any_other_form_is_refused_by_all_three(made: Made, tmp_path: Path, name: str) -> None:
    """The last entry is changed, and what lists it signed anew: the envelope alone shows it."""
    members, manifest = opened(made.data)
    members["chain/00000000000000000002.json"] = canonical.encode(CHANGES[name](envelope(members, 2), made))
    signed(members, manifest, 2, made.key)
    assert refusals(archive(members), replace(made.trust, head=None), tmp_path) == [True, True, True]


def test_a_body_beside_the_word_for_a_bundle_is_refused_by_all_three(made: Made, tmp_path: Path) -> None:
    members, _ = opened(made.data)
    word = json.loads(members["signature.json"])
    for body in (None, "", base64.b64encode(b"{}").decode()):
        members["signature.json"] = canonical.encode(word | {"body": body})
        assert refusals(archive(members), made.trust, tmp_path) == [True, True, True]


def test_no_byte_of_an_entry_with_its_body_apart_changes_unnoticed(made: Made) -> None:
    members, _ = opened(made.data)
    data = members["chain/00000000000000000001.json"]
    keys = made.trust.public_keys()
    assert chain.opened(1, data, keys, made.trust.store).entry.schema == entries.APART
    for place in range(0, len(data), 5):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(ValueError, match=r"."):
            chain.opened(1, changed, keys, made.trust.store)
