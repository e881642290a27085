"""Tampers a hundred times in each of the 64 ways and lets both verifiers look, also at clean packages.

    python benchmarks/tampering.py [--instances 100] [--clean 1000]

Prints a line a class: caught by ours and by the other verifier, named, located. Ends with 1 where anything was missed,
where the two disagree, or where a clean package was refused.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.evidence.bundle_verify import verify_bundle
from engine.evidence.verify import verify
from tests.tampering.classes import CLASSES
from tests.tampering.found import other, tried
from tests.tampering.world import World, build


def tampered(world: World, instances: int) -> Counter[str]:
    """Every class that many times: how many were caught, named and located, and what was missed."""
    total: Counter[str] = Counter()
    for name, kind in CLASSES.items():
        mine: Counter[str] = Counter()
        for instance in range(instances):
            found = tried(world, kind, f"benchmark {name} {instance}")
            mine["instances"] += 1
            mine["caught"] += found.ours
            mine["named"] += found.named
            mine["located"] += found.located
            mine["seen by the other"] += found.others is not None
            mine["caught by the other"] += bool(found.others)
            if not (found.caught and found.named and found.located):
                print(f"  {name} {instance}: {found}")
        print(f"{kind.family:16} {name:58} " + " ".join(f"{mine[word]:4}" for word in WORDS), flush=True)
        total += mine
    return total


WORDS = ("instances", "caught", "named", "located", "seen by the other", "caught by the other")


def refused(folder: Path, packages: int) -> tuple[int, int]:
    """How many clean packages (and the stores that they are of) there were, and how many of them were refused."""
    looked = wrong = 0
    while looked < packages:
        world = build(Path(tempfile.mkdtemp(dir=folder)))
        wrong += verify(world.store, world.owner).exit_code != 0
        wrong += verify(world.store, world.auditor).exit_code != 0
        for data in world.bundles:
            path = world.folder / "clean.zip"
            path.write_bytes(data)
            wrong += verify_bundle(path, world.auditor).exit_code != 0
            wrong += bool(other(data, world.auditor, world.folder))
            looked += 1
    return looked, wrong


def main() -> int:
    """Tamper, look, print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("instances", 100), ("clean", 1000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'family':16} {'class':58} {' / '.join(WORDS)}")
        total = tampered(build(Path(tempfile.mkdtemp(dir=folder))), asked.instances)
        looked, wrong = refused(Path(folder), asked.clean)
    print(f"{total['caught']} of {total['instances']} caught, {total['named']} named, {total['located']} located")
    print(f"{total['caught by the other']} of {total['seen by the other']} in bundles caught by the other verifier")
    print(f"{wrong} of {looked} clean packages refused; {time.process_time() - start:.0f} s of processor")
    whole = all(total[word] == total["instances"] for word in ("caught", "named", "located"))
    return int(wrong > 0 or not whole or total["caught by the other"] != total["seen by the other"])


if __name__ == "__main__":
    sys.exit(main())
