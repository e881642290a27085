"""The real process: what it imports, prints, and ends with."""

from __future__ import annotations

import csv
import json
import os
import re
import select
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine import cli

ROOT = Path(__file__).resolve().parents[2]
RUN_CHECKS = "import sys; from engine.cli import run_checks; sys.argv[0] = 'run-checks'; run_checks()"
HEAVY = (
    "boto3",
    "botocore",
    "duckdb",
    "rich",
    "jinja2",
    "yaml",
    "jsonschema",
    "cryptography",
    "msgspec",
    "re2",
    "tomllib",
)
PATIENCE = 60

Command = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment that has nothing of the machine's: no credentials, no configuration, no colours."""
    home = tmp_path / "home"
    home.mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "LANG": "C.UTF-8",
    }


@pytest.fixture
def auditreel(environment: dict[str, str], tmp_path: Path) -> Command:
    """Runs ``auditreel`` in an empty folder."""
    folder = tmp_path / "work"
    folder.mkdir()

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "engine", *arguments],
            env={**environment, **more},
            cwd=folder,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )

    return run


# --- what it costs ---


@pytest.mark.parametrize(
    "program",
    [
        "from engine.cli import auditreel; sys.argv = ['auditreel', '--help']; auditreel()",
        "from engine.cli import auditreel; sys.argv = ['auditreel', '--version']; auditreel()",
        "from engine.cli import run_checks; sys.argv = ['run-checks', '--help']; run_checks()",
        "from engine.cli import run_checks; sys.argv = ['run-checks', '--chek', 'x']; run_checks()",
    ],
)
def test_help_and_usage_errors_load_no_sdk_no_database_and_no_data_format(
    environment: dict[str, str], program: str
) -> None:
    watched = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", watched + program], env=environment, capture_output=True, timeout=PATIENCE, check=False
    )

    loaded = set(done.stderr.decode().splitlines()[-1].split())
    assert "click" in loaded
    assert loaded & set(HEAVY) == set()


def test_the_version_is_printed_by_both_commands(auditreel: Command, environment: dict[str, str]) -> None:
    both = [
        auditreel("--version").stdout,
        subprocess.run([sys.executable, "-c", RUN_CHECKS, "--version"], env=environment, capture_output=True).stdout,
    ]

    assert both[0] == both[1]
    assert re.fullmatch(rb"auditreel \d+\.\d+\.\d+\S*\n", both[0])


# --- usage ---

USAGE = {
    "unknown option": (("run", "--chek", "x"), "--check"),
    "unknown command": (("explian", "x"), "Did you mean explain?"),
    "unknown choice": (("run", "--severity", "worst"), "'low', 'medium', 'high', 'critical'"),
    "unknown criterion": (("run", "--demo", "--criterion", "securty"), "did you mean security?"),
    "unknown series": (("run", "--demo", "--criterion", "CC6.9"), "unknown criterion 'CC6.9'; did you mean CC6.8?"),
    "no date": (("close", "--from", "2026-11-01", "--to", "2026-11-31"), "'--to': 2026-11-31 is no date (YYYY-MM-DD)"),
    "option with choices": (("waiver", "add", "x"), "Choose from: risk_accepted, compensating_control"),
    "log of accesses that is not there": (
        ("run", "--check", "aws.s3.*", "--access-log", "gone.jsonl"),
        "sealing how gone.jsonl stands: it is not there",
    ),
    "unknown check": (("explain", "aws.iam.root_mfa_enable"), "did you mean aws.iam.root_mfa_enabled?"),
    "pattern that matches nothing": (("run", "--demo", "--check", "oci.*"), "unknown check 'oci.*'"),
    "nothing selected": (("run", "--demo", "--criterion", "P8.1"), "auditreel check list"),
    "unknown suffix": (("run", "--demo", "--output", "report.pdf"), "use .txt, .json, .jsonl, .csv, .md"),
    "folder that is not there": (("run", "--demo", "--output", "missing/report.json"), "there is no folder missing"),
    "snapshot that is not there": (("run", "--snapshot", "missing.json"), "missing.json"),
    "plan in a form of reports": (("run", "--plan", "--format", "csv"), "use --format with text, json, jsonl"),
    "zero seconds": (("run", "--timeout", "0"), "--timeout"),
    "a place where none is looked at": (("permissions", "--region", "eu-west-1"), "No such option"),
}


