"""The wire to AWS with everything on it: what tests get as the fixture ``wire``.

Operations are named as boto3 names the client and AWS the operation::

    wire.faults.add("denied", "s3:GetBucketPolicy", where=lambda exchange: "/logs?" in exchange.request.target)
    wire.faults.add("throttled", "*", rate=0.3)
    wire.overrides.without("ec2:DescribeVolumes", "Volumes.Encrypted")
    wire.overrides.answer("backup:ListProtectedResources", {"Results": [...]})
    wire.paging.size = 1
    wire.latency.seconds = 0.05
    wire.enforcement.allow(policy_document)
    assert wire.traffic.calls["s3:ListBuckets"] == 1 and not wire.traffic.repeats
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Sequence

from tests.emulators.corrections import BucketRegions, corrected
from tests.emulators.enforcing import Enforcement
from tests.emulators.faults import Faults
from tests.emulators.kms_edwards import EdwardsKeys
from tests.emulators.overrides import Overrides
from tests.emulators.paging import Paging
from tests.emulators.public_snapshots import PublicSnapshots
from tests.emulators.traffic import Traffic
from tests.emulators.wire import Answer, Exchange, Layer, Next, Wire


class Latency:
    """The layer that makes every request take longer: ``seconds``, and up to ``jitter`` more."""

    def __init__(self, seconds: float = 0.0, jitter: float = 0.0, seed: int = 1) -> None:
        self.seconds, self.jitter = seconds, jitter
        self._dice = random.Random(seed)

    async def __call__(self, exchange: Exchange, forward: Next) -> Answer:
        """Delay one exchange."""
        delay = self.seconds + self._dice.uniform(0, self.jitter)
        if delay:
            await asyncio.sleep(delay)
        return await forward(exchange)


class AwsWire(Wire):
    """The proxy with its layers, the outermost first.

    ``traffic`` counts, ``latency`` delays, ``enforcement`` denies what a policy does not allow, ``faults`` go wrong,
    ``paging`` cuts listings into pages, ``overrides`` answer in the server's place and change what it answers. Behind
    them stand the corrections of what moto gets wrong. ``outer`` and ``inner`` are further layers at either end,
    ``middle`` those between the way and what answers; with ``tls`` it is HTTPS.
    """

    def __init__(
        self,
        upstream: tuple[str, int],
        *,
        seed: int = 1,
        port: int = 0,
        outer: Sequence[Layer] = (),
        inner: Sequence[Layer] = (),
        middle: Sequence[Layer] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._seed, self._outer, self._middle, self._inner = seed, tuple(outer), tuple(middle), tuple(inner)
        super().__init__(upstream, self._layers(), port, tls)

    def reset(self) -> None:
        """Close every connection, and begin again: nothing counted, nothing in the way. The address stays."""
        self._renew(self._layers())

    def _layers(self) -> tuple[Layer, ...]:
        """New layers, by their names."""
        seed = self._seed
        self.traffic = Traffic()
        self.latency = Latency(seed=seed)
        self.enforcement = Enforcement()
        self.faults = Faults(seed)
        self.paging = Paging()
        self.overrides = Overrides()
        ours = (self.traffic, self.latency, self.enforcement, self.faults)
        theirs = (BucketRegions(), self.paging, self.overrides, corrected(), PublicSnapshots(), EdwardsKeys())
        return (*self._outer, *ours, *self._middle, *theirs, *self._inner)
