"""Makes moto answer as AWS does where it leaves things out or makes them up, and sets what it cannot be told.

What is corrected was seen in moto 5.2.5; AWS's own words are in the API reference of the operation.
"""

from __future__ import annotations

import asyncio
import base64
import csv
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote
from xml.etree import ElementTree

from tests.emulators import aws_services
from tests.emulators.arguments import argument
from tests.emulators.bodies import Document, parsed
from tests.emulators.identify import Request, identify
from tests.emulators.moto_process import ACCOUNT
from tests.emulators.overrides import Overrides
from tests.emulators.wire import Answer, Exchange, Next

_ENCRYPTED: Final = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<ServerSideEncryptionConfiguration><Rule>'
    b"<ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault>"
    b"<BucketKeyEnabled>false</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>"
)
_SELECTOR: Final = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}
_MANAGED_KEYS: Final = ("Default key", "Default master key that protects my EBS volumes")
_ROOT: Final = {
    "user": "<root_account>",
    "arn": f"arn:aws:iam::{ACCOUNT}:root",
    "user_creation_time": "2019-03-04T05:06:07+00:00",
    "password_enabled": "not_supported",
    "password_last_used": "no_information",
    "password_last_changed": "not_supported",
    "password_next_rotation": "not_supported",
    "mfa_active": "false",
    "access_key_1_active": "false",
    "access_key_2_active": "false",
    "cert_1_active": "false",
    "cert_2_active": "false",
}


def corrected() -> Overrides:
    """A layer that corrects what moto gets wrong for any account."""
    layer = Overrides()
    aws_services.correct(layer)
    layer.change("cloudtrail:GetEventSelectors", _default_selectors)
    layer.change("ec2:DescribeRegions", _enabled_regions)
    layer.edit("iam:GetAccountAuthorizationDetails", _named_policies)
    layer.edit("iam:GetCredentialReport", _with_root)
    layer.without("iam:ListVirtualMFADevices", "VirtualMFADevices.Base32StringSeed", "VirtualMFADevices.QRCodePNG")
    layer.rewrite("kms:DescribeKey", _whole_key)
    layer.edit("logs:DescribeMetricFilters", _replaced_filters)
    layer.edit("rds:DescribeDBInstances", _publicly_accessible)
    layer.change("s3:GetBucketEncryption", _encrypted_by_default)
    return layer


def account_summary(overrides: Overrides, **entries: int) -> None:
    """Set entries of iam:GetAccountSummary (AccountMFAEnabled=1, AccountAccessKeysPresent=1, ...)."""

    def edit(document: Document) -> None:
        for name, value in entries.items():
            document.put_entry("SummaryMap", name, value)

    overrides.edit("iam:GetAccountSummary", edit)


def credential_report(
    overrides: Overrides, rows: Mapping[str, Mapping[str, str]], generated: str | None = None
) -> None:
    """Set columns of the credential report by user ("<root_account>": {"mfa_active": "true"}), and when it was made.

    ``generated`` is RFC 3339 UTC. Raises KeyError where the report has no such user or column.
    """

    def edit(document: Document) -> None:
        columns, report = _report(document)
        for user, changed in rows.items():
            row = next((row for row in report if row["user"] == user), {})
            if changed.keys() - row.keys():
                raise KeyError(f"{user}: {', '.join(changed)}")
            row.update(changed)
        _put_report(document, columns, report)
        if generated:
            document.put("GeneratedTime", generated)

    overrides.edit("iam:GetCredentialReport", edit)


def regions(overrides: Overrides, *enabled: str) -> None:
    """Let only these regions be enabled for the account; all others are there, and not opted in."""

    def edit(document: Document) -> None:
        kept = []
        for item in document.items("Regions"):
            if str(item.findtext("regionName")).startswith(("cn-", "us-gov-")):
                continue  # other partitions, which moto lists with this one
            on = item.findtext("regionName") in enabled
            _set(item, "optInStatus", "opt-in-not-required" if on else "not-opted-in")
            kept.append(item)
        document.keep("Regions", kept)

    overrides.edit("ec2:DescribeRegions", edit)
    overrides.change("ec2:DescribeRegions", _enabled_regions)


