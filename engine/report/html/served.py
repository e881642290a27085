"""What only a server shows: the stores, a run's records, a record with its proof, resources, downloads, and refusals.

The report itself has its own pages (:mod:`engine.report.html`). Links are relative, so that a proxy may show all of
it below any address. A reader is told first how the evidence is anchored, then what the link lets see.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.periods import Period
from engine.report import PERIOD_FORMATS, closing
from engine.report.html.templating import page
from engine.report.layout import counted
from engine.sealed import SealedRecord, SealedRow, SealedRun

VERDICTS: Final = ("fail", "unknown", "pass", "not_applicable")
"""In the order in which they need somebody."""
ROWS: Final = 200
"""Records or resources on a page."""
_STANDING: Final = ("Prepared by management, not examined",)
_FILES: Final[Mapping[str, str]] = {
    "text": "The report as text.",
    "markdown": "The report in Markdown.",
    "html": "The report as one page that opens without this server.",
    "csv": "The work paper, its first sheet.",
    "xlsx": "The work paper with all sheets.",
    "pdf": "The report for print.",
    "oscal": "Assessment results in OSCAL.",
    "ocsf": "Every failure as an OCSF event, one a line.",
}


@dataclass(frozen=True, slots=True)
class StoreRow:
    """A store in the list: whose it is, how it is anchored, or the ``problem`` for which nothing of it is shown.

    ``periods`` are (address, dates, what it is); ``read`` says when a bucket was read, and ``current`` whether that is.
    """

    name: str
    anchored: str
    demonstration: bool
    periods: tuple[tuple[str, str, str], ...]
    problem: str = ""
    read: str = ""
    current: bool = True
    organization: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands: the period that it is a part of, and what the reader's link lets see (``notices``)."""

    period: Period
    notices: tuple[str, ...]

    @property
    def firsts(self) -> list[tuple[str, bool]]:
        """What stands first on every page, each with whether it is an alarm."""
        anchored = self.period.anchored
        found = [(anchored, anchored.startswith("NOT ANCHORED"))]
        found += [(closing.WATERMARK, True)] if self.period.demonstration else []
        return found + [(text, False) for text in self.notices]

    @property
    def who(self) -> list[tuple[str, str]]:
        """Whose it is, and of when."""
        return [("Organisation", self.period.organization), ("Period", f"{self.period.starts} to {self.period.ends}")]


def home(stores: Sequence[StoreRow], notices: Sequence[str]) -> str:
    """The stores, and the periods that may be seen."""
    firsts = [(text, False) for text in notices]
    return _page("served_home.html", "Evidence", firsts, [], [], stores=stores)


def notice(heading: str, texts: Sequence[str], links: Sequence[tuple[str, str]] = (), refresh: str = "") -> str:
    """A page that says why there is nothing else; ``refresh`` is where a browser goes from it by itself."""
    title = "auditreel"
    return _page("served_notice.html", title, [], [], [], heading=heading, texts=texts, links=links, refresh=refresh)


def records(place: Place, run: SealedRun, number: int, verdict: str | None) -> str:
    """The records of a run, ``number`` of their pages (from 1), those of one verdict where one is given."""
    counts = Counter(row.verdict for row in run.rows)
    rows = [row for row in run.rows if verdict is None or row.verdict == verdict]
    verdicts = [("./", f"all ({len(run.rows):,})", verdict is None)]
    verdicts += [(f"?verdict={v}", f"{v.replace('_', ' ')} ({counts[v]:,})", v == verdict) for v in VERDICTS]
    asked = f"verdict={verdict}&" if verdict else ""
    shown = [(row, f"records/{row.index}/", f"resources/{row.resource}/") for row in _cut(rows, number)]
    return _page(
        "served_records.html",
        f"Run {run.run}",
        place.firsts,
        [*place.who, *_run(run)],
        [("../../../../", "All periods"), ("../../", "The period"), ("resources/", "Resources of this run")],
        heading=counted(len(rows), "record") + (f": {verdict.replace('_', ' ')}" if verdict else ""),
        verdicts=verdicts,
        pages=_pages(len(rows), number, asked),
        rows=shown,
    )


def resources(place: Place, run: SealedRun, number: int) -> str:
    """What was judged in a run, with its verdicts, ``number`` of their pages (from 1)."""
    found: dict[str, tuple[SealedRow, Counter[str]]] = {}
    for row in run.rows:
        found.setdefault(row.resource, (row, Counter()))[1][row.verdict] += 1
    rows = [(row, f"{key}/", [counts[verdict] for verdict in VERDICTS]) for key, (row, counts) in found.items()]
    return _page(
        "served_resources.html",
        f"Resources in run {run.run}",
        place.firsts,
        [*place.who, *_run(run)],
        [("../../../../../", "All periods"), ("../../../", "The period"), ("../", "Records of this run")],
        heading=counted(len(rows), "resource or listing", "resources and listings"),
        verdicts=VERDICTS,
        pages=_pages(len(rows), number, ""),
        rows=_cut(rows, number),
    )


