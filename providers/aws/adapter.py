"""The AWS adapter: who we are, which accounts and regions there are, and the clients that readers call."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, Final

from botocore.exceptions import BotoCoreError

from providers.aws import DISCOVERED, READERS, TYPES
from providers.aws.caller import UNPARSABLE, Caller
from providers.aws.clients import Clients
from providers.aws.credentials import Role, principal, session_name
from providers.aws.errors import UNANSWERED, classify
from providers.aws.organization import OPERATIONS, Access, Organization
from providers.base import (
    GLOBAL,
    AnotherIdentity,
    Directory,
    Discovery,
    Failure,
    Found,
    Governor,
    LeftOut,
    NotConfigured,
    Reader,
    ResourceType,
    Scope,
    Tally,
    Unread,
)
from providers.boundary import Member, sorted_out
from providers.times import instant

IDENTITY: Final = "sts:GetCallerIdentity"
REGIONS: Final = "ec2:DescribeRegions"
ENTRY: Final = "sts:AssumeRole"
ORGANIZATION: Final = "organizations:ListAccounts"
_NAMED: Final = {name.partition(":")[2]: name for name in (IDENTITY, REGIONS, ENTRY, *OPERATIONS)}
"""The operations of the discovery, by what botocore's errors call them."""


def open(*, timeout: float = 20.0, agent: str = "auditreel", access: Mapping[str, Any] | None = None) -> Aws:
    """The adapter on the default credential chain. ``timeout`` is how long a request may take, in seconds.

    ``access`` is what the policy says of accounts (see :class:`providers.aws.organization.Access`). Raises
    :class:`providers.base.NotConfigured` where botocore cannot use its environment and files as they are.
    """
    try:
        clients = Clients(timeout, agent)
        # Who gets no credentials hears so from the discovery; everything else that can be wrong shows here.
        with suppress(*UNANSWERED):
            clients.get("sts", clients.default_region)
            clients.own_credentials()
    except (BotoCoreError, ValueError) as error:
        raise NotConfigured(str(error)) from error
    return Aws(clients, Access.of(access or {}))


