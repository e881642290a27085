"""A campaign: the population of one sealed run, who is to review it, and where it came from.

It lies beside the table (:mod:`engine.reviews.sheet`) as JSON, so that the table can be compared with it; it can itself
be made anew from the run that it names, which is what signing does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from engine.errors import InputError
from engine.reviews.model import Line, Population

SCHEMA: Final = 1
TABLE: Final = "campaign.csv"
SIDECAR: Final = "campaign.json"
VERIFIED: Final = "verified.json"
_LARGEST: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class Campaign:
    """Who has what by one sealed run. ``seal`` is the digest of the run's entry in the chain, ``sequence`` its place.

    ``as_of`` is when the run began to read (RFC 3339 UTC). ``accounts``: only of these; empty: of all that it read.
    ``reviewers`` are by line's key; ``machines`` counts the identities that are no people and have no line.
    """

    id: str
    run: str
    sequence: int
    seal: str
    as_of: str
    lines: tuple[Line, ...]
    reviewers: Mapping[str, str]
    accounts: tuple[str, ...] = ()
    machines: Mapping[str, int] | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the population."""
        return digest_of(self.lines)

    @property
    def began(self) -> date:
        """The day of the population."""
        return date.fromisoformat(self.as_of[:10])

    def encode(self) -> bytes:
        """The bytes of the sidecar."""
        value = {
            "schema": SCHEMA,
            "id": self.id,
            "run": self.run,
            "sequence": self.sequence,
            "seal": self.seal,
            "as_of": self.as_of,
            "accounts": list(self.accounts),
            "machines": dict(self.machines or {}),
            "count": len(self.lines),
            "population_sha256": self.digest,
            "reviewers": dict(self.reviewers),
            "lines": [asdict(line) for line in self.lines],
        }
        return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode(errors="surrogatepass")


def digest_of(lines: Iterable[Line]) -> str:
    """SHA-256 over the lines as JSON, sorted keys, one after another."""
    rows = (json.dumps(asdict(line), sort_keys=True, separators=(",", ":")) for line in lines)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def decode(data: bytes, name: str) -> Campaign:
    """The campaign in a sidecar. Raises InputError for anything that is none, or contradicts itself."""
    try:
        value: dict[str, Any] = json.loads(data)
        if value["schema"] != SCHEMA:
            raise InputError(f"reading {name}: it has schema {value['schema']}; this version reads {SCHEMA}")
        found = Campaign(
            id=str(value["id"]),
            run=str(value["run"]),
            sequence=int(value["sequence"]),
            seal=str(value["seal"]),
            as_of=str(value["as_of"]),
            lines=tuple(Line(**line) for line in value["lines"]),
            reviewers={str(key): str(who) for key, who in value["reviewers"].items()},
            accounts=tuple(map(str, value["accounts"])),
            machines={str(key): int(count) for key, count in value["machines"].items()},
        )
        told = int(value["count"]), str(value["population_sha256"])
        began = found.began
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"reading {name}: it is no campaign: {type(error).__name__}: {error}") from error
    if told != (len(found.lines), found.digest):
        raise InputError(f"reading {name}: its lines of {began} are not those that it was written with; it was altered")
    return found


def load(folder: Path) -> Campaign:
    """The campaign of a folder. Raises InputError."""
    path = folder / SIDECAR
    return decode(read(path), str(path))


def read(path: Path) -> bytes:
    """The bytes of a file of a campaign. Raises InputError."""
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"reading {path}: it is larger than {_LARGEST >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"reading {path}: {error.strerror or error}") from error


def of(
    id_: str,
    population: Population,
    run: tuple[str, int, str, str],
    accounts: Iterable[str],
    reviewers: Mapping[str, str],
) -> Campaign:
    """A campaign of a population; ``run`` is its id, the sequence and digest of its seal, and its as-of."""
    name, sequence, seal, as_of = run
    return Campaign(id_, name, sequence, seal, as_of, population.lines, reviewers, tuple(accounts), population.machines)
