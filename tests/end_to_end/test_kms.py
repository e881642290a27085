"""Signing keys in AWS KMS: a year's verbs without a private key at hand, and what happens where KMS does not sign."""

from __future__ import annotations

import io
import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest

from engine.cli import group, main
from engine.custody import examination, handover, upkeep, verification
from engine.errors import AuditreelError, SealError, UsageError
from engine.evidence import chain, durable, keys, kms, standalone_verify
from engine.evidence.compaction import compact
from engine.evidence.expiry import expire
from engine.evidence.kms import KmsError
from engine.evidence.seal import Recorder, open_store
from engine.model import Assessment, Clock, Retention
from engine.run import pipeline
from engine.run.request import RunRequest
from tests.emulators import kms_edwards
from tests.emulators.aws_wire import AwsWire
from tests.emulators.wire import Answer, Exchange
from tests.tampering.stranger import faults
from tests.tampering.test_period_bundles import written
from tests.unit.evidence.nightly import ENCRYPTED, a_check, begun, policy_of, recorded

NIGHT = "2026-11-24T03:00:00Z"
SIGNS = "alias/auditreel"


def clock(now: str = NIGHT) -> Clock:
    return Clock(lambda: now, time.monotonic, lambda seconds: None)


@cache
def kms_at(endpoint: str) -> Any:
    return boto3.session.Session("testing", "testing", region_name="us-east-1").client("kms", endpoint_url=endpoint)


@dataclass
class Place:
    """A folder for a store, and a KMS with a key for it."""

    folder: Path
    wire: AwsWire
    client: Any
    key: str

    @property
    def store(self) -> str:
        return str(self.folder / "store")

    @property
    def config(self) -> Path:
        return self.folder / "config"

    def made(self, **asked: str) -> str:
        """The address of a further key."""
        spec = {"KeySpec": kms_edwards.SPEC, "KeyUsage": "SIGN_VERIFY", **asked}
        return f"{kms.SCHEME}{self.client.create_key(**spec)['KeyMetadata']['Arn']}"

    def begin(self, address: str | None = None) -> str:
        """Make the store; gives the id of the key."""
        return upkeep.initialise(self.store, self.config, upkeep.key_elsewhere(address or self.key))

    def run(self, now: str = NIGHT, **asked: Any) -> Assessment:
        given = {"checks": ("aws.iam.root_*",), "store": self.store, "regions": ("us-east-1",), **asked}
        return pipeline.run(RunRequest(config=self.config, **given), clock(now))

    def recorder(self) -> Recorder:
        return open_store(Path(self.store), keys.load_keys(self.config), self.config / "trust.json")

    def kinds(self) -> list[str]:
        """What the chain says, and that it verifies."""
        recorder = self.recorder()
        reading = chain.read(recorder.layout, recorder.trust)
        assert reading.faults == ()
        return [placed.entry.kind for placed in reading.placed]

    def signers(self) -> list[str]:
        recorder = self.recorder()
        return [placed.signer for placed in chain.read(recorder.layout, recorder.trust).placed]

    def files(self) -> list[str]:
        """What lies in the configuration folder, none of it a private key where none is named one."""
        found = sorted(path.name for path in self.config.iterdir() if path.suffix != ".lock")
        private = [path.name for path in self.config.iterdir() if b"PRIVATE KEY" in path.read_bytes()]
        assert private == [name for name in found if name.endswith(".pem")]
        return found

    def verify(self) -> int:
        return verification.verify(self.store, self.config).exit_code

    def chained(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted((self.folder / "store" / "chain").iterdir())}


