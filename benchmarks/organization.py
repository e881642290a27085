"""A scan of a whole organization: its memory, and that a killed one, gone on with, has the same root.

    python -m benchmarks.organization [--accounts 200] [--kills 2] [--checks all|security]

Each account has four regions of sixty resources and, beside them, what it keeps once. The mock and the proxy are
processes of their own; the figures are the scan's. The clock is injected, so that as-of is the same in every run.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import yaml

from benchmarks import aws_resources as make
from benchmarks.measured import cost, offline
from benchmarks.scan import Account
from benchmarks.seed_aws import seed
from engine.custody.upkeep import initialise
from engine.custody.verification import verify
from engine.model import Clock
from engine.run.pipeline import run
from engine.run.request import RunRequest
from tests.emulators.moto_process import MotoProcess

REGIONS: Final = ("us-east-1", "us-west-2", "eu-west-1", "eu-central-1")
REGIONAL: Final = {
    make.alarm: 3,
    make.database: 3,
    make.file_system: 2,
    make.image: 1,
    make.instance: 7,
    make.key: 4,
    make.log_group: 7,
    make.queue: 4,
    make.secret: 3,
    make.security_group: 8,
    make.snapshot: 4,
    make.table: 4,
    make.volume: 5,
    make.function: 2,
    make.topic: 3,
}
"""Sixty resources of a region."""
START: Final = "2026-11-25T02:00:00Z"
POLICIES: Final = Path(__file__).resolve().parent.parent / "policies"


def main() -> None:
    """Measure and print, or be the scan that is measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--checks", choices=("security", "all"), default="all")
    parser.add_argument("--scan", type=json.loads, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.scan:
        _scan(**given.scan)
        return
    with tempfile.TemporaryDirectory() as folder:
        trusted = Path(folder) / "trusted.pem"
        with organization(given.accounts, trusted) as wire:
            _measure(wire, Path(folder), given.kills, given.checks)


def _scan(policy: str, store: str, config: str, result: str, checks: str) -> None:
    criteria = ("security",) if checks == "security" else ()
    request = RunRequest(config=Path(config), policy=Path(policy), store=store, criteria=criteria, timeout=60.0)
    found = run(request, Clock(lambda: START, time.monotonic, time.sleep))
    sealed = found.sealed or {}
    told: dict[str, Any] = {"root": sealed.get("root"), "records": sealed.get("records"), "bytes": sealed.get("bytes")}
    told |= {"resumed": found.resumed, "accounts": len({scope.account for scope in found.snapshot.scopes})}
    told |= {"resources": sum(row.count for row in found.snapshot.collections), "reasons": list(found.exit_reasons)}
    unknown = Counter(f"{f.check.id} {f.reason}" for f in found.findings if f.verdict == "unknown")
    told |= {"unknown": unknown.total(), "why": unknown.most_common(5)}
    Path(result).write_text(json.dumps(told))


@contextmanager
def organization(accounts: int, trusted: Path) -> Iterator[Account]:
    """The organization behind a proxy that speaks HTTPS, as AWS does; ``trusted`` is where its authority is written."""
    with MotoProcess() as moto:
        seed(moto.url, "small", REGIONS[0])
        for region in REGIONS:
            aws = make.Account(moto.url, region)
            with ThreadPoolExecutor(make.CONNECTIONS) as pool:
                # The first region has a small account's resources already.
                jobs = [
                    pool.submit(kind, aws, 1000 + number) for kind, count in REGIONAL.items() for number in range(count)
                ]
                for job in jobs:
                    job.result()
        listen = ("--listen", "0", "--upstream", moto.url.removeprefix("http://"), "--accounts", str(accounts))
        listen += ("--tls", str(trusted))
        regions = [word for region in REGIONS for word in ("--region", region)]
        command = (sys.executable, "-m", "benchmarks.latency_proxy", *listen, *regions)
        proxy = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert proxy.stderr is not None
        try:
            wire = Account(proxy.stderr.readline().split()[0], "small", trusted)
            wire.control("set?memory=1")
            yield wire
        finally:
            proxy.terminate()
            proxy.wait()
            proxy.stderr.close()


def prepared(wire: Account, folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """What a scan of all accounts needs: its folders, made, by the names of the scan's arguments; its environment."""
    places = {name: folder / name for name in ("policy", "store", "config")}
    policy = places["policy"]
    policy.mkdir()
    document = yaml.safe_load((POLICIES / "organization.yaml").read_text())
    document["access"] = {"aws": {"accounts": "organization", "role": "audit"}}
    (policy / "organization.yaml").write_text(json.dumps(document))
    for name in ("controls", "criteria.yaml"):
        (policy / name).symlink_to(POLICIES / name)
    initialise(str(places["store"]), places["config"])
    environment = offline(str(folder)) | {"AWS_ENDPOINT_URL": wire.url, "PYTHONPATH": str(Path.cwd())}
    environment["AWS_CA_BUNDLE"] = str(folder / "trusted.pem")
    asked = {**places, "result": folder / "result.json"}
    return {name: str(path) for name, path in asked.items()}, environment


def _measure(wire: Account, folder: Path, kills: int, checks: str) -> None:
    asked, environment = prepared(wire, folder)
    result = Path(asked["result"])
    command = (sys.executable, "-m", "benchmarks.organization", "--scan", json.dumps({**asked, "checks": checks}))

    wire.control("reset")
    spent = cost(command, environment)
    undisturbed = json.loads(result.read_text())
    traffic = wire.control("stats")
    print(
        f"{undisturbed['accounts']} accounts, {undisturbed['resources']:,} resources, "
        f"{undisturbed['records']:,} records ({undisturbed['unknown']:,} unknown): "
        f"{spent.wall:.0f} s, {spent.cpu:.0f} CPU s, {spent.peak:.0f} MB at the most, {traffic['total']:,} calls, "
        f"{traffic['repeats']} repeats, {undisturbed['bytes'] / undisturbed['records']:.1f} bytes a record",
        flush=True,
    )
    for check, count in undisturbed["why"]:
        print(f"    unknown: {check}, {count} times")
    for operation, count in traffic["repeats_by_operation"].items():
        print(f"    repeated: {operation}, {count} times")
    dice = random.Random(time.time_ns())
    for _ in range(kills):
        wire.control("reset")
        after = dice.uniform(0.02, 0.9) * traffic["total"]
        process = subprocess.Popen(command, env=environment)
        while process.poll() is None and wire.control("stats")["total"] < after:
            time.sleep(0.5)
        process.kill()
        process.wait()
        killed: Any = wire.control("stats")["total"]
        wire.control("reset")
        spent = cost(command, environment)
        again = json.loads(result.read_text())
        same = "the same root" if again["root"] == undisturbed["root"] else "ANOTHER ROOT"
        print(
            f"killed after {killed:,} calls, gone on with {wire.control('stats')['total']:,} more: {same}, "
            f"{spent.wall:.0f} s, {spent.peak:.0f} MB",
            flush=True,
        )
    start = time.monotonic()
    found = verify(asked["store"], Path(asked["config"]))
    print(f"verify: exit {found.exit_code}, {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
