"""What a provider adapter is made of: scopes, resources, resource types, readers and outcomes.

An adapter declares *resource types* and *readers*. A reader names the API operations it calls, the properties it fills,
the properties it needs first and the permissions it takes; its ``read`` function turns one answer into plain values.
That one declaration drives planning, ``unread``, ``auditreel permissions`` and ``--plan``. A reader normalises names
and units and joins API calls; it never judges.

A reader says "I could not see this" by putting an :class:`Unread` where the value would stand, in any object at any
depth. :mod:`providers.values` lifts every one of them out, so that a finished resource holds no key for what was not
read and an ``unread`` entry (a JSON Pointer, RFC 6901) for each.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Literal, Protocol, TypeVar, get_args, runtime_checkable

GLOBAL: Final = "global"
"""The region of what a cloud keeps once for the whole account."""
ORGANIZATION: Final = "organization"
"""The region of what a cloud keeps once for all accounts of a customer: an Entra tenant, a Google organization."""
REGIONLESS: Final = frozenset({GLOBAL, ORGANIZATION})
"""What stands in place of a region where something is in none."""

CLOUDS: Final[Mapping[str, str]] = {
    "aws": "Amazon Web Services",
    "azure": "Microsoft Azure",
    "gcp": "Google Cloud",
    "github": "GitHub",
}
"""The providers that are systems of their own, and what these are called."""

T = TypeVar("T")

Reason = Literal[
    "access_denied",
    "policy_denied",
    "throttled",
    "unavailable",
    "malformed_response",
    "missing_attribute",
    "not_licensed",
    "service_disabled",
    "known_after_apply",
    "sensitive",
    "ambiguous",
    "expression_error",
    "not_collected",
    "stale",
    "redacted",
    "cancelled",
]
"""Why something is unknown. The words are part of the evidence format; a new one is a new schema version."""


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """Where a reading was made: provider ("aws"), account id, and region or :data:`GLOBAL`."""

    provider: str
    account: str
    region: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.account}/{self.region}"


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a property (or a listing) was not read.

    ``operation`` is the API operation ("s3:GetBucketPolicy"), ``permission`` what would have allowed it, ``detail`` an
    error code and a request id and never a body.
    """

    reason: Reason
    operation: str | None = None
    permission: str | None = None
    detail: str | None = None


MISSING: Final = Unread("missing_attribute")
"""The answer lacked an attribute that its documentation does not allow to be absent."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing that a provider holds, as it was read.

    ``type`` is the cloud's own public name ("AWS::S3::Bucket"), ``id`` the ARN, ARM id or full resource name.
    ``properties`` follow the type's schema in ``schemas/resources``; ``unread`` maps a JSON Pointer below
    ``properties`` ("/policy", "/ingress/3/cidrs") to the reason why no key stands there. ``tags`` is None where they
    were not read (then "/tags" may be in ``unread``). ``collected_at`` is RFC 3339 UTC.
    """

    type: str
    id: str
    name: str
    provider: str
    account: str
    region: str
    tags: Mapping[str, str] | None
    collected_at: str
    properties: Mapping[str, Any]
    unread: Mapping[str, Unread] = field(default_factory=dict)

    @property
    def scope(self) -> Scope:
        """The scope that the resource lies in (for a bucket: its own region, though buckets are listed globally)."""
        return _scope(self.provider, self.account, self.region)


@cache
def _scope(provider: str, account: str, region: str) -> Scope:
    """One for all resources of a scope: their findings, which a run keeps, share it."""
    return Scope(provider, account, region)


@dataclass(frozen=True, slots=True)
class Found:
    """What a per-scope reader says of one resource: a listing finds it, a later reader adds to it.

    ``properties`` may hold :class:`Unread` values at any depth, and ``tags`` under that name. ``region`` is only given
    where it differs from the region that was asked (a bucket found by the global listing).
    """

    type: str
    id: str
    properties: Mapping[str, Any]
    name: str | None = None
    region: str | None = None

    def __post_init__(self) -> None:
        """Raise TypeError where an answer gave something else than text for what identifies a resource."""
        if not all(isinstance(said, str) for said in (self.id, self.name or "", self.region or "")) or not self.id:
            raise TypeError(f"the identity of a {self.type} is not text")


