"""The layer that lets ec2:DescribeSnapshots tell public snapshots from others, which moto does not."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlencode

from tests.emulators.bodies import parsed
from tests.emulators.identify import Request, identify
from tests.emulators.wire import Answer, Exchange, Next


class PublicSnapshots:
    """Keeps, where RestorableByUserIds is "all", the snapshots whose createVolumePermission names the group all."""

    async def __call__(self, exchange: Exchange, forward: Next) -> Answer:
        """Narrow one listing."""
        answer = await forward(exchange)
        if exchange.call.name != "ec2:DescribeSnapshots" or answer.status != 200:
            return answer
        if parse_qs(exchange.request.body.decode()).get("RestorableBy.1") != ["all"]:
            return answer
        document = parsed(exchange.call, answer.body)
        snapshots = document.items("Snapshots")
        public = await asyncio.gather(*(self._is_public(exchange, snapshot, forward) for snapshot in snapshots))
        kept = [snapshot for snapshot, is_public in zip(snapshots, public, strict=True) if is_public]
        document.keep("Snapshots", kept)
        return answer.with_body(document.encoded())

    async def _is_public(self, exchange: Exchange, snapshot: Any, forward: Next) -> bool:
        arguments = {
            "Action": "DescribeSnapshotAttribute",
            "Version": "2016-11-15",
            "SnapshotId": snapshot.findtext("snapshotId"),
            "Attribute": "createVolumePermission",
        }
        request = Request("POST", "/", exchange.request.headers, urlencode(arguments).encode())
        call = identify(request)
        answer = await forward(Exchange(request, call))
        grants = parsed(call, answer.body).items("CreateVolumePermissions")
        return any(grant.findtext("group") == "all" for grant in grants)
