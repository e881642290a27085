"""A slow, faulty and countable way to an AWS mock: the tests' wire as a process of its own.

    python -m benchmarks.latency_proxy --listen 5001 --upstream 127.0.0.1:5000 --latency-ms 50
    AWS_ENDPOINT_URL=http://127.0.0.1:5001 ...

A fault is a kind, an operation pattern and options of ``tests.emulators.faults.Fault``::

    --fault "throttled * rate=0.3" --fault "denied s3:*" --fault "cut * after=150"

Control, on the same port, neither forwarded nor counted: ``GET /__proxy__/stats`` (figures as JSON),
``/__proxy__/reset`` (count from zero), ``/__proxy__/set?latency_ms=50&fault=throttled+*+rate%3D0.3`` (latency_ms,
jitter_ms, page_size, memory; ``fault`` replaces all faults, an empty one takes them back).
"""

from __future__ import annotations

import argparse
import json
import signal
import ssl
import sys
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

from benchmarks.many_accounts import ManyAccounts
from tests.emulators import aws_errors, certificates, corrections
from tests.emulators.aws_wire import AwsWire
from tests.emulators.identify import Call
from tests.emulators.wire import Answer, Exchange, Next

_READS: Final = ("BatchGet", "Describe", "Get", "Head", "List")
_REPORTS: Final = ("iam:GenerateCredentialReport", "iam:GetCredentialReport")
"""Answered differently each time, while nothing in the account changes."""
_OPTIONS: Final = {
    "rate": float,
    "after": int,
    "times": int,
    "status": int,
    "seconds": float,
    "code": str,
    "region": str,
}


class Memory:
    """The layer that answers a read from memory when it comes again, so that the mock's own time is out of a figure."""

    def __init__(self) -> None:
        self.on = False
        self._answers: dict[Call, Answer] = {}

    async def __call__(self, exchange: Exchange, forward: Next) -> Answer:
        """Answer one exchange. Writes forget everything."""
        call = exchange.call
        if not self.on or call.name in _REPORTS:
            return await forward(exchange)
        if not call.operation.startswith(_READS):
            self._answers.clear()
            return await forward(exchange)
        if call not in self._answers:
            answer = await forward(exchange)
            if answer.status >= 500:
                return answer
            self._answers[call] = answer
        return self._answers[call]


async def gaps(exchange: Exchange, forward: Next) -> Answer:
    """Answer with a 400 where the mock fails, so that its gaps do not become the client's retries."""
    answer = await forward(exchange)
    if answer.status < 500:
        return answer
    return aws_errors.error(exchange.call, "UnknownOperationException", 400)


class Control:
    """The layer that answers ``/__proxy__/`` and passes everything else on."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.wire: AwsWire | None = None

    async def __call__(self, exchange: Exchange, forward: Next) -> Answer:
        """Answer a control request."""
        path = exchange.request.path
        if not path.startswith("/__proxy__/"):
            return await forward(exchange)
        assert self.wire is not None
        status, answer = 200, {"done": path}
        try:
            if path.endswith("/stats"):
                answer = self.wire.traffic.summary()
            elif path.endswith("/reset"):
                self.wire.traffic.reset()
            elif path.endswith("/set"):
                query = exchange.request.target.partition("?")[2]
                for name, values in parse_qs(query, keep_blank_values=True).items():
                    self.set(name, values)
            else:
                raise ValueError(f"no such control: {path}")
        except ValueError as error:
            status, answer = 400, {"error": str(error)}
        return Answer(status, (("content-type", "application/json"),), json.dumps(answer, indent=1).encode())

    def set(self, name: str, values: list[str]) -> None:
        """Set latency_ms, jitter_ms, page_size, memory (0 or 1) or fault. Raises ValueError for anything else."""
        assert self.wire is not None
        wire, last = self.wire, values[-1]
        if name == "latency_ms":
            wire.latency.seconds = float(last) / 1000
        elif name == "jitter_ms":
            wire.latency.jitter = float(last) / 1000
        elif name == "page_size":
            wire.paging.size = int(last) or None
        elif name == "memory":
            self._memory.on = bool(int(last))
        elif name == "fault":
            wire.faults.clear()
            for text in filter(None, values):
                add_fault(wire, text)
        else:
            raise ValueError(f"no such setting: {name}")


def add_fault(wire: AwsWire, text: str) -> None:
    """Add the fault that a text like "throttled s3:* rate=0.3" describes. Raises ValueError where it describes none."""
    kind, _, rest = text.strip().partition(" ")
    pattern, *options = rest.split() or ["*"]
    pairs = [option.partition("=") for option in options]
    unknown = [name for name, _, _ in pairs if name not in _OPTIONS]
    if unknown:
        raise ValueError(f"no such option of a fault: {', '.join(unknown)}")
    wire.faults.add(kind, pattern, **{name: _OPTIONS[name](value) for name, _, value in pairs})  # type: ignore[arg-type]


def proxy(
    upstream: tuple[str, int], port: int = 0, seed: int = 1, accounts: int = 1, tls: ssl.SSLContext | None = None
) -> tuple[AwsWire, Control]:
    """The wire with its control, not yet started. ``accounts``: how many there are to be."""
    memory = Memory()
    control = Control(memory)
    many = (ManyAccounts(accounts),) if accounts > 1 else ()
    wire = AwsWire(upstream, seed=seed, port=port, outer=(control,), inner=(memory, gaps), middle=many, tls=tls)
    control.wire = wire
    return wire, control


def main() -> None:
    """Run until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listen", type=int, default=5001, help="port on 127.0.0.1 (0: any free one)")
    parser.add_argument("--upstream", default="127.0.0.1:5000", help="host:port of the mock")
    parser.add_argument("--seed", type=int, default=1, help="of the dice of rates and jitter")
    parser.add_argument("--stats-out", type=Path, help="write the figures here at the end")
    for name in ("latency-ms", "jitter-ms", "page-size", "memory"):
        parser.add_argument(f"--{name}", default="0")
    parser.add_argument("--fault", action="append", default=[])
    parser.add_argument("--accounts", type=int, default=1, help="accounts of the organization")
    parser.add_argument("--tls", type=Path, help="speak HTTPS, and write what clients have to trust to this file")
    parser.add_argument("--region", action="append", default=[], help="the only regions that are enabled")
    given: dict[str, Any] = vars(parser.parse_args())
    host, _, port = given["upstream"].rpartition(":")
    tls = certificates.serving(given["tls"]) if given["tls"] else None
    wire, control = proxy((host or "127.0.0.1", int(port)), given["listen"], given["seed"], given["accounts"], tls)
    for name in ("latency_ms", "jitter_ms", "page_size", "memory"):
        control.set(name, [given[name]])
    control.set("fault", given["fault"] or [""])
    if given["region"]:
        corrections.regions(wire.overrides, *given["region"])
    if given["accounts"] > 1:
        # The time of the report is part of what is judged; equal runs must find it equal.
        corrections.credential_report(wire.overrides, {}, generated="2026-11-25T01:00:00Z")
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    with wire:
        print(f"{wire.url} -> {given['upstream']}", file=sys.stderr, flush=True)
        signal.sigwait(ends)
        if given["stats_out"]:
            given["stats_out"].write_text(json.dumps(wire.traffic.summary(), indent=1))


if __name__ == "__main__":
    main()
