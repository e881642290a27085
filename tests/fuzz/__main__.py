"""Fuzz what reads other people's files: ``python -m tests.fuzz --target cel --seconds 600 --seed 1``.

Prints how the inputs ended and each finding, made small, with the command that tries it again. Ends with 3 where
something was found. Seconds are those of the processor. ``--guided`` lets atheris, where it is installed, choose inputs
by the code that they reach; it ends with its own line, and finds the same kinds of things.
"""

from __future__ import annotations

import argparse
import faulthandler
import logging
import sys
from pathlib import Path

from tests.fuzz.fuzzing import Finding, fuzz, targets, tried


def main() -> int:
    """Fuzz, or try files again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", action="append", help="one of them; again for several (default: all)")
    parser.add_argument("--seconds", type=float, default=60.0, help="of processor, for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for what is found")
    parser.add_argument("--guided", action="store_true", help="let atheris choose the inputs of one target")
    parser.add_argument("inputs", type=Path, nargs="*", help="files to try again with one target, instead of fuzzing")
    given = parser.parse_args()
    faulthandler.enable()  # a fault in a library's C code would end the process without a word
    logging.disable(logging.CRITICAL)
    if given.guided:
        # Before the engine is imported: what is imported then is not looked into.
        from tests.fuzz.guided import guided

        return guided(given.target[0], given.seconds, given.seed, given.keep)
    known = targets()
    unknown = set(given.target or ()) - known.keys()
    if unknown:
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    found = 0
    for name in given.target or known:

        def tell(finding: Finding, name: str = name) -> None:
            print(f"--- {name}: {finding.place}\n{finding.what}\n{finding.data[:2000]!r}\n", flush=True)
            if given.keep is not None:
                given.keep.mkdir(parents=True, exist_ok=True)
                place = "".join(c if c.isalnum() else "-" for c in finding.place)[:80]
                (given.keep / f"{name}--{place}").write_bytes(finding.data)

        if given.inputs:
            for path in given.inputs:
                word, finding = tried(known[name], path.read_bytes())
                print(f"{path}: {word}")
                if finding is not None:
                    tell(finding)
                    found += 1
            continue
        report = fuzz(known[name], given.seconds, given.seed, tell)
        print(report, flush=True)
        found += len(report.findings)
    return 3 if found else 0


if __name__ == "__main__":
    sys.exit(main())