class BucketRegions:
    """The layer that tells each bucket's region in s3:ListBuckets, as S3 does where the request has any parameter."""

    def __init__(self) -> None:
        self._regions: dict[tuple[str, str], str] = {}

    async def __call__(self, exchange: Exchange, forward: Next) -> Answer:
        """Complete one listing."""
        answer = await forward(exchange)
        if exchange.call.name != "s3:ListBuckets" or not exchange.request.query or answer.status != 200:
            return answer
        document = parsed(exchange.call, answer.body)
        buckets = [bucket for bucket in document.items("Buckets") if bucket.find("BucketRegion") is None]
        found = await asyncio.gather(*(self._region(exchange, bucket, forward) for bucket in buckets))
        for bucket, region in zip(buckets, found, strict=True):
            _set(bucket, "BucketRegion", region)
        return answer.with_body(document.encoded())

    async def _region(self, exchange: Exchange, bucket: Any, forward: Next) -> str:
        key = (bucket.findtext("Name"), bucket.findtext("CreationDate"))
        if key not in self._regions:
            request = Request("GET", f"/{quote(key[0])}?location", exchange.request.headers)
            answer = await forward(Exchange(request, identify(request)))
            self._regions[key] = ElementTree.fromstring(answer.body).text or "us-east-1"
        return self._regions[key]


def _default_selectors(exchange: Exchange, answer: Answer) -> Answer:
    # "If you do not specify event selectors, a trail logs all read and write management events and no data events."
    if answer.status != 200:
        return answer
    document = parsed(exchange.call, answer.body)
    if not document.items("EventSelectors") and not document.items("AdvancedEventSelectors"):
        document.keep("EventSelectors", [_SELECTOR])
    # A trail has one kind of selectors; the other is not in the answer.
    document.drop("AdvancedEventSelectors" if document.items("EventSelectors") else "EventSelectors")
    return answer.with_body(document.encoded())


def _enabled_regions(exchange: Exchange, answer: Answer) -> Answer:
    """Without AllRegions only the regions that are enabled are listed."""
    if answer.status != 200 or argument(exchange.request, exchange.call, "AllRegions") == "true":
        return answer
    document = parsed(exchange.call, answer.body)
    items = document.items("Regions")
    document.keep("Regions", [item for item in items if item.findtext("optInStatus") != "not-opted-in"])
    return answer.with_body(document.encoded())


def _named_policies(document: Document) -> None:
    for policy in document.items("Policies"):
        arn = policy.findtext("Arn")
        _set(policy, "PolicyName", arn.rpartition("/")[2])
        _set(policy, "PolicyId", "ANPA" + base64.b32encode(arn.encode())[-17:-1].decode().replace("=", "A"))


def _with_root(document: Document) -> None:
    # moto's report has no row of the root user, and was always generated on 2 February 2015.
    columns, rows = _report(document)
    _put_report(document, columns, [{column: _ROOT.get(column, "N/A") for column in columns}, *rows])
    document.put("GeneratedTime", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


def _report(document: Document) -> tuple[list[str], list[dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(base64.b64decode(document.get("Content") or "").decode()))
    return list(reader.fieldnames or ()), list(reader)


def _put_report(document: Document, columns: list[str], rows: list[dict[str, str]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    document.put("Content", base64.b64encode(text.getvalue().encode()).decode())


def _whole_key(body: bytes) -> bytes:
    answer = json.loads(body)
    key = answer["KeyMetadata"]
    if key.get("Description", "").startswith(_MANAGED_KEYS):
        key["KeyManager"] = "AWS"
    told = {name: value for name, value in key.items() if value is not None}
    answer["KeyMetadata"] = {"KeyUsage": "ENCRYPT_DECRYPT", "MultiRegion": False, **told}
    return json.dumps(answer).encode()


def _replaced_filters(document: Document) -> None:
    # moto keeps the old filter beside the one that replaced it.
    filters = {(item["logGroupName"], item["filterName"]): item for item in document.items("metricFilters")}
    document.keep("metricFilters", list(filters.values()))


def _publicly_accessible(document: Document) -> None:
    for instance in document.items("DBInstances"):
        if instance.find("PubliclyAccessible") is None:
            _set(instance, "PubliclyAccessible", "false")


def _encrypted_by_default(exchange: Exchange, answer: Answer) -> Answer:
    # Since January 2023 every bucket has a configuration.
    if b"ServerSideEncryptionConfigurationNotFoundError" not in answer.body:
        return answer
    return replace(answer.with_body(_ENCRYPTED), status=200)


def _set(element: Any, tag: str, text: str) -> None:
    child = element.find(tag)
    if child is None:
        child = ElementTree.SubElement(element, tag)
    child.text = text
