"""Amazon Macie: off until it is put on, as no account of moto's is; discovery and jobs, which moto does not have."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from tests.emulators import aws_errors
from tests.emulators.aws_services import HOME
from tests.emulators.wire import Answer, Exchange

if TYPE_CHECKING:
    from tests.emulators.aws_wire import AwsWire
    from tests.emulators.overrides import Overrides

SECOND: Final = "us-east-1"
"""The other region of the shared account."""
OFF: Final = "Macie is not enabled."
"""What each operation answers with AccessDeniedException where Macie is not enabled."""
Session = Mapping[str, Any]


def correct(layer: Overrides) -> None:
    sessions(layer, {})


def build(wire: AwsWire) -> None:
    sessions(wire.overrides, {HOME: session(jobs={"weekly": "IDLE"}), SECOND: session(discovery="DISABLED")})


def session(status: str = "ENABLED", discovery: str = "ENABLED", jobs: Mapping[str, str] | None = None) -> Session:
    """Macie in a region; ``jobs`` maps the names of scheduled jobs to their states."""
    return {"status": status, "discovery": discovery, "jobs": jobs or {}}


def sessions(layer: Overrides, on: Mapping[str, Session]) -> None:
    """Let Macie be on in these regions, and off in all others."""
    said: dict[str, Callable[[Exchange, Session], dict[str, Any]]] = {
        "macie2:GetMacieSession": lambda exchange, own: {"status": own["status"]},
        "macie2:GetAutomatedDiscoveryConfiguration": lambda exchange, own: {"status": own["discovery"]},
        "macie2:ListClassificationJobs": _jobs,
    }
    for operation, say in said.items():

        def change(
            exchange: Exchange, answer: Answer, say: Callable[[Exchange, Session], dict[str, Any]] = say
        ) -> Answer:
            own = on.get(exchange.call.region)
            if own is None:
                return aws_errors.error(exchange.call, "AccessDeniedException", 403, OFF)
            return replace(answer.with_body(json.dumps(say(exchange, own)).encode()), status=200)

        layer.answer(operation, {})
        layer.change(operation, change)


def _jobs(exchange: Exchange, own: Session) -> dict[str, Any]:
    scheduled = [
        {"jobId": name, "jobStatus": status, "jobType": "SCHEDULED", "name": name}
        for name, status in own["jobs"].items()
    ]
    once = {"jobId": "once", "jobStatus": "RUNNING", "jobType": "ONE_TIME", "name": "once"}
    terms = json.loads(exchange.request.body).get("filterCriteria", {}).get("includes", [])
    wanted = {value for term in terms if term["key"] == "jobType" for value in term["values"]}
    return {"items": [job for job in [*scheduled, once] if not wanted or job["jobType"] in wanted]}
