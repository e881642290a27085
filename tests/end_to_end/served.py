"""Stores made to be served: of two criteria and five nights, with names that attack, or with names to look for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from engine.custody import inspection
from engine.evidence.canonical import digest
from engine.model import Check, Clock
from engine.serve.accesses import AccessLog
from engine.serve.app import application
from engine.serve.following import Source
from engine.serve.guard import Bounds
from engine.serve.library import Store
from engine.serve.links import Link, Links, new_id
from tests.asgi import Client
from tests.unit.evidence.nightly import ENCRYPTED, ORGANIZATION, accepted, recorded, source
from tests.unit.evidence.synthetic_runs import check as made_check
from tests.unit.evidence.synthetic_runs import store_in

BACKED_UP = "aws.s3.backed_up_forbidden"
HOSTS = frozenset({"127.0.0.1:8321"})
NAME = "evidence"


def check(id_: str, criterion: str) -> Check:
    data = source(1).replace(b"[CC6.1]", f"[{criterion}]".encode())
    return made_check("made", id=id_, version=1, source=data, digest=digest(data), criteria=(criterion,))


def controls(statement: str = "Buckets are encrypted.", owner: str = "Operations") -> str:
    def control(id_: str, criterion: str, checks: list[str], says: str, who: str) -> dict[str, Any]:
        return {"id": id_, "statement": says, "owner": who, "criteria": [criterion], "operation": "continuous",
                "checks": checks, "deviation": "any_failure", "aspects": []}  # fmt: skip

    rows = [
        control("DP-01", "CC6.1", [ENCRYPTED], statement, owner),
        control("AV-99", "A1.2", [BACKED_UP], "forbidden statement", "forbidden owner"),
    ]
    return yaml.safe_dump({"controls": rows})


def organization(name: str = "Example Ltd") -> str:
    known = yaml.safe_load(ORGANIZATION)
    return yaml.safe_dump({**known, "name": name, "categories": ["security", "availability"]})


def five_nights(folder: Path) -> None:
    """June 1 to 5. Whatever is not of CC6.1, or not of June 3 and 4, has "forbidden" in its name."""
    store = store_in(folder)
    checks = [check(ENCRYPTED, "CC6.1"), check(BACKED_UP, "A1.2")]
    for day in range(1, 6):
        buckets = {"a": "pass", "b": "pass" if day < 3 else "fail"}
        buckets |= {"forbidden-before": "fail"} if day == 1 else {"forbidden-after": "fail"} if day == 5 else {}
        found = {ENCRYPTED: buckets, BACKED_UP: {"forbidden-criterion": "fail", "a": "pass"}}
        waived = {"forbidden-criterion": accepted("forbidden-criterion", checks[1])}
        recorded(store, f"2026-06-0{day}T01:00:00Z", found, checks, controls=controls(), organization=organization(),
                 accepted=waived)  # fmt: skip


def hostile_night(folder: Path, names: Sequence[str]) -> None:
    """A night in which whatever has a name has one that attacks, a policy all those that YAML can hold."""
    store, all_ = store_in(folder), " ".join(name for name in names if name.isprintable())
    recorded(
        store,
        "2026-06-01T01:00:00Z",
        {ENCRYPTED: {name: "fail" if number % 2 else "unknown" for number, name in enumerate(names)}},
        [check(ENCRYPTED, "CC6.1")],
        controls=controls(f"statement {all_}", f"owner {all_}"),
        organization=organization(f"name {all_}"),
    )


@dataclass
class Time:
    at: str = "2026-06-10T09:00:00Z"
    seconds: float = 0.0

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.at, lambda: self.seconds, lambda seconds: None)


class Server:
    """An application over the store below a folder, and what is needed to make links for it."""

    def __init__(
        self, folder: Path, log: Path, a_minute: float = 100_000, source: Source | None = None, **bounds: Any
    ) -> None:
        self.folder, self.log, self.time = folder, log, Time()
        self.links = Links(log.parent / "links")
        self.links.prepare([folder / "store"])
        self.told: list[str] = []
        store = Store(NAME, str(folder / "store"), folder / "config", self.time.clock.monotonic, source)
        self.access = AccessLog(log, store.folders)
        self.app = application(
            {NAME: store}, self.links, self.access, Bounds(HOSTS, **bounds), self.time.clock, a_minute, self.told.append
        )
        self.clients: list[Client] = []

    def token(
        self, starts: str | None = None, ends: str | None = None, criteria: tuple[str, ...] | None = None, **more: Any
    ) -> str:
        return self.links.issue(self.link(starts, ends, criteria, **more))

    def link(self, starts: str | None, ends: str | None, criteria: tuple[str, ...] | None, **more: Any) -> Link:
        given = {
            "id": new_id(),
            "reader": "Kim",
            "stores": (inspection.store_name(str(self.folder / "store"), self.folder / "config"),),
            "starts": date.fromisoformat(starts) if starts else None,
            "ends": date.fromisoformat(ends) if ends else None,
            "criteria": criteria,
            "issued_at": "2026-06-10T00:00:00Z",
            "expires_at": "2026-06-24T00:00:00Z",
        }
        return Link(**{**given, **more})

    def client(self, token: str = "", **more: Any) -> Client:
        client = Client(self.app, f"auditreel={token}" if token else "", **more)
        self.clients.append(client)
        return client

    def close(self) -> None:
        for client in self.clients:
            client.close()
        self.access.close()


def folded(data: bytes) -> str:
    """What a file shows once it is unpacked: a work paper is an archive, base64 is what it stands for."""
    import io
    import zipfile

    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return " ".join(archive.read(name).decode() for name in archive.namelist())
    if data.startswith(b"%PDF"):
        import pypdf

        return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)
    return data.decode()
