"""Tells of a run while it lives and when it ends, however it ends: a file for Prometheus, a line for a log."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli import failures, streams
from engine.errors import AuditreelError, UsageError

if TYPE_CHECKING:
    from engine.cli.watch import Watch
    from engine.model import Assessment
    from engine.report.heartbeat import Beat, Metrics

READABLE = 0o644
"""The file holds counts and times alone, and the exporter that reads it is another user."""


@dataclass(frozen=True, slots=True)
class Told:
    """Where a run is told of: the file of metrics, and the log ("-" is the error stream); None: not there."""

    metrics: Path | None
    log: str | None

    def __bool__(self) -> bool:
        return self.metrics is not None or self.log is not None


class Pulse:
    """What is known of a run under way."""

    def __init__(self) -> None:
        self.assessment: Assessment | None = None
        self.policy: Path | None = None


@contextmanager
def beating(told: Told, watch: Watch) -> Iterator[Pulse]:
    """While a run is under way. Its end is told with the exit code that it is about to have.

    Raises UsageError before the run where a file could not be written, and after it where one was not.
    """
    pulse = Pulse()
    if not told:
        yield pulse
        return
    from engine.cli.clock import system_clock
    from engine.report.heartbeat import Beat, parsed

    for path in (told.metrics, Path(told.log) if told.log not in (None, "-") else None):
        if path is not None:
            streams.check_target(path)
    clock = system_clock()
    began, beat = clock.monotonic(), Beat(clock.now())
    before = parsed(_text(told.metrics)) if told.metrics is not None else {}
    _write(told, beat, before)

    def ended(code: int) -> Beat:
        seconds = clock.monotonic() - began
        return replace(
            beat,
            ended_at=clock.now(),
            seconds=seconds,
            code=watch.exit_code(code),
            assessment=pulse.assessment,
            due=_due(pulse.policy, clock.now()),
        )

    try:
        yield pulse
    except BaseException as error:
        with suppress(AuditreelError):  # what ended the run is what is told
            _end(told, ended(failures.code_of(error)), before)
        raise
    _end(told, ended(pulse.assessment.exit_code if pulse.assessment is not None else 0), before)


def _end(told: Told, beat: Beat, before: Metrics) -> None:
    from engine.report.heartbeat import line

    try:
        _write(told, beat, before)
    finally:
        if told.log is not None:
            _log(told.log, f"{line(beat)}\n")


def _write(told: Told, beat: Beat, before: Metrics) -> None:
    from engine.report.heartbeat import exposition, metrics

    if told.metrics is not None:
        streams.write(told.metrics, exposition(metrics(beat, before)), READABLE)


def _log(place: str, text: str) -> None:
    """Append a line in one write, so that none is torn; raises UsageError."""
    if place == "-":
        streams.say(text.rstrip("\n"))
        return
    try:
        descriptor = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, READABLE)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)
    except OSError as error:
        raise UsageError(f"writing {place}: {error.strerror or error}") from error


def _text(path: Path) -> str:
    """What stands in the file; nothing where it is not there or is no text."""
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text("utf-8")
    return ""


def _due(policy: Path | None, now: str) -> tuple[str, str] | None:
    """When the next run is due and when late; None where the policy cannot be read, which the run itself told."""
    from engine.run import preflight

    with suppress(AuditreelError):
        return preflight.next_due(policy, now)
    return None
