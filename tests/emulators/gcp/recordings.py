"""Plays what Google answered to others to the real adapter, over the wire of :mod:`tests.emulators.gcp.wire`.

Two forms are recorded. A *flight* is a folder of answers ``{headers, body}``, named by method, path ("/" and ":" as
"-") and number: what the path is asked for gets them in turn, and the last one again. What was not recorded is answered
with :data:`NOT_RECORDED`. An *export* is a file of Cloud Asset Inventory's records, whose keys are in snake_case; it is
listed as if all of it were one project's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from tests.emulators.gcp.errors import Refused
from tests.emulators.gcp.services import ROUTES
from tests.emulators.gcp.wire import Google
from tests.emulators.gcp.world import PROJECT
from tests.emulators.identify import Request
from tests.emulators.wire import Answer

RECORDED: Final = Path(__file__).resolve().parents[3].parent / "shared" / "recorded" / "gcp"
NOT_RECORDED: Final = "notRecorded"
"""The reason of the error that a call gets which the recording does not hold."""
NUMBER: Final = "1000"
"""The number of the project that is scanned; no recording needs to say it."""
_FLIGHT: Final = re.compile(r"(?P<call>.+)_(?P<number>\d+)\.json")


@dataclass(frozen=True)
class Flight:
    """The answers of a folder by call; ``project``: whose they are, as far as the calls' names and bodies say."""

    name: str
    answers: Mapping[str, Sequence[Mapping[str, Any]]]
    project: str
    turns: dict[str, int] = field(default_factory=dict)

    def answer(self, google: Google, asked: Request) -> Answer:
        """What was recorded for a request; tokens are issued to anybody."""
        if asked.path == f"/v3/projects/{self.project}":
            return _project(self.project)
        if asked.host == "oauth2.googleapis.com":
            return _token(google)
        call = re.sub("[/:]", "-", f"{asked.method.lower()}{unquote(asked.path)}")
        rows = self.answers.get(call)
        if not rows:
            return _missing(asked)
        turn = self.turns.get(call, 0)
        self.turns[call] = turn + 1
        row = rows[min(turn, len(rows) - 1)]
        return Answer.of(row["body"], int(row["headers"].get("status", 200)))


@dataclass(frozen=True)
class Export:
    """The records of a file, in the form of the API."""

    name: str
    records: Sequence[Mapping[str, Any]]
    project: str = "exported"

    @property
    def number(self) -> str | None:
        """The number of a project whose own policy is there, None where none is."""
        names = [row["name"] for row in self.records if row["assetType"] == PROJECT and "iamPolicy" in row]
        return names[0].rpartition("/")[2] if names else None

    def answer(self, google: Google, asked: Request) -> Answer:
        """The records of the content and the types that are asked for."""
        if asked.path == f"/v3/projects/{self.project}":
            return _project(self.project, self.number or NUMBER)
        if asked.host == "oauth2.googleapis.com":
            return _token(google)
        if asked.host != "cloudasset.googleapis.com":
            return _missing(asked)
        key = {"RESOURCE": "resource", "IAM_POLICY": "iamPolicy"}[asked.query.get("contentType", "")]
        types = asked.values("assetTypes")
        return Answer.of({"assets": [row for row in self.records if key in row and row["assetType"] in types]})


def _project(id_: str, number: str = NUMBER) -> Answer:
    return Answer.of({"name": f"projects/{number}", "projectId": id_, "state": "ACTIVE"})


def _token(google: Google) -> Answer:
    google.tokens["a-token"] = "anybody"
    return Answer.of({"access_token": "a-token", "expires_in": 3599, "token_type": "Bearer"})


def _missing(asked: Request) -> Answer:
    return Refused(400, "INVALID_ARGUMENT", "not recorded", NOT_RECORDED).answer()


def flights() -> Iterator[Flight]:
    """Every recorded scenario that holds a call of which the emulator has a route: no reader makes another."""
    for folder in sorted((RECORDED / "cloud-custodian").glob("*")):
        answers: dict[str, dict[int, Any]] = {}
        for file in sorted(folder.glob("*.json")):
            match = _FLIGHT.fullmatch(file.name)
            if match:
                answers.setdefault(match["call"], {})[int(match["number"])] = json.loads(file.read_text())
        found = {call: [rows[number] for number in sorted(rows)] for call, rows in answers.items()}
        if any(pattern.fullmatch(call) for call in found for pattern in _patterns()):
            yield Flight(folder.name, found, _whose(found))


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """The routes as the names of calls have them; any part of a path may have dashes."""
    plain = (re.sub(r"\?(P<\w+>|:)", "", row.path.pattern) for row in ROUTES)
    named = (re.sub("[/:]", "-", re.sub(r"\[[^]]+\]\+", ".+", pattern)) for pattern in plain)
    return tuple(re.compile(f"{row.method.lower()}{pattern}") for row, pattern in zip(ROUTES, named, strict=True))


def _whose(answers: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """The project that the calls are about: of those that the answers name, the one that stands in a call's name."""
    named = dict.fromkeys(re.findall(r"projects/([a-z][a-z0-9-]{4,28}[a-z0-9])(?=[/\"])", json.dumps(answers)))
    candidates = [*named, "cloud-custodian"]
    return next((id_ for id_ in candidates if any(f"projects-{id_}" in call for call in answers)), candidates[0])


def exports() -> Iterator[Export]:
    """Every recorded export."""
    for file in sorted([*RECORDED.glob("forseti-cai/*.jsonl"), *RECORDED.glob("policy-library-cai/*/assets/*")]):
        if file.is_file():
            yield Export(str(file.relative_to(RECORDED)), [_api(row) for row in _records(file.read_text())])


def _records(text: str) -> Iterator[Mapping[str, Any]]:
    """The objects in a text: one after another, or in lists."""
    decoder, place = json.JSONDecoder(), 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        value, place = decoder.raw_decode(text, place)
        yield from (row for row in (value if isinstance(value, list) else [value]) if isinstance(row, dict))


def _api(row: Mapping[str, Any]) -> dict[str, Any]:
    names = {"asset_type": "assetType", "iam_policy": "iamPolicy"}
    made = {names.get(key, key): value for key, value in row.items()}
    policy = made.get("iamPolicy")
    if isinstance(policy, dict) and "audit_configs" in policy:
        configs = [
            {
                "service": config["service"],
                "auditLogConfigs": [_log(log) for log in config.get("audit_log_configs", [])],
            }
            for config in policy["audit_configs"]
        ]
        made["iamPolicy"] = {**policy, "auditConfigs": configs}
    return made


def _log(row: Mapping[str, Any]) -> dict[str, Any]:
    kinds = {1: "ADMIN_READ", 2: "DATA_WRITE", 3: "DATA_READ"}
    kind = row.get("log_type")
    return {"logType": kinds.get(kind, kind), "exemptedMembers": row.get("exempted_members", [])}
