"""Northwind Ledger, a fictional company: what `--demo live` scans; the recorded demonstration came from it.

    python -m tests.emulators.demo_company          writes providers/_demo/snapshot.json anew

Its product runs on AWS; on Azure its people sign in and its reports are made; on Google Cloud events are analysed; its
code is on GitHub. Each has an emulator, and a module or a data file in ``tests/emulators/demo``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.emulators.aws_wire import AwsWire
from tests.emulators.azure.wire import AzureWire
from tests.emulators.demo import aws, azure
from tests.emulators.demo.environment import PROXIES, alone
from tests.emulators.demo.times import ago, read
from tests.emulators.gcp.credentials import service_account
from tests.emulators.gcp.services import apis
from tests.emulators.gcp.wire import Google
from tests.emulators.gcp.world import World as GcpWorld
from tests.emulators.github.routes import routes
from tests.emulators.github.wire import TOKEN, GitHub
from tests.emulators.github.world import World as GitHubWorld
from tests.emulators.moto_process import MotoProcess

DATA: Final = Path(__file__).parent / "demo"
CLOUDS: Final = ("aws", "azure", "gcp", "github")
_READ: Final = ("AWS_", "AZURE_", "IDENTITY_", "MSI_", "GOOGLE_", "GCE_", "CLOUDSDK_", "GCLOUD_", "GITHUB_", "GH_")
"""How the names of variables begin that a cloud's clients look for."""

for _needed in ("moto", "flask", "boto3", "azure.identity", "google.auth", "google.cloud.resourcemanager_v3"):
    # Here, not when the first cloud has been scanned; what starts the company says what is missing.
    if find_spec(_needed) is None:
        raise ModuleNotFoundError(f"No module named {_needed!r}", name=_needed)


@contextmanager
def company(clouds: Sequence[str] = CLOUDS) -> Iterator[None]:
    """The company on loopback addresses; the environment points every cloud's clients at it meanwhile."""
    start = {"aws": _amazon, "azure": _microsoft, "gcp": _google, "github": _github}
    with TemporaryDirectory() as folder, ExitStack() as started:
        bundle = Path(folder) / "authorities.pem"
        variables: dict[str, str] = {}
        for cloud in clouds:
            variables |= start[cloud](started, bundle)
        # Google's clients ask through a proxy, which is its emulator; the others are there themselves.
        variables |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        started.enter_context(alone(variables, (*_READ, "AUDITREEL_GITHUB_", *PROXIES)))
        yield


def _amazon(started: ExitStack, bundle: Path) -> Mapping[str, str]:
    moto = started.enter_context(MotoProcess())
    wire = started.enter_context(AwsWire(moto.address))
    with aws.environment(wire.url):
        aws.build(wire)
    return aws.variables(wire.url)


def _microsoft(started: ExitStack, bundle: Path) -> Mapping[str, str]:
    wire = started.enter_context(AzureWire(bundle))
    wire.tenant.data = azure.tenant().data
    return wire.environment


def _google(started: ExitStack, bundle: Path) -> Mapping[str, str]:
    server = started.enter_context(Google(apis, bundle, google_world()))
    key = service_account(bundle.parent, "northwind-logs")
    return {**server.environment, "GOOGLE_APPLICATION_CREDENTIALS": str(key)}


def _github(started: ExitStack, bundle: Path) -> Mapping[str, str]:
    server = started.enter_context(GitHub(routes, bundle, github_world()))
    server.now, server.tokens = datetime.now(UTC), {TOKEN: "auditor"}
    return server.environment


def google_world() -> GcpWorld:
    """The company's organization on Google Cloud. Its auditing role is of the projects, not of the organization."""
    held = read(DATA / "gcp.yaml")
    projects = {row["projectId"]: row for row in held["projects"]}
    made = GcpWorld(held["organization"], held["folders"], projects, directory=held["directory"])
    made.denied.add(f"orgpolicy.policies.list@organizations/{made.organization['id']}")
    return made


def github_world() -> GitHubWorld:
    """The company's organization on GitHub."""
    held = read(DATA / "github.yaml")
    return GitHubWorld(held["organization"], held["users"], held["repositories"])


def main() -> None:
    """Scan the company with every check's reads and keep the snapshot for the recorded demonstration."""
    from engine.collection import combined
    from engine.collection.conformance import conforming
    from engine.collection.limiter import Limiter
    from engine.collection.planner import plan
    from engine.collection.snapshot import written
    from engine.collection.survey import Introduction, Survey
    from engine.content.load import load
    from engine.content.root import demonstration
    from engine.model import Snapshot
    from engine.run.observing import DEMO
    from providers import declared, opened
    from tests.collectors.scan import compiled, reads

    content = load(demonstration())
    access = content.policy.organization.access
    conforms = conforming({name: schema.type for name, schema in content.types.items()})
    parts: list[Snapshot] = []
    with company():
        # Nothing is limited here; an emulator that says so would be waited for no longer than a moment.
        limiter = Limiter(lambda seconds: None, threading.Event())
        now = ago(0)
        for name in CLOUDS:
            wanted = reads(compiled(tuple(sorted(id_ for id_, c in content.checks.items() if c.provider == name))))
            provider = opened(name, timeout=20.0, access=access.get(name, {}))
            made = plan(name, declared(name), wanted)
            parts += Survey(made, Introduction(provider, limiter), limiter, lambda: now, conforms).parts()
            provider.close()
    DEMO.write_bytes(written(combined(parts)))


if __name__ == "__main__":
    main()
