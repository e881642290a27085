"""The documents tell what is so: their commands are given in order, in a fresh folder, as a reader would give them.

What a reader has beside the document (an account, a repository with a plan, a store of earlier nights) is set up here;
what a document writes it writes itself. Commands that need what is not here are named in :data:`NOT_GIVEN`, each with
why.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import boto3
import pytest
import yaml

import providers
from engine.content.root import find
from engine.model import CLOUDS
from tests.documents import ROOT, Block, blocks, calls, commands, prose, screen, wrong
from tests.emulators.aws_wire import AwsWire
from tests.emulators.github import issues as _routes_of_issues  # noqa: F401 - adds its routes
from tests.emulators.github.routes import routes
from tests.emulators.github.wire import GitHub
from tests.emulators.github.world import Tracker, world
from tests.end_to_end import larkfield
from tests.plans import PlanBuilder
from tests.shell import Done, Shell
from tests.unit.evidence.nightly import recorded
from tests.unit.evidence.synthetic_runs import store_in

DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md"))
)
FROZEN = datetime(2026, 11, 26, 12, tzinfo=UTC)

INSTALLS = "installs from an index"
SUITE = "runs these tests"
CHECKOUT = "changes the checkout; what it does is tried in"
NOT_GIVEN: Mapping[tuple[str, str], str] = {
    ("README.md", "python3 -m venv .venv && .venv/bin/pip install -q -c constraints.txt . "):
        f"{INSTALLS}; tests/end_to_end/test_packaging.py installs the wheel",
    ("README.md", "python3 -m venv .venv && .venv/bin/pip install -q -c constraints.txt -e "): f"{INSTALLS}; {SUITE}",
    ("README.md", "pip install 'auditreel[aws]'"): INSTALLS,
    ("CONTRIBUTING.md", "python3.11 -m venv .venv && .venv/bin/pip install"): INSTALLS,
    ("CONTRIBUTING.md", ".venv/bin/pytest -n 2"): SUITE,
    ("CONTRIBUTING.md", ".ci/run"): SUITE,
    ("CONTRIBUTING.md", "pre-commit install"): f"{CHECKOUT} tests/architecture/test_hooks.py",
    ("CONTRIBUTING.md", "auditreel check new aws.s3.my_rule"): f"{CHECKOUT} tests/content/test_drafts.py",
    ("CONTRIBUTING.md", "auditreel check test aws.s3.my_rule"): f"{CHECKOUT} tests/content/test_drafts.py",
    ("CONTRIBUTING.md", "python -m engine.catalog"): f"{CHECKOUT} tests/content/test_references.py",
    ("CONTRIBUTING.md", "python -m tests.emulators.demo_company"):
        f"{CHECKOUT} tests/end_to_end/test_demonstration.py",
    ("docs/serve.md", "auditreel serve --store s3://acme-evidence"):
        "stores in two clouds; tests/end_to_end/test_serve_objects.py serves one of each",
    ("docs/engines.md", "duckdb -init evidence.sql"):
        "needs DuckDB's own shell; tests/end_to_end/test_tables_in_engines.py asks the same of the library",
    ("docs/engines.md", "aws s3 sync lake"): "needs the AWS command line",
    ("docs/engines.md", "aws s3 sync shared"): "needs the AWS command line",
    ("docs/engines.md", "pip install 'auditreel[iceberg]'"): INSTALLS,
    ("docs/gate.md", "terraform plan -out plan.bin"):
        "needs Terraform's providers; tests/end_to_end/test_gate_terraform.py makes such plans",
    ("docs/gate.md", "bicep build main.bicep"):
        "needs Bicep; tests/end_to_end/test_gate_arm.py judges such templates",
    ("docs/mcp.md", "pip install 'auditreel[mcp]'"): INSTALLS,
    ("docs/mcp.md", "auditreel mcp --store evidence"): "answers until its client goes; tests/end_to_end/test_mcp.py",
    ("docs/nightly.md", "pip install 'auditreel[aws,dask]'"): INSTALLS,
    ("docs/nightly.md", "auditreel run --store evidence --executor"):
        "needs a cluster; tests/end_to_end/test_cluster.py has one",
    ("docs/nightly.md", "pip install 'auditreel[otel]'"): INSTALLS,
    ("docs/nightly.md", "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector.internal:4318 auditreel run"):
        "needs a receiver; tests/end_to_end/test_traces.py has one",
    ("docs/object-store.md", "pip install 'auditreel[remote,aws]'"): INSTALLS,
    ("docs/object-store.md", "aws s3api create-bucket"): "needs the AWS command line",
    ("docs/object-store.md", "aws kms create-key"): "needs the AWS command line",
    ("docs/object-store.md", "aws kms create-alias"): "needs the AWS command line",
    ("docs/serve.md", "pip install 'auditreel[serve]'"): INSTALLS,
    ("docs/serve.md", "auditreel serve --store evidence"): "serves until it is stopped; tests/end_to_end/test_serve.py",
    ("docs/serve.md", "auditreel serve log --store evidence --seal"):
        "needs the log of a server; tests/end_to_end/test_serve.py",
    ("docs/writing-a-provider.md", "python -m engine.catalog"): f"{CHECKOUT} tests/content/test_references.py",
    ("docs/writing-a-provider.md", "python -m pytest tests/collectors/test_aws_messaging.py tests/content"): SUITE,
}  # fmt: skip
"""Commands that are not given, by their document and how they begin, and why."""


# --- readers ---------------------------------------------------------------------------------------------------------


class Desk(Shell):
    """Where a reader sits: a shell, its clock, and all that it printed."""

    printed = ""
    moment: datetime | None = None
    beside: ExitStack
    """What runs beside the shell until the test ends."""

    @property
    def home(self) -> Path:
        return Path(self.environment["HOME"])

    def now(self) -> datetime:
        """The machine's time, or that of the document, which goes on as the machine's does."""
        if self.moment is None:
            return datetime.now(UTC)
        return self.moment + timedelta(seconds=time.monotonic() - self.begun)

    def at(self, moment: datetime) -> None:
        """Let it be another time."""
        self.moment, self.begun = moment, time.monotonic()

    def given(self, text: str) -> Done:
        """A command, carried out; what it printed, and wrote as JSON, can stand for words of later ones."""
        done = self.run(text)
        self.printed += done.out + done.err + "".join(path.read_text() for path in self.folder.glob("*.json"))
        return done


@dataclass(frozen=True)
class Reader:
    """What a reader of a document has. ``fill`` says what stands for a word of the document, of all that was printed.

    ``on``: when they read it, where the document names days. ``variables`` are of their shell. ``meanwhile`` happens
    before a command, ``then`` when all is done: what the document says of what is printed is asserted there.
    """

    has: Callable[[Desk], None] = lambda desk: None
    fill: Mapping[str, Callable[[Desk], str]] = field(default_factory=dict)
    on: datetime | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    meanwhile: Mapping[str, Callable[[Desk], None]] = field(default_factory=dict)
    then: Callable[[Desk], None] = lambda desk: None


def said(pattern: str) -> Callable[[Desk], str]:
    """What was printed last that fits."""
    return lambda desk: str(re.findall(pattern, desk.printed)[-1])


NARROW = {"AUDITREEL_CHECK": "aws.s3.bucket_*"}
"""A reader who is content with less, as settings allow: all checks of an account take longer to be read."""


def buckets(desk: Desk) -> None:
    """Two buckets, of which nothing is set."""
    for name in ("records-one", "records-two"):
        boto3.client("s3").create_bucket(Bucket=name)


def bucket(desk: Desk) -> None:
    """A bucket for evidence, beside two others."""
    buckets(desk)
    boto3.client("s3").create_bucket(Bucket="acme-evidence")


def in_kms(desk: Desk) -> str:
    """The ARN of a key in KMS that signs, by its alias; made when a document first names it."""
    kms = boto3.client("kms")
    known = {alias["AliasName"]: alias["AliasArn"] for alias in kms.list_aliases()["Aliases"]}
    if "alias/auditreel" not in known:
        made = kms.create_key(KeySpec="ECC_NIST_EDWARDS25519", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
        kms.create_alias(AliasName="alias/auditreel", TargetKeyId=made["KeyId"])
        return in_kms(desk)
    return str(known["alias/auditreel"])


def tagged(desk: Desk) -> None:
    """Two buckets, one of a team."""
    buckets(desk)
    tags = {"TagSet": [{"Key": "team", "Value": "payments"}]}
    boto3.client("s3").put_bucket_tagging(Bucket="records-one", Tagging=tags)


def versioned(desk: Desk) -> None:
    """Somebody mends a bucket, and the next run sees it."""
    enabled = {"Status": "Enabled"}
    boto3.client("s3").put_bucket_versioning(Bucket="records-one", VersioningConfiguration=enabled)
    assert desk.run("auditreel run --trigger scheduled --store evidence").code == 3


def noticed(desk: Desk) -> None:
    """What was mended is told as fixed, owners are told in a message, and the metrics of the alerts are kept.

    What fails would have an issue, and what was mended none.
    """
    assert "Fixed" in desk.printed
    assert re.search(r"(?m)^title: \[\w+\] .*arn:aws:s3:::records-two$", desk.printed)
    assert not re.search(r"(?m)^title: .*[Vv]ersion.*arn:aws:s3:::records-one$", desk.printed)
    assert "Subject: Your company, night of" in desk.printed
    kept = (desk.folder / "auditreel.prom").read_text()
    named = set(re.findall(r"auditreel_run_\w+", (ROOT / "docs" / "nightly.md").read_text()))
    assert [name for name in named if f"\n{name}{{" not in kept and f"\n{name} " not in kept] == []


def issues(desk: Desk) -> None:
    """A repository without issues, and a token that may read and write them."""
    github_world = world()
    github_world.granted = frozenset({"metadata:read", "issues:write"})
    github_world.trackers["compliance"] = Tracker()
    github = desk.beside.enter_context(GitHub(routes, desk.home / "github.pem", github_world))
    desk.environment.update(github.environment)


def owned(desk: Desk) -> None:
    """By the default no bucket has an owner; with the parameter a team is one."""
    judged = re.findall(r"(?m)^Judged +1 check for aws\.s3\.bucket_owner_tagged: (.*)$", desk.printed)
    assert judged == [
        "0 pass, 5 fail, 0 unknown, 0 n/a",
        "0 pass, 2 fail, 0 unknown, 0 n/a",
        "1 pass, 1 fail, 0 unknown, 0 n/a",
    ]


def repository(desk: Desk) -> None:
    """A repository with a configuration, the plan of a change, a policy folder, and where it came from."""
    done = desk.run(
        "auditreel init --name Example --no-discover && rm -r evidence auditreel.toml && git init -q -b main && "
        "git config user.name Kim && git config user.email kim@example.com && mkdir infra && "
        'printf \'resource "aws_security_group" "bastion" {\\n}\\n\' > infra/main.tf && '
        "git add . && git commit -q -m Begun && git update-ref refs/remotes/origin/main HEAD"
    )
    assert done.code == 0, done.err
    anyone = {"from_port": 22, "to_port": 22, "protocol": "tcp", "cidr_blocks": ["0.0.0.0/0"], "description": ""}
    none = {"ipv6_cidr_blocks": [], "prefix_list_ids": [], "security_groups": [], "self": False}
    plan = PlanBuilder().create(
        "aws_security_group.bastion",
        name="bastion",
        description="Administrators",
        vpc_id="vpc-1",
        tags=None,
        egress=[],
        ingress=[{**anyone, **none}],
    )
    plan.write(desk.folder / "plan.json")


def nights(desk: Desk) -> None:
    """Three of four nights of June, recorded."""
    recorder = store_in(desk.folder)
    for day in (1, 2, 4):
        found = {
            "aws.s3.bucket_default_encryption": dict.fromkeys((f"bucket-{number}" for number in range(30)), "pass")
        }
        recorded(recorder, f"2026-06-0{day}T01:00:00Z", found)
    kept(desk)


def scanned(desk: Desk) -> None:
    """Two of four nights of June, scanned."""
    buckets(desk)
    assert desk.run("auditreel init --store evidence").code == 0
    for day in (2, 4):
        desk.at(datetime(2026, 6, day, 1, tzinfo=UTC))
        assert desk.run("run-checks --trigger scheduled --store evidence").code == 3
    desk.at(datetime(2026, 7, 1, tzinfo=UTC))


def kept(desk: Desk) -> None:
    """The store and its keys, where the documents and a reader's home have them."""
    shutil.move(desk.folder / "store", desk.folder / "evidence")
    (desk.home / ".config").mkdir()
    shutil.move(desk.folder / "config", desk.home / ".config" / "auditreel")


