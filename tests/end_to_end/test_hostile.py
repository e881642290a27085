"""Names that attack whoever reads them, and answers that no AWS would give: harmless output, and no verdict made up."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from engine.custody import upkeep, verification
from engine.report import FORMATS, Options
from engine.run import pipeline
from engine.run.request import RunRequest
from providers.aws import caller
from tests.emulators.bodies import Document
from tests.emulators.identify import Request
from tests.end_to_end.account import Account, Scan, Scanner, clock, verdicts

NAMES: Final = {
    "escape sequences": "\x1b[2J\x1b[1;31mowned\x1b]0;title\x07\x9b31m",
    "line breaks": "one\r\nexit 0: no failures\x0b\x85two\u2028three",
    "formula": '=HYPERLINK("http://evil.example","click")',
    "markup": "<script>alert(1)</script>&amp;<!--",
    "right to left": "\u202egpj.exe\u2066",
    "lone surrogate": "half \ud800 a character \udfff",
    "nothing": "\x00\x7f",
    "placeholder": "${resource.name} {0} %s {{ now }}",
    "64 KiB": "A" * 65536,
}


CHECKS: Final = ("aws.secretsmanager.*", "aws.logs.*", "aws.ec2.security_group_*", "aws.iam.user_*")


def named(name: str) -> Callable[[Document], None]:
    def edit(document: Document) -> None:
        for secret in document.items("SecretList"):
            secret.update(Name=name, Description=name, Tags=[{"Key": name, "Value": name}])

    return edit


def renamed(key: str, name: str) -> Callable[[Document], None]:
    def edit(document: Document) -> None:
        for item in document.items(key):
            item["logGroupName"] = name

    return edit


def called(name: str) -> Callable[[bytes], bytes]:
    """Gives a name to security groups and users, and to what their tags hold; XML carries no control characters."""
    text = escape("".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cs"))).encode()
    return lambda body: re.sub(rb"<(groupName|UserName|value)>[^<]*<", lambda m: b"<%s>%s<" % (m[1], text), body)


def markdown(text: str) -> Iterator[Token]:
    for block in MarkdownIt("commonmark").enable("table").parse(text):
        yield block
        yield from block.children or ()


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_hostile_name_is_harmless_wherever_it_is_shown(
    account: Account, clean: tuple[Scanner, Scan], name: str, tmp_path: Path
) -> None:
    upkeep.initialise(str(tmp_path / "store"), tmp_path / "keys")
    account.said.edit("secretsmanager:ListSecrets", named(name))
    account.said.edit("logs:DescribeLogGroups", renamed("logGroups", name))
    account.said.rewrite("ec2:DescribeSecurityGroups", called(name))
    account.said.rewrite("iam:GetAccountAuthorizationDetails", called(name))
    request = RunRequest(config=tmp_path / "keys", store=str(tmp_path / "store"), checks=CHECKS)
    assessment = pipeline.run(request, clock())

    ours = {
        key: verdict
        for key, verdict in verdicts(clean[1]).items()
        if any(fnmatchcase(key[0], pattern) for pattern in CHECKS)
    }
    assert {(f.check.id, f.subject.kind, f.subject.id, f.scope.region): f.verdict for f in assessment.findings} == ours
    text = FORMATS["text"].render(assessment, Options())
    assert [c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")] == []
    assert max(map(len, text.splitlines())) < 400
    document = json.loads(FORMATS["json"].render(assessment, Options()))
    lines = FORMATS["jsonl"].render(assessment, Options()).encode().splitlines()
    assert len(document["findings"]) == len(lines) == len(ours)
    assert [json.loads(line)["verdict"] for line in lines] == [row["verdict"] for row in document["findings"]]
    rows = list(csv.DictReader(io.StringIO(FORMATS["csv"].render(assessment, Options()))))
    assert [row["verdict"] for row in rows] == [row["verdict"] for row in document["findings"]]
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())
    page = FORMATS["markdown"].render(assessment, Options())
    assert not {"html_inline", "html_block", "link_open", "image"} & {token.type for token in markdown(page)}
    assert assessment.sealed is not None
    assert verification.verify(str(tmp_path / "store"), tmp_path / "keys").exit_code == 0


# --- answers ---------------------------------------------------------------------------------------------------------

Rewrite = Callable[[bytes], bytes]


def json_body(change: Callable[[dict[str, Any]], None]) -> Rewrite:
    def rewrite(body: bytes) -> bytes:
        document = json.loads(body)
        change(document)
        return json.dumps(document).encode()

    return rewrite


def instead(body: bytes | str) -> Rewrite:
    return lambda _: body.encode() if isinstance(body, str) else body


def swapped(old: str, new: str) -> Rewrite:
    """The body with every match of a pattern replaced; one without any would prove nothing."""

    def rewrite(body: bytes) -> bytes:
        return re.sub(old.encode(), new.encode(), body)

    return rewrite


def twice(body: bytes) -> bytes:
    """Every volume listed a second time, with the other answer to whether it is encrypted."""
    (items,) = re.findall(rb"<volumeSet>(.*)</volumeSet>", body, re.S) or [b""]
    other = items.replace(b"<encrypted>true", b"<encrypted>TRUE").replace(b"<encrypted>false", b"<encrypted>true")
    return body.replace(items, items + other.replace(b"<encrypted>TRUE", b"<encrypted>false")) if items else body


DEEP: Final = '{"Version": "2012-10-17", "Statement": ' + "[" * 10_000 + "]" * 10_000 + "}"
NUMBERS: Final = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject",'
    ' "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Resource": "*", "Condition": {"NumericLessThan": '
    '{"s3:max-keys": [9007199254740993, 1e400, -0.1, NaN, 123456789012345678901234567890]}}}]}'
)
ANSWERS: Final[dict[str, tuple[str, Rewrite]]] = {
    "policy nested 10,000 deep": ("s3:GetBucketPolicy", instead(DEEP)),
    "policy with an integer of 10,000 digits": ("s3:GetBucketPolicy", instead('{"Version": ' + "9" * 10_000 + "}")),
    "policy that is a list": ("s3:GetBucketPolicy", instead("[]")),
    "answer nested 10,000 deep": (
        "logs:DescribeLogGroups",
        instead('{"logGroups": ' + "[" * 10_000 + "]" * 10_000 + "}"),
    ),
    "list that is an object": ("logs:DescribeLogGroups", instead('{"logGroups": {"a": 1}}')),
    "list that is a text": ("logs:DescribeLogGroups", instead('{"logGroups": "none"}')),
    "list that is null": ("kms:ListKeys", instead('{"Keys": null}')),
    "item that is null": ("logs:DescribeLogGroups", json_body(lambda answer: answer["logGroups"].append(None))),
    "item that is a text": ("kms:ListKeys", json_body(lambda answer: answer["Keys"].append("key"))),
    "item without its name": ("dynamodb:ListTables", json_body(lambda answer: answer["TableNames"].append(None))),
    "text for a boolean": ("kms:GetKeyRotationStatus", instead('{"KeyRotationEnabled": "false"}')),
    "number for a boolean": ("cloudtrail:GetTrailStatus", instead('{"IsLogging": 1}')),
    "text for a number": ("logs:DescribeLogGroups", swapped(r'"retentionInDays": *\d+', '"retentionInDays": "many"')),
    "list for a text": ("guardduty:GetDetector", instead('{"status": ["ENABLED"]}')),
    "no boolean in XML": (
        "rds:DescribeDBInstances",
        swapped("<PubliclyAccessible>[a-z]+", "<PubliclyAccessible>maybe"),
    ),
    "empty boolean in XML": ("ec2:DescribeVolumes", swapped("<encrypted>[a-z]+", "<encrypted>")),
    "no number in XML": (
        "rds:DescribeDBInstances",
        swapped(r"<BackupRetentionPeriod>\d+", "<BackupRetentionPeriod>often"),
    ),
    "no time": ("kms:DescribeKey", swapped(r'"CreationDate": *[\d.]+', '"CreationDate": "yesterday"')),
    "time beyond all years": ("secretsmanager:ListSecrets", swapped(r'"CreatedDate": *[\d.]+', '"CreatedDate": 1e300')),
    "more pages and no token": ("kms:ListKeys", json_body(lambda answer: answer.update(Truncated=True))),
    "the same resource twice, differently": ("ec2:DescribeVolumes", twice),
    "bucket that cannot have that name": ("s3:ListBuckets", swapped("<Name>northwind-exports", "<Name>../../evil?x=")),
    "bucket in no region": ("s3:ListBuckets", swapped("<BucketRegion>[^<]+", "<BucketRegion>evil.example/#")),
    "function without a name": ("lambda:ListFunctions", swapped(r'"FunctionName": *"[^"]+"', '"FunctionName": ""')),
    "function with half a character": (
        "lambda:ListFunctions",
        swapped(r'"FunctionName": *"[^"]+"', r'"FunctionName": "\\\\ud800/../x"'),
    ),
    "report that is no CSV": ("iam:GetCredentialReport", swapped("<Content>[^<]+", "<Content>AAEC/w==")),
    "report with a field of 200 KB": (
        "iam:GetCredentialReport",
        swapped("<Content>[^<]+", "<Content>" + "QUFB" * 70_000),
    ),
    "report that is not base64": ("iam:GetCredentialReport", swapped("<Content>[^<]+", "<Content>!!!")),
    "entities that grow": (
        "ec2:DescribeVolumes",
        instead(
            '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
            + "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefg", "bcdefgh", strict=True))
            + "]><DescribeVolumesResponse><volumeSet>&h;</volumeSet></DescribeVolumesResponse>"
        ),
    ),
}


@pytest.mark.parametrize(("operation", "rewrite"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_is_none_makes_up_no_verdict(
    account: Account, clean: tuple[Scanner, Scan], operation: str, rewrite: Rewrite
) -> None:
    changed: list[bool] = []

    def counted(body: bytes) -> bytes:
        new = rewrite(body)
        changed.append(new != body)
        return new

    account.said.rewrite(operation, counted)
    scan = clean[0](operation)
    assert any(changed)
    told, now = verdicts(clean[1]), verdicts(scan)
    listings = [row for row in scan.snapshot.collections if row.state == "failed"]
    assert len(now) >= len(told) or listings
    assert {key: verdict for key, verdict in now.items() if verdict not in ("unknown", told.get(key))} == {}
    reasons = {finding.reason for finding in scan.findings if finding.verdict == "unknown"}
    assert reasons
    assert reasons <= {"malformed_response", "missing_attribute", "ambiguous", "unavailable"}
    assert 4 in scan.conclusion.exit_reasons


def test_numbers_that_no_json_reader_keeps_stay_what_they_were(account: Account, clean: tuple[Scanner, Scan]) -> None:
    account.said.rewrite("s3:GetBucketPolicy", instead(NUMBERS))
    scan = clean[0]("s3:GetBucketPolicy")
    policies = [item.properties["policy"] for item in scan.snapshot.resources if item.properties.get("policy")]
    (numbers,) = {
        tuple(policy["Statement"][0]["Condition"]["NumericLessThan"]["s3:max-keys"])
        for policy in policies
        if policy["Statement"][0].get("Action") == "s3:GetObject"
    }
    assert numbers == ("9007199254740993", "1e400", "-0.1", "nan", "123456789012345678901234567890")


def circle(*tokens: str) -> Iterator[str]:
    while True:
        yield from tokens


@pytest.mark.parametrize("tokens", [("same",), ("one", "other"), ("a", "b", "c", "b")])
def test_pages_in_a_circle_end(account: Account, clean: tuple[Scanner, Scan], tokens: tuple[str, ...]) -> None:
    turns = {"eu-west-1": circle(*tokens), "us-east-1": circle(*tokens)}

    def answer(request: Request) -> dict[str, Any]:
        region = next(name for name in turns if f"/{name}/" in request.headers["authorization"])
        return {"Keys": [], "Truncated": True, "NextMarker": next(turns[region])}

    account.said.answer("kms:ListKeys", answer)
    scan = clean[0]("kms:ListKeys")
    failed = {row.type: row.unread for row in scan.snapshot.collections if row.state == "failed"}
    assert {type_: unread.reason for type_, unread in failed.items() if unread} == {
        "AWS::KMS::Key": "malformed_response"
    }


def test_pages_without_an_end_end(
    account: Account, clean: tuple[Scanner, Scan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller, "MOST_PAGES", 20)
    turn = iter(range(10**9))
    account.said.answer("kms:ListKeys", lambda _: {"Keys": [], "Truncated": True, "NextMarker": str(next(turn))})
    scan = clean[0]("kms:ListKeys")
    states = {row.scope.region: row.state for row in scan.snapshot.collections if row.type == "AWS::KMS::Key"}
    assert states == {"eu-west-1": "failed", "us-east-1": "failed"}