def resource(place: Place, run: SealedRun, key: str) -> str | None:
    """What was judged of one resource in a run; None where the run has no record of it that is shown."""
    rows = [row for row in run.rows if row.resource == key]
    if not rows:
        return None
    subject, scope = rows[0].subject, rows[0].scope
    failures = [
        row for row in place.period.failures if (row.subject.type, row.subject.id) == (subject.type, subject.id)
    ]
    said = f"{counted(len(failures), 'failure')} in the period" if failures else "No failures observed in the period"
    return _page(
        "served_records.html",
        subject.id,
        place.firsts,
        [*place.who, *_run(run), ("Type", subject.type), ("Scope", str(scope)), ("In the period", said)],
        [("../../../../../../", "All periods"), ("../../../../", "The period"), ("../../", "Records of this run")],
        heading=counted(len(rows), "record"),
        verdicts=[("./", f"all ({len(rows):,})", True)],
        pages=(),
        rows=[(row, f"../../records/{row.index}/", "./") for row in rows],
    )


def record(place: Place, run: SealedRun, found: SealedRecord) -> str:
    """A record with its proof, and the resource that it was judged on."""
    row = found.row
    facts = [("Check", f"{row.check}, version {row.version}"), ("Verdict", row.verdict.replace("_", " "))]
    facts += [("Reason", row.reason.replace("_", " "))] if row.reason else []
    facts += [("Message", str(found.document["message"]))] if "message" in found.document else []
    facts += [("Collected at (UTC)", found.collected_at)] if found.collected_at else []
    waiver = found.waiver
    facts += [("Waiver beside it", ", ".join(f"{key} {value}" for key, value in waiver.items()))] if waiver else []
    return _page(
        "served_record.html",
        f"Record {row.index:,} of run {run.run}",
        place.firsts,
        [*place.who, *_run(run)],
        [
            ("../../../../../../", "All periods"),
            ("../../../../", "The period"),
            ("../../", "Records of this run"),
            (f"../../resources/{row.resource}/", "What else was judged of this resource"),
        ],
        facts_of=facts,
        document=list(_flat(found.document)),
        proof=[
            ("Hash of the record", found.leaf),
            ("Root", run.root),
            ("Records below the root", f"{run.total:,}"),
            ("Seal", f"entry {run.sequence}, SHA-256 {run.digest}"),
        ],
        path=found.path,
        command=f"auditreel export --run {run.run} --proof {row.index}",
        body=list(_flat(found.body)) if found.body is not None else [],
    )


def downloads(place: Place) -> str:
    """The files that can be had of a period."""
    period = place.period
    return _page(
        "served_downloads.html",
        "Downloads",
        place.firsts,
        place.who,
        [("../../../", "All periods"), ("../", "The period")],
        files=[(PERIOD_FORMATS[name].name, what) for name, what in _FILES.items()],
        command=f"auditreel export --from {period.starts} --to {period.ends}",
    )


def _page(
    template: str,
    title: str,
    firsts: Sequence[tuple[str, bool]],
    who: Sequence[tuple[str, str]],
    ways: Sequence[tuple[str, str]],
    refresh: str = "",
    **values: Any,
) -> str:
    given = {"title": title, "firsts": firsts, "who": who, "ways": ways, "refresh": refresh, "served": None}
    return page(template, _STANDING, (), **given, **values)


def _run(run: SealedRun) -> list[tuple[str, str]]:
    resumed = f"began at {run.started_at}, stopped, and went on at {', '.join(run.resumed_at)}"
    return [
        ("Run", f"{run.run} ({run.kind})"),
        ("As of (UTC)", run.as_of),
        *([("Resumed (UTC)", resumed)] if run.resumed_at else []),
        ("Sealed (UTC)", f"{run.sealed_at}, entry {run.sequence}"),
    ]


def _cut(rows: Sequence[Any], number: int) -> Sequence[Any]:
    return rows[(number - 1) * ROWS : number * ROWS]


def _pages(count: int, number: int, asked: str) -> list[tuple[str, str, bool]]:
    last = max(1, -(-count // ROWS))
    return [
        (f"?{asked}page={page}", f"{(page - 1) * ROWS + 1:,} to {min(page * ROWS, count):,}", page == number)
        for page in range(1, last + 1)
    ]


def _flat(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every value of a document with its place (a JSON Pointer, RFC 6901), as JSON where it is no text."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _flat(item, f"{place}/{str(key).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, (list, tuple)) and value:
        for number, item in enumerate(value):
            yield from _flat(item, f"{place}/{number}")
    else:
        yield place or "/", value if isinstance(value, str) else json.dumps(value)
