"""docs/evidence-format.md is executed: its vectors hold, its code agrees with ours, and a stranger can verify by it."""

from __future__ import annotations

import base64
import hmac
import io
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.evidence import canonical, chain, dsse, entries, merkle, standalone_verify, timestamps
from engine.evidence.anchors import anchoring
from engine.evidence.archive import archive
from engine.evidence.keys import SigningKey
from engine.evidence.layout import Layout
from engine.evidence.personal import PrivateObjects
from engine.evidence.trust import Trust, write_trust
from engine.evidence.verify import linked
from tests.tampering.classes import CLASSES
from tests.tampering.stranger import PAGE, SAID, blocks, faults, stamped
from tests.tampering.world import Document, Package, World, build

VECTORS: dict[str, Any] = {found["vector"]: found for found in map(json.loads, blocks("json"))}
STAMP = VECTORS["time stamp"] | {name: "".join(VECTORS["time stamp"][name]) for name in ("certificate", "response")}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(tmp_path_factory.mktemp("format"))


def trusted(trust: Trust, folder: Path) -> Document:
    write_trust(trust, folder / "trust.json")
    return json.loads((folder / "trust.json").read_text())  # type: ignore[no-any-return]


# --- vectors ---


def test_every_vector_has_a_test() -> None:
    assert set(VECTORS) == {"canonical JSON", "chain", "Merkle trees", "private object", "time stamp", "archive"}


def test_canonical_json_has_the_bytes_of_the_vector() -> None:
    vector = VECTORS["canonical JSON"]
    data = bytes.fromhex(vector["hex"])
    assert SAID.canonical(vector["value"]) == canonical.encode(vector["value"]) == data
    assert SAID.read(data) == canonical.decode(data) == vector["value"]
    assert SAID.sha256(data) == canonical.digest(data) == vector["sha256"]


@pytest.mark.parametrize("text", VECTORS["canonical JSON"]["refused"])
def test_bytes_in_another_form_are_refused_by_the_page_by_us_and_by_the_other_verifier(text: str) -> None:
    data = text.encode()
    for read in (SAID.read, canonical.decode, lambda data: standalone_verify.parse(data, "x")):
        with pytest.raises(ValueError, match=r"."):
            read(data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(max_codepoint=127)), inner),
        max_leaves=4,
    )
)
@settings(max_examples=60)
def test_the_page_writes_any_value_as_we_do(value: Any) -> None:
    assert SAID.canonical(value) == canonical.encode(value)


def chain_of_the_page() -> Iterator[tuple[bytes, Document, Document]]:
    """Each file, its payload, and what the page says of it."""
    keys = [
        SigningKey(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key["seed"]))) for key in VECTORS["chain"]["keys"]
    ]
    for said in VECTORS["chain"]["entries"]:
        payload = json.loads(json.dumps(said["payload"]).replace('"@"', json.dumps(STAMP["response"])))
        data = SAID.canonical(payload)
        signature = keys[said["signer"]].sign(SAID.authenticated(dsse.PAYLOAD_TYPE, data))
        signed = {"keyid": keys[said["signer"]].key_id, "sig": base64.b64encode(signature).decode()}
        envelope = {
            "payload": base64.b64encode(data).decode(),
            "payloadType": dsse.PAYLOAD_TYPE,
            "signatures": [signed],
        }
        body = None
        if "body" in said:
            body = SAID.canonical(said["body"])
            envelope["body"], payload = base64.b64encode(body).decode(), {**payload, "body": said["body"]}
        assert SAID.canonical(envelope) == dsse.seal(data, keys[said["signer"]], body=body)
        yield SAID.canonical(envelope), payload, said


