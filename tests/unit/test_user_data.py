"""User data in every form that cloud-init unpacks: what is searched, and what is said not to have been."""

from __future__ import annotations

import gzip
from base64 import b64encode
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest

from providers.aws.user_data import LARGEST, secrets_of
from providers.base import Unread

SCRIPT = "#!/bin/sh\nexport DB_PASSWORD=hunter2\n"
CLEAN = "#!/bin/sh\nyum update -y\n"
FOUND = [{"name": "DB_PASSWORD", "pattern": "named-secret"}]
NOT_SEARCHED = Unread("malformed_response", detail="user data that is no text cannot be searched")
BINARY = b"\x7fELF\x02\x01\x01\x00\xff\xfe\xfd"


def encoded(data: str | bytes) -> str:
    return b64encode(data if isinstance(data, bytes) else data.encode()).decode()


def multipart(*parts: MIMEText | MIMEApplication) -> bytes:
    message = MIMEMultipart()
    for part in parts:
        message.attach(part)
    return message.as_bytes()


def binary_part(data: bytes) -> MIMEApplication:
    return MIMEApplication(data, "octet-stream")


FORMS = [
    (None, [], "no user data"),
    ("", [], "empty user data"),
    (encoded(CLEAN), [], "a script without"),
    (encoded(SCRIPT), FOUND, "a script with"),
    (encoded("\ufeff" + SCRIPT), FOUND, "a byte order mark"),
    (encoded(SCRIPT.encode("utf-16")), FOUND, "UTF-16"),
    (encoded(CLEAN.encode("utf-16")), [], "UTF-16 without"),
    ("\n".join(encoded(SCRIPT * 9)[at : at + 76] for at in range(0, 600, 76)), FOUND, "base64 in lines"),
    (encoded(gzip.compress(SCRIPT.encode())), FOUND, "compressed"),
    (encoded(gzip.compress(CLEAN.encode())), [], "compressed without"),
    (encoded(multipart(MIMEText(CLEAN), MIMEText(SCRIPT))), FOUND, "the second of two parts"),
    (encoded(multipart(MIMEText(SCRIPT, _charset="utf-8"))), FOUND, "a part in base64"),
    (encoded(multipart(binary_part(gzip.compress(SCRIPT.encode())))), FOUND, "a compressed part"),
    (encoded(gzip.compress(multipart(MIMEText(SCRIPT)))), FOUND, "compressed parts"),
    (encoded(multipart(MIMEText(CLEAN))), [], "parts without"),
    (encoded(f"write_files:\n- encoding: b64\n  content: {encoded(SCRIPT)}\n"), FOUND, "a file in base64"),
    (encoded(f"content: {encoded(gzip.compress(SCRIPT.encode()))}"), FOUND, "a compressed file in base64"),
    (encoded(f"ca: {encoded(BINARY * 9)}\n"), [], "a binary file in base64"),
    ("not base64!", NOT_SEARCHED, "no base64"),
    ("abc", NOT_SEARCHED, "base64 that breaks off"),
    (encoded(BINARY), NOT_SEARCHED, "a program"),
    (encoded(b"caf\xe9"), NOT_SEARCHED, "text in another encoding"),
    (encoded("text\0text"), NOT_SEARCHED, "text with a null character"),
    (encoded(gzip.compress(BINARY)), NOT_SEARCHED, "a compressed program"),
    (encoded(gzip.compress(CLEAN.encode())[:-9]), NOT_SEARCHED, "compressed and cut off"),
    (encoded(b"\x1f\x8b" + BINARY), NOT_SEARCHED, "what only begins as compressed"),
    (encoded(gzip.compress(b"x" * (LARGEST + 1))), NOT_SEARCHED, "more than is unpacked"),
    (encoded(multipart(MIMEText(CLEAN), binary_part(BINARY))), NOT_SEARCHED, "one part that is a program"),
    (encoded(multipart(MIMEText(SCRIPT), binary_part(BINARY))), FOUND, "found beside a program"),
    (encoded(BINARY + b"\nDB_PASSWORD=hunter2\n"), FOUND, "found within a program"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected", "why"), FORMS, ids=[row[2] for row in FORMS])
def test_user_data_is_searched_or_said_not_to_be(value: str | None, expected: object, why: str) -> None:
    assert secrets_of(value) == expected


def test_a_part_whose_encoding_is_broken_is_not_searched() -> None:
    whole = multipart(MIMEText("caf\u00e9 " * 20, _charset="utf-8")).decode()
    assert secrets_of(encoded(whole)) == []
    body = whole.rindex("\n\n", 0, whole.rindex("--"))
    assert secrets_of(encoded(whole[: body - 20] + "=!" + whole[body:])) == NOT_SEARCHED