def firm(desk: Desk) -> None:
    """The company of 60 people, the auditor's list, and a store of its runs."""
    policy = larkfield.company(desk.folder)
    larkfield.large_firm(desk.folder)
    larkfield.record(policy, "insurance", "2026-05-12")
    larkfield.store(desk.folder, ["aws.iam.user_console_mfa_enabled"], {})
    kept(desk)


def checkout(desk: Desk) -> None:
    """A checkout's data folders, in which a provider is being written, and its tables with the provider in them."""
    for name in ("checks", "policies", "schemas"):
        shutil.copytree(ROOT / name, desk.folder / name)
    desk.beside.enter_context(mock.patch.object(find, "__defaults__", (None, desk.folder / "engine")))
    desk.beside.enter_context(
        mock.patch.object(providers, "__path__", [*providers.__path__, str(desk.folder / "providers")])
    )
    desk.beside.enter_context(mock.patch.dict(providers.EXTRAS, rack=()))
    desk.beside.enter_context(mock.patch.dict(CLOUDS, rack="The rack"))
    for name in ("providers.rack.adapter", "providers.rack"):
        desk.beside.callback(sys.modules.pop, name, None)


def judged_disks(desk: Desk) -> None:
    """The disk that is not encrypted fails; without the list it is not known which disks there are."""
    assert re.findall(r"(?m)^Judged +1 check: (.*)$", desk.printed) == [
        "1 pass, 1 fail, 0 unknown, 0 n/a",
        "0 pass, 0 fail, 1 unknown, 0 n/a",
    ]


