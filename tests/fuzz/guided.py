"""Inputs chosen by the code that they reach, where atheris (libFuzzer for Python) is installed: ``--guided``.

It is no dependency, since it has no wheel for every Python that is supported: ``pip install atheris``.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from random import Random

LOOKED_INTO = ("engine", "providers")
_LIMIT = 20_000


def guided(name: str, seconds: float, seed: int, keep: Path | None) -> int:
    """Fuzz one target for so many seconds of processor, then end the process; 2 where atheris is not installed."""
    try:
        atheris = import_module("atheris")
    except ImportError:
        print("fuzzing by coverage: atheris is not installed; pip install atheris, or leave --guided out")
        return 2
    with atheris.instrument_imports(include=list(LOOKED_INTO)):
        from tests.fuzz.fuzzing import targets, tried

        target = targets()[name]
        corpus = list(target.corpus())
    from tests.fuzz.mutations import mutated, smaller

    found: set[str] = set()
    reached = {"inputs": 0}

    folder = Path(tempfile.mkdtemp())
    begun = time.process_time()

    def one(data: bytes) -> None:
        if time.process_time() - begun >= seconds:
            # libFuzzer's own end leaves nothing to be said afterwards.
            print(f"{name}: {reached['inputs']:,} inputs chosen by coverage; {len(found)} findings", flush=True)
            shutil.rmtree(folder)
            os._exit(3 if found else 0)
        reached["inputs"] += 1
        _, finding = tried(target, data)
        if finding is None or finding.place in found:
            return
        found.add(finding.place)
        place = finding.place
        data = smaller(data, lambda one: (other := tried(target, one)[1]) is not None and other.place == place)
        print(f"--- {name}: {place}\n{finding.what}\n{data[:2000]!r}\n", flush=True)
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            (keep / f"{name}--{''.join(c if c.isalnum() else '-' for c in place)[:80]}").write_bytes(data)

    def change(data: bytes, size: int, number: int) -> bytes:
        random = Random(number)
        changed: bytes = (
            atheris.Mutate(data, size) if random.random() < 0.3 else mutated(random, data, corpus, target.tokens)
        )
        return changed[:size]

    for index, data in enumerate(data for data in corpus if len(data) <= _LIMIT):
        (folder / f"{index:05d}").write_bytes(data)
    options = (f"-seed={seed}", f"-max_len={_LIMIT}", "-rss_limit_mb=4096", "-verbosity=0")
    atheris.Setup([sys.argv[0], *options, str(folder)], one, custom_mutator=change)
    atheris.Fuzz()
    return 0