def test_the_chain_of_the_page_has_its_digests_and_verifies(tmp_path: Path) -> None:
    Layout(tmp_path).create()
    keys: dict[str, bytes] = {}
    for key in VECTORS["chain"]["keys"]:
        raw = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key["seed"])).public_key().public_bytes_raw()
        assert (base64.b64encode(raw).decode(), SAID.sha256(raw)) == (key["public"], key["id"])
        keys[key["id"]] = raw
    for data, payload, said in chain_of_the_page():
        assert SAID.sha256(data) == said["sha256"]
        assert SAID.opened(data, "entry", keys)[0] == payload
        Layout(tmp_path).entry(payload["sequence"]).write_bytes(data)
    first, *_ = keys
    pinned = {STAMP["authority"]: (base64.b64decode(STAMP["certificate"]),)}
    trust = Trust(payload["store"], "evidence", {first: keys[first]}, None, authorities=pinned)
    reading = chain.read(Layout(tmp_path), trust)
    found = anchoring(reading, trust)
    assert (reading.faults, list(linked(reading)), found.faults, found.unverified) == ((), [], (), ())
    assert [placed.entry.kind for placed in reading.placed] == ["intent", "abandon", "key", "timestamp", "accesses"]
    assert [placed.entry.schema for placed in reading.placed] == [1, 1, 1, 1, 2]
    assert [anchor.at for anchor in found.anchors] == [STAMP["at"]]


def test_an_envelope_that_is_changed_does_not_open() -> None:
    (data, _, _), *_, (apart, _, _) = chain_of_the_page()
    keys = {key["id"]: base64.b64decode(key["public"]) for key in VECTORS["chain"]["keys"]}
    for whole in (data, apart):
        for place in range(0, len(whole), 7):
            changed = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
            with pytest.raises((ValueError, InvalidSignature)):
                SAID.opened(changed, "entry", keys)
    with pytest.raises(ValueError, match="payload type"):
        SAID.opened(data, "bundle", keys)


def test_merkle_trees_have_the_roots_of_the_vector() -> None:
    vector = VECTORS["Merkle trees"]
    leaves = [text.encode() for text in vector["leaves"]]
    hashes = [SAID.leaf_hash(leaf) for leaf in leaves]
    assert [code.hex() for code in hashes[:2]] == vector["hashes"]
    for count, expected in vector["roots"].items():
        assert SAID.root(hashes[: int(count)]).hex() == merkle.root(leaves[: int(count)]) == expected
    path = [bytes.fromhex(part) for part in vector["path"]]
    index, whole = vector["index"], vector["roots"][str(len(leaves))]
    assert SAID.root_by_path(hashes[index], index, len(leaves), path).hex() == whole
    assert SAID.root_by_path(hashes[index], index, len(leaves), path[:-1]) is None
    assert SAID.root_by_path(hashes[index - 1], index, len(leaves), path).hex() != whole


@given(st.integers(1, 40), st.data())
def test_paths_of_ours_lead_to_the_root_by_the_code_of_the_page(count: int, data: st.DataObject) -> None:
    hashes = [SAID.leaf_hash(str(number).encode()) for number in range(count)]
    index = data.draw(st.integers(0, count - 1))
    assert SAID.root_by_path(hashes[index], index, count, merkle.path(hashes, index)) == SAID.root(hashes)


def test_a_private_object_has_the_name_of_the_vector() -> None:
    vector = VECTORS["private object"]
    objects = PrivateObjects(bytes.fromhex(vector["secret"]))
    assert objects.commit(vector["object"]) == vector["name"]
    file = SAID.canonical({"object": vector["object"], "salt": vector["salt"]})
    assert objects.files == {vector["name"]: file}
    assert SAID.private_name(file) == vector["name"]
    salt = hmac.digest(bytes.fromhex(vector["secret"]), SAID.canonical(vector["object"]), "sha256")
    assert salt.hex() == vector["salt"]


def test_the_time_stamp_of_the_page_is_believed_by_the_three_and_for_no_other_digest() -> None:
    certificate, response = base64.b64decode(STAMP["certificate"]), base64.b64decode(STAMP["response"])
    loaded = [x509.load_der_x509_certificate(certificate)]
    assert timestamps.checked(response, STAMP["digest"], [certificate]).at == STAMP["at"]
    for when in (
        stamped(response, STAMP["digest"], loaded),
        standalone_verify.stamped_at(response, STAMP["digest"], loaded),
    ):
        assert when.strftime("%Y-%m-%dT%H:%M:%SZ") == STAMP["at"]
    with pytest.raises(ValueError, match="something else"):
        stamped(response, "0" * 64, loaded)


