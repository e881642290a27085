"""A key follows another and the first pin is enough; a key that was in others' hands is withdrawn for good."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.errors import SealError, UsageError
from engine.evidence import chain, dsse, durable, entries, keys, rotation, standalone_verify
from engine.evidence.bundle_verify import verify_bundle
from engine.evidence.entries import Link, Revoke, Rotate
from engine.evidence.exporting import export_run
from engine.evidence.keys import KEY_FILE, KEY_VARIABLE, SigningKey, load_keys
from engine.evidence.rotation import NEXT_FILE, revoke, rotate
from engine.evidence.trust import Trust, amend, read_trust, write_trust
from engine.evidence.verify import verify
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


def trust_of(folder: Path) -> Trust:
    return read_trust(folder / "config" / "trust.json")


def rotated(folder: Path) -> str:
    return rotate(folder / "store", folder / "config", END, environment={})[0]


def test_who_pinned_the_first_key_verifies_what_its_successors_signed(tmp_path: Path) -> None:
    first = store_in(tmp_path).trust
    sealed = []
    for seed in ("a", "b", "c"):
        sealed.append(record(reopened(tmp_path), judged(seed=seed)))
        rotated(tmp_path)
    report = verify(tmp_path / "store", replace(first, head=trust_of(tmp_path).head))
    assert (report.problems, report.exit_code) == ((), 0)
    write_trust(first, tmp_path / "first.json")
    for run in sealed:
        export_run(
            tmp_path / "store",
            trust_of(tmp_path),
            keys.load_keys(tmp_path / "config", {}).signing,
            run.run,
            tmp_path / "a.zip",
        )
        for trust in (first, trust_of(tmp_path)):
            assert verify_bundle(tmp_path / "a.zip", trust).exit_code == 0
        arguments = [str(tmp_path / "a.zip"), "--key", str(tmp_path / "first.json")]
        assert standalone_verify.main(arguments) == 0


def test_the_old_key_is_gone_and_signs_nothing_more(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    record(recorder)
    old = (tmp_path / "config" / KEY_FILE).read_bytes()
    new = rotated(tmp_path)
    assert load_keys(tmp_path / "config", {}).signing.key_id == new
    assert sorted(path.name for path in (tmp_path / "config").glob("*.pem")) == [KEY_FILE]
    durable.replace(tmp_path / "config" / KEY_FILE, old)
    with pytest.raises(SealError, match="was replaced or withdrawn at entry 3"):
        reopened(tmp_path)


def test_another_machine_with_the_old_key_and_an_old_trust_file_appends_nothing(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    record(recorder)
    rotated(tmp_path)
    with pytest.raises(SealError, match="replaced or withdrawn"):
        record(recorder)
    record(reopened(tmp_path))
    with pytest.raises(SealError, match="not pinned"):
        record(recorder)
    assert verify(tmp_path / "store", trust_of(tmp_path)).problems == ()


def test_a_run_whose_key_is_replaced_in_its_midst_seals_nothing_and_the_chain_still_verifies(tmp_path: Path) -> None:
    run = begun(store_in(tmp_path), plan(), content(), START)
    rotated(tmp_path)
    with pytest.raises(SealError, match=r"appending the seal entry .*was replaced or withdrawn.*sign with the new key"):
        sealed(run, judged(), END)
    assert verify(tmp_path / "store", trust_of(tmp_path)).problems == ()
    record(reopened(tmp_path))
    assert verify(tmp_path / "store", trust_of(tmp_path)).problems == ()


@pytest.mark.parametrize("which", [0, 1], ids=["the first key", "one that followed it"])
def test_a_key_that_was_replaced_does_not_come_again_and_the_one_in_force_stays(tmp_path: Path, which: int) -> None:
    store_in(tmp_path)
    before = []
    for _ in range(2):
        record(reopened(tmp_path))
        before.append((tmp_path / "config" / KEY_FILE).read_bytes())
        rotated(tmp_path)
    durable.write(tmp_path / "old.pem", before[which])
    files = {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()}
    with pytest.raises(SealError, match=r"nothing was (written|changed): name (a|another) key"):
        rotate(tmp_path / "store", tmp_path / "config", END, str(tmp_path / "old.pem"), {})
    assert {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()} == files
    record(reopened(tmp_path))
    assert verify(tmp_path / "store", trust_of(tmp_path)).problems == ()


def test_a_withdrawal_does_not_forget_an_entry_that_was_pinned_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = store_in(tmp_path)
    record(recorder)
    rotated(tmp_path)
    later = Link(sequence=99, digest="0" * 64)

    def meanwhile(path: Path, *arguments: object) -> Trust:
        amend(path, lambda said: replace(said, head=later), "pinning what another process appended")
        return amend(path, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(rotation, "amend", meanwhile)
    revoke(tmp_path / "store", tmp_path / "config", recorder.keys.signing.key_id, 3, "stolen", END, {})
    assert trust_of(tmp_path).head == later


@pytest.mark.parametrize("step", ["append", "amend", "replace"])
def test_a_rotation_that_was_killed_ends_when_it_is_called_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    recorder = store_in(tmp_path)
    record(recorder)
    with monkeypatch.context() as patch:
        dying = {"append": (chain.Chain, "append"), "amend": (rotation, "amend"), "replace": (durable, "replace")}
        owner, name = dying[step]
        before = getattr(owner, name)
        calls = []

        def killed(*arguments: object) -> object:
            calls.append(arguments)
            if step == "amend" and len(calls) == 1:
                return before(*arguments)
            if step == "replace" and "signing-key" not in str(arguments[0]):
                return before(*arguments)
            raise KeyboardInterrupt

        patch.setattr(owner, name, killed)
        with pytest.raises(KeyboardInterrupt):
            rotated(tmp_path)
    assert (tmp_path / "config" / NEXT_FILE).exists()
    new = rotated(tmp_path)
    assert load_keys(tmp_path / "config", {}).signing.key_id == new
    record(reopened(tmp_path))
    kinds = [placed.entry.kind for placed in chain.read(recorder.layout, trust_of(tmp_path)).placed]
    assert kinds == ["intent", "seal", "key", "intent", "seal"]
    assert verify(tmp_path / "store", trust_of(tmp_path)).problems == ()


def test_a_key_of_the_environment_is_replaced_by_a_file_only(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    record(recorder)
    given = {KEY_VARIABLE: (tmp_path / "config" / KEY_FILE).read_text()}
    (tmp_path / "config" / KEY_FILE).unlink()
    with pytest.raises(UsageError, match="--new-key FILE"):
        rotate(tmp_path / "store", tmp_path / "config", END, environment=given)
    coming = tmp_path / "new.pem"
    durable.write(coming, keys.new_key())
    key_id, link = rotate(tmp_path / "store", tmp_path / "config", END, str(coming), given)
    assert (key_id, link.sequence) == (keys.read_key(coming).key_id, 3)
    assert not (tmp_path / "config" / KEY_FILE).exists()
    assert key_id in trust_of(tmp_path).keys


def test_what_a_withdrawn_key_signed_from_then_on_does_not_verify(tmp_path: Path) -> None:
    first = store_in(tmp_path)
    old = first.keys.signing.key_id
    record(first)
    record(first)
    rotated(tmp_path)
    link = revoke(tmp_path / "store", tmp_path / "config", old, 3, "stolen", END, {})
    assert link.sequence == 6
    trust = trust_of(tmp_path)
    assert trust.until[old] == 2
    for pinned in (trust, replace(first.trust, head=None)):
        report = verify(tmp_path / "store", pinned, allow_unanchored=True)
        places = {fault.place for fault in report.problems}
        assert {f"chain/{n:020d}.json" for n in (3, 4, 5)} <= places
        assert not {f"chain/{n:020d}.json" for n in (1, 2)} & places


@pytest.mark.parametrize(
    ("which", "since", "said"),
    [("own", 1, "cannot withdraw itself"), ("unknown", 1, "not one"), ("old", 99, "entry 99")],
)
def test_a_withdrawal_that_means_nothing_is_refused(tmp_path: Path, which: str, since: int, said: str) -> None:
    recorder = store_in(tmp_path)
    record(recorder)
    new = rotated(tmp_path)
    key_id = {"own": new, "unknown": "0" * 64, "old": recorder.keys.signing.key_id}[which]
    with pytest.raises(SealError, match=said):
        revoke(tmp_path / "store", tmp_path / "config", key_id, since, "made up", END, {})


@pytest.mark.parametrize(
    "body",
    [
        lambda key, own: Rotate(key=key.key_id, public_key=base64.b64encode(b"x" * 32).decode()),
        lambda key, own: Rotate(key=key.key_id, public_key="AAAA"),
        lambda key, own: Rotate(key=own.key_id, public_key=base64.b64encode(own.public).decode()),
        lambda key, own: Revoke(key=key.key_id, since=1, reason="unknown"),
        lambda key, own: Revoke(key=own.key_id, since=1, reason="itself"),
    ],
)
def test_a_change_of_keys_that_must_not_be_is_a_fault(tmp_path: Path, body) -> None:  # type: ignore[no-untyped-def]
    recorder = store_in(tmp_path)
    record(recorder)
    stranger = SigningKey(Ed25519PrivateKey.generate())
    with pytest.raises(SealError, match="nothing was written"):
        recorder.chain().append("key", body(stranger, recorder.keys.signing), START)
    head = chain.read(recorder.layout, recorder.trust).placed[-1]
    entry = msgspec.structs.replace(
        head.entry, sequence=3, previous=head.digest, kind="key", body=body(stranger, recorder.keys.signing)
    )
    durable.write(recorder.layout.entry(3), dsse.seal(entries.encode(entry), recorder.keys.signing))
    (fault,) = chain.read(recorder.layout, recorder.trust).faults
    assert fault.place == "chain/00000000000000000003.json"


def test_a_trust_file_tells_until_when_a_key_may_sign(tmp_path: Path) -> None:
    recorder = store_in(tmp_path)
    record(recorder)
    key_id = recorder.keys.signing.key_id
    report = verify(tmp_path / "store", replace(trust_of(tmp_path), until={key_id: 1}))
    assert "chain/00000000000000000002.json" in {fault.place for fault in report.problems}
