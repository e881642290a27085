"""Each call of a scan of Google Cloud goes wrong in each way, with Cloud Asset Inventory and without it.

python -m benchmarks.gcp_fault_matrix [--only TEXT]
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.content.checks import load_checks
from engine.content.root import find
from tests.emulators.fault_matrix import tried
from tests.emulators.gcp.credentials import service_account
from tests.emulators.gcp.fault_matrix import FAULTS, clean, worse
from tests.emulators.gcp.services import apis
from tests.emulators.gcp.wire import Google
from tests.emulators.gcp.world import world


def main() -> int:
    """Run the matrix, and print what was told wrongly."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help='cases whose "CALL, FAULT" holds this')
    wanted = parser.parse_args().only
    checks = sorted(id_ for id_ in load_checks(find(), []) if id_.startswith("gcp."))
    with TemporaryDirectory() as folder, Google(apis, Path(folder) / "ca.pem", world()) as google:
        os.environ.update(google.environment)
        os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = str(service_account(Path(folder)))
        status = tried(_cases(google, checks, wanted))
        print(f"{time.process_time():.0f} CPU s of both sides")
        return status


def _cases(google: Google, checks: Sequence[str], wanted: str) -> Iterator[Iterator[str]]:
    for off in (frozenset[str](), frozenset({"cloudasset.googleapis.com"})):
        known = clean(google, checks, off)
        for call in known.calls:
            for fault in FAULTS:
                if wanted in f"{call}, {fault}":
                    yield worse(google, known, off, call, fault)


if __name__ == "__main__":
    sys.exit(main())
