"""An account on which every reader of every check has something to read, and scans of it.

It is the fictional company's, with what that one does not have. Nothing of a test is kept in it: faults, paging and
rewritten answers stand on the wire and are taken off again, so that all tests share one.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Sequence, Set
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pytest

from engine.collection import collect, directory, entered
from engine.collection.conformance import conforming
from engine.collection.lanes import Pool
from engine.collection.limiter import Limiter
from engine.collection.planner import plan
from engine.content.checks import compile_checks
from engine.content.load import load
from engine.content.root import find
from engine.judging.conclude import Conclusion, conclude
from engine.judging.evaluate import evaluate
from engine.judging.selection import select
from engine.model import Clock, Finding, Snapshot
from providers import declared
from providers.aws.adapter import Aws
from providers.aws.caller import Caller
from providers.aws.clients import Clients
from providers.base import Governor, Scope, Tally
from tests.collectors.scan import reads
from tests.emulators import aws_services
from tests.emulators.aws_wire import AwsWire
from tests.emulators.demo.aws import build, environment
from tests.emulators.identify import Call
from tests.emulators.moto_process import MotoProcess
from tests.emulators.overrides import Overrides
from tests.emulators.wire import Answer, Exchange, Next

AS_OF: Final = "2026-11-24T00:00:00Z"
_STATEFUL: Final = frozenset({"iam:GenerateCredentialReport"})


def clock(now: str = AS_OF) -> Clock:
    """A clock that stands still and does not wait."""
    return Clock(lambda: now, time.monotonic, lambda seconds: None)


class Remembered:
    """The layer next to moto: what was asked once is answered from memory, as long as nothing is written."""

    def __init__(self) -> None:
        self._answers: dict[Call, Answer] = {}

    async def __call__(self, exchange: Exchange, forward: Next) -> Answer:
        """Answer one exchange."""
        call = exchange.call
        if not call.operation.startswith(("Describe", "Get", "List")) or call.name in _STATEFUL:
            self._answers.clear()
            return await forward(exchange)
        if call not in self._answers:
            self._answers[call] = await forward(exchange)
        return self._answers[call]


class OlderStorage:
    """The layer that, where ``on``, lists buckets without their regions, as S3-compatible servers do."""

    def __init__(self) -> None:
        self.on = False

    async def __call__(self, exchange: Exchange, forward: Next) -> Answer:
        """Change one listing."""
        answer = await forward(exchange)
        if not self.on or exchange.call.name != "s3:ListBuckets":
            return answer
        return answer.with_body(re.sub(rb"<BucketRegion>[^<]*</BucketRegion>", b"", answer.body))


@dataclass(frozen=True, slots=True)
class Account:
    """The seeded account: the ``wire`` to it, and what tests put on that.

    ``said`` are answers given or rewritten by a test, ``older_storage`` lets s3:GetBucketLocation be asked.
    """

    wire: AwsWire
    said: Overrides
    older_storage: OlderStorage

    def restore(self) -> None:
        """Take everything off the wire that a test put there, and count from zero."""
        self.said.clear()
        self.older_storage.on = False
        self.wire.faults.clear()
        self.wire.enforcement.clear()
        self.wire.paging.size, self.wire.paging.pauses, self.wire.paging.served = None, False, {}
        self.wire.latency.jitter = 0.0
        self.wire.traffic.reset()


@contextmanager
def seeded() -> Iterator[Account]:
    """The account, on a loopback address."""
    said, older = Overrides(), OlderStorage()
    with MotoProcess() as moto, AwsWire(moto.address, outer=(said, older), inner=(Remembered(),)) as wire:
        with environment(wire.url):
            build(wire)
            aws_services.build(wire)
        account = Account(wire, said, older)
        account.restore()
        yield account


@contextmanager
def undisturbed(account: Account, home: Path) -> Iterator[None]:
    """Nothing in the way to the account, and an environment in which every AWS client talks to it.

    ``home`` is the caller's home folder. What broke on the wire is raised at the end.
    """
    account.restore()
    with pytest.MonkeyPatch.context() as patch, environment(account.wire.url):
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            patch.setenv(name, str(home / "none"))
        patch.setenv("HOME", str(home))
        yield
    broken = list(account.wire.broken)
    account.wire.broken.clear()
    account.restore()
    if broken:
        raise broken[0]


# --- scans -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scan:
    """What one scan of the account gave."""

    snapshot: Snapshot
    findings: tuple[Finding, ...]
    conclusion: Conclusion


def verdicts(scan: Scan) -> dict[tuple[str, str, str, str], str]:
    """(check, kind of subject, its id, region) -> verdict."""
    return {(f.check.id, f.subject.kind, f.subject.id, f.scope.region): f.verdict for f in scan.findings}


class _Recalling(Caller):
    """A caller that sends only what is to be asked ``anew``, and knows the answers to everything else."""

    def __init__(self, answers: dict[Hashable, Any], anew: frozenset[str] | None, *given: Any) -> None:
        super().__init__(*given)
        self._answers, self._anew = answers, anew

    def _governed(self, service: str, method: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        send = super()._governed(service, method)
        name = f"{service}:{self._clients.get(service, self.region).meta.method_to_api_mapping[method.__name__]}"

        def request(**arguments: Any) -> dict[str, Any]:
            key = (name, self.region, repr(sorted(arguments.items())))
            if self._anew is None:
                self._answers[key] = send(**arguments)
                return self._answers[key]
            return self._answers[key] if key in self._answers and name not in self._anew else send(**arguments)

        return request


class _Recall(Aws):
    """The adapter, with the answers of its last whole scan."""

    def __init__(self, clients: Clients, answers: dict[Hashable, Any] | None = None) -> None:
        self._answers: dict[Hashable, Any] = dict(answers or {})
        self.anew: frozenset[str] | None = None
        super().__init__(clients)

    def caller(self, scope: Scope, governor: Governor, tally: Tally) -> Caller:
        return _Recalling(self._answers, self.anew, self._clients, scope, governor, tally)


class Scanner:
    """Scans with every check, again and again: data folders read once, clients and threads kept.

    Needs the account's environment.

    ``timeout`` is how long one request may take, in seconds.
    """

    def __init__(self, timeout: float = 5.0) -> None:
        self._content = content = load(find())
        self._choose(("*",))
        self._conform = conforming({name: schema.type for name, schema in content.types.items()})
        self._shared = Clients(timeout, "auditreel")
        self._adapter = _Recall(self._shared)
        self._pool = Pool(8)  # most is answered from memory: more threads would wait for one another

    def _choose(self, patterns: Sequence[str]) -> None:
        policy = self._content.policy
        self._selection = select(
            self._content.checks, policy.controls, policy.criteria, patterns=tuple(patterns), used=("aws",)
        )
        parameters = policy.organization.parameters
        self._checks = compile_checks(self._selection.checks, self._content.types, parameters)
        self.plan = plan("aws", declared("aws"), reads(self._checks))

    def asking(self, operations: Set[str]) -> Scanner:
        """One with those checks alone that need one of these operations, with the answers that are known here."""
        other = copy(self)
        other._choose(sorted(id_ for id_, needed in self._needed.items() if needed & operations))
        return other

    @cached_property
    def _needed(self) -> dict[str, frozenset[str]]:
        """The operations that each check needs."""
        return {
            check.check.id: frozenset(
                operation
                for reader in plan("aws", declared("aws"), reads((check,))).readers
                for operation in reader.operations
            )
            for check in self._checks
        }

    def within(self, timeout: float) -> Scanner:
        """One whose requests may take so long, with the answers that are known here."""
        other = copy(self)
        other._shared = Clients(timeout, "auditreel")
        other._adapter = _Recall(other._shared, self._adapter._answers)
        return other

    def afresh(self) -> Scan:
        """One scan that asks everything, of which the next ones know nothing."""
        other = copy(self)
        other._adapter = _Recall(self._shared)
        return other()

    def __call__(self, *anew: str) -> Scan:
        """One scan, from the discovery to the exit code. Asks everything, or only the operations ``anew``.

        Then the other answers are those of the last scan that asked everything.
        """
        self._adapter.anew = frozenset(anew) if anew else None
        limiter = Limiter(lambda seconds: None, threading.Event())
        known = directory(self._adapter, limiter)
        found = entered(self._adapter, min(known.accounts), limiter)
        snapshot = collect(self.plan, self._adapter, found, limiter, lambda: AS_OF, self._conform, pool=self._pool)
        findings = evaluate(snapshot, self._checks)
        return Scan(snapshot, findings, conclude(findings, self._selection, snapshot, self._content.policy))