RUN = r'"id": "(\d{8}T\d{6}Z-[0-9a-f]{8})"'

READERS: Mapping[str, Reader] = {
    "README.md": Reader(buckets, variables=NARROW),
    "docs/adhoc.md": Reader(buckets, {"RUN": said(RUN)}, variables=NARROW),
    "docs/nightly.md": Reader(
        buckets,
        variables=NARROW,
        meanwhile={
            "auditreel diff --store evidence": versioned,
            "auditreel issues --store evidence --repository acme/compliance --dry-run": issues,
        },
        then=noticed,
    ),
    "docs/engines.md": Reader(nights),
    "docs/object-store.md": Reader(
        bucket, {"arn:aws:kms:eu-central-1:111122223333:alias/auditreel": in_kms}, variables=NARROW
    ),
    "docs/gate.md": Reader(
        repository,
        on=FROZEN,
        variables={"GIT_COMMITTER_DATE": "2026-11-25T12:00:00Z", "GIT_AUTHOR_DATE": "2026-11-25T12:00:00Z"},
    ),
    "docs/writing-checks.md": Reader(tagged, then=owned),
    "docs/writing-a-provider.md": Reader(checkout, then=judged_disks),
    "docs/serve.md": Reader(nights, {"LINK": said(r"link ([0-9a-f]{16})")}),
    "docs/sampling.md": Reader(
        nights,
        {"ENTRY": said(r"frozen in entry (\d+)"), "UNIT": said(r"(?m)^(aws .*) *$")},
    ),
    "docs/bundle.md": Reader(
        scanned,
        {
            "TRUST": lambda desk: str(desk.home / ".config" / "auditreel" / "trust.json"),
            "CONFIG": lambda desk: str(desk.home / ".config" / "auditreel"),
        },
        variables={"AUDITREEL_CHECK": "aws.s3.bucket_tls_only"},
    ),
    "docs/audit.md": Reader(firm, on=datetime(2026, 7, 15, tzinfo=UTC)),
}


