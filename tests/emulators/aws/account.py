"""AWS Account Management: a contact for security."""

from __future__ import annotations

from tests.emulators.aws_services import client
from tests.emulators.aws_wire import AwsWire


def build(wire: AwsWire) -> None:
    contact(wire)


def contact(wire: AwsWire, **other: str) -> None:
    """Register the alternate contact for security."""
    given = {"Name": "Ana Lopez", "Title": "Head of Security", "PhoneNumber": "+44 20 7946 0000"}
    address = {"EmailAddress": "security@northwind.example"}
    client("account", "us-east-1").put_alternate_contact(
        AlternateContactType="SECURITY", **{**given, **address, **other}
    )
