"""A bundle is the same everywhere, and two verifiers that share no code agree on it."""

from __future__ import annotations

import ast
import base64
import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import SealError
from engine.evidence import canonical, standalone_verify
from engine.evidence.anchors import NOT_ANCHORED
from engine.evidence.archive import archive
from engine.evidence.bundle import VERIFIER, signature
from engine.evidence.bundle_verify import verify_bundle
from engine.evidence.exporting import REDACTIONS, export_run
from engine.evidence.keys import TRUST_FILE, SigningKey, load_keys
from engine.evidence.seal import Recorder
from engine.evidence.trust import Trust, read_trust
from tests.unit.evidence.synthetic_runs import (
    END,
    START,
    begun,
    content,
    judged,
    plan,
    record,
    reopened,
    sealed,
    store_in,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two runs at once, and the bundle of the one that began last and relies on an earlier body."""
    made = tmp_path_factory.mktemp("bundled")
    recorder = store_in(made)
    record(recorder)
    first, second = (begun(recorder, plan(), content(), START) for _ in range(2))
    sealed(first, judged(), END)
    sealed(second, judged(seed="other"), END)
    export_run(
        recorder.layout.root, read_trust(recorder.trust_file), recorder.keys.signing, second.id, made / "audit.zip"
    )
    return made


def trust_of(folder: Path) -> Trust:
    return read_trust(folder / "config" / TRUST_FILE)


def signer_of(folder: Path) -> SigningKey:
    return load_keys(folder / "config", {}).signing


def members_of(bundle: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(bundle) as source:
        return {name: source.read(name) for name in source.namelist()}


def standalone(bundle: Path, *flags: str) -> tuple[int, list[str]]:
    """The other verifier, as another process with nothing of ours on its path."""
    command = [sys.executable, "-I", str(VERIFIER), str(bundle), *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=bundle.parent)
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def agreed(data: bytes, folder: Path, work: Path) -> bool:
    """Whether both verifiers accept a bundle; they must not disagree."""
    bundle = work / "changed.zip"
    bundle.write_bytes(data)
    ours = verify_bundle(bundle, trust_of(folder)).verified
    try:
        problems, *_ = standalone_verify.verify(
            io.BytesIO(data), standalone_verify.Pinned((folder / "config" / TRUST_FILE).read_bytes()), False
        )
        theirs = not problems
    except Exception:
        theirs = False
    assert ours == theirs
    return ours


def test_a_bundle_verifies_for_both(folder: Path) -> None:
    report = verify_bundle(folder / "audit.zip", trust_of(folder))
    assert report.problems == ()
    code, said = standalone(folder / "audit.zip", "--key", str(folder / "config" / TRUST_FILE))
    assert code == 0
    assert said[0] == report.lines()[0] == NOT_ANCHORED
    assert said[-1] == "verified"


def test_the_same_run_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    run = json.loads(members_of(folder / "audit.zip")["manifest.json"])["runs"][0]
    export_run(folder / "store", trust_of(folder), signer_of(folder), run, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == (folder / "audit.zip").read_bytes()


def test_a_bundle_says_what_is_in_it(folder: Path) -> None:
    members = members_of(folder / "audit.zip")
    manifest = json.loads(members["manifest.json"])
    assert manifest["members"] == {
        name: {"digest": canonical.digest(data), "size": len(data)}
        for name, data in members.items()
        if name not in ("manifest.json", "signature.json")
    }
    assert manifest["period"] == {"from": START, "to": END}
    assert [name for name in members if name.startswith("chain/")] == [f"chain/{n:020d}.json" for n in (4, 5, 6)]
    assert members["verify_bundle.py"] == VERIFIER.read_bytes()
    lines = members["evidence.jsonl"].splitlines()
    records = members["records.jsonl"].splitlines()
    assert [canonical.encode(json.loads(line)["record"]) for line in lines] == records
    assert sum("waiver" in json.loads(line) for line in lines) == 1
    assert all(json.loads(line)["sealed_at"] == END for line in lines)


def test_names_of_persons_are_in_no_member_but_the_private_ones(folder: Path, tmp_path: Path) -> None:
    run = json.loads(members_of(folder / "audit.zip")["manifest.json"])["runs"][0]
    export_run(folder / "store", trust_of(folder), signer_of(folder), run, tmp_path / "redacted.zip", REDACTIONS)
    data = (tmp_path / "redacted.zip").read_bytes()
    assert b"jane.doe" not in data
    assert b"jane.doe" in (folder / "audit.zip").read_bytes()
    assert agreed(data, folder, tmp_path)
    report = verify_bundle(tmp_path / "redacted.zip", trust_of(folder))
    assert "private objects were left out" in report.notes[0]


@pytest.mark.parametrize(
    "name", ["findings", "ledger", "bodies", "earlier bodies", "content", "chain", "missing", "private"]
)
def test_an_altered_input_stops_the_export_and_is_named(tmp_path: Path, name: str) -> None:
    recorder = store_in(tmp_path)
    first, second = record(recorder), record(recorder, judged(seed="other"))
    layout = recorder.layout
    target = {
        "findings": layout.findings(second.run),
        "ledger": layout.ledger(second.run),
        "bodies": layout.bodies(second.run),
        "earlier bodies": layout.bodies(first.run),
        "content": next(iter(sorted((layout.root / "content").iterdir()))),
        "chain": layout.entry(1),
        "missing": layout.ledger(second.run),
        "private": next(iter(sorted((layout.root / "private").iterdir()))),
    }[name]
    if name == "missing":
        target.unlink()
    else:
        data = bytearray(target.read_bytes())
        data[len(data) // 2] ^= 1
        target.write_bytes(data)
    with pytest.raises(SealError, match=target.name):
        export_run(
            layout.root, read_trust(recorder.trust_file), recorder.keys.signing, second.run, tmp_path / "audit.zip"
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config", "store"]


def test_a_run_that_was_not_sealed_cannot_be_exported(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    run = begun(recorder, plan(), content(), START)
    with pytest.raises(SealError, match="no such sealed run"):
        export_run(recorder.layout.root, recorder.trust, recorder.keys.signing, run.id, tmp_path / "audit.zip")


def test_a_bundle_that_cannot_be_written_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    run = json.loads(members_of(folder / "audit.zip")["manifest.json"])["runs"][0]
    with pytest.raises(SealError, match="exporting run"):
        export_run(folder / "store", trust_of(folder), signer_of(folder), run, tmp_path / "gone" / "audit.zip")
    assert list(tmp_path.iterdir()) == []


def test_without_a_pinned_key_a_bundle_does_not_verify(folder: Path) -> None:
    code, said = standalone(folder / "audit.zip")
    assert (code, said[0], said[-1]) == (5, NOT_ANCHORED, "DOES NOT VERIFY")
    code, said = standalone(folder / "audit.zip", "--allow-unanchored")
    assert (code, said[0]) == (0, NOT_ANCHORED)
    assert "own claim" in said[1]


def test_a_key_can_be_pinned_in_every_form(folder: Path, tmp_path: Path) -> None:
    public = load_keys(folder / "config", {}).signing.private.public_key()
    pem = tmp_path / "key.pem"
    pem.write_bytes(public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    for key in (str(pem), base64.b64encode(public.public_bytes_raw()).decode()):
        assert standalone(folder / "audit.zip", "--key", key)[0] == 0


def test_under_another_key_a_bundle_does_not_verify(folder: Path, tmp_path: Path) -> None:
    other = store_in(tmp_path)
    assert standalone(folder / "audit.zip", "--key", str(other.trust_file))[0] == 5
    assert not verify_bundle(folder / "audit.zip", other.trust).verified


def test_a_key_that_cannot_be_used_is_an_error_of_usage(folder: Path) -> None:
    command = [sys.executable, "-I", str(VERIFIER), str(folder / "audit.zip"), "--key", "no key"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no key" in done.stderr


@pytest.mark.parametrize("data", [b"", b"PK", b"not a zip at all", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_bundle_could_not_be_verified(tmp_path: Path, folder: Path, data: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(data)
    assert standalone(tmp_path / "x.zip", "--key", str(folder / "config" / TRUST_FILE))[0] == 5
    assert verify_bundle(tmp_path / "x.zip", trust_of(folder)).exit_code == 5
    assert verify_bundle(tmp_path / "none.zip", trust_of(folder)).exit_code == 5


def test_a_demonstration_is_no_evidence_for_either(tmp_path: Path) -> None:
    recorder = store_in(tmp_path, demonstration=True)
    sealed = record(recorder, kind="demo")
    export_run(recorder.layout.root, recorder.trust, recorder.keys.signing, sealed.run, tmp_path / "demo.zip")
    assert verify_bundle(tmp_path / "demo.zip", recorder.trust).exit_code == 5
    code, said = standalone(tmp_path / "demo.zip", "--key", str(recorder.trust_file))
    assert code == 5
    assert "problem: demonstration, not evidence" in said


def rewritten(change: Callable[[dict[str, bytes]], object], signer: SigningKey) -> Callable[[dict[str, bytes]], bytes]:
    """A change of the members by somebody who also mends the manifest and the archive, and has the manifest signed."""

    def apply(members: dict[str, bytes]) -> bytes:
        change(members)
        manifest = json.loads(members.pop("manifest.json"))
        said = canonical.decode(base64.b64decode(json.loads(members.pop("signature.json"))["payload"]))
        manifest["members"] = {
            name: {"digest": canonical.digest(data), "size": len(data)} for name, data in members.items()
        }
        data = canonical.encode(manifest)
        word = signature(data, said["sequence"], said["store"], signer)
        return archive({**members, "manifest.json": data, "signature.json": word})

    return apply


def called(members: dict[str, bytes], name: str) -> str:
    """The member whose name ends so: the ledger of the run, and what lies beside it."""
    return next(member for member in members if member.endswith(name))


def line_changed(end: str, old: bytes, new: bytes) -> Callable[[dict[str, bytes]], object]:
    def change(members: dict[str, bytes]) -> None:
        name = called(members, end)
        assert old in members[name]
        members[name] = members[name].replace(old, new, 1)

    return change


def line_dropped(name: str) -> Callable[[dict[str, bytes]], object]:
    return lambda members: members.update({called(members, name): members[called(members, name)].split(b"\n", 1)[1]})


def lines_swapped(end: str) -> Callable[[dict[str, bytes]], object]:
    def change(members: dict[str, bytes]) -> None:
        name = called(members, end)
        first, second, rest = members[name].split(b"\n", 2)
        members[name] = b"\n".join((second, first, rest))

    return change


def first_of(folder: str) -> Callable[[dict[str, bytes]], str]:
    return lambda members: next(name for name in sorted(members) if name.startswith(folder))


MENDED = {
    "a verdict": line_changed("records.jsonl", b'"verdict":"fail"', b'"verdict":"pass"'),
    "a record less": line_dropped("records.jsonl"),
    "records in another order": lines_swapped("records.jsonl"),
    "a ledger row less": line_dropped("ledger.jsonl"),
    "a ledger row changed": line_changed("ledger.jsonl", b'"state":"failed"', b'"state":"complete"'),
    "a body changed": line_changed("bodies.jsonl", b"aws:kms", b"aws:km5"),
    "a body less": line_dropped("bodies.jsonl"),
    "a body more": lambda members: members.update({"bodies.jsonl": members["bodies.jsonl"] + b"{}\n"}),
    "bodies in another order": lines_swapped("bodies.jsonl"),
    "the evidence changed": line_changed("evidence.jsonl", b'"sealed_at":"2026', b'"sealed_at":"2025'),
    "a waiver taken away": line_changed("evidence.jsonl", b'"waiver"', b'"waived"'),
    "a data file changed": lambda members: members.update({first_of("content/")(members): b"true"}),
    "a data file less": lambda members: members.pop(first_of("content/")(members)),
    "a data file more": lambda members: members.update({f"content/{canonical.digest(b'x')}": b"x"}),
    "a private object changed": lambda members: members.update({first_of("private/")(members): b"{}"}),
    "a private object more": lambda members: members.update({f"private/{'0' * 64}.json": b"{}"}),
    "the intent left out": lambda members: members.pop(first_of("chain/")(members)),
    "an entry changed": lambda members: members.update({first_of("chain/")(members): b"{}"}),
    "a member that does not belong": lambda members: members.update({"../escape": b"x"}),
    "another run's period": lambda members: members.update(
        {"manifest.json": members["manifest.json"].replace(b"2026-11-23T02:03", b"2026-12-31T02:03")}
    ),
    "a hash of a record changed": line_changed("leaves.txt", b"a", b"b"),
    "a hash of a record less": line_dropped("leaves.txt"),
    "a named check changed": lambda members: members.update({first_of("checks/")(members): b"true"}),
    "a seal left out without a word": lambda members: members.update(
        {
            "manifest.json": members["manifest.json"]
            .replace(b'"another run"', b'""')
            .replace(b'"left_out":{', b'"left_out":{"20261123T020000Z-00000000":"x",')
        }
    ),
    "no end of line": lambda members: members.update(
        {called(members, "ledger.jsonl"): members[called(members, "ledger.jsonl")][:-1]}
    ),
}


@pytest.mark.parametrize("name", MENDED)
def test_both_find_what_was_changed_though_manifest_and_archive_were_mended(
    folder: Path, tmp_path: Path, name: str
) -> None:
    members = members_of(folder / "audit.zip")
    assert not agreed(rewritten(MENDED[name], signer_of(folder))(members), folder, tmp_path)


def test_mending_nothing_is_accepted(folder: Path, tmp_path: Path) -> None:
    members = members_of(folder / "audit.zip")
    assert agreed(rewritten(lambda members: None, signer_of(folder))(members), folder, tmp_path)


def rezipped(members: dict[str, bytes], **how: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how.get("compression", zipfile.ZIP_STORED)) as target:
        for name, data in sorted(members.items()):
            target.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)) if how.get("dated") else name, data)
        for _ in range(how.get("doubled", 0)):
            with pytest.warns(UserWarning, match="Duplicate"):
                target.writestr("records.jsonl", b"")
    return buffer.getvalue()


@pytest.mark.parametrize("how", [{"compression": zipfile.ZIP_DEFLATED}, {"dated": 1}, {"doubled": 1}])
def test_an_archive_in_another_form_is_refused_by_both(folder: Path, tmp_path: Path, how: dict[str, int]) -> None:
    assert not agreed(rezipped(members_of(folder / "audit.zip"), **how), folder, tmp_path)


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_any_changed_byte_is_found_by_both(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = bytearray((folder / "audit.zip").read_bytes())
    kind = data.draw(st.sampled_from(["flip", "cut", "append", "insert"]))
    position = data.draw(st.integers(0, len(whole) - 1))
    if kind == "flip":
        whole[position] ^= 1 << data.draw(st.integers(0, 7))
    elif kind == "cut":
        del whole[position:]
    else:
        where = len(whole) if kind == "append" else position
        whole[where:where] = data.draw(st.binary(min_size=1, max_size=5))
    assert not agreed(bytes(whole), folder, tmp_path_factory.mktemp("changed"))


def test_a_head_that_was_pinned_must_be_in_the_bundle_where_its_place_is(folder: Path, tmp_path: Path) -> None:
    """The store was rewritten by the key's holder after somebody had seen it."""
    shutil.copytree(folder / "config", tmp_path / "config")
    path = tmp_path / "config" / TRUST_FILE
    seen = json.loads(path.read_bytes())
    seen["head"] = {"sequence": 5, "digest": "0" * 64}
    path.write_text(json.dumps(seen))
    assert not agreed((folder / "audit.zip").read_bytes(), tmp_path, tmp_path)


def test_the_other_verifier_is_one_short_file_with_one_dependency() -> None:
    tree = ast.parse(VERIFIER.read_text())
    imported = {
        alias.name.partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    imported |= {str(node.module).partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported - sys.stdlib_module_names == {"cryptography"}
    assert len(VERIFIER.read_text().splitlines()) < 500


def test_what_a_bundle_holds_is_shown_without_control_characters(tmp_path: Path) -> None:
    recorder: Recorder = store_in(tmp_path)
    sealed = record(recorder, organization="Evil\x1b[2J Ltd\u202e")
    export_run(recorder.layout.root, recorder.trust, recorder.keys.signing, sealed.run, tmp_path / "x.zip")
    _, said = standalone(tmp_path / "x.zip", "--key", str(recorder.trust_file))
    assert "\x1b" not in "".join(said)
    assert "Evil" in "".join(said)
    assert reopened(tmp_path).trust.head is not None


def test_semantics_beyond_the_first_are_sealed_and_both_verifiers_know_them(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    run = record(recorder, semantics=2).run
    bundle = tmp_path / "audit.zip"
    export_run(recorder.layout.root, read_trust(recorder.trust_file), recorder.keys.signing, run, bundle)
    with zipfile.ZipFile(bundle) as source:
        entries = [json.loads(source.read(name)) for name in source.namelist() if name.startswith("chain/")]
    intent, seal = (json.loads(base64.b64decode(entry["payload"]))["body"] for entry in entries)
    assert (intent["semantics"], seal["asked"]["semantics"]) == (2, 2)
    assert verify_bundle(bundle, trust_of(tmp_path)).problems == ()
    code, lines = standalone(bundle, "--key", str(tmp_path / "config" / TRUST_FILE))
    assert (code, lines[-1]) == (0, "verified")
