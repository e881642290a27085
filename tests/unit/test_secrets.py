"""Finding credentials: what matches leaves as a name and a pattern, and no value ever does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.secrets import secrets

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
