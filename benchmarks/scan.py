"""What a scan of a mock account costs: wall clock, CPU, memory and calls, by size of the account and latency.

    python -m benchmarks.scan [--size small]... [--latency 0]... [--checks anchor|security|all]...

The mock, the proxy in front of it and the scan are processes of their own; the figures are those of the scan's. A first
scan that is not measured fills the proxy's memory of what the mock answers, for the mock takes longer than AWS does.
"""

from __future__ import annotations

import argparse
import json
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.measured import RUN_CHECKS, Cost, cost, offline
from benchmarks.seed_aws import SizeName
from tests.emulators.moto_process import MotoProcess

REGION: Final = "us-east-1"
ANCHOR_CHECKS: Final = tuple(
    line for line in Path(__file__).with_name("anchor_checks.txt").read_text().splitlines() if not line.startswith("#")
)
SELECTIONS: Final = {
    "anchor": tuple(f"--check={check}" for check in ANCHOR_CHECKS),
    "security": ("--criterion", "security"),
    "all": (),
}
"""The checks that a scan runs: what the anchor's SOC 2 checks ask, all of Security, and all there are."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan: what it was of, what its process cost, and what went over the wire."""

    size: SizeName
    latency: float
    checks: str
    cost: Cost
    traffic: dict[str, Any]


class Account:
    """A seeded mock account behind a proxy that counts, delays and remembers."""

    def __init__(self, url: str, size: SizeName, trusted: Path | None = None) -> None:
        self.url, self.size = url, size
        self._tls = ssl.create_default_context(cafile=trusted) if trusted else None

    def control(self, path: str) -> Any:
        """Ask the proxy (see :mod:`benchmarks.latency_proxy`)."""
        with urllib.request.urlopen(f"{self.url}/__proxy__/{path}", timeout=60, context=self._tls) as answer:
            return json.load(answer)

    def scan(self, latency: float = 0.0, checks: str = "security", command: tuple[str, ...] = RUN_CHECKS) -> Scan:
        """Scan once, with ``latency`` milliseconds a call."""
        self.control(f"set?latency_ms={latency:g}&memory=1")
        self.control("reset")
        with tempfile.TemporaryDirectory() as home:
            environment = offline(home) | {"AWS_ENDPOINT_URL": self.url}
            spent = cost((*command, *SELECTIONS[checks]), environment)
        if spent.code not in (0, 3, 4):
            raise SystemExit(f"the scan ended with exit code {spent.code}")
        return Scan(self.size, latency, checks, spent, self.control("stats"))


@contextmanager
def account(size: SizeName) -> Iterator[Account]:
    """A mock account of a size, gone at the end."""
    with MotoProcess() as moto:
        seed = (sys.executable, "-m", "benchmarks.seed_aws", "--endpoint", moto.url, "--size", size)
        subprocess.run(seed, check=True, stdout=subprocess.DEVNULL)
        listen = ("--listen", "0", "--upstream", moto.url.removeprefix("http://"), "--region", REGION)
        proxy = subprocess.Popen(
            (sys.executable, "-m", "benchmarks.latency_proxy", *listen), stderr=subprocess.PIPE, text=True
        )
        assert proxy.stderr is not None
        try:
            yield Account(proxy.stderr.readline().split()[0], size)
        finally:
            proxy.terminate()
            proxy.wait()
            proxy.stderr.close()


def row(scan: Scan) -> str:
    """A scan as a line of the table."""
    spent, traffic = scan.cost, scan.traffic
    return (
        f"{scan.size:7} {scan.checks:9} {scan.latency:5.0f} {spent.wall:7.2f} {spent.cpu:7.2f} {spent.peak:7.0f} "
        f"{traffic['total']:7} {traffic['distinct']:9} {traffic['repeats']:8} {traffic['max_in_flight']:10} "
        f"{traffic['mean_in_flight']:11.1f} {traffic['span_s']:7.2f} {spent.code:5}"
    )


HEAD: Final = (
    "size    checks       ms  wall s   CPU s peak MB   calls  distinct  repeats  in flight  (mean)      on wire s  exit"
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", action="append", choices=("small", "medium", "large"))
    parser.add_argument("--latency", action="append", type=float, help="milliseconds a call")
    parser.add_argument("--checks", action="append", choices=tuple(SELECTIONS))
    given = parser.parse_args()
    print(HEAD)
    for size in given.size or ("small", "medium", "large"):
        with account(size) as mock:
            mock.scan(checks="all")
            for checks in given.checks or ("security", "all"):
                for latency in given.latency or (0.0, 50.0):
                    print(row(mock.scan(latency, checks)), flush=True)


if __name__ == "__main__":
    main()
