"""How many calls an organization on Google Cloud costs: 100 projects and 50,000 assets.

    python -m benchmarks.gcp_calls [--projects 100] [--assets 50000] [--alone]

The cloud is the emulator of the tests, in the same process: seconds and megabytes are those of both. Every check of
the provider is judged. ``--alone`` scans without Cloud Asset Inventory as well (a call or more for each asset), and
compares the verdicts.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.content.checks import load_checks
from engine.content.root import find
from tests.collectors.gcp import ORGANIZATION
from tests.collectors.scan import scan
from tests.emulators.gcp.credentials import service_account
from tests.emulators.gcp.services import apis
from tests.emulators.gcp.wire import Google
from tests.emulators.gcp.world import large


def main() -> None:
    """Scan, and print what that took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--projects", type=int, default=100)
    parser.add_argument("--assets", type=int, default=50_000)
    parser.add_argument("--alone", action="store_true")
    asked = parser.parse_args()
    checks = sorted(id_ for id_ in load_checks(find(), []) if id_.startswith("gcp."))
    with (
        TemporaryDirectory() as folder,
        Google(apis, Path(folder) / "ca.pem", large(asked.projects, asked.assets)) as google,
    ):
        os.environ.update(google.environment)
        os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = str(service_account(Path(folder)))
        told = []
        for off in (set(), {"cloudasset.googleapis.com"}) if asked.alone else (set(),):
            google.world.off = off
            google.clear()
            began = time.process_time()
            _, findings = scan(checks, access=ORGANIZATION)
            told.append([(f.check.id, f.scope, f.subject, f.verdict) for f in findings])
            by_host = Counter(call.host for call in google.calls)
            verdicts = Counter(f.verdict for f in findings)
            print(
                f"{'without' if off else 'with'} the inventory: {len(google.calls):,} calls, {len(findings):,} findings"
            )
            print(f"  {dict(by_host)}\n  {dict(verdicts)}\n  {time.process_time() - began:.1f} CPU s of both sides")
        if asked.alone:
            print("the same verdicts" if told[0] == told[1] else "OTHER VERDICTS")
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB at most, both sides")


if __name__ == "__main__":
    main()
