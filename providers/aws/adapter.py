"""The AWS adapter: who we are, which regions there are, and the clients that readers call."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Final

from botocore.exceptions import BotoCoreError

from providers.aws import DISCOVERED, DISCOVERY, READERS, TYPES
from providers.aws.caller import Caller
from providers.aws.clients import Clients
from providers.aws.errors import UNANSWERED, classify
from providers.aws.times import instant
from providers.base import (
    GLOBAL,
    Discovery,
    Failure,
    Found,
    Governor,
    NotConfigured,
    Reader,
    ResourceType,
    Scope,
    Tally,
    Unread,
)

REGIONS: Final = "ec2:DescribeRegions"


def open(*, timeout: float = 20.0, agent: str = "auditreel") -> Aws:
    """The adapter on the default credential chain. ``timeout`` is how long a request may take, in seconds.

    Raises :class:`providers.base.NotConfigured` where botocore cannot use its environment and files as they are.
    """
    try:
        clients = Clients(timeout, agent)
        # Who gets no credentials hears so from the discovery; everything else that can be wrong shows here.
        with suppress(*UNANSWERED):
            clients.get("sts", clients.default_region)
    except (BotoCoreError, ValueError) as error:
        raise NotConfigured(str(error)) from error
    return Aws(clients)


class Aws:
    """One account, in every region that is enabled for it (see :class:`providers.base.Provider`)."""

    name = "aws"
    types: Mapping[str, ResourceType] = TYPES
    readers: tuple[Reader, ...] = READERS
    discovered = DISCOVERED

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def classify(self, error: Exception) -> Failure | None:
        """See :func:`providers.aws.errors.classify`."""
        return classify(error)

    def caller(self, scope: Scope, governor: Governor, tally: Tally) -> Caller:
        """What a reader calls AWS with in ``scope``."""
        return Caller(self._clients, scope, governor, tally)

    def lane(self, reader: Reader, scope: Scope) -> Hashable:
        """Service and region: what AWS throttles together."""
        return (reader.operations[0].partition(":")[0], self._region(scope))

    def close(self, scope: Scope) -> None:
        """Drop the clients of the scope's region."""
        self._clients.close(self._region(scope))

    def _region(self, scope: Scope) -> str:
        return self._clients.global_region if scope.region == GLOBAL else scope.region

    def discover(self, governor: Governor, accounts: frozenset[str], regions: frozenset[str]) -> Discovery:
        """The caller's account (sts:GetCallerIdentity) and its regions (ec2:DescribeRegions, with opt-in status).

        Regions that are not opted in are facts, not scopes. Where DescribeRegions fails, the ``regions`` asked for
        (else the default one) are scanned and the failure keeps the run incomplete. Raises what sts raises: without an
        identity there is no account to speak of.
        """
        tallies = {operation: Tally() for operation, _ in DISCOVERY}
        start = Scope(self.name, "", self._clients.default_region)
        identity = Caller(self._clients, start, governor, tallies["sts:GetCallerIdentity"]).call(
            "sts", "get_caller_identity"
        )
        account, arn = identity["Account"], identity["Arn"]
        self._clients.partition = arn.split(":")[1]
        found = [
            (
                Scope(self.name, account, GLOBAL),
                Found("AWS::Account", account, {"partition": self._clients.partition}),
            )
        ]
        failures: dict[str, Unread] = {}
        here = Scope(self.name, account, self._clients.default_region)
        rows = _regions(Caller(self._clients, here, governor, tallies[REGIONS]))
        if isinstance(rows, Unread):
            failures[REGIONS] = rows
            rows = dict.fromkeys(regions or {self._clients.default_region}, rows)
        off = {region for region, status in rows.items() if status == "not-opted-in"}
        enabled = {region: status for region, status in rows.items() if region not in off}
        for region, status in enabled.items():
            found.append((Scope(self.name, account, region), Found("AWS::Region", region, {"opt_in_status": status})))
        scopes = () if accounts and account not in accounts else (GLOBAL, *sorted(enabled))
        return Discovery(
            identity={"account": account, "arn": arn, "partition": self._clients.partition},
            scopes=tuple(Scope(self.name, account, region) for region in scopes),
            found=tuple(item for item in found if item[0].region in scopes),
            regions_off=tuple(Scope(self.name, account, region) for region in sorted(off)),
            failures=failures,
            tallies=tallies,
            answered_at=_instant(tallies["sts:GetCallerIdentity"].date),
        )


def _regions(caller: Caller) -> Mapping[str, str | Unread] | Unread:
    """Every region with its opt-in status, or why nobody knows."""
    answer = caller.part(REGIONS, lambda: caller.call("ec2", "describe_regions", AllRegions=True))
    if isinstance(answer, Unread):
        return answer
    try:
        rows = {row["RegionName"]: row["OptInStatus"] for row in answer["Regions"]}
    except (LookupError, TypeError):
        rows = {}
    # There is no account without regions.
    return rows or Unread("malformed_response", REGIONS)


def _instant(date: str | None) -> str | None:
    """A Date header as RFC 3339 UTC text."""
    try:
        found = instant(parsedate_to_datetime(date or ""))
    except ValueError:
        return None
    return found if isinstance(found, str) else None
