"""Finding credentials: what matches leaves as a name and a pattern, and no value ever does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.secrets import secrets, secrets_in_text

KEY = "AKIA" + "IOSFODNN7EXAMPLE"


@pytest.mark.parametrize(
    ("name", "value", "pattern"),
    [
        ("ID", KEY, "aws-access-key-id"),
        ("ID", f"prefix {KEY} suffix", "aws-access-key-id"),
        ("ID", "A" + KEY, None),
        ("ID", KEY.lower(), None),
        ("GIT", "ghp_" + "a" * 36, "github-token"),
        ("GIT", "github_pat_" + "a" * 50, "github-token"),
        ("GIT", "glpat-" + "a" * 20, "gitlab-token"),
        ("MAPS", "AIza" + "b" * 35, "google-api-key"),
        ("JWT", "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl", "json-web-token"),
        ("CERT", "-----BEGIN RSA PRIVATE KEY-----\nMII", "private-key"),
        ("CERT", "-----BEGIN PRIVATE KEY-----\nMII", "private-key"),
        ("CERT", "-----BEGIN PUBLIC KEY-----\nMII", None),
        ("CERT", "-----BEGIN CERTIFICATE-----\nMII", None),
        ("SLACK", "xoxb-1234567890-abcdef", "slack-token"),
        ("PAY", "sk_live_" + "a" * 20, "stripe-key"),
        ("PAY", "sk_test_" + "a" * 20, None),
        ("STORE", "AccountKey=" + "a" * 86 + "==", "azure-storage-key"),
        ("URL", "postgres://user:hunter22@host/db", "url-password"),
        ("URL", "postgres://user@host/db", None),
        ("URL", "https://host/a:b@c", None),
        ("DB_PASSWORD", "hunter2", "named-secret"),
        ("dbPassword", "hunter2", "named-secret"),
        ("PASSWORD_PROD", "hunter2", "named-secret"),
        ("API_KEY", "x", "named-secret"),
        ("clientSecret", "x", "named-secret"),
        ("AUTH_TOKEN", "x", "named-secret"),
        ("DB_PASSWORD", "", None),
        ("DB_PASSWORD", "true", None),
        ("DB_PASSWORD", "changeme", None),
        ("DB_PASSWORD", "arn:aws:secretsmanager:eu-west-1:1:secret:db", None),
        ("DB_PASSWORD", "/prod/db/password", None),
        ("DB_PASSWORD", "${ssm:db}", None),
        ("PASSWORD_POLICY", "strict", None),
        ("TOKENIZER", "fast", None),
        ("LOG_LEVEL", "debug", None),
    ],
)
def test_a_variable_is_a_credential_or_is_not(name: str, value: str, pattern: str | None) -> None:
    assert secrets({name: value}) == ([] if pattern is None else [{"name": name, "pattern": pattern}])


@given(
    st.dictionaries(
        st.sampled_from(["DB_PASSWORD", "TOKEN", "A", "B", "api_key"]),
        st.text(min_size=4).map("canary{}".format) | st.just(f"canary {KEY}"),
    )
)
def test_no_value_leaves(variables: dict[str, str]) -> None:
    found = secrets(variables)

    assert "canary" not in repr(found)
    assert [row["name"] for row in found] == sorted(row["name"] for row in found)
    assert {row["name"] for row in found} >= {"DB_PASSWORD", "TOKEN", "api_key"} & variables.keys()


@pytest.mark.parametrize(
    ("line", "name", "pattern"),
    [
        ("export DB_PASSWORD='hunter2'", "DB_PASSWORD", "named-secret"),
        ("DB_PASSWORD=hunter2 ./start", "DB_PASSWORD", "named-secret"),
        ("  password: hunter2", "password", "named-secret"),
        ('{"user": "app", "password": "hunter2"}', "password", "named-secret"),
        ("db.password = hunter2", "db.password", "named-secret"),
        ('Environment="DB_PASSWORD=hunter2"', "DB_PASSWORD", "named-secret"),
        ("mysql --user app --password hunter2", "password", "named-secret"),
        ("mysql --password=hunter2", "password", "named-secret"),
        ('$env:API_TOKEN = "abc"', "API_TOKEN", "named-secret"),
        ("# DB_PASSWORD=hunter2", "DB_PASSWORD", "named-secret"),
        ("passwd: $6$salt$hash", "passwd", "named-secret"),
        ("PASSWORD='$literal'", "PASSWORD", "named-secret"),
        ('password: "$ecret123"', "password", "named-secret"),
        ('password="never closed', "password", "named-secret"),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "aws_secret_access_key", "named-secret"),
        (f"aws configure set x {KEY}", "line 1", "aws-access-key-id"),
        (f"KEY_ID={KEY}", "KEY_ID", "aws-access-key-id"),
        ("psql postgres://app:hunter2@db/ledger", "line 1", "url-password"),
        ("URL=postgres://app:hunter2@db/ledger", "URL", "url-password"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "line 1", "private-key"),
        ("export DB_PASSWORD=$(aws ssm get-parameter --name db)", None, None),
        ("DB_PASSWORD=`cat /run/secret`", None, None),
        ('DB_PASSWORD="$PASSWORD"', None, None),
        ("password: '{{ vault_password }}'", None, None),
        ("set PASSWORD=%PASSWORD%", None, None),
        ("password: <your password>", None, None),
        ("DB_PASSWORD=arn:aws:secretsmanager:eu-west-1:1:secret:db", None, None),
        ("image: registry.example/token:latest", None, None),
        ("PASSWORD=", None, None),
        ('password: ""', None, None),
        ("the password is in the vault", None, None),
        ("# password: ask the administrator", None, None),
        ("docker login --username app --password-stdin", None, None),
        ('curl -H "X-aws-ec2-metadata-token: $TOKEN" http://169.254.169.254/', None, None),
        ('curl -H "X-aws-ec2-metadata-token-ttl-seconds: 21600" -X PUT http://169.254.169.254/', None, None),
        ("yum install -y tokenizer", None, None),
    ],
)
def test_a_line_of_text_holds_a_credential_or_does_not(line: str, name: str | None, pattern: str | None) -> None:
    assert secrets_in_text(line) == ([] if name is None else [{"name": name, "pattern": pattern}])


def test_a_variable_that_the_text_sets_is_no_credential_behind_a_colon_either() -> None:
    header = 'curl -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/'
    assert secrets_in_text(f"token=$(curl -X PUT http://169.254.169.254/)\n{header}") == []
    assert secrets_in_text(header) == [{"name": "X-aws-ec2-metadata-token", "pattern": "named-secret"}]


def test_every_credential_of_a_text_is_named_once() -> None:
    text = f"#!/bin/sh\nTOKEN=a\nTOKEN=b\nA={KEY} B={KEY} PASSWORD=c\necho {KEY}\n"
    assert secrets_in_text(text) == [
        {"name": "A", "pattern": "aws-access-key-id"},
        {"name": "B", "pattern": "aws-access-key-id"},
        {"name": "PASSWORD", "pattern": "named-secret"},
        {"name": "TOKEN", "pattern": "named-secret"},
        {"name": "line 5", "pattern": "aws-access-key-id"},
    ]


@given(st.text(min_size=1, alphabet="abcXYZ0189+").map("canary{}".format), st.sampled_from(["=", ": ", " = "]))
def test_no_value_of_a_text_leaves(value: str, sign: str) -> None:
    found = secrets_in_text(f"DB_PASSWORD{sign}{value}\nurl=postgres://app:{value}@db/x\nsay {KEY}")

    assert "canary" not in repr(found)
    assert {row["pattern"] for row in found} == {"named-secret", "url-password", "aws-access-key-id"}
