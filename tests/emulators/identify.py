"""Which AWS operation a request calls, in every protocol that AWS has."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, Final, Literal
from urllib.parse import parse_qs, parse_qsl, urlsplit

from tests.emulators.api_models import Service, routes, services

Protocol = Literal["query", "ec2", "json", "cbor", "rest-json", "rest-xml", "none"]

_SCOPE: Final = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
_CBOR: Final = re.compile(r"/service/([^/]+)/operation/([^/?]+)")


@dataclass(frozen=True)
class Request:
    """An HTTP request. ``target`` is path and query; header names are lower-case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @cached_property
    def path(self) -> str:
        """The path, still percent-encoded."""
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> dict[str, str]:
        """The query parameters; one without a value is ""."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    def values(self, name: str) -> list[str]:
        """Every value of a query parameter."""
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True).get(name, [])

    @property
    def host(self) -> str:
        """The host that is asked, without a port."""
        return self.headers.get("host", "").partition(":")[0]

    @property
    def bearer(self) -> str:
        """The token that it bears (RFC 6750), "" where it bears none."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" else ""

    @property
    def json(self) -> Any:
        """The body, as JSON; an object without members where there is none."""
        return json.loads(self.body or b"{}")

    @cached_property
    def digest(self) -> str:
        """Equal for equal requests, whoever makes them."""
        return sha256(f"{self.method}\0{self.target}\0".encode() + self.body).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Call:
    """What a request asks for.

    ``service`` is the name of boto3's client, ``operation`` the API operation ("GetBucketEncryption"), ``protocol`` the
    form it was sent in, ``parameters`` a digest: equal for equal arguments. A request that is no AWS operation has the
    protocol "none" and its method and path for an operation. ``key`` is the access key that signed it.
    """

    service: str
    region: str
    operation: str
    protocol: Protocol
    parameters: str
    key: str = "-"

    @property
    def name(self) -> str:
        """Service and operation: "s3:GetBucketEncryption"."""
        return f"{self.service}:{self.operation}"


def identify(request: Request) -> Call:
    """The call that a signed request makes."""
    scope = _SCOPE.search(request.headers.get("authorization", ""))
    key, region, signing_name = scope.groups() if scope else ("-", "-", "-")
    service, operation, protocol = _operation(request, services().get(signing_name, ()))
    told = (request.method, request.target, request.headers.get("x-amz-target", ""))
    # S3 Control tells the account in a header where its host prefix is switched off.
    account = request.headers.get("x-amz-account-id", "")
    parameters = sha256("\0".join((*told, account, "")).encode() + request.body).hexdigest()[:16]
    return Call(service or signing_name, region, operation, protocol, parameters, key)


def _operation(request: Request, candidates: tuple[Service, ...]) -> tuple[str | None, str, Protocol]:
    cbor = _CBOR.match(request.target)
    if cbor and "smithy-protocol" in request.headers:
        return _named(candidates, target_prefix=cbor.group(1)), cbor.group(2), "cbor"
    prefix, _, target = request.headers.get("x-amz-target", "").rpartition(".")
    if target:
        return _named(candidates, target_prefix=prefix), target, "json"
    form = request.body.decode("latin-1") if "x-www-form-urlencoded" in request.headers.get("content-type", "") else ""
    arguments = parse_qs(form or urlsplit(request.target).query)
    if "Action" in arguments:
        service = _named(candidates, api_version=arguments.get("Version", [""])[0])
        return service, arguments["Action"][0], "ec2" if service == "ec2" else "query"
    return _rest(request, candidates)


def _named(
    candidates: tuple[Service, ...], target_prefix: str | None = None, api_version: str | None = None
) -> str | None:
    for service in candidates:
        if (target_prefix is not None and service.target_prefix == target_prefix) or service.api_version == api_version:
            return service.name
    return candidates[0].name if candidates else None


def _rest(request: Request, candidates: tuple[Service, ...]) -> tuple[str | None, str, Protocol]:
    # max() keeps the first of equals: the service that is called as its requests are signed, the operation first in
    # its model.
    matching = [
        (route, service)
        for service in candidates
        if service.protocols[0].startswith("rest")
        for route in routes(service.name)
        if route.matches(request.method, request.path, request.query, request.headers)
    ]
    if not matching:
        return None, f"{request.method} {request.path}", "none"
    route, service = max(matching, key=lambda match: match[0].rank)
    return service.name, route.operation, "rest-xml" if "rest-xml" in service.protocols else "rest-json"
