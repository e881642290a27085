"""The evidence of a run: sealed, verified by two programs, replayed; and what becomes of it when something is wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.collection.snapshot import read
from engine.content.root import find
from engine.custody import inspection, upkeep
from engine.custody.handover import export
from engine.custody.rejudging import replay
from engine.custody.upkeep import initialise
from engine.custody.verification import verify
from engine.errors import AuditreelError, SealError, VerificationError
from engine.evidence import standalone_verify
from engine.model import Assessment, Clock
from engine.run import pipeline
from engine.run.observing import DEMO
from engine.run.pipeline import run
from engine.run.request import RunRequest

ROOT = Path(__file__).resolve().parents[2]
CLOCK = Clock(lambda: "2026-11-24T03:00:00Z", lambda: 0.0, lambda seconds: None)


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Assessment]:
    """A folder with a store, its configuration and one sealed run of the fictional company's snapshot."""
    folder = tmp_path_factory.mktemp("recorded")
    initialise(str(folder / "store"), folder / "config")
    request = RunRequest(config=folder / "config", store=str(folder / "store"), snapshot=str(DEMO))
    return folder, run(request, CLOCK)


@pytest.fixture
def folder(recorded: tuple[Path, Assessment], tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    shutil.copytree(recorded[0], tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture
def run_id(recorded: tuple[Path, Assessment]) -> str:
    assert recorded[1].run_id is not None
    return recorded[1].run_id


def request(folder: Path, **more: Any) -> RunRequest:
    asked = {"store": str(folder / "store"), "snapshot": str(DEMO), "checks": ("aws.iam.*",), **more}
    return RunRequest(config=folder / "config", **asked)


def verified(folder: Path) -> int:
    return verify(str(folder / "store"), folder / "config").exit_code


def abandoned(folder: Path) -> list[str]:
    """The kinds of the chain's entries."""
    import base64

    kinds = []
    for path in sorted((folder / "store" / "chain").glob("*.json")):
        envelope = json.loads(path.read_text())
        kinds.append(json.loads(base64.b64decode(envelope["payload"]))["kind"])
    return kinds


def test_a_run_is_sealed_verified_and_replayed_the_same(recorded: tuple[Path, Assessment], run_id: str) -> None:
    folder, assessment = recorded
    store, config = str(folder / "store"), folder / "config"

    assert assessment.sealed is not None
    assert assessment.sealed["records"] == len(assessment.findings)
    assert assessment.exit_code == 3
    assert verify(store, config).exit_code == 0
    verdict = replay(run_id, store, config)
    assert verdict.exit_code == 0
    assert any("identical" in line for line in verdict.lines)


def test_a_run_brings_the_index_up_to_date_and_says_when_it_was_not_ours(folder: Path) -> None:
    """What keeps the index from being made costs the run nothing but a line."""
    index = folder / "store" / "index" / "spans"
    good = index.read_bytes()
    again = run(request(folder), CLOCK)
    assert again.sealed is not None
    assert "index" not in again.sealed
    index.write_bytes(good[:-3] + b"abc")
    third = run(request(folder), CLOCK)
    assert third.sealed is not None
    assert third.sealed["index"] == "made anew: the one that was kept was not ours, or was altered"
    assert upkeep.rebuild(str(folder / "store"), folder / "config", compare=True).state == "same"

    index.unlink()
    index.parent.joinpath("bodies").unlink(missing_ok=True)
    index.parent.rmdir()
    index.parent.write_bytes(b"in the way")
    fourth = run(request(folder), CLOCK)
    assert fourth.sealed is not None
    assert fourth.exit_code == third.exit_code
    index.parent.unlink()
    assert verified(folder) == 0


def test_a_run_beside_one_that_was_altered_is_sealed_all_the_same(folder: Path, run_id: str) -> None:
    (folder / "store" / "runs" / run_id / "ledger.parquet").write_bytes(b"")
    again = run(request(folder, snapshot=str(DEMO)), CLOCK)
    assert again.sealed is not None
    assert again.exit_code == 3


def test_a_sealed_run_is_a_snapshot_that_gives_the_same_root(
    folder: Path, recorded: tuple[Path, Assessment], run_id: str
) -> None:
    again = run(request(folder, snapshot=run_id, checks=()), CLOCK)

    assert again.sealed is not None
    assert recorded[1].sealed is not None
    assert again.sealed["root"] == recorded[1].sealed["root"]
    assert again.run_id != run_id
    assert verified(folder) == 0
    assert replay(str(again.run_id), str(folder / "store"), folder / "config").exit_code == 0


def test_a_sealed_run_judged_for_more_than_it_collected_is_incomplete(folder: Path) -> None:
    few = run(request(folder, checks=("aws.iam.root_mfa_enabled",)), CLOCK)

    assert few.exit_code in (0, 3)
    stored = run(request(folder, snapshot=few.run_id, checks=("aws.ec2.ebs_volume_encrypted",)), CLOCK)
    # The whole snapshot was stored with the run, since the file held it.
    assert 4 not in stored.exit_reasons


def test_a_run_of_the_store_that_the_organisation_names_is_found(folder: Path, run_id: str, tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    shutil.copytree(find().policies, policy)
    organization = policy / "organization.yaml"
    organization.write_text(f"{organization.read_text()}\nstore: {folder / 'store'}\n")

    again = run(request(folder, store=None, snapshot=run_id, policy=policy), CLOCK)

    assert again.sealed is not None
    assert again.sealed["store"] == str(folder / "store")


@pytest.fixture
def bundle(recorded: tuple[Path, Assessment], run_id: str, tmp_path: Path) -> Path:
    path = tmp_path / "bundle.zip"
    export(run_id, str(recorded[0] / "store"), recorded[0] / "config", path)
    return path


def standalone(*arguments: str) -> int:
    """The other program, in a process that cannot import ours."""
    script = Path(standalone_verify.__file__)
    done = subprocess.run(
        [sys.executable, "-I", str(script), *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode


def test_an_exported_run_is_accepted_by_both_verifiers(recorded: tuple[Path, Assessment], bundle: Path) -> None:
    config = recorded[0] / "config"

    assert verify(str(bundle), config).exit_code == 0
    assert standalone(str(bundle), "--key", str(config / "trust.json")) == 0


def test_a_bundle_with_one_changed_verdict_is_refused_by_both(
    recorded: tuple[Path, Assessment], bundle: Path, tmp_path: Path
) -> None:
    config, forged = recorded[0] / "config", tmp_path / "forged.zip"
    with zipfile.ZipFile(bundle) as source, zipfile.ZipFile(forged, "w", zipfile.ZIP_STORED) as target:
        for item in source.infolist():
            data = source.read(item)
            if item.filename.endswith("records.jsonl"):
                assert b'"verdict":"fail"' in data
                data = data.replace(b'"verdict":"fail"', b'"verdict":"pass"', 1)
            target.writestr(item, data)

    assert verify(str(forged), config).exit_code == 5
    assert standalone(str(forged), "--key", str(config / "trust.json")) == 5


def test_nothing_is_exported_from_a_store_that_was_altered(folder: Path, run_id: str, tmp_path: Path) -> None:
    findings = folder / "store" / "runs" / run_id / "findings.parquet"
    findings.write_bytes(findings.read_bytes()[:-9] + b"123456789")

    with pytest.raises(AuditreelError, match="nothing is exported") as raised:
        export(run_id, str(folder / "store"), folder / "config", tmp_path / "bundle.zip")
    assert raised.value.exit_code == 5
    assert not (tmp_path / "bundle.zip").exists()


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)


@pytest.mark.parametrize("pattern", ["runs/*/findings*", "runs/*/ledger*", "bodies/*", "chain/*", "content/*"])
def test_a_store_with_a_flipped_bit_neither_verifies_nor_is_used(folder: Path, run_id: str, pattern: str) -> None:
    _flip(max(path for path in (folder / "store").glob(pattern) if path.is_file()))
    store, config = str(folder / "store"), folder / "config"

    assert verified(folder) == 5
    with pytest.raises(AuditreelError) as raised:
        export(run_id, store, config, folder / "bundle.zip")
    assert raised.value.exit_code == 5
    assert code(lambda: replay(run_id, store, config).exit_code) == 5
    if not pattern.startswith("content"):
        # What it was judged by says nothing of what was read.
        with pytest.raises(VerificationError):
            inspection.snapshot_of(run_id, store, config)


def code(work: Callable[[], int]) -> int:
    """The exit code of what ends normally or with an error of ours."""
    try:
        return work()
    except AuditreelError as error:
        return error.exit_code


# --- what cannot be sealed ---


def sabotaged(monkeypatch: pytest.MonkeyPatch, harm: Callable[[], None]) -> None:
    """Do harm after everything was judged and before it is sealed."""
    judge = pipeline.evaluate

    def judged(*given: Any) -> Any:
        found = judge(*given)
        harm()
        return found

    monkeypatch.setattr(pipeline, "evaluate", judged)


def test_what_cannot_be_sealed_is_shown_and_ends_with_5(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def harm() -> None:
        shutil.rmtree(folder / "store" / "runs")
        (folder / "store" / "runs").write_text("in the way")

    sabotaged(monkeypatch, harm)

    assessment = run(request(folder), CLOCK)

    assert (assessment.exit_code, assessment.sealed, assessment.run_id) == (5, None, None)
    assert set(assessment.exit_reasons) >= {3, 5}
    assert len(assessment.findings) > 10


@pytest.mark.parametrize("limit", [0, 100, 3000])
def test_a_disk_that_fills_up_while_sealing_loses_no_finding_and_nothing_that_stood(folder: Path, limit: int) -> None:
    script = f"""
import resource, signal
from pathlib import Path
from engine.run import pipeline
from engine.model import Clock
from engine.run.observing import DEMO
from engine.run.request import RunRequest
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
judge = pipeline.evaluate
def judged(*given):
    found = judge(*given)
    resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
    return found
pipeline.evaluate = judged
folder = Path({str(folder)!r})
asked = RunRequest(config=folder / "config", store=str(folder / "store"), snapshot=str(DEMO), checks=("aws.iam.*",))
assessment = pipeline.run(asked, Clock(lambda: "2026-11-24T04:00:00Z", lambda: 0.0, lambda seconds: None))
raise SystemExit(assessment.exit_code if len(assessment.findings) > 10 and assessment.sealed is None else 99)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 5, done.stderr
    # The run that was not sealed stays visible, and what stood before still verifies.
    assert abandoned(folder)[-1] == "intent"
    assert verified(folder) == 0
    assert run(request(folder), CLOCK).sealed is not None
    assert verified(folder) == 0


def test_a_run_that_ends_early_is_abandoned_with_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def harm() -> None:
        raise RuntimeError("a defect whose text is nobody's business: hunter2")

    sabotaged(monkeypatch, harm)

    with pytest.raises(RuntimeError):
        run(request(folder), CLOCK)
    assert abandoned(folder)[-2:] == ["intent", "abandon"]
    assert "hunter2" not in "".join(path.read_text() for path in (folder / "store" / "chain").iterdir())
    assert verified(folder) == 0


def test_a_filter_that_names_nothing_abandons_the_run(folder: Path) -> None:
    with pytest.raises(AuditreelError, match="filtering by region"):
        run(request(folder, regions=("nowhere",)), CLOCK)
    assert abandoned(folder)[-2:] == ["intent", "abandon"]


@pytest.mark.parametrize("lost", ["signing-key.pem", "store-secret", "trust.json"])
def test_without_its_keys_a_store_records_nothing_and_nothing_is_collected(
    folder: Path, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "config" / lost).unlink()
    before = abandoned(folder)
    monkeypatch.setattr(pipeline, "observed", lambda *_: pytest.fail("nothing may be collected"))

    with pytest.raises((SealError, VerificationError)) as raised:
        run(request(folder), CLOCK)
    assert raised.value.exit_code == 5
    assert abandoned(folder) == before


def test_a_folder_that_is_no_store_records_nothing(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SealError, match="auditreel init"):
        run(request(folder, store=str(tmp_path / "nothing")), CLOCK)
    assert not (tmp_path / "nothing").exists()


# --- whose trust file counts ---


def test_a_trust_file_beside_the_store_never_replaces_ones_own(folder: Path, tmp_path: Path) -> None:
    """Whoever can rewrite a store can also put keys of his own beside it."""
    forged = tmp_path / "forged" / "store"
    initialise(str(forged), tmp_path / "forged" / "config")
    shutil.rmtree(folder / "store")
    shutil.copytree(forged, folder / "store")
    shutil.copytree(tmp_path / "forged" / "config", folder / "store.keys")
    run(RunRequest(config=folder / "store.keys", store=str(folder / "store"), snapshot=str(DEMO)), CLOCK)

    assert verified(folder) == 5


def test_a_demonstration_has_its_own_keys_and_is_never_evidence(tmp_path: Path) -> None:
    folder = tmp_path
    (folder / "config").mkdir()
    assessment = run(request(folder, snapshot=None, demo="recorded", checks=()), CLOCK)

    assert assessment.sealed is not None
    verdict = verify(str(folder / "store"), folder / "config")
    assert verdict.exit_code == 5
    assert any("demonstration" in line for line in verdict.lines)
    assert list((folder / "config").iterdir()) == []
    again = run(request(folder, store=None, snapshot=None, demo="recorded"), CLOCK)
    assert again.sealed is None


def test_a_sealed_demonstration_can_be_judged_again(tmp_path: Path) -> None:
    made = run(request(tmp_path, snapshot=None, demo="recorded", checks=()), CLOCK)

    # Read from the demonstration's store; recorded nowhere, since that store takes demonstrations only.
    snapshot = inspection.snapshot_of(str(made.run_id), str(tmp_path / "store"), tmp_path / "config")

    assert [item.properties for item in snapshot.resources] == [item.properties for item in read(DEMO).resources]
    assert len(made.findings) > len(snapshot.resources)


def test_two_runs_at_one_second_are_two_runs(folder: Path) -> None:
    first, second = run(request(folder), CLOCK), run(request(folder), replace(CLOCK))

    assert first.run_id != second.run_id
    assert first.sealed is not None
    assert second.sealed is not None
    assert first.sealed["root"] == second.sealed["root"]
    assert verified(folder) == 0
