"""The layer that makes many accounts of one: an organization whose members answer as the seeded account does.

Each member has the seeded account's resources under its own account id. Who asks is told by the access key that
sts:AssumeRole gave out.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qs

from tests.emulators.identify import identify
from tests.emulators.moto_process import ACCOUNT
from tests.emulators.wire import Answer, Exchange, Next

_KEY: Final = "ASIAX"
_FIRST: Final = 200_000_000_000
_REPORT: Final = re.compile(rb"(<Content>)([^<]*)(</Content>)")
_ROLE: Final = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>\
<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>\
<Expiration>{until}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""


class ManyAccounts:
    """``count`` accounts: the seeded one, and members beside it."""

    def __init__(self, count: int) -> None:
        self.members = [str(_FIRST + number) for number in range(1, count)]

    async def __call__(self, exchange: Exchange, forward: Next) -> Answer:
        """Answer one exchange as the account that asks would."""
        call = exchange.call
        if call.name == "organizations:ListAccounts":
            return self._listed()
        if call.name == "sts:AssumeRole":
            return _assumed(exchange)
        if not call.key.startswith(_KEY):
            return await forward(exchange)
        account = call.key.removeprefix(_KEY)
        answer = await forward(_as_seeded(exchange, account))
        body = _REPORT.sub(lambda found: _report(found, account), answer.body)
        return answer.with_body(body.replace(ACCOUNT.encode(), account.encode()))

    def _listed(self) -> Answer:
        rows = [
            {"Id": id_, "Name": f"account-{id_}", "Email": f"{id_}@example.com", "State": "ACTIVE"}
            for id_ in (ACCOUNT, *self.members)
        ]
        return Answer(200, (("content-type", "application/x-amz-json-1.1"),), json.dumps({"Accounts": rows}).encode())


def _assumed(exchange: Exchange) -> Answer:
    (role,) = parse_qs(exchange.request.body.decode())["RoleArn"]
    until = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = _ROLE.format(key=f"{_KEY}{role.split(':')[4]}", until=until)
    return Answer(200, (("content-type", "text/xml"),), body.encode())


def _as_seeded(exchange: Exchange, account: str) -> Exchange:
    """The same question, asked by the seeded account of itself."""
    request = exchange.request
    headers = {
        name: value.replace(f"{_KEY}{account}", "testing").replace(account, ACCOUNT)
        for name, value in request.headers.items()
    }
    asked = replace(
        request,
        target=request.target.replace(account, ACCOUNT),
        headers=headers,
        body=request.body.replace(account.encode(), ACCOUNT.encode()),
    )
    return replace(exchange, request=asked, call=identify(asked))


def _report(found: re.Match[bytes], account: str) -> bytes:
    """The credential report, which is packed."""
    text = base64.b64decode(found[2]).replace(ACCOUNT.encode(), account.encode())
    return found[1] + base64.b64encode(text) + found[3]