@dataclass(frozen=True, slots=True)
class Failure:
    """A provider's error, classified: which reason it is to us, and the provider's own code and request id.

    ``permission``: the action that the error itself names. ``temporary``: the same request may succeed when it is sent
    again. ``refused``: the identity itself was refused (an expired token, a wrong signature), so that naming a missing
    permission would mislead. ``not_offered``: the provider does not have the service there at all, so that a listing
    is empty and complete. ``retry_after``: the seconds before which the provider wants no further request.
    """

    reason: Reason
    code: str
    operation: str | None = None
    request_id: str | None = None
    permission: str | None = None
    temporary: bool = False
    refused: bool = False
    not_offered: bool = False
    retry_after: float = 0.0

    @property
    def detail(self) -> str:
        """Code and request id, for the ``detail`` of an :class:`Unread`. Both are the provider's own words."""
        code = text(self.code)[:LONGEST_CODE]
        return f"{code} (request {text(self.request_id)[:LONGEST_CODE]})" if self.request_id else code

    @property
    def denied(self) -> bool:
        """Whether a permission that is lacking is the cause."""
        return self.reason in ("access_denied", "policy_denied") and not self.refused

    def unread(self, operation: str, permission: str | None) -> Unread:
        """Why ``operation`` gave nothing, and what would have allowed it: what the error names, else ``permission``."""
        return Unread(self.reason, operation, (self.permission or permission) if self.denied else None, self.detail)


LONGEST_CODE: Final = 200
"""Characters of an error code or a request id that are kept."""

Per = Literal["scope", "resource"]
Where = Literal["global", "region", "organization"]


def place(region: str) -> Where:
    """Of which kind a scope's region is: what a reader or a type is for (``where``) is read in scopes of that kind."""
    if region == GLOBAL:
        return "global"
    return "organization" if region == ORGANIZATION else "region"


class NotReady(Exception):
    """What the provider makes on demand (a report) was not ready in time. ``operation`` as "iam:GenerateReport"."""

    def __init__(self, operation: str) -> None:
        self.operation = operation
        super().__init__(operation)


class NotConfigured(Exception):
    """The provider's SDK cannot use what it is configured with (an unknown profile, a wrong endpoint)."""


class WrongDeclaration(ValueError):
    """A reader is declared as none can be. Its text holds nothing but what is declared."""


class AnotherIdentity(Exception):
    """A machine that was to read asks the provider as somebody else than the one that found the accounts.

    ``mine`` is who it is, ``theirs`` who it should be.
    """

    def __init__(self, mine: str, theirs: str) -> None:
        self.mine, self.theirs = mine, theirs
        super().__init__(mine, theirs)


