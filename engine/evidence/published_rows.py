"""What stands in the tables that are published: of each run its rows, and the queries that make them of its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.evidence import canonical
from engine.evidence.catalogue import Catalogue
from engine.evidence.period.frames import SealedFrame
from engine.evidence.period.looks import ANY, View
from engine.evidence.runs import StoredRun
from engine.external import PARTITION
from engine.model import REGIONLESS, Check, Scope

Row = Mapping[str, Any]

RUN_FIELDS: Final = {
    "run": "VARCHAR",
    "night": "VARCHAR",
    "place": "BIGINT",
    "kind": "VARCHAR",
    "as_of": "VARCHAR",
    "started_at": "VARCHAR",
    "ended_at": "VARCHAR",
    "sealed_at": "VARCHAR",
    "entry": "BIGINT",
    "engine": "VARCHAR",
    "narrowed": "BOOLEAN",
    "retained": "BOOLEAN",
    "records": "BIGINT",
    "passed": "BIGINT",
    "failed": "BIGINT",
    "not_known": "BIGINT",
    "not_applicable": "BIGINT",
    "waived": "BIGINT",
    "root": "VARCHAR",
}
CHECK_FIELDS: Final = {
    "run": "VARCHAR",
    "check_id": "VARCHAR",
    "check_version": "BIGINT",
    "check_digest": "VARCHAR",
    "parameters": "VARCHAR",
    "title": "VARCHAR",
    "resource_type": "VARCHAR",
    "severity": "VARCHAR",
    "criteria": "VARCHAR[]",
}
LISTING_FIELDS: Final = {
    "run": "VARCHAR",
    "provider": "VARCHAR",
    "account": "VARCHAR",
    "region": "VARCHAR",
    "resource_type": "VARCHAR",
    "state": "VARCHAR",
    "listed": "BIGINT",
    "judged": "BOOLEAN",
    "reason": "VARCHAR",
    "operation": "VARCHAR",
    "permission": "VARCHAR",
}
_FINDINGS: Final = """
    SELECT {run} AS run, f.provider, f.account, f.region, f.subject_kind, f.subject_type, f.subject,
        f.subject_identity IS NOT NULL AS subject_is_digest, f.check_id, f.check_version,
        lower(hex(f.check_digest)) AS check_digest, lower(hex(f.parameters)) AS parameters, f.verdict, f.reason,
        f.message, f.observed,
        map_from_entries([
            {{'name': entry.key, 'digest': lower(hex(entry.value))}} FOR entry IN map_entries(f.related)
        ]) AS related,
        lower(hex(f.private)) AS private, lower(hex(r.body)) AS body, w.waiver, w.waived_until, f.record
    FROM (
        SELECT *, row_number() OVER (
            ORDER BY provider, account, region, check_id, subject_type, subject, subject_kind
        ) - 1 AS record
        FROM (SELECT *, coalesce(subject_id, lower(hex(subject_identity))) AS subject FROM {findings})
    ) f
    LEFT JOIN (
        SELECT provider, account, region, type, coalesce(id, lower(hex(identity))) AS subject, body
        FROM {ledger} WHERE kind = 'resource'
    ) r ON f.subject_kind = 'resource' AND r.provider = f.provider AND r.account = f.account AND r.region = f.region
        AND r.type = f.subject_type AND r.subject = f.subject
    LEFT JOIN (
        SELECT document->>'$.scope.provider' AS provider, document->>'$.scope.account' AS account,
            document->>'$.scope.region' AS region, document->>'$.check' AS check_id,
            document->>'$.subject.kind' AS subject_kind, document->>'$.subject.type' AS subject_type,
            coalesce(document->>'$.subject.id', document->>'$.subject.identity') AS subject,
            min(document->>'$.waiver.id') AS waiver, min(document->>'$.waiver.expires') AS waived_until
        FROM {ledger} WHERE kind = 'waiver' GROUP BY ALL
    ) w ON w.provider = f.provider AND w.account = f.account AND w.region = f.region AND w.check_id = f.check_id
        AND w.subject_kind = f.subject_kind AND w.subject_type = f.subject_type AND w.subject = f.subject
    ORDER BY f.record
"""
_RESOURCES: Final = """
    SELECT {run} AS run, provider, account, region, type AS resource_type, coalesce(id, lower(hex(identity))) AS id,
        identity IS NOT NULL AS id_is_digest, lower(hex(body)) AS body, collected_at, document AS out_of_boundary
    FROM {ledger} WHERE kind = 'resource' ORDER BY ALL
"""
_LEDGER: Final = """
    SELECT {run} AS run, kind, document FROM {ledger} WHERE kind NOT IN ('resource', 'collection') ORDER BY ALL
"""
_BODIES: Final = """
    SELECT lower(hex(digest)) AS digest, min(body) AS body FROM ({packs}) GROUP BY digest ORDER BY digest
