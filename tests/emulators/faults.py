"""Things that go wrong between a client and AWS, put in the way of chosen operations."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, Final, Literal, get_args

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError

from tests.emulators import aws_errors
from tests.emulators.api_models import operation_model
from tests.emulators.bodies import hollowed
from tests.emulators.enforcing import actions
from tests.emulators.identify import Call
from tests.emulators.wire import JSON, Answer, Cut, Exchange, Layer, Next, Silence

Kind = Literal[
    "denied",  # no policy allows the caller to
    "policy_denied",  # a service control policy forbids it
    "throttled",
    "server_error",  # 5xx in the service's form
    "expired_token",
    "error",  # any code: ``code`` and ``status``
    "timeout",  # never answered
    "cut",  # connection closed before the answer
    "cut_body",  # connection closed in the middle of the answer
    "malformed",  # success, and a body in no known form
    "html",  # success, and a page of some machine in between
    "truncated",  # success, and half of the body, consistently framed
    "empty",  # success, and no body
    "hollow",  # success, and a well-formed body without any member
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
_PAGE: Final = (
    b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><p>Sign in to the network.</p></body></html>"
)
_NOISE: Final = b"\x1f\x8b\x00<<<{ neither JSON nor XML nor CBOR \xff\xfe"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a cloud words what goes wrong.

    ``denials`` are told the call and the action that it takes, ``errors`` the call; ``error`` its code, status and
    message too. ``hollowed`` gives a success body without any member. ``existing`` raises ValueError for a pattern of
    operations that matches none. ``action`` is what a denial names.
    """

    denials: Mapping[str, Callable[[Call, str | None], Answer]]
    errors: Mapping[str, Callable[[Call], Answer]]
    error: Callable[[Call, str, int, str], Answer]
    hollowed: Callable[[Call, bytes], bytes]
    existing: Callable[[str], None]
    action: Callable[[Exchange], str | None]


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule. ``kind`` is one of those that every cloud has, or a layer that answers in its own way.

    ``operation`` is "service:Operation" or a pattern ("s3:*", "*:Get*", "*"); ``region`` limits it to one region, and
    ``where`` to exchanges for which it is true. Of the requests that match, the first ``after`` are let through, then
    ``times`` are hit (None: all), each with probability ``rate``. ``code`` and ``status`` are for "error", ``seconds``
    for "timeout" (None: until the client gives up). ``headers`` are added to an error.
    """

    kind: Kind | Layer
    operation: str
    region: str | None = None
    rate: float = 1.0
    after: int = 0
    times: int | None = None
    code: str = "InternalFailure"
    status: int = 500
    message: str = ""
    seconds: float | None = None
    where: Callable[[Exchange], bool] | None = None
    headers: tuple[tuple[str, str], ...] = ()

    def matches(self, exchange: Exchange) -> bool:
        """Whether the rule is about this request at all."""
        call = exchange.call
        return (
            fnmatchcase(call.name, self.operation)
            and self.region in (None, call.region)
            and (self.where is None or self.where(exchange))
        )


class Faults:
    """The layer that makes things go wrong. Rules may be added and removed while requests are under way.

    Which requests a ``rate`` hits depends on ``seed``, the request and how often it was sent, not on the order in which
    requests arrive: a run with the same requests meets the same faults.
    """

    def __init__(self, seed: int = 1, dialect: Dialect | None = None) -> None:
        self.seed = seed
        self._dialect = dialect or AWS
        self._rules: tuple[Fault, ...] = ()
        self._lock = threading.Lock()
        self.clear()

    def add(self, kind: Kind | Layer, operation: str, /, **options: object) -> Fault:
        """Add a rule (see :class:`Fault`). Of several that hit a request the first added counts.

        Raises ValueError where no such operation exists, as a rule that cannot match proves nothing.
        """
        self._dialect.existing(operation)
        if not callable(kind) and kind not in KINDS:
            raise ValueError(f"no such fault: {kind}")
        fault = Fault(kind, operation, **options)  # type: ignore[arg-type]
        self._rules = (*self._rules, fault)
        return fault

    @property
    def rules(self) -> tuple[Fault, ...]:
        """The rules in force, in the order in which they were added."""
        return self._rules

    def remove(self, fault: Fault) -> None:
        """Take a rule back."""
        self._rules = tuple(rule for rule in self._rules if rule is not fault)

    def clear(self) -> None:
        """Take all rules back and forget what they did."""
        with self._lock:
            self._rules = ()
            self._seen: Counter[int] = Counter()
            self._sent: Counter[object] = Counter()
            self.injected: Counter[tuple[str, str]] = Counter()

    async def __call__(self, exchange: Exchange, forward: Next) -> Answer:
        """Let one exchange through, or not."""
        fault = self._hitting(exchange)
        if fault is None:
            return await forward(exchange)
        exchange.injected = fault.kind if isinstance(fault.kind, str) else "another answer"
        self.injected[exchange.injected, exchange.call.name] += 1
        if callable(fault.kind):
            return await fault.kind(exchange, forward)
        answer = self._refused(fault.kind, fault, exchange)
        if answer is not None:
            return replace(answer, headers=(*answer.headers, *fault.headers))
        if fault.kind == "timeout":
            raise Silence(fault.seconds)
        if fault.kind == "cut":
            raise Cut
        return _spoilt(fault.kind, exchange, await forward(exchange), self._dialect)

    def _refused(self, kind: Kind, fault: Fault, exchange: Exchange) -> Answer | None:
        spoken = self._dialect
        if kind in spoken.denials:
            return spoken.denials[kind](exchange.call, spoken.action(exchange))
        if kind in spoken.errors:
            return spoken.errors[kind](exchange.call)
        if kind == "error":
            return spoken.error(exchange.call, fault.code, fault.status, fault.message)
        return None

    def _hitting(self, exchange: Exchange) -> Fault | None:
        rules = [rule for rule in self._rules if rule.matches(exchange)]
        if not rules:
            return None
        call = exchange.call
        with self._lock:
            self._sent[call] += 1
            dice = random.Random(f"{self.seed} {call.name} {call.region} {call.parameters} {self._sent[call]}")
            for rule in rules:
                turn = self._seen[id(rule)]
                self._seen[id(rule)] += 1
                due = turn >= rule.after and (rule.times is None or turn < rule.after + rule.times)
                if due and dice.random() < rule.rate:
                    return rule
        return None


# --- answers of a test's own ---


def answering(answer: Answer) -> Layer:
    """Answers this, whatever is asked."""

    async def fault(exchange: Exchange, forward: Next) -> Answer:
        return answer

    return fault


def replaced(body: bytes) -> Layer:
    """Success, and another body."""
    return answering(Answer(200, (JSON,), body))


def redirected(to: str) -> Layer:
    return answering(Answer(302, (("location", to),)))


def changed(change: Callable[[Any], Any]) -> Layer:
    """What is answered, with its JSON changed."""

    async def fault(exchange: Exchange, forward: Next) -> Answer:
        answer = await forward(exchange)
        return answer.with_body(json.dumps(change(json.loads(answer.body))).encode())

    return fault


# --- AWS ---


def _action(exchange: Exchange) -> str | None:
    """What a denial names: the action that the operation needs."""
    call = exchange.call
    return next(iter(actions(call.service, call.operation)), None) if call.protocol != "none" else None


def _spoilt(kind: Kind, exchange: Exchange, answer: Answer, dialect: Dialect) -> Answer:
    """A success answer, spoilt; an error answer as it is, since it had no body to spoil."""
    half = len(answer.body) // 2
    if kind == "cut_body":
        return replace(answer, sent=half)
    if kind == "truncated":
        return answer.with_body(answer.body[:half])
    if kind == "hollow":
        if answer.status >= 300:
            return answer
        return answer.with_body(dialect.hollowed(exchange.call, answer.body))
    body = {"malformed": _NOISE, "html": _PAGE, "empty": b""}[kind]
    spoilt = replace(answer.with_body(body), status=200)
    if kind == "html":
        kept = tuple((name, value) for name, value in spoilt.headers if name != "content-type")
        return replace(spoilt, headers=(*kept, ("content-type", "text/html; charset=utf-8")))
    return spoilt


def _existing(pattern: str) -> None:
    if pattern == "*" or set(pattern) & set("*?["):
        return
    service, _, operation = pattern.partition(":")
    try:
        operation_model(service, operation)
    except (UnknownServiceError, OperationNotFoundError):
        raise ValueError(f"no such operation: {pattern} (service as boto3 names its client)") from None


AWS: Final = Dialect(
    denials={"denied": aws_errors.denied, "policy_denied": aws_errors.policy_denied},
    errors={
        "throttled": aws_errors.throttled,
        "server_error": aws_errors.server_error,
        "expired_token": aws_errors.expired_token,
    },
    error=aws_errors.error,
    hollowed=hollowed,
    existing=_existing,
    action=_action,
)
