"""A baseline file: the failures that a team starts from, so that only what comes after stops the gate.

JSON, one row a failure, by check and address. It accepts nothing: a waiver does, with owner, reason and an end.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from engine.errors import InputError
from engine.gate.model import Gate
from engine.gate.movements import Key, Prior, offending

SCHEMA: Final = "auditreel/baseline/v1"


def read(path: Path) -> Mapping[Key, Prior]:
    """The failures in a baseline file, by check and address. Raises InputError where it is none."""
    doing = f"reading the baseline {path}"
    try:
        document = json.loads(path.read_bytes(), object_pairs_hook=_once)
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise InputError(f"{doing}: it is not of schema {SCHEMA}; write one with --write-baseline")
        rows = [_row(row) for row in document["failures"]]
    except OSError as error:
        raise InputError(f"{doing}: {error.strerror or error}") from error
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{doing}: {error}") from error
    return dict(rows)


def _row(row: Any) -> tuple[Key, Prior]:
    check, subject, values = row["check"], row["address"], row["offending"]
    if not isinstance(values, list) or not all(isinstance(text, str) for text in (check, subject, *values)):
        raise ValueError("a row is not text")
    return (check, "", subject), Prior("fail", None, frozenset(values))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return values


def written(gate: Gate) -> bytes:
    """The failures of a gate as a baseline file."""
    rows = sorted(_failures(gate), key=lambda row: (row["check"], row["address"]))
    return json.dumps({"schema": SCHEMA, "failures": rows}, indent=1, sort_keys=True).encode() + b"\n"


def _failures(gate: Gate) -> Iterable[dict[str, Any]]:
    for finding in gate.assessment.findings:
        if finding.verdict == "fail":
            place = gate.place(finding)
            yield {
                "check": finding.check.id,
                "address": place.known_by() if place is not None else finding.subject.id,
                "offending": sorted(offending(finding)),
            }
