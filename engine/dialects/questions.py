"""Five questions about a window of nights, in SQL that every engine of :mod:`engine.dialects` reads.

They ask what reports say too, by the same rules as far as a query can: what nobody saw neither begins nor ends a
failure, and a resource is gone only where its listing was complete. Where a report can say more, the query leaves a
failure open and shows when it was last seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from engine.model import REGIONLESS, SEVERITIES


@dataclass(frozen=True, slots=True)
class Window:
    """Nights, from the first to the last, both included (ISO dates)."""

    starts: str
    ends: str

    @property
    def nights(self) -> int:
        """How many there are."""
        return (date.fromisoformat(self.ends) - date.fromisoformat(self.starts)).days + 1


@dataclass(frozen=True, slots=True)
class Question:
    """A question: what it asks, what its answer leaves out, and its SQL by schema and window."""

    title: str
    notes: tuple[str, ...]
    sql: Callable[[str, Window], str]


_STREAM: Final = "provider, account, region, check_id, subject_kind, subject_type, subject"
"""What is judged again every night."""


def _same(one: str, other: str) -> str:
    return "\n    AND ".join(f"{one}.{name} = {other}.{name}" for name in _STREAM.split(", "))


def _of(name: str) -> str:
    return ", ".join(f"{name}.{column}" for column in _STREAM.split(", "))


_WHOLE_ACCOUNT: Final = ", ".join(f"'{name}'" for name in sorted({*REGIONLESS, "*"}))
_WORST: Final = "\n".join(
    f"    WHEN MAX(CASE WHEN severity = '{name}' THEN 1 ELSE 0 END) = 1 THEN '{name}'" for name in reversed(SEVERITIES)
)


def _open(schema: str, window: Window) -> str:
    """The tables ``still_open`` (a failure each, with the runs by place) and what it is made of."""
    return f"""WITH seen AS (
  SELECT {_of("f")},
    MAX(r.place) AS seen_at,
    MAX(CASE WHEN f.verdict = 'fail' THEN r.place END) AS failed_at,
    MAX(CASE WHEN f.verdict IN ('pass', 'not_applicable') THEN r.place END) AS held_at
  FROM {schema}.findings f
  JOIN {schema}.runs r ON r.run = f.run
  WHERE f.night <= '{window.ends}'
  GROUP BY {_of("f")}
), looked AS (
  SELECT l.provider, l.account, l.region, l.resource_type, c.check_id, MAX(r.place) AS looked_at
  FROM {schema}.listings l
  JOIN {schema}.checks c ON c.run = l.run AND c.night = l.night AND c.resource_type = l.resource_type
  JOIN {schema}.runs r ON r.run = l.run
  WHERE l.night <= '{window.ends}' AND l.judged AND l.state <> 'failed'
  GROUP BY l.provider, l.account, l.region, l.resource_type, c.check_id
), still_open AS (
  SELECT {_of("s")}, s.failed_at, s.seen_at, COALESCE(s.held_at, -1) AS held_at
  FROM seen s
  LEFT JOIN looked k ON k.provider = s.provider AND k.account = s.account AND k.resource_type = s.subject_type
    AND k.check_id = s.check_id AND (k.region = s.region OR k.region IN ({_WHOLE_ACCOUNT}))
  WHERE s.failed_at > COALESCE(s.held_at, -1)
  GROUP BY {_of("s")}, s.failed_at, s.seen_at, s.held_at
  HAVING COALESCE(MAX(k.looked_at), -1) <= s.seen_at
), failing AS (
  SELECT {_of("o")},
    MIN(f.night) AS first_failed,
    MAX(f.night) AS last_failed,
    MAX(CASE WHEN r.place = o.failed_at THEN f.message END) AS message,
    MAX(CASE WHEN r.place = o.failed_at THEN f.waiver END) AS waiver,
    MAX(CASE WHEN r.place = o.failed_at THEN c.severity END) AS severity
  FROM still_open o
  JOIN {schema}.findings f ON {_same("f", "o")}
  JOIN {schema}.runs r ON r.run = f.run
  JOIN {schema}.checks c ON c.run = f.run AND c.night = f.night AND c.check_id = f.check_id
  WHERE f.verdict = 'fail' AND f.night <= '{window.ends}' AND r.place > o.held_at
  GROUP BY {_of("o")}
)"""


def _failures(schema: str, window: Window) -> str:
    return f"""{_open(schema, window)}
