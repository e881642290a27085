"""Each call of a scan of Google Cloud goes wrong in each way, with Cloud Asset Inventory and without it.

python -m benchmarks.gcp_fault_matrix
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.content.checks import load_checks
from engine.content.root import find
from tests.emulators.fault_matrix import tried
from tests.emulators.gcp.credentials import service_account
from tests.emulators.gcp.fault_matrix import FAULTS, calls, worse
from tests.emulators.gcp.services import apis
from tests.emulators.gcp.wire import Google
from tests.emulators.gcp.world import world


def main() -> int:
    """Run the matrix, and print what was told wrongly."""
    checks = sorted(id_ for id_ in load_checks(find(), []) if id_.startswith("gcp."))
    with TemporaryDirectory() as folder, Google(apis, Path(folder) / "ca.pem", world()) as google:
        os.environ.update(google.environment)
        os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = str(service_account(Path(folder)))
        return tried(_cases(google, checks))


def _cases(google: Google, checks: Sequence[str]) -> Iterator[Iterator[str]]:
    for off in (frozenset[str](), frozenset({"cloudasset.googleapis.com"})):
        names, sound = calls(google, checks, off)
        for call in names:
            for fault in FAULTS:
                yield worse(google, checks, off, call, fault, sound)


if __name__ == "__main__":
    sys.exit(main())