@dataclass(frozen=True, slots=True)
class Reader:
    """One way to read properties: the operations it calls and what it makes of their answers.

    ``per`` "scope": ``read(caller, scope)`` yields :class:`Found`, for the types in ``lists`` as their listing, for
    other types in ``fills`` as additions to resources that their own lister found. ``per`` "resource":
    ``read(caller, resource)`` returns the properties of that one resource; ``of`` names its type.
    ``shared``: called once for all resources of a scope with equal values of ``needs``.

    ``fills`` maps a resource type to the properties read. ``needs`` are properties of the resource that must have been
    read before; what is unread there leaves these unread too. ``known`` gives the properties of a resource that says
    enough by itself (a system database has no backups of its own), so that nothing is asked; None where it is to be
    read. ``permissions`` are the vendor's action names.
    ``unmentioned`` holds, by type, what a complete per-scope reading says of the resources that it does not mention (a
    group that no interface uses has none); a property that is not in it is unread there.
    Error codes: ``absent_codes`` document absence (the properties take the values of ``absent``, default null),
    ``gone_codes`` say that the resource was deleted since it was listed, ``off_codes`` that the service is not in use
    (an empty, complete listing). Every other error leaves the properties unread.

    ``alternatives`` are readers that run in a scope where this per-scope reader failed; each stands in for it for the
    types that it lists or fills. ``together`` makes one reader of those of a plan that share it (a bulk listing of the
    types that are asked for). ``confirmed_by`` are readers that ask the service itself what this per-scope reader has
    from an index, which learns of changes later.

    Raises :class:`WrongDeclaration` for one that contradicts itself or holds a word that means nothing: what no run
    would carry out would be missed in silence.
    """

    operations: tuple[str, ...]
    read: Callable[..., Any]
    fills: Mapping[str, tuple[str, ...]]
    permissions: tuple[str, ...]
    per: Per = "scope"
    where: Where = "region"
    of: str | None = None
    lists: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    known: Callable[[Resource], Mapping[str, Any] | None] | None = None
    shared: bool = False
    unmentioned: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    absent: Mapping[str, Any] = field(default_factory=dict)
    absent_codes: frozenset[str] = frozenset()
    gone_codes: frozenset[str] = frozenset()
    off_codes: frozenset[str] = frozenset()
    alternatives: tuple[Reader, ...] = ()
    confirmed_by: tuple[Reader, ...] = ()
    together: Callable[[tuple[Reader, ...]], Reader] | None = None

    def __post_init__(self) -> None:
        told = f"declaring the reader {self.name}"
        lists = {name: getattr(self, name) for name in ("operations", "permissions", "lists", "needs")}
        lists |= {f"fills of {type_}": names for type_, names in self.fills.items()}
        if bare := [name for name, value in lists.items() if isinstance(value, str)]:
            raise WrongDeclaration(f'{told}: a text where several may stand, in {", ".join(bare)}: write ("x",)')
        for name, value, known in (("per", self.per, get_args(Per)), ("where", self.where, get_args(Where))):
            if value not in known:
                raise WrongDeclaration(f"{told}: {name} is one of {', '.join(known)}, not {value}")
        if self.per == "resource":
            amiss = {"of": self.of is None, "fills": set(self.fills) != {self.of}}
            amiss |= {"lists": bool(self.lists), "unmentioned": bool(self.unmentioned)}
        else:
            amiss = {"of": self.of is not None, "needs": bool(self.needs)}
            amiss |= {"shared": self.shared, "gone_codes": bool(self.gone_codes)}
        if any(amiss.values()):
            what = ", ".join(name for name, wrong in amiss.items() if wrong)
            raise WrongDeclaration(f"{told}: a reader per {self.per} cannot have such {what}")

    @property
    def name(self) -> str:
        """The reader's name in the ledger and in ``--plan``: its operations."""
        return "+".join(self.operations)


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type of resource that a provider can list. ``where``: once an account, in each region, or once for all."""

    name: str
    where: Where = "region"


@dataclass(slots=True)
class Tally:
    """What one execution of a reader cost; the ledger adds tallies up.

    ``failures`` are parts of a listing that failed while the listing itself did not. ``throttled`` counts the answers
    that said "too fast"; the ledger leaves it out, since what was asked again shows in the retries.
    """

    calls: int = 0
    pages: int = 0
    items: int = 0
    retries: int = 0
    polls: int = 0
    request_ids: list[str] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    date: str | None = None
    failures: list[Unread] = field(default_factory=list)
    throttled: int = 0


def part(
    read: Callable[[], T],
    classify: Callable[[Exception], Failure | None],
    tally: Tally,
    operation: str,
    permission: str | None,
) -> T | Unread:
    """What ``read`` returns, or why it could not: for a part of a listing that may fail while the rest is there.

    ``operation`` is what ``read`` calls, ``permission`` what that takes. The ledger gets the failure by ``tally``.
    Raises what ``classify`` does not know: a defect.
    """
    try:
        return read()
    except Exception as error:
        failure = classify(error)
        if failure is None:
            raise
        why = failure.unread(operation, permission)
        tally.failures.append(why)
        return why


class Governor(Protocol):
    """Owns pace and retries. Given by the engine to the adapter; each request goes through it, retries included."""

    def __call__(
        self, lane: Hashable, request: Callable[[], T], classify: Callable[[Exception], Failure | None], tally: Tally
    ) -> T:
        """Run ``request`` in ``lane`` (service and region), again while ``classify`` calls its error temporary.

        Raises what ``request`` raises once it is final.
        """
        ...

    def pause(self, seconds: float) -> None:
        """Wait before a poll. Ends early when the run is asked to stop."""
        ...


@dataclass(frozen=True, slots=True)
class ModuleCall:
    """A step on the way from the root module to a planned resource: the call's name, instance key and source.

    ``source`` is as written ("./modules/bucket"; null where the plan does not say); ``key`` as in addresses without
    brackets (``"a"`` with its quotes, ``0``), null where the call has neither count nor for_each.
    """

    name: str
    key: str | None
    source: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a planned resource is written, as far as its plan says; for logical locations and source lines.

    ``address`` is Terraform's ("module.a.aws_s3_bucket.b[0]"), ``previous_address`` the one before a move. ``type`` and
    ``name`` are those of the resource block, in the module that ``modules`` leads to from the root. ``actions`` are the
    plan's (create, update, delete, no-op, ...). ``parts`` are addresses of further resources folded into this one.
    Of a template it is the logical id, the only action is "declared", ``path`` is the template's own file, and ``line``
    where it begins there (0: not known).
    ``item`` is the name of a resource that is one of several of its block (a volume of an instance), else null.
    """

    address: str
    type: str
    name: str
    modules: tuple[ModuleCall, ...] = ()
    actions: tuple[str, ...] = ()
    previous_address: str | None = None
    parts: tuple[str, ...] = ()
    line: int = 0
    item: str | None = None
    path: str = ""

    def known_by(self, previous: bool = False) -> str:
        """What tells the resource from every other of the plan: its address (before a move, where there was one)."""
        address = (self.previous_address if previous else None) or self.address
        return address if self.item is None else f"{address}/{self.item}"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An account or a region that exists and is not scanned, and why: a fact for the ledger, not a gap.

    ``why`` is a word or two ("not opted in", "suspended", "excluded"); ``name`` what its owner calls it.
    """

    scope: Scope
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Directory:
    """Who asks, and the accounts that there are to scan: id and the name that its owner gave it.

    What is kept once for all accounts lies in one of its own, which stands first.

    ``identity`` says who we are (principal ARN, user or app id). ``left_out`` are accounts that exist and are not
    scanned. ``failures`` maps an operation that failed to why; while there is one, there may be more accounts, and the
    run is not complete. ``answered_at`` is the provider's clock when it said who we are (RFC 3339 UTC). ``groups`` are
    the accounts in each group (``groups`` of the access) that could be read.
    """

    identity: Mapping[str, str]
    accounts: Mapping[str, str]
    left_out: tuple[LeftOut, ...] = ()
    failures: Mapping[str, Unread] = field(default_factory=dict)
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    answered_at: str | None = None
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Discovery:
    """What there is to scan in one account: its scopes, and the account and its regions as resources.

    ``regions_off`` are regions that exist and are not enabled: facts for the ledger. ``failures`` maps a discovery
    operation that failed to why; while there is one, the run is not complete. Where ``scopes`` is empty, the account
    could not be entered at all.
    """

    account: str
    scopes: tuple[Scope, ...]
    found: tuple[tuple[Scope, Found], ...] = ()
    regions_off: tuple[LeftOut, ...] = ()
    failures: Mapping[str, Unread] = field(default_factory=dict)
    tallies: Mapping[str, Tally] = field(default_factory=dict)


class Provider(Protocol):
    """An adapter. ``discovered`` are the types whose resources come with the discovery (accounts, regions)."""

    name: str
    types: Mapping[str, ResourceType]
    readers: tuple[Reader, ...]
    discovered: Mapping[str, tuple[str, ...]]

    def accounts(self, governor: Governor) -> Directory:
        """Find out who we are and which accounts there are to scan. Raises where nobody says who we are."""
        ...

    def enter(self, account: str, governor: Governor, regions: frozenset[str]) -> Discovery:
        """Find out which scopes of an account of the directory can be read. Never raises an error of the provider.

        ``regions`` are those to scan where the provider cannot tell which there are; they narrow nothing else.
        """
        ...

    def leave(self, account: str) -> None:
        """Drop what was kept for an account."""
        ...

    def caller(self, scope: Scope, governor: Governor, tally: Tally) -> Any:
        """What a reader calls the API with, bound to a scope's credentials and region."""
        ...

    def lane(self, reader: Reader, scope: Scope) -> Hashable:
        """What shares a rate limit with the reader's requests in its account (for AWS: service and region)."""
        ...

    def classify(self, error: Exception) -> Failure | None:
        """What an error of the adapter's SDK means, or None for an error that is not the provider's (a bug)."""
        ...

    def close(self) -> None:
        """Drop every client and its connections."""
        ...


@runtime_checkable
class Portable(Provider, Protocol):
    """A provider whose accounts can be read from several machines, each with credentials of its own.

    That is so where nothing is read once for all accounts, no index tells of them, and each has rate limits of its
    own.
    """

    def join(self, identity: Mapping[str, str], governor: Governor) -> None:
        """Be ready to enter accounts of a directory that another machine found, as ``identity`` of it says.

        Raises :class:`AnotherIdentity` where this machine asks as somebody else, else what the provider raises.
        """
        ...

    def expect(self, account: str, name: str) -> None:
        """Be told of an account of that directory, and what its owner calls it, before it is entered."""
        ...


def attribute(answer: Mapping[str, Any], key: str) -> Any:
    """A value that the API documents as always present: the value, or :data:`MISSING` where it is not there."""
    value = answer.get(key)
    return MISSING if value is None else value


def text(value: str) -> str:
    """Text that UTF-8 can carry: a lone surrogate, which JSON answers can hold, becomes its escape."""
    if value.isascii():
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8")
