"""How long it takes until something happens: ``--help``, the first request to a cloud, the demonstration.

    python -m benchmarks.startup [--rounds 7]

Every figure is the median of processes started one after the other, beside an interpreter that does nothing.
"""

from __future__ import annotations

import argparse
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from benchmarks.measured import RUN_CHECKS, cost, offline, waited

NOTHING: Final = (sys.executable, "-c", "pass")
_LOADED: Final = (
    "import sys\nfrom engine.cli import run_checks\ntry: run_checks()\n"
    "except SystemExit: print(*sorted(sys.modules), file=sys.stderr)"
)


@dataclass(frozen=True, slots=True)
class Seconds:
    """From the start of a process, by the wall clock and of processor."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.wall * 1e3:,.0f} ms ({self.cpu * 1e3:,.0f} of processor)"


@dataclass(frozen=True, slots=True)
class Startup:
    """What was measured; ``modules`` are those that ``--help`` loads."""

    nothing: Seconds
    help: Seconds
    modules: int
    first_call: Seconds
    demo: Seconds


def measure(rounds: int = 7) -> Startup:
    """All of it."""
    with tempfile.TemporaryDirectory() as home:
        environment = offline(home)
        return Startup(
            nothing=_median(rounds, lambda: _ended(NOTHING, environment)),
            help=_median(rounds, lambda: _ended((*RUN_CHECKS, "--help"), environment)),
            modules=len(loaded("--help")),
            first_call=_median(rounds, lambda: first_call(environment)),
            demo=_median(rounds, lambda: _ended((*RUN_CHECKS, "--demo"), environment)),
        )


def loaded(*arguments: str) -> tuple[str, ...]:
    """The modules that ``run-checks`` has loaded when it ends."""
    done = subprocess.run((sys.executable, "-c", _LOADED, *arguments), capture_output=True, text=True, check=True)
    return tuple(done.stderr.split())


def first_call(environment: dict[str, str]) -> Seconds:
    """From the start of ``run-checks --criterion security`` to the first byte of its first request."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        start = time.monotonic()
        process = subprocess.Popen(
            (*RUN_CHECKS, "--criterion", "security"),
            env=environment | {"AWS_ENDPOINT_URL": url},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            connection, _ = server.accept()
            with connection:
                connection.recv(1)
                wall = time.monotonic() - start
        except TimeoutError as error:
            raise SystemExit("run-checks sent no request: run it to see why") from error
        finally:
            process.kill()
            spent = waited(process)
        return Seconds(wall, spent.ru_utime + spent.ru_stime)


def _ended(command: tuple[str, ...], environment: dict[str, str]) -> Seconds:
    spent = cost(command, environment)
    return Seconds(spent.wall, spent.cpu)


def _median(rounds: int, figure: Callable[[], Seconds]) -> Seconds:
    figure()  # the first pays for what the system has not read yet
    found = [figure() for _ in range(rounds)]
    return Seconds(statistics.median(one.wall for one in found), statistics.median(one.cpu for one in found))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    found = measure(parser.parse_args().rounds)
    print(f"python -c pass     {found.nothing}")
    print(f"run-checks --help  {found.help}, {found.modules} modules; budget 100 ms")
    print(f"first request      {found.first_call}; budget 500 ms")
    print(f"run-checks --demo  {found.demo}; budget 2,000 ms")


if __name__ == "__main__":
    main()