# --- the tests -------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path: Path, aws_env: AwsWire, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """An empty folder, an empty home, and an AWS."""
    variables = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    folder = tmp_path / "reader"
    folder.mkdir()
    with Desk(folder, variables) as desk, ExitStack() as desk.beside:
        monkeypatch.setattr("engine.cli.clock._now", lambda: desk.now().strftime("%Y-%m-%dT%H:%M:%SZ"))
        monkeypatch.setattr("engine.cli.clock.today", lambda: desk.now().date())
        yield desk


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_commands_of_a_document_end_as_it_says(document: str, desk: Desk) -> None:
    reader = READERS.get(document, Reader())
    desk.environment.update(reader.variables)
    if reader.on is not None:
        desk.at(reader.on)
    reader.has(desk)
    for block in blocks(ROOT / document):
        _written(block, desk.folder)
        for command in commands(block) if block.language == "sh" else ():
            if _left_out(document, command.text):
                continue
            if command.text in reader.meanwhile:
                reader.meanwhile[command.text](desk)
            text = command.text
            for word, found in reader.fill.items():
                if re.search(rf"\b{word}\b", text):
                    text = re.sub(rf"\b{word}\b", found(desk), text)
            done = desk.given(text)
            assert done.code == command.code, (
                f"{document}:{command.line}: {text}\n{done.out[-3000:]}\n{done.err[-3000:]}"
            )

    reader.then(desk)