SELECT {_STREAM}, severity, first_failed, last_failed, waiver, message
FROM failing
ORDER BY {_STREAM}"""


def _most_failed(schema: str, window: Window) -> str:
    return f"""WITH failed AS (
  SELECT DISTINCT night, {_STREAM}
  FROM {schema}.findings
  WHERE verdict = 'fail' AND night BETWEEN '{window.starts}' AND '{window.ends}'
), each_resource AS (
  SELECT {_STREAM}, COUNT(*) AS nights
  FROM failed
  GROUP BY {_STREAM}
), each_check AS (
  SELECT check_id, COUNT(*) AS resources, SUM(nights) AS resource_nights
  FROM each_resource
  GROUP BY check_id
), each_night AS (
  SELECT check_id, COUNT(DISTINCT night) AS nights
  FROM failed
  GROUP BY check_id
)
SELECT c.check_id, c.resource_nights, c.resources, n.nights
FROM each_check c
JOIN each_night n ON n.check_id = c.check_id
ORDER BY c.resource_nights DESC, c.check_id"""


def _coverage(schema: str, window: Window) -> str:
    within = f"night BETWEEN '{window.starts}' AND '{window.ends}'"
    return f"""WITH listed AS (
  SELECT night, run, provider, account,
    COUNT(*) AS listings,
    SUM(CASE WHEN state = 'failed' THEN 1 ELSE 0 END) AS failed
  FROM {schema}.listings
  WHERE judged AND {within}
  GROUP BY night, run, provider, account
), not_known AS (
  SELECT night, run, provider, account, COUNT(*) AS records
  FROM {schema}.findings
  WHERE verdict = 'unknown' AND {within}
  GROUP BY night, run, provider, account
), each_night AS (
  SELECT l.provider, l.account, l.night,
    MAX(CASE WHEN l.failed = 0 THEN 1 ELSE 0 END) AS listed_in_full,
    MAX(CASE WHEN l.failed = 0 AND u.records IS NULL THEN 1 ELSE 0 END) AS nothing_unknown
  FROM listed l
  LEFT JOIN not_known u ON u.night = l.night AND u.run = l.run AND u.provider = l.provider AND u.account = l.account
  GROUP BY l.provider, l.account, l.night
)
SELECT provider, account,
  {window.nights} AS nights,
  COUNT(*) AS looked_at,
  {window.nights} - COUNT(*) AS missing,
  SUM(listed_in_full) AS listed_in_full,
  SUM(nothing_unknown) AS nothing_unknown
FROM each_night
GROUP BY provider, account
ORDER BY provider, account"""


def _resources(schema: str, window: Window) -> str:
    return f"""{_open(schema, window)}
SELECT provider, account, region, subject_type, subject,
  COUNT(*) AS checks,
  SUM(CASE WHEN waiver IS NULL THEN 1 ELSE 0 END) AS not_waived,
  CASE
{_WORST}
  END AS worst,
  MIN(first_failed) AS first_failed
FROM failing
GROUP BY provider, account, region, subject_type, subject
ORDER BY provider, account, region, subject_type, subject"""


def _changes(schema: str, window: Window) -> str:
    order = "OVER (PARTITION BY c.check_id ORDER BY r.place)"
    return f"""WITH each_run AS (
  SELECT c.check_id, r.night, r.run, r.place, c.check_version, c.check_digest, c.parameters,
    LAG(c.check_version) {order} AS version_before,
    LAG(c.check_digest) {order} AS digest_before,
    LAG(c.parameters) {order} AS parameters_before
  FROM {schema}.checks c
  JOIN {schema}.runs r ON r.run = c.run
  WHERE c.night <= '{window.ends}'
)
SELECT check_id, night, run, version_before, check_version,
  CASE WHEN check_digest <> digest_before THEN 'changed' ELSE 'same' END AS file_is,
  CASE WHEN parameters <> parameters_before THEN 'changed' ELSE 'same' END AS parameters_are
FROM each_run
WHERE night >= '{window.starts}' AND (check_digest <> digest_before OR parameters <> parameters_before)
ORDER BY check_id, place"""


QUESTIONS: Final = (
    Question(
        "Failures open at the end of the last night.",
        (
            "An unknown verdict ends none. A deleted resource ends its failures where its type was listed in full.",
            "What is no longer looked at (a check, an account, a region) keeps them open: see last_failed.",
        ),
        _failures,
    ),
    Question(
        "Checks that failed most.",
        ("A resource that failed counts once a night, however many runs the night had.",),
        _most_failed,
    ),
    Question(
        "Coverage: nights of each account.",
        (
            "An account that was never looked at has no row. The best run of a night counts.",
            "Nights whose runs are kept no longer are missing here: see retained in runs.",
        ),
        _coverage,
    ),
    Question("Resources that fail at the end of the last night, and their worst failure.", (), _resources),
    Question(
        "Changes of checks: their files, with the version, and their parameters.",
        ("Compared with the run before that judged the check, also one before the first night.",),
        _changes,
    ),
)
