"""AWS Transfer Family: servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.base import Found, Reader, Resource, ResourceType, Scope, attribute

if TYPE_CHECKING:
    from providers.aws.caller import Caller

SERVER: Final = "AWS::Transfer::Server"
TYPES: Final = (ResourceType(SERVER),)


def _servers(aws: Caller, scope: Scope) -> Iterator[Found]:
    for server in aws.pages("transfer", "list_servers", "Servers"):
        yield Found(SERVER, server["Arn"], {}, server["Arn"].rpartition("/")[2])


def _server(aws: Caller, server: Resource) -> Mapping[str, Any]:
    answer = aws.call("transfer", "describe_server", ServerId=server.name)["Server"]
    return {"protocols": attribute(answer, "Protocols")}


READERS: Final = (
    Reader(
        operations=("transfer:ListServers",),
        read=_servers,
        lists=(SERVER,),
        fills={},
        permissions=("transfer:ListServers",),
    ),
    Reader(
        operations=("transfer:DescribeServer",),
        read=_server,
        per="resource",
        of=SERVER,
        fills={SERVER: ("protocols",)},
        permissions=("transfer:DescribeServer",),
        gone_codes=frozenset({"ResourceNotFoundException"}),
    ),
)
