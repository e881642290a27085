"""A run as spans of OpenTelemetry (the extra ``otel``), sent by OTLP over HTTP from a thread of their own.

    auditreel run
      plan, compile, begin, discover, judge, record, conclude, seal
      read                      of a provider
        read account
          s3:ListBuckets        one a reader and scope: from its first request to its last answer

A span has counts, times, words of ours, account ids and regions; no id or name of a resource, no value, no text that a
provider wrote. Names of attributes are those of the semantic conventions where these have one, else ``auditreel.``.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, Final, ParamSpec

import requests
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import INVALID_SPAN, Span, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

import engine
from engine.collection.observer import Observer, Phase
from engine.model import REGIONLESS, Assessment, LedgerRow, Scope, Snapshot
from providers.base import Tally

QUEUE: Final = 16384
"""Spans that may wait, unless OTEL_BSP_MAX_QUEUE_SIZE says otherwise: a large account gives thousands at once."""
_CLOUDS: Final = frozenset({"aws", "azure", "gcp"})
"""The providers whose names ``cloud.provider`` knows, which are ours."""
_ANSWERS: Final = frozenset({"value", "absent", "gone", "off"})
"""Outcomes in which the provider said how things are; any other word is the reason why it is not known."""
_DONE: Final = frozenset({0, 3})
"""Exit codes of a run that saw everything."""

# It logs where it cannot deliver, from its own threads; what is worth telling is told once.
logging.getLogger("opentelemetry").addHandler(logging.NullHandler())
logging.getLogger("opentelemetry").propagate = False

P = ParamSpec("P")
Attributes = dict[str, str | int | bool]


def _harmless(method: Callable[Concatenate[Spans, P], None]) -> Callable[Concatenate[Spans, P], None]:
    """The method, which raises nothing: a defect here is told at the end, and no run's."""

    @wraps(method)
    def guarded(self: Spans, /, *arguments: P.args, **named: P.kwargs) -> None:
        try:
            method(self, *arguments, **named)
        except Exception as error:
            self.defect = self.defect or type(error).__name__

    return guarded


class Spans(Observer):
    """Writes the spans of one run. ``environment`` may hold the span that started it (TRACEPARENT, as W3C has it)."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.defect: str | None = None
        self._logged = _Logged()
        self._exporter = _Delivering(OTLPSpanExporter(session=_session()))
        queue = None if environment.get("OTEL_BSP_MAX_QUEUE_SIZE") else QUEUE
        self._processor = _Counting(self._exporter, max_queue_size=queue)
        own = {"service.name": "auditreel", "service.version": engine.__version__}
        provider = TracerProvider(
            resource=Resource.create(own).merge(OTELResourceDetector().detect()), shutdown_on_exit=False
        )
        provider.add_span_processor(self._processor)
        self._tracer = provider.get_tracer("auditreel", engine.__version__)
        carrier = {name: environment.get(name.upper(), "") for name in ("traceparent", "tracestate")}
        parent = TraceContextTextMapPropagator().extract(carrier, Context())
        self._run = self._tracer.start_span("auditreel run", parent)
        self._reads: dict[str, Span] = {}
        self._entered: dict[tuple[str, str], int] = {}
        self._asked: dict[tuple[Scope, str], _Asked] = {}
        self._lock = threading.Lock()

    # --- what a run tells ---

    @contextmanager
    def phase(self, name: Phase, provider: str = "", account: str = "") -> Iterator[None]:
        """See :class:`Observer`."""
        span = self._begun(name, provider, account)
        try:
            yield
        except GeneratorExit:
            raise  # whoever took the parts has stopped, which is told of the run
        except BaseException as error:
            _fail(span, type(error).__name__)
            raise
        finally:
            span.end()

    def _begun(self, name: Phase, provider: str, account: str) -> Span:
        """The span of a phase; one that records nothing where a sampler of somebody's raises, which the SDK lets it."""
        try:
            span = self._tracer.start_span(name, self._below(self._run), attributes=_place(provider, account))
        except Exception as error:
            self.defect = self.defect or type(error).__name__
            return INVALID_SPAN
        if name == "read":
            self._reads[provider] = span
        return span

    @_harmless
    def asking(self, scope: Scope, reader: str) -> None:
        """See :class:`Observer`."""
        with self._lock:
            if (scope, reader) not in self._asked:
                self._asked[scope, reader] = _Asked(time.time_ns())

    @_harmless
    def answered(self, scope: Scope, reader: str, tally: Tally) -> None:
        """See :class:`Observer`."""
        with self._lock:
            asked = self._asked.get((scope, reader))
            if asked is not None:
                asked.last = time.time_ns()
                asked.throttled += tally.throttled

    @_harmless
    def entering(self, provider: str, account: str) -> None:
        """See :class:`Observer`."""
        self._entered.setdefault((provider, account), time.time_ns())

    @_harmless
    def read(self, provider: str, account: str, part: Snapshot) -> None:
        """See :class:`Observer`."""
        with self._lock:
            rows = [(row, self._asked.pop((row.scope, row.reader), None)) for row in part.ledger]
        began = self._entered.pop((provider, account))
        counts = _counted(part.ledger, sum(asked.throttled for _, asked in rows if asked is not None))
        attributes = {**_place(provider, account), **counts, "auditreel.resources": len(part.resources)}
        above = self._below(self._reads.get(provider, self._run))
        span = self._tracer.start_span("read account", above, start_time=began, attributes=attributes)
        _tell(span, part.ledger)
        for row, asked in rows:
            if asked is not None:
                self._reader(span, row, asked)
        span.end()

    @_harmless
    def ended(self, assessment: Assessment) -> None:
        """See :class:`Observer`."""
        verdicts = Counter(finding.verdict for finding in assessment.findings)
        self._run.set_attributes(
            {
                "auditreel.run.kind": assessment.kind,
                "auditreel.run.resumed": assessment.resumed is not None,
                "auditreel.run.sealed": assessment.sealed is not None,
                **({"auditreel.run.id": assessment.run_id} if assessment.run_id is not None else {}),
                **{f"auditreel.verdicts.{word}": count for word, count in sorted(verdicts.items())},
                "process.exit.code": assessment.exit_code,
            }
        )
        if assessment.exit_code not in _DONE:
            _fail(self._run, str(assessment.exit_code))

    @_harmless
    def failed(self, error: BaseException) -> None:
        """The run has ended without an assessment; what is told of that is the kind of error."""
        _fail(self._run, type(error).__name__)

    def _reader(self, account: Span, row: LedgerRow, asked: _Asked) -> None:
        attributes = {**_place(row.scope.provider, row.scope.account, row.scope.region), "auditreel.reader": row.reader}
        span = self._tracer.start_span(
            row.reader,
            self._below(account),
            start_time=asked.first,
            attributes={**attributes, **_counted([row], asked.throttled)},
        )
        _tell(span, [row])
        span.end(max(asked.first, asked.last))

    @staticmethod
    def _below(span: Span) -> Context:
        return set_span_in_context(span, Context())

    # --- the end ---

    def close(self, patience: float) -> str:
        """End the run's span and send what is left, for at most ``patience`` seconds. What is wrong; "": nothing."""
        try:
            self._run.end()
            sending = threading.Thread(target=self._processor.shutdown, name="spans", daemon=True)
            sending.start()
            sending.join(patience)
            if sending.is_alive():
                self._exporter.shutdown()
        except Exception as error:
            self.defect = self.defect or type(error).__name__
        lost = self._processor.count - self._exporter.delivered
        logged = self._logged.ended()
        if self.defect is not None:
            return f"they are not complete, by a defect ({self.defect})"
        return f"{lost} of {self._processor.count} spans were not delivered{logged}" if lost else ""


