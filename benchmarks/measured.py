"""Runs a command as a process of its own and says what it cost: the process alone, not what it talks to."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

RUN_CHECKS: Final = (sys.executable, "-c", "from engine.cli import run_checks; run_checks()")
"""What the console script ``run-checks`` does."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process cost: seconds of wall clock and of CPU, its largest resident set (MB), and its exit code.

    CPU includes the commands that the process waited for itself (git), as the user's machine does.
    """

    wall: float
    cpu: float
    peak: float
    code: int


def cost(command: Sequence[str], environment: Mapping[str, str], output: int = subprocess.DEVNULL) -> Cost:
    """Run a command to its end (wait4(2), which tells the cost of that one process)."""
    start = time.monotonic()
    process = subprocess.Popen(command, env=dict(environment), stdout=output, stderr=subprocess.DEVNULL)
    usage = waited(process)
    wall = time.monotonic() - start
    # ru_maxrss is in KB on Linux, in bytes on macOS.
    scale = 1e-6 if sys.platform == "darwin" else 1024e-6
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * scale, process.returncode)


def waited(process: subprocess.Popen[bytes]) -> resource.struct_rusage:
    """Wait for a process and give what it used."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage


def offline(home: str) -> dict[str, str]:
    """An environment with nobody's credentials and settings, in which AWS is not reached.

    An installation's bytecode is compiled by pip; a checkout's is written by the first of the processes measured.
    """
    dropped = ("AWS_", "AUDITREEL_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {
        **kept,
        "HOME": home,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_CONFIG_FILE": f"{home}/no-config",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_SHARED_CREDENTIALS_FILE": f"{home}/no-credentials",
    }
