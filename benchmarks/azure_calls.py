"""How many calls a tenant on Azure costs: 20 subscriptions and 20,000 resources.

    python -m benchmarks.azure_calls [--subscriptions 20] [--resources 20000]

The cloud is the emulator of the tests, in the same process: seconds and megabytes are those of both. Every check of
the provider is judged. What Resource Graph answers is apart from what is asked below each resource and subscription,
which is held to the plan: an execution of a reader that the ledger has planned is a call, and so is a further page.
Readers of several operations ask what their answers lead to, and are apart.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.content.checks import load_checks
from engine.content.root import find
from engine.model import Snapshot
from tests.collectors.scan import scan
from tests.emulators.azure.large import fill
from tests.emulators.azure.wire import AzureWire

GRAPH_BUDGET = 200
"""Calls for what Resource Graph holds."""


def main() -> int:
    """Scan, and print what that took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--subscriptions", type=int, default=20)
    parser.add_argument("--resources", type=int, default=20_000)
    asked = parser.parse_args()
    checks = sorted(id_ for id_ in load_checks(find(), []) if id_.startswith("azure."))
    with TemporaryDirectory() as folder, AzureWire(Path(folder) / "ca.pem") as azure:
        os.environ |= {**azure.environment, "HOME": folder}
        fill(azure.tenant, asked.subscriptions, asked.resources)
        began = time.process_time()
        snapshot, findings = scan(checks, timeout=60.0)
        spent = time.process_time() - began
        by_service = Counter(entry.call.service for entry in azure.traffic.log)
        repeats = azure.traffic.repeats.total()
    verdicts = Counter(finding.verdict for finding in findings)
    print(f"{len(snapshot.resources):,} resources, {len(findings):,} findings: {dict(verdicts)}")
    print(f"{by_service.total():,} calls, {repeats} of them repeats: {dict(by_service)}")
    print(f"{spent:.1f} CPU s of both sides, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB at most")
    simple = [row for row in snapshot.ledger if not _several(row.reader)]
    planned = sum(max(row.planned, row.pages) for row in simple)
    print(f"{by_service['resourcegraph']} of Resource Graph")
    print(f"{sum(row.calls for row in simple):,} by readers of one operation ({planned:,} planned, further pages too)")
    led = sum(row.calls for row in snapshot.ledger if "+" in row.reader)
    print(f"{led:,} by readers of several")
    beyond = unplanned(snapshot)
    for row in beyond:
        print(f"not as planned: {row}")
    return 1 if beyond or repeats or by_service["resourcegraph"] >= GRAPH_BUDGET else 0


def unplanned(snapshot: Snapshot) -> list[str]:
    """Readers that made other calls than one for each execution planned, or for each page of what they list.

    Those of several operations, which ask what answers lead to, may make fewer.
    """
    return [
        f"{row.reader} in {row.scope.account}: {row.calls} calls, {row.planned} planned, {row.pages} pages"
        for row in snapshot.ledger
        if row.calls > max(row.planned, row.pages) or (row.calls < row.planned and not _several(row.reader))
    ]


def _several(reader: str) -> bool:
    """Whether a reader asks what answers lead to, or has rows that Resource Graph gave once for many types."""
    return "+" in reader or reader.startswith("resourcegraph:")


if __name__ == "__main__":
    sys.exit(main())
