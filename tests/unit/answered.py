"""An AWS whose answers a test writes down: clients that send nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.awsrequest import AWSResponse

from providers.aws.clients import SENDER, Clients

ACCOUNT = "111122223333"
ARN = f"arn:aws:iam::{ACCOUNT}:user/auditor"
DATE = "Mon, 23 Nov 2026 02:00:00 GMT"


def identity(account: str = ACCOUNT, arn: str = ARN) -> bytes:
    return (
        f"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{arn}</Arn><UserId>A</UserId>"
        f"<Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
    ).encode()


def regions(**status: str) -> bytes:
    items = "".join(
        f"<item><regionName>{name}</regionName><optInStatus>{value}</optInStatus></item>"
        for name, value in status.items()
    ).replace("_", "-")
    return f"<DescribeRegionsResponse><regionInfo>{items}</regionInfo></DescribeRegionsResponse>".encode()


def error(code: str) -> bytes:
    return (
        f"<Response><Errors><Error><Code>{code}</Code><Message>No.</Message></Error></Errors>"
        "<RequestID>req-1</RequestID></Response>"
    ).encode()


def sts_error(code: str) -> bytes:
    return (
        f"<ErrorResponse><Error><Code>{code}</Code><Message>No.</Message></Error>"
        "<RequestId>req-1</RequestId></ErrorResponse>"
    ).encode()


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self._body


class Answered(Clients):
    """Clients whose requests are answered here: (status, body) by operation."""

    def __init__(self, **answers: tuple[int, bytes]) -> None:
        self.answers, self.asked = answers, list[str]()
        super().__init__(5.0, "test")

    def get(self, service: str, region: str) -> Any:
        client = super().get(service, region)
        client.meta.events.unregister("before-send", unique_id=SENDER)
        client.meta.events.register("before-send", self._answer, unique_id="answer")
        return client

    def _answer(self, request: Any, event_name: str, **_: Any) -> AWSResponse:
        operation = event_name.rpartition(".")[2]
        self.asked.append(operation)
        status, body = self.answers[operation]
        return AWSResponse(request.url, status, {"x-amzn-requestid": "req-1", "date": DATE}, _Raw(body))


ENABLED = regions(eu_west_1="opt_in_not_required", ap_east_1="opted_in", me_south_1="not_opted_in")
DENIED = (403, error("UnauthorizedOperation"))
KEYS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
