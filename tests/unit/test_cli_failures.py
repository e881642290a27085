from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from engine.cli import failures
from engine.cli.watch import Watch
from engine.errors import (
    ContentError,
    DiscoveryError,
    InputError,
    Interrupted,
    Problem,
    SealError,
    UsageError,
    VerificationError,
)
from providers.base import Reader

ROOT = Path(__file__).resolve().parents[2]


def raising(error: BaseException) -> Callable[[], int]:
    def work() -> int:
        raise error

    return work


EXCEPTIONS = {
    "usage": (UsageError("selecting checks: none"), 2, "selecting checks: none"),
    "content": (
        ContentError([Problem(Path("checks/a.yaml"), 3, 7, "title", "is empty")]),
        2,
        "1 problem in the data files:\n  checks/a.yaml:3:7: title: is empty",
    ),
    "input": (InputError("reading x: not JSON"), 2, "reading x: not JSON"),
    "discovery": (DiscoveryError("asking aws who we are: unavailable"), 4, "asking aws who we are: unavailable"),
    "seal": (SealError("writing: no space"), 5, "writing: no space"),
    "verification": (VerificationError("could not verify"), 5, "could not verify"),
    "interrupt": (Interrupted(signal.SIGINT), 130, "stopped by SIGINT"),
    "termination": (Interrupted(signal.SIGTERM), 143, "stopped by SIGTERM"),
    "keyboard": (KeyboardInterrupt(), 130, "stopped by SIGINT"),
    "click": (click.UsageError("No such option: --x"), 2, "auditreel: No such option: --x\nSee: auditreel --help"),
}


@pytest.mark.parametrize(("error", "code", "message"), EXCEPTIONS.values(), ids=EXCEPTIONS)
def test_what_is_raised_on_purpose_is_a_message_and_its_exit_code(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, message: str
) -> None:
    assert failures.guarded(raising(error), traceback=False) == code
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", f"{message}\n")


@pytest.mark.parametrize("error", [ValueError("secret-value"), RecursionError(), MemoryError(), OSError("x")])
def test_any_other_exception_is_a_defect_that_keeps_its_text_to_itself(
    capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    assert failures.guarded(raising(error), traceback=False) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"auditreel failed: {type(error).__name__} at tests/unit/test_cli_failures.py:")
    assert "secret-value" not in told
    assert "Traceback" not in told


def test_a_wrong_declaration_of_a_reader_is_told_with_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    def declaring() -> int:
        Reader(("box:Get",), len, {"Box": ("lid",)}, (), per="resource")
        return 0

    assert failures.guarded(declaring, traceback=False) == 1
    line = declaring.__code__.co_firstlineno + 1
    assert capsys.readouterr().err == (
        "declaring the reader box:Get: a reader per resource cannot have such of, fills "
        f"(tests/unit/test_cli_failures.py:{line})\n"
    )


def test_a_traceback_is_shown_to_whoever_asks(capsys: pytest.CaptureFixture[str]) -> None:
    assert failures.guarded(raising(ValueError("why")), traceback=True) == 1
    assert capsys.readouterr().err.rstrip().endswith("ValueError: why")


@pytest.mark.parametrize(
    ("arguments", "variable", "wanted"),
    [([], "", False), (["run", "--debug"], "", True), ([], "1", True), ([], "0", False), ([], "no", False)],
)
def test_tracebacks_are_asked_for_by_flag_or_variable(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], variable: str, wanted: bool
) -> None:
    monkeypatch.setenv("AUDITREEL_DEBUG", variable)

    assert failures.wants_traceback(arguments) is wanted


@pytest.mark.parametrize(
    ("code", "number", "result"),
    [
        (0, None, 0),
        (3, None, 3),
        *((code, signal.SIGTERM, 143) for code in (0, 3, 4)),
        *((c, 15, c) for c in (1, 2, 5)),
    ],
)
def test_a_signal_outweighs_failures_and_gaps_but_not_defects_usage_and_evidence(
    code: int, number: int | None, result: int
) -> None:
    watch = Watch()
    watch.received = number

    assert watch.exit_code(code) == result


def test_signals_are_handled_while_watching_and_as_before_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with Watch() as watch:
        with pytest.raises(Interrupted, match="SIGTERM"):
            signal.raise_signal(signal.SIGTERM)
        assert (watch.received, watch.cancelled.is_set()) == (signal.SIGTERM, True)

    assert signal.getsignal(signal.SIGTERM) is before


def test_work_that_looks_at_the_event_is_not_torn_apart_by_the_first_signal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Watch() as watch, watch.orderly() as cancelled:
        signal.raise_signal(signal.SIGINT)

        assert cancelled.is_set()
    assert "SIGINT: stopping" in capsys.readouterr().err


def test_a_signal_that_was_ignored_from_the_start_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Watch() as watch:
            signal.raise_signal(signal.SIGINT)
            assert watch.received is None
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_stream_that_was_closed_before_the_start_changes_no_exit_code(number: int) -> None:
    code = "import sys; from engine.cli import run_checks; sys.argv = ['run-checks', '--demo']; run_checks()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, preexec_fn=lambda: os.close(number)
    )
    assert (done.returncode, "Traceback" in done.stderr) == (3, False)
    # Whichever is left says what it says.
    assert (bool(done.stdout), bool(done.stderr)) == (number != 1, number != 2)
