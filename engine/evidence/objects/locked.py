"""S3 Object Lock: what is created under retention, and what brings retention and legal holds in line with the policy.

The client of ``bucket`` has no header for retention, and a retention that is put after the object leaves a moment
without. So what is to be locked is written by S3's own SDK, in the one request that creates it: with If-None-Match,
x-amz-object-lock-mode and x-amz-object-lock-retain-until-date (API operation PutObject).

Private objects are never locked: they are what may have to be erased.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Literal

from engine.errors import SealError, UsageError
from engine.evidence.objects.address import Address
from engine.evidence.objects.bucket import WIDTH, StoreUnavailable

Mode = Literal["compliance", "governance"]
_EXISTS: Final = ("PreconditionFailed", "ConditionalRequestConflict")
PRIVATE: Final = "private/"


@dataclass(frozen=True, slots=True)
class Lock:
    """How new objects are locked: for ``days`` after the day they are written or, if that is later, after ``ends``."""

    mode: Mode
    days: int
    ends: date | None = None

    def until(self, recorded_at: str) -> datetime:
        """When an object that is written at a time (RFC 3339 UTC) may go at the earliest."""
        written = date.fromisoformat(recorded_at[:10])
        return moment(max(written, self.ends or written) + timedelta(days=self.days))


def moment(day: date) -> datetime:
    """The end of a day, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)


@dataclass(frozen=True, slots=True)
class Held:
    """How an object is locked: in which mode (None: not at all), until when, and whether a legal hold is on it."""

    mode: str | None
    until: datetime | None
    hold: bool


class Locker:
    """Object Lock of one bucket. Everything raises StoreUnavailable where S3 does not answer, or denies."""

    def __init__(self, address: Address) -> None:
        if address.scheme != "s3":
            raise UsageError(
                f"locking objects of {address}: organization.yaml asks for Object Lock (retention.object_lock), which "
                "is S3's; set a locked retention on the bucket itself (docs/object-store.md) and leave it out there"
            )
        try:
            import boto3
            from botocore.config import Config
        except ImportError as error:
            raise UsageError(f"locking objects of {address}: needs boto3: pip install 'auditreel[aws]'") from error
        settings = Config(
            connect_timeout=10,
            read_timeout=60,
            max_pool_connections=WIDTH,
            retries={"mode": "standard", "total_max_attempts": 5},
        )
        self._address = address
        self._client: Any = boto3.client("s3", config=settings)

    def refuse_unlockable(self) -> None:
        """Raises SealError where the bucket cannot lock objects."""
        try:
            with self._asking("asking for the Object Lock of it"):
                found = self._client.get_object_lock_configuration(Bucket=self._address.bucket)
        except StoreUnavailable as error:
            if "ObjectLockConfigurationNotFoundError" not in str(error):
                raise SealError(f"locking objects of {self._address}: {error}") from error
            found = {}
        if found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") != "Enabled":
            raise SealError(
                f"locking objects of {self._address}: organization.yaml asks for Object Lock (retention.object_lock), "
                "and the bucket has none; enable it there (docs/object-store.md), or name another store"
            )

    def write(self, name: str, data: bytes, absent: bool, mode: str, until: datetime) -> str:
        """Write an object under retention, with ``absent`` only a new one; gives its tag. Raises FileExistsError."""
        condition = {"IfNoneMatch": "*"} if absent else {}
        with self._asking(f"writing {name}"):
            put = self._client.put_object(
                Bucket=self._address.bucket,
                Key=self._address.key(name),
                Body=data,
                ChecksumAlgorithm="SHA256",
                ObjectLockMode=mode.upper(),
                ObjectLockRetainUntilDate=until,
                **condition,
            )
        return str(put.get("ETag", "")).strip('"')

    def held(self, name: str) -> Held:
        """How an object is locked."""
        with self._asking(f"asking how {name} is locked"):
            said: Mapping[str, Any] = self._client.head_object(Bucket=self._address.bucket, Key=self._address.key(name))
        return Held(
            said.get("ObjectLockMode"),
            said.get("ObjectLockRetainUntilDate"),
            said.get("ObjectLockLegalHoldStatus") == "ON",
        )

    def retain(self, name: str, mode: str, until: datetime) -> None:
        """Lock an object until a time, which a retention in compliance mode lets only be later than it was."""
        with self._asking(f"locking {name}"):
            self._client.put_object_retention(
                Bucket=self._address.bucket,
                Key=self._address.key(name),
                Retention={"Mode": mode.upper(), "RetainUntilDate": until},
                ChecksumAlgorithm="SHA256",
            )

    def hold(self, name: str, on: bool) -> None:
        """Put a legal hold on an object, or take it off."""
        with self._asking(f"{'putting a legal hold on' if on else 'taking the legal hold off'} {name}"):
            self._client.put_object_legal_hold(
                Bucket=self._address.bucket,
                Key=self._address.key(name),
                LegalHold={"Status": "ON" if on else "OFF"},
                ChecksumAlgorithm="SHA256",
            )

    @contextmanager
    def _asking(self, doing: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            said = error.response.get("Error", {})
            if said.get("Code") in _EXISTS:
                raise FileExistsError(f"{self._address} has it already: {doing}") from error
            raise StoreUnavailable(
                f"{doing} in {self._address}: {said.get('Code', 'no code')}: {said.get('Message', '')}"
            ) from error
        except BotoCoreError as error:
            raise StoreUnavailable(f"{doing} in {self._address}: {error}") from error