def test_the_archive_of_the_page_has_the_bytes_of_the_vector() -> None:
    vector = VECTORS["archive"]
    members = {name: text.encode() for name, text in vector["members"].items()}
    data = bytes.fromhex(vector["hex"])
    assert SAID.archived(members) == archive(members) == data
    assert SAID.members_of(data) == members
    for changed in (data[:-1], data + b"\0", data[:20], b"", data.replace(b"hello", b"hallo")):
        with pytest.raises(ValueError, match=r"."):
            SAID.members_of(changed)


# --- the table of kinds ---


def test_the_page_names_every_kind_of_entry_and_every_field() -> None:
    table = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE.split("## 5.")[1].split("## 6.")[0], re.MULTILINE))
    assert table.keys() == entries.KINDS.keys()
    bodies: dict[str, list[Any]] = {kind: [body] for kind, body in entries.KINDS.items()}
    bodies["key"] = [entries.Rotate, entries.Revoke]
    for kind, structs in bodies.items():
        top = re.sub(r"\([^)]*\)", "", table[kind])
        listed = {name.rstrip("?"): name.endswith("?") for name in re.findall(r"`([\w?]+)`", top)}
        fields = {field.encode_name: not field.required for of in structs for field in msgspec.structs.fields(of)}
        assert {name: listed.get(name) for name in fields} == fields, kind
        assert listed.keys() - fields.keys() <= {"action", "rotate", "revoke"}, kind


# --- the stranger's verifier ---


def test_a_stranger_accepts_what_nobody_touched(world: World, tmp_path: Path) -> None:
    for trust in (world.owner, world.auditor):
        for data in world.bundles:
            assert faults(data, trusted(trust, tmp_path)) == []


def test_a_stranger_accepts_no_key_that_only_the_bundle_claims(world: World, tmp_path: Path) -> None:
    trust = trusted(world.auditor, tmp_path)
    trust["keys"] = {world.stranger.key_id: base64.b64encode(world.stranger.public).decode()}
    assert faults(world.bundles[0], trust) == ["could not be verified: ValueError: not signed by a key that is pinned"]


@pytest.mark.parametrize("name", [name for name, kind in CLASSES.items() if kind.reaches == "bundle"])
def test_a_stranger_refuses_what_was_tampered_with(world: World, tmp_path: Path, name: str) -> None:
    made = CLASSES[name].mutate(world, random.Random(f"{name} of a stranger"))
    (data,) = made.bundles
    assert faults(data, trusted(made.trust, tmp_path))


def test_a_stranger_refuses_each_flipped_byte(world: World, tmp_path: Path) -> None:
    trust, data, chance = trusted(world.auditor, tmp_path), world.bundles[1], random.Random(9162)
    for _ in range(40):
        place = chance.randrange(len(data))
        assert faults(data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :], trust)


NOT_OF_THE_FORM: dict[str, Any] = {
    "an integer beyond 2^53-1": lambda row: row | {"calls": 2**53},
    "a key that is not ASCII": lambda row: row | {"outcomes": {"välue": 1}},
}


@pytest.mark.parametrize("change", NOT_OF_THE_FORM.values(), ids=NOT_OF_THE_FORM)
def test_what_the_page_calls_no_canonical_json_is_refused_by_all_three_though_it_was_sealed(
    world: World, tmp_path: Path, change: Any
) -> None:
    """Whoever holds the key can seal a row that another reader reads as another number."""
    package = Package(world.bundles[0], world.word)
    row = next(row for row in package.ledger if row["kind"] == "reader")
    text = json.dumps(change(row), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    name, old = f"runs/{package.run}/ledger.jsonl", canonical.encode(row)
    lines = sorted(text if line == old else line for line in package.members[name].splitlines())
    package.members[name] = b"".join(line + b"\n" for line in lines)
    package.resealed(world.keys, lambda body: body.update(ledger={"count": len(lines), "root": merkle.root(lines)}))
    data = package.packed(frozenset({name}))
    trust = trusted(world.auditor, tmp_path)
    pins = standalone_verify.Pinned(json.dumps(trust).encode())
    assert any("beyond 2^53-1" in fault or "not ASCII" in fault for fault in faults(data, trust))
    with pytest.raises(ValueError, match="canonical"):
        standalone_verify.verify(io.BytesIO(data), pins, False)
