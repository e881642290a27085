"""``auditreel notify``: owners are told what changed and what is missing, and nothing that is secret."""

from __future__ import annotations

import email
import email.policy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine import cli
from engine.evidence.seal import Recorder, Sealed
from engine.model import Clock
from tests.end_to_end.post import Mail, Webhook, mail, serving, webhook
from tests.unit.evidence import nightly
from tests.unit.evidence.nightly import (
    CONTROLS,
    ENCRYPTED,
    ORGANIZATION,
    VERSIONED,
    a_check,
    begun,
    content,
    plan,
    recorded,
)
from tests.unit.evidence.synthetic_runs import BUCKET, store_in

FIRST, SECOND = "2026-06-01T00:05:00Z", "2026-06-02T00:05:00Z"
"""The schedule of these nights is 02:00 in Berlin, with three hours of grace."""
OWNED = CONTROLS.replace("owner: Operations\n    criteria: [CC6.1]\n    aspects: [CC6.1.access_restricted]\n"
                         "    operation: continuous\n    checks: [aws.s3.versioned]",
                         "owner: Platform\n    criteria: [CC6.1]\n    aspects: [CC6.1.access_restricted]\n"
                         "    operation: continuous\n    checks: [aws.s3.versioned]")  # fmt: skip
Notify = Callable[..., tuple[int, str, str]]


@pytest.fixture
def store(tmp_path: Path) -> Recorder:
    return store_in(tmp_path)