"""
_NO_BODIES: Final = "SELECT NULL::BLOB AS digest, NULL::VARCHAR AS body LIMIT 0"

DEFINITIONS: Final = (RUN_FIELDS, CHECK_FIELDS, LISTING_FIELDS, _FINDINGS, _RESOURCES, _LEDGER, _BODIES)
"""Everything that decides which columns there are and what stands in them."""


@dataclass(frozen=True, slots=True)
class Night:
    """A frame and its night (an ISO date)."""

    frame: SealedFrame
    night: str

    @property
    def run(self) -> str:
        """The run's id."""
        return self.frame.seal.asked.run

    def name(self, table: str) -> str:
        """The name of its file of a table."""
        return f"{table}/{PARTITION}={self.night}/{self.run}.parquet"


def runs(kept: Iterable[Night], removed: Iterable[Night]) -> Iterator[Row]:
    """The rows of ``runs``. Of runs that are kept no longer there is only what their seals say.

    ``place`` counts all of them in the order of their moments, which the text of a time does not always tell.
    """
    every = [(night, True) for night in kept] + [(night, False) for night in removed]
    for place, (night, retained) in enumerate(sorted(every, key=lambda row: row[0].frame.order)):
        frame, seal = night.frame, night.frame.seal
        yield {
            "run": night.run,
            "night": night.night,
            "place": place,
            "kind": seal.asked.kind,
            "as_of": seal.as_of,
            "started_at": seal.asked.started_at,
            "ended_at": seal.ended_at,
            "sealed_at": frame.placed.entry.recorded_at,
            "entry": frame.placed.entry.sequence,
            "engine": seal.asked.engine,
            "narrowed": frame.filtered,
            "retained": retained,
            "records": seal.records.count,
            "passed": seal.verdicts.passed,
            "failed": seal.verdicts.failed,
            "not_known": seal.verdicts.unknown,
            "not_applicable": seal.verdicts.not_applicable,
            "waived": seal.verdicts.waived,
            "root": seal.records.root,
        }


def checks(night: Night, content: Catalogue, judged: Mapping[str, Check]) -> Iterator[Row]:
    """The rows of ``checks``: those that a run judged, by the files and the parameters that were sealed with it."""
    digests, parameters = content.members["checks"], content.members["parameters"]
    for id_, check in sorted(judged.items()):
        yield {
            "run": night.run,
            "check_id": id_,
            "check_version": check.version,
            "check_digest": digests[id_],
            "parameters": parameters[id_],
            "title": check.title,
            "resource_type": check.resource_type,
            "severity": check.severity,
            "criteria": sorted(check.criteria),
        }


def listings(night: Night, stored: StoredRun) -> Iterator[Row]:
    """The rows of ``listings``: what was listed where, how that ended, and whether what lies there was judged.

    A list of a whole account speaks of every region. Where the run judged only some of them it is not said to be
    judged: what such a list lacks may lie in a region that was not.
    """
    accounts, regions = night.frame.names("accounts"), night.frame.names("regions")
    view = View({}, {}, frozenset(), accounts=accounts, regions=regions)
    for row in stored.ledger["collection"]:
        scope = Scope(**canonical.original(row["scope"]))
        of_account = scope.region in (*REGIONLESS, ANY)
        unread = row.get("unread", {})
        yield {
            "run": night.run,
            **row["scope"],
            "resource_type": row["type"],
            "state": row["state"],
            "listed": row["count"],
            "judged": view.within(scope) and not (of_account and regions),
            **{name: unread[name] for name in ("reason", "operation", "permission") if name in unread},
        }


def findings(night: Night, findings: str, ledger: str) -> str:
    """The query of the rows of ``findings``: a record each, with the body and the waiver that the ledger has of it.

    ``findings`` and ``ledger`` are the rows of the run's files (:func:`tables.rows_of`), here and below. ``record`` is
    the place of the record in its run, by which `auditreel export --proof` proves it.
    """
    return _FINDINGS.format(run=_text(night.run), findings=findings, ledger=ledger)


def resources(night: Night, ledger: str) -> str:
    """The query of the rows of ``resources``: what was listed, out of the boundary too."""
    return _RESOURCES.format(run=_text(night.run), ledger=ledger)


def ledger(night: Night, ledger: str) -> str:
    """The query of the rows of ``ledger``: scopes, readers, populations and waivers, each as its JSON text."""
    return _LEDGER.format(run=_text(night.run), ledger=ledger)


def bodies(packs: Iterable[str]) -> str:
    """The query of the rows of ``bodies``: what packs (:func:`tables.rows_of`) hold, each once."""
    each = [f"SELECT digest, body FROM {pack}" for pack in packs]  # noqa: S608
    return _BODIES.format(packs=" UNION ALL ".join(each or [_NO_BODIES]))


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
