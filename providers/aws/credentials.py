"""Whose credentials a request is signed with: those of the default chain, or of a role assumed from them.

A client belongs to a service and a region and is shared by all accounts, so that there is one connection pool for each;
the credentials come with the request. What nobody was named for is not signed at all: with the caller's own
credentials, another account's resources would look like this account's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from botocore.credentials import RefreshableCredentials

_SIGNER: Final[ContextVar[Any]] = ContextVar("signer")
_UNFIT: Final = re.compile(r"[^\w+=,.@-]", re.ASCII)
"""What a role session's name cannot hold (STS API reference, AssumeRole)."""
LONGEST_NAME: Final = 64


@contextmanager
def signing(credentials: Any) -> Iterator[None]:
    """Sign the requests of this thread with ``credentials`` (botocore's; None: nobody is signed in)."""
    token = _SIGNER.set(credentials)
    try:
        yield
    finally:
        _SIGNER.reset(token)


def signed(params: dict[str, Any], **_: Any) -> None:
    """Put the credentials of :func:`signing` into a request (botocore's ``before-call`` event).

    Raises LookupError outside of it.
    """
    credentials = _SIGNER.get()
    if credentials is not None:
        params["context"].setdefault("signing", {})["request_credentials"] = credentials


@dataclass(frozen=True, slots=True)
class Role:
    """A role to assume: its ARN, the external id that its trust policy may ask for, and the session's name."""

    arn: str
    session_name: str
    external_id: str | None = None

    def assumed(self, ask: Callable[..., Mapping[str, Any]]) -> Any:
        """The role's credentials, which renew themselves before they expire.

        ``ask`` calls sts:AssumeRole with the credentials that assume the role. Raises what it raises.
        """
        arguments = {"RoleArn": self.arn, "RoleSessionName": self.session_name}
        if self.external_id is not None:
            arguments["ExternalId"] = self.external_id

        def fetched() -> dict[str, str]:
            given = ask(**arguments)["Credentials"]
            return {
                "access_key": given["AccessKeyId"],
                "secret_key": given["SecretAccessKey"],
                "token": given["SessionToken"],
                "expiry_time": given["Expiration"].isoformat(),
            }

        return RefreshableCredentials.create_from_metadata(fetched(), fetched, "assume-role")


def session_name(arn: str) -> str:
    """A session name that says who we are: what the member account's own trail will show of each call."""
    who = _UNFIT.sub("-", arn.rpartition(":")[2].rpartition("/")[2])
    return f"auditreel-{who}"[:LONGEST_NAME]


def principal(arn: str) -> str:
    """Who an ARN of sts:GetCallerIdentity is, whatever the session: of an assumed role the role alone.

    Machines that have the same role have sessions of their own (IAM User Guide, "IAM identifiers").
    """
    head, _, resource = arn.rpartition(":")
    kind, *names = resource.split("/")
    return f"{head}:{kind}/{names[0]}" if kind == "assumed-role" and names else arn