@pytest.mark.parametrize(("arguments", "hint"), USAGE.values(), ids=USAGE)
def test_wrong_usage_ends_with_2_says_what_to_do_and_prints_no_data(
    auditreel: Command, arguments: tuple[str, ...], hint: str
) -> None:
    done = auditreel(*arguments)

    assert (done.returncode, done.stdout) == (2, b"")
    assert hint in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_a_misspelt_variable_is_refused_not_ignored(auditreel: Command) -> None:
    done = auditreel("run", "--demo", AUDITREEL_FIAL_ON="critical")

    assert done.returncode == 2
    assert b"did you mean AUDITREEL_FAIL_ON?" in done.stderr


def test_verbs_of_later_versions_do_not_exist(auditreel: Command) -> None:
    commands = re.findall(r"^  ([a-z]+)  ", auditreel("--help").stdout.decode(), re.MULTILINE)

    assert commands == [
        "run",
        "gate",
        "check",
        "explain",
        "permissions",
        "doctor",
        "init",
        "evidence",
        "review",
        "waiver",
        "report",
        "schedule",
        "diff",
        "notify",
        "issues",
        "close",
        "respond",
        "requests",
        "sample",
        "export",
        "verify",
        "key",
        "timestamp",
        "replay",
        "serve",
        "mcp",
        "store",
    ]
    for command in commands:
        assert auditreel(command, "--help").returncode == 0


# --- a run ---


def test_data_goes_to_standard_output_and_the_reason_of_the_exit_code_to_the_other(auditreel: Command) -> None:
    done = auditreel("run", "--demo", "--format", "json")
    report = json.loads(done.stdout)

    assert report["run"]["demonstration"] is True
    assert done.returncode == report["exit"]["code"] == 3
    line = done.stderr.decode()
    assert line.startswith("exit 3: ")
    assert line.count("\n") == 1
    for code, reason in report["exit"]["reasons"].items():
        assert f"{code}: {reason}" in line


def test_two_runs_of_one_snapshot_print_the_same_bytes(auditreel: Command) -> None:
    outputs = {
        form: {auditreel("run", "--demo", "--format", form, PYTHONHASHSEED=seed).stdout for seed in ("1", "2")}
        for form in ("text", "json", "jsonl", "csv", "markdown")
    }

    assert [len(found) for found in outputs.values()] == [1, 1, 1, 1, 1]


def test_severity_that_nothing_reaches_lets_the_run_pass(auditreel: Command) -> None:
    done = auditreel("run", "--demo", "--check", "aws.iam.root_mfa_enabled", "--format", "jsonl")

    assert (done.returncode, done.stderr) == (0, b"")
    assert {json.loads(line)["verdict"] for line in done.stdout.splitlines()} == {"pass"}


def test_reports_are_written_in_the_format_of_their_suffix_for_the_owner_only(
    auditreel: Command, tmp_path: Path
) -> None:
    names = ["a.json", "b.jsonl", "c.txt", "d.csv", "e.md"]
    done = auditreel("run", "--demo", *(word for name in names for word in ("--output", name)))
    files = {path.name: path for path in (tmp_path / "work").iterdir()}

    assert done.stdout.startswith(b"DEMONSTRATION ")
    assert sorted(files) == names
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o600}
    assert json.loads(files["a.json"].read_text())["run"]["kind"] == "demo"
    assert all(json.loads(line)["run"]["kind"] == "demo" for line in files["b.jsonl"].read_text().splitlines())
    assert files["c.txt"].read_text().startswith("DEMONSTRATION ")
    assert {row["kind"] for row in csv.DictReader(files["d.csv"].read_text().splitlines())} == {"demo"}
    assert "> **DEMONSTRATION " in files["e.md"].read_text()


