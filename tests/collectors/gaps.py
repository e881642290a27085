"""What checks say when one operation that feeds them goes wrong, one fault at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from tests.collectors.scan import scan, verdicts
from tests.emulators.aws_wire import AwsWire
from tests.emulators.faults import Kind

KINDS: Final[tuple[Kind, ...]] = ("denied", "hollow", "server_error")


def misled(wire: AwsWire, feeding: Mapping[str, tuple[str, ...]], kinds: tuple[Kind, ...] = KINDS) -> list[str]:
    """Where a fault did anything else than to make verdicts unknown, of each check and the operations ``feeding`` it.

    The account on the wire must have something to judge for each check.
    """
    return [complaint for check, operations in feeding.items() for complaint in _misled(wire, check, operations, kinds)]


def _misled(wire: AwsWire, check: str, operations: tuple[str, ...], kinds: tuple[Kind, ...]) -> Iterator[str]:
    clean = verdicts(scan((check,))[1])
    if not clean or set(clean.values()) & {"unknown"}:
        yield f"{check} without a fault: {clean}"
    for operation in operations:
        for kind in kinds:
            fault = wire.faults.add(kind, operation)
            found = verdicts(scan((check,))[1])
            wire.faults.remove(fault)
            other = {name: verdict for name, verdict in found.items() if verdict not in ("unknown", clean.get(name))}
            if other or "unknown" not in found.values():
                yield f"{check}, {operation} {kind}: {found or 'nothing'}"


def paged(wire: AwsWire, *checks: str) -> list[str]:
    """Operations that were asked twice for the same, and "other resources" where pages of one item gave others."""
    wire.traffic.reset()
    whole, _ = scan(checks)
    repeats = [str(call) for call in wire.traffic.repeats]
    wire.paging.size = 1
    cut, _ = scan(checks)
    wire.paging.size = None
    return repeats + (["other resources"] if cut.resources != whole.resources or not whole.resources else [])