def _left_out(document: str, command: str) -> list[tuple[str, str]]:
    return [key for key in NOT_GIVEN if key[0] == document and command.startswith(key[1])]


def _written(block: Block, folder: Path) -> None:
    if block.file is not None:
        path = folder / block.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((path.read_text() if block.added else "") + block.text)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_screen_that_a_document_shows_is_the_one_that_is_printed(document: str, desk: Desk) -> None:
    for block in (block for block in blocks(ROOT / document) if block.language == "console"):
        command, shown = screen(block)
        done = desk.given(command)
        printed = [line.rstrip() for line in f"{done.out.rstrip()}\n{done.err.rstrip()}".split("\n")]
        assert _elided(printed, shown) == shown


def _elided(printed: list[str], shown: list[str]) -> list[str]:
    """What was printed, with three dots for what a page leaves out of it."""
    found: list[str] = []
    for line, following in zip(shown, [*shown[1:], None], strict=True):
        if line != "...":
            found.append(printed.pop(0) if printed else "")
        elif following in printed[1:]:
            found.append(line)
            del printed[: printed.index(following, 1)]
    return found + printed


def test_the_first_screen_stands_in_the_readme() -> None:
    shown = [screen(block)[0] for block in blocks(ROOT / "README.md") if block.language == "console"]
    assert shown == ["run-checks --demo --criterion security"]


def test_the_readme_tells_how_many_checks_there_are() -> None:
    count = sum(1 for _ in (ROOT / "checks").rglob("*.yaml"))
    assert f"and {count} checks so far" in (ROOT / "README.md").read_text()


# --- what is shown ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_call_that_a_document_shows_names_commands_and_options_that_there_are(document: str) -> None:
    assert [f"{line}: {why}" for line, words in calls(ROOT / document) if (why := wrong(words)) is not None] == []


_READERS = {"json": json.loads, "yaml": yaml.safe_load, "toml": tomllib.loads}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_a_document_shows_is_well_formed(document: str) -> None:
    for block in blocks(ROOT / document):
        if block.language in _READERS:
            text = f"{{{block.text}}}" if block.text.startswith('"') and block.language == "json" else block.text
            assert _READERS[block.language](text) is not None, f"{document}:{block.line}"


def test_what_is_not_given_stands_in_a_document() -> None:
    used = {
        key
        for document in DOCUMENTS
        for block in blocks(ROOT / document)
        if block.language == "sh"
        for command in commands(block)
        for key in _left_out(document, command.text)
    }
    assert NOT_GIVEN.keys() - used == set()


def test_no_command_stands_outside_of_the_blocks_that_are_tried() -> None:
    """An indented block would be passed over."""
    found = [
        f"{document}:{number}"
        for document in DOCUMENTS
        for number, line in prose(ROOT / document)
        if re.match(r"    +(auditreel|run-checks|pip|python3?) ", line)
    ]
    assert found == []