@pytest.mark.parametrize("form", ["text", "json", "jsonl"])
def test_a_reader_that_leaves_early_changes_nothing_about_the_exit_code(
    environment: dict[str, str], tmp_path: Path, form: str
) -> None:
    command = f'{sys.executable} -m engine run --demo --format {form} | head -n 1; echo "${{PIPESTATUS[@]}}"'
    done = subprocess.run(
        ["bash", "-c", command], env=environment, cwd=tmp_path, capture_output=True, timeout=PATIENCE, check=False
    )

    assert done.stdout.decode().splitlines()[-1] == "3 0"
    assert done.stderr.decode().startswith("exit 3: ")
    assert b"Broken" not in done.stderr
    assert b"Exception" not in done.stderr


def test_a_reader_of_the_help_that_leaves_early_is_no_error(environment: dict[str, str], tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "engine", "--help"], env=environment, stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)

    assert (done.returncode, done.stderr) == (0, b"")


def test_a_full_disk_behind_standard_output_is_told_and_is_no_success(environment: dict[str, str]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "engine", "run", "--demo"],
            env=environment,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert done.returncode == 2
    assert b"writing to standard output" in done.stderr


def test_an_encoding_that_cannot_show_a_name_is_no_reason_to_fail(auditreel: Command) -> None:
    done = auditreel("run", "--demo", PYTHONIOENCODING="ascii")

    assert done.returncode == 3
    assert done.stdout.isascii()


def test_no_credentials_end_with_2_and_say_so(auditreel: Command) -> None:
    done = auditreel("run", "--check", "aws.iam.root_mfa_enabled")

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"no credentials" in done.stderr


# --- on a terminal ---


def on_a_terminal(environment: dict[str, str], *arguments: str, columns: int = 80) -> tuple[str, int]:
    """What ``auditreel`` writes to a terminal, and its exit code."""
    import pty

    main, side = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", *arguments],
        env={"TERM": "xterm-256color", "COLUMNS": str(columns), **environment},
        stdin=side,
        stdout=side,
        stderr=side,
    )
    os.close(side)
    written = b""
    while select.select([main], [], [], PATIENCE)[0]:
        try:
            data = os.read(main, 65536)
        except OSError:
            break
        if not data:
            break
        written += data
    os.close(main)
    return written.decode().replace("\r\n", "\n"), process.wait(PATIENCE)


def test_colours_are_for_the_terminal_and_not_for_who_asks_for_none(environment: dict[str, str]) -> None:
    colored, code = on_a_terminal(environment, "run", "--demo")
    plain, _ = on_a_terminal({**environment, "NO_COLOR": "1"}, "run", "--demo")

    assert code == 3
    assert "\x1b[" in colored
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


@pytest.mark.parametrize("columns", [80, 120])
def test_the_screen_is_as_wide_as_the_terminal(environment: dict[str, str], columns: int) -> None:
    plain, _ = on_a_terminal({**environment, "NO_COLOR": "1"}, "run", "--demo", columns=columns)
    *page, _exit = plain.rstrip("\n").split("\n")

    assert max(len(line) for line in page) == columns


# --- signals ---


@pytest.fixture
def silent_cloud() -> Iterator[tuple[str, threading.Event, list[socket.socket]]]:
    """A server that takes requests and does not answer: its address, whether one came, and the connections."""
    server = socket.create_server(("127.0.0.1", 0))
    asked = threading.Event()
    held: list[socket.socket] = []

    def take() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            held.append(connection)
            if connection.recv(1):
                asked.set()

    threading.Thread(target=take, daemon=True).start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}", asked, held
    server.close()
    for connection in held:
        connection.close()


