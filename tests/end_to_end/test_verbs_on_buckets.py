"""Every verb that takes a store, with one in S3: it works, or says why not."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import boto3
import click
import pytest

from engine.cli import group, main
from engine.content.root import find
from engine.custody import examination, stores
from tests.emulators.github.world import Tracker
from tests.emulators.moto_process import MotoProcess
from tests.end_to_end.served import check, controls, organization
from tests.unit.evidence.nightly import ENCRYPTED, recorded

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "object-store.md").read_text()
URL = "s3://acme-evidence/soc2"
TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  B: {Type: "AWS::S3::Bucket", Properties: {}}
"""
APPROVED = "--approver Robin --reason until-the-new-buckets-are-there --expires 2026-12-31"
# In this order: a verb may rest on what one before it wrote. Words in capitals are those of the fixture.
VERBS: tuple[tuple[str, int, str], ...] = (
    ("init --store URL --config other", 0, "store URL"),
    ("diff", 3, "aws.s3.encrypted"),
    ("notify --dry-run", 0, "no run was sealed"),
    ("issues --repository acme/compliance --dry-run", 0, "open title: [high] Made up: arn:aws:s3:::b"),
    ("report type1 --at 2026-06-03", 0, "Type I"),
    ("report type2 PERIOD", 0, "aws.s3.encrypted"),
    ("report gap", 0, "Prepared by management"),
    ("report changes PERIOD --gates URL", 0, "Changed without a gate"),
    ("verify", 0, "3 sealed runs, 6 records"),
    ("store list", 0, "RUN"),
    ("verify RUN", 0, "1 sealed run, 2 records"),
    ("verify URL URL", 0, "the two tell one story"),
    ("replay RUN", 5, "run RUN, 2 records: cannot replay"),  # the made-up checks are no content
    ("export --run RUN --output bundle.zip", 0, "bundle.zip"),
    ("waiver list", 0, "Waivers: 0"),
    (
        f"waiver add aws.s3.encrypted --basis planned_fix --owner Kim {APPROVED}",
        2,
        "there is no check aws.s3.encr",
    ),
    (f"waiver renew w-1 {APPROVED}", 2, "w-1"),
    ("review new quarterly", 0, "auditreel review sign quarterly"),
    ("review sign quarterly --by Kim", 2, "quarterly"),
    ("review verify quarterly", 2, "quarterly"),
    ("requests show list", 2, "no list of requests is imported"),
    ("requests export list --output list.xlsx", 2, "no list of requests is imported"),
    ("sample freeze --nights PERIOD", 0, "3 units"),
    ("sample draw 7 --size 2 --nonce 0123456789abcdef", 0, "entry 8"),
    ("sample replace 7 2026-06-09 --reason moved", 2, "is not in the sample of entry 7"),
    ("respond FAILURE --cause a --effect b --correction c --by Kim", 0, "responds to FAILURE"),
    ("close PERIOD", 0, "closed in entry"),
    ("store rebuild --compare", 0, "3 frames"),
    ("store tables --target duckdb", 2, "its working copy is a cache, where no engine looks"),
    ("store tables --target athena --output tables --location s3://acme-lake/auditreel", 0, "3 runs written"),
    ("store compact", 0, "3 runs in entry"),
    ("store expire", 2, "organization.yaml says nothing of retention"),
    ("store lock", 2, "organization.yaml asks for no Object Lock"),
    ("gate template.yaml --check aws.s3.bucket_kms_encryption", 3, "in URL"),
    ("run --snapshot RUN --check aws.s3.bucket_kms_encryption", 4, "Head"),
    (
        "run --demo --store URL --check aws.iam.root_mfa_enabled",
        2,
        "recording a demonstration in URL: it is no evidence, and has a folder of its own",
    ),
    ("timestamp", 5, "no authority is configured"),
    ("key rotate", 0, "entry"),
    ("key revoke KEY --since 99 --reason stolen", 5, "is not one of those that"),
    ("serve link --for Kim", 0, "/link/"),
    ("serve log --store URL --access-log accesses.jsonl --seal", 0, "sealed in entry"),
    ("serve --port PORT", 2, "use another --port"),
    ("mcp", 0, "answering questions about soc2 on standard input and output"),
    ("schedule print --target k8s", 0, "URL"),
    ("verify", 0, "verified"),
)


@pytest.fixture
def place(
    tracker: Tracker, moto: MotoProcess, nobody: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    monkeypatch.chdir(tmp_path)
    # Whoever would ask has gone already.
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    for name, value in {"ENDPOINT_URL": moto.url, "REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    config = tmp_path / "config"
    for name, value in {"STORE": URL, "CONFIG": str(config), "POLICY": str(tmp_path / "policies")}.items():
        monkeypatch.setenv(f"AUDITREEL_{name}", value)
    shutil.copytree(find().policies, tmp_path / "policies")
    boto3.client("s3", endpoint_url=moto.url).create_bucket(Bucket="acme-evidence")
    assert main(group, ["init", "--store", URL, "--config", str(config)], "auditreel") == 0
    (tmp_path / "auditreel.toml").unlink()
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "accesses.jsonl").touch()
    recorder = stores.recorder(URL, config)
    for day in (1, 2, 3):
        found = {ENCRYPTED: {"a": "pass", "b": "fail" if day == 3 else "pass"}}
        recorded(recorder, f"2026-06-0{day}T01:00:00Z", found, [check(ENCRYPTED, "CC6.1")], controls=controls(),
                 organization=organization(), accepted={})  # fmt: skip
    period = examination.period(URL, config, date(2026, 6, 1), date(2026, 6, 3))
    (failure,) = period.failures
    return {
        "RUN": period.frames[-1].moment.run,
        "FAILURE": failure.id,
        "KEY": "0" * 64,
        "PORT": moto.url.rpartition(":")[2],
        "URL": URL,
        "PERIOD": "--from 2026-06-01 --to 2026-06-03",
    }


def taking_stores() -> Iterator[str]:
    """Every verb with an option or argument that names a store."""

    def below(command: click.Command, name: str) -> Iterator[str]:
        if {"--store", "--gates"} & {option for parameter in command.params for option in parameter.opts}:
            yield name
        if isinstance(command, click.Group):
            context = click.Context(command)
            for verb in command.list_commands(context):
                found = command.get_command(context, verb)
                assert found is not None
                yield from below(found, f"{name} {verb}".strip())

    return below(group, "")


def test_every_verb_that_takes_a_store_works_in_a_bucket_or_says_why_not(
    place: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    def filled(text: str) -> str:
        return re.sub(r"\b[A-Z]+\b", lambda found: place.get(found[0], found[0]), text)

    wrong = []
    for text, code, said in VERBS:
        capsys.readouterr()
        got = main(group, filled(text).split(), "auditreel")
        told = " ".join("".join(capsys.readouterr()).split())
        if got != code or filled(said) not in told:
            wrong.append(f"{text}: {got}: {told[-400:]}")
    assert wrong == []


def test_the_page_lists_every_verb_that_takes_a_store() -> None:
    verbs = set(taking_stores())
    tried = {verb for verb in verbs for text, _, _ in VERBS if f"{text} ".startswith(f"{verb} ")}
    assert verbs - tried == set()
    section = PAGE.partition("## Every verb")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    assert sorted(name for row in rows for name in re.findall("`([^`]+)`", row)) == sorted(verbs)
