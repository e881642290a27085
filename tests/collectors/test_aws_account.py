"""Account Management: the contact for security, of whom nothing is kept but that there is an address."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.scan import read, scan
from tests.emulators.aws.account import contact
from tests.emulators.aws_wire import AwsWire

CHECK = "aws.account.security_contact_registered"


def judged(findings: Any) -> list[tuple[str, str | None]]:
    return [(finding.verdict, finding.reason) for finding in findings]


def test_an_account_with_a_security_contact_passes(aws_env: AwsWire) -> None:
    contact(aws_env)
    _, findings = scan((CHECK,))
    assert judged(findings) == [("pass", None)]


def test_an_account_without_one_fails(aws_env: AwsWire) -> None:
    _, findings = scan((CHECK,))
    assert [(f.verdict, f.message) for f in findings] == [
        ("fail", "Account 123456789012 has no alternate contact for security with an e-mail address.")
    ]


def test_a_blank_address_is_none(aws_env: AwsWire) -> None:
    contact(aws_env, EmailAddress=" ")
    _, findings = scan((CHECK,))
    assert [f.verdict for f in findings] == ["fail"]


@pytest.mark.parametrize("kind", ["denied", "hollow", "server_error", "truncated"])
def test_a_contact_that_could_not_be_read_is_unknown(aws_env: AwsWire, kind: Any) -> None:
    contact(aws_env)
    aws_env.faults.add(kind, "account:GetAlternateContact")
    _, findings = scan((CHECK,))
    assert [f.verdict for f in findings] == ["unknown"]


def test_a_contact_without_word_of_its_address_is_unknown(aws_env: AwsWire) -> None:
    contact(aws_env)
    aws_env.overrides.without("account:GetAlternateContact", "AlternateContact.EmailAddress")
    _, findings = scan((CHECK,))
    assert judged(findings) == [("unknown", "missing_attribute")]


def test_govcloud_keeps_its_contacts_elsewhere(aws_env: AwsWire) -> None:
    aws_env.overrides.rewrite("sts:GetCallerIdentity", lambda body: body.replace(b"arn:aws:", b"arn:aws-us-gov:"))
    _, findings = scan((CHECK,))
    assert [f.verdict for f in findings] == ["not_applicable"]


def test_nothing_of_the_person_is_kept(aws_env: AwsWire) -> None:
    contact(aws_env)
    (account,) = read({"AWS::Account": {"security_contact_has_email"}}).resources
    assert account.properties == {"partition": "aws", "security_contact_has_email": True}
