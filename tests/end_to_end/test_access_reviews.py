"""An access review from scan to signed decisions to what the next scan shows, on the embedded account."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from engine import cli
from engine.reviews.campaign import decode
from tests.end_to_end.account import Account
from tests.end_to_end.small_firm import folder

Command = Callable[..., tuple[int, str, str]]
CONTROLS = """\
controls:
  - id: AC-15
    statement: Every quarter the owners of systems review who has access, and revoke what is not needed.
    owner: Head of Security
    criteria: [CC6.2]
    aspects: [CC6.2.review]
    operation: recurring
    occurs: {every: quarter, since: 2026-01-01, grace_days: 30}
    evidence: [access_review]
    deviation: any_failure
"""
LEAVERS = ("leaver.one", "leaver.two")


@pytest.fixture
def auditreel(
    account: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Command:
    """The command line on a small firm's policy folder and a new store, with the account in reach."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDITREEL_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("AUDITREEL_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("AUDITREEL_POLICY", str(folder(tmp_path, controls=CONTROLS)))

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(cli.group, arguments, "auditreel")
        return code, *capsys.readouterr()

    assert run("init", "--store", str(tmp_path / "store"))[0] == 0
    return run


@pytest.fixture
def iam(account: Account) -> Iterator[Any]:
    """The account's IAM, with two people who leave."""
    client = boto3.client("iam", region_name="us-east-1")
    for name in LEAVERS:
        client.create_user(UserName=name)
        client.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    yield client
    for name in LEAVERS:
        try:
            client.detach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
            client.delete_user(UserName=name)
        except client.exceptions.NoSuchEntityException:
            continue


def decide(path: Path, on: str, **more: str) -> None:
    """Fill in the table: leavers are revoked, all else is kept."""
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
    for row in rows:
        word = "elsewhere" if row["not_seen"] else "revoke" if row["name"] in LEAVERS else "keep"
        row |= {"decision": word, "by": "Robin Ito", "on": on, "note": "see ticket 7"} | more
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def test_a_leaver_whose_access_stayed_is_shown_from_the_scan_to_the_next_one(
    auditreel: Command, iam: Any, tmp_path: Path
) -> None:
    def scan() -> None:
        code, _, error = auditreel("run", "--check", "aws.iam.*", "--allow-incomplete")
        assert code == 3, error

    scan()
    code, out, error = auditreel("review", "new", "q4")
    assert code == 0, error
    place = tmp_path / "policies" / "reviews" / "q4"
    rows = list(csv.DictReader(io.StringIO((place / "campaign.csv").read_text("utf-8-sig"), newline="")))
    mine = [row for row in rows if row["name"] in LEAVERS]
    assert {(row["name"], row["access"], row["reviewer"]) for row in mine} == {
        (name, "policy arn:aws:iam::aws:policy/ReadOnlyAccess", "Robin") for name in LEAVERS
    }

    code, _, error = auditreel("review", "sign", "q4", "--by", "Robin Ito")
    assert (code, "not decided: ben.carter: console sign-in" in error) == (2, True)
    assert f"{len(rows)} of {len(rows)} lines are not decided" in " ".join(auditreel("report", "due")[1].split())

    on = json.loads((place / "campaign.json").read_text())["as_of"][:10]
    decide(place / "campaign.csv", on, by="Ana Lopez")
    code, _, error = auditreel("review", "sign", "q4", "--by", "Robin Ito")
    assert (code, "Ana Lopez decided on their own access" in error) == (2, True)

    decide(place / "campaign.csv", on)
    whole = (place / "campaign.json").read_bytes()
    # Who writes into the sidecar, and makes its digest fit, does not write into the sealed run.
    made = decode(whole, "campaign.json")
    (place / "campaign.json").write_bytes(replace(made, lines=made.lines[1:]).encode())
    code, _, error = auditreel("review", "sign", "q4", "--by", "Robin Ito")
    assert (code, "is not what run" in error) == (2, True)
    (place / "campaign.json").write_bytes(whole)

    code, out, error = auditreel("review", "sign", "q4", "--by", "Robin Ito")
    assert code == 0, error
    assert "2 to be revoked" in out
    record = tmp_path / "policies" / "records" / f"{on}-access-review.yaml"
    assert {path.name for path in record.with_suffix("").iterdir()} == {"campaign.csv", "campaign.json"}
    assert "on time" in auditreel("evidence", "list")[1]

    # Nothing is done until a run has shown it.
    code, out, _ = auditreel("review", "verify", "q4")
    assert (code, "2 unseen; by no run since it was signed" in out) == (4, True)
    due = " ".join(auditreel("report", "due")[1].split())
    assert due.count("no run has shown that it is gone") == 2

    iam.detach_user_policy(UserName="leaver.one", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.delete_user(UserName="leaver.one")
    scan()
    code, out, _ = auditreel("review", "verify", "q4")
    assert code == 3
    assert "STILL THERE  leaver.two: policy arn:aws:iam::aws:policy/ReadOnlyAccess" in out
    assert f"revoked by Robin Ito on {on}" in out
    assert "gone         leaver.one" in out
    due = " ".join(auditreel("report", "due")[1].split())
    assert ("leaver.one" in due, "is still there" in due) == (False, True)

    (record.with_suffix("") / "campaign.csv").write_text("nothing")
    assert auditreel("review", "verify", "q4")[0] == 5
