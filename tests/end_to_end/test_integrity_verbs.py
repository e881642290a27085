"""Time stamps, keys, a watching auditor and every target of ``verify``, from the command line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from engine import cli
from engine.content.root import find
from engine.run.observing import DEMO
from engine.run.resume import _may_go_on
from tests.unit.evidence.authority import NAME, authority, served
from tests.unit.evidence.synthetic_runs import START, content, judged, plan, record, reopened

Command = Callable[..., tuple[int, str, str]]
CHECKS = ("aws.iam.root_mfa_enabled",)


@pytest.fixture
def auditreel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command line with its own configuration folder: exit code, output and error stream."""
    monkeypatch.setenv("AUDITREEL_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("AUDITREEL_SIGNING_KEY", raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(cli.group, arguments, "auditreel")
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def store(auditreel: Command, tmp_path: Path) -> Path:
    assert auditreel("init", "--store", str(tmp_path / "store"))[0] == 0
    return tmp_path / "store"


def policy(tmp_path: Path, url: str) -> Path:
    """The policy folder, with an authority."""
    shutil.copytree(find().policies, tmp_path / "policies")
    path = tmp_path / "policies" / "organization.yaml"
    path.write_text(path.read_text() + f"\ntime_stamps:\n  - {{authority: {NAME}, url: '{url}'}}\n")
    return tmp_path / "policies"


def scan(auditreel: Command, *more: str) -> tuple[int, str, str]:
    return auditreel("run", "--snapshot", str(DEMO), "--check", CHECKS[0], "--allow-incomplete", *more)


def now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_run_is_stamped_when_it_is_sealed_and_what_waited_with_it(
    auditreel: Command, store: Path, tmp_path: Path
) -> None:
    (tmp_path / "tsa.pem").write_bytes(authority().pem)
    assert auditreel("key", "trust", NAME, str(tmp_path / "tsa.pem"))[0] == 0
    folder = policy(tmp_path, "http://127.0.0.1:1/")
    _, said, _ = scan(auditreel, "--policy", str(folder))
    flat = " ".join(said.split())
    assert "NOT ANCHORED" in flat
    assert "Waits for a time stamp: Example Time Ltd: http://127.0.0.1:1/ does not answer" in flat
    code, said, _ = auditreel("timestamp", "--policy", str(folder))
    assert (code, "entry 2 waits" in said) == (5, True)
    with served(lambda request: authority().answers(now())("", request, 0)) as url:
        path = folder / "organization.yaml"
        path.write_text(path.read_text().replace("http://127.0.0.1:1/", url))
        _, said, _ = scan(auditreel, "--policy", str(folder))
        assert f"by {NAME}" in " ".join(said.split()), said
        assert auditreel("timestamp", "--policy", str(folder))[0] == 0
    code, said, _ = auditreel("verify")
    assert code == 0
    assert said.startswith("anchored to ")
    assert "2 time stamps, the last over entry 5" in said


def test_a_watching_auditors_nonce_is_in_the_chain_and_shown(auditreel: Command, store: Path, tmp_path: Path) -> None:
    _, said, _ = scan(auditreel, "--witness", "4711 \x1b[2J")
    assert "Watched nonce 4711" in " ".join(said.split())
    assert "\x1b[2J" not in said
    code, said, _ = auditreel("verify")
    assert code == 0
    assert "was watched: nonce 4711" in said


def test_a_witness_without_a_store_is_an_error_of_usage(auditreel: Command) -> None:
    code, _, said = scan(auditreel, "--witness", "4711")
    assert code == 2
    assert "no store is named" in said


def test_every_target_is_verified(auditreel: Command, store: Path, tmp_path: Path) -> None:
    scan(auditreel)
    run = next(path.name for path in (store / "runs").iterdir())
    assert auditreel("export", "--run", run, "--output", "one.zip")[0] == 0
    assert auditreel("export", "--run", run, "--proof", "0", "--output", "record.json")[0] == 0
    assert (tmp_path / "record.json").stat().st_size < 2048
    for target in (run, "one.zip", "record.json", str(store)):
        code, said, error = auditreel("verify", target)
        assert (code, said.splitlines()[-1].endswith("verified")) == (0, True), (target, said, error)
    code, said, _ = auditreel("verify", "one.zip", str(store))
    assert (code, said.splitlines()[-1]) == (0, "the two tell one story")


@pytest.mark.parametrize("target", ["nowhere", "20000101T000000Z-00000000", "20000101T000000Z-0000000"])
def test_what_is_not_there_is_never_verified(auditreel: Command, store: Path, target: str) -> None:
    assert auditreel("verify", target)[0] in (2, 5)


def test_two_packages_that_tell_different_stories_are_a_split_view(
    auditreel: Command, store: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    for name in ("config", "store"):
        shutil.copytree(tmp_path / name, tmp_path / "other" / name)
    for folder, seed in ((tmp_path, "a"), (tmp_path / "other", "b")):
        sealed = record(reopened(folder), judged(seed=seed))
        arguments = ("--store", str(folder / "store"), "--config", str(folder / "config"))
        assert auditreel("export", "--run", sealed.run, "--output", f"{seed}.zip", *arguments)[0] == 0
    trust = json.loads((tmp_path / "config" / "trust.json").read_bytes()) | {"head": None}
    (tmp_path / "config" / "trust.json").write_text(json.dumps(trust))
    assert [auditreel("verify", f"{name}.zip")[0] for name in "ab"] == [0, 0]
    code, said, _ = auditreel("verify", "a.zip", "b.zip")
    assert code == 5
    assert "split view: a.zip and b.zip hold different entries in this place" in said


def test_where_nothing_shows_the_end_of_the_chain_verify_says_so(
    auditreel: Command, store: Path, tmp_path: Path
) -> None:
    scan(auditreel)
    path = tmp_path / "config" / "trust.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"head": None}))
    code, said, error = auditreel("verify")
    assert (code, "tail not anchored" in said, "tail not anchored" in error) == (5, True, True)
    code, said, _ = auditreel("verify", "--allow-unanchored")
    assert (code, "note: tail not anchored" in said) == (0, True)


def test_a_key_is_replaced_and_withdrawn_from_the_command_line(auditreel: Command, store: Path) -> None:
    scan(auditreel)
    _, before, _ = auditreel("key", "list")
    (old,) = [line.split()[1] for line in before.splitlines() if line.startswith("key")]
    code, said, _ = auditreel("key", "rotate")
    assert (code, said.splitlines()[1]) == (0, "entry 3")
    scan(auditreel)
    assert auditreel("verify")[0] == 0
    _, after, _ = auditreel("key", "list")
    assert f"{old} (signs nothing after entry 3)" in after
    code, _, error = auditreel("key", "revoke", old, "--since", "2", "--reason", "stolen")
    assert (code, "Hand out" in error) == (0, True)
    code, said, _ = auditreel("verify")
    assert (code, "was replaced or withdrawn, and signs nothing after entry 1" in said) == (5, True)


def test_a_run_that_is_watched_does_not_go_on_with_one_that_was_not(store: Path, tmp_path: Path) -> None:
    died, _ = reopened(tmp_path).intended(plan(), content(), START)
    assert _may_go_on(died, msgspec.structs.replace(died, run="20261123T020000Z-00000001"), 12)
    assert not _may_go_on(died, msgspec.structs.replace(died, witness="4711"), 12)