class Aws:
    """One account or those of an organization, in every region enabled (see :class:`providers.base.Provider`)."""

    name = "aws"
    types: Mapping[str, ResourceType] = TYPES
    readers: tuple[Reader, ...] = READERS
    discovered = DISCOVERED

    def __init__(self, clients: Clients, access: Access = Access()) -> None:  # noqa: B008 - frozen
        self._clients, self._access = clients, access
        self._names: dict[str, str] = {}
        self._session_name = ""
        self._home = ""
        """The account whose credentials enter the others: ours, or that of the last role on the way."""

    def classify(self, error: Exception) -> Failure | None:
        """See :func:`providers.aws.errors.classify`."""
        return classify(error)

    def caller(self, scope: Scope, governor: Governor, tally: Tally) -> Caller:
        """What a reader calls AWS with in ``scope``."""
        return Caller(self._clients, scope, governor, tally)

    def lane(self, reader: Reader, scope: Scope) -> Hashable:
        """Service and region: what AWS throttles together in an account."""
        return (reader.operations[0].partition(":")[0], self._region(scope))

    def leave(self, account: str) -> None:
        """Forget the credentials of an account, unless they are what the others are entered with."""
        if account != self._home:
            self._clients.forget(account)

    def close(self) -> None:
        """Drop the clients and their connections."""
        self._clients.close()

    def _region(self, scope: Scope) -> str:
        return self._clients.global_region if scope.region == GLOBAL else scope.region

    def _asking(self, account: str, governor: Governor, tally: Tally) -> Caller:
        return Caller(self._clients, Scope(self.name, account, self._clients.default_region), governor, tally)

    # --- accounts ---

    def accounts(self, governor: Governor) -> Directory:
        """Who we are (sts:GetCallerIdentity), and the accounts that the policy wants to be scanned.

        Without a word of the policy that is the caller's own. Where Organizations does not list the others, or the
        roles on the way cannot be assumed, the own account is scanned and the failure keeps the run incomplete. Raises
        what sts raises: without an identity there is no account to speak of.
        """
        tallies: dict[str, Tally] = {IDENTITY: Tally()}
        own, arn = self._identified(governor, tallies[IDENTITY])
        failures: dict[str, Unread] = {}
        accounts, left_out = {own: own}, ()
        if self._access.accounts:
            listed = self._attempted(ORGANIZATION, lambda: self._listed(governor, tallies), failures)
            if listed is not None:
                accounts, left_out = listed
        organization = self._organization(governor, tallies)
        groups = {}
        for group in self._access.groups:
            below = self._attempted(ORGANIZATION, partial(organization.below, group), failures)
            if below is not None:
                groups[group] = frozenset(below)
        self._names = accounts
        return Directory(
            identity={"account": own, "arn": arn, "partition": self._clients.partition},
            accounts=accounts,
            left_out=left_out,
            failures=failures,
            tallies=tallies,
            answered_at=_instant(tallies[IDENTITY].date),
            groups=groups,
        )

    def join(self, identity: Mapping[str, str], governor: Governor) -> None:
        """Find out who this machine is (sts:GetCallerIdentity), and assume the roles on the way to accounts.

        The sessions of one role are one principal. Raises AnotherIdentity for another one, and what sts raises.
        """
        _, arn = self._identified(governor, Tally())
        if principal(arn) != principal(identity["arn"]):
            raise AnotherIdentity(principal(arn), principal(identity["arn"]))
        if self._access.accounts:
            self._approach(governor, Tally())
        self._names = {}

    def expect(self, account: str, name: str) -> None:
        """See :class:`providers.base.Portable`."""
        self._names[account] = name

    def _identified(self, governor: Governor, tally: Tally) -> tuple[str, str]:
        """The account and the ARN of whoever we are; what is asked of that account is signed so from now on."""
        answer = self._asking("", governor, tally).call("sts", "get_caller_identity")
        own, arn = answer["Account"], answer["Arn"]
        self._clients.partition = arn.split(":")[1]
        self._clients.remember(own, self._clients.own_credentials())
        self._home = own
        self._session_name = self._access.session_name or session_name(arn)
        return own, arn

    def _approach(self, governor: Governor, tally: Tally) -> None:
        """Assume the roles on the way, one after another; the last one's account enters the others."""
        for arn in self._access.via:
            account = arn.split(":")[4]
            self._assume(arn, account, governor, tally)
            self._home = account

    def _organization(self, governor: Governor, tallies: dict[str, Tally]) -> Organization:
        return Organization(
            lambda operation: self._asking(self._home, governor, tallies.setdefault(operation, Tally()))
        )

    def _listed(self, governor: Governor, tallies: dict[str, Tally]) -> tuple[dict[str, str], tuple[LeftOut, ...]]:
        if self._access.via:
            self._approach(governor, tallies.setdefault(ENTRY, Tally()))
        organization = self._organization(governor, tallies)
        if self._access.accounts == "organization":
            found = organization.members()
        else:
            found = [Member(account, account) for account in self._access.accounts]
        return sorted_out(found, self._access.include, self._access.exclude, organization, self.name)

    def _attempted(self, operation: str, ask: Callable[[], Any], failures: dict[str, Unread]) -> Any:
        """What ``ask`` returns, or None: then why is in ``failures``, by the operation that failed."""
        try:
            return ask()
        except UNPARSABLE:
            why = Unread("malformed_response", operation)
        except Exception as error:
            failure = classify(error)
            if failure is None:
                raise
            asked = _NAMED.get(failure.operation or "", operation)
            why = failure.unread(asked, asked)
        failures[why.operation or operation] = why
        return None

    def _assume(self, arn: str, account: str, governor: Governor, tally: Tally) -> Any:
        """The credentials of a role, kept for its account; the account that enters others assumes it."""
        role = Role(arn, self._session_name, self._access.external_id)
        asking = self._asking(self._home, governor, tally)
        credentials = role.assumed(lambda **arguments: asking.call("sts", "assume_role", **arguments))
        self._clients.remember(account, credentials)
        return credentials

    # --- one account ---

    def enter(self, account: str, governor: Governor, regions: frozenset[str]) -> Discovery:
        """Assume the role in the account, where it is not our own, and ask for its regions (ec2:DescribeRegions).

        Regions that are not opted in are facts, not scopes. Where DescribeRegions fails, the ``regions`` asked for
        (else the default one) are scanned and the failure keeps the run incomplete.
        """
        tallies: dict[str, Tally] = {}
        failures: dict[str, Unread] = {}
        if account != self._home:
            arn = f"arn:{self._clients.partition}:iam::{account}:role/{self._access.role}"
            tally = tallies.setdefault(ENTRY, Tally())
            if self._attempted(ENTRY, lambda: self._assume(arn, account, governor, tally), failures) is None:
                return Discovery(account, (), failures=failures, tallies=tallies)
        here = self._asking(account, governor, tallies.setdefault(REGIONS, Tally()))
        rows = _regions(here)
        if isinstance(rows, Unread):
            failures[REGIONS] = rows
            rows = dict.fromkeys(regions or {self._clients.default_region}, rows)
        off = sorted(region for region, status in rows.items() if status == "not-opted-in")
        enabled = {region: status for region, status in sorted(rows.items()) if region not in off}
        found = {"partition": self._clients.partition}
        return Discovery(
            account=account,
            scopes=tuple(Scope(self.name, account, region) for region in (GLOBAL, *enabled)),
            found=(
                (Scope(self.name, account, GLOBAL), Found("AWS::Account", account, found, self._names.get(account))),
                *(
                    (Scope(self.name, account, region), Found("AWS::Region", region, {"opt_in_status": status}))
                    for region, status in enabled.items()
                ),
            ),
            regions_off=tuple(LeftOut(Scope(self.name, account, region), region, "not opted in") for region in off),
            failures=failures,
            tallies=tallies,
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
