"""Each operation of a scan of Azure goes wrong in each way.

python -m benchmarks.azure_fault_matrix [--only TEXT]
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
from tests.emulators.azure.fault_matrix import KINDS, clean, worse
from tests.emulators.azure.wire import AzureWire
from tests.emulators.certificates import serving
from tests.emulators.fault_matrix import tried


def main() -> int:
    """Run the matrix, and print what was told wrongly."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help='cases whose "OPERATION, KIND" holds this')
    wanted = parser.parse_args().only
    checks = sorted(id_ for id_ in load_checks(find(), []) if id_.startswith("azure."))
    with TemporaryDirectory() as folder, AzureWire(serving(Path(folder) / "ca.pem")) as azure:
        os.environ |= {**azure.environment, "REQUESTS_CA_BUNDLE": str(Path(folder) / "ca.pem"), "HOME": folder}
        status = tried(_cases(azure, checks, wanted))
        print(f"{time.process_time():.0f} CPU s of both sides")
        return status


def _cases(azure: AzureWire, checks: Sequence[str], wanted: str) -> Iterator[Iterator[str]]:
    known = clean(azure, checks)
    for call in known.calls:
        judged = known.judged(call)
        for kind in KINDS:
            if wanted in f"{call}, {kind}":
                yield worse(azure, judged, call, kind, known.verdicts(judged))


if __name__ == "__main__":
    sys.exit(main())