class _Asked:
    """When a reader first asked in a scope and last was answered (nanoseconds since 1970), and how often too fast."""

    __slots__ = ("first", "last", "throttled")

    def __init__(self, first: int) -> None:
        self.first, self.last, self.throttled = first, 0, 0


class _Counting(BatchSpanProcessor):
    """Counts what is to be sent."""

    count = 0

    def on_end(self, span: ReadableSpan) -> None:
        """A span has ended; on the thread of the run alone."""
        self.count += bool(span.context and span.context.trace_flags.sampled)
        super().on_end(span)


class _Delivering(SpanExporter):
    """Counts what was taken by whoever receives it."""

    def __init__(self, exporter: OTLPSpanExporter) -> None:
        self._exporter = exporter
        self.delivered = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send some spans; on the processor's thread alone."""
        result = self._exporter.export(spans)
        self.delivered += len(spans) if result is SpanExportResult.SUCCESS else 0
        return result

    def shutdown(self) -> None:
        """Give up what is being sent."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]


class _Logged(logging.Handler):
    """Keeps of what OpenTelemetry logs the last status of HTTP, and nothing else: an address may hold a token."""

    def __init__(self) -> None:
        super().__init__()
        self._status: int | None = None
        logging.getLogger("opentelemetry").addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Look for a status."""
        given = record.args if isinstance(record.args, tuple) else ()
        self._status = next((value for value in given if type(value) is int and 300 <= value < 600), self._status)

    def ended(self) -> str:
        """Look no more. What was kept, to be put behind a sentence."""
        logging.getLogger("opentelemetry").removeHandler(self)
        return f" (HTTP {self._status})" if self._status is not None else ""


def _session() -> requests.Session:
    """A session that follows no redirect: the environment's headers may be a key, meant for its endpoint alone."""
    session = requests.Session()
    session.max_redirects = 0
    return session


def _place(provider: str, account: str = "", region: str = "") -> Attributes:
    """Where something was read. Account ids are those of clouds: GitHub's are names that people give."""
    found: Attributes = {"auditreel.provider": provider} if provider else {}
    if provider in _CLOUDS:
        found["cloud.provider"] = provider
        if account not in ("", "*"):
            found["cloud.account.id"] = account
        if region not in ("", "*", *REGIONLESS):
            found["cloud.region"] = region
    return found


def _counted(rows: Iterable[LedgerRow], throttled: int) -> Attributes:
    """What readers took, by the ledger; what is none is left out."""
    counts = Counter({"throttled": throttled})
    for row in rows:
        counts.update(executions=row.planned, calls=row.calls, pages=row.pages, items=row.items)
        counts.update(retries=row.retries, polls=row.polls)
    return {f"auditreel.{name}": count for name, count in counts.items() if count}


def _tell(span: Span, rows: Iterable[LedgerRow]) -> None:
    """How executions ended, by the words of :mod:`engine.collection.outcomes`."""
    outcomes: Counter[str] = Counter()
    for row in rows:
        outcomes.update(row.outcomes)
    span.set_attributes({f"auditreel.outcomes.{word}": count for word, count in sorted(outcomes.items())})
    reasons = [(-count, word) for word, count in outcomes.items() if word not in _ANSWERS]
    if reasons:
        _fail(span, min(reasons)[1])


def _fail(span: Span, kind: str) -> None:
    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)