def waiting(environment: dict[str, str], url: str, folder: Path) -> subprocess.Popen[bytes]:
    """A run that waits for an answer of the cloud."""
    return subprocess.Popen(
        [sys.executable, "-m", "engine", "run", "--check", "aws.iam.*", "--timeout", "600"],
        env={
            **environment,
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        },
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def stopping(process: subprocess.Popen[bytes], number: int) -> bytes:
    """Send a signal and wait until the process has said that it stops; gives what it said."""
    process.send_signal(number)
    assert process.stderr is not None
    told = b""
    while b"again to end at once" not in told:
        more = os.read(process.stderr.fileno(), 4096)
        assert more, told
        told += more
    return told


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_lets_requests_in_flight_end_and_says_what_was_kept(
    environment: dict[str, str],
    silent_cloud: tuple[str, threading.Event, list[socket.socket]],
    tmp_path: Path,
    number: int,
    code: int,
) -> None:
    url, asked, held = silent_cloud
    process = waiting(environment, url, tmp_path)
    assert asked.wait(PATIENCE)

    told = stopping(process, number)
    for connection in held:
        connection.close()
    out, rest = process.communicate(timeout=PATIENCE)

    assert (process.returncode, out) == (code, b"")
    assert f"stopped by {signal.Signals(number).name}\nNo verdict was reached, none was recorded." in rest.decode()
    assert b"Traceback" not in told + rest


def test_a_recorded_run_that_was_stopped_stays_visible_in_its_store(
    environment: dict[str, str],
    auditreel: Command,
    silent_cloud: tuple[str, threading.Event, list[socket.socket]],
    tmp_path: Path,
) -> None:
    url, asked, held = silent_cloud
    assert auditreel("init").returncode == 0
    process = waiting(environment, url, tmp_path / "work")
    assert asked.wait(PATIENCE)

    stopping(process, signal.SIGTERM)
    for connection in held:
        connection.close()
    _, told = process.communicate(timeout=PATIENCE)
    verified = auditreel("verify")

    assert process.returncode == 143
    assert b"the same command goes on where it stopped" in told
    assert re.search(rb"note: run \S+ started at \S+ and was never sealed", verified.stdout)
    assert verified.returncode == 0


def test_a_shell_is_told_what_a_word_may_become(environment: dict[str, str], tmp_path: Path) -> None:
    def told(instruction: str, words: str = "", place: int = 0) -> str:
        asked = {"_AUDITREEL_COMPLETE": instruction, "COMP_WORDS": words, "COMP_CWORD": str(place)}
        done = subprocess.run(
            [sys.executable, "-m", "engine"], env={**environment, **asked}, cwd=tmp_path, capture_output=True,
            text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    assert "complete -o nosort -F _auditreel_completion auditreel" in told("bash_source")
    assert told("bash_complete", "auditreel sche", 1) == "plain,schedule\n"
    assert told("bash_complete", "auditreel run --sev", 2) == "plain,--severity\n"


def test_a_command_is_carried_out_whatever_a_shell_is_said_to_ask(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_AUDITREEL_COMPLETE", "bash_source")
    monkeypatch.setenv("_RUN_CHECKS_COMPLETE", "bash_source")
    assert cli.main(cli.group, ["run", "--criterion", "none"], "auditreel") == 2
    assert cli.main(cli.verb("run"), ["--criterion", "none"], "run-checks") == 2
    assert capsys.readouterr().out == ""


def test_a_second_signal_ends_at_once(
    environment: dict[str, str], silent_cloud: tuple[str, threading.Event, list[socket.socket]], tmp_path: Path
) -> None:
    url, asked, _ = silent_cloud
    process = waiting(environment, url, tmp_path)
    assert asked.wait(PATIENCE)

    stopping(process, signal.SIGINT)
    process.send_signal(signal.SIGINT)

    assert process.wait(PATIENCE) == 130
    process.communicate()