@pytest.fixture
def notify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Notify:
    """``auditreel notify`` at a moment: the exit code, output and error stream."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDITREEL_CONFIG", str(tmp_path / "config"))

    def called(now: str, *arguments: str) -> tuple[int, str, str]:
        clock = Clock(lambda: now, lambda: 0.0, lambda seconds: None)
        monkeypatch.setattr("engine.cli.clock.system_clock", lambda *_: clock)
        code = cli.main(cli.group, ["notify", *arguments, "--store", str(tmp_path / "store")], "auditreel")
        return code, *capsys.readouterr()

    return called


@pytest.fixture
def hook() -> Iterator[str]:
    """The address of a webhook."""
    with serving(webhook()) as port:
        yield f"127.0.0.1:{port}"


def night(store: Recorder, at: str, a: str, b: str = "pass", **more: object) -> Sealed:
    checks = [a_check(ENCRYPTED), a_check(VERSIONED)]
    verdicts = {ENCRYPTED: {"a": a}, VERSIONED: {"a": b}}
    return recorded(store, at, verdicts, checks=checks, controls=OWNED, **more)  # type: ignore[arg-type]


def test_each_owner_gets_what_is_theirs_and_everyone_gets_all(
    store: Recorder, notify: Notify, hook: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(store, FIRST, "pass")
    night(store, SECOND, "fail", "fail")
    (tmp_path / "targets.toml").write_text(
        f'Platform = ["json://{hook}/platform"]\n"Nobody here" = ["json://{hook}/n"]'
    )
    monkeypatch.setenv("AUDITREEL_NOTIFY", f"json://{hook}/all json://user:hunter2@{hook}/more")

    code, out, err = notify(SECOND, "--recipients", "targets.toml")

    assert (code, out, err) == (0, "", "")
    told = {path: (posted["title"], posted["message"]) for path, posted in Webhook.posted}
    assert sorted(path for path, _ in Webhook.posted) == ["/all", "/more", "/platform"]
    assert told["/all"] == told["/more"]
    assert told["/all"][0] == "Example Ltd, night of 2026-06-02: new failures: 2"
    assert told["/platform"][0] == "Example Ltd, night of 2026-06-02: new failures: 1"
    assert f"- high {VERSIONED} arn:aws:s3:::a in 123456789012/eu-west-1: pass, now fail" in told["/platform"][1]
    assert ENCRYPTED not in told["/platform"][1]
    assert told["/all"][1].index("== Operations ==") < told["/all"][1].index("== Platform ==")


def test_nothing_is_sent_where_nothing_changed(
    store: Recorder, notify: Notify, hook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(store, FIRST, "fail")
    night(store, SECOND, "fail")
    monkeypatch.setenv("AUDITREEL_NOTIFY", f"json://{hook}")

    assert notify(SECOND) == (0, "", "nothing changed: nobody is told\n")
    assert Webhook.posted == []


def told(done: tuple[int, str, str]) -> str:
    code, out, err = done
    assert (code, err) == (0, "")
    return out


def test_a_night_that_failed_or_is_missing_is_never_quiet(store: Recorder, notify: Notify) -> None:
    night(store, FIRST, "pass")
    first = told(notify(FIRST, "--dry-run"))
    assert "Subject: Example Ltd, night of 2026-06-01: first run, nothing to compare with" in first
    died = begun(store, SECOND, [a_check(ENCRYPTED)]).id

    failed = told(notify("2026-06-02T00:10:00Z", "--dry-run"))
    late = told(notify("2026-06-02T03:00:00Z", "--dry-run"))
    longer = told(notify("2026-06-03T03:00:00Z", "--dry-run"))

    assert "Subject: Example Ltd, night of 2026-06-02: 1 run not sealed\n" in failed
    assert f"- {died}: never sealed" in failed
    assert "night of 2026-06-02: 1 night without a run, 1 run not sealed" in late
    assert "- 2026-06-02: no run was sealed\n- 2026-06-03: no run was sealed" in longer
    night(store, "2026-06-04T00:05:00Z", "pass")
    again = told(notify("2026-06-04T00:10:00Z", "--dry-run"))
    assert "night of 2026-06-04: 2 nights between without a run" in again
    assert "- missed 2026-06-02 no run\n- missed 2026-06-03 no run" in again


def test_evidence_that_does_not_verify_or_is_not_there_is_told_to_everyone(
    store: Recorder, notify: Notify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(store, FIRST, "pass")
    night(store, SECOND, "pass")
    (tmp_path / "store").rename(tmp_path / "kept")
    unread = (
        "To: *\nSubject: auditreel: the evidence could not be read\n\nThe evidence store could not be read, or does "
        "not verify: whether there was a run in this night is not known, nor what it found.\n\n"
        "More: auditreel verify\n\n"
    )
    code, out, err = notify("2026-06-02T04:00:00Z", "--dry-run")
    assert (code, out, "is no evidence store" in err) == (5, unread, True)
    (tmp_path / "kept").rename(tmp_path / "store")
    newest = max((tmp_path / "store" / "chain").iterdir())
    newest.write_bytes(newest.read_bytes()[:-9] + b'"altered"')
    code, out, err = notify("2026-06-02T04:00:00Z", "--dry-run")
    assert (code, out, "does not verify" in err) == (5, unread, True)
    with serving(webhook()) as port:
        monkeypatch.setenv("AUDITREEL_NOTIFY", f"json://127.0.0.1:{port}/")
        assert notify("2026-06-02T04:00:00Z")[0] == 5
    assert [body["title"] for _, body in Webhook.posted] == ["auditreel: the evidence could not be read"]
    code, _, err = notify("2026-06-02T04:00:00Z")
    assert (code, "1 not delivered: target 1 of * (JSON)" in err) == (5, True)


def test_what_changed_is_not_told_again_on_a_night_without_a_run(store: Recorder, notify: Notify) -> None:
    first = night(store, FIRST, "pass")
    second = night(store, SECOND, "fail")

    assert "New failures" in told(notify(SECOND, "--dry-run"))
    assert "New failures" not in told(notify("2026-06-03T09:00:00Z", "--dry-run"))
    assert "New failures" in told(notify("2026-06-03T09:00:00Z", first.run, second.run, "--dry-run"))


def test_a_look_at_a_part_stands_for_no_night(store: Recorder, notify: Notify) -> None:
    night(store, FIRST, "pass")
    night(store, SECOND, "pass")
    night(store, "2026-06-03T09:00:00Z", "fail", planned=plan("adhoc", accounts=["123456789012"]))

    assert "1 night without a run" in told(notify("2026-06-03T09:10:00Z", "--dry-run"))


def test_an_empty_store_is_not_quiet(store: Recorder, notify: Notify) -> None:
    assert "no run was ever sealed" in told(notify(FIRST, "--dry-run"))


def test_neither_values_nor_people_nor_markup_nor_calls_are_sent(store: Recorder, notify: Notify) -> None:
    owners = "owners: {Operations: [Jane Doe, Ops], Platform: [Kim]}\n"
    names = {"a": "pass", "<!channel> @everyone [x](http://e)\x1b[2J": "fail"}
    for at, found in ((FIRST, {"a": "pass"}), (SECOND, names)):
        recorded(store, at, {ENCRYPTED: found}, controls=CONTROLS.replace("owner: Operations", "owner: Jane Doe"),
                 organization=ORGANIZATION + owners)  # fmt: skip

    page = told(notify(SECOND, "--dry-run"))

    assert "== Operations ==" in page
    for word in ("Jane Doe", "Kim", "It is too old.", "role/auditor", "<!", "@everyone", "\x1b"):
        assert word not in page


def test_a_personal_subject_is_named_by_its_digest(
    store: Recorder, notify: Notify, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = {BUCKET: json.dumps({"title": BUCKET, "x-personal-identity": True, "properties": {}}).encode()}
    monkeypatch.setattr(nightly, "content", lambda *given, **more: replace(content(*given, **more), schemas=schema))
    for at, verdict in ((FIRST, "pass"), (SECOND, "fail")):
        recorded(store, at, {ENCRYPTED: {"jane.doe": verdict}})

    page = told(notify(SECOND, "--dry-run"))

    assert re.search(rf"- high {ENCRYPTED} [0-9a-f]{{64}} in 123456789012/eu-west-1: pass, now fail", page)
    assert "jane" not in page


@pytest.mark.parametrize(
    ("variable", "file", "said"),
    [
        ("", "", "no address is named for everyone"),
        ("", 'Platform = ["json://127.0.0.1/"]', "no address is named for everyone"),
        ("nosuch://hunter2", "", "target 1 of * is no address that apprise knows"),
        ("", '"*" = "json://hunter2"', "*: must be a list of text"),
        ("", '"*" = json://hunter2', "it is not TOML"),
    ],
)
def test_addresses_that_cannot_be_used_are_refused_and_never_printed(
    store: Recorder,
    notify: Notify,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    file: str,
    said: str,
) -> None:
    monkeypatch.setenv("AUDITREEL_NOTIFY", variable)
    (tmp_path / "targets.toml").write_text(file)

    code, out, err = notify(FIRST, "--recipients", "targets.toml")

    assert (code, out) == (2, "")
    assert said in err
    assert "hunter2" not in err


def test_who_cannot_be_told_is_an_error_after_the_others_were(
    store: Recorder, notify: Notify, hook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(store, FIRST, "pass")
    night(store, SECOND, "fail")
    monkeypatch.setenv("AUDITREEL_NOTIFY", f"json://user:hunter2@127.0.0.1:9/token-4711 json://{hook}/all")

    code, out, err = notify(SECOND)

    assert (code, out) == (4, "")
    assert err == "notifying: 1 not delivered: target 1 of * (JSON); run it again when they answer\n"
    assert [path for path, _ in Webhook.posted] == ["/all"]
    Webhook.status = 500

    code, out, err = notify(SECOND)
    assert (code, out, "hunter2" in err) == (4, "", False)


def test_mail_comes_as_text(store: Recorder, notify: Notify, monkeypatch: pytest.MonkeyPatch) -> None:
    night(store, FIRST, "pass")
    night(store, SECOND, "fail")
    with serving(mail()) as port:
        address = f"mailto://127.0.0.1:{port}?from=scan@example.org&to=team@example.org&mode=insecure&format=text"
        monkeypatch.setenv("AUDITREEL_NOTIFY", address)
        assert notify(SECOND) == (0, "", "")

    (received,) = Mail.received
    message = email.message_from_string(received, policy=email.policy.default)
    assert message["subject"] == "Example Ltd, night of 2026-06-02: new failures: 1"
    assert "pass, now fail" in " ".join(message.get_content().split())
