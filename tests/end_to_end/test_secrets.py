"""What the account keeps secret is in nothing that a run writes: store, keys, reports, screen, errors."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from tests.emulators.aws_services import CANARY
from tests.emulators.wire import Answer, Exchange
from tests.end_to_end.account import Account

ROOT = Path(__file__).resolve().parents[2]
FORMS = [
    CANARY.encode(),
    CANARY.encode("utf-16-le"),
    *(base64.b64encode(b" " * pad + CANARY.encode())[4:-4] for pad in (0, 1, 2)),
]
"""The secret as text, and as it stands in base64 wherever it begins."""

Run = Callable[..., int]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``auditreel init`` writes and says; nothing of an account is known then."""
    folder = tmp_path_factory.mktemp("begun")
    for name in ("work", "keys", "said"):
        (folder / name).mkdir()
    assert process_in(folder)("init") == 0
    return folder


@pytest.fixture
def run(account: Account, begun: Path, tmp_path: Path) -> Run:
    """Runs the process with everything recorded and every format written into ``tmp_path``; gives its exit code."""
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    return process_in(tmp_path)


def process_in(tmp_path: Path) -> Run:
    environment = {
        **{name: value for name, value in os.environ.items() if name.startswith("AWS_")},
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONMALLOC": "default",  # without the slow allocator of -X dev, whose warnings are what is wanted
        "HOME": str(tmp_path / "work"),
        "AUDITREEL_CONFIG": str(tmp_path / "keys"),
        "AUDITREEL_STORE": str(tmp_path / "store"),
    }

    def called(verb: str, *arguments: str) -> int:
        with (
            (tmp_path / "said" / f"{verb}.out").open("ab") as out,
            (tmp_path / "said" / f"{verb}.err").open("ab") as err,
        ):
            command = [sys.executable, "-X", "dev", "-m", "engine", verb, *arguments]
            process = subprocess.run(
                command, env=environment, cwd=tmp_path / "work", stdout=out, stderr=err, timeout=300, check=False
            )
        return process.returncode

    return called


def everything(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file by name, and what is packed in it."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = str(path.relative_to(folder))
        yield name, path.read_bytes()
        if path.suffix == ".parquet":
            yield f"{name}, unpacked", repr(duckdb.sql(f"FROM '{path}'").fetchall()).encode()
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                yield from ((f"{name}/{member}", archive.read(member)) for member in archive.namelist())


def where(folder: Path, forms: list[bytes]) -> list[str]:
    return sorted({name for name, data in everything(folder) if any(form in data for form in forms)})


OUTPUTS = tuple(word for suffix in ("txt", "json", "jsonl", "csv", "md") for word in ("--output", f"report.{suffix}"))


def recorded(run: Run, *more: str) -> int:
    return run("run", "--check", "*", *OUTPUTS, *more)


def test_no_secret_of_the_account_is_written(account: Account, run: Run, tmp_path: Path) -> None:
    answers: list[str] = []

    def noted(exchange: Exchange, answer: Answer) -> Answer:
        if CANARY.encode() in answer.body:
            answers.append(exchange.call.name)
        return answer

    account.said.change("lambda:ListFunctions", noted)
    assert recorded(run, "--debug") == 3
    (run_id,) = [path.name for path in (tmp_path / "store" / "runs").iterdir()]
    assert run("export", "--run", run_id, "--output", "bundle.zip") == 0
    assert answers == ["lambda:ListFunctions"]
    assert where(tmp_path, FORMS) == []
    # What is looked for the same way and may be there is found everywhere.
    found = where(tmp_path, [b"northwind-customer-documents"])
    data = {f"work/report.{suffix}" for suffix in ("csv", "json", "jsonl")}
    assert {*data, "work/bundle.zip/bodies.jsonl"} <= set(found)
    assert f"store/runs/{run_id}/findings.parquet, unpacked" in found


@pytest.mark.parametrize("body", ["code and message", "no answer", "element", "key"])
def test_no_body_of_an_answer_that_failed_is_written(account: Account, run: Run, tmp_path: Path, body: str) -> None:
    def spoilt(exchange: Exchange, answer: Answer) -> Answer:
        said = {
            "no answer": f"{CANARY} {{<",
            "element": f"<{CANARY}/>",
            "key": f'{{"{CANARY}": "{CANARY}"}}',
        }[body]
        return answer.with_body(said.encode())

    if body == "code and message":
        account.wire.faults.add(
            "error",
            "*",
            code="AccessDenied",
            status=403,
            message=f"not allowed: {CANARY}",
            where=lambda exchange: exchange.call.service != "sts",
        )
    else:
        for name in ("iam:GetAccountAuthorizationDetails", "lambda:ListFunctions", "s3:GetBucketAcl", "sqs:ListQueues"):
            account.said.change(name, spoilt)
    assert recorded(run, "--debug") in (3, 4)
    assert where(tmp_path, FORMS) == []


@pytest.mark.parametrize("operation", ["sts:GetCallerIdentity", "ec2:DescribeRegions"])
def test_no_body_of_a_discovery_that_failed_is_written(
    account: Account, run: Run, tmp_path: Path, operation: str
) -> None:
    account.wire.faults.add("error", operation, code="AccessDenied", status=403, message=CANARY)
    assert recorded(run, "--debug") in (3, 4)
    assert run("doctor", "--check", "*", "--debug") in (0, 4)
    assert where(tmp_path, FORMS) == []
