"""An organization read by the threads of one machine and by a local Dask cluster: roots, memory, CPU, growth.

    python -m benchmarks.dask_cluster [--accounts 50 100 200 500] [--workers 4] [--threads 2] [--kill] [--check GLOB]...

Each account has four regions of sixty resources (:mod:`benchmarks.organization`). Scheduler and workers are processes
of this machine; what each cost is read from /proc. ``--kill`` kills a worker in the middle of a further run. What the
mock and the proxy cost is theirs. Seconds depend on what else the machine does; CPU does hardly.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.measured import cost
from benchmarks.organization import START, organization, prepared
from benchmarks.scan import Account
from engine.cli.clock import system_clock
from engine.collection.cluster import Cluster
from engine.model import Clock
from engine.run.pipeline import run
from engine.run.request import RunRequest

_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process that lives has cost so far: CPU seconds, and the largest resident set in MB (proc(5))."""

    cpu: float
    peak: float

    @classmethod
    def of(cls, pid: int) -> Spent:
        """What a process has cost."""
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        status = Path(f"/proc/{pid}/status").read_text()
        peak = int(status.partition("VmHWM:")[2].split()[0])
        return cls((int(fields[11]) + int(fields[12])) / _TICKS, peak / 1024)


@dataclass(frozen=True, slots=True)
class Local:
    """A cluster on this machine: where its scheduler is, and the processes."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: tuple[subprocess.Popen[bytes], ...]


def main() -> None:
    """Measure and print, or be the scan that is measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, nargs="+", default=[50, 100, 200, 500])
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--check", action="append", default=[])
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--scan", type=json.loads, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.scan:
        _scan(**given.scan)
        return
    for accounts in given.accounts:
        with tempfile.TemporaryDirectory() as folder:
            trusted = Path(folder) / "trusted.pem"
            with organization(accounts, trusted) as wire:
                _measure(wire, Path(folder), given)


def _scan(policy: str, store: str, config: str, result: str, checks: list[str], cluster: str | None) -> None:
    request = RunRequest(
        config=Path(config), policy=Path(policy), store=store, checks=tuple(checks), timeout=60.0, resume_within=0.0
    )
    readers = Cluster(cluster, system_clock) if cluster else None
    found = run(request, Clock(lambda: START, time.monotonic, time.sleep), cluster=readers)
    told = {
        "root": (found.sealed or {}).get("root"),
        "accounts": len({scope.account for scope in found.snapshot.scopes}),
        "resources": sum(row.count for row in found.snapshot.collections),
        "unknown": sum(finding.verdict == "unknown" for finding in found.findings),
    }
    Path(result).write_text(json.dumps(told))


@contextmanager
def _cluster(environment: Mapping[str, str], workers: int, threads: int, folder: Path) -> Iterator[Local]:
    place = folder / "scheduler.json"
    place.unlink(missing_ok=True)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
    dask = (sys.executable, "-m")
    listen = (
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--dashboard-address",
        "127.0.0.1:0",
        "--scheduler-file",
        str(place),
    )
    scheduler = subprocess.Popen((*dask, "distributed.cli.dask_scheduler", *listen), **quiet)  # type: ignore[call-overload]
    begun: list[subprocess.Popen[bytes]] = []
    try:
        while not place.exists() or not place.stat().st_size:
            assert scheduler.poll() is None
            time.sleep(0.1)
        address = json.loads(place.read_text())["address"]
        how = ("--no-nanny", "--no-dashboard", "--host", "127.0.0.1", "--nthreads", str(threads))
        command = (*dask, "distributed.cli.dask_worker", address, *how)
        begun += [subprocess.Popen(command, **quiet) for _ in range(workers)]  # type: ignore[call-overload]
        from distributed import Client

        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=120)
        yield Local(address.replace("tcp://", "dask://"), scheduler, tuple(begun))
    finally:
        for process in (*begun, scheduler):
            process.kill()
            process.wait()


def _measure(wire: Account, folder: Path, given: argparse.Namespace) -> None:
    asked, environment = prepared(wire, folder)
    result = Path(asked["result"])
    environment["DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED"] = "False"  # see docs/nightly.md

    def command(cluster: str | None) -> tuple[str, ...]:
        told = json.dumps({**asked, "checks": given.check, "cluster": cluster})
        return (sys.executable, "-m", "benchmarks.dask_cluster", "--scan", told)

    wire.control("reset")
    spent = cost(command(None), environment)
    alone = json.loads(result.read_text())
    calls = wire.control("stats")["total"]
    print(
        f"{alone['accounts']} accounts, {alone['resources']:,} resources, {alone['unknown']} unknown\n"
        f"  threads: {spent.wall:.0f} s, {spent.cpu:.0f} CPU s, {spent.peak:.0f} MB, "
        f"{calls:,} calls",
        flush=True,
    )
    with _cluster(environment, given.workers, given.threads, folder) as local:
        wire.control("reset")
        spent = cost(command(local.address), environment)
        _tell(f"{given.workers} workers", spent.wall, spent.cpu, spent.peak, local, wire, alone, result)
    if given.kill:
        with _cluster(environment, given.workers, given.threads, folder) as local:
            wire.control("reset")
            process = subprocess.Popen(command(local.address), env=environment)
            while process.poll() is None and wire.control("stats")["total"] < calls // 2:
                time.sleep(0.2)
            killed = wire.control("stats")["total"]
            local.workers[0].kill()
            process.wait()
            again = json.loads(result.read_text())
            print(
                f"  a worker killed after {killed:,} calls: {_same(alone, again)}, {again['unknown']} unknown, "
                f"{wire.control('stats')['total']:,} calls",
                flush=True,
            )


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    return "the same root" if one["root"] == other["root"] and one["root"] else "ANOTHER ROOT"


def _tell(
    what: str,
    wall: float,
    cpu: float,
    peak: float,
    local: Local,
    wire: Account,
    alone: Mapping[str, Any],
    result: Path,
) -> None:
    told = json.loads(result.read_text())
    workers = [Spent.of(process.pid) for process in local.workers]
    scheduler = Spent.of(local.scheduler.pid)
    print(
        f"  {what}: {wall:.0f} s, {_same(alone, told)}, {told['unknown']} unknown, "
        f"{wire.control('stats')['total']:,} calls\n"
        f"    here {cpu:.0f} CPU s, {peak:.0f} MB; scheduler {scheduler.cpu:.0f} CPU s, {scheduler.peak:.0f} MB; "
        f"workers {' + '.join(f'{one.cpu:.0f}' for one in workers)} CPU s, "
        f"{max(one.peak for one in workers):.0f} MB at the most",
        flush=True,
    )


if __name__ == "__main__":
    main()
