"""What is handed to an auditor: a run or a period as a bundle, and the proof of one record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.custody import stores
from engine.custody.examination import seen

if TYPE_CHECKING:
    from engine.evidence.bundle import Manifest
    from engine.periods import Period


def prove(run: str, index: int, store: str, config: Path, output: Path) -> int:
    """Write the proof that a record stands in a sealed run; gives its size in bytes."""
    from engine.evidence import durable
    from engine.evidence.inclusion import prove as proved
    from engine.evidence.keys import load_keys

    folder, config, trust = stores.readable(store, config)
    keys = load_keys(config)
    data = proved(folder, trust, keys.signing, run, index)
    with durable.doing(f"writing {output}"):
        durable.replace(output, data)
    return len(data)


def export(run_id: str, store: str, config: Path, output: Path, redacted: tuple[str, ...] = ()) -> Manifest:
    """Write a sealed run as a bundle; gives its manifest. Nothing is written where anything is missing or altered.

    ``redacted`` are some of :data:`engine.evidence.exporting.REDACTIONS`.
    """
    from engine.evidence.exporting import export_run
    from engine.evidence.keys import load_keys

    folder, trusted, trust = stores.readable(store, config)
    return export_run(folder, trust, load_keys(trusted).signing, run_id, output, redacted)


def export_period(
    store: str,
    config: Path,
    window: tuple[date, date],
    output: Path,
    pages: Callable[[Period, Sequence[str]], Mapping[str, bytes]],
    criteria: tuple[str, ...] | None = None,
    redacted: tuple[str, ...] = (),
) -> Manifest:
    """Write the runs of a period (first and last night) as a bundle; gives its manifest.

    ``pages`` makes the files that people read, of the period and the names of all other members. ``criteria`` are those
    whose records are carried (None: all are); of the others stand the hashes. Nothing is written where anything is
    missing or altered. Raises as :func:`engine.custody.examination.period`, and SealError.
    """
    from engine.evidence.exporting import export_period as exported
    from engine.evidence.keys import load_keys
    from engine.evidence.period.made import Asked

    folder, trusted, trust = stores.readable(store, config)
    asked = Asked(*window)
    film, found = seen(folder, trusted, trust, asked)
    signer, made = load_keys(trusted).signing, partial(pages, found)
    return exported(folder, trust, signer, film, made, output, criteria, redacted)
