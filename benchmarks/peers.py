"""The same work by auditreel and by its peers in one run: Checkov on plans, Prowler on a mock account.

    python -m benchmarks.peers [--peer checkov] [--peer prowler] [--plans FOLDER] [--resources 1000] [--size small]
                               [--environments FOLDER]

Each peer is installed, at its newest version, into a virtual environment of its own below ``--environments`` (default:
a temporary folder that goes with the run; a folder that has them already is used as it is). Where one cannot be
installed, that is said and the rest goes on.

No two of these tools ask the same questions, so that each job is measured twice. "All" is each with all that it has for
the job, with the verdicts that it gives: seconds say little without these. "Same" is as near as it gets: of plans, the
questions of :data:`SAME`, of which each tool has exactly one check; of an account, the checks that ask what Prowler's
SOC 2 framework asks (``anchor_checks.txt``), beside that framework. CPU and memory are those of the tool's own
processes; the mock is a process of its own. Wall clock means little on a busy machine: the load is printed.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks import scan
from benchmarks.gate import GATE, plan
from benchmarks.measured import RUN_CHECKS, Cost, cost, offline
from benchmarks.seed_aws import SizeName, counts

PLANS: Final = Path(__file__).resolve().parents[1].parent / "shared" / "plans"
PEERS: Final = ("checkov", "prowler")
SAME: Final[Mapping[str, str]] = {
    "CKV_AWS_7": "aws.kms.key_rotation",
    "CKV_AWS_16": "aws.rds.instance_encrypted",
    "CKV_AWS_21": "aws.s3.bucket_versioning",
    "CKV_AWS_24": "aws.ec2.security_group_no_open_ssh",
}
"""Questions that Checkov and auditreel each have one check for: its id, and ours."""
FRAMEWORK: Final = "soc2_aws"
HEAD: Final = (
    "job",
    "tool",
    "questions",
    "CPU s",
    "peak MB",
    "wall s",
    "calls",
    "checks",
    "verdicts",
    "failures",
    "exit",
)


class NotInstalled(Exception):
    """A peer cannot be installed here; the text says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. ``checks`` gave ``verdicts``, of which ``failures``; None where a tool does not tell."""

    job: str
    tool: str
    questions: str
    cost: Cost
    checks: int | None
    verdicts: int | None
    failures: int | None
    calls: str = "-"

    def cells(self) -> tuple[str, ...]:
        """As a line of the table."""
        spent = self.cost
        told = (f"{spent.cpu:.1f}", f"{spent.peak:.0f}", f"{spent.wall:.1f}")
        rest = (self.checks, self.verdicts, self.failures)
        return (self.job, self.tool, self.questions, *told, self.calls, *map(_number, rest), str(spent.code))


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def installed(peer: str, folder: Path) -> Path:
    """The peer's command in an environment of its own. Raises NotInstalled."""
    environment = folder / peer
    command = environment / "bin" / peer
    if command.is_file():
        return command
    for step in (
        (sys.executable, "-m", "venv", str(environment)),
        (str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", peer),
    ):
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotInstalled(f"{peer} cannot be installed here: {(done.stderr.strip() or 'no reason given')[-400:]}")
    if not command.is_file():
        raise NotInstalled(f"{peer} was installed, and brought no command of that name")
    return command


def version(command: Path, home: str) -> str:
    """What the peer says its version is."""
    said = subprocess.run(
        (str(command), "--version"), env=offline(home), capture_output=True, text=True, timeout=300, check=False
    )
    return next(
        (line.strip() for line in said.stdout.splitlines() if any(c.isdigit() for c in line)), "unknown version"
    )


def measured(command: Sequence[str], environment: Mapping[str, str], output: Path) -> Cost:
    """What a command costs; what it prints is in the file ``output`` afterwards."""
    with output.open("wb") as file:
        return cost(command, environment, file.fileno())


# --- plans -----------------------------------------------------------------------------------------------------------


def plans(folder: Path, resources: int, home: Path) -> Iterator[tuple[str, Path]]:
    """The jobs of a gate: every plan of a folder that both can read, and one that is made."""
    yield f"{resources:,} resources, made", plan(resources).write(home / "made.json")
    for path in sorted(folder.glob("[!e]*/*.json")):  # not of edge/, which holds what is no plan
        yield path.stem, path


def gate(name: str, path: Path, questions: str, home: Path) -> Row:
    """What ``auditreel gate`` makes of a plan."""
    asked = [text for id_ in SAME.values() for text in ("--check", id_)] if questions == "same" else []
    output = home / "gate.json"
    spent = measured((*GATE, str(path), *asked, "--format", "json"), offline(str(home)), output)
    found = _json(output)
    verdicts = found.get("verdicts", [])
    failures = sum(row["verdict"] == "fail" for row in verdicts)
    return Row(
        name, "auditreel gate", questions, spent, len({row["check"] for row in verdicts}), len(verdicts), failures
    )


def checkov(command: Path, name: str, path: Path, questions: str, home: Path) -> Row:
    """What Checkov makes of a plan, without the calls that it makes for what is not on the machine."""
    asked = ("--check", ",".join(SAME)) if questions == "same" else ()
    output = home / "checkov.json"
    arguments = ("-f", str(path), "--framework", "terraform_plan", "--output", "json", "--compact", "--skip-download")
    spent = measured((str(command), *arguments, *asked), offline(str(home)), output)
    found = _json(output)
    reports = found if isinstance(found, list) else [found]
    kinds = ("passed_checks", "failed_checks", "skipped_checks", "unknown_checks")
    rows = [(kind, row) for report in reports for kind in kinds for row in report.get("results", {}).get(kind, ())]
    failures = sum(kind == "failed_checks" for kind, _ in rows)
    return Row(name, "Checkov", questions, spent, len({row["check_id"] for _, row in rows}), len(rows), failures)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except ValueError:
        return {}


# --- an account ------------------------------------------------------------------------------------------------------


def run(account: scan.Account, questions: str, home: Path) -> Row:
    """What ``run-checks`` makes of the mock account."""
    account.control("reset")
    output = home / "run.json"
    environment = offline(str(home)) | {"AWS_ENDPOINT_URL": account.url}
    selection = scan.SELECTIONS["anchor" if questions == "same" else "all"]
    spent = measured((*RUN_CHECKS, *selection, "--provider", "aws", "--format", "json"), environment, output)
    found = _json(output).get("findings", [])
    failures = sum(row["verdict"] == "fail" for row in found)
    checks, calls = len({row["check"] for row in found}), _calls(account)
    return Row(_job(account.size), "auditreel run", questions, spent, checks, len(found), failures, calls)


def prowler(command: Path, account: scan.Account, questions: str, home: Path) -> Row:
    """What Prowler makes of the mock account: its SOC 2 framework, or every check of AWS."""
    account.control("reset")
    folder = home / f"prowler-{questions}"
    environment = offline(str(home)) | {"AWS_ENDPOINT_URL": account.url}
    framework = ("--compliance", FRAMEWORK) if questions == "same" else ()
    arguments = (
        "aws",
        "--region",
        scan.REGION,
        *framework,
        "--output-formats",
        "csv",
        "--output-directory",
        str(folder),
    )
    spent = measured((str(command), *arguments), environment, home / "prowler.txt")
    rows: list[dict[str, str]] = []
    for path in folder.glob("*.csv"):
        with path.open(newline="", encoding="utf-8") as file:
            rows += csv.DictReader(file, delimiter=";")
    failures = sum(row.get("STATUS") == "FAIL" for row in rows)
    checks, calls = len({row.get("CHECK_ID") for row in rows}), _calls(account)
    return Row(_job(account.size), "Prowler", questions, spent, checks, len(rows), failures, calls)


def _calls(account: scan.Account) -> str:
    """How many requests reached the mock and, of these, different ones: what the mock answers with 500 is retried."""
    traffic = account.control("stats")
    return f"{traffic['total']:,} ({traffic['distinct']:,})"


def _job(size: SizeName) -> str:
    return f"AWS, {sum(counts(size).values())} resources"


# --- the run ---------------------------------------------------------------------------------------------------------


def rows(given: argparse.Namespace, folder: Path, home: Path) -> Iterator[Row | str]:
    """What is measured, as it comes, and what is to be said between."""
    for peer in given.peer or PEERS:
        try:
            command = installed(peer, folder)
        except NotInstalled as error:
            yield f"{error}; not measured beside it"
            command = None
        else:
            yield f"{peer}: {version(command, str(home))}"
        yield from _plans(given, command, home) if peer == "checkov" else _account(given, command, home)


def _plans(given: argparse.Namespace, command: Path | None, home: Path) -> Iterator[Row | str]:
    if not given.plans.is_dir():
        yield f"{given.plans} is not there: only a plan that is made is judged"
    for name, path in plans(given.plans, given.resources, home):
        made = path.parent == home
        for questions in ("same", "all") if made else ("all",):
            yield gate(name, path, questions, home)
            if command is not None:
                yield checkov(command, name, path, questions, home)


def _account(given: argparse.Namespace, command: Path | None, home: Path) -> Iterator[Row | str]:
    with scan.account(given.size) as account:
        account.control("set?memory=1")
        run(account, "all", home)  # fills the proxy's memory, since the mock takes longer than AWS does
        for questions in ("same",) if given.quick else ("same", "all"):
            yield run(account, questions, home)
            if command is not None:
                yield prowler(command, account, questions, home)


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given.resolve()
        return
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", action="append", choices=PEERS)
    parser.add_argument("--plans", type=Path, default=PLANS, help="a folder of plans, each below the name of its cloud")
    parser.add_argument("--resources", type=int, default=1000, help="of the plan that is made")
    parser.add_argument("--size", choices=("small", "medium", "large"), default="small", help="of the mock account")
    parser.add_argument("--environments", type=Path, help="where the peers are installed, and stay")
    parser.add_argument("--quick", action="store_true", help="of the account, only the same questions")
    given = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {_load()}, Python {sys.version.split()[0]}\n")
    for line in (HEAD, tuple("---" for _ in HEAD)):
        print("| " + " | ".join(line) + " |", flush=True)
    said: list[str] = []
    with _folder(given.environments) as folder, tempfile.TemporaryDirectory() as home:
        for row in rows(given, folder, Path(home)):
            if isinstance(row, str):
                said.append(row)
                print(row, file=sys.stderr, flush=True)
            else:
                print("| " + " | ".join(row.cells()) + " |", flush=True)
    print("\n" + "\n".join(said) + f"\nload {_load()}")


def _load() -> str:
    return ", ".join(f"{value:.1f}" for value in os.getloadavg())


if __name__ == "__main__":
    main()