@pytest.fixture
def place(aws_env: AwsWire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.delenv(keys.KEY_VARIABLE, raising=False)
    made = Place(tmp_path, aws_env, kms_at(aws_env.url), "")
    made.key = made.made()
    return made


def alias(place: Place, to: str, change: str = "create_alias") -> str:
    """Point the alias at a key; gives its address."""
    getattr(place.client, change)(AliasName=SIGNS, TargetKeyId=to.removeprefix(kms.SCHEME))
    return f"{place.key.rpartition(':')[0]}:{SIGNS}"


ANYWHERE = ["signing-key.url", "store-secret", "trust.json"]
BUCKETS = {ENCRYPTED: {"a": "pass", "b": "pass"}}


def accepted(place: Place, bundle: Path) -> None:
    """All three verifiers accept a bundle."""
    data, trust = bundle.read_bytes(), (place.config / "trust.json").read_bytes()
    assert verification.verify(str(bundle), place.config).exit_code == 0
    assert standalone_verify.verify(io.BytesIO(data), standalone_verify.Pinned(trust), False)[0] == []
    assert faults(data, json.loads(trust)) == []


def test_nights_are_sealed_where_no_private_key_lies_and_every_verifier_accepts_them(place: Place) -> None:
    key_id = place.begin(alias(place, place.key))
    assert place.files() == ANYWHERE
    recorder = place.recorder()
    first, second = (recorded(recorder, f"2026-11-{day}T03:00:00Z", BUCKETS) for day in (24, 25))
    assert place.kinds() == ["intent", "seal", "intent", "seal"]
    assert {*place.signers()} == {key_id}
    handover.export(second.run, place.store, place.config, place.folder / "run.zip")
    accepted(place, place.folder / "run.zip")
    place.wire.faults.add("denied", "kms:Sign")
    with pytest.raises(KmsError, match="allow kms:Sign"):
        handover.export(first.run, place.store, place.config, place.folder / "denied.zip")
    assert not (place.folder / "denied.zip").exists()
    place.wire.faults.add("denied", "kms:*")
    assert place.verify() == 0, "who only reads asks KMS for nothing"


def test_a_month_of_more_runs_than_a_message_can_name_is_closed_merged_exported_and_removed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a KMS that takes less, so that a month need not be long; what 4,096 bytes hold is in test_bodies_apart.py."""
    for module in (kms, kms_edwards):
        monkeypatch.setattr(module, "LONGEST", 1500)
    place.begin()
    recorder = place.recorder()
    nights = [f"2026-06-{day:02}T01:00:00Z" for day in range(1, 14)]
    for night in nights:
        recorded(recorder, night, BUCKETS)
    later, june = "2026-07-05T09:00:00Z", (date(2026, 6, 1), date(2026, 6, 13))
    examination.close(place.store, place.config, *june, clock(later))
    (merged,) = compact(place.recorder(), "2026-07-05", later)
    assert merged.runs == len(nights)
    bundle = place.folder / "june.zip"
    handover.export_period(place.store, place.config, june, bundle, lambda _, names: written(names), None)
    accepted(place, bundle)
    assert place.verify() == 0
    assert expire(place.recorder(), Retention(90), "2026-12-01T09:00:00Z", False, policy_of) is not None
    assert place.verify() == 0
    placed = chain.read(recorder.layout, place.recorder().trust).placed
    said = {(found.entry.kind, found.entry.schema) for found in placed}
    assert said == {("intent", 1), ("seal", 2), ("close", 2), ("compact", 2), ("tombstone", 2)}


def test_a_signature_that_is_denied_in_mid_night_leaves_a_run_that_the_same_command_seals(place: Place) -> None:
    place.begin()
    place.wire.faults.add("denied", "kms:Sign", after=1)
    died = place.run()
    assert (died.exit_code, died.sealed) == (5, None)
    assert re.search("AccessDeniedException: .*allow kms:Sign on the key", died.exit_reasons[5])
    assert place.kinds() == ["intent"]
    assert any("never sealed" in line for line in verification.verify(place.store, place.config).lines)
    place.wire.faults.clear()
    place.wire.traffic.reset()
    again = place.run("2026-11-24T04:00:00Z")
    assert (again.resumed, again.exit_code == 5) == (NIGHT, False)
    assert place.wire.traffic.calls["iam:GetAccountSummary"] == 0, "what was read is kept"
    assert place.kinds() == ["intent", "seal"]
    assert place.verify() == 0


def disabled(place: Place) -> None:
    place.client.disable_key(KeyId=place.key.rpartition("/")[2])


def going(place: Place) -> None:
    place.client.schedule_key_deletion(KeyId=place.key.rpartition("/")[2])


def faulty(kind: Any, **more: Any) -> Callable[[Place], None]:
    def add(place: Place) -> None:
        place.wire.faults.add(kind, "kms:Sign", **more)

    return add


def forged(place: Place) -> None:
    place.wire.overrides.edit("kms:Sign", lambda answer: answer.put("Signature", "AAAA" * 21 + "AA=="))


REFUSALS: dict[str, tuple[Callable[[Place], None], str]] = {
    "denied": (faulty("denied"), "AccessDeniedException: .*allow kms:Sign on the key"),
    "denied by a service control policy": (faulty("policy_denied"), "AccessDeniedException"),
    "throttled": (faulty("throttled"), "ThrottlingException: .*the same command then goes on"),
    "credentials that ran out": (faulty("expired_token"), "ExpiredTokenException: .*renew them"),
    "an error of KMS": (faulty("error", code="KMSInternalException"), "KMSInternalException"),
    "no answer": (faulty("cut"), "see that KMS can be reached"),
    "half an answer": (faulty("cut_body"), "see that KMS can be reached"),
    "an answer that is none": (faulty("malformed"), "see that KMS can be reached"),
    "a page of a machine in between": (faulty("html"), "see that KMS can be reached"),
    "an answer without a signature": (faulty("hollow"), "holds no signature"),
    "a forged signature": (forged, "does not verify under the key"),
    "disabled": (disabled, "DisabledException: .*enable the key"),
    "to be deleted": (going, "KMSInvalidStateException: .*kms:CancelKeyDeletion"),
}


def test_where_kms_does_not_sign_nothing_is_written_and_the_error_says_what_to_do(place: Place) -> None:
    place.begin()
    run = begun(place.recorder(), NIGHT, [a_check(ENCRYPTED)])
    before = place.chained()
    for name, (refuse, why) in REFUSALS.items():
        refuse(place)
        with pytest.raises(KmsError, match=rf"signing with aws-kms://arn:aws:kms:.*{why}") as refusal:
            run.abandon("no more", NIGHT)
        assert (name, refusal.value.exit_code, place.chained()) == (name, 5, before)
        place.wire.faults.clear()
        place.wire.overrides.clear()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (disabled, "DisabledException: .*enable the key"),
        (going, "KMSInvalidStateException: .*kms:CancelKeyDeletion"),
        (lambda place: place.wire.faults.add("denied", "kms:GetPublicKey"), "allow kms:GetPublicKey on the key"),
    ],
)
def test_a_key_that_is_not_to_be_had_begins_no_run(place: Place, change: Callable[[Place], None], why: str) -> None:
    place.begin()
    change(place)
    with pytest.raises(KmsError, match=f"asking for the public half of .*{why}"):
        place.recorder()
    assert place.chained() == {}


def test_an_alias_that_is_pointed_at_another_key_signs_nothing(place: Place) -> None:
    """Before a run and in the midst of one."""
    place.begin(alias(place, place.key))
    recorder = place.recorder()
    alias(place, place.made(), "update_alias")
    with pytest.raises(KmsError, match=r"does not verify under the key .*alias"):
        recorded(recorder, NIGHT, BUCKETS)
    with pytest.raises(SealError, match="is not pinned"):
        place.recorder()
    assert place.chained() == {}


def test_a_message_that_is_too_long_is_refused_before_kms_is_asked(place: Place) -> None:
    key = upkeep.key_elsewhere(place.key)
    place.wire.traffic.reset()
    with pytest.raises(SealError, match="4,097 bytes, and KMS signs at most 4,096"):
        key.sign(b"m" * 4097)
    assert place.wire.traffic.calls["kms:Sign"] == 0
    assert len(key.sign(b"m" * 4096)) == 64
    assert "client" not in repr(key)


def test_without_boto3_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(UsageError, match=r"pip install 'auditreel\[aws\]'"):
        upkeep.key_elsewhere("aws-kms://arn:aws:kms:us-east-1:123456789012:alias/auditreel")


# --- making a store ---


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("arn:aws:kms:us-east-1:123456789012:key/x", "a key in KMS is named aws-kms://"),
        ("aws-kms://alias/auditreel", "a key in KMS is named aws-kms://"),
        ("aws-kms://arn:aws:kms:us-east-1:123456789012:secret/x", "a key in KMS is named aws-kms://"),
        ("aws-kms://arn:aws:kms:us-east-1:123456789012:alias/none", "NotFoundException: .*correct the ARN"),
        ("", "a key in KMS is named aws-kms://"),
    ],
)
def test_an_address_of_no_key_makes_no_store(place: Place, address: str, why: str) -> None:
    with pytest.raises(AuditreelError, match=why):
        upkeep.initialise(place.store, place.config, upkeep.key_elsewhere(address))
    assert not Path(place.store).exists()
    assert not place.config.exists()


@pytest.mark.parametrize(
    "asked",
    [{"KeySpec": "ECC_NIST_P256"}, {"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT"}],
    ids=["P-256", "RSA"],
)
def test_a_key_that_signs_no_ed25519_is_refused(place: Place, asked: dict[str, str]) -> None:
    with pytest.raises(KmsError, match="ECC_NIST_EDWARDS25519 and usage SIGN_VERIFY"):
        place.begin(place.made(**asked))
    assert not place.config.exists()


def test_init_twice_changes_nothing_and_another_key_is_a_rotation(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert place.begin() == place.begin()
    with pytest.raises(UsageError, match="auditreel key rotate --new-key aws-kms://"):
        place.begin(place.made())
    assert upkeep.initialise(place.store, place.config) == upkeep.key_elsewhere(place.key).key_id
    monkeypatch.setenv(keys.KEY_VARIABLE, "key.pem")
    with pytest.raises(UsageError, match="unset it first"):
        place.begin()
    assert place.files() == ANYWHERE


def test_a_key_that_is_here_is_not_left_beside_one_in_kms(place: Place) -> None:
    upkeep.initialise(place.store, place.config)
    with pytest.raises(UsageError, match=r"signing-key\.pem is there already"):
        place.begin()
    assert place.files() == ["signing-key.pem", "store-secret", "trust.json"]


def test_the_environment_may_name_the_key(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.begin()
    (place.config / keys.ADDRESS_FILE).unlink()
    with pytest.raises(SealError, match=r"signing-key\.pem is missing"):
        place.recorder()
    monkeypatch.setenv(keys.KEY_VARIABLE, place.key)
    recorded(place.recorder(), NIGHT, BUCKETS)
    assert place.kinds() == ["intent", "seal"]


# --- rotation ---


def rotated(place: Place, new: str) -> str:
    """Replace the key, and record a night by the new one; gives its id."""
    key_id, _ = upkeep.rotate_key(place.store, place.config, clock(), new)
    if "://" not in new:
        assert place.files() == ["store-secret", "trust.json"]
        Path(new).rename(place.config / keys.KEY_FILE)
    recorded(place.recorder(), NIGHT, BUCKETS)
    return key_id


def test_a_store_moves_into_kms_from_key_to_key_and_out_again(place: Place) -> None:
    upkeep.initialise(place.store, place.config)
    durable.write(place.folder / "new.pem", keys.new_key())
    first = rotated(place, place.made())
    assert place.files() == ANYWHERE
    second = rotated(place, place.key)
    assert place.files() == ANYWHERE
    third = rotated(place, str(place.folder / "new.pem"))
    assert place.files() == ["signing-key.pem", "store-secret", "trust.json"]
    assert place.kinds() == ["key", "intent", "seal"] * 3
    assert place.signers()[1:] == [first] * 3 + [second] * 3 + [third] * 2
    with pytest.raises(SealError, match=r"was replaced or withdrawn.*nothing was changed: name another key"):
        upkeep.rotate_key(place.store, place.config, clock(), place.key)
    assert place.files() == ["signing-key.pem", "store-secret", "trust.json"]
    assert place.verify() == 0


def test_a_run_whose_key_is_replaced_meanwhile_is_sealed_by_the_same_command_with_the_new_one(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.begin()
    concluded = pipeline.conclude

    def meanwhile(*arguments: Any) -> Any:
        monkeypatch.setattr(pipeline, "conclude", concluded)
        upkeep.rotate_key(place.store, place.config, clock(), place.made())
        return concluded(*arguments)

    monkeypatch.setattr(pipeline, "conclude", meanwhile)
    died = place.run()
    assert (died.exit_code, died.sealed) == (5, None)
    assert re.search(
        "appending the seal entry .*was replaced or withdrawn.*sign with the new key", died.exit_reasons[5]
    )
    assert place.verify() == 0
    again = place.run("2026-11-24T04:00:00Z")
    assert (again.resumed, place.kinds(), place.verify()) == (NIGHT, ["intent", "key", "seal"], 0)


@pytest.mark.parametrize("kind", ["denied", "throttled"])
def test_a_new_key_that_would_not_sign_replaces_nothing(place: Place, kind: Any) -> None:
    """From its entry on it alone could sign."""
    upkeep.initialise(place.store, place.config)
    place.wire.faults.add(kind, "kms:Sign")
    with pytest.raises(KmsError, match="signing with"):
        upkeep.rotate_key(place.store, place.config, clock(), place.key)
    assert (place.chained(), place.files()) == ({}, ["signing-key.pem", "store-secret", "trust.json"])
    recorded(place.recorder(), NIGHT, BUCKETS)


def test_a_rotation_into_kms_that_was_killed_ends_when_it_is_called_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    upkeep.initialise(place.store, place.config)

    def killed(path: Path, data: bytes) -> None:
        if path.name == keys.ADDRESS_FILE:
            raise KeyboardInterrupt
        original(path, data)

    original = durable.replace
    monkeypatch.setattr(durable, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        upkeep.rotate_key(place.store, place.config, clock(), place.key)
    monkeypatch.setattr(durable, "replace", original)
    with pytest.raises(SealError, match="was replaced or withdrawn"):
        place.recorder()
    rotated(place, place.key)
    assert (place.files(), place.kinds()) == (ANYWHERE, ["key", "intent", "seal"])


def test_a_key_in_kms_is_replaced_by_a_key_that_is_named_never_by_one_that_is_made(place: Place) -> None:
    place.begin()
    with pytest.raises(UsageError, match="name the new one: --new-key"):
        upkeep.rotate_key(place.store, place.config, clock())
    assert place.files() == ANYWHERE


# --- the command line ---


Command = Callable[..., tuple[int, str]]


@pytest.fixture
def auditreel(place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command line in this process, in an empty folder; gives the exit code and all that was said."""
    (place.folder / "work").mkdir()
    monkeypatch.chdir(place.folder / "work")
    monkeypatch.setenv("AUDITREEL_CONFIG", str(place.config))
    monkeypatch.setenv("AUDITREEL_STORE", place.store)
    monkeypatch.setenv("COLUMNS", "200")

    def called(*words: str) -> tuple[int, str]:
        code = main(group, words, "auditreel")
        said = capsys.readouterr()
        return code, " ".join((said.out + said.err).split())

    return called


def test_the_verbs_say_what_was_done_and_what_is_needed(place: Place, auditreel: Command) -> None:
    key_id = place.begin()
    assert auditreel("init", "--signing-key", place.key)[0] == 0
    code, said = auditreel("key", "rotate", "--new-key", new := place.made())
    assert (code, place.kinds(), "From now on" in said) == (0, ["key"], False)
    assert place.signers() == [key_id]
    code, said = auditreel("permissions", "--check", "aws.iam.root_mfa_enabled")
    assert code == 0
    assert f"signing key: who records or exports needs, on {new}: kms:GetPublicKey, kms:Sign" in said
    code, said = auditreel("key", "rotate")
    assert (code, "name the new one: --new-key FILE, or --new-key aws-kms://ARN" in said) == (2, True)
    assert auditreel("key", "rotate", "--new-key", "nowhere.pem")[0] == 2


def test_an_init_that_is_denied_leaves_nothing_behind(place: Place, auditreel: Command) -> None:
    place.wire.faults.add("denied", "kms:GetPublicKey")
    words = ("init", "--signing-key", place.key, "--policy", "policies", "--name", "Example Ltd", "--no-discover")
    code, said = auditreel(*words)
    assert (code, "allow kms:GetPublicKey on the key" in said) == (5, True)
    assert list(Path().iterdir()) == []
    assert not place.config.exists()


def test_doctor_tells_whether_kms_would_sign_and_signs_nothing(place: Place, auditreel: Command) -> None:
    address, dry = alias(place, place.key), list[bool]()
    key_id = place.begin(address)

    def noted(exchange: Exchange, answer: Answer) -> Answer:
        dry.append(json.loads(exchange.request.body).get("DryRun", False))
        return answer

    place.wire.overrides.change("kms:Sign", noted)
    doctor = ("doctor", "--check", "aws.iam.root_mfa_enabled")
    code, said = auditreel(*doctor)
    assert (code, dry) == (0, [True])
    assert f"signing key We are key {address}, id {key_id}" in said
    assert "2 kinds tried, 0 not answered" in said
    place.wire.faults.add("denied", "kms:Sign")
    alias(place, place.made(), "update_alias")
    code, said = auditreel(*doctor)
    assert code == 4
    assert re.search(r"failed not pinned \(.*trust\.json pins another, or it was replaced\): kms:GetPublicKey", said)
    assert re.search(r"denied kms:Sign: access denied \(signing with aws-kms://.*\), grant kms:Sign", said)
